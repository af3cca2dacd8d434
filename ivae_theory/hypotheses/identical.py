"""Are two statistics the same function? (Theorem 2 (i) as printed)"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.models.compare import certainly_different, certainly_same, same_support
from ivae_theory.enclosure.models.latent import Formulas, read_formulas
from ivae_theory.errors import InputError
from ivae_theory.exact import fraction_text
from ivae_theory.hypotheses.blocks import places
from ivae_theory.verdict import Status

__all__ = ["decide_identical"]


def decide_identical(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """``"status"`` (a word), ``"text"`` for people, and the point that shows a difference."""
    try:
        a, b = read_formulas(first), read_formulas(second)
    except (CannotEnclose, InputError) as problem:
        return {"status": Status.UNDECIDED.word, "text": str(problem)}
    same = certainly_same(a, b)
    if same and same_support(first, second):
        return {"status": Status.HOLDS.word, "text": "the same formula"}
    for point in _candidates(a, b):
        in_a, in_b = (any(part.contains(point) for part in formulas.parts) for formulas in (a, b))
        if in_a != in_b:
            side = "first" if in_a else "second"
            text = f"z = {point} is in the support of the {side} only"
            return {"status": Status.FAILS.word, "text": text, "rule": "domain", "point": fraction_text(point)}
        if in_a and certainly_different(a, b, point):
            text = f"they differ at z = {point}"
            return {"status": Status.FAILS.word, "text": text, "rule": "value", "point": fraction_text(point)}
    return {"status": Status.UNDECIDED.word, "text": "no difference was found and no identity was proved"}


def _candidates(a: Formulas, b: Formulas) -> list[Fraction]:
    points = [x for formulas in (a, b) for part in formulas.parts for choice in places(part, 5) for x in choice]
    ends = [Fraction(e) for f in (a, b) for part in f.parts for e in (part.low, part.high) if isinstance(e, Fraction)]
    return points + ends
