"""Traced functions as data: ATen nodes with exact constants, evaluated with enclosures.

A :class:`Graph` is the real function that a network computes, without rounding: its weights are the floats that
they are, and casts between floating types are the identity. It is evaluated one point (or box) at a time, so
that shapes in the graph are those of a batch of one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from flint import ctx
from numpy.typing import NDArray

import ivae_theory.enclosure.network.layers
import ivae_theory.enclosure.network.products
import ivae_theory.enclosure.network.shapes  # noqa: F401  (all three register their operations)
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import balls, rational
from ivae_theory.enclosure.network.operations import OPERATIONS
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.errors import CorruptReport, InputError
from ivae_theory.exact import decode_array, encode_array

__all__ = ["Derivative", "Graph", "Node"]

Objects = NDArray[Any]
#: What operators mean, by name, as in :data:`ivae_theory.enclosure.network.operations.OPERATIONS`.
Meanings = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Node:
    """One operation: ``op`` such as ``"aten.addmm.default"``; arguments as JSON values.

    An argument ``{"node": k}`` is the result of node ``k``, ``{"constant": k}`` a stored array, ``{"input": 0}``
    the input, ``{"dtype": "float64"}`` a dtype; lists and plain values are themselves.
    """

    op: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The operator without namespace and overload."""
        return self.op.split(".")[1] if "." in self.op else self.op


