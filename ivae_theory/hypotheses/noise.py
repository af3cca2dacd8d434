"""Hypothesis (i) of Theorem 1, read on R^d, and its silent partner: one known law of the noise for all parameters.

(i) holds when the zeros of the characteristic function phi of ``eps`` have measure zero in R^d, and fails when phi
vanishes on an open set. Section 2, "(N), facts", of the theory; the theorems are in :mod:`ivae_theory.noise.theorems`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ivae_theory.noise import Discrete, Noise
from ivae_theory.noise.settle import Step, settle
from ivae_theory.noise.theorems import THEOREMS
from ivae_theory.verdict import Grade, Status, Verdict

__all__ = ["check_known", "check_noise"]

CLAIM_NOISE, CLAIM_KNOWN = "theorem1.i", "theorem1.known_noise"

_NOT_ADDITIVE = (
    "With {name} observations x is not f(z) + eps for any eps independent of z: x takes the same discrete values "
    "whatever f(z) is, and shifting a law moves its values. Theorem 1 does not apply (Appendix E; the published "
    "version's corrigendum withdraws it)."
)
_FACTS = {
    "positive": "have characteristic functions that are positive",
    "right": "have an exponential moment E exp(a X) < oo",
    "left": "have an exponential moment E exp(-a X) < oo",
    "off_zero": "have characteristic functions that are real-analytic except at 0",
}


def check_noise(model: Any, seed: int = 0) -> Verdict:
    """``theorem1.i``: the zeros of the noise's characteristic function are a null set of R^d.

    Parameters
    ----------
    model
        Anything with a ``noise`` (:class:`~ivae_theory.noise.Noise` or :class:`~ivae_theory.noise.Discrete`).
    seed
        Unused: nothing here is random.
    """
    noise: Noise | Discrete = model.noise
    if isinstance(noise, Discrete):
        return _not_additive(CLAIM_NOISE, noise)
    described = noise.describe()
    steps = settle(described["law"])
    assumes = noise.assumptions
    failing = [step for step in steps if step.status is Status.FAILS]
    if failing:
        return _fails(failing[0], assumes)
    unsettled = [step for step in steps if step.status is Status.UNDECIDED]
    if unsettled:
        return _unknown(noise, unsettled)
    evidence = {"kind": "noise.theorems", "steps": [_step(step) for step in steps]}
    grade = Grade.CERTIFIED if any(step.theorem == "analytic_form" for step in steps) else Grade.EXACT
    return Verdict.hold(CLAIM_NOISE, grade, _why(noise, steps), evidence=evidence, assumes=assumes)


def _step(step: Step) -> dict[str, Any]:
    return {"path": step.path, "theorem": step.theorem, "condition": step.condition, **step.detail}


def _why(noise: Noise, steps: Sequence[Step]) -> str:
    if not steps:
        return f"The noise is a constant ({noise.text}): {THEOREMS['no_noise'].statement}, which has no zeros."
    reasons = []
    for step in steps:
        if step.theorem == "mixture":
            text = f"all members of the mixture {_FACTS[step.condition]}, which mixtures inherit"
        else:
            theorem = THEOREMS[step.theorem]
            at = f" (here {step.condition})" if step.condition not in ("", "1 > 0") else ""
            text = f"{theorem.statement}{at} [{theorem.source}]"
        reasons.append(text)
    distinct = list(dict.fromkeys(reasons))
    several = "; independent sums, products over coordinates and these linear images keep null zero sets"
    return f"For the noise ({noise.text}): {'; '.join(distinct)}{several if len(steps) > 1 else ''}."


def _fails(step: Step, assumes: tuple[str, ...]) -> Verdict:
    if step.theorem == "band_limited":
        where = f"|t| > {step.detail['type']}"
        why = "its density is an integrable entire function of that exponential type (Paley-Wiener)"
    else:
        cell = step.detail["cell"]
        where = " x ".join(f"({low}, {high})" for low, high in zip(cell["low"], cell["high"], strict=True))
        why = "the given expression is identically zero there"
    evidence = {"kind": "noise.zero_set", "path": step.path, "theorem": step.theorem, **step.detail}
    return Verdict.fail(
        CLAIM_NOISE,
        Grade.EXACT,
        f"The characteristic function of the noise vanishes on an open set of R^d: that of one part is 0 "
        f"on {where}, since {why}.",
        evidence=evidence,
        assumes=assumes,
        advice="Choose a law whose characteristic function has no such gap, for instance a Gaussian; adding an "
        "independent law does not help, since a product with a factor that is 0 on an open set is 0 there too.",
    )


def _unknown(noise: Noise, unsettled: Sequence[Step]) -> Verdict:
    paths = [step.path for step in unsettled]
    return Verdict.unknown(
        CLAIM_NOISE,
        f"No theorem of the package settles {noise.text} (unsettled: {', '.join(paths)}); finitely many evaluations "
        "of a characteristic function decide nothing.",
        evidence={"unsettled": paths, "theorems_tried": list(THEOREMS)},
        advice="Describe the noise by a law of scipy.stats or torch.distributions, or by Noise(density=...) or "
        "Noise(cf=..., symbols=[...]) as a sympy expression, so that a theorem can be applied at its parameters.",
    )


def _not_additive(claim: str, noise: Discrete) -> Verdict:
    return Verdict.fail(
        claim,
        Grade.EXACT,
        _NOT_ADDITIVE.format(name=noise.name),
        evidence={"kind": "noise.not_additive", "name": noise.name},
        advice="Model the observations as x = f(z) + eps, or use results for discrete observations.",
    )


def check_known(model: Any, seed: int = 0) -> Verdict:
    """``theorem1.known_noise``: one known law of the noise, the same for every parameter theta = (f, T, lambda).

    Parameters
    ----------
    model
        Anything with a ``noise``, and with ``prior.n`` and ``d`` where they are known.
    seed
        Unused: nothing here is random.
    """
    noise: Noise | Discrete = model.noise
    if isinstance(noise, Discrete):
        return _not_additive(CLAIM_KNOWN, noise)
    if not noise.learned:
        return Verdict.hold(
            CLAIM_KNOWN,
            Grade.EXACT,
            f"The noise is a fixed law ({noise.text}), the same for every parameter.",
            evidence={"kind": "noise.known", "learned": False},
        )
    reason = (
        "The law of the noise is learned together with the model, so two parameters may have different noise and the "
        "hypothesis fails as stated. This does not prove that the model is not identifiable"
    )
    n, d = getattr(model, "n", None), getattr(model, "d", None)
    if isinstance(n, int) and isinstance(d, int) and n < d and noise.law.describe()["node"] == "gaussian":
        reason += (
            f"; with n = {n} < d = {d} and Gaussian noise the variance is identified by the data, and no general "
            "construction of a rival is known."
        )
    else:
        reason += "; with n = d linear models with learned variance have rivals (section 5)."
    return Verdict.fail(
        CLAIM_KNOWN,
        Grade.EXACT,
        reason,
        evidence={"kind": "noise.learned", "learned": True},
        advice="Fix the noise's parameters (the paper's experiments use a fixed sigma^2 = 0.01).",
    )
