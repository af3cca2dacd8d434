"""Labels u of any kind as the numbers 0 .. M - 1 that tables are indexed by."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError, InputTypeError

__all__ = ["as_labels", "label_numbers", "observations"]


def observations(x: ArrayLike, observation: str = "gaussian", *, d: int | None = None) -> NDArray[np.float64]:
    """x as finite floats (N, d), for the ``d`` of fit; zeros and ones where the observation is ``bernoulli``."""
    try:
        values = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputTypeError("x", "an array of numbers", str(error)) from None
    if values.ndim != 2 or 0 in values.shape or (d is not None and values.shape[1] != d):
        raise InputError("x", f"an array of shape (N, {'d' if d is None else d})", f"shape {values.shape}")
    if not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values))[0, 0])
        raise InputError("x", "finite numbers", f"NaN or infinity in row {row}")
    if observation == "bernoulli" and not np.isin(values, (0.0, 1.0)).all():
        raise InputError("x", "zeros and ones (Bernoulli observations)", "other values")
    return values


def as_labels(u: ArrayLike | None) -> NDArray[Any]:
    """One label a row, (N,), from (N,) or (N, 1)."""
    if u is None:
        raise InputError("u", "the label of every row", "None")
    values = np.asarray(u)
    if values.ndim != 1 and values.shape != (len(values), 1):
        raise InputError("u", "one label a row (auxiliary='vector' for vectors)", f"shape {values.shape}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError("u", "labels", "NaN or infinity")
    return values.reshape(-1)


def label_numbers(u: ArrayLike | None, known: NDArray[Any]) -> NDArray[np.int64]:
    """Positions of the labels in ``known``, which is sorted."""
    values = as_labels(u)
    numbers = np.searchsorted(known, values).clip(max=len(known) - 1)
    if (known[numbers] != values).any():
        raise InputError("u", "labels that occurred in fit", repr(values[known[numbers] != values][0]))
    return np.asarray(numbers, dtype=np.int64)
