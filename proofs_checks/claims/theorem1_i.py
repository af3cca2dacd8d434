"""Theorem 1, assumption (i): the space in which the zeros of phi are looked for."""

from __future__ import annotations

import sympy

from ivae_theory.exact.identity import is_zero
from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.deconvolution import (
    HOLE,
    LAWS,
    OMEGA,
    WAVE,
    agree,
    gaussian_on_curve,
    gaussian_on_line,
    null_zeros,
    vanishes_everywhere,
    wave_is_the_transform,
)
from proofs_checks.steps.derivation import printed_hypotheses, related
from proofs_checks.steps.examples import hidden_wave
from proofs_checks.steps.models import Pair, latents, log_density
from proofs_checks.steps.outcomes import proved_if, refuted_if

EPSILON = sympy.Rational(1, 20)


def differs_by_the_wave(pair: Pair) -> bool:
    """Whether ``p' - p`` is ``eps cos(2z) sinc(z/4)^2`` at u_0, up to one factor, and 0 at u_1."""
    (z,) = latents(pair.theta)
    densities = [[sympy.exp(log_density(model, row)) for row in range(2)] for model in (pair.theta, pair.other)]
    wave = EPSILON * sympy.cos(2 * z) * sympy.sinc(z / 4) ** 2
    # exp(log y) = y for the positive arguments that occur here
    own, other = ([sympy.powdenest(density, force=True) for density in row] for row in densities)
    return is_zero(other[0] - own[0] - wave) and is_zero(other[1] - own[1])


def read_on_x() -> Outcome:
    """(i) to the letter, with X a null set of R^2."""
    pair = hidden_wave()
    hypotheses = printed_hypotheses(pair.theta)
    allowed = all(status is Status.HOLDS for status in hypotheses.values())
    hidden = differs_by_the_wave(pair) and wave_is_the_transform() and vanishes_everywhere(HOLE * WAVE, OMEGA[0])
    distinct = related(pair)
    real = check_noise(pair.theta)
    detail = (
        f"n = 1, d = 2, f(z) = (z, 0): (i) as printed holds, because X is null, and so do (ii) and (iii); phi vanishes "
        f"for |omega_1| >= 1, (i) on R^2 {real.status.word}. The transform of p'(.|u_0) - p(.|u_0) times phi is 0 "
        f"piece by piece; equivalence {distinct.status.word}."
    )
    return refuted_if(allowed and hidden and distinct.fails and real.fails, detail)


def read_on_frequencies() -> Outcome:
    """(i) on R^d: the noise of the counterexample is refused, and admitted laws hide nothing."""
    refused = check_noise(hidden_wave().theta).fails
    admitted = [null_zeros(phi) is Status.HOLDS for phi in LAWS.values()]
    line, curve = gaussian_on_line(1, 2), gaussian_on_curve(2)
    others = ((line, gaussian_on_line(1, 3)), (curve, gaussian_on_curve(3)), (line, curve))
    seen = [agree(a, b, phi) is Status.FAILS for phi in LAWS.values() for a, b in others]
    detail = (
        f"The noise of the counterexample is refused; {sum(admitted)} of {len(LAWS)} laws ({', '.join(LAWS)}) are "
        f"admitted, and behind each of them {len(others)} pairs of laws of f(z), n = 1, d = 2, stay apart (balls)."
    )
    return proved_if(refused and all(admitted) and all(seen), detail, laws=len(LAWS))


CLAIM = Claim(
    name="theorem1.i",
    where="Theorem 1, assumption (i)",
    statement="The set {x in X : phi_eps(x) = 0} has measure zero.",
    hypotheses=(printed("the zeros are counted in X, the image of f"),),
    uses=("eq18.deconvolution",),
    verdict="wrong space: the variable is omega in R^d",
    gap="X is a null set of R^d when n < d, so the printed condition then says nothing about the noise.",
    counterexample=(
        "f(z) = (z, 0), noise with first coordinate of density (1 - cos e) / (pi e^2), T = log(1 + z^2), "
        "lambda = -1, -2: add (1/20) cos(2z) sinc(z/4)^2 to the Cauchy density."
    ),
    repair="{omega in R^d : phi_eps(omega) != 0} is dense in R^d (measure zero of the zeros is more than enough).",
    as_printed=Check(Method.SYMBOLIC, read_on_x, Status.FAILS),
    as_repaired=Check(Method.BALL, read_on_frequencies, Status.HOLDS),
)
