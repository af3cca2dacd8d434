"""Assertions for test suites: on a model's theory, and on what was learned.

Both also work outside pytest; inside, the plugin collects what they found for its summary and its report.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ivae_theory.testing.record import Entry, active

if TYPE_CHECKING:
    from ivae_theory.model import Model
    from ivae_theory.recovery import Recovery
    from ivae_theory.verdict import Report, Verdict

__all__ = ["assert_identifiable", "assert_scaled_permutation"]


def assert_identifiable(
    model: Model,
    goal: str = "affine",
    *,
    assume: Iterable[str] = (),
    seed: int = 0,
    timeout: float | None = None,
    allow_undecided: bool = False,
) -> Report:
    """Assert that a model satisfies every hypothesis of the goal.

    Parameters
    ----------
    model, goal, assume, seed, timeout
        As for :func:`ivae_theory.check`.
    allow_undecided
        Whether a goal that could be neither proved nor refuted passes. The summary still lists it as undecided.

    Returns
    -------
    Report
        The whole report, for further assertions.

    Raises
    ------
    AssertionError
        When the goal fails or is undecided, with each open claim, its witness and its advice.
    """
    __tracebackhide__ = True
    from ivae_theory.checking import check

    report = check(model, goal, assume=assume, seed=seed, timeout=timeout)
    decisive = [report[claim] for claim in report.conclusion.decisive]
    opened = [verdict for verdict in decisive if not verdict.holds]
    _record(str(report.subject["text"]), goal, report.status.word, report.conclusion.statement, opened, report)
    if report.status.word == "holds" or (report.status.word == "undecided" and allow_undecided):
        return report
    head = f"{report.subject['text']}\ngoal {goal}: {report.status.name}. {report.conclusion.statement}"
    raise AssertionError("\n\n".join([head, *map(_explained, opened), *_rival(report)]))


def assert_scaled_permutation(
    z_true: Any,
    z_learned: Any,
    *,
    statistics: Any = "z",
    learned_statistics: Any = None,
    u: Any = None,
    tolerance: float = 0.05,
    level: float = 0.05,
    seed: int = 0,
    allow_undecided: bool = False,
) -> Recovery:
    """Assert that learned latents are the true ones up to a scaled permutation of the statistics and a shift.

    Parameters
    ----------
    z_true, z_learned, statistics, learned_statistics, u, tolerance, level, seed
        As for :func:`ivae_theory.recover`; ``statistics`` is ``T(z) = z`` unless it is given.
    allow_undecided
        Whether samples that are too few to decide pass.

    Returns
    -------
    Recovery
        The estimate of ``A`` and ``c`` with every number behind the verdict.

    Raises
    ------
    AssertionError
        When the pattern is refuted or undecided, with the numbers and the advice.
    """
    __tracebackhide__ = True
    from ivae_theory.recovery import recover

    recovery = recover(
        z_true,
        z_learned,
        statistics=statistics,
        learned_statistics=learned_statistics,
        u=u,
        tolerance=tolerance,
        level=level,
        seed=seed,
    )
    verdict = recovery.verdict
    opened = [part for part in recovery.parts if not part.holds]
    subject = f"{len(recovery.permutation)} latents, {recovery.n_samples} samples"
    _record(subject, "scaled permutation", verdict.status.word, verdict.reason, opened, recovery)
    if verdict.holds or (verdict.undecided and allow_undecided):
        return recovery
    head = f"the learned latents are not shown to be a scaled permutation of the true ones\n{recovery}"
    raise AssertionError("\n\n".join([head, *map(_explained, opened)]))


def _explained(verdict: Verdict) -> str:
    """A claim that does not hold: why, what shows it, and what to do."""
    from ivae_theory.reporting.evidence import as_text

    what = "witness" if verdict.fails else "tried"
    lines = [str(verdict)]
    if verdict.evidence:
        lines.append(f"  {what}: " + as_text(verdict.evidence).replace("\n", "\n  "))
    if verdict.advice:
        lines.append(f"  advice: {verdict.advice}")
    return "\n".join(lines)


def _rival(report: Report) -> list[str]:
    """The model that shows that the goal is out of reach, where one was found."""
    from ivae_theory.reporting.evidence import numbers

    rival = report.conclusion.rival
    if rival is None:
        return []
    lines = [f"a rival with the same observations refutes {rival['refutes']}: {rival['evidence'].get('text', '')}"]
    lines.extend(f"  {name}: {text}" for name, text in numbers(rival["evidence"]))
    return ["\n".join(lines)]


def _record(
    subject: str, goal: str, status: str, statement: str, opened: list[Verdict], result: Report | Recovery
) -> None:
    recorder = active()
    if recorder is None:
        return
    fragment = ""
    if recorder.html:
        from ivae_theory.reporting.html import section

        fragment = section(result)
    claims = tuple(f"{verdict.claim}: {verdict.status.name}" for verdict in opened)
    recorder.entries.append(Entry(recorder.test, recorder.name, subject, goal, status, statement, claims, fragment))
