"""``check``: a model in, a verdict for every hypothesis out, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ivae_theory import published, theorem1, theorem2, theorem3
from ivae_theory.arguments import require_seed
from ivae_theory.budget import NoAnswer, answers, require_seconds
from ivae_theory.conclusion import conclude
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.model import Model
from ivae_theory.verdict import GOALS, Grade, Report, Status, Verdict, goal_claims

__all__ = ["CLAIMS", "check", "decoded", "encoded"]

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
        Seconds for each verdict; one that runs out is undecided. On Linux the verdicts are then found in a forked
        child, which is ended where it does not answer, also inside C code; elsewhere, and with CUDA or JAX, a timer
        interrupts Python code in the main thread.
    progress
        Called with the name of each claim before it is checked.

    Returns
    -------
    Report
        ``report.status`` is the status of the goal alone; the other claims are shown beside it.

    Raises
    ------
    NonDeterministic
        When lambda or f, asked again after the last verdict, answers otherwise than when the model was built.

    Notes
    -----
    Checks in threads take turns; processes check at the same time.
    """
    if not isinstance(model, Model):
        raise InputTypeError("model", "an ivae_theory.Model", type(model).__name__)
    if goal not in GOALS:
        raise InputError("goal", f"one of {', '.join(GOALS)}", repr(goal))
    require_seconds(timeout)
    seed = require_seed(seed)
    vouched = _vouched(assume)
    found: dict[str, Verdict] = {}

    def decided(decide: Callable[[], Verdict]) -> Verdict:
        verdict = _vouch(decide(), vouched)
        found[verdict.claim] = verdict  # a child sees no other answers than its own
        return verdict

    plan = [(claim, partial(decided, decide)) for claim, decide in _plan(model, seed, found)]
    tasks: list[tuple[str, Callable[[], Any]]] = [
        ("subject", model.describe),
        *plan,
        ("rival", lambda: _rival(model, goal, found)),
        ("functions", model.ask_again),
    ]
    claims = dict(plan)
    said = None if progress is None else lambda name: progress(name) if name in claims else None
    given = answers(tasks, timeout, started=said, encode=encoded, decode=decoded)
    subject = _subject(next(given))
    for claim in claims:
        answer = next(given)
        found[claim] = _vouch(_unknown(claim, answer), vouched) if isinstance(answer, NoAnswer) else answer
    rival = next(given)
    next(given)
    verdicts = tuple(found[claim] for claim in claims)
    return Report(
        subject, goal, verdicts, conclude(goal, verdicts, subject, None if isinstance(rival, NoAnswer) else rival)
    )


def _plan(model: Model, seed: int, found: dict[str, Verdict]) -> Iterator[tuple[str, Callable[[], Verdict]]]:
    """The claims in the order of the theory, each with the call that decides it; ``found`` fills as they go."""
    yield from theorem1.decisions(model, seed)
    yield from theorem2.decisions(model)
    yield from theorem3.decisions(model, seed)
    yield from published.decisions(model, found)


def _rival(model: Model, goal: str, found: Mapping[str, Verdict]) -> dict[str, Any] | None:
    """A verified rival as JSON values, where the goal does not hold and f may have an inverse."""
    from ivae_theory.rivals import rival

    if found["theorem1.injective"].fails or all(
        found[claim].holds for claim in goal_claims(goal, model.prior.ks, model.posterior is not None)
    ):
        return None
    verified = rival(model)
    return None if verified is None else {"refutes": verified.refutes, "evidence": dict(verified.evidence)}


def _subject(answer: Any) -> dict[str, Any]:
    if isinstance(answer, NoAnswer):
        raise InputError("model", "a model that can be described", f"none ({answer.reason.rstrip('.')})")
    described: dict[str, Any] = answer
    return described


def encoded(value: Any) -> Any:
    """A verdict with all that it has, also a margin that is infinite; anything else as it is."""
    if not isinstance(value, Verdict):
        return {"plain": value}
    return {"verdict": {**value.to_dict(), "margin": None if value.margin is None else float(value.margin)}}


def decoded(value: Mapping[str, Any]) -> Any:
    """What :func:`encoded` made JSON values of."""
    if "plain" in value:
        return value["plain"]
    fields = dict(value["verdict"])
    fields["status"] = Status[fields["status"].upper()]
    fields["grade"] = None if fields["grade"] is None else Grade[fields["grade"].upper()]
    return Verdict(**{**fields, "assumes": tuple(fields["assumes"])})


def _vouched(assume: Iterable[str]) -> frozenset[str]:
    if isinstance(assume, str):
        assume = (assume,)
    try:
        claims = frozenset(assume)
    except TypeError:
        raise InputTypeError("assume", "names of claims", repr(assume)[:60]) from None
    for claim in sorted(claims, key=str):
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


def _unknown(claim: str, answer: NoAnswer) -> Verdict:
    return Verdict.unknown(
        claim,
        answer.reason,
        evidence={"tried": "no answer", "seconds": answer.seconds},
        advice="Raise the time budget (--timeout), or simplify the expressions of the model.",
    )
