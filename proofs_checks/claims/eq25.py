"""Eq. (25): evidence, bound and divergence."""

from __future__ import annotations

from fractions import Fraction

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.bound import linear_identity, quadrature_identity

#: Observations and tilts of q in the non-linear case, and how small the balls around 0 are.
POINTS = ((Fraction(1, 2), Fraction(1)), (Fraction(-3, 2), Fraction(1, 2)), (Fraction(2), Fraction(-3)))
WIDTH = Fraction(1, 10**20)
#: The sign of the divergence in Eq. (25).
SIGN = -1


def linear() -> Outcome:
    """At one observation, linear Gaussian, all parameters symbols."""
    difference = linear_identity(SIGN)
    detail = "x = w z + N(0, s), z ~ N(0, v), q = N(m, r), all symbols: L - log p(x|u) + KL(q || p(z|x,u)) = "
    return Outcome(Status.HOLDS if difference == 0 else Status.FAILS, f"{detail}{str(difference)[:60]}.")


def nonlinear() -> Outcome:
    """Averaged over observations, f(z) = z + z^3: each term is enclosed by rigorous quadrature."""
    balls = [quadrature_identity(x, tilt, SIGN) for x, tilt in POINTS]
    zero = all(ball.contains(0) and float(ball.rad()) < WIDTH for ball in balls)
    status = Status.HOLDS if zero else Status.FAILS if any(not ball.contains(0) for ball in balls) else Status.UNDECIDED
    detail = (
        f"f(z) = z + z^3, z uniform on [-1, 1], noise N(0, 1/4), q ~ exp(t z): at {len(balls)} observations the "
        f"difference of the two sides is a ball around 0 of radius below 1e-20: {zero}. So is its average over the "
        "data."
    )
    return Outcome(status, detail)


CLAIM = Claim(
    name="eq25",
    where="Eq. (25)",
    statement="L(theta, phi) = log p(x|u) - KL(q(z|x,u) || p(z|x,u)).",
    hypotheses=(printed("L is the loss (8)"), silent("q is absolutely continuous with respect to p(z|x,u)")),
    uses=("eq8",),
    verdict="true at each observation; the loss (8) is its average over the data",
    gap="Eq. (8) averages over the data; in (25) the average is left out on the right.",
    counterexample="",
    repair="L(theta, phi) = E_qD[log p(x|u) - KL(q(z|x,u) || p(z|x,u))].",
    as_printed=Check(Method.SYMBOLIC, linear, Status.HOLDS),
    as_repaired=Check(Method.BALL, nonlinear, Status.HOLDS),
    proof="`p(x, z|u) = p(x|u) p(z|x,u)`: the expectation under q of `log p(x,z|u) - log q` splits as stated.",
)
