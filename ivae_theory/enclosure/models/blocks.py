"""Conditions on the statistics of one latent for k >= 2: curvature of the image of T, and T = (z, z**2)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy
from flint import arb_mat

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import Range, polynomial_coefficients
from ivae_theory.enclosure.formula.shape import is_analytic
from ivae_theory.enclosure.models.dependent import resolve
from ivae_theory.enclosure.models.latent import Formulas, cut
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_arb

__all__ = ["is_analytic_on_support", "is_curved", "is_quadratic_family", "spans_everywhere"]

BITS = 512


def is_quadratic_family(formulas: Formulas) -> bool:
    """Whether T is (z, z**2) up to an invertible affine map."""
    if len(formulas.statistics) != 2:
        return False
    rows = [polynomial_coefficients(statistic, formulas.symbol) for statistic in formulas.statistics]
    padded = [None if row is None else [*row, Fraction(0), Fraction(0), Fraction(0)] for row in rows]
    if padded[0] is None or padded[1] is None or any(any(row[3:]) for row in padded if row is not None):
        return False
    (_, a1, b1), (_, a2, b2) = padded[0][:3], padded[1][:3]
    return a1 * b2 != a2 * b1


def is_curved(formulas: Formulas, pair: Sequence[int], points: Sequence[Fraction]) -> bool:
    """Whether T is analytic on an interval support and the image of no interval lies inside a line.

    Were the image of some interval inside a line, analyticity would carry the relations to the whole support;
    three points of two of the statistics that are not collinear exclude it.
    """
    if len(formulas.parts) != 1 or len(set(pair)) != 2 or len(points) != 3:
        return False
    return _analytic(formulas) and _affinely_independent([formulas.statistics[i] for i in pair], formulas, points)


def spans_everywhere(formulas: Formulas, cuts: Sequence[Fraction], points: Sequence[Sequence[Fraction]]) -> bool:
    """Whether 1, T_1, .., T_k are independent on every set of positive measure (*strongly exponential*).

    An analytic function that is not zero on an interval has isolated zeros there, so that independence at k + 1
    points of each piece of the support, between the cuts, is enough.
    """
    pieces = cut(formulas.parts, cuts)
    if len(points) != len(pieces):
        return False
    return all(_spans(formulas, piece, places) for piece, places in zip(pieces, points, strict=True))


def _spans(formulas: Formulas, piece: Range, places: Sequence[Fraction]) -> bool:
    interior = Range(piece.low, piece.high, True, True)
    try:
        resolved = [resolve(statistic, formulas.symbol, interior) for statistic in formulas.statistics]
    except CannotEnclose:
        return False
    return (
        len(places) == len(resolved) + 1
        and all(interior.contains(place) for place in places)
        and all(is_analytic(statistic, formulas.symbol, interior) for statistic in resolved)
        and _affinely_independent(resolved, formulas, places)
    )


def is_analytic_on_support(formulas: Formulas) -> bool:
    """Whether every statistic is analytic at every point of the support, closed ends included."""
    return all(is_analytic(t, formulas.symbol, part) for t in formulas.statistics for part in formulas.parts)


def _analytic(formulas: Formulas) -> bool:
    interiors = [Range(part.low, part.high, True, True) for part in formulas.parts]
    return all(is_analytic(t, formulas.symbol, part) for t in formulas.statistics for part in interiors)


def _affinely_independent(statistics: Sequence[sympy.Expr], formulas: Formulas, points: Sequence[Fraction]) -> bool:
    """Whether the determinant of the rows ``1, T_1(z), .., T_k(z)`` is certainly not 0."""
    from ivae_theory.enclosure.formula.symbolic import ball

    if not all(any(part.low < x < part.high for part in formulas.parts) for x in points):
        return False
    with precision(BITS):
        try:
            rows = [
                [to_arb(1), *(ball(statistic, {formulas.symbol: to_arb(point)}) for statistic in statistics)]
                for point in points
            ]
        except CannotEnclose:
            return False
        determinant = arb_mat(rows).det()
        return bool(determinant.is_finite()) and not determinant.contains(0)
