"""Eq. (20): the logarithm of the density of f(z)."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory.hypotheses.positivity import check_positive
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.derivation import printed_hypotheses
from proofs_checks.steps.examples import random_pairs, vanishing_base
from proofs_checks.steps.models import Pair, Z, latents, same_law
from proofs_checks.steps.outcomes import proved_if, refuted_if
from proofs_checks.steps.volumes import volume_squared

MODELS = 6
#: A point of Z = R where the base measure of the counterexample vanishes.
POINT = 3


def everywhere() -> Outcome:
    """For all (x, u) in X x U, as printed."""
    pair = vanishing_base()
    allowed = all(status is Status.HOLDS for status in printed_hypotheses(pair.theta).values())
    value = pair.theta.prior.families[0].base_measure.subs(Z, POINT)
    positive = check_positive(pair.theta)
    detail = (
        f"T = z, Q = 1 on [0, 1] and 0 elsewhere, Z = R, f = z: (i), (ii), (iii) hold, Q({POINT}) = {value}, and (20) "
        f"at x = {POINT} takes the logarithm of 0. Q > 0: {positive.status.word}."
    )
    return refuted_if(allowed and value == 0 and positive.fails, detail)


def volumes_match(pair: Pair) -> bool:
    """Whether ``vol J_f = vol J_f' |det J_h|``: the Jacobian terms of (20) differ by that of h."""
    own, other = (_matrix(m.mixing.matrix.jacobian(latents(m))) for m in (pair.theta, pair.other))
    moved = sympy.Matrix(pair.h).jacobian(latents(pair.theta)).det()
    return volume_squared(own) == volume_squared(other) * Fraction(int(moved.p), int(moved.q)) ** 2


def _matrix(matrix: sympy.Matrix) -> list[list[Fraction]]:
    return [[Fraction(int(v.p), int(v.q)) for v in matrix.row(i)] for i in range(matrix.rows)]


def where_positive() -> Outcome:
    """With Q > 0: both sides of (20) agree as functions of z, for every u."""
    pairs = random_pairs(MODELS)
    held = [
        same_law(pair) and volumes_match(pair) and all(check_positive(m).holds for m in (pair.theta, pair.other))
        for pair in pairs
    ]
    detail = (
        f"log p(z|u) - log p'(h(z)|u) is constant for every u and vol J_f = vol J_f' |det J_h|, exactly, on "
        f"{sum(held)} of {len(held)} random models with n < d; both sides are logarithms of densities, so it "
        "is that of the Jacobians."
    )
    return proved_if(all(held), detail, models=len(held))


CLAIM = Claim(
    name="eq20",
    where="Supplement B, Eq. (20)",
    statement="Taking logarithms of p~ = p~' and inserting (7) gives (20) for all (x, u) in X x U.",
    hypotheses=(printed("p~ = p~' on X x U"), silent("Q > 0 almost everywhere; the equality is almost everywhere")),
    uses=("eq18.deconvolution", "eq19"),
    verdict="true almost everywhere where Q > 0",
    gap="Where Q vanishes both sides are logarithms of 0.",
    counterexample="T = z, Q = 1 on [0, 1] and 0 elsewhere, Z = R.",
    repair="With Q, Q' > 0 almost everywhere, (20) holds for almost every x in X.",
    as_printed=Check(Method.EXACT, everywhere, Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, where_positive, Status.HOLDS),
)
