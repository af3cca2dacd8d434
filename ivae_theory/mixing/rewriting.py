"""Traced operations written in another way that says more: a choice between ``x`` and ``a x`` is a leaky ReLU.

A comparison with 0 that may go either way cannot be enclosed; a leaky ReLU can, and it is the same function, at 0 too.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["rewrite"]


def rewrite(module: Any) -> None:
    """Write ``where(x > 0, x, a x)`` as ``leaky_relu(x, a)``, in place, in a graph module of torch.fx."""
    import torch

    aten = torch.ops.aten
    for node in list(module.graph.nodes):
        found = _leaky(node, aten) if node.target is aten.where.self else None
        if found is None:
            continue
        with module.graph.inserting_before(node):
            new = module.graph.call_function(aten.leaky_relu.default, found)
        new.meta.update(node.meta)
        node.replace_all_uses_with(new)
    module.graph.eliminate_dead_code()


def _leaky(node: Any, aten: Any) -> tuple[Any, float] | None:
    """``(x, a)`` for a choice that is ``x`` above 0 and ``a x`` below."""
    condition, above, below = node.args
    target = getattr(condition, "target", None)
    if target in (aten.lt.Scalar, aten.le.Scalar):
        above, below = below, above
    elif target not in (aten.gt.Scalar, aten.ge.Scalar):
        return None
    x, threshold = condition.args
    if x is not above or threshold != 0 or not _is_floating(x) or not _is_floating(node):
        return None
    if getattr(below, "target", None) is not aten.mul.Tensor or below.args[0] is not x:
        return None
    slope = below.args[1]
    plain = isinstance(slope, (int, float)) and not isinstance(slope, bool)
    return (x, float(slope)) if plain and math.isfinite(slope) and float(slope) == slope else None


def _is_floating(node: Any) -> bool:
    value = getattr(node, "meta", {}).get("val", None)
    return value is not None and bool(value.is_floating_point())
