"""Which rows of a table are a well-conditioned affine basis: a search, so nothing here is a proof."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.span.floats import exponents_of, scale_by

__all__ = ["choose_rows", "standardised"]

Floats = NDArray[np.float64]

#: Up to this many columns rows are chosen by QR with column pivoting (better conditioned), beyond by LU (faster).
_QR_COLUMNS = 200
#: How many rows are looked at together.
_BLOCK = 4096


def standardised(rows: Floats) -> Floats:
    """Columns shifted by their middle and scaled by a power of two into about [-1, 1]; a copy."""
    scaled = scale_by(rows, -exponents_of(np.abs(rows).max(axis=0)))
    scaled -= (scaled.max(axis=0) + scaled.min(axis=0)) / 2
    return scale_by(scaled, -exponents_of(np.abs(scaled).max(axis=0)))


def choose_rows(rows: NDArray[Any], *, careful: bool = False) -> NDArray[np.int64]:
    """Indices of ``r + 1`` rows of the (M, r) table, far from lying in a hyperplane; of all rows when M <= r + 1.

    Tables with many rows are first searched in an evenly spread sample; ``careful=True`` looks at every row, block
    after block, each block against the best rows so far (a tournament: bounded memory).
    """
    count, r = rows.shape
    if count <= r + 1:
        return np.arange(count)
    block = max(_BLOCK, 2 * (r + 1))
    if not careful and count > block:
        sample = np.unique(np.linspace(0, count - 1, block).astype(np.int64))
        return np.asarray(sample[_pivots(_standard(rows[sample]), careful)], dtype=np.int64)
    best: NDArray[np.int64] = np.arange(min(block, count))
    best = best[_pivots(_standard(rows[best]), careful)]
    for start in range(block, count, block):
        pool = np.concatenate([best, np.arange(start, min(start + block, count))])
        best = pool[_pivots(_standard(rows[pool]), careful)]
    return best


def _standard(rows: NDArray[Any]) -> Floats:
    return standardised(np.asarray(rows, dtype=np.float64))


def _pivots(table: Floats, careful: bool) -> NDArray[np.int64]:
    """The first ``r + 1`` pivot rows of ``[1 table]``: their affine hull is as large as elimination finds."""
    import scipy.linalg

    count, r = table.shape
    lifted = np.column_stack([np.ones(count), table])
    if careful or r <= _QR_COLUMNS:
        order = scipy.linalg.qr(lifted.T, mode="r", pivoting=True, overwrite_a=True, check_finite=False)[1]
        return np.asarray(order[: r + 1], dtype=np.int64)
    swaps = _lu_swaps(lifted)
    order = np.arange(count)
    for i, j in enumerate(swaps):
        order[[i, j]] = order[[j, i]]
    return order[: r + 1]


def _lu_swaps(table: Floats) -> NDArray[np.int64]:
    """Row interchanges of LU with partial pivoting."""
    from scipy.linalg import lapack

    _, swaps, _ = lapack.dgetrf(np.asfortranarray(table), overwrite_a=True)
    return np.asarray(swaps, dtype=np.int64)
