"""Which entries of a traced torch computation depend on its input: a proof, entry by entry, never a test.

The computation is traced on *fake* tensors, which have shapes and no values: Python code that reads a value
(``.numpy()``, ``.tolist()``, ``if u > 0``) cannot be traced, so no constant in the trace hides a dependence on u.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.mixing.evaluation import quiet_module, to_tensor
from ivae_theory.mixing.tracing import _make

if TYPE_CHECKING:
    import torch

__all__ = ["Dependence", "dependence"]


class Dependence(enum.IntEnum):
    """How an output entry depends on the input."""

    NONE = 0
    LOOKED_UP = 1
    """Constants are picked by the input and moved, without arithmetic: equal floats are equal numbers."""
    COMPUTED = 2


#: Operations that only move entries: the same operation on the marks gives the marks of the result.
_MOVES = frozenset(
    "view _unsafe_view reshape expand select slice cat stack permute t transpose unsqueeze squeeze clone detach alias "
    "lift_fresh_copy lift_fresh diagonal unbind split split_with_sizes select_scatter slice_scatter flip roll repeat "
    "movedim narrow ravel flatten unflatten getitem".split()
)
#: Operations whose result depends on the shape of a tensor argument only.
_SHAPE_ONLY = frozenset(
    "zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty sym_size sym_numel".split()
)
_LOOK_UPS = frozenset("index embedding gather index_select take".split())


def dependence(function: Callable[[Any], Any], example: NDArray[Any]) -> torch.Tensor:
    """Marks (:class:`Dependence` as int8) of the shape of ``function(example)``.

    Raises
    ------
    CannotEnclose
        When the function cannot be traced; then nothing is known.
    """
    with quiet_module(function):
        traced = _make(function, to_tensor(function, example))
    marks: dict[Any, Any] = {}
    for node in traced.graph.nodes:
        if node.op == "output":
            result: torch.Tensor = _read(node.args[0], marks)
            return result
        try:
            marks[node] = _mark(node, traced, marks)
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError) as error:
            raise CannotEnclose(f"the operation {_name(node.target)} on these shapes ({str(error)[:80]})") from error
    raise CannotEnclose("the trace has no output")


def _mark(node: Any, traced: Any, marks: dict[Any, Any]) -> Any:
    import torch

    if node.op == "placeholder":
        # Floats may have been rounded to the dtype that the function takes: only integers are looked up exactly.
        level = Dependence.COMPUTED if node.meta["val"].is_floating_point() else Dependence.LOOKED_UP
        return torch.full(node.meta["val"].shape, int(level), dtype=torch.int8)
    if node.op == "get_attr":
        value = traced
        for part in node.target.split("."):
            value = getattr(value, part)
        if not isinstance(value, torch.Tensor):
            raise CannotEnclose(f"a traced constant of type {type(value).__name__}")
        return torch.zeros(value.shape, dtype=torch.int8)
    if node.op != "call_function":
        raise CannotEnclose(f"a traced {node.op}")
    return _call(node, marks)


def _call(node: Any, marks: dict[Any, Any]) -> Any:
    import torch

    name = _name(node.target)
    if getattr(getattr(node.target, "_schema", None), "is_mutable", False):
        raise CannotEnclose(f"the operation {name} changes its argument in place")
    args, kwargs = _read(node.args, marks), _read(node.kwargs, marks)
    if name in _MOVES and getattr(node.target, "_overloadname", "") != "dtype":
        return node.target(*args, **kwargs)
    if name == "_to_copy":
        # Rounding to another float type may make different numbers equal; integers are moved.
        rounds = node.args[0].meta["val"].is_floating_point()
        return torch.where(args[0] > 0, int(Dependence.COMPUTED), 0).to(torch.int8) if rounds else args[0]
    inputs = [value for value in _tensors((args, kwargs)) if value is not None]
    level = max((int(mark.max()) for mark in inputs if mark.numel()), default=int(Dependence.NONE))
    if name in _SHAPE_ONLY:
        level = int(Dependence.NONE)
    elif level and name not in _LOOK_UPS:
        level = int(Dependence.COMPUTED)
    if torch.Tag.pointwise in getattr(node.target, "tags", ()) and isinstance(node.meta["val"], torch.Tensor):
        joined = torch.zeros(node.meta["val"].shape, dtype=torch.int8)
        for mark in inputs:
            joined = torch.maximum(joined, mark.expand(joined.shape))
        return torch.where(joined > 0, torch.full_like(joined, int(Dependence.COMPUTED)), joined)
    return _filled(node.meta.get("val"), level)


def _name(target: Any) -> str:
    return str(getattr(target, "_opname", getattr(target, "__name__", target)))


def _filled(value: Any, level: int) -> Any:
    """Every entry of a result marked with one level; numbers that depend on u are given up on."""
    import torch

    if isinstance(value, torch.Tensor):
        return torch.full(value.shape, level, dtype=torch.int8)
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(item, level) for item in value)
    if level:
        raise CannotEnclose("a number that is read off a tensor")
    return value


def _read(argument: Any, marks: dict[Any, Any]) -> Any:
    """An argument of a node with the marks in the place of the nodes."""
    import torch.fx

    return torch.fx.node.map_arg(argument, lambda node: marks[node])


def _tensors(argument: Any) -> list[Any]:
    import torch

    if isinstance(argument, torch.Tensor):
        return [argument]
    if isinstance(argument, (list, tuple)):
        return [found for item in argument for found in _tensors(item)]
    if isinstance(argument, dict):
        return [found for item in argument.values() for found in _tensors(item)]
    return []
