"""Which function rechecks which kind of evidence.

A rechecker sees the evidence and the model's description only. It derives status and grade again by exact or
ball arithmetic and never trusts what the report says about them; it shares no search code with the checker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ivae_theory.errors import CorruptReport
from ivae_theory.verdict import Grade, Status

__all__ = [
    "Binding",
    "InvalidCertificate",
    "ModelNeeded",
    "Rechecked",
    "Rechecker",
    "bind_evidence",
    "binds",
    "grade_of",
    "recheck_evidence",
    "rechecks",
    "status_of",
]


class InvalidCertificate(CorruptReport):
    """Evidence that does not show what its verdict says."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__("certificate", expected, got)


class ModelNeeded(CorruptReport):
    """Evidence that speaks of more than the report carries: it is checked together with the model."""

    def __init__(self, what: str) -> None:
        super().__init__("model", f"the model, since the report carries the digest alone of {what}", "none")


@dataclass(frozen=True)
class Rechecked:
    """What the evidence alone shows: the verdict's status and the best grade that it supports."""

    status: Status
    grade: Grade


#: ``(claim, evidence, subject) -> Rechecked``; raises :class:`InvalidCertificate`.
Rechecker = Callable[[str, Mapping[str, Any], Mapping[str, Any]], Rechecked]
#: ``(claim, evidence, model) -> None``; raises :class:`InvalidCertificate` when the evidence is not the model's.
Binding = Callable[[str, Mapping[str, Any], Any], None]

RECHECKERS: dict[str, tuple[frozenset[str], Rechecker]] = {}
BINDINGS: dict[str, Binding] = {}


def rechecks(kind: str, *claims: str) -> Callable[[Rechecker], Rechecker]:
    """Register the rechecker of one kind of evidence, for the claims that the kind can settle."""

    def register(function: Rechecker) -> Rechecker:
        if kind in RECHECKERS:
            raise RuntimeError(f"two recheckers for evidence of kind {kind!r}")
        RECHECKERS[kind] = (frozenset(claims), function)
        return function

    return register


def binds(kind: str) -> Callable[[Binding], Binding]:
    """Register the function that compares one kind of evidence with a model that is at hand."""

    def register(function: Binding) -> Binding:
        BINDINGS[kind] = function
        return function

    return register


def status_of(word: Any) -> Status:
    """The status that a word of a report stands for."""
    for status in Status:
        if word == status.word:
            return status
    raise CorruptReport("status", "one of fails, undecided, holds", repr(word)[:40])


def grade_of(word: Any) -> Grade | None:
    """The grade that a word of a report stands for; ``None`` when undecided."""
    if word is None:
        return None
    for grade in Grade:
        if word == grade.word:
            return grade
    raise CorruptReport("grade", "one of assumed, statistical, certified, exact", repr(word)[:40])


def recheck_evidence(claim: str, evidence: Any, subject: Mapping[str, Any]) -> Rechecked:
    """What one piece of evidence shows about ``claim``; composite evidence calls this for its parts.

    Raises
    ------
    InvalidCertificate
        When the evidence is of an unknown kind, of a kind that cannot settle this claim, or wrong.
    """
    if not isinstance(evidence, Mapping) or not isinstance(evidence.get("kind"), str):
        raise InvalidCertificate("evidence that names its kind", repr(evidence)[:60])
    kind = evidence["kind"]
    if kind not in RECHECKERS:
        raise InvalidCertificate("a known kind of evidence", repr(kind)[:60])
    claims, function = RECHECKERS[kind]
    if claim not in claims:
        raise InvalidCertificate(f"evidence that can settle {claim}", f"evidence of kind {kind!r}")
    try:
        return function(claim, evidence, subject)
    except CorruptReport:
        raise
    except Exception as error:  # noqa: BLE001 - what forged evidence makes sympy or flint raise has no common base
        raise InvalidCertificate(f"well-formed evidence of kind {kind!r}", f"{type(error).__name__}: {error}") from None


def bind_evidence(claim: str, evidence: Mapping[str, Any], model: Any) -> None:
    """Compare one piece of evidence with the model at hand, where its kind knows how."""
    function = BINDINGS.get(evidence.get("kind", ""))
    if function is not None:
        function(claim, evidence, model)
