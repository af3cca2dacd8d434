"""The exact span of a large table: exact algebra on a few rows, and every row compared with what it found."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ivae_theory.exact import exact_row, first_other_row
from ivae_theory.span.choose import choose_rows
from ivae_theory.span.rational import ExactSpan, exact_span

__all__ = ["span_of_many"]

#: How often rows that disagree with the relations found so far are added.
_ROUNDS = 8


def span_of_many(rows: NDArray[Any]) -> ExactSpan | None:
    """:func:`exact_span` for tables that are too large for it, in memory for a few rows; ``None`` when undecided.

    Parameters
    ----------
    rows
        Floats, read as dyadic rationals, or 64-bit integers, shape (M, r).
    """
    for careful in (False, True):
        span = _from(rows, [int(i) for i in choose_rows(rows, careful=careful)])
        if span is not None:
            return span
    return None


def _from(rows: NDArray[Any], chosen: list[int]) -> ExactSpan | None:
    """The span of all rows, starting from those that were chosen."""
    for _ in range(_ROUNDS):
        found = exact_span([exact_row(rows[i]) for i in chosen])
        points = tuple(chosen[i] for i in found.points)
        if found.spans:
            return ExactSpan(found.size, found.rank, points, ())
        if not found.relations:
            return None
        outside = {first_other_row(rows, relation) for relation in found.relations} - {None}
        if not outside:
            return ExactSpan(found.size, found.rank, points, found.relations)
        # A row that breaks a relation is independent of those that satisfy it.
        chosen = [*points, *sorted(row for row in outside if row is not None)]
    return None
