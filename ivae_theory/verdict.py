"""Verdicts and reports: the three-valued answers that everything else produces.

A :class:`Verdict` is never truthy or falsy: an undecided hypothesis that reads as ``False`` is how checks get
it wrong. Statuses are ordered, so that a conjunction is a minimum.
"""

from __future__ import annotations

import enum
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivae_theory.errors import InputError, InputTypeError

__all__ = [
    "GOALS",
    "SCHEMA",
    "Conclusion",
    "Grade",
    "Report",
    "Status",
    "Verdict",
    "conjunction",
    "goal_claims",
    "seal",
]

#: Version of the JSON layout of a report.
SCHEMA = 1


class Status(enum.IntEnum):
    """FAILS < UNDECIDED < HOLDS; a conjunction of statuses is their minimum."""

    FAILS = 0
    UNDECIDED = 1
    HOLDS = 2

    @property
    def word(self) -> str:
        """The word that stands for the status in JSON: ``fails``, ``undecided`` or ``holds``."""
        return self.name.lower()


class Grade(enum.IntEnum):
    """How a status was settled; a conclusion carries the weakest grade that it rests on.

    ASSUMED: declared by the user. STATISTICAL: at a stated level. CERTIFIED: by enclosures. EXACT: exactly, or
    by a named theorem.
    """

    ASSUMED = 0
    STATISTICAL = 1
    CERTIFIED = 2
    EXACT = 3

    @property
    def word(self) -> str:
        """The word that stands for the grade in JSON."""
        return self.name.lower()


def _check_json(value: Any, where: str) -> None:
    """Refuse evidence that JSON cannot carry without loss: it could not be rechecked."""
    if value is None or isinstance(value, (bool, int, str)):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InputError(where, "finite numbers (JSON has no NaN or infinity)", repr(value))
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise InputTypeError(where, "text as keys", repr(key))
            _check_json(item, f"{where}.{key}")
        return
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _check_json(item, f"{where}[{index}]")
        return
    raise InputTypeError(where, "values that JSON can carry", type(value).__name__)


@dataclass(frozen=True, eq=False)
class Verdict:
    """One claim, settled or not, with what settles it.

    Attributes
    ----------
    claim
        Name of the claim, for instance ``"theorem1.iii"``.
    status, grade
        What was found, and how it was settled; the grade is ``None`` exactly when the status is UNDECIDED.
    reason
        One sentence that a reviewer can quote.
    evidence
        A certificate when it holds, a witness when it fails, what was tried with its numbers when undecided.
        JSON values only; ``evidence["kind"]`` names the rechecker of settled verdicts.
    margin
        Distance to failure, in the units that ``evidence["margin_unit"]`` names, where one exists.
    advice
        What to change so that the claim holds or can be decided; empty where nothing is to be said.
    assumes
        What the verdict takes for granted without a proof, one sentence each.
    """

    claim: str
    status: Status
    grade: Grade | None
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    margin: float | None = None
    advice: str = ""
    assumes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.grade is None) != (self.status is Status.UNDECIDED):
            raise InputError(
                "grade", "None exactly when the status is UNDECIDED", f"{self.grade!r} with {self.status!r}"
            )
        if self.status is not Status.UNDECIDED and not isinstance(self.evidence.get("kind"), str):
            raise InputError(
                "evidence", "a settled verdict's evidence to name its 'kind'", repr(dict(self.evidence))[:80]
            )
        _check_json(self.evidence, "evidence")

    @classmethod
    def hold(cls, claim: str, grade: Grade, reason: str, **fields: Any) -> Verdict:
        """A verdict with status HOLDS; ``fields`` are the remaining attributes."""
        return cls(claim, Status.HOLDS, grade, reason, **fields)

    @classmethod
    def fail(cls, claim: str, grade: Grade, reason: str, **fields: Any) -> Verdict:
        """A verdict with status FAILS; ``fields`` are the remaining attributes."""
        return cls(claim, Status.FAILS, grade, reason, **fields)

    @classmethod
    def unknown(cls, claim: str, reason: str, **fields: Any) -> Verdict:
        """A verdict with status UNDECIDED; ``fields`` are the remaining attributes."""
        return cls(claim, Status.UNDECIDED, None, reason, **fields)

    @property
    def holds(self) -> bool:
        """Whether the status is HOLDS."""
        return self.status is Status.HOLDS

    @property
    def fails(self) -> bool:
        """Whether the status is FAILS."""
        return self.status is Status.FAILS

    @property
    def undecided(self) -> bool:
        """Whether the status is UNDECIDED."""
        return self.status is Status.UNDECIDED

    def __bool__(self) -> bool:
        raise InputTypeError(
            "verdict",
            "a question with two answers: .holds, .fails or .undecided",
            f"the truth of {self.claim!r}",
        )

    def __str__(self) -> str:
        grade = "" if self.grade is None else f" ({self.grade.word})"
        return f"{self.claim}: {self.status.name}{grade}. {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {
            "claim": self.claim,
            "status": self.status.word,
            "grade": None if self.grade is None else self.grade.word,
            "reason": self.reason,
            "evidence": _plain(self.evidence),
            "margin": None if self.margin is None or not math.isfinite(self.margin) else float(self.margin),
            "advice": self.advice,
            "assumes": list(self.assumes),
        }


