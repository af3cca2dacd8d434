"""``check``: a model in, a verdict for every hypothesis out, and what follows."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ivae_theory import published, theorem1, theorem2, theorem3
from ivae_theory.conclusion import conclude
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.model import Model
from ivae_theory.verdict import GOALS, Grade, Report, Verdict, goal_claims

__all__ = ["CLAIMS", "check"]

#: Claims that a user may vouch for are those that a report can contain.
CLAIMS = (*theorem1.CLAIMS, *theorem2.CLAIMS, *theorem3.CLAIMS, *published.CLAIMS)


@turn()
def check(
    model: Model,
    goal: str = "affine",
    *,
    assume: Iterable[str] = (),
    seed: int = 0,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Check every hypothesis of the identifiability theory on one model.

    Parameters
    ----------
    model
        ``theta = (f, T, lambda)`` and the noise.
    goal
        ``"affine"``: the sharp Theorem 1. ``"permutation"``: with the sharp Theorem 2 (``k = 1``) or its block form
        (``k >= 2``). ``"printed"``: every claim as the paper prints it. ``"published"``: the published version.
    assume
        Claims that the user vouches for. They count with grade ASSUMED where they are undecided; a claim that is
        refuted stays refuted.
    seed
        Of every random choice: where candidates are drawn, never what is concluded from them.
    timeout
        Seconds for each verdict; one that runs out is undecided. Only in a process's main thread on systems with
        ``SIGALRM``; elsewhere the budget is not enforced inside a verdict.
    progress
        Called with the name of each claim before it is checked.

    Returns
    -------
    Report
        ``report.status`` is the status of the goal alone; the other claims are shown beside it.
    """
    if not isinstance(model, Model):
        raise InputTypeError("model", "an ivae_theory.Model", type(model).__name__)
    if goal not in GOALS:
        raise InputError("goal", f"one of {', '.join(GOALS)}", repr(goal))
    if timeout is not None and not timeout > 0:
        raise InputError("timeout", "a positive number of seconds", repr(timeout))
    vouched = _vouched(assume)
    found: dict[str, Verdict] = {}
    for claim, decide in _plan(model, seed, found):
        if progress is not None:
            progress(claim)
        found[claim] = _vouch(_decided(claim, decide, timeout), vouched)
    subject = model.describe()
    verdicts = tuple(found.values())
    needed = goal_claims(goal, subject["ks"], bool(subject.get("posterior")))
    rival = None if all(found[claim].holds for claim in needed) else _rival(model, timeout)
    return Report(subject, goal, verdicts, conclude(goal, verdicts, subject, rival))


def _plan(model: Model, seed: int, found: dict[str, Verdict]) -> Iterator[tuple[str, Callable[[], Verdict]]]:
    """The claims in the order of the theory, each with the call that decides it; ``found`` fills as they go."""
    yield from theorem1.decisions(model, seed)
    yield from theorem2.decisions(model)
    yield from theorem3.decisions(model, seed)
    yield from published.decisions(model, found)


def _rival(model: Model, timeout: float | None) -> dict[str, Any] | None:
    """A verified rival as JSON values; one that is not found in time is no rival."""
    from ivae_theory.rivals import rival

    try:
        with _budget(timeout):
            found = rival(model)
    except _OutOfTime:
        return None
    return None if found is None else {"refutes": found.refutes, "evidence": dict(found.evidence)}


def _vouched(assume: Iterable[str]) -> frozenset[str]:
    if isinstance(assume, str):
        assume = (assume,)
    claims = frozenset(assume)
    for claim in sorted(claims):
        if claim not in CLAIMS:
            raise InputError("assume", f"claims among {', '.join(CLAIMS)}", repr(claim))
    return claims


def _vouch(verdict: Verdict, vouched: frozenset[str]) -> Verdict:
    """What the user vouches for counts where the checker could not decide; it never outweighs a witness."""
    if verdict.claim not in vouched or not verdict.undecided:
        return verdict
    return Verdict.hold(
        verdict.claim,
        Grade.ASSUMED,
        f"The user vouches for it; by itself it is undecided: {verdict.reason}",
        evidence={"kind": "assumed", "claim": verdict.claim},
        assumes=(*verdict.assumes, f"{verdict.claim} is vouched for by the user"),
    )


class _OutOfTime(BaseException):
    """Raised by the timer; not an Exception, so that nothing on the way takes it for a failed attempt."""


def _decided(claim: str, decide: Callable[[], Verdict], timeout: float | None) -> Verdict:
    start = time.monotonic()
    try:
        with _budget(timeout):
            return decide()
    except _OutOfTime:
        spent = time.monotonic() - start
        return Verdict.unknown(
            claim,
            f"The time budget of {timeout:g} s for one verdict ran out.",
            evidence={"tried": "time budget", "seconds": spent},
            advice="Raise the time budget (--timeout), or simplify the expressions of the model.",
        )


@contextmanager
def _budget(seconds: float | None) -> Iterator[None]:
    usable = seconds is not None and hasattr(signal, "SIGALRM")
    if not usable or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: Any) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, float(seconds or 0))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
