"""Search for a proof that T has, or has not, exactly one minimum on the support (Theorem 2 (ii) as printed)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import INFINITY
from ivae_theory.enclosure.models.latent import Latent, read_formulas
from ivae_theory.enclosure.models.minimum import (
    even_without_minimum_at_centre,
    minimum_by_pieces,
    minimum_of_polynomial,
    tied_minimum,
    unbounded_below,
)
from ivae_theory.errors import InputError
from ivae_theory.exact import fraction_text, value_at
from ivae_theory.hypotheses.gaussianity import kinks, rational_roots
from ivae_theory.verdict import Status

__all__ = ["decide_minimum"]

#: Points of the grid on which critical points are looked for, and the half-width around irrational ones.
GRID, WIDTH = 2001, Fraction(1, 1024)
#: A tie between more critical points than this is not looked for.
MOST_CUTS = 40


def decide_minimum(description: Mapping[str, Any]) -> dict[str, Any]:
    """A rule with a ``"status"`` word, or ``{"rule": "undecided", "why": ...}``."""
    try:
        latent = read_formulas(description).latent()
    except (CannotEnclose, InputError) as problem:
        return {"rule": "undecided", "why": str(problem)}
    if not latent.statistic.has(latent.symbol):
        return {"rule": "constant", "status": Status.FAILS.word}
    if unbounded_below(latent):
        return {"rule": "unbounded below", "status": Status.FAILS.word}
    for cuts in _cut_sets(latent):
        found = minimum_by_pieces(latent, cuts)
        if found is not None:
            return {
                "rule": "pieces",
                "status": found.status.word,
                "cuts": [fraction_text(value) for value in cuts],
                "in_pieces_of": [fraction_text(value) for value in found.at],
            }
    if minimum_of_polynomial(latent):
        return {"rule": "polynomial", "status": Status.HOLDS.word}
    return _other_refutation(latent) or {
        "rule": "undecided",
        "why": "the support is not divided into pieces on which T is proved monotone, convex or concave",
    }


def _cut_sets(latent: Latent) -> Iterator[list[Fraction]]:
    yield []
    points = kinks(latent)
    if points:
        yield points
    derivative = sympy.diff(latent.statistic, latent.symbol)
    exact = sorted(rational_roots(derivative, latent.symbol) | set(points))
    if exact:
        yield exact[:MOST_CUTS]
    near = _critical(latent, derivative)
    if near and len(near) <= MOST_CUTS:
        around = {value for point in near for value in _bracket(point, exact)}
        yield sorted(around | set(exact))


def _bracket(point: float, exact: list[Fraction]) -> list[Fraction]:
    """Cuts on both sides of a critical point, none where an exact one stands."""
    middle = Fraction(point).limit_denominator(2**20)
    if any(abs(middle - value) <= 2 * WIDTH for value in exact):
        return []
    return [middle - WIDTH, middle + WIDTH]


def _critical(latent: Latent, derivative: sympy.Expr) -> list[float]:
    """Where the derivative changes its sign on a grid: candidates only."""
    low, high = latent.parts[0].low, latent.parts[-1].high
    left = -20.0 if low == -INFINITY else float(low)
    right = 20.0 if high == INFINITY else float(high)
    left, right = (
        min(left, right - 20 if low == -INFINITY else left),
        max(right, left + 20 if high == INFINITY else right),
    )
    grid = np.linspace(left, right, GRID + 2)[1:-1]
    try:
        with np.errstate(all="ignore"):
            function = sympy.lambdify(latent.symbol, derivative)
            values = np.broadcast_to(np.asarray(function(grid), dtype=float), grid.shape)
            changes = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
            return [_refine(function, float(grid[i]), float(grid[i + 1])) for i in changes[: MOST_CUTS + 1]]
    except (ArithmeticError, TypeError, ValueError, NameError, AttributeError, KeyError, NotImplementedError):
        return []  # a pole at a point of the grid, or a function that numpy lacks


def _refine(function: Any, low: float, high: float) -> float:
    """Bisection."""
    at_low = float(function(low))
    for _ in range(60):
        middle = (low + high) / 2
        if float(function(middle)) * at_low > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _other_refutation(latent: Latent) -> dict[str, Any] | None:
    """Two points that tie exactly at the lower bound of the range, or a symmetry."""
    places = [Fraction(p, 2) for p in range(-8, 9)]
    places = [x for x in places if any(part.contains(x) for part in latent.parts)]
    values: dict[sympy.Expr, Fraction] = {}
    for point in places:
        value = value_at(latent.statistic, {latent.symbol: sympy.Rational(point.numerator, point.denominator)})
        if value in values and tied_minimum(latent, [values[value], point]):
            return {
                "rule": "tie",
                "status": Status.FAILS.word,
                "points": [fraction_text(values[value]), fraction_text(point)],
            }
        values.setdefault(value, point)
    for point in places:
        if even_without_minimum_at_centre(latent, point):
            return {"rule": "even", "status": Status.FAILS.word, "point": fraction_text(point)}
    return None
