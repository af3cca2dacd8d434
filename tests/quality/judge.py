"""What is wrong with the verdicts on a case: a status that is not true, evidence that does not show it, a margin above
the distance to failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ivae_theory import check, recheck, theorem2
from ivae_theory.certificates.registry import bind_evidence, recheck_evidence
from ivae_theory.errors import CorruptReport
from ivae_theory.hypotheses import injectivity, noise, positivity, statistics, variability
from ivae_theory.verdict import Status, Verdict
from tests.quality.cases import Case

#: How far the margin may exceed the distance to failure: it is an estimate, rounded down.
MARGIN = 1e-3

DECIDE: dict[str, Callable[[Any], Verdict]] = {
    "theorem1.i": noise.check_noise,
    "theorem1.ii": statistics.check_printed,
    "theorem1.iii": variability.check_variability,
    "theorem1.minimal": statistics.check_minimal,
    "theorem1.injective": injectivity.check_injective,
    "theorem1.positive": positivity.check_positive,
    "theorem1.known_noise": noise.check_known,
    "theorem2.i": theorem2.check_identical,
    "theorem2.ii": theorem2.check_minimum,
    "theorem2.scaled_permutation": theorem2.check_scaled_permutation,
    "theorem2.block_permutation": theorem2.check_block_permutation,
}


@dataclass(frozen=True)
class Judgement:
    """The status of the verdict (of the goal, for a report), what is wrong (empty: nothing), and whether a truth
    within reach was missed."""

    status: Status
    mistake: str
    missed: bool


def judge(one: Case) -> Judgement:
    """Decide a case, and compare with its truth."""
    if one.model is None:
        return Judgement(Status.UNDECIDED, "", one.decidable)
    if one.goal:
        return _judge_report(one)
    verdict = DECIDE[one.claim](one.model)
    return Judgement(verdict.status, wrong(one, verdict), one.decidable and verdict.undecided)


def wrong(one: Case, verdict: Verdict) -> str:
    """What is wrong with a verdict; empty when nothing is.

    An undecided verdict is never wrong; how many there are where the truth is within reach is counted apart.
    """
    if verdict.undecided:
        return ""
    if verdict.status not in one.not_wrong:
        return f"{verdict} (not wrong: {_names(one.not_wrong)})"
    if one.sigma is not None and verdict.margin is not None and verdict.margin > one.sigma * (1 + MARGIN):
        return f"the margin {verdict.margin} is above the distance to failure {one.sigma}"
    try:
        shown = recheck_evidence(verdict.claim, verdict.to_dict()["evidence"], one.model.describe())
        bind_evidence(verdict.claim, verdict.to_dict()["evidence"], one.model)
    except CorruptReport as error:
        return f"{verdict} but its evidence is refused: {error}"
    if shown.status is not verdict.status or verdict.grade is None or shown.grade < verdict.grade:
        return f"{verdict} but its evidence shows {shown}"
    return ""


def _judge_report(one: Case) -> Judgement:
    report = check(one.model, one.goal)
    mistakes = [
        f"{report[claim]} (not wrong: {_names(allowed)})"
        for claim, allowed in one.truths.items()
        if not report[claim].undecided and report[claim].status not in allowed
    ]
    if report.status is not Status.UNDECIDED and report.status not in one.not_wrong:
        mistakes.append(f"the goal {one.goal} {report.status.word}")
    if report.conclusion.rival is not None and Status.HOLDS in one.not_wrong:
        mistakes.append("a rival of a model that is identified")
    try:
        if recheck(report.to_json(), one.model).status is not report.status:
            mistakes.append("the recheck derives another status of the goal")
    except CorruptReport as error:
        mistakes.append(f"the report is refused: {error}")
    missed = any(report[claim].undecided and Status.UNDECIDED not in allowed for claim, allowed in one.truths.items())
    return Judgement(report.status, "; ".join(mistakes), one.decidable and missed)


def _names(statuses: frozenset[Status]) -> str:
    return ", ".join(sorted(status.name for status in statuses))
