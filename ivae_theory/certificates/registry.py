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

__all__ = ["Binding", "InvalidCertificate", "Rechecked", "Rechecker", "binds", "rechecks"]


class InvalidCertificate(CorruptReport):
    """Evidence that does not show what its verdict says."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__("certificate", expected, got)


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
