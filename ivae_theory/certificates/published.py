"""Recheck the published version's hypotheses and their conjunctions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivae_theory.assumed import CROSS
from ivae_theory.certificates.registry import (
    InvalidCertificate,
    Rechecked,
    bind_evidence,
    binds,
    recheck_evidence,
    rechecks,
)
from ivae_theory.certificates.theorem2 import every_latent, families_of
from ivae_theory.enclosure.models.blocks import is_analytic_on_support, spans_everywhere
from ivae_theory.enclosure.models.dependent import vanishes_on
from ivae_theory.enclosure.models.latent import read_formulas
from ivae_theory.enclosure.models.monotone import is_monotone, turns
from ivae_theory.enclosure.models.smooth import mixing_is_smooth
from ivae_theory.exact import parse_fraction
from ivae_theory.verdict import Grade, Status

Evidence = Mapping[str, Any]
PUBLISHED = ("published.theorem1", "published.theorem2", "published.theorem3")
SECOND = "T twice differentiable"
PARTIAL = "f with continuous partial derivatives"

#: The hypotheses of each theorem, all of which its conjunction has to show.
_FIRST = ("theorem1.i", "theorem1.iii", "theorem1.injective", "strongly exponential")
_NEEDED = {
    "published.theorem1": _FIRST,
    "published.theorem2": ("k >= 2", *_FIRST, SECOND, CROSS),
    "published.theorem3": ("k = 1", *_FIRST, "T not monotonic", PARTIAL),
}


def _require(condition: bool, expected: str, got: str = "evidence that does not show it") -> None:
    if not condition:
        raise InvalidCertificate(expected, got)


@rechecks("published.conjunction", *PUBLISHED)
def _conjunction(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """All hypotheses hold, with the weakest grade; or one of them fails."""
    parts = evidence["parts"]
    names = [part["claim"] for part in parts]
    _require(all(name in _NEEDED[claim] for name in names), f"hypotheses of {claim}", ", ".join(map(str, names))[:80])
    found = [recheck_evidence(part["claim"], part["evidence"], subject) for part in parts]
    if len(found) == 1 and found[0].status is Status.FAILS:
        return Rechecked(Status.FAILS, found[0].grade)
    _require(sorted(names) == sorted(_NEEDED[claim]), f"all hypotheses of {claim}", ", ".join(names)[:80])
    _require(all(part.status is Status.HOLDS for part in found), "hypotheses that hold", "another one")
    return Rechecked(Status.HOLDS, min(part.grade for part in found))


@binds("published.conjunction")
def _bind(claim: str, evidence: Evidence, model: Any) -> None:
    for part in evidence["parts"]:
        bind_evidence(part["claim"], part["evidence"], model)


@rechecks("published.number_of_statistics", "k >= 2", "k = 1")
def _number(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    ks = [description["k"] for description in families_of(subject)]
    good = all(k == 1 for k in ks) if claim == "k = 1" else all(k >= 2 for k in ks)
    return Rechecked(Status.HOLDS if good else Status.FAILS, Grade.EXACT)


@rechecks("published.strongly_exponential", "strongly exponential")
def _strongly_exponential(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    def check(description: Mapping[str, Any], rule: Evidence) -> None:
        points = [[parse_fraction(value) for value in places] for places in rule["points"]]
        cuts = [parse_fraction(value) for value in rule["cuts"]]
        _require(
            spans_everywhere(read_formulas(description), cuts, points), "independence on every part of the support"
        )

    every_latent(evidence, subject, None, check)
    return Rechecked(Status.HOLDS, Grade.CERTIFIED)


@rechecks("published.dependent", "strongly exponential")
def _dependent(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    low, high = (parse_fraction(value) for value in evidence["interval"])
    weights = [parse_fraction(value) for value in evidence["weights"]]
    formulas = read_formulas(families_of(subject)[_index(evidence["latent"])])
    _require(vanishes_on(formulas, weights, low, high), "a linear relation on the interval")
    return Rechecked(Status.FAILS, Grade.EXACT)


def _index(value: Any) -> int:
    _require(isinstance(value, int) and value >= 0, "the number of a latent", repr(value)[:40])
    return int(value)


@rechecks("published.analytic_statistics", SECOND)
def _analytic(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    for description in _different(subject):
        _require(is_analytic_on_support(read_formulas(description)), "analytic statistics")
    return Rechecked(Status.HOLDS, Grade.EXACT)


def _different(subject: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    families: dict[str, Mapping[str, Any]] = {repr(description): description for description in families_of(subject)}
    return list(families.values())


@rechecks("published.monotone", "T not monotonic")
def _monotone(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    description = families_of(subject)[_index(evidence["latent"])]
    _require(description["k"] == 1 and is_monotone(read_formulas(description).latent()), "a monotonic statistic")
    return Rechecked(Status.FAILS, Grade.CERTIFIED)


@rechecks("published.not_monotonic", "T not monotonic")
def _not_monotonic(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    def check(description: Mapping[str, Any], rule: Evidence) -> None:
        points = [parse_fraction(value) for value in rule["points"]]
        _require(turns(read_formulas(description).latent(), points), "a rise and a fall")

    every_latent(evidence, subject, None, check)
    return Rechecked(Status.HOLDS, Grade.CERTIFIED)


@rechecks("published.smooth_mixing", CROSS, PARTIAL)
def _smooth(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    _require(subject["mixing"] is not None, "a mixing function", "none")
    _require(mixing_is_smooth(subject["mixing"], families_of(subject)), "a smooth formula for f")
    return Rechecked(Status.HOLDS, Grade.EXACT)
