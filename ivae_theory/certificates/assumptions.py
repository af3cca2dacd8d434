"""What a verdict has to say that it takes for granted, derived from its evidence and from what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ivae_theory.assumed import (
    C1_ASSUMPTION,
    CROSS,
    HALF_OF_THE_DIGITS,
    HOMEOMORPHISM,
    INDEPENDENT,
    OBSERVED_LABELS,
    SAME_FAMILY,
    SAME_IMAGE,
    of_construction,
    of_draws,
    of_law,
)
from ivae_theory.certificates.registry import InvalidCertificate
from ivae_theory.exact import parse_fraction
from ivae_theory.verdict import Verdict

__all__ = ["require_assumptions"]


def require_assumptions(verdict: Verdict, subject: Mapping[str, Any]) -> None:
    """Refuse a settled verdict that leaves out what its evidence cannot show.

    Raises
    ------
    InvalidCertificate
        With the sentence that is missing.
    """
    for sentence in _needed(verdict.claim, verdict.evidence, subject):
        if sentence not in verdict.assumes:
            raise InvalidCertificate(f"{verdict.claim} to assume that {sentence}", "a verdict that does not say so")


def _needed(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Iterator[str]:
    kind = evidence["kind"]
    if kind == "published.conjunction":
        for part in evidence["parts"]:
            yield from _needed(part["claim"], part["evidence"], subject)
    elif kind == "posterior.linear_gaussian":
        yield INDEPENDENT
    elif kind == "posterior.gap_from_above":
        yield of_draws(evidence["level"], evidence["observations"], evidence["tolerance"])
    elif kind == "theorem2.block":
        rules = {evidence["families"][number]["rule"] for number in evidence["of_latent"]}
        yield SAME_FAMILY if rules == {"quadratic"} else C1_ASSUMPTION
    elif kind == "injectivity.construction":
        yield from of_construction(evidence["construction"])
    elif kind == "equivalence.map" and evidence.get("g") is None:
        yield SAME_IMAGE
    elif kind in ("noise.theorems", "noise.zero_set"):
        yield from of_law(subject["noise"]["law"])
    elif kind == "published.smooth_mixing" and claim == CROSS:
        yield C1_ASSUMPTION
    elif kind == "published.smooth_mixing" and subject["mixing"]["d"] != subject["n"]:
        yield HOMEOMORPHISM
    elif claim == "theorem1.iii" and subject["natural"]["kind"] == "callable":
        yield from _of_callable(evidence, subject["domain"]["kind"] == "observed")


def _of_callable(evidence: Mapping[str, Any], observed: bool) -> Iterator[str]:
    if evidence["kind"] in ("variability.points", "variability.relation"):
        yield HALF_OF_THE_DIGITS  # its values at some points are all that is known of it
        labels = observed
    else:
        labels = observed and evidence["kind"] == "variability.graph" and parse_fraction(evidence["radius"]) == 0
    if labels:
        yield OBSERVED_LABELS
