"""Eq. (18), lines 3 and 4: the change of variables for n < d."""

from __future__ import annotations

from fractions import Fraction

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.deconvolution import OMEGA, curve_exponent, is_transform_of_the_curve
from proofs_checks.steps.outcomes import proved_if, refuted_if
from proofs_checks.steps.parameters import Matrix, random_invertible
from proofs_checks.steps.volumes import lebesgue_mass, volume_squared

#: f(z) = (z, 2z).
TALL: Matrix = [[Fraction(1)], [Fraction(2)]]
SIZES, TRIALS, VARIANCES = (1, 2, 3), 5, (1, 2, 5)


def as_a_density() -> Outcome:
    """Is ``p~`` a density with respect to Lebesgue measure on R^d, as line 4 integrates it?"""
    mass = lebesgue_mass(TALL)
    detail = (
        f"f(z) = (z, 2z), vol^2 = {volume_squared(TALL)}: X is a line in R^2; the integral of p~ over R^2 is {mass}, "
        "not 1: line 4 reads 0 = 0."
    )
    return refuted_if(mass == 0, detail, mass=str(mass))


def as_a_measure() -> Outcome:
    """mu_u, the law of f(z): mass 1 and its own characteristic function; for n = d the density is right."""
    square = [lebesgue_mass(random_invertible(n, seed)) for n in SIZES for seed in range(TRIALS)]
    exponents = [curve_exponent(variance) for variance in VARIANCES]
    curves = all(is_transform_of_the_curve(e, v) for e, v in zip(exponents, VARIANCES, strict=True))
    masses = [exponent.subs(dict.fromkeys(OMEGA, 0)) for exponent in exponents]
    detail = (
        f"n = d: the integral of p~ is 1 for {len(square)} random linear f. n = 1 < d = 2, f(z) = (z, z^2): mu_u has "
        "the characteristic function (1 - 2iv omega_2)^(-1/2) exp(-v omega_1^2 / (2 (1 - 2iv omega_2))), an identity, "
        "and mass 1."
    )
    return proved_if(all(m == 1 for m in square) and curves and all(m == 0 for m in masses), detail, square=len(square))


CLAIM = Claim(
    name="eq18.volume",
    where="Supplement B, Eq. (18), lines 3 and 4",
    statement=(
        "The substitution x = f(z) with the volume of the Jacobian gives an integral of p~ p_eps(x - .) over R^d, also "
        "for n < d."
    ),
    hypotheses=(printed("vol J replaces |det J| when n < d"), silent("f is differentiable")),
    uses=("eq19",),
    verdict="wrong measure when n < d: use mu_u; the conclusion survives",
    gap="For n < d and Lipschitz f, X is a null set of R^d; the integral over R^d vanishes on both sides.",
    counterexample="n = 1, d = 2, f(z) = (z, 2z).",
    repair="p(x|u) is the density of mu_u * p_eps, mu_u the law of f(z); no derivative of f is needed.",
    as_printed=Check(Method.EXACT, as_a_density, Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, as_a_measure, Status.HOLDS),
)
