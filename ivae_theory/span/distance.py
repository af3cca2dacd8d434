"""The distance of a table to affine dependence: the smallest singular value of the centred table (Eckart-Young)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["smallest_singular_value"]

Floats = NDArray[np.float64]

_BLOCK = 8192


def smallest_singular_value(rows: Floats) -> float:
    """Smallest singular value of ``rows`` (M, r) minus their mean: the Frobenius distance to a table of lower rank.

    Computed from the triangular factor, block by block, so that M may be large; an estimate with the backward error
    of the singular value decomposition, not an enclosure. Zero when M <= r.
    """
    count, r = rows.shape
    if count <= r:
        return 0.0
    scale = float(np.abs(rows).max())
    if scale == 0.0 or not np.isfinite(scale):
        return 0.0
    exponent = int(np.frexp(scale)[1])
    # A pivot row is subtracted first: the mean of values with a large common part would lose their differences.
    origin = np.ldexp(rows[0], -exponent)
    mean = np.mean([np.mean(np.ldexp(part, -exponent) - origin, axis=0) * len(part) for part in _parts(rows)], axis=0)
    mean *= len(_parts(rows)) / count
    factor = np.empty((0, r))
    for part in _parts(rows):
        centred = np.ldexp(part, -exponent) - origin - mean
        factor = np.asarray(np.linalg.qr(np.vstack([factor, centred]), mode="r"))
    return float(np.ldexp(np.linalg.svd(factor, compute_uv=False)[-1], exponent)) if len(factor) >= r else 0.0


def _parts(rows: Floats) -> list[Floats]:
    step = max(_BLOCK, 2 * rows.shape[1])
    return [rows[start : start + step] for start in range(0, len(rows), step)]
