"""The Proposition of the published version: T = z cannot be reduced."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.theorem2 import check_scaled_permutation
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.boxes import is_scaled_permutation, monomial_patterns
from proofs_checks.steps.examples import rotated_gaussian
from proofs_checks.steps.independence import stays_independent
from proofs_checks.steps.models import same_law
from proofs_checks.steps.parameters import Matrix

ROTATION: Matrix = [[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]]
GAUSSIAN, EXPONENTIAL = "Q = exp(-z^2/2) on R", "Q = 1 on the half-line"


def model_of(name: str) -> Any:
    """Two latents with T = z."""
    family = families.gaussian_location() if name == GAUSSIAN else families.exponential()
    symbols = list(sympy.symbols("z1 z2", real=True))
    rows = [[Fraction(-1), Fraction(-1)], [Fraction(-2), Fraction(-1)], [Fraction(-1), Fraction(-3)]]
    return Model(Prior([family] * 2, rows), noise=Noise.none(), mixing=(symbols, symbols))


def cannot_be_reduced(names: tuple[str, ...]) -> Outcome:
    """For each base measure: does some A that is no scaled permutation keep the class?"""
    reducible = []
    for name in names:
        verdict = check_scaled_permutation(model_of(name))
        independent = stays_independent(ROTATION, ["gaussian" if name == GAUSSIAN else "exponential"] * 2)
        if verdict.undecided or verdict.fails is not independent:
            return Outcome(Status.UNDECIDED, f"{name}: {verdict.reason}")
        if verdict.holds and monomial_patterns(2)[1] == 0:
            reducible.append(name)
    rotated = same_law(rotated_gaussian()) and not is_scaled_permutation(ROTATION)
    status = Status.FAILS if reducible else Status.HOLDS if rotated else Status.UNDECIDED
    detail = (
        f"T = z, {' and '.join(names)}. A is a scaled permutation all the same: {'; '.join(reducible) or 'none'}. "
        "Rotated "
        f"Gaussian pair with the same law of x: {rotated}."
    )
    return Outcome(status, detail, {"reducible": reducible})


CLAIM = Claim(
    name="published.proposition",
    where="Published version, Proposition on T = z",
    statement="With k = 1, T_i = z_i and Q_i = 1 or exp(-z_i^2), A cannot be reduced to a scaled permutation.",
    hypotheses=(
        printed("k = 1, T_i(z_i) = z_i"),
        printed("Q_i(z_i) = 1 or exp(-z_i^2)"),
        silent("Z_i = R for the latter"),
    ),
    uses=("theorem2.sharp",),
    verdict="right for the Gaussian on all of R, false for the exponential on the half-line",
    gap="With Q = 1 the density exp(lambda z) needs a half-bounded Z_i; a half-bounded T_i is never Gaussian.",
    counterexample="T = z, Q = 1 on [0, oo): the cone of the support is an orthant, and A is a scaled permutation.",
    repair="With T_i = z_i and Gaussian Q_i on all of R for at least two latents, A cannot be reduced.",
    as_printed=Check(Method.EXACT, lambda: cannot_be_reduced((GAUSSIAN, EXPONENTIAL)), Status.FAILS),
    as_repaired=Check(Method.EXACT, lambda: cannot_be_reduced((GAUSSIAN,)), Status.HOLDS),
)
