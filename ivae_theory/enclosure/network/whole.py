"""Whole numbers and truth values in networks: a width that ends, and a sum of truths that is no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose

__all__ = ["both_true_or_false", "both_whole", "cast_whole", "combined", "fitted", "is_float", "number_type"]

Array = NDArray[Any]


def both_whole(x: Array, y: Array) -> bool:
    """Whether both are arrays of whole numbers."""
    return x.dtype.kind in "iu" and y.dtype.kind in "iu"


def both_true_or_false(x: Array, y: Array) -> bool:
    """Whether both are truth values: PyTorch's sum of them is "or" and their product "and", truth values again."""
    return x.dtype == bool and y.dtype == bool


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


def number_type(kind: str) -> np.dtype[Any]:
    """numpy's type of a torch dtype's name; all floating types are numbers without rounding."""
    return np.dtype(kind) if kind == "bool" or kind.startswith(("int", "uint")) else np.dtype(np.float64)


def is_float(kind: Any) -> bool:
    """Whether an optional dtype argument leaves real numbers as they are."""
    return kind is None or str(kind).startswith(("float", "bfloat"))
