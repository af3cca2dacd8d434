"""The distance of a table to affine dependence: the smallest singular value of the centred table (Eckart-Young)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["smallest_singular_value"]

Floats = NDArray[np.float64]

_BLOCK, _UNIT = 8192, 2.0**-53


def smallest_singular_value(rows: Floats, change: Callable[[Floats], Floats] | None = None) -> float:
    """Smallest singular value of ``rows`` (M, r) minus their mean: the Frobenius distance to a table of lower rank.

    Computed from the triangular factor, block by block, so that M may be large. Rounded down by what the rounding of
    the entries and of the factorisation can explain, to 0 where that is everything: not an enclosure, and not above the
    distance either. Zero when M <= r, and for numbers that are not finite. Columns may have any units: each counts in
    its own. ``change``, a linear map of rows, (B, r) -> (B, r), is applied before.
    """
    count, r = rows.shape
    if count <= r:
        return 0.0
    parts = _Parts(rows, change)
    with np.errstate(all="ignore"):
        largest = np.max([np.abs(part).max(axis=0) for part in parts], axis=0)
        if not np.isfinite(largest).all() or not largest.all():
            return 0.0
        exponents = np.frexp(largest)[1]
        # A pivot row is subtracted already: the mean of values with a large common part would lose their differences.
        mean = np.sum([np.ldexp(part, -exponents).sum(axis=0) for part in parts], axis=0) / count
        factor = np.empty((0, r))
        for part in parts:
            factor = np.asarray(np.linalg.qr(np.vstack([factor, np.ldexp(part, -exponents) - mean]), mode="r"))
        return _from_factor(
            factor, exponents, _UNIT * np.sqrt(count) * np.linalg.norm(4 * (r + 8) + 2 * parts.digits_lost)
        )


def _from_factor(factor: Floats, exponents: NDArray[np.intc], error: float) -> float:
    """The smallest singular value of ``factor`` times ``2**exponents``, column by column, less its error.

    The largest singular value of the inverse is computed accurately whatever the units of the columns are, where the
    smallest one of the product would drown in the rounding of the largest.
    """
    try:
        inverse = np.linalg.inv(factor)
        loss = error * float(np.linalg.norm(inverse, 2))
        least = int(exponents.min())
        found = float(np.ldexp(1 / np.linalg.norm(np.ldexp(inverse, (least - exponents)[:, None]), 2), least))
    except np.linalg.LinAlgError:  # singular, or an inverse that is not finite
        return 0.0
    return found * max(1 - loss, 0.0)


class _Parts:
    """Blocks of differences to the first row, changed as they are read, any number of times."""

    def __init__(self, rows: Floats, change: Callable[[Floats], Floats] | None) -> None:
        self.rows, self.change = rows, change

    @property
    def digits_lost(self) -> Floats:
        """Largest entry over largest difference, column by column: what rounding entries does to the differences."""
        largest = np.max([np.abs(self.rows[part]).max(axis=0) for part in self._slices()], axis=0)
        spread = np.max([np.abs(self._differences(part)).max(axis=0) for part in self._slices()], axis=0)
        ratio = largest / np.where(spread > 0, spread, 1.0)
        # a change of basis mixes the columns of one latent
        return ratio if self.change is None else np.full_like(ratio, ratio.max())

    def __iter__(self) -> Iterator[Floats]:
        for part in self._slices():
            differences = self._differences(part)
            yield differences if self.change is None else self.change(differences)

    def _differences(self, part: slice) -> Floats:
        return np.asarray(self.rows[part] - self.rows[0])

    def _slices(self) -> Iterator[slice]:
        step = max(_BLOCK, 2 * self.rows.shape[1])
        return (slice(start, start + step) for start in range(0, len(self.rows), step))
