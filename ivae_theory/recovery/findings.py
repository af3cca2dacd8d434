"""Three findings as verdicts with evidence, and the verdict that they add up to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ivae_theory.assumed import of_recovery
from ivae_theory.exact import encode_array
from ivae_theory.recovery.bootstrap import Fit
from ivae_theory.recovery.moments import Moments
from ivae_theory.recovery.offmass import Interval
from ivae_theory.recovery.pattern import Pattern
from ivae_theory.recovery.verdicts import SINGULAR, Settings, Share, broken_entry, invertible, samples_needed
from ivae_theory.verdict import Grade, Status, Verdict, conjunction

__all__ = ["affine_verdict", "conclude", "invertible_verdict", "pattern_verdict", "undetermined"]


def _settled(claim: str, sign: int, reason: str, evidence: Mapping[str, Any], **fields: Any) -> Verdict:
    if sign == 0:
        return Verdict.unknown(claim, reason, evidence=evidence, **fields)
    make = Verdict.hold if sign > 0 else Verdict.fail
    return make(claim, Grade.STATISTICAL, reason, evidence=evidence, **fields)


def _sign(interval: Interval, tolerance: float) -> int:
    """1 when the upper bound is within the tolerance, -1 when the lower bound exceeds it."""
    if interval.upper <= tolerance:
        return 1
    return -1 if interval.lower > tolerance else 0


def affine_verdict(share: Share | None, settings: Settings, names: list[str], hint: Callable[[], str]) -> Verdict:
    """Whether ``T~`` is an affine function of ``T~'``."""
    claim = "recovery.affine"
    evidence: dict[str, Any] = {"kind": "recovery.affine", **settings.to_dict()}
    if share is None:
        return Verdict.unknown(
            claim, "Too few rows (below 200) to look for a lack of affine fit.", evidence={**evidence, "kind": "tried"}
        )
    interval, row = share.worst(settings.level)
    evidence |= {
        "estimate": encode_array(share.estimate),
        "error": encode_array(share.error),
        "freedom": float(share.freedom),
        "squared": share.squared,
    }
    sign = _sign(interval, settings.tolerance)
    what = (
        f"{names[row]} (the worst statistic) the share {interval.estimate:.4g} "
        f"[{interval.lower:.4g}, {interval.upper:.4g}]"
    )
    beyond = "is left over by the best affine map" if not share.squared else "is explained beyond the affine map"
    reason = {
        1: f"Of the variance of {what} {beyond}, within the tolerance {settings.tolerance:g}.",
        0: f"Of the variance of {what} {beyond}: the interval contains the tolerance {settings.tolerance:g}.",
        -1: f"T~ is not affine in these statistics: of the variance of {what} {beyond}, more than the tolerance "
        f"{settings.tolerance:g}.",
    }[sign]
    return _settled(
        claim, sign, reason, evidence, margin=settings.tolerance - interval.upper, advice="" if sign > 0 else hint()
    )


def invertible_verdict(interval: Interval, settings: Settings) -> Verdict:
    """Whether A is well away from singular."""
    evidence = {
        "kind": "recovery.invertible",
        **settings.to_dict(),
        "smallest": list(map(float, interval)),
        "threshold": SINGULAR,
    }
    sign = invertible(interval)
    bounds = f"[{interval.lower:.3g}, {interval.upper:.3g}]"
    what = f"smallest singular value of the whitened A is {interval.estimate:.3g} {bounds}"
    reason = {
        1: f"The {what}: A is invertible, 1 being a perfect recovery.",
        0: f"The {what}, not shown to be at least {SINGULAR:g}, so A may be almost singular.",
        -1: f"A is almost singular: the {what}, below {SINGULAR:g}; some combination of the true statistics is lost.",
    }[sign]
    return _settled("recovery.invertible", sign, reason, evidence, margin=interval.lower - SINGULAR)


