"""Rational points of a support at which statistics can be enclosed: where searches look."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.pieces import decompose, support_intervals
from ivae_theory.enclosure.formula.regularity import Interval

__all__ = ["search_points"]


def search_points(
    expressions: Sequence[sympy.Expr], variable: sympy.Symbol, support: sympy.Set, seed: int, count: int = 40
) -> list[Fraction]:
    """Points strictly inside the support, some in every piece on which the expressions are one formula."""
    try:
        regions = [piece.interval for piece in decompose(expressions, variable, support)]
    except CannotEnclose:
        regions = [Interval.between(low, high) for low, high in support_intervals(support)]
    random_source = random.Random(seed)
    points: list[Fraction] = []
    for region in regions:
        points += region.points()
        width = region.inner_high - region.inner_low
        for _ in range(max(4, count // len(regions))):
            share = Fraction(random_source.randrange(1, 997), 997)
            points.append(region.inner_low + width * share)
    return list(dict.fromkeys(points))
