"""Section 3.3: can the linear indeterminacy be resolved by linear ICA?"""

from __future__ import annotations

from fractions import Fraction

from ivae_theory.exact import determinant
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.parameters import differences

#: Variances of two Gaussian latents with T = z^2 at three values of u.
VARIANCES = ((1, 1), (3, 3), (1, 3))


def covariance_over_u() -> Fraction:
    """Cov(z_1^2, z_2^2) under the mixture over u: E[z_i^2 | u] is the variance."""
    count = len(VARIANCES)
    means = [Fraction(sum(row[i] for row in VARIANCES), count) for i in range(2)]
    return Fraction(sum(a * b for a, b in VARIANCES), count) - means[0] * means[1]


def marginally() -> Outcome:
    """Linear ICA needs independent components: T(z_1) and T(z_2) are correlated once u is averaged out."""
    table = [[Fraction(-1, 2 * value) for value in row] for row in VARIANCES]
    size = determinant(differences(table))
    covariance = covariance_over_u()
    refuted = covariance != 0 and size != 0
    detail = f"Variances {VARIANCES}: det L = {size}, and Cov(z_1^2, z_2^2) = {covariance} over u."
    return Outcome(Status.FAILS if refuted else Status.HOLDS, detail, {"covariance": str(covariance)})


def given_u() -> Outcome:
    """Given u the components are independent: E[T_1 T_2 | u] = E[T_1 | u] E[T_2 | u] for every u."""
    import sympy

    first, second, a, b = sympy.symbols("z1 z2 a b", positive=True)
    density = sympy.exp(-(first**2) / (2 * a)) * sympy.exp(-(second**2) / (2 * b))
    split = sympy.expand_log(sympy.log(density), force=True)
    mixed = sympy.diff(split, first, second)
    detail = "The log-density given u has no mixed derivative in z_1, z_2: the components are independent given u."
    return Outcome(Status.HOLDS if mixed == 0 else Status.FAILS, detail)


CLAIM = Claim(
    name="section3.3",
    where="Section 3.3",
    statement="A can often be resolved by linear ICA, since the component-wise transformations are independent.",
    hypotheses=(printed("the T_ij(z_i) are independent and typically not Gaussian"),),
    uses=("theorem2.sharp",),
    verdict="superfluous for k = 1; does not apply for k >= 2",
    gap=(
        "The components are independent given u, not marginally; for k >= 2 the T_ij of one latent are functions of "
        "one variable. For k = 1 the sharp Theorem 2 already gives a scaled permutation."
    ),
    counterexample="Variances (1, 1), (3, 3), (1, 3) at three values of u: L is invertible, the T_i are correlated.",
    repair="Independence holds given u: linear ICA applies within a value of u, to k = 1.",
    as_printed=Check(Method.EXACT, marginally, Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, given_u, Status.HOLDS),
)
