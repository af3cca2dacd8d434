"""What two Gaussian latents become under an affine map, exactly; and maps that are not sums over the latents.

``log p(z) = sum_i alpha_i z_i**2 + beta_i z_i`` for a pair; ``z' = M z + s``. The law of z' has the coefficients
``alpha'_k, beta'_k`` exactly when ``sum_k alpha'_k z'_k**2 + beta'_k z'_k`` is the same polynomial of z up to a
constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.models.quadratic import Quadratic, is_zero

__all__ = ["is_same_law", "mixed_difference", "radial", "rotated_statistics"]

Entry = Any
Pair = Sequence[Entry]


def is_same_law(
    before: Sequence[tuple[Entry, Entry]],
    after: Sequence[tuple[Entry, Entry]],
    matrix: Sequence[Sequence[Fraction]],
    shift: Sequence[Fraction],
) -> bool:
    """Whether z with coefficients ``before`` makes ``M z + s`` have the coefficients ``after``.

    Every difference of polynomial coefficients is 0 exactly.
    """
    (m11, m12), (m21, m22) = ((_like(v, before) for v in row) for row in matrix)
    s1, s2 = (_like(value, before) for value in shift)
    (a1, b1), (a2, b2) = before
    (c1, d1), (c2, d2) = after
    differences = (
        a1 - c1 * m11 * m11 - c2 * m21 * m21,
        a2 - c1 * m12 * m12 - c2 * m22 * m22,
        c1 * m11 * m12 + c2 * m21 * m22,
        b1 - m11 * (2 * c1 * s1 + d1) - m21 * (2 * c2 * s2 + d2),
        b2 - m12 * (2 * c1 * s1 + d1) - m22 * (2 * c2 * s2 + d2),
    )
    return all(is_zero(difference) for difference in differences)


def _like(value: Fraction, entries: Sequence[tuple[Entry, Entry]]) -> Entry:
    symbolic = any(isinstance(entry, sympy.Basic) for pair in entries for entry in pair)
    return sympy.Rational(value.numerator, value.denominator) if symbolic else value


def mixed_difference(values: Sequence[Fraction]) -> Fraction:
    """``g(a, b) - g(a', b) - g(a, b') + g(a', b')``: 0 for every sum of a function of a and a function of b."""
    return values[0] - values[1] - values[2] + values[3]


def rotated_statistics(
    quadratics: Sequence[Quadratic],
    matrix: Sequence[Sequence[Fraction]],
    shift: Sequence[Fraction],
    corners: Sequence[Sequence[Fraction]],
) -> list[Fraction]:
    """The mixed difference of every statistic of ``z' = M z + s`` over the corners of a rectangle."""
    found = []
    for row, offset, quadratic in zip(matrix, shift, quadratics, strict=True):
        for square, linear in quadratic.statistics:
            places = [row[0] * a + row[1] * b + offset for a, b in corners]
            found.append(mixed_difference([square * place * place + linear * place for place in places]))
    return found


def radial(a: Fraction, b: Fraction) -> tuple[Fraction, Fraction]:
    """The rotation of (a, b) by the angle whose half has the tangent ``a**2 + b**2``.

    It keeps the radius, so it is a bijection of the plane; its angle depends on the radius alone, so it keeps every
    law that is invariant under rotations.
    """
    t = a * a + b * b
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    return cosine * a - sine * b, sine * a + cosine * b
