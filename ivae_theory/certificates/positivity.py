"""Recheck theorem1.positive: where the base measure is positive, where it vanishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, rechecks
from ivae_theory.certificates.statistics import bits_of, cover, formulas_of
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.functionals import inside, nonnegative, nonzero_point, vanishes_on
from ivae_theory.enclosure.formula.pieces import decompose
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import parse_fraction
from ivae_theory.families.formulas import Formulas
from ivae_theory.verdict import Grade, Status

__all__ = ["recheck_points"]

Evidence = Mapping[str, Any]


@rechecks("base_measure.positive", "theorem1.positive")
def _positive(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Non-negative on every piece, analytic there, and not zero at the piece's point."""
    members = evidence["families"]
    cover(members, subject)
    exact = True
    with precision(bits_of(evidence)):
        for member in members:
            formulas = formulas_of(member["latents"], subject)
            if formulas.base_measure == 1 and not member["points"]:
                continue
            exact = False
            recheck_points(formulas, member["points"])
    return Rechecked(Status.HOLDS, Grade.EXACT if exact else Grade.CERTIFIED)


def recheck_points(formulas: Formulas, texts: Sequence[str]) -> None:
    """Refuse points that do not show that Q is positive almost everywhere on the support."""
    points = iter([parse_fraction(text) for text in texts])
    try:
        for piece in decompose([formulas.base_measure], formulas.variable, formulas.support):
            for _, (branch,) in piece.cases():
                if not nonnegative(formulas.base_measure, branch, piece) or not nonzero_point(
                    branch, piece, next(points)
                ):
                    raise InvalidCertificate("a base measure that is positive almost everywhere", f"{branch}"[:80])
    except (CannotEnclose, StopIteration) as problem:
        raise InvalidCertificate("a point for every piece of the support", str(problem)[:80]) from None
    if next(points, None) is not None:
        raise InvalidCertificate("one point for every piece of the support", "more points")


@rechecks("base_measure.zero", "theorem1.positive")
def _zero(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """The base measure vanishes on every interval that is named, and each lies inside the support."""
    formulas = formulas_of(evidence["latents"], subject)
    intervals = [tuple(parse_fraction(end) for end in pair) for pair in evidence["intervals"]]
    if not intervals:
        raise InvalidCertificate("at least one interval", "none")
    with precision(bits_of(evidence)):
        for low, high in intervals:
            try:
                shown = inside((low + high) / 2, (high - low) / 2, formulas.support) and vanishes_on(
                    formulas.base_measure, formulas.variable, low, high
                )
            except CannotEnclose as problem:
                raise InvalidCertificate("a base measure with formulas on the interval", problem.what) from None
            if not shown:
                raise InvalidCertificate("a base measure that vanishes on an interval", f"[{low}, {high}]")
    return Rechecked(Status.FAILS, Grade.EXACT)
