"""Eq. (19): the density of f(z)."""

from __future__ import annotations

from fractions import Fraction

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.outcomes import proved_if, refuted_if
from proofs_checks.steps.parameters import Matrix, random_invertible
from proofs_checks.steps.volumes import is_left_inverse, pseudo_inverse, volume_squared

TALL: Matrix = [[Fraction(1)], [Fraction(2)]]
#: Two differentiable maps of R^2 that undo f(z) = (z, 2z) on X: x_1, and (x_1 + 2 x_2) / 5.
LEFT: tuple[Matrix, Matrix] = ([[Fraction(1), Fraction(0)]], [[Fraction(1, 5), Fraction(2, 5)]])
SHAPES, TRIALS = ((1, 2), (2, 3), (2, 4), (3, 3)), 5


def any_inverse() -> Outcome:
    """vol J_(f^-1) for two inverses of f on X."""
    volumes = [volume_squared(left) for left in LEFT]
    inverses = all(is_left_inverse(left, TALL) for left in LEFT)
    detail = (
        f"f(z) = (z, 2z): x_1 and (x_1 + 2 x_2)/5 are both f^-1 on X, and their Jacobians have vol^2 = {volumes[0]} "
        f"and {volumes[1]}: p~ depends on the choice."
    )
    return refuted_if(inverses and volumes[0] != volumes[1], detail, volumes=[str(v) for v in volumes])


def along_the_image() -> Outcome:
    """1 / vol J_f: the Jacobian of f^-1 along X."""
    held = total = 0
    for n, d in SHAPES:
        for seed in range(TRIALS):
            columns = random_invertible(d, 100 + seed)
            W = [row[:n] for row in columns]
            left = pseudo_inverse(W)
            held += is_left_inverse(left, W) and volume_squared(left) * volume_squared(W) == 1
            total += 1
    detail = f"vol(W^+) vol(W) = 1 for the pseudo-inverse W^+ of {held} of {total} exact random matrices, n <= d."
    return proved_if(held == total, detail, trials=total)


CLAIM = Claim(
    name="eq19",
    where="Supplement B, Eq. (19)",
    statement="p~(x) = p(f^-1(x)|u) vol J_(f^-1)(x) for x in X, and 0 elsewhere.",
    hypotheses=(printed("f: Z -> X is a bijection, n <= d"),),
    uses=(),
    verdict="right for n = d; for n < d use 1 / vol J_f and the surface measure of X",
    gap=(
        "For n < d, f^-1 is defined on X alone. Its Jacobian on R^d is that of an extension, and so is its volume; and "
        "p~ is a density on X with its n-dimensional measure, not on R^d (eq18.volume)."
    ),
    counterexample="f(z) = (z, 2z), with x_1 and (x_1 + 2 x_2) / 5 as f^-1.",
    repair="p~(x) = p(f^-1(x)|u) / vol J_f(f^-1(x)), the density of mu_u with respect to surface measure on X.",
    as_printed=Check(Method.EXACT, any_inverse, Status.FAILS),
    as_repaired=Check(Method.EXACT, along_the_image, Status.HOLDS),
)
