"""Linear algebra over the rationals (python-flint)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq_mat, fmpz_mat, nmod_mat

from ivae_theory.exact.numbers import to_fmpq, to_fraction

__all__ = ["affine_null_vector", "determinant", "integer_rows", "null_vector", "rank", "rank_modulo"]

#: A prime of 61 bits: python-flint's word-size matrices need less than 64.
PRIME = (1 << 61) - 1

Rows = Sequence[Sequence[Any]]


def _matrix(rows: Rows) -> fmpq_mat:
    return fmpq_mat(len(rows), len(rows[0]), [to_fmpq(value) for row in rows for value in row])


def integer_rows(rows: Sequence[Sequence[Fraction]]) -> list[list[int]]:
    """Each row times its common denominator: the same row space, in integers."""
    result = []
    for row in rows:
        common = math.lcm(*(value.denominator for value in row))
        result.append([int(value * common) for value in row])
    return result


def rank(rows: Rows) -> int:
    """Rank over the rationals."""
    return int(_matrix(rows).rank())


def rank_modulo(rows: Sequence[Sequence[Fraction]], prime: int = PRIME) -> int:
    """Rank modulo a prime: a lower bound of the rank over the rationals, and a fast one."""
    integers = integer_rows(rows)
    entries = [value % prime for row in integers for value in row]
    return int(nmod_mat(len(integers), len(integers[0]), entries, prime).rank())


def determinant(rows: Rows) -> Fraction:
    """Determinant of a square matrix, exactly."""
    value = _matrix(rows).det()
    return Fraction(int(value.p), int(value.q))


def null_vector(rows: Rows) -> list[Fraction] | None:
    """Some non-zero ``w`` with ``row . w = 0`` for every row, or ``None`` when there is none."""
    integers = integer_rows([[to_fraction(value) for value in row] for row in rows])
    reduced, denominator, found = fmpz_mat(integers).rref()
    columns = len(integers[0])
    if found == columns:
        return None
    pivots = [next(j for j in range(columns) if reduced[i, j] != 0) for i in range(found)]
    free = next(j for j in range(columns) if j not in pivots)
    vector = [Fraction(0)] * columns
    vector[free] = Fraction(1)
    for i, j in enumerate(pivots):
        vector[j] = Fraction(-int(reduced[i, free]), int(denominator))
    return vector


def affine_null_vector(points: Rows) -> list[Fraction] | None:
    """Some non-zero ``w`` with ``w . p`` the same for every point, or ``None`` when they affinely span."""
    first = [to_fraction(value) for value in points[0]]
    others = [[to_fraction(value) for value in row] for row in points[1:]]
    if not others:
        return [Fraction(1)] + [Fraction(0)] * (len(first) - 1)
    return null_vector([[a - b for a, b in zip(row, first, strict=True)] for row in others])
