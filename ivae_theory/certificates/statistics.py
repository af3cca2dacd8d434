"""Recheck theorem1.ii and theorem1.minimal: determinants, relations, derivatives, each computed anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, rechecks
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.functionals import (
    affinely_independent,
    charges,
    constant_on,
    inside,
    is_relation,
    not_constant_at,
)
from ivae_theory.enclosure.formula.pieces import decompose
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import from_text, parse_fraction
from ivae_theory.exact.identity import is_zero
from ivae_theory.families.formulas import Formulas, read_formulas
from ivae_theory.verdict import Grade, Status

__all__ = ["bits_of", "cover", "formulas_of"]

Evidence = Mapping[str, Any]

#: Bits of precision that a certificate may ask for.
MAX_BITS = 8192


def bits_of(evidence: Evidence) -> int:
    """The precision that the evidence asks for, within bounds."""
    bits = evidence["bits"]
    if isinstance(bits, bool) or not isinstance(bits, int) or not 32 <= bits <= MAX_BITS:
        raise InvalidCertificate(f"32 to {MAX_BITS} bits", repr(bits)[:40])
    return bits


def formulas_of(latents: Any, subject: Evidence) -> Formulas:
    """The formulas that the named latents (from 0) share in the subject."""
    families = subject["families"]
    if not isinstance(latents, Sequence) or not latents:
        raise InvalidCertificate("a list of latents", repr(latents)[:40])
    for latent in latents:
        if isinstance(latent, bool) or not isinstance(latent, int) or not 0 <= latent < len(families):
            raise InvalidCertificate(f"latents from 0 to {len(families) - 1}", repr(latent)[:40])
        if families[latent] != families[latents[0]]:
            raise InvalidCertificate("latents with one family", f"latents {latents[0]} and {latent}")
    return read_formulas(families[latents[0]])


def cover(members: Any, subject: Evidence) -> None:
    """Every latent of the subject occurs in exactly one member."""
    named = sorted(latent for member in members for latent in member["latents"])
    if named != list(range(len(subject["families"]))):
        raise InvalidCertificate("each latent in one member", repr(named)[:80])


def _statistics(formulas: Formulas) -> tuple[Any, ...]:
    if formulas.statistics is None:
        raise InvalidCertificate("statistics with formulas", "a black box")
    return formulas.statistics


@rechecks("statistics.independent", "theorem1.minimal")
def _independent(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Every member's determinant of ``(1, T)`` over neighbourhoods of its points excludes zero."""
    members = evidence["families"]
    cover(members, subject)
    for member in members:
        formulas = formulas_of(member["latents"], subject)
        points = [parse_fraction(point) for point in member["points"]]
        radius = parse_fraction(member["radius"])
        with precision(bits_of(member)):
            try:
                found = affinely_independent(_statistics(formulas), formulas.variable, formulas.support, points, radius)
            except CannotEnclose as problem:
                raise InvalidCertificate("statistics that can be enclosed at the points", problem.what) from None
            if found is None:
                raise InvalidCertificate("a determinant away from zero", f"another for latents {member['latents']}")
            if found.str(8) != member["determinant"]:
                raise InvalidCertificate(f"the determinant {found.str(8)}", repr(member["determinant"])[:60])
    return Rechecked(Status.HOLDS, Grade.CERTIFIED)


@rechecks("statistics.dependent", "theorem1.minimal")
def _dependent(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """The relation is an identity on every piece of the support, with one constant."""
    formulas = formulas_of(evidence["latents"], subject)
    statistics = _statistics(formulas)
    weights = [from_text(text, (), "weights") for text in evidence["weights"]]
    constant = from_text(evidence["constant"], (), "constant")
    if len(weights) != len(statistics):
        raise InvalidCertificate(f"{len(statistics)} weights", f"{len(weights)}")
    with precision(bits_of(evidence)):
        try:
            if not any(_not_zero(weight) for weight in weights):
                raise InvalidCertificate("a weight that is not zero", repr(evidence["weights"])[:80])
            found = is_relation(statistics, formulas.variable, formulas.support, weights)
        except CannotEnclose as problem:
            raise InvalidCertificate("statistics with formulas on pieces of the support", problem.what) from None
    if found is None or not is_zero(found - constant):
        raise InvalidCertificate("an identity almost everywhere", f"weights {evidence['weights']}"[:80])
    return Rechecked(Status.FAILS, Grade.EXACT)


def _not_zero(weight: Any) -> bool:
    from ivae_theory.enclosure.formula.symbolic import sign_of_number

    return sign_of_number(weight) in (1, -1)


@rechecks("statistics.nowhere_constant", "theorem1.ii")
def _nowhere_constant(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """For every statistic and piece a point at which the derivative of an analytic formula excludes zero."""
    members = evidence["families"]
    cover(members, subject)
    with precision(bits_of(evidence)):
        for member in members:
            formulas = formulas_of(member["latents"], subject)
            statistics = _statistics(formulas)
            if [shown["statistic"] for shown in member["statistics"]] != list(range(len(statistics))):
                raise InvalidCertificate("every statistic once", "others")
            for statistic, shown in zip(statistics, member["statistics"], strict=True):
                _recheck_points(statistic, formulas, shown["points"])
    return Rechecked(Status.HOLDS, Grade.CERTIFIED)


def _recheck_points(statistic: Any, formulas: Formulas, texts: Sequence[str]) -> None:
    points = iter([parse_fraction(text) for text in texts])
    try:
        for piece in decompose([statistic], formulas.variable, formulas.support):
            for _, (branch,) in piece.cases():
                if not not_constant_at(branch, piece, next(points)):
                    raise InvalidCertificate("a point where the derivative is not zero", f"{branch}"[:80])
    except (CannotEnclose, StopIteration) as problem:
        raise InvalidCertificate("a point for every piece of the support", str(problem)[:80]) from None
    if next(points, None) is not None:
        raise InvalidCertificate("one point for every piece of the support", "more points")


@rechecks("statistics.constant_on_interval", "theorem1.ii")
def _constant_on_interval(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """One statistic is constant on an interval of positive length inside the support."""
    formulas = formulas_of(evidence["latents"], subject)
    index = evidence["statistic"]
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(_statistics(formulas)):
        raise InvalidCertificate("the number of a statistic", repr(index)[:40])
    low, high = (parse_fraction(end) for end in evidence["interval"])
    with precision(bits_of(evidence)):
        try:
            shown = (
                inside((low + high) / 2, (high - low) / 2, formulas.support)
                and constant_on(_statistics(formulas)[index], formulas.variable, low, high)
                and charges(formulas.base_measure, formulas.variable, low, high)
            )
        except CannotEnclose as problem:
            raise InvalidCertificate("a statistic with formulas on the interval", problem.what) from None
    if not shown:
        raise InvalidCertificate("a statistic that is constant on an interval of the support", f"[{low}, {high}]")
    return Rechecked(Status.FAILS, Grade.EXACT)
