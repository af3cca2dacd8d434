"""theorem1.positive: the base measure ``Q_i`` is positive almost everywhere on ``Z_i``.

Without it two models can agree in law on a smaller set than the one on which they are compared. ``Q = 0`` on a set of
positive measure is refuted with an interval of it; the support could then be declared smaller.
"""

from __future__ import annotations

from typing import Any

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.functionals import nonnegative, nonzero_point, vanishes_on
from ivae_theory.enclosure.formula.pieces import Piece, decompose
from ivae_theory.enclosure.precision import precision
from ivae_theory.families.formulas import Formulas
from ivae_theory.hypotheses.statistics import BITS, UNREADABLE, Group, candidate_intervals, distinct_families
from ivae_theory.verdict import Grade, Verdict

__all__ = ["check_positive", "positive_points"]

_CLAIM = "theorem1.positive"


def check_positive(model: Any, seed: int = 0) -> Verdict:
    """theorem1.positive: HOLDS with a point of each piece, FAILS with an interval on which ``Q`` vanishes."""
    del seed  # the search is exhaustive over the pieces
    members, open_questions = [], []
    for group in distinct_families(model):
        formulas = group.formulas
        if formulas is None:
            open_questions.append((group, UNREADABLE))
            continue
        with precision(BITS):
            points, why = positive_points(formulas)
            zeros = [] if points is not None else _zero_intervals(formulas)
        if zeros:
            return _vanishing(group, zeros)
        if points is None:
            open_questions.append((group, why))
        members.append({"latents": list(group.latents), "points": points})
    if open_questions:
        return _unknown(open_questions)
    exact = all(not member["points"] for member in members)
    return Verdict.hold(
        _CLAIM,
        Grade.EXACT if exact else Grade.CERTIFIED,
        "Q = 1 everywhere on the support."
        if exact
        else "Q is nowhere negative and, on each of finitely many open intervals that make up the support, "
        "real-analytic and not zero at a point: it vanishes at isolated points only.",
        evidence={"kind": "base_measure.positive", "bits": BITS, "families": members},
    )


def positive_points(formulas: Formulas) -> tuple[list[str] | None, str]:
    """A point where Q > 0 for each piece and case, in their order; none are needed for ``Q = 1``."""
    if formulas.base_measure == 1:
        return [], ""
    try:
        pieces = decompose([formulas.base_measure], formulas.variable, formulas.support)
    except CannotEnclose as problem:
        return None, problem.what
    points = []
    for piece in pieces:
        for _, (branch,) in piece.cases():
            if not nonnegative(formulas.base_measure, branch, piece):
                return None, f"Q = {branch} is not proved non-negative on one interval"
            point = next((p for p in piece.interval.points() if nonzero_point(branch, piece, p)), None)
            if point is None:
                return None, f"Q = {branch} is not proved analytic and not zero on one interval"
            points.append(str(point))
    return points, ""


def _zero_intervals(formulas: Formulas) -> list[tuple[str, str]]:
    """Every interval among the candidates on which Q is proved zero; whole pieces come first."""
    try:
        pieces = decompose([formulas.base_measure], formulas.variable, formulas.support)
    except CannotEnclose:
        return []
    found = [_ends(piece) for piece in pieces if _zero_piece(piece)]
    if found:
        return found
    for low, high in candidate_intervals(pieces):
        try:
            if vanishes_on(formulas.base_measure, formulas.variable, low, high):
                return [(str(low), str(high))]
        except CannotEnclose:
            continue
    return []


def _zero_piece(piece: Piece) -> bool:
    return all(branch == sympy.S.Zero for _, (branch,) in piece.cases())


def _ends(piece: Piece) -> tuple[str, str]:
    """The piece with rational ends: where it is unbounded or an end is irrational, a part of it."""
    return str(piece.interval.inner_low), str(piece.interval.inner_high)


def _vanishing(group: Group, zeros: list[tuple[str, str]]) -> Verdict:
    shown = " and ".join(f"[{low}, {high}]" for low, high in zeros)
    return Verdict.fail(
        _CLAIM,
        Grade.EXACT,
        f"The base measure Q of {group.who} is zero on {shown}, a subset of its support with positive measure.",
        evidence={
            "kind": "base_measure.zero",
            "latents": list(group.latents),
            "intervals": [list(interval) for interval in zeros],
            "bits": BITS,
        },
        advice="Declare as support the set on which Q is positive.",
    )


def _unknown(questions: list[tuple[Group, str]]) -> Verdict:
    group, why = questions[0]
    return Verdict.unknown(
        _CLAIM,
        f"Not settled for {group.who}: {why}.",
        evidence={
            "kind": "undecided",
            "families": [
                {"latents": list(group.latents), "base_measure": group.description["base_measure"], "why": why}
                for group, why in questions
            ],
        },
        advice="Write Q with functions that the enclosures know, or vouch with --assume theorem1.positive.",
    )
