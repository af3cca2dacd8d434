"""Whether layers do what their classes say: nothing hung onto them, and masks that make a conditioner triangular."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["acts_as_its_class", "masks_are_triangular"]

#: Activations of torch.nn.modules.activation that mix the coordinates of a vector.
_MIXING = ("GLU", "LogSoftmax", "MultiheadAttention", "Softmax", "Softmax2d", "Softmin")
Reach = NDArray[np.bool_]


def acts_as_its_class(layer: Any) -> bool:
    """Whether nothing was hung onto the object that changes what its class does: replaced methods, forward hooks."""
    own = getattr(layer, "__dict__", {})
    if any(callable(getattr(type(layer), name, None)) for name in own):
        return False
    return not (own.get("_forward_hooks") or own.get("_forward_pre_hooks"))


def masks_are_triangular(hyper: Any, total: int) -> bool:
    """Whether the masks of a Zuko ``MaskedMLP`` make its outputs, ``total`` for every coordinate, autoregressive.

    Then the coordinates can be put into an order in which the outputs of each depend on earlier ones alone. The masks
    are looked at, and every layer between them: an activation that normalises a layer mixes what the masks keep apart.
    """
    width = _width(hyper)
    reach = None if width is None else _reach(hyper, np.eye(width, dtype=bool))
    if reach is None or len(reach) % total:
        return False
    above = np.asarray(reach.reshape(-1, total, reach.shape[1]).any(axis=1))
    left = list(range(len(above)))
    while left:
        free = [i for i in left if not above[i, left].any()]
        if not free:
            return False
        left = [i for i in left if i not in free]
    return True


def _width(hyper: Any) -> int | None:
    mask = next((layer.mask for layer in hyper.modules() if _is_zukos(layer, "MaskedLinear")), None)
    return None if mask is None else int(mask.shape[1])


def _is_zukos(layer: Any, name: str) -> bool:
    return type(layer).__module__ == "zuko.nn" and type(layer).__name__ == name and acts_as_its_class(layer)


def _reach(layer: Any, before: Reach) -> Reach | None:
    """Which inputs each output of a layer may depend on, given those of its own inputs; ``None`` for unknown layers."""
    if _is_zukos(layer, "MaskedLinear"):
        mask = layer.mask.detach().cpu().numpy() != 0
        return np.asarray(mask @ before) if mask.shape[1] == len(before) else None
    if _is_zukos(layer, "MaskedMLP") or _is_zukos(layer, "Residual"):
        after: Reach | None = before
        for part in layer:
            after = None if after is None else _reach(part, after)
        return after if after is None or type(layer).__name__ == "MaskedMLP" else before | after
    kind = type(layer)
    plain = kind.__module__ == "torch.nn.modules.activation" and kind.__name__ not in _MIXING
    return before if (plain or _is_zukos(layer, "TwoWayELU")) and acts_as_its_class(layer) else None
