"""Are the natural parameters in the family's range, so that every p(z_i | u) can be normalised (Eq. 7)?

Proved outside the range: one error that names the latent, u and the value. Proved inside: nothing to say.
Neither: accepted, and listed among the model's assumptions. The natural parameter space of an exponential
family is convex (Hölder), so a box is inside as soon as its corners are; that makes large tables cheap.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from ivae_theory.domain import Box
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import box_balls
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import NaturalParameterError
from ivae_theory.exact import to_fraction
from ivae_theory.verdict import Status

__all__ = ["bounds_of", "check_rows", "corner_statuses", "proved_on_box"]

#: Rows of a latent that are looked at one by one when the corner argument settles nothing.
ROWS_ONE_BY_ONE = 256
#: Pieces of a box of u that are enclosed before the range over all of it is given up.
PIECES, BITS = 256, 96


def check_rows(
    families: Sequence[Any],
    values: NDArray[Any],
    exact: Sequence[Sequence[Any]] | None,
    name_of_row: Callable[[int], str],
) -> tuple[str, ...]:
    """Check every row of natural parameters, latent by latent; return what remains assumed.

    Parameters
    ----------
    families
        One family a latent.
    values, exact
        The rows as floats or integers (M, size), and without rounding where that is something else.
    name_of_row
        How the error message calls a row, for instance ``"u = 3"``.

    Raises
    ------
    NaturalParameterError
        For the first row that is proved to be outside.
    """
    assumed = []
    start = 0
    for latent, family in enumerate(families):
        block = slice(start, start + family.k)
        start += family.k
        known = _check_latent(family, latent, values[:, block], _columns(exact, block), name_of_row)
        if not known:
            assumed.append(
                f"the density of latent {latent + 1} ({family.name or 'unnamed family'}) can be normalised at every "
                "natural parameter of the prior (not proved)"
            )
    return tuple(assumed)


def _columns(exact: Sequence[Sequence[Any]] | None, block: slice) -> list[list[Any]] | None:
    return None if exact is None else [list(row[block]) for row in exact]


def _check_latent(
    family: Any,
    latent: int,
    values: NDArray[Any],
    exact: list[list[Any]] | None,
    name_of_row: Callable[[int], str],
) -> bool:
    """True when every row is proved inside, False when some row is undecided."""
    rows: Any = values if exact is None else exact
    lowest = [min(row[j] for row in exact) if exact else values[:, j].min() for j in range(family.k)]
    highest = [max(row[j] for row in exact) if exact else values[:, j].max() for j in range(family.k)]
    corners = itertools.product(*zip(lowest, highest, strict=True)) if family.k <= 4 else iter(())
    if family.k <= 4 and all(_status(family, corner) is Status.HOLDS for corner in corners):
        return True
    order = _extremes_first(values)
    proved = True
    for row in order[:ROWS_ONE_BY_ONE]:
        status = _status(family, rows[row])
        if status is Status.FAILS:
            shown = ", ".join(str(value) for value in values[row].tolist())
            raise NaturalParameterError(
                "natural parameters",
                f"values at which the {family.name or 'given'} density of latent {latent + 1} can be normalised",
                f"lambda = ({shown}) at {name_of_row(int(row))}",
            )
        proved = proved and status is Status.HOLDS
    return proved and len(order) <= ROWS_ONE_BY_ONE


def _status(family: Any, parameters: Sequence[Any]) -> Status:
    status: Status = family.natural_range([to_fraction(value) for value in parameters])
    return status


def _extremes_first(values: NDArray[Any]) -> NDArray[np.intp]:
    """Distinct rows, those with the largest entries of either sign first: the range is left at its ends."""
    _, first = np.unique(values, axis=0, return_index=True)
    extreme = {int(pick(values[:, j])) for j in range(values.shape[1]) for pick in (np.argmin, np.argmax)}
    order = sorted(extreme) + [int(row) for row in np.sort(first) if int(row) not in extreme]
    return np.array(order, dtype=np.intp)


def bounds_of(value: arb) -> tuple[Fraction, Fraction] | None:
    """Rational ends of a ball; ``None`` for one that is not bounded."""
    return (_rational(value.lower()), _rational(value.upper())) if value.is_finite() else None


def _rational(endpoint: arb) -> Fraction:
    mantissa, exponent = endpoint.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def corner_statuses(families: Sequence[Any], bounds: Sequence[tuple[Fraction, Fraction] | None]) -> list[list[Status]]:
    """For every latent the statuses at the corners of its box (the range is convex); empty without a finite box."""
    result, start = [], 0
    for family in families:
        block = bounds[start : start + family.k]
        start += family.k
        known = [pair for pair in block if pair is not None]
        corners = itertools.product(*known) if len(known) == len(block) else iter(())
        result.append([family.natural_range(list(corner)) for corner in corners])
    return result


def proved_on_box(families: Sequence[Any], graph: Any, box: Box) -> bool:
    """Whether enclosures of a traced lambda, over pieces of the box, prove the range at every u in it."""
    with precision(BITS):
        pieces = [(box.low.tolist(), box.high.tolist())]
        for _ in range(PIECES):
            if not pieces:
                return True
            low, high = pieces.pop()
            if not _inside(families, graph, box_balls(low, high)):
                halves = _halves(low, high)
                if not halves:
                    return False
                pieces += halves
    return not pieces


def _inside(families: Sequence[Any], graph: Any, piece: NDArray[Any]) -> bool:
    try:
        values = graph.evaluate(piece).ravel()
    except CannotEnclose:
        return False
    statuses = corner_statuses(families, [bounds_of(value) for value in values])
    return all(known and all(status is Status.HOLDS for status in known) for known in statuses)


def _halves(low: list[float], high: list[float]) -> list[tuple[list[float], list[float]]]:
    """The two halves of a box across its longest side; nothing when that side is unbounded."""
    side = max(range(len(low)), key=lambda j: high[j] - low[j])
    middle = low[side] + (high[side] - low[side]) / 2
    if not math.isfinite(middle) or not low[side] < middle < high[side]:
        return []
    left, right = list(high), list(low)
    left[side] = right[side] = middle
    return [(low, left), (right, high)]
