"""From a torch function to a :class:`~ivae_theory.enclosure.network.traced.Graph`.

The function is traced on fake tensors, which hold no data: a Python branch or a number that depends on the input
cannot be baked into the graph, it is refused. The graph is then compared with the function at other points.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.traced import Graph, Node
from ivae_theory.enclosure.precision import precision
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import CallableFailed, InputError, NonDeterministic
from ivae_theory.mixing.evaluation import (
    evaluate_callable,
    evaluate_where_finite,
    is_torch_module,
    quiet_module,
    to_tensor,
)
from ivae_theory.mixing.halves import HALF_PRECISION, MOVES
from ivae_theory.mixing.network import Network
from ivae_theory.mixing.reads import depends_on_input, reads_a_number, reads_of_fake_tensors
from ivae_theory.mixing.rewriting import rewrite

__all__ = ["Untraceable", "acts_on_rows", "evaluate_callable", "is_torch_module", "trace", "verify"]

#: Operators whose result is not a function of the input.
_RANDOM = (
    "bernoulli",
    "rand",
    "randn",
    "randint",
    "normal",
    "multinomial",
    "uniform",
    "exponential",
    "poisson",
    "dropout",
    "randperm",
    "rand_like",
    "randn_like",
)
#: Operators whose result is what the memory held before.
_UNINITIALISED = ("empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided")  # fmt: skip


class Untraceable(CannotEnclose):
    """A function that has no graph: it branches on its input, is random, or is not written in torch."""

    def __init__(self, why: str) -> None:
        super().__init__(f"a function that cannot be traced: {why}")
        self.why = why


@turn()
def trace(function: Callable[..., Any], example: ArrayLike) -> Graph:
    """The graph of ``function`` as it acts on one point, traced at a row of ``example`` (shape (B, m)).

    Modules are in evaluation mode. Integer examples give graphs with integer inputs.

    Raises
    ------
    Untraceable
        A CannotEnclose that says why there is no graph that is certainly the function's.
    """
    points = np.asarray(example)
    if points.ndim != 2 or not len(points):
        raise InputError("example", "an array of shape (B, m) with B >= 1", f"shape {points.shape}")
    if isinstance(function, Network):
        return function.graph
    try:
        # Whether somebody imported torch before must change neither a verdict nor a digest: so it is imported here.
        import torch  # noqa: F401
    except ImportError:
        raise Untraceable("torch, which traces functions, is not installed") from None
    with quiet_module(function):
        module = _make(function, to_tensor(function, points[:1]))
    graph = _read(module, points)
    verify(graph, function, points)
    return graph


def _make(function: Callable[..., Any], sample: Any) -> Any:
    from torch.func import functionalize
    from torch.fx.experimental.proxy_tensor import make_fx

    def run(target: Callable[..., Any]) -> Any:
        try:
            with warnings.catch_warnings(), reads_of_fake_tensors() as reads:
                warnings.simplefilter("ignore")
                made = make_fx(target, tracing_mode="fake", _allow_non_fake_inputs=True)(sample)
        except (Exception, SystemExit) as error:  # whatever the user's code or torch's tracer raises: untraceable
            raise Untraceable(_short(error)) from error
        if reads or any(reads_a_number(node) for node in made.graph.nodes):
            raise Untraceable("it reads values of its input, and goes on where that raises an error")
        return made

    # The first pass is without functionalisation, under which reading the data of a fake tensor goes unnoticed.
    plain = run(lambda x: function(x))
    if any(_mutates(node) for node in plain.graph.nodes):
        plain = run(functionalize(lambda x: function(x)))
    plain.graph.eliminate_dead_code()
    rewrite(plain)
    return plain


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if "data-dependent" in text or "_local_scalar_dense" in text:
        return "it branches on values of its input, or reads a number out of a tensor (.item())"
    if ".numpy()" in text or "tolist()" in text or "unallocated storage" in text:
        return "it hands its input to numpy or to Python"
    return f"{type(error).__name__}: {text[:160]}"


def _mutates(node: Any) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is not None and bool(schema.is_mutable)


def _read(module: Any, points: NDArray[Any]) -> Graph:
    nodes: list[Node] = []
    constants: list[NDArray[Any]] = []
    known: dict[Any, Any] = {}
    output: Any = None
    for node in module.graph.nodes:
        if node.op == "placeholder":
            known[node] = {"input": 0}
        elif node.op == "get_attr":
            known[node] = {"constant": len(constants)}
            constants.append(_constant(module, node.target))
        elif node.op == "call_function":
            args = tuple(_argument(a, known) for a in node.args)
            kwargs = {k: _argument(v, known) for k, v in node.kwargs.items()}
            known[node] = {"node": len(nodes)}
            nodes.append(Node(_operator(node), args, kwargs))
        elif node.op == "output":
            output = _argument(node.args[0], known)
        else:
            raise Untraceable(f"a node {node.op}")
    if not isinstance(output, dict):
        raise Untraceable("it does not return one tensor")
    if output == {"input": 0}:
        # The identity is a step as well: proofs go from one result to the next.
        nodes.append(Node("aten.alias.default", (output,)))
        output = {"node": len(nodes) - 1}
    shape = _output_shape(module)
    return Graph(points.shape[1], points.dtype.kind in "iub", tuple(nodes), tuple(constants), output, shape)


def _output_shape(module: Any) -> tuple[int, ...]:
    (last,) = (node for node in module.graph.nodes if node.op == "output")
    value = getattr(last.args[0], "meta", {}).get("val", None)
    if value is None:
        value = _attribute(module, last.args[0].target)
    if not all(type(side) is int for side in value.shape):
        raise Untraceable("the shape of what it returns depends on values")
    shape = tuple(value.shape)
    if not shape or shape[0] != 1:
        raise Untraceable(f"for a batch of one it returns shape {shape}")
    return shape[1:]


def _operator(node: Any) -> str:
    import operator

    if node.target is operator.getitem:
        return "getitem"
    name, base = str(node.target), _base(node)
    if base in _RANDOM or base.rstrip("_") in _RANDOM:
        raise Untraceable(f"it is random ({name})")
    if base in _UNINITIALISED:
        raise Untraceable(f"it starts from uninitialised memory ({name})")
    if base == "_local_scalar_dense":
        raise Untraceable("it reads a number out of a tensor (.item())")
    if _mutates(node):
        raise Untraceable(f"it changes tensors in place ({name})")
    if base not in MOVES and _in_half_precision(node):
        # Its rounding is larger than what is ignored: in a graph without it, points that collide would be apart.
        raise Untraceable(f"{HALF_PRECISION} ({name})")
    if base == "_to_copy" and _rounds_what_was_computed(node):
        raise Untraceable("it rounds what it computed from its weights to another precision")
    return name


def _rounds_what_was_computed(node: Any) -> bool:
    """Whether a cast rounds numbers that are computed from stored ones; stored ones are cast as PyTorch casts them."""
    source = node.args[0]
    before, after = (getattr(item, "meta", {}).get("val", None) for item in (source, node))
    if before is None or after is None or not before.dtype.is_floating_point:
        return False
    if after.dtype.itemsize >= before.dtype.itemsize:
        return False
    while source.op == "call_function" and _base(source) in MOVES:
        source = source.args[0]
    return source.op != "get_attr" and not depends_on_input(node)


def _base(node: Any) -> str:
    name = str(node.target)
    return name.split(".")[1] if name.startswith("aten.") else name


def _in_half_precision(node: Any) -> bool:
    values = node.meta.get("val", None)
    tensors = values if isinstance(values, (list, tuple)) else [values]
    return any(
        getattr(v, "dtype", None) is not None and v.dtype.is_floating_point and v.dtype.itemsize < 4 for v in tensors
    )


def _attribute(module: Any, target: str) -> Any:
    value = module
    for part in target.split("."):
        value = getattr(value, part)
    return value


def _constant(module: Any, target: str) -> NDArray[Any]:
    import torch
    from torch._subclasses.fake_tensor import FakeTensor

    value = _attribute(module, target)
    if not isinstance(value, torch.Tensor):
        raise Untraceable(f"it uses a constant of type {type(value).__name__}")
    if isinstance(value, FakeTensor):
        raise Untraceable("it makes a constant whose value tracing does not see")
    if value.is_complex():
        raise Untraceable("it uses complex numbers")
    if value.layout != torch.strided:
        raise Untraceable(f"it uses a constant of layout {value.layout}")
    if value.is_floating_point():
        value = value.double()
    array: NDArray[Any] = np.array(value.detach().cpu().resolve_neg().numpy())
    array.setflags(write=False)
    return array


def _argument(value: Any, known: dict[Any, Any]) -> Any:
    import torch

    if isinstance(value, torch.fx.Node):
        return known[value]
    if isinstance(value, (list, tuple)):
        return [_argument(item, known) for item in value]
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if not np.isfinite(value):
            return {"float": repr(value)}
        return value
    if isinstance(value, (torch.device, torch.layout, torch.memory_format)):
        return str(value)
    raise Untraceable(f"an argument of type {type(value).__name__}")


def verify(graph: Graph, function: Callable[..., Any], points: NDArray[Any]) -> None:
    """Compare with the function itself at the example and elsewhere: what the tracer did not see shows here.

    Raises
    ------
    Untraceable
        When values or shapes disagree.
    """
    rng = np.random.default_rng(20190710)
    some = points[rng.permutation(len(points))[:8]]
    _compare(graph, function, some)
    if not acts_on_rows(function, some):
        raise Untraceable("it answers a point otherwise when there are others in the batch")
    if graph.integer:
        return
    weights = rng.dirichlet(np.ones(len(some)), size=3)
    _compare(graph, function, weights @ some.astype(float))
    near = np.concatenate([rng.normal(size=(4, graph.m)), 5 * rng.normal(size=(3, graph.m))])
    far = np.concatenate([100 * rng.normal(size=(2, graph.m)), 1000 * rng.normal(size=(2, graph.m))])
    try:
        _compare(graph, function, points[:1] + near)
        # what wraps around only there enters proofs about the whole line; rounding is that of the input's size
        _compare(graph, function, points[:1] + far, rounding=True)
    except (CallableFailed, NonDeterministic):  # not defined so far from the points that it was given for
        return


def acts_on_rows(function: Callable[..., Any], batch: NDArray[Any]) -> bool:
    """Whether points alone are answered as in a batch, up to a part of how far the answers to different points differ.

    An absolute bound would let through what is small everywhere.
    """
    together, finite = evaluate_where_finite(function, batch, "function")
    together = together.reshape(len(batch), -1)
    if not finite.any():
        return True
    single = "torch" in sys.modules and str(to_tensor(function, batch).dtype) in ("torch.float32", "torch.float16")
    part, rounding = (1e-3, 1e-5) if single else (1e-6, 1e-12)
    granted = part * np.ptp(together[finite], axis=0) + rounding * np.abs(together[finite]).max(axis=0)
    for k in sorted({0, 1, len(batch) - 1} & set(np.flatnonzero(finite).tolist())):
        alone, _ = evaluate_where_finite(function, batch[k : k + 1], "function")
        if alone.size != together.shape[1] or not bool((np.abs(alone.reshape(-1) - together[k]) <= granted).all()):
            return False
    return True


def _compare(graph: Graph, function: Callable[..., Any], batch: NDArray[Any], rounding: bool = False) -> None:
    truth, finite = evaluate_where_finite(function, batch, "function")
    if truth.shape[1:] != graph.shape:
        raise Untraceable(f"a batch has outputs of shape {truth.shape[1:]}, one point of shape {graph.shape}")
    used, tolerance = np.asarray(batch, dtype=np.float64), 1e-7
    if "torch" in sys.modules:  # otherwise the function is no torch function: its input was not rounded
        tensor = to_tensor(function, batch)
        used = np.asarray(tensor.cpu().double().numpy())
        tolerance = 1e-3 if str(tensor.dtype) in ("torch.float32", "torch.float16") else tolerance
    rows = used.astype(np.int64) if graph.integer else used
    with precision(96):
        for row, value in zip(rows[finite], truth[finite], strict=True):
            try:
                found = graph.evaluate(row)
            except CannotEnclose:
                continue
            middle = np.array([float(x.mid()) for x in found.flat]).reshape(graph.shape)
            scale = 1 + np.abs(value).max(initial=0.0) + (np.abs(row).max(initial=0.0) if rounding else 0.0)
            if not np.allclose(middle, value, rtol=tolerance, atol=tolerance * scale):
                raise Untraceable("its graph disagrees with the function (it may act on rows of a batch together)")
