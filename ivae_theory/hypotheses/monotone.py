"""Is T monotonic on its support? (published Theorem 3 (i))"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import INFINITY, Range
from ivae_theory.enclosure.models.latent import read_formulas
from ivae_theory.enclosure.models.monotone import is_monotone, turns
from ivae_theory.errors import InputError
from ivae_theory.exact import fraction_text

__all__ = ["decide_monotone"]

COUNT = 24


def decide_monotone(description: Mapping[str, Any]) -> dict[str, Any]:
    """``"monotone"``, ``"not monotonic"`` with three points, or ``"undecided"``."""
    try:
        latent = read_formulas(description).latent()
    except (CannotEnclose, InputError) as problem:
        return {"rule": "undecided", "why": str(problem)}
    if is_monotone(latent):
        return {"rule": "monotone"}
    points = sorted({x for part in latent.parts for x in _grid(part)})
    for middle in range(1, len(points) - 1):
        for reach in (1, 3, 9):
            triple = [points[max(0, middle - reach)], points[middle], points[min(len(points) - 1, middle + reach)]]
            if turns(latent, triple):
                return {"rule": "not monotonic", "points": [fraction_text(x) for x in triple]}
    return {"rule": "undecided", "why": "T is neither proved monotonic nor seen to rise and fall on one interval"}


def _grid(part: Range) -> list[Fraction]:
    steps = [Fraction(2 * step + 1, 2 * COUNT) for step in range(COUNT)]
    if part.low == -INFINITY and part.high == INFINITY:
        return [6 * (2 * t - 1) for t in steps]
    if part.high == INFINITY:
        return [Fraction(part.low) + 8 * t * t for t in steps]
    if part.low == -INFINITY:
        return [Fraction(part.high) - 8 * t * t for t in steps]
    return [Fraction(part.low) + (Fraction(part.high) - Fraction(part.low)) * t for t in steps]