def _plain(value: Any) -> Any:
    """Mappings and sequences as the dicts and lists of JSON."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


#: The sharp Theorem 1: what each goal is the conjunction of starts from here.
_SHARP = (
    "theorem1.i",
    "theorem1.iii",
    "theorem1.minimal",
    "theorem1.injective",
    "theorem1.positive",
    "theorem1.known_noise",
)
GOALS = ("affine", "permutation", "printed", "published")


def goal_claims(goal: str, ks: Sequence[int], has_posterior: bool = False) -> tuple[str, ...]:
    """The claims whose conjunction a goal is.

    Parameters
    ----------
    goal
        ``"affine"`` (sharp Theorem 1), ``"permutation"`` (with sharp Theorem 2), ``"printed"`` (every claim as
        the paper prints it) or ``"published"`` (the AISTATS 2020 version).
    ks
        The number of statistics of each latent.
    has_posterior
        Whether the model has a posterior, so that Theorem 3 says something about it.
    """
    if goal == "affine":
        return _SHARP
    if goal == "permutation":
        return (*_SHARP, "theorem2.scaled_permutation" if max(ks) == 1 else "theorem2.block_permutation")
    if goal == "printed":
        third = ("theorem3.i",) if has_posterior else ()
        return ("theorem1.i", "theorem1.ii", "theorem1.iii", "theorem2.i", "theorem2.ii", *third)
    if goal == "published":
        return ("published.theorem1", "published.theorem3" if max(ks) == 1 else "published.theorem2")
    raise InputError("goal", f"one of {', '.join(GOALS)}", repr(goal))


def conjunction(verdicts: Iterable[Verdict]) -> tuple[Status, Grade | None]:
    """Status and grade of "all of these": the minimum, and the weakest grade that it rests on.

    A conjunction fails as soon as one member does, so a failing one rests on the *best* settled of its
    failing members; the empty conjunction holds exactly.
    """
    members = list(verdicts)
    status = min((v.status for v in members), default=Status.HOLDS)
    if status is Status.UNDECIDED:
        return status, None
    grades = [v.grade for v in members if v.status is status and v.grade is not None]
    if status is Status.FAILS:
        return status, max(grades)
    return status, min(grades, default=Grade.EXACT)


@dataclass(frozen=True, eq=False)
class Conclusion:
    """What follows for identifiability from the verdicts of a report.

    Attributes
    ----------
    status, grade
        Of the goal that was asked for.
    statement
        What is identified and up to what, by which theorem; or which hypothesis stops it.
    assumptions
        Everything the statement rests on that was not proved, one sentence each.
    decisive
        The claims of the goal, in the order in which they were checked.
    rival
        A model with the same law of the observations that is not equivalent, as JSON values, or ``None``.
    """

    status: Status
    grade: Grade | None
    statement: str
    assumptions: tuple[str, ...] = ()
    decisive: tuple[str, ...] = ()
    rival: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {
            "status": self.status.word,
            "grade": None if self.grade is None else self.grade.word,
            "statement": self.statement,
            "assumptions": list(self.assumptions),
            "decisive": list(self.decisive),
            "rival": _plain(self.rival),
        }


def seal(document: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a report without its seal: shows any changed leaf."""
    return digest_of({key: value for key, value in document.items() if key != "seal"})


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 over canonical JSON."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Report:
    """Every verdict on one model, and what follows.

    Attributes
    ----------
    subject
        What was checked: JSON values with at least ``"text"`` (a line for people) and ``"digest"``.
    goal
        ``"affine"``, ``"permutation"``, ``"printed"`` or ``"published"``.
    verdicts
        In the order of the theory; ``report["theorem1.iii"]`` finds one by its claim.
    conclusion
        What is identified, or what stops it.
    """

    subject: Mapping[str, Any]
    goal: str
    verdicts: Sequence[Verdict]
    conclusion: Conclusion

    @property
    def status(self) -> Status:
        """Status of the goal alone; claims shown beside it do not count."""
        return self.conclusion.status

    def __getitem__(self, claim: str) -> Verdict:
        for verdict in self.verdicts:
            if verdict.claim == claim:
                return verdict
        known = ", ".join(v.claim for v in self.verdicts)
        raise InputError("claim", f"one of {known}", repr(claim)) from None

    def __bool__(self) -> bool:
        raise InputTypeError("report", "a question with two answers: report.status", "the truth of a report")

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values, sealed."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "kind": "ivae_theory.report",
            "subject": _plain(self.subject),
            "goal": self.goal,
            "conclusion": self.conclusion.to_dict(),
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
        }
        document["seal"] = seal(document)
        return document

    def to_json(self) -> str:
        """The report as JSON text; :func:`ivae_theory.recheck` verifies it."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def to_latex(self) -> str:
        """The verdict table as LaTeX (booktabs)."""
        from ivae_theory.reporting import latex

        return latex(self)

    def to_html(self, path: str | Path) -> None:
        """Write the report as one self-contained HTML file."""
        from ivae_theory.reporting import write_html

        write_html(self, path)

    def __str__(self) -> str:
        from ivae_theory.reporting import terminal

        return terminal(self)

    def _repr_html_(self) -> str:
        from ivae_theory.reporting import html_fragment

        return html_fragment(self)
