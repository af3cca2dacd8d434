"""Step (3) of the sharp Theorem 1: from equal density ratios to ``A``, ``c`` and the relation on lambda.

All matrices are lists of rows of rationals; ``L`` has the differences ``lambda(u_l) - lambda(u_0)`` as columns, as in
Eq. (13).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq_mat

from ivae_theory.exact import to_fmpq, to_fraction

__all__ = ["affine_matrix", "differences", "invert", "multiply", "random_invertible", "transpose"]

Matrix = list[list[Fraction]]


def _flint(rows: Sequence[Sequence[Fraction]]) -> fmpq_mat:
    return fmpq_mat(len(rows), len(rows[0]), [to_fmpq(value) for row in rows for value in row])


def _rows(matrix: fmpq_mat) -> Matrix:
    return [[to_fraction(matrix[i, j]) for j in range(matrix.ncols())] for i in range(matrix.nrows())]


def multiply(*factors: Sequence[Sequence[Fraction]]) -> Matrix:
    """The product of the factors, from left to right."""
    product = _flint(factors[0])
    for factor in factors[1:]:
        product = product * _flint(factor)
    return _rows(product)


def transpose(rows: Sequence[Sequence[Fraction]]) -> Matrix:
    """The transposed matrix."""
    return [list(column) for column in zip(*rows, strict=True)]


def invert(rows: Sequence[Sequence[Fraction]]) -> Matrix:
    """The inverse of an invertible matrix."""
    return _rows(_flint(rows).inv())


def differences(table: Sequence[Sequence[Fraction]]) -> Matrix:
    """``L`` of Eq. (13) from the rows ``lambda(u_0), .., lambda(u_nk)``."""
    first = table[0]
    return transpose([[a - b for a, b in zip(row, first, strict=True)] for row in table[1:]])


def affine_matrix(L: Sequence[Sequence[Fraction]], L_prime: Sequence[Sequence[Fraction]]) -> Matrix:
    """``A = L^-T L'^T``: from ``L^T T~ = L'^T T~' + b`` (Eq. 22) to ``T~ = A T~' + c`` (Eq. 23)."""
    return multiply(transpose(invert(L)), transpose(L_prime))


def random_invertible(size: int, seed: int) -> Matrix:
    """An invertible integer matrix: a product of a unit lower and an upper triangle with a non-zero diagonal."""
    import random

    draw = random.Random(seed)
    lower = [
        [Fraction(draw.randint(-4, 4)) if j < i else Fraction(int(i == j)) for j in range(size)] for i in range(size)
    ]
    upper = [
        [
            Fraction(draw.randint(-4, 4)) if j > i else Fraction(draw.choice([-3, -2, -1, 1, 2, 3]) if i == j else 0)
            for j in range(size)
        ]
        for i in range(size)
    ]
    return multiply(lower, upper)
