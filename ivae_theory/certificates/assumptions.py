"""What a verdict has to say that it takes for granted, derived from its evidence and from what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivae_theory.certificates.registry import InvalidCertificate
from ivae_theory.exact import parse_fraction
from ivae_theory.verdict import Verdict

__all__ = ["require_assumptions"]

HALF_OF_THE_DIGITS = "the values that lambda returns are correct to half of their digits"
OBSERVED_LABELS = "every observed label u has positive probability"
#: Kinds of evidence whose verdicts always rest on something; the sentence depends on what was measured.
ALWAYS = {"posterior.gap_from_above", "theorem2.block"}
INDEPENDENT = "q has independent components for all x and u, as the class of the distribution that it returned says"


def require_assumptions(verdict: Verdict, subject: Mapping[str, Any]) -> None:
    """Refuse a settled verdict that leaves out what its evidence cannot show.

    Raises
    ------
    InvalidCertificate
        With the sentence that is missing.
    """
    for sentence in _needed(verdict, subject):
        if sentence not in verdict.assumes:
            raise InvalidCertificate(f"{verdict.claim} to assume that {sentence}", "a verdict that does not say so")
    if verdict.evidence["kind"] in ALWAYS and verdict.holds and not verdict.assumes:
        raise InvalidCertificate(f"{verdict.claim} to say what it takes for granted", "nothing")


def _needed(verdict: Verdict, subject: Mapping[str, Any]) -> list[str]:
    if verdict.evidence["kind"] == "posterior.linear_gaussian":
        return [INDEPENDENT]
    if verdict.claim != "theorem1.iii" or subject["natural"]["kind"] != "callable":
        return []
    kind, observed = verdict.evidence["kind"], subject["domain"]["kind"] == "observed"
    if kind in ("variability.points", "variability.relation"):  # its values at some points are all that is known of it
        return [HALF_OF_THE_DIGITS, *([OBSERVED_LABELS] if observed else [])]
    isolated = kind == "variability.graph" and parse_fraction(verdict.evidence["radius"]) == 0
    return [OBSERVED_LABELS] if observed and isolated else []
