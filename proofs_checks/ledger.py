"""Run every claim and compare what was computed with what is expected."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ivae_theory.errors import InputError
from ivae_theory.verdict import Status
from proofs_checks import claims as package
from proofs_checks.claim import Check, Claim, Outcome

__all__ = ["Row", "all_claims", "find", "run", "to_dict"]


@dataclass(frozen=True)
class Row:
    """One claim with the outcomes of its two checks and the seconds that they took."""

    claim: Claim
    printed: Outcome
    repaired: Outcome
    seconds: float

    @property
    def as_expected(self) -> bool:
        """Whether both statuses are the expected ones."""
        return (
            self.printed.status is self.claim.as_printed.expected
            and self.repaired.status is self.claim.as_repaired.expected
        )


def all_claims() -> tuple[Claim, ...]:
    """Every claim, in the order of the paper: each module of :mod:`proofs_checks.claims` defines ``CLAIM``."""
    found = []
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            found.append(importlib.import_module(f"{package.__name__}.{module.name}").CLAIM)
    return tuple(sorted(found, key=lambda claim: package.ORDER.index(claim.name)))


def find(names: Iterable[str]) -> tuple[Claim, ...]:
    """The claims with the given names or prefixes (``theorem1`` finds ``theorem1.k1``); all when there are none."""
    wanted = tuple(names)
    every = all_claims()
    if not wanted:
        return every
    chosen = [c for c in every if any(c.name == w or c.name.startswith(f"{w}.") for w in wanted)]
    missing = [w for w in wanted if not any(c.name == w or c.name.startswith(f"{w}.") for c in every)]
    if missing:
        raise InputError("CLAIM", f"one of {', '.join(c.name for c in every)}", repr(missing[0]))
    return tuple(chosen)


def run(chosen: Sequence[Claim], said: Callable[[str], None] | None = None) -> tuple[Row, ...]:
    """Run both checks of every claim."""
    rows = []
    for claim in chosen:
        if said is not None:
            said(claim.name)
        start = time.perf_counter()
        as_printed, as_repaired = _outcome(claim.as_printed), _outcome(claim.as_repaired)
        rows.append(Row(claim, as_printed, as_repaired, time.perf_counter() - start))
    return tuple(rows)


def _outcome(check: Check) -> Outcome:
    outcome = check.run()
    if not isinstance(outcome.status, Status):
        raise TypeError(f"a check returned {outcome.status!r} for a status")
    return outcome


def to_dict(rows: Sequence[Row]) -> dict[str, Any]:
    """The ledger as JSON values."""
    return {
        "schema": 1,
        "kind": "ivae_theory.ledger",
        "as_expected": all(row.as_expected for row in rows),
        "claims": [
            {
                "name": row.claim.name,
                "where": row.claim.where,
                "statement": row.claim.statement,
                "verdict": row.claim.verdict,
                "as_printed": _check_dict(row.claim.as_printed, row.printed),
                "as_repaired": _check_dict(row.claim.as_repaired, row.repaired),
                "seconds": round(row.seconds, 3),
            }
            for row in rows
        ],
    }


def _check_dict(check: Check, outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status.word,
        "expected": check.expected.word,
        "method": check.method.name.lower(),
        "detail": outcome.detail,
        "numbers": dict(outcome.numbers),
    }
