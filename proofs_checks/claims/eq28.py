"""Eq. (28): the logistic law allows deconvolution."""

from __future__ import annotations

from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.claims.appendixE_temperature import logistic_model
from proofs_checks.steps.bernoulli import characteristic_gap

POINTS = (1, 2, 5)
SMALL = 1e-25
#: Theorems of the library by which a characteristic function has no zero at all.
POSITIVE = {"gaussian_scale_mixture", "infinitely_divisible"}


def nonzero(needed: str) -> Outcome:
    """The zeros of the logistic law's characteristic function: none, or none but a null set."""
    gaps = [characteristic_gap(t) for t in POINTS]
    formula = all(gap < SMALL for gap in gaps)
    verdict = check_noise(logistic_model())
    theorems = {step["theorem"] for step in verdict.evidence.get("steps", ())}
    by_theorem = verdict.holds and (needed == "almost everywhere" or theorems <= POSITIVE)
    detail = (
        "E exp(it eps) = Gamma(1 + it) Gamma(1 - it) agrees with pi t / sinh(pi t) at t = 1, 2, 5 up to 1e-25: "
        f"{formula}; "
        f"not zero {needed}, by theorem: {by_theorem}."
    )
    return Outcome(Status.HOLDS if formula and by_theorem else Status.FAILS, detail)


CLAIM = Claim(
    name="eq28",
    where="Eq. (28)",
    statement="eps_i ~ Logistic(0, 1): its Fourier transform is non-zero almost everywhere.",
    hypotheses=(printed("independent coordinates"),),
    uses=(),
    verdict="true; it is positive everywhere",
    gap="",
    counterexample="",
    repair="The characteristic function pi t / sinh(pi t) is positive everywhere: the law is a Gaussian scale mixture.",
    as_printed=Check(Method.BALL, lambda: nonzero("almost everywhere"), Status.HOLDS),
    as_repaired=Check(Method.BALL, lambda: nonzero("everywhere"), Status.HOLDS),
    proof=(
        "`s = sigmoid(eps)` is uniform on (0, 1), so `E exp(it eps) = B(1 + it, 1 - it) = Gamma(1 + it) Gamma(1 - "
        "it) = "
        "pi t / sinh(pi t)`, and the Gamma function has no zeros."
    ),
)
