"""theorem1.ii as printed, and theorem1.minimal: what the sufficient statistics have to satisfy.

Printed (ii): every ``T_ij`` is differentiable almost everywhere with a derivative that is not zero almost surely.
(M): for each latent ``1, T_i1, .., T_ik`` are linearly independent modulo null sets. For ``k = 1`` the first implies
the second; for ``k >= 2`` neither implies the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.functionals import charges, constant_on, not_constant_at
from ivae_theory.enclosure.formula.pieces import Piece, decompose
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import InputError
from ivae_theory.exact import to_text
from ivae_theory.families.formulas import Formulas, read_formulas
from ivae_theory.hypotheses.independence import COARSE, FINE, Independent, Relation, find_points, find_relation
from ivae_theory.verdict import Grade, Verdict

__all__ = ["Group", "candidate_intervals", "check_minimal", "check_printed", "distinct_families"]

#: Bits for derivatives and switches.
BITS = 256
UNREADABLE = "a function in the family's formulas is not one that the enclosures know"


@dataclass(frozen=True)
class Group:
    """The latents (from 0) that share one family, and its description."""

    latents: tuple[int, ...]
    description: dict[str, Any]

    @property
    def formulas(self) -> Formulas | None:
        """The family's formulas, read back from its description; ``None`` where it cannot be read back."""
        try:
            return read_formulas(self.description)
        except InputError:
            return None

    @property
    def who(self) -> str:
        """The latents for people, counted from 1."""
        shown = ", ".join(f"z_{latent + 1}" for latent in self.latents[:6])
        return shown + (", .." if len(self.latents) > 6 else "")


def distinct_families(model: Any) -> list[Group]:
    """The model's distinct families with the latents that have them."""
    found: dict[str, tuple[list[int], dict[str, Any]]] = {}
    for latent, family in enumerate(model.prior.families):
        description = family.describe()
        found.setdefault(json.dumps(description, sort_keys=True), ([], description))[0].append(latent)
    return [Group(tuple(latents), description) for latents, description in found.values()]


def check_minimal(model: Any, seed: int = 0) -> Verdict:
    """theorem1.minimal, hypothesis (M) of the sharp Theorem 1.

    HOLDS with k + 1 points per family whose determinant is enclosed away from zero on neighbourhoods; FAILS with a
    relation that is an exact identity piece by piece; black boxes are UNDECIDED.
    """
    claim = "theorem1.minimal"
    members, open_questions = [], []
    for group in distinct_families(model):
        settled = _settle_minimal(group.formulas, seed)
        if isinstance(settled, Relation):
            return _dependent(claim, group, settled)
        if settled is None:
            open_questions.append((group, _tried_minimal(group)))
        else:
            members.append(_independent_member(group, settled))
    if open_questions:
        return _unknown(claim, open_questions)
    return Verdict.hold(
        claim,
        Grade.CERTIFIED,
        "The constant 1 and the statistics of each latent are linearly independent modulo null sets: for each family a "
        "determinant of (1, T) at k + 1 points stays away from zero on neighbourhoods of the points.",
        evidence={"kind": "statistics.independent", "families": members},
    )


def _settle_minimal(formulas: Formulas | None, seed: int) -> Independent | Relation | None:
    if formulas is None or formulas.statistics is None:
        return None
    # fine levels are slow, and only help statistics that are nearly dependent: a relation is looked for before
    return find_points(formulas, seed, COARSE) or find_relation(formulas, seed) or find_points(formulas, seed, FINE)


def _tried_minimal(group: Group) -> str:
    if group.description["statistics"] is None:
        return "the statistics are a black box: finitely many values neither prove nor refute independence"
    if group.formulas is None:
        return UNREADABLE
    return "no determinant stayed away from zero at up to 4096 bits, and no relation was verified"


def _independent_member(group: Group, found: Independent) -> dict[str, Any]:
    return {
        "latents": list(group.latents),
        "points": [str(point) for point in found.points],
        "radius": str(found.radius),
        "bits": found.bits,
        "determinant": found.determinant,
    }


def _dependent(claim: str, group: Group, found: Relation) -> Verdict:
    statistics = group.description["statistics"]
    terms = [
        text if weight == 1 else f"({to_text(weight)}) * ({text})"
        for weight, text in zip(found.weights, statistics, strict=True)
        if weight != 0
    ]
    relation = " + ".join(terms)
    return Verdict.fail(
        claim,
        Grade.EXACT,
        f"The statistics of {group.who} are linearly dependent: {relation} = {to_text(found.constant)} almost "
        "everywhere on the support.",
        evidence={
            "kind": "statistics.dependent",
            "latents": list(group.latents),
            "weights": [to_text(weight) for weight in found.weights],
            "constant": to_text(found.constant),
            "bits": found.bits,
        },
        advice="Drop a statistic with a non-zero weight, and fold its natural parameter into the others.",
    )


