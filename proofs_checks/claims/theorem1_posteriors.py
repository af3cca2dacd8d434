"""Theorem 1, with noise: the posteriors up to the same indeterminacy."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.derivation import derive
from proofs_checks.steps.examples import VARIANCE, random_pairs, rotated_gaussian
from proofs_checks.steps.models import rows_of
from proofs_checks.steps.outcomes import proved_if
from proofs_checks.steps.posteriors import gaussian_posterior, moved_moments, same_posteriors

SEEDS, MODELS = range(4), 6
#: Observations at which the posteriors are compared.
X = ((Fraction(0), Fraction(0), Fraction(0)), (Fraction(1), Fraction(-2), Fraction(1, 3)))


def agree(seed: int, x: Sequence[Fraction]) -> bool:
    """Whether the law of ``T~(z)`` given x, u is that of ``A T~'(z') + c`` for the rotated Gaussian, at every u.

    Both are Gaussian; T = z and c = 0.
    """
    pair = rotated_gaussian(seed)
    step = derive(pair)
    same = True
    for row in range(len(rows_of(pair.theta))):
        own = gaussian_posterior(pair.theta, row, x, VARIANCE)
        same &= own == moved_moments(step.A, *gaussian_posterior(pair.other, row, x, VARIANCE))
    return same and step.complete


def linear() -> Outcome:
    """T = z, Gaussian prior and noise, n = 2 < d = 3: means and covariances, exactly."""
    cases = [agree(seed, x) for seed in SEEDS for x in X]
    detail = (
        f"Linear Gaussian models, n = 2, d = 3, and their rotations: E[T~(z)|x,u] and Cov[T~(z)|x,u] are those of "
        f"A T~'(z') + c, exactly, in {sum(cases)} of {len(cases)} cases (every u)."
    )
    return proved_if(all(cases), detail, cases=len(cases))


def identities() -> Outcome:
    """Polynomial statistics and any x: the joint densities agree as functions of (x, z), and T~ = A T~' o h + c."""
    pairs = random_pairs(MODELS)
    held = [same_posteriors(pair, VARIANCE) and derive(pair).complete for pair in pairs]
    detail = (
        f"log p(x,z|u) - log p'(x,h(z)|u) is constant in (x, z) and T~(z) = A T~'(h(z)) + c, as identities, for every "
        f"u of {sum(held)} of {len(held)} exact random models, n < d, Gaussian noise."
    )
    return proved_if(all(held), detail, models=len(held))


CLAIM = Claim(
    name="theorem1.posteriors",
    where="Section 4, after Theorem 1",
    statement="With noise, we obtain the posteriors of the latents up to an analogous indeterminacy.",
    hypotheses=(printed("the hypotheses of Theorem 1"),),
    uses=("theorem1.sharp",),
    verdict="true: the law of T~(z) given x, u is that of A T~'(z') + c",
    gap="",
    counterexample="",
    repair="For every u and almost every x, T~(z) given (x, u) has the law of A T~'(z') + c given (x, u).",
    as_printed=Check(Method.EXACT, linear, Status.HOLDS),
    as_repaired=Check(Method.SYMBOLIC, identities, Status.HOLDS),
    proof=(
        "Both models give `f(z)` the same law `mu_u` and add the same noise, so `(x, f(z))` has the same law in both. "
        "`T~(z)` and `A T~'(z') + c` are the same function of that point of X, almost everywhere, by Theorem 1."
    ),
)
