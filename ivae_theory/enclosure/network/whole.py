"""Numbers of a fixed width in networks: whole numbers that end, truth values whose sum is none, stored numbers that are
rounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose

__all__ = [
    "alike",
    "both_true_or_false",
    "both_whole",
    "cast_whole",
    "combined",
    "fitted",
    "is_float",
    "kept_whole",
    "number_type",
    "refuse_rounding",
    "refuse_wrapped",
    "rounded",
]

Array = NDArray[Any]
#: Maps of whole numbers whose values are whole numbers of the same type, and those for which it depends.
_KEEP_WHOLE, _MAY_KEEP = {"abs", "relu", "pow"}, {"clamp", "hardtanh", "relu6", "leaky_relu", "sign", "floor", "ceil"}


def both_whole(x: Array, y: Array) -> bool:
    """Whether both are arrays of whole numbers."""
    return x.dtype.kind in "iu" and y.dtype.kind in "iu"


def both_true_or_false(x: Array, y: Array) -> bool:
    """Whether both are truth values: PyTorch's sum of them is "or" and their product "and", truth values again."""
    return x.dtype == bool and y.dtype == bool


def alike(x: Array, y: Array) -> tuple[Array, Array]:
    """Truth values beside whole numbers as whole numbers of that type."""
    if x.dtype == bool and y.dtype.kind in "iu":
        return x.astype(y.dtype), y
    return (x, y.astype(x.dtype)) if y.dtype == bool and x.dtype.kind in "iu" else (x, y)


def kept_whole(name: str, values: Array, exact: Callable[[Any], Any] | None) -> Array | None:
    """Whole numbers under a map that leaves them so, in their type; ``None`` for a map that makes real numbers."""
    if values.dtype.kind not in "iub" or name not in _KEEP_WHOLE | _MAY_KEEP:
        return None
    if values.dtype == bool or name in _MAY_KEEP or exact is None:
        raise CannotEnclose(f"{name} of whole numbers or truth values")
    made = [int(exact(fmpq(int(v)))[0]) for v in values.flat]
    return fitted(np.array(made, dtype=object).reshape(values.shape), values.dtype)


def refuse_rounding(target: Array, source: Any) -> None:
    """Refuse to write what may not be whole into whole numbers, or numbers into truth values: PyTorch would cast it."""
    if target.dtype.kind not in "iub":
        return
    if source.dtype == object or not (source.dtype == bool or (target.dtype != bool and source.dtype.kind in "iu")):
        raise CannotEnclose("numbers written into whole numbers or truth values")
    if target.dtype != bool and source.dtype != bool:
        fitted(source.astype(object), target.dtype)


def refuse_wrapped(x: Array, y: Array) -> None:
    """Refuse to compare whole numbers with a number beyond their type: PyTorch would take it into that type first."""
    for number, others in ((x, y), (y, x)):
        if both_whole(x, y) and number.ndim == 0:
            fitted(number.astype(object), others.dtype)


def combined(operation: Callable[[Any, Any], Any], x: Array, y: Array) -> Array:
    """``operation`` on whole numbers, in the narrower of the two types, whichever type PyTorch would promote to."""
    kind = min(x.dtype, y.dtype, key=lambda dtype: np.iinfo(dtype).max)
    return fitted(np.asarray(operation(x.astype(object), y.astype(object)), dtype=object), kind)


def fitted(exact: Array, kind: Any) -> Array:
    """Python integers in a type of a fixed width, refused where they would pass its end and start at the other."""
    bounds = np.iinfo(kind)
    if any(not bounds.min <= value <= bounds.max for value in exact.flat):
        raise CannotEnclose(f"whole numbers beyond {kind}")
    return exact.astype(kind)


def cast_whole(value: Array, kind: str) -> Array:
    """Numbers cut off after the point, in an integer type that holds them."""
    if not np.isfinite(value).all():
        raise CannotEnclose(f"a cast of what is not finite to {kind}")
    return fitted(np.array([int(v) for v in value.flat], dtype=object).reshape(value.shape), number_type(kind))


def rounded(values: Array, kind: str) -> Array:
    """Stored numbers in a floating type of PyTorch's, as doubles: the weights that a network computes with."""
    doubles = values.astype(np.float64)
    if kind == "float64":
        return doubles
    if kind not in ("float32", "float16", "bfloat16"):
        raise CannotEnclose(f"a cast to {kind}")
    with np.errstate(over="ignore"):
        single = doubles.astype(np.float32)
        if kind == "float16":
            single = single.astype(np.float16)
        elif kind == "bfloat16":  # the upper half of the bits, to the nearest, ties to even
            bits = np.ascontiguousarray(single).view(np.uint32).astype(np.uint64)
            single = (((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32)).view(np.float32)
    return single.astype(np.float64).reshape(values.shape)


def number_type(kind: str) -> np.dtype[Any]:
    """numpy's type of a torch dtype's name; all floating types are numbers without rounding."""
    return np.dtype(kind) if kind == "bool" or kind.startswith(("int", "uint")) else np.dtype(np.float64)


def is_float(kind: Any) -> bool:
    """Whether an optional dtype argument leaves real numbers as they are, up to the rounding of single precision."""
    return kind is None or str(kind) in ("float32", "float64")
