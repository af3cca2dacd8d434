"""The distance of a table to affine dependence: the smallest singular value of the centred table (Eckart-Young)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["smallest_singular_value"]

Floats = NDArray[np.float64]

_BLOCK = 8192


def smallest_singular_value(rows: Floats, change: Callable[[Floats], Floats] | None = None) -> float:
    """Smallest singular value of ``rows`` (M, r) minus their mean: the Frobenius distance to a table of lower rank.

    Computed from the triangular factor, block by block, so that M may be large; an estimate with the backward error
    of the singular value decomposition, not an enclosure. Zero when M <= r, and for numbers that are not finite.
    ``change`` is applied to every block of rows, (B, r) -> (B, r), before it is used.
    """
    count, r = rows.shape
    if count <= r:
        return 0.0
    parts = _Parts(rows, change)
    scale = max(max(float(part.max()), -float(part.min())) for part in parts)
    if scale == 0.0 or not np.isfinite(scale):
        return 0.0
    exponent = int(np.frexp(scale)[1])
    # A pivot row is subtracted first: the mean of values with a large common part would lose their differences.
    origin = np.ldexp(parts.first, -exponent)
    mean = np.sum([np.sum(np.ldexp(part, -exponent) - origin, axis=0) for part in parts], axis=0) / count
    factor = np.empty((0, r))
    for part in parts:
        centred = np.ldexp(part, -exponent) - origin - mean
        factor = np.asarray(np.linalg.qr(np.vstack([factor, centred]), mode="r"))
    return float(np.ldexp(np.linalg.svd(factor, compute_uv=False)[-1], exponent)) if len(factor) >= r else 0.0


class _Parts:
    """Blocks of rows, changed as they are read, any number of times."""

    def __init__(self, rows: Floats, change: Callable[[Floats], Floats] | None) -> None:
        self.rows, self.change = rows, change

    @property
    def first(self) -> Floats:
        """The first row."""
        return np.asarray(self._changed(self.rows[:1])[0])

    def __iter__(self) -> Iterator[Floats]:
        step = max(_BLOCK, 2 * self.rows.shape[1])
        return (self._changed(self.rows[start : start + step]) for start in range(0, len(self.rows), step))

    def _changed(self, part: Floats) -> Floats:
        return part if self.change is None else self.change(part)