def pattern_verdict(pattern: Pattern, fit: Fit, moments: Moments, settings: Settings) -> Verdict:
    """Whether every row of A has (almost) all its mass in one block."""
    sign = _sign(pattern.worst, settings.tolerance)
    if pattern.worst.upper <= settings.tolerance and not _bijective(pattern, moments):
        sign = 0
    interval = pattern.worst
    mass = f"The off-permutation mass of the worst row (latent {pattern.row + 1}) is {interval}"
    needed = samples_needed(pattern, settings) if sign == 0 else None
    advice = ""
    if sign == 0:
        advice = (
            f"About {needed} rows like these would decide it."
            if needed is not None
            else "No number of rows decides it: the off-permutation mass is at the tolerance, or the row has no signal."
        )
    broken = broken_entry(pattern, fit.S, moments.blocks, moments.learned_blocks)
    where = f": {broken[0]} also depends on {broken[1]} (whitened entry {broken[2]:.3g})" if broken else ""
    reason = {
        1: f"{mass}, within the tolerance {settings.tolerance:g}.",
        0: f"{mass}: the interval contains the tolerance {settings.tolerance:g}.",
        -1: f"{mass}, above the tolerance {settings.tolerance:g}{where}.",
    }[sign]
    evidence = {
        "kind": "recovery.pattern",
        **settings.to_dict(),
        "blocks": list(moments.blocks.sizes),
        "learned_blocks": list(moments.learned_blocks.sizes),
        "permutation": list(pattern.permutation),
        "S": encode_array(fit.S),
        "sums": encode_array(moments.sums),
        "within": encode_array(moments.within),
        "spreads": [spread.to_dict() for spread in pattern.spreads],
        "samples_needed": needed,
    }
    return _settled(
        "recovery.pattern", sign, reason, evidence, margin=settings.tolerance - interval.upper, advice=advice
    )


def undetermined(verdict: Verdict, why: str) -> Verdict:
    """The finding when the data do not determine A, or say nothing about its sampling error."""
    return Verdict.unknown(verdict.claim, why, evidence={**verdict.evidence, "samples_needed": None})


def _bijective(pattern: Pattern, moments: Moments) -> bool:
    """Whether matched blocks have equal sizes: only then can A be a block permutation."""
    sizes = moments.learned_blocks.sizes
    return all(k == sizes[j] for k, j in zip(moments.blocks.sizes, pattern.permutation, strict=True))


def conclude(claim: str, parts: tuple[Verdict, ...], settings: Settings, block: bool) -> Verdict:
    """``recovery.scaled_permutation`` (k = 1) or ``recovery.block_permutation``: all parts together."""
    status, grade = conjunction(parts)
    decisive = [part for part in parts if part.status is status]
    word = "block permutation" if block else "scaled permutation"
    confidence = f"level {settings.level:g}, N = {settings.n_samples}, {settings.compared}"
    why = " ".join(dict.fromkeys(part.reason for part in decisive))
    evidence = {
        "kind": "recovery.conjunction",
        **settings.to_dict(),
        "parts": {part.claim: part.status.word for part in parts},
    }
    margins = [part.margin for part in parts if part.margin is not None and np.isfinite(part.margin)]
    fields: dict[str, Any] = {
        "evidence": evidence,
        "margin": min(margins, default=None),
        "advice": " ".join(dict.fromkeys(part.advice for part in decisive if part.advice)),
        "assumes": of_recovery(settings.route),
    }
    if status is Status.HOLDS:
        return Verdict.hold(claim, grade or Grade.STATISTICAL, f"A is a {word} ({confidence}). {why}", **fields)
    if status is Status.FAILS:
        return Verdict.fail(claim, grade or Grade.STATISTICAL, f"A is not a {word} ({confidence}). {why}", **fields)
    return Verdict.unknown(claim, f"It is undecided whether A is a {word} ({confidence}). {why}", **fields)
