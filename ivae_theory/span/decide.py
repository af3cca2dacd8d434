"""The one decision behind (V) and (M): is the affine hull of the vectors v(p) all of R^r? (theory, section 2)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.exact import IntegerRows
from ivae_theory.span.choose import choose_rows
from ivae_theory.span.floats import spans_within_error
from ivae_theory.span.many import span_of_many
from ivae_theory.span.rational import exact_span
from ivae_theory.verdict import Status

__all__ = ["Decision", "count_distinct", "decide_floats", "decide_rationals", "distinct_rows"]

#: Of larger tables exact algebra reads a few rows, and compares the others with what it found.
_EXACT_ENTRIES = 3_000_000


@dataclass(frozen=True)
class Decision:
    """Whether vectors affinely span R^r, with what shows it.

    Attributes
    ----------
    status
        HOLDS: they do. FAILS: they do not. UNDECIDED: numerically singular, or too large for exact algebra.
    exact
        Whether exact algebra settled it (and not a bound of errors).
    points
        Row numbers: an affine basis when it holds (``r + 1`` rows, or more where only more rows prove it);
        affinely independent rows otherwise.
    rank
        Dimension of the affine hull where it is known exactly.
    relations
        Independent ``w`` with ``w . v`` constant, when it fails.
    """

    status: Status
    exact: bool
    points: tuple[int, ...]
    rank: int | None
    relations: tuple[tuple[Fraction, ...], ...] = ()


def count_distinct(rows: NDArray[Any], most: int) -> int:
    """How many different rows there are (-0 is 0); no further than to ``most + 1``."""
    seen: set[bytes] = set()
    for row in rows:
        seen.add((row + row.dtype.type(0)).tobytes())
        if len(seen) > most:
            break
    return len(seen)


def distinct_rows(rows: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices of the first of each set of equal rows, in order (equal as real numbers: -0 is 0)."""
    _, first = np.unique(rows + 0.0, axis=0, return_index=True)
    return np.asarray(np.sort(first), dtype=np.int64)


def decide_rationals(rows: Sequence[Sequence[Fraction]]) -> Decision:
    """The exact rank decides; UNDECIDED only when the numbers are too large for exact elimination."""
    if isinstance(rows, IntegerRows) and rows.array.size > _EXACT_ENTRIES:
        return _decide_many(rows.array)
    index = {tuple(row): number for number, row in reversed(list(enumerate(rows)))}
    order = sorted(index.values())
    size = len(rows[0])
    if len(order) > 8 * (size + 1):
        sample = _spread_sample([rows[i] for i in order], order)
        found = exact_span([rows[i] for i in sample])
        if found.spans:
            return Decision(Status.HOLDS, True, tuple(sample[i] for i in found.points), size)
    span = exact_span([rows[i] for i in order])
    points = tuple(order[i] for i in span.points)
    if span.spans:
        return Decision(Status.HOLDS, True, points, size)
    status = Status.FAILS if span.relations else Status.UNDECIDED
    return Decision(status, True, points, span.rank, span.relations)


def _spread_sample(rows: list[Sequence[Fraction]], order: list[int]) -> list[int]:
    """A few well-spread rows: full rank of a part is full rank of the whole."""
    try:
        floats = np.array([[float(value) for value in row] for row in rows])
    except OverflowError:
        return order[: 2 * len(rows[0]) + 2]
    return [order[int(i)] for i in choose_rows(floats)]


def decide_floats(rows: NDArray[np.float64], error: NDArray[np.float64], *, as_given: bool = True) -> Decision:
    """What a table of floats can decide (theory, section 2, "(V), numbers").

    Parameters
    ----------
    rows
        The vectors, shape (M, r), finite.
    error
        Bound of each column's error, shape (r,).
    as_given
        Whether the values as given are the model, so that an exact dependence of the dyadic rationals refutes.

    Returns
    -------
    Decision
        HOLDS when every table within ``error`` spans; FAILS when the values as given are exactly dependent;
        UNDECIDED otherwise ("numerically singular").
    """
    size = rows.shape[1]
    if len(rows) > size:
        for points in _attempts(rows):
            if spans_within_error(rows[points], error):
                return Decision(Status.HOLDS, False, tuple(int(i) for i in points), size)
    undecided = Decision(Status.UNDECIDED, False, (), None)
    if not as_given:
        return undecided
    if rows.size > _EXACT_ENTRIES:
        found = _decide_many(rows)
        return found if found.status is Status.FAILS else undecided
    order = distinct_rows(rows)
    exact = [[Fraction(*value.as_integer_ratio()) for value in row] for row in rows[order].tolist()]
    span = exact_span(exact)
    if span.spans or not span.relations:
        return undecided
    return Decision(Status.FAILS, True, tuple(int(order[i]) for i in span.points), span.rank, span.relations)


def _decide_many(rows: NDArray[Any]) -> Decision:
    found = span_of_many(rows)
    if found is None:
        return Decision(Status.UNDECIDED, True, (), None)
    status = Status.HOLDS if found.spans else Status.FAILS
    return Decision(status, True, found.points, found.rank, found.relations)


def _attempts(rows: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    """Choices of rows, cheapest first; many rows come last: errors count less against what they span together."""
    count, size = rows.shape
    yield choose_rows(rows)
    if count > size + 1:
        yield choose_rows(rows, careful=True)
        most = min(count, max(8 * (size + 1), 1024))
        yield np.unique(np.linspace(0, count - 1, most).astype(np.int64))
