"""Theorem 1 in its sharp form: the conjunction of its hypotheses, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ivae_theory.errors import InputError
from ivae_theory.verdict import Grade, Status, Verdict, conjunction

__all__ = ["CLAIMS", "Composed", "compose", "conclude"]

#: (N) read on R^d, (V), (M), (J), Q > 0, and one known noise law for every parameter.
CLAIMS = (
    "theorem1.i",
    "theorem1.iii",
    "theorem1.minimal",
    "theorem1.injective",
    "theorem1.positive",
    "theorem1.known_noise",
)


class Composed(NamedTuple):
    """A conjunction: status, weakest grade, what it takes for granted, and the claims that keep it from holding."""

    status: Status
    grade: Grade | None
    assumes: tuple[str, ...]
    stopped_by: tuple[str, ...]


def compose(verdicts: Mapping[str, Verdict], claims: Sequence[str]) -> Composed:
    """The conjunction of some claims.

    Raises
    ------
    InputError
        When a claim has no verdict.
    """
    missing = [claim for claim in claims if claim not in verdicts]
    if missing:
        raise InputError("verdicts", f"a verdict on {', '.join(claims)}", f"none on {', '.join(missing)}")
    members = [verdicts[claim] for claim in claims]
    status, grade = conjunction(members)
    assumes = tuple(dict.fromkeys(sentence for verdict in members for sentence in verdict.assumes))
    stopped = tuple(verdict.claim for verdict in members if not verdict.holds)
    return Composed(status, grade, assumes, stopped)


def conclude(verdicts: Mapping[str, Verdict]) -> Composed:
    """Whether the sharp Theorem 1 applies: theta is identified up to an affine map of T~ (Eq. 12)."""
    return compose(verdicts, CLAIMS)
