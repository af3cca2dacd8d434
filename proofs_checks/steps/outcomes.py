"""Outcomes from what was verified: a check that proves nothing is undecided, never the opposite of what it tried."""

from __future__ import annotations

from typing import Any

from ivae_theory.verdict import Status
from proofs_checks.claim import Outcome

__all__ = ["proved_if", "refuted_if"]


def proved_if(verified: bool, detail: str, **numbers: Any) -> Outcome:
    """HOLDS when everything was verified."""
    return Outcome(Status.HOLDS if verified else Status.UNDECIDED, detail, numbers)


def refuted_if(verified: bool, detail: str, **numbers: Any) -> Outcome:
    """FAILS when the counterexample was verified in full."""
    return Outcome(Status.FAILS if verified else Status.UNDECIDED, detail, numbers)
