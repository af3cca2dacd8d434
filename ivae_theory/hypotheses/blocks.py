"""Search for proofs about the statistics of one latent with k >= 2 (block permutation, strong independence)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import INFINITY, Range
from ivae_theory.enclosure.models.blocks import is_analytic_on_support, is_curved, is_quadratic_family, spans_everywhere
from ivae_theory.enclosure.models.latent import Formulas, Latent, cut, read_formulas
from ivae_theory.errors import InputError
from ivae_theory.exact import fraction_text
from ivae_theory.hypotheses.gaussianity import kinks

__all__ = ["decide_analytic", "decide_curved", "decide_spans_everywhere", "places"]


def places(part: Range, count: int) -> Iterator[list[Fraction]]:
    """Several choices of ``count`` different points inside an interval."""
    for scale in (Fraction(1), Fraction(1, 3), Fraction(5, 2)):
        grid = [Fraction(2 * step + 1, 2 * count) for step in range(count)]  # inside (0, 1), uneven below
        yield [_onto(part, unit * (1 + unit / 7) * Fraction(7, 8), scale) for unit in grid]


def _onto(part: Range, unit: Fraction, scale: Fraction) -> Fraction:
    if part.low == -INFINITY and part.high == INFINITY:
        return scale * (2 * unit - 1) * 3
    if part.high == INFINITY:
        return Fraction(part.low) + scale * 4 * unit
    if part.low == -INFINITY:
        return Fraction(part.high) - scale * 4 * unit
    return Fraction(part.low) + (Fraction(part.high) - Fraction(part.low)) * unit


def _read(description: Mapping[str, Any]) -> Formulas | str:
    try:
        return read_formulas(description)
    except (CannotEnclose, InputError) as problem:
        return str(problem)


def decide_curved(description: Mapping[str, Any]) -> dict[str, Any]:
    """A rule that shows that the image of no interval under T lies inside a line, or ``"undecided"``."""
    formulas = _read(description)
    if isinstance(formulas, str):
        return {"rule": "undecided", "why": formulas}
    if is_quadratic_family(formulas):
        return {"rule": "quadratic"}
    if len(formulas.parts) != 1:
        return {"rule": "undecided", "why": "the support is not one interval"}
    for pair in itertools.combinations(range(len(formulas.statistics)), 2):
        for points in places(formulas.parts[0], 3):
            if is_curved(formulas, pair, points):
                return {"rule": "curved", "pair": list(pair), "points": [fraction_text(x) for x in points]}
    return {"rule": "undecided", "why": "T is not proved analytic on its support with a curved image"}


def decide_analytic(description: Mapping[str, Any]) -> dict[str, Any]:
    """``"analytic"`` when every statistic is analytic on the support, else ``"undecided"``."""
    formulas = _read(description)
    if isinstance(formulas, str):
        return {"rule": "undecided", "why": formulas}
    if is_analytic_on_support(formulas):
        return {"rule": "analytic"}
    return {"rule": "undecided", "why": "T is not proved analytic on its support"}


def decide_spans_everywhere(description: Mapping[str, Any]) -> dict[str, Any]:
    """A rule that shows independence on every set of positive measure, or a place where it fails."""
    formulas = _read(description)
    if isinstance(formulas, str):
        return {"rule": "undecided", "why": formulas}
    bends = {x for statistic in formulas.statistics for x in kinks(_first(formulas, statistic))}
    why = ""
    for cuts in [[], sorted(bends)] if bends else [[]]:
        pieces = cut(formulas.parts, cuts)
        chosen = [_independent(formulas, piece) for piece in pieces]
        found = [points for points in chosen if points is not None]
        if len(found) == len(pieces):
            return {
                "rule": "analytic",
                "cuts": [fraction_text(x) for x in cuts],
                "points": [[fraction_text(x) for x in points] for points in found],
            }
        why = f"piece {chosen.index(None) + 1} of the support: T is not proved analytic and independent there"
    return {"rule": "undecided", "why": why}


def _first(formulas: Formulas, statistic: sympy.Expr) -> Latent:
    return Latent(statistic, formulas.base_measure, formulas.symbol, formulas.parts)


def _independent(formulas: Formulas, piece: Range) -> list[Fraction] | None:
    """Points that show independence on one piece."""
    one = Formulas(formulas.statistics, formulas.base_measure, formulas.symbol, (piece,))
    choices = places(piece, len(formulas.statistics) + 1)
    return next((points for points in choices if spans_everywhere(one, [], [points])), None)
