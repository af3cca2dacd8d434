"""Whether what a user hands over as noise is fitted: it holds a tensor that requires a gradient."""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Iterable
from typing import Any

__all__ = ["global_names", "requires_gradient"]

#: Attributes in which torch's transforms keep what they last computed: no parameters of the law.
_CACHES = ("_cached_x_y",)


def requires_gradient(value: Any) -> bool:
    """Whether the value is, or holds at any depth, a tensor that requires a gradient.

    Followed through lists, dicts, the attributes of objects of any class, and what functions close over, or name of
    modules and tensors: laws and transforms that users write keep their parameters in modules, dicts and closures.
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
        return (item.__self__, item.__func__)
    if isinstance(item, functools.partial):
        return (item.func, *item.args, *item.keywords.values())
    if isinstance(item, types.FunctionType):
        kept = [cell.cell_contents for cell in item.__closure__ or () if cell != types.CellType()]
        named = [item.__globals__.get(name) for name in global_names(item.__code__)]
        named = [value for value in named if not isinstance(value, (type, types.ModuleType, types.FunctionType))]
        weights = [value for value in named if hasattr(value, "requires_grad") or hasattr(value, "_parameters")]
        return [*kept, *weights, *(item.__defaults__ or ())]
    if isinstance(item, (type, types.ModuleType)):
        return ()
    return [part for name, part in getattr(item, "__dict__", {}).items() if name not in _CACHES]


@functools.lru_cache(maxsize=4096)
def global_names(code: types.CodeType) -> tuple[str, ...]:
    """Names that a function, or one inside it, looks up among its globals; an attribute of the same name is none."""
    own = [step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    inner = [name for part in code.co_consts if isinstance(part, types.CodeType) for name in global_names(part)]
    return tuple(dict.fromkeys([*own, *inner]))
