"""Are the statistics of a latent dependent on some interval? (the published Theorem 1's hypothesis, refuted)"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import INFINITY, Range
from ivae_theory.enclosure.models.dependent import vanishes_on
from ivae_theory.enclosure.models.latent import Formulas, read_formulas
from ivae_theory.errors import InputError
from ivae_theory.exact import fraction_text
from ivae_theory.hypotheses.gaussianity import kinks

__all__ = ["decide_dependent_somewhere"]


def decide_dependent_somewhere(description: Mapping[str, Any]) -> dict[str, Any]:
    """``"dependent"`` with an interval and the coefficients of a linear relation there, or ``"undecided"``."""
    try:
        formulas = read_formulas(description)
    except (CannotEnclose, InputError) as problem:
        return {"rule": "undecided", "why": str(problem)}
    for low, high in _intervals(formulas):
        for weights in _weights(len(formulas.statistics)):
            if vanishes_on(formulas, weights, low, high):
                return {
                    "rule": "dependent",
                    "interval": [fraction_text(low), fraction_text(high)],
                    "weights": [fraction_text(value) for value in weights],
                }
    return {"rule": "undecided", "why": "no interval with a linear relation was found"}


def _weights(k: int) -> list[list[Fraction]]:
    """Relations between at most two statistics with small coefficients."""
    units = [[Fraction(int(i == j)) for i in range(k)] for j in range(k)]
    ratios = [Fraction(p, q) * s for p in (1, 2, 3) for q in (1, 2, 3) for s in (1, -1)]
    pairs = itertools.combinations(range(k), 2)
    both = [
        [a - r * b for a, b in zip(units[i], units[j], strict=True)] for i, j in pairs for r in dict.fromkeys(ratios)
    ]
    return units + both


def _intervals(formulas: Formulas) -> list[tuple[Fraction, Fraction]]:
    """Bounded intervals between the places where a statistic may bend."""
    found: list[tuple[Fraction, Fraction]] = []
    for part in formulas.parts:
        bends = sorted(
            {x for t in range(len(formulas.statistics)) for x in _bends(formulas, t) if part.low < x < part.high}
        )
        low = Fraction(part.low) if part.low != -INFINITY else (bends[0] if bends else Fraction(0)) - 2
        high = Fraction(part.high) if part.high != INFINITY else (bends[-1] if bends else low) + 2
        edges = [low, *bends, high] + ([Fraction(0), Fraction(1)] if low < 0 and high > 1 else [])
        found += itertools.pairwise(sorted(set(edges)))
    return found


def _bends(formulas: Formulas, index: int) -> list[Fraction]:
    one = Formulas((formulas.statistics[index],), formulas.base_measure, formulas.symbol, (Range(-INFINITY, INFINITY),))
    return kinks(one.latent())
