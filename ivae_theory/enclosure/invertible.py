"""Full column rank of every matrix in given balls, by a preconditioner (Neumann's lemma).

If ``X`` is any matrix at all and ``||I - X L|| < 1`` then ``X L`` is invertible, so ``L`` has full column rank.
``X`` is a hint computed in floats and never trusted; the product and its distance from the identity are balls. Where
no float finds a hint, a determinant in balls may still decide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import arb, arb_mat
from numpy.typing import NDArray

from ivae_theory.enclosure.precision import precision

__all__ = ["differences", "has_full_column_rank", "residual_bound"]

Balls = Sequence[Sequence[arb]]
#: Bits at which a hint in floats decides as well as anything, and most columns of a determinant in balls.
_FLOATS, _MOST_COLUMNS = 64, 12


def differences(rows: Balls) -> list[list[arb]]:
    """The transposed matrix L of Eq. (13): every row minus the first."""
    first = rows[0]
    return [[value - origin for value, origin in zip(row, first, strict=True)] for row in rows[1:]]


def has_full_column_rank(matrix: Balls, bits: int = 64) -> bool:
    """Whether *every* matrix with entries in the given balls is proved to have linearly independent columns.

    Parameters
    ----------
    matrix
        At least as many rows as columns of balls; numbers of any size (rows and columns are scaled by powers of
        two, which changes neither the rank nor a digit).
    bits
        Working precision of the product.

    Returns
    -------
    bool
        ``True`` is a proof; ``False`` says nothing.
    """
    if not matrix or len(matrix) < len(matrix[0]) or not all(value.is_finite() for row in matrix for value in row):
        return False
    with precision(bits):
        scaled = _scaled(matrix)
        if scaled is None:
            return False
        hint = _left_inverse(_midpoints(scaled))
        if hint is not None and residual_bound(hint, scaled) < 1:
            return True
        return bits > _FLOATS and len(scaled[0]) <= _MOST_COLUMNS and _determinant_is_not_zero(scaled)


def _determinant_is_not_zero(matrix: Balls) -> bool:
    """Whether ``det L^T L``, computed in balls, excludes 0: for matrices too close to a singular one for any hint."""
    columns = len(matrix[0])
    table = arb_mat(len(matrix), columns, [value for row in matrix for value in row])
    determinant = table.det() if len(matrix) == columns else (table.transpose() * table).det()
    return bool(determinant.is_finite()) and not determinant.contains(0)


def residual_bound(hint: NDArray[np.float64], matrix: Balls) -> arb:
    """An upper bound of the maximum row sum of ``|I - hint matrix|`` over all matrices in the balls."""
    columns = len(matrix[0])
    left = arb_mat(columns, len(matrix), [arb(float(value)) for value in hint.ravel()])
    product = left * arb_mat(len(matrix), columns, [value for row in matrix for value in row])
    worst = arb(0)
    for i in range(columns):
        total = arb(0)
        for j in range(columns):
            value = product[i, j]
            total += abs(value - 1 if i == j else value).upper()
        worst = worst.max(total)
    return worst


def _exponent(value: arb) -> int | None:
    """``e`` with ``|midpoint| < 2**e``, about; ``None`` for zero."""
    mantissa, exponent = value.mid().man_exp()
    bits = abs(int(mantissa)).bit_length()
    return None if bits == 0 else int(exponent) + bits


def _scaled(matrix: Balls) -> list[list[arb]] | None:
    """Rows and columns times powers of two, so that the largest midpoint of each is near one."""
    exponents = [[_exponent(value) for value in row] for row in matrix]
    columns = [_largest(column) for column in zip(*exponents, strict=True)]
    if any(top is None for top in columns):
        return None
    shift = [top for top in columns if top is not None]
    tops = [_largest([e - s for e, s in zip(row, shift, strict=True) if e is not None]) for row in exponents]
    return [
        [value * _power(-s - (top or 0)) for value, s in zip(row, shift, strict=True)]
        for row, top in zip(matrix, tops, strict=True)
    ]


def _largest(exponents: Sequence[int | None]) -> int | None:
    return max((e for e in exponents if e is not None), default=None)


def _power(exponent: int) -> arb:
    """2**exponent exactly (floats reach only part of the range that columns may have)."""
    return arb(2) ** exponent if abs(exponent) > 1000 else arb(math.ldexp(1.0, exponent))


def _midpoints(matrix: Balls) -> NDArray[np.float64]:
    return np.array([[float(value.mid()) for value in row] for row in matrix])


def _left_inverse(midpoints: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """A left inverse of the midpoints in floats, or ``None`` where floats find none."""
    try:
        square = midpoints.shape[0] == midpoints.shape[1]
        hint: Any = np.linalg.inv(midpoints) if square else np.linalg.pinv(midpoints)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(hint, dtype=np.float64) if np.isfinite(hint).all() else None
