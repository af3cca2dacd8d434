"""Whether what a user hands over as noise is fitted: it holds a tensor that requires a gradient."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable
from typing import Any

__all__ = ["requires_gradient"]

#: Attributes in which torch's transforms keep what they last computed: no parameters of the law.
_CACHES = ("_cached_x_y",)


def requires_gradient(value: Any) -> bool:
    """Whether the value is, or holds at any depth, a tensor that requires a gradient.

    Followed through lists, dicts, the attributes of objects of any class, and what functions close over: laws and
    transforms that users write keep their parameters in modules, dicts and closures.
    """
    queue, seen = [value], {id(value)}
    while queue:
        item = queue.pop()
        if hasattr(item, "requires_grad"):
            if item.requires_grad:
                return True
            continue
        for part in _held_by(item):
            if id(part) not in seen:
                seen.add(id(part))
                queue.append(part)
    return False


def _held_by(item: Any) -> Iterable[Any]:
    if isinstance(item, (list, tuple, set)):
        return item
    if isinstance(item, dict):
        return item.values()
    if isinstance(item, types.MethodType):
        return (item.__self__,)
    if isinstance(item, functools.partial):
        return (item.func, *item.args, *item.keywords.values())
    if isinstance(item, types.FunctionType):
        return [cell.cell_contents for cell in item.__closure__ or () if cell != types.CellType()]
    if isinstance(item, (type, types.ModuleType)):
        return ()
    return [part for name, part in getattr(item, "__dict__", {}).items() if name not in _CACHES]