def _unknown(claim: str, questions: Sequence[tuple[Group, str]]) -> Verdict:
    group, why = questions[0]
    return Verdict.unknown(
        claim,
        f"Not settled for {group.who}: {why}.",
        evidence={
            "kind": "undecided",
            "families": [
                {"latents": list(group.latents), "statistics": group.description["statistics"], "why": why}
                for group, why in questions
            ],
        },
        advice="Give the statistics as sympy expressions of elementary functions."
        if group.description["statistics"] is None
        else "Write the statistics with functions that the enclosures know, or vouch with --assume.",
    )


# -- printed (ii)


def check_printed(model: Any, seed: int = 0) -> Verdict:
    """theorem1.ii as printed: each ``T_ij`` is differentiable a.e. and its derivative is not zero a.e.

    HOLDS when every statistic is, piece by piece, a real-analytic formula with a point where the derivative is enclosed
    away from zero; FAILS with an interval on which a statistic is constant.
    """
    claim = "theorem1.ii"
    members, open_questions = [], []
    for group in distinct_families(model):
        formulas = group.formulas
        if formulas is None or formulas.statistics is None:
            black = "the statistics are a black box: their derivatives are not known"
            open_questions.append((group, UNREADABLE if formulas is None else black))
            continue
        shown = []
        for index, statistic in enumerate(formulas.statistics):
            with precision(BITS):
                points, why = _nowhere_constant(statistic, formulas)
                flat = None if points is not None else _flat_interval(statistic, formulas)
            if flat is not None:
                return _flat(claim, group, index, flat)
            shown.append({"statistic": index, "points": points})
            if points is None:
                open_questions.append((group, f"T_{index + 1} = {to_text(statistic)}: {why}"))
        members.append({"latents": list(group.latents), "statistics": shown})
    if open_questions:
        return _unknown(claim, open_questions)
    return Verdict.hold(
        claim,
        Grade.CERTIFIED,
        "Every statistic is real-analytic on each of finitely many open intervals that make up the support, and its "
        "derivative is enclosed away from zero at a point of each: it is zero at isolated points only.",
        evidence={"kind": "statistics.nowhere_constant", "bits": BITS, "families": members},
    )


def _nowhere_constant(statistic: sympy.Expr, formulas: Formulas) -> tuple[list[str] | None, str]:
    """A point for each piece and case, in their order, or why there is none."""
    try:
        pieces = decompose([statistic], formulas.variable, formulas.support)
    except CannotEnclose as problem:
        return None, problem.what
    points = []
    for piece in pieces:
        for _, (branch,) in piece.cases():
            point = next((p for p in piece.interval.points() if not_constant_at(branch, piece, p)), None)
            if point is None:
                return None, f"the formula {branch} is not proved analytic and not constant on one interval"
            points.append(str(point))
    return points, ""


def _flat_interval(statistic: sympy.Expr, formulas: Formulas) -> tuple[Fraction, Fraction] | None:
    """An interval on which the statistic is proved constant, and that has positive probability."""
    try:
        pieces = decompose([statistic], formulas.variable, formulas.support)
    except CannotEnclose:
        return None
    for low, high in candidate_intervals(pieces):
        try:
            if constant_on(statistic, formulas.variable, low, high) and charges(
                formulas.base_measure, formulas.variable, low, high
            ):
                return low, high
        except CannotEnclose:
            continue
    return None


def candidate_intervals(pieces: Sequence[Piece]) -> Iterator[tuple[Fraction, Fraction]]:
    """Whole pieces, then short intervals around points of them."""
    for piece in pieces:
        yield piece.interval.inner_low, piece.interval.inner_high
    for piece in pieces:
        if not piece.signs and not piece.integers:
            continue
        width = piece.interval.inner_high - piece.interval.inner_low
        for point in piece.interval.points():
            for share in (64, 4096, 1 << 20):
                radius = width / share
                if piece.interval.inner_low <= point - radius and point + radius <= piece.interval.inner_high:
                    yield point - radius, point + radius


def _flat(claim: str, group: Group, index: int, interval: tuple[Fraction, Fraction]) -> Verdict:
    low, high = interval
    text = group.description["statistics"][index]
    return Verdict.fail(
        claim,
        Grade.EXACT,
        f"The statistic T_{index + 1} = {text} of {group.who} is constant on [{low}, {high}]: its derivative is zero "
        "on a set of positive measure.",
        evidence={
            "kind": "statistics.constant_on_interval",
            "latents": list(group.latents),
            "statistic": index,
            "interval": [str(low), str(high)],
            "bits": BITS,
        },
        advice="The sharp Theorem 1 asks for minimal statistics instead (theorem1.minimal), which may hold even so.",
    )
