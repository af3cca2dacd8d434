"""Eq. (18), lines 5 to 8: dividing by the characteristic function of the noise."""

from __future__ import annotations

import sympy

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.deconvolution import (
    HOLE,
    LAWS,
    OMEGA,
    WAVE,
    agree,
    curve_exponent,
    gaussian_on_curve,
    gaussian_on_line,
    is_transform_of_the_curve,
    null_zeros,
    vanishes_everywhere,
)
from proofs_checks.steps.outcomes import proved_if

#: The laws of f(z) that are compared; the first two are the same.
VARIANCES = (2, 2, 3)


def images() -> list[list[sympy.Expr]]:
    """Characteristic functions of f(z) for a line and a curve in R^2, with z ~ N(0, v)."""
    return [
        [gaussian_on_line(0, variance) for variance in VARIANCES],
        [gaussian_on_curve(variance) for variance in VARIANCES],
    ]


def seen(phi: sympy.Expr) -> bool:
    """Whether behind the noise equal laws of f(z) are equal and different ones differ, on a line and on a curve."""
    return all(
        agree(first, second, phi) is Status.HOLDS and agree(first, third, phi) is Status.FAILS
        for first, second, third in images()
    )


def where_phi_is_not_zero() -> Outcome:
    """phi != 0 almost everywhere in omega."""
    laws = {name: phi for name, phi in LAWS.items() if null_zeros(phi) is Status.HOLDS}
    held = [seen(phi) for phi in laws.values()]
    curve = all(is_transform_of_the_curve(curve_exponent(variance), variance) for variance in VARIANCES)
    detail = (
        f"n = 1, d = 2, f(z) = (z, 2z) and (z, z^2): behind {sum(held)} of {len(LAWS)} noise laws the observed "
        "characteristic functions agree exactly when those of f(z) do (identities, and balls that exclude 0)."
    )
    return proved_if(len(held) == len(LAWS) and all(held) and curve, detail, laws=len(held))


def on_a_dense_set() -> Outcome:
    """A dense set is enough, and an open gap is too much."""
    laws = [null_zeros(phi) is Status.HOLDS and seen(phi) for phi in LAWS.values()]
    gap = null_zeros(HOLE, (OMEGA[0],))
    hidden = vanishes_everywhere(HOLE * WAVE, OMEGA[0]) and not vanishes_everywhere(WAVE, OMEGA[0])
    detail = (
        f"The same {len(laws)} laws satisfy (N). phi = max(1 - |omega|, 0) does not ({gap.word}): times the transform "
        "of cos(2z) sinc(z/4)^2, which is not 0, it is 0 everywhere."
    )
    return proved_if(all(laws) and gap is Status.FAILS and hidden, detail, laws=len(laws))


CLAIM = Claim(
    name="eq18.deconvolution",
    where="Supplement B, Eq. (18), lines 5 to 8",
    statement="F[p~] phi = F[p~'] phi and phi not zero almost everywhere give F[p~] = F[p~'], hence p~ = p~'.",
    hypotheses=(printed("phi_eps(omega) is not zero for almost every omega"),),
    uses=(),
    verdict="true, in omega; (i) as printed is about x",
    gap=(
        "Assumption (i), which line 7 cites, counts zeros in X (theorem1.i). In lines 6 and 7 u' stands for u. The "
        "last line holds for the laws mu_u, and for densities almost everywhere."
    ),
    counterexample="",
    repair="If phi is not 0 on a dense set of R^d, mu_u = mu'_u.",
    as_printed=Check(Method.BALL, where_phi_is_not_zero, Status.HOLDS),
    as_repaired=Check(Method.BALL, on_a_dense_set, Status.HOLDS),
    proof="`(psi_u - psi'_u) phi = 0`; the first factor vanishes on a dense set and is continuous.",
)
