"""What a rival is: another model with the same p(x | u) for every u, and what it refutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivae_theory.enclosure.models.rival_text import covers_of, sentence

__all__ = ["Rival", "with_words"]


@dataclass(frozen=True, eq=False)
class Rival:
    """A model with the same law of x given u for every u that is not equivalent, both verified.

    Attributes
    ----------
    model
        The rival theta' as a :class:`~ivae_theory.Model`: it can be sampled from where the original can.
    refutes
        ``"equivalence"`` (it is not equivalent in the sense of Eq. 12), or ``"scaled permutation"`` (it is
        equivalent, and A is not a scaled permutation).
    evidence
        The certificate of both halves, JSON values; ``"text"`` says for people what the rival is and how
        both were verified, ``"covers"`` which models the construction is for.
    """

    model: Any
    refutes: str
    evidence: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Rival(refutes {self.refutes!r}: {self.evidence['covers']})"


def with_words(evidence: Mapping[str, Any], family: str = "") -> dict[str, Any]:
    """The evidence with its two texts in front of the numbers; ``family`` as in :func:`covers_of`."""
    kind = evidence["kind"]
    complete = {"kind": kind, "text": "", "covers": covers_of(kind, family), **evidence}
    return {**complete, "text": sentence(complete, family)}
