"""Theorem 3: what maximising the bound recovers."""

from __future__ import annotations

from fractions import Fraction

from ivae_theory.exact import determinant
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.bound import bound_difference, profile_score
from proofs_checks.steps.parameters import Matrix, differences

#: The noise variance, the truth (W, variances of z_1 and z_2 at three values of u; T = z^2), and another model.
NOISE = Fraction(1, 100)
TRUTH: tuple[Matrix, Matrix] = (
    [[Fraction(1), Fraction(1, 2)], [Fraction(0), Fraction(1)]],
    [[Fraction(1), Fraction(2)], [Fraction(2), Fraction(1)], [Fraction(1, 2), Fraction(3)]],
)
OTHER: tuple[Matrix, Matrix] = (
    [[Fraction(1), Fraction(3, 5)], [Fraction(-2, 5), Fraction(1)]],
    [[Fraction(7, 10), Fraction(2)], [Fraction(13, 10), Fraction(6, 5)], [Fraction(3, 10), Fraction(29, 10)]],
)


def identified() -> bool:
    """Whether the truth satisfies (iii): then maximum likelihood gives A as a scaled permutation (T = z^2)."""
    table = [[-1 / (2 * v) for v in row] for row in TRUTH[1]]
    return determinant(differences(table)) != 0


def learns(free_lambda: bool) -> Outcome:
    """Is the truth where the bound, with a q that contains the posterior, is stationary and above another model?

    With ``free_lambda`` every observation has its own u and lambda(u) is arbitrary; else there are finitely many u
    and infinitely many observations of each. Section 5's diagonal q is compared in both cases: (i) is needed.
    """
    score = profile_score(free_lambda)
    full = bound_difference(OTHER, TRUTH, NOISE, diagonal=False)
    diagonal = bound_difference(OTHER, TRUTH, NOISE, diagonal=True)
    if not (full < 0 and diagonal > 0 and identified()):
        return Outcome(Status.UNDECIDED, f"The balls {full} and {diagonal} do not separate the two models.")
    where = "u new at every observation" if free_lambda else "finitely many u"
    detail = (
        f"n = 1, d = 2, f_a(z) = (z, a z), exact posterior, {where}: d/da of the expected objective at a = a0 is "
        f"{score}. "
        "n = d = 2, T = z^2, sigma^2 = 1/100, W = [[1, 1/2], [0, 1]], variances (1, 2), (2, 1), (1/2, 3): W' = [[1, "
        "3/5], "
        f"[-2/5, 1]] gains {float(diagonal):.3f} nats over the truth with the best diagonal q, which violates (i), "
        "and loses "
        f"{-float(full):.3f} with the posterior as q"
    )
    status = Status.HOLDS if score == 0 else Status.FAILS
    return Outcome(
        status, f"{detail}.", {"gain_diagonal": float(diagonal), "loss_exact": float(full), "score": str(score)}
    )


CLAIM = Claim(
    name="theorem3",
    where="Theorem 3 and Supplement D",
    statement=(
        "If q(z|x,u) contains the true posterior and L is maximised over theta and phi, then in the limit of infinite "
        "data the true parameters are learned up to ~."
    ),
    hypotheses=(
        printed("(i) the family q contains p(z|x,u)"),
        printed("(ii) L is maximised over theta and phi"),
        silent("the hypotheses of the sharp Theorem 1"),
        silent("compactness or the like, so that maximisers converge: for instance finitely many u"),
    ),
    uses=("theorem1.sharp", "eq25"),
    verdict="the population form is true; infinite data needs compactness or the like",
    gap=(
        "Maximum likelihood is not consistent without a condition: for continuous u with a free function lambda each "
        "observation brings a new parameter (Neyman and Scott). And Section 5's diagonal Gaussian q violates (i) for "
        "every non-linear f, and for linear f unless W^T W is diagonal."
    ),
    counterexample=(
        "n = 1, d = 2, f_a(z) = (z, a z), z | u ~ N(lambda(u), 1), noise N(0, s I): with lambda(u) maximised out at "
        "each "
        "observation the expected objective has slope -a0 / (a0^2 + s + 1) at the truth. With a diagonal q: the linear "
        "model below, where a model that is not equivalent has the larger bound."
    ),
    repair=(
        "Population form: if q contains the posterior at theta*, the maximisers of the expected bound have the true "
        "law "
        "of x given u, and Theorem 1 applies; with finitely many u and compact parameters they are learned."
    ),
    as_printed=Check(Method.SYMBOLIC, lambda: learns(True), Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, lambda: learns(False), Status.HOLDS),
    proof=(
        "`E log p_theta(x|u) - E L = E KL(q || p_theta(z|x,u)) >= 0` (Eq. 25), so `max_phi E L <= E log p_theta(x|u) "
        "<= "
        "E log p_theta*(x|u)` by Gibbs, with equality on the right exactly when the laws of x given u agree. At "
        "theta* the "
        "left side is attained by (i). A maximiser theta^ therefore has both equalities: the same law of x given u, "
        "and "
        "Theorem 1 gives `theta^ ~ theta*`."
    ),
)
