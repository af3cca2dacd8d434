"""Do the rows of a table of floats affinely span R^r, whatever the entries are within their error?

Everything here is ordinary floating point with a-priori bounds of its own rounding (Higham, *Accuracy and Stability of
Numerical Algorithms*, section 3.1; Rump's verification by an approximate inverse), so that ``True`` is a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Equilibrated", "equilibrate", "exponents_of", "left_residual", "scale_by", "spans_within_error"]

Floats = NDArray[np.float64]

#: Unit roundoff of float64, and an absolute error that covers underflow in every sum below.
_UNIT, _TINY = 2.0**-53, 1e-290
#: Below 1 proves; a little less is asked, so that a rechecker with another hint reaches the same answer.
_ENOUGH = 0.9


@dataclass(frozen=True, eq=False)
class Equilibrated:
    """Differences to the first row with columns scaled by powers of two: ``|true - values| <= error`` entrywise."""

    values: Floats
    error: Floats


def exponents_of(magnitudes: Floats) -> NDArray[np.int64]:
    """``e`` with ``magnitude <= 2**e < 4 magnitude``; 1 for zeros."""
    return np.asarray(np.frexp(np.where(magnitudes > 0, magnitudes, 1.0))[1], dtype=np.int64)


def scale_by(values: Floats, exponents: NDArray[np.int64]) -> Floats:
    """``values * 2**exponents`` for exponents beyond the range of one factor; exact unless the result underflows."""
    half = exponents // 2
    return np.asarray(np.ldexp(np.ldexp(values, half), exponents - half), dtype=np.float64)


def equilibrate(rows: Floats, error: Floats) -> Equilibrated:
    """The transposed L of Eq. (13) for ``rows`` (p + 1, r) known up to ``error``, an entrywise bound of shape (r,).

    Columns are scaled first by their largest entry (differences cannot overflow) and again by their largest
    difference; scaling by a power of two rounds only what underflows, which ``_TINY`` covers.
    """
    first = exponents_of(np.abs(rows).max(axis=0))
    scaled = scale_by(rows, -first)
    difference = scaled[1:] - scaled[0]
    bound = 2 * scale_by(error, -first) + _UNIT * np.abs(difference) + _TINY
    second = exponents_of(np.abs(difference).max(axis=0))
    difference, bound = scale_by(difference, -second), scale_by(bound, -second) * (1 + 8 * _UNIT)
    across = exponents_of(np.abs(difference).max(axis=1))[:, None]
    return Equilibrated(scale_by(difference, -across), scale_by(bound, -across) * (1 + 8 * _UNIT) + _TINY)


def left_residual(hint: Floats, matrix: Floats, error: Floats) -> float:
    """A rigorous upper bound of ``||I - hint M||`` (largest row sum) over all ``|M - matrix| <= error``.

    ``|fl(X L) - X L| <= gamma_p |X| |L|`` holds for every order of summation, with and without fused operations.
    """
    r, p = hint.shape
    residual = np.abs(hint @ matrix - np.eye(r)).sum(axis=1)
    size = np.abs(hint)
    gamma = (p + 2) * _UNIT / (1 - (p + 2) * _UNIT)
    spread = size @ (gamma * np.abs(matrix).sum(axis=1) + error.sum(axis=1))
    total = float((residual + spread).max())
    # The sums above are themselves rounded: relative error below (2 p + 2 r + 8) units.
    return float(total * (1 + 4 * (p + r + 8) * _UNIT) + _TINY * p * r)


def spans_within_error(rows: Floats, error: Floats) -> bool:
    """Whether it is proved that every table within ``error`` (shape (r,)) of ``rows`` affinely spans R^r."""
    count, r = rows.shape
    if count <= r or not (np.isfinite(rows).all() and np.isfinite(error).all()):
        return False
    with np.errstate(all="ignore"):
        table = equilibrate(rows, error)
        if not (np.isfinite(table.values).all() and np.isfinite(table.error).all()):
            return False
        try:
            square = count == r + 1
            hint: Any = np.linalg.inv(table.values) if square else np.linalg.pinv(table.values)
        except np.linalg.LinAlgError:
            return False
        if not np.isfinite(hint).all():
            return False
        bound = left_residual(np.asarray(hint, dtype=np.float64), table.values, table.error)
    return bool(bound < _ENOUGH)
