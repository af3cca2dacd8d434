"""Which projection of T~ is still identified when (V) fails: the exact rank and the directions that lambda takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.invertible import differences, has_full_column_rank
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import fraction_text
from ivae_theory.span import choose_rows
from ivae_theory.span.rational import kernel

__all__ = ["MOST_NUMBERS", "directions_text", "rank_evidence"]

#: What evidence may hold: numbers of the directions, the longest of them, and entries of the relations.
MOST_NUMBERS, _LONGEST, _MOST_RELATIONS = 4000, 40, 20_000

#: ``(row numbers, bits) -> enclosures of lambda`` at those candidates.
Enclose = Callable[[Sequence[int], int], list[list[arb]]]


def directions_text(directions: Sequence[Sequence[Fraction]]) -> list[list[str]] | None:
    """Directions for a report, or ``None`` when they would be too long to read."""
    if not directions or len(directions) * len(directions[0]) > MOST_NUMBERS:
        return None
    texts = [[fraction_text(value) for value in direction] for direction in directions]
    return None if any(len(text) > _LONGEST for direction in texts for text in direction) else texts


def rank_evidence(
    relations: Sequence[Sequence[Fraction]], rows: NDArray[np.float64], enclose: Enclose, bits: int
) -> tuple[dict[str, Any], list[int]]:
    """Evidence that the rank is exactly ``size - len(relations)``, and the candidates that show it.

    The relations bound the rank from above. From below, the coordinates that they leave free are shown to span at
    some of the candidates, whose natural parameters in floats are ``rows``. Empty where that is not shown.
    """
    size = len(relations[0])
    rank = size - len(relations)
    if len(relations) * size > _MOST_RELATIONS:
        return {}, []
    free = _free_coordinates(relations)
    chosen: list[int] = []
    if rank:
        if len(rows) <= rank or not np.isfinite(rows).all():
            return {}, []
        chosen = [int(i) for i in choose_rows(rows[:, free], careful=True)]
        try:
            with precision(bits):
                values = [[row[j] for j in free] for row in enclose(chosen, bits)]
                lower = differences(values)
        except CannotEnclose:
            return {}, []
        if not has_full_column_rank(lower, bits):
            return {}, []
    evidence: dict[str, Any] = {"rank": rank, "coordinates": free}
    texts = directions_text(kernel(relations)) if rank else None
    if texts is not None:
        evidence["identified_directions"] = texts
    return evidence, chosen


def _free_coordinates(relations: Sequence[Sequence[Fraction]]) -> list[int]:
    """Coordinates on which the others depend through the relations: one fewer for each relation."""
    directions = kernel(relations)
    # Kernel vectors have a one in their own free coordinate, where all others vanish.
    free = []
    for number, vector in enumerate(directions):
        others = [other for k, other in enumerate(directions) if k != number]
        free.append(next(j for j, value in enumerate(vector) if value == 1 and not any(o[j] for o in others)))
    return free
