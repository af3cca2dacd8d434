"""Appendix E at a temperature above 0: the law of x determines the law of m."""

from __future__ import annotations

from fractions import Fraction

import scipy.stats
import sympy

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.bernoulli import inverse_residual

TEMPERATURE = sympy.Symbol("T", positive=True)


def logistic_model() -> Model:
    """Any model with the noise of (28)."""
    prior = Prior([families.gaussian_scale()], [[Fraction(-1)], [Fraction(-2)]])
    return Model(prior, noise=Noise.product([scipy.stats.logistic()]))


def one_to_one(temperature: sympy.Expr) -> Outcome:
    """x = sigmoid((m + eps)/T) gives m + eps back, and the law of m + eps that of m."""
    residual = inverse_residual(temperature)
    noise = check_noise(logistic_model())
    y = sympy.Symbol("y", real=True)
    q = sympy.exp(-y / temperature)
    slope = sympy.simplify(sympy.diff(1 / (1 + q), y) * temperature * (1 + q) ** 2 / q)
    rises = slope == 1 and temperature.is_positive is True  # d sigmoid(y/T)/dy = q / (T (1 + q)^2)
    holds = residual == 0 and rises and noise.holds
    detail = (
        f"T logit(sigmoid(y/T)) - y = {residual} for temperature {temperature}; the characteristic function of the "
        "logistic law "
        f"vanishes on a null set only: {noise.holds}."
    )
    return Outcome(Status.HOLDS if holds else Status.FAILS, detail)


CLAIM = Claim(
    name="appendixE.temperature",
    where="Appendix E, (26) to (28)",
    statement=(
        "For a given temperature T, sigmoid(./T) is invertible and the logistic density allows deconvolution: p(x) "
        "has a "
        "one-to-one mapping to p(m), and Theorem 1 follows as before."
    ),
    hypotheses=(printed("a fixed T in (0, oo)"), silent("T is known, the same for all models that are compared")),
    uses=("eq18.deconvolution", "eq28"),
    verdict="true for every temperature > 0",
    gap="",
    counterexample="",
    repair="The same for any known T > 0, and coordinate by coordinate for known temperatures T_i.",
    as_printed=Check(Method.SYMBOLIC, lambda: one_to_one(TEMPERATURE), Status.HOLDS),
    as_repaired=Check(
        Method.SYMBOLIC, lambda: one_to_one(TEMPERATURE / (1 + sympy.Symbol("i", positive=True))), Status.HOLDS
    ),
    proof=(
        "`y = T logit(x) = m + eps` is a function of x with a smooth inverse, so the law of x given u determines "
        "that of "
        "`f(z) + eps`: this is Eq. (6) with a logistic eps, whose characteristic function `pi t / sinh(pi t)` has no "
        "zero."
    ),
)
