"""What a row of the ledger is: a claim of the paper with two checks that run.

Statement and proof have separate statuses, as in a blueprint of a formal proof; both are computed when the ledger
runs and neither is ever set by hand. A claim's file says what is *expected*, and the ledger fails when what was
computed differs.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivae_theory.verdict import Status

__all__ = ["Check", "Claim", "Hypothesis", "Method", "Outcome", "printed", "silent"]


class Method(enum.IntEnum):
    """How a check decides, the strongest first; each check names the strongest that is feasible."""

    SYMBOLIC = 0
    EXACT = 1
    BALL = 2
    SMT = 3
    PROPERTY = 4
    EMPIRICAL = 5

    @property
    def words(self) -> str:
        """The method in words."""
        return {
            Method.SYMBOLIC: "symbolic (sympy)",
            Method.EXACT: "exact rational arithmetic",
            Method.BALL: "ball arithmetic",
            Method.SMT: "SMT (z3)",
            Method.PROPERTY: "properties (Hypothesis)",
            Method.EMPIRICAL: "empirical, at a stated level",
        }[self]


@dataclass(frozen=True)
class Outcome:
    """What one check found.

    Attributes
    ----------
    status
        HOLDS, FAILS, or UNDECIDED.
    detail
        One sentence with the numbers that were computed.
    numbers
        What was computed, as JSON values.
    """

    status: Status
    detail: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A check that runs, the strongest feasible method that it uses, and the status that is expected of it."""

    method: Method
    run: Callable[[], Outcome]
    expected: Status


@dataclass(frozen=True)
class Hypothesis:
    """A hypothesis of a claim, and whether the paper prints it or leaves it silent."""

    text: str
    printed: bool


def printed(text: str) -> Hypothesis:
    """A hypothesis that the paper prints."""
    return Hypothesis(text, True)


def silent(text: str) -> Hypothesis:
    """A hypothesis that the paper's proof needs and does not print."""
    return Hypothesis(text, False)


@dataclass(frozen=True)
class Claim:
    """One claim of the paper.

    Attributes
    ----------
    name
        Short and stable: the name of its file with dots for what belongs together, for instance ``"theorem1.k1"``.
    where
        Equation, theorem or section in the paper.
    statement
        The claim as printed, paraphrased in a sentence or two.
    hypotheses
        Printed and silent ones, marked.
    uses
        Names of the claims that its proof uses.
    verdict
        In a few words what is true.
    gap
        What is wrong with the claim or its proof as printed; empty when nothing is.
    counterexample
        The counterexample that ``as_printed`` executes; empty when there is none.
    repair
        The statement that ``as_repaired`` checks.
    proof
        The proof of the repaired statement, in Markdown; empty where the check is the proof.
    as_printed, as_repaired
        The two checks: the same library functions on different hypotheses.
    """

    name: str
    where: str
    statement: str
    hypotheses: tuple[Hypothesis, ...]
    uses: tuple[str, ...]
    verdict: str
    gap: str
    counterexample: str
    repair: str
    as_printed: Check
    as_repaired: Check
    proof: str = ""