@dataclass(frozen=True, eq=False)
class Derivative:
    """Enclosures over a box of inputs, for the flattened outputs.

    Attributes
    ----------
    value
        Shape ``(size,)``: balls.
    jacobian
        Shape ``(size, m)``: balls that contain Clarke's generalised derivatives over the whole box.
    affine
        Which outputs are proved affine in the input over the box.
    constant
        Which outputs are proved constant over the box.
    """

    value: Objects
    jacobian: Objects
    affine: NDArray[np.bool_]
    constant: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Graph:
    """A function of a vector as ATen operations on a batch of one.

    Attributes
    ----------
    m
        Number of input coordinates; the input has shape ``(1, m)``.
    integer
        Whether the input is an integer tensor (an index, a label).
    nodes, constants
        Operations in order, and the arrays that they use.
    output
        The argument that is returned.
    shape
        Shape of the output without the batch axis.
    """

    m: int
    integer: bool
    nodes: tuple[Node, ...]
    constants: tuple[NDArray[Any], ...]
    output: Any
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of outputs."""
        return int(np.prod(self.shape, dtype=int))

    # Evaluation -------------------------------------------------------------------------------------------------

    def evaluate(self, inputs: Objects) -> Objects:
        """Enclosures of the function at balls ``inputs`` of shape ``(B, m)`` or ``(m,)``: ``(B, *shape)`` or ``shape``.

        Inputs may be balls, or numbers that are read exactly.

        Raises
        ------
        CannotEnclose
            Naming the operation that is unknown, undecided or singular there.
        """
        points = np.asarray(inputs)
        single = points.ndim == 1
        rows = [self._run(row, Machine()).value for row in (points[None] if single else points)]
        results = [balls(row).reshape(self.shape) for row in rows]
        return results[0] if single else np.stack(results)

    def evaluate_exactly(self, point: Sequence[Any]) -> Objects:
        """Rational values at one rational point, for functions built of rational operations."""
        row = np.empty(self.m, dtype=object)
        row[:] = [rational(x) for x in point]
        return balls(self._run(row, Machine(exact=True)).value, exact=True).reshape(self.shape)

    def derivative(self, box: Objects, *, exact: bool = False) -> Derivative:
        """Value and Jacobian over one box of balls of shape ``(m,)``; with ``exact``, at a rational point.

        Outputs are flattened. Where a kink is inside the box the Jacobian encloses the slopes of all its sides.
        """
        if self.integer:
            raise CannotEnclose("a derivative with respect to an integer")
        point = balls(np.asarray(box), exact=exact)
        result = self._run(point, Machine(exact=exact, m=self.m), dual=True)
        size = self.size
        value = balls(result.value, exact=exact).reshape(size)
        if result.tangent is None:
            zeros = Machine(exact=exact).zeros((size, self.m))
            return Derivative(value, zeros, np.ones(size, dtype=bool), np.ones(size, dtype=bool))
        jacobian = np.asarray(result.tangent, dtype=object).reshape(size, self.m)
        constant = np.array([all(bool(x == 0) for x in row) for row in jacobian], dtype=bool)
        curved = np.zeros(size, dtype=bool) if result.curved is None else np.asarray(result.curved).reshape(size)
        return Derivative(value, jacobian, ~curved | constant, constant)

    def _run(self, row: Any, machine: Machine, dual: bool = False) -> Tensor:
        if len(row) != self.m:
            raise InputError("inputs", f"{self.m} coordinates", str(len(row)))
        result = self.interpret(self._input(row, machine, dual), machine)
        if result.value.size != self.size:
            raise CannotEnclose(f"an output of shape {result.shape} where {self.shape} was traced")
        return result

    def _input(self, row: Any, machine: Machine, dual: bool) -> Tensor:
        if self.integer:
            whole = np.array([_whole(x) for x in row], dtype=np.int64)
            return Tensor(whole.reshape(1, self.m))
        value = balls(np.asarray(row), exact=machine.exact).reshape(1, self.m)
        for item in value.flat:
            if not machine.exact and (item.is_nan() or not item.mid().is_finite()):
                raise InputError("inputs", "balls with finite midpoints", str(item))
        if not dual:
            return Tensor(value)
        return Tensor(value, balls(np.eye(self.m), exact=machine.exact).reshape(1, self.m, self.m))

    def results(self, first: Tensor, machine: Machine) -> list[Any]:
        """The result of every node in turn, as far as they can be computed."""
        found: list[Any] = []

        def read(argument: Any) -> Any:
            return self._read(argument, first, found)

        for index in range(len(self.nodes)):
            try:
                found.append(self.step(index, read, machine))
            except CannotEnclose:
                break
        return found

    def _read(self, argument: Any, first: Tensor, results: list[Any]) -> Any:
        if isinstance(argument, Mapping):
            (kind, what), *_ = argument.items()
            if kind == "node":
                return results[what]
            if kind == "constant":
                return self.stored[what]
            if kind == "float":
                return float(what)
            return first if kind == "input" else what
        if isinstance(argument, (list, tuple)):
            return [self._read(item, first, results) for item in argument]
        return argument

    def interpret(self, first: Tensor, machine: Machine) -> Tensor:
        """The output for an input tensor."""
        results: list[Any] = []

        def read(argument: Any) -> Any:
            return self._read(argument, first, results)

        for index in range(len(self.nodes)):
            results.append(self.step(index, read, machine))
        answer = read(self.output)
        if not isinstance(answer, Tensor):
            raise CannotEnclose("an output that is not a tensor")
        return answer

    def step(self, index: int, read: Callable[[Any], Any], machine: Machine, meanings: Meanings = OPERATIONS) -> Any:
        """Result of one node; ``read`` turns arguments into values. Nodes of constants alone are computed once."""
        if self.varying[index]:
            return self._compute(self.nodes[index], read, machine, meanings)
        key = (index, machine.exact, ctx.prec)
        if key not in self._constant_results:
            self._constant_results[key] = self._compute(self.nodes[index], read, machine, OPERATIONS)
        return self._constant_results[key]

    @cached_property
    def _constant_results(self) -> dict[tuple[int, bool, int], Any]:
        return {}

    @cached_property
    def stored(self) -> tuple[Tensor, ...]:
        """The constants as tensors."""
        return tuple(Tensor(array) for array in self.constants)

    @cached_property
    def varying(self) -> tuple[bool, ...]:
        """Which nodes depend on the input."""
        known: list[bool] = []
        for node in self.nodes:
            above = _references([*node.args, *node.kwargs.values()])
            known.append(any(kind == "input" or (kind == "node" and known[what]) for kind, what in above))
        return tuple(known)

    @staticmethod
    def _compute(node: Node, read: Callable[[Any], Any], machine: Machine, meanings: Meanings) -> Any:
        if node.op == "getitem":
            return read(node.args[0])[node.args[1]]
        meaning = meanings.get(node.op.removeprefix("aten.")) or meanings.get(node.name)
        if meaning is None or not node.op.startswith("aten."):
            raise CannotEnclose(f"the operation {node.op}")
        args = [read(argument) for argument in node.args]
        keywords = {key: read(value) for key, value in node.kwargs.items() if key not in _IGNORED}
        try:
            return meaning(machine, *args, **keywords)
        except CannotEnclose:
            raise
        except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
            raise CannotEnclose(f"the operation {node.op} with these arguments ({error})") from error

    # Structure --------------------------------------------------------------------------------------------------

    def operators(self) -> tuple[str, ...]:
        """Names of the operators, in order, without overloads."""
        return tuple(node.name for node in self.nodes)

    def unknown(self) -> tuple[str, ...]:
        """Operators without a meaning here, each once."""
        names = dict.fromkeys(
            node.op
            for node in self.nodes
            if node.op != "getitem" and node.op.removeprefix("aten.") not in OPERATIONS and node.name not in OPERATIONS
        )
        return tuple(names)

    def depends_on_input(self) -> NDArray[np.bool_]:
        """Which outputs may vary with the input; ``False`` proves that one is constant on the whole space."""
        from ivae_theory.enclosure.network.structure import depends_on_input

        return depends_on_input(self)

    # JSON -------------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The graph with its constants as JSON values, without loss."""
        return {
            "m": self.m,
            "integer": self.integer,
            "nodes": [{"op": n.op, "args": list(n.args), "kwargs": dict(n.kwargs)} for n in self.nodes],
            "constants": [_encode(c) for c in self.constants],
            "output": self.output,
            "shape": list(self.shape),
        }

    @classmethod
    def from_dict(cls, data: Any, where: str = "graph") -> Graph:
        """Read what :meth:`to_dict` wrote; anything else is a corrupt report."""
        try:
            nodes = tuple(Node(str(n["op"]), tuple(n["args"]), dict(n["kwargs"])) for n in data["nodes"])
            constants = tuple(_decode(c, where) for c in data["constants"])
            shape = tuple(int(side) for side in data["shape"])
            graph = cls(int(data["m"]), bool(data["integer"]), nodes, constants, data["output"], shape)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise CorruptReport(where, "a traced graph", str(error)[:200]) from None
        for index, node in enumerate(nodes):
            for kind, what in _references([*node.args, *node.kwargs.values()]):
                limit = {"node": index, "constant": len(constants)}.get(kind)
                if limit is not None and not (isinstance(what, int) and 0 <= what < limit):
                    raise CorruptReport(where, "references to earlier nodes", f"{kind} {what!r} in node {index}")
        return graph

    def digest(self) -> str:
        """SHA-256 over operations and constants."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def describe(self) -> dict[str, Any]:
        """What the graph is, for reports: sizes, operators and digest."""
        return {
            "inputs": self.m,
            "outputs": list(self.shape),
            "operations": list(dict.fromkeys(self.operators())),
            "unknown": list(self.unknown()),
            "digest": self.digest(),
        }


#: Keyword arguments without a meaning for real functions.
_IGNORED = frozenset({"device", "layout", "pin_memory", "memory_format", "non_blocking", "generator", "requires_grad"})


def _whole(value: Any) -> int:
    number = rational(value.fmpq() if hasattr(value, "fmpq") and value.is_exact() else value)
    if number.q != 1:
        raise InputError("inputs", "integers", str(value))
    return int(number.p)


def _references(values: Any) -> list[tuple[str, Any]]:
    if isinstance(values, Mapping):
        return list(values.items())[:1]
    if isinstance(values, (list, tuple)):
        return [pair for value in values for pair in _references(value)]
    return []


def _encode(array: NDArray[Any]) -> dict[str, Any]:
    if array.dtype == bool:
        return {"bool": encode_array(array.astype(np.uint8))}
    return encode_array(array)


def _decode(data: Any, where: str) -> NDArray[Any]:
    if isinstance(data, Mapping) and "bool" in data:
        return decode_array(data["bool"], where).astype(bool)
    return decode_array(data, where)
