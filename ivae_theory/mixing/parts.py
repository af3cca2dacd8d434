"""The modules and tensors that a user's function computes with, wherever it keeps them."""

from __future__ import annotations

import functools
import itertools
import sys
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

from ivae_theory.noise.gradients import global_names

__all__ = ["filled", "parts_of"]

#: Objects that are looked at for modules and tensors; libraries whose objects hold none of the user's.
MOST_PARTS, LIBRARIES = 2000, frozenset({"matplotlib", "numpy", "pandas", "scipy", "sklearn", "sympy", "torch"})


def parts_of(function: Any, kind: str) -> list[Any]:
    """Modules (``"module"``), loose tensors (``"tensor"``) or owners (``"object"``) that a function is, owns or names.

    Followed, the nearest first, through bound methods, partials, wrappers, closures, containers, and objects and
    functions of the user's own, such as the trainer whose decoder a method calls.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    wanted = {"module": _is_module, "tensor": _is_tensor, "object": _is_own_object}[kind]
    found: list[Any] = []
    queue: deque[Any] = deque([function])
    seen: set[int] = set()
    while queue and len(seen) < MOST_PARTS:
        item = queue.popleft()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if wanted(item):
            found.append(item)
        if not isinstance(item, (torch.nn.Module, torch.Tensor)):
            queue.extend(_held_by(item))
    return found


def _is_module(item: Any) -> bool:
    return isinstance(item, sys.modules["torch"].nn.Module)


def _is_tensor(item: Any) -> bool:
    return isinstance(item, sys.modules["torch"].Tensor)


def _is_own_object(item: Any) -> bool:
    """Objects of the user's own classes, such as a trainer."""
    known = isinstance(item, (list, tuple, dict, types.FunctionType, types.MethodType)) or _is_module(item)
    return not known and not _is_tensor(item) and _may_hold(item)


def _held_by(item: Any) -> Iterator[Any]:
    """What may lead from a function, or something that it holds, to modules and tensors."""
    for name in ("__self__", "func", "__wrapped__"):
        if getattr(item, name, None) is not None and callable(item):
            yield getattr(item, name)
    if isinstance(item, (list, tuple, dict)):
        yield from itertools.islice(item.values() if isinstance(item, dict) else item, MOST_PARTS)
    yield from (cell.cell_contents for cell in getattr(item, "__closure__", None) or () if filled(cell))
    if isinstance(item, functools.partial):
        yield from (*item.args, *item.keywords.values())
    yield from (value for value in getattr(item, "__defaults__", None) or () if _may_hold(value))
    code, names = getattr(item, "__code__", None), getattr(item, "__globals__", None)
    if code is not None and names is not None:
        yield from (value for value in (names.get(name) for name in global_names(code)) if _may_hold(value))
    own = hasattr(item, "__dict__") and code is None and (callable(item) or _may_hold(item))
    if own and not isinstance(item, (type, types.ModuleType)):
        yield from (value for value in vars(item).values() if callable(value) or _may_hold(value))


def _may_hold(value: Any) -> bool:
    """Modules, tensors, containers, and objects and functions of the user's own: no library's code is looked into."""
    import torch

    if isinstance(value, (torch.nn.Module, torch.Tensor, list, tuple, dict)):
        return True
    if isinstance(value, (type, types.ModuleType)) or not hasattr(value, "__dict__"):
        return False
    home = getattr(value, "__module__", None) if hasattr(value, "__code__") else type(value).__module__
    return str(home).partition(".")[0] not in sys.stdlib_module_names | LIBRARIES or str(home) == "types"


def filled(cell: Any) -> bool:
    """Whether a cell of a closure has a value yet."""
    try:
        cell.cell_contents  # noqa: B018  (reading an empty cell raises)
    except ValueError:
        return False
    return True
