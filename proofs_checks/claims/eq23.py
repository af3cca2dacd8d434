"""Eq. (22) to (23): which matrix takes T~' to T~."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.parameters import Matrix, affine_matrix, invert, multiply, random_invertible, transpose

TRIALS, SIZES = 60, (2, 3, 5)

Formula = Callable[[Sequence[Sequence[Fraction]], Sequence[Sequence[Fraction]]], Matrix]


def as_printed(L: Sequence[Sequence[Fraction]], L_prime: Sequence[Sequence[Fraction]]) -> Matrix:
    """The printed ``A = L^-T L'``."""
    return multiply(transpose(invert(L)), L_prime)


def recovers_the_truth(formula: Formula) -> Outcome:
    """Draw ``L`` and the true ``A``, set ``L' = A^T L`` so that Eq. (22) holds, and ask the formula for ``A``."""
    wrong = 0
    for size in SIZES:
        for seed in range(TRIALS):
            truth, L = random_invertible(size, 2 * seed), random_invertible(size, 2 * seed + 1)
            L_prime = multiply(transpose(truth), L)
            wrong += formula(L, L_prime) != truth
    total = TRIALS * len(SIZES)
    status = Status.FAILS if wrong else Status.HOLDS
    detail = f"Of {total} exact random models with nk in {SIZES}, the formula gives another matrix in {wrong}."
    return Outcome(status, detail, {"models": total, "wrong": wrong})


CLAIM = Claim(
    name="eq23",
    where="Eq. (22) to (23)",
    statement="Multiplying L^T T~ = L'^T T~' + b by the transpose of the inverse of L^T gives A = L^-T L'.",
    hypotheses=(printed("L is invertible"), silent("both models have the same law of x at u_0, .., u_nk")),
    uses=("eq22",),
    verdict="misprint: A = L^-T L'^T",
    gap="The inverse of L^T is L^-T, and what it multiplies is L'^T, not L'.",
    counterexample="Almost any pair: with L' = A^T L drawn over the rationals, L^-T L' is another matrix than A.",
    repair="A = L^-T L'^T, and then L' = A^T L.",
    as_printed=Check(Method.EXACT, lambda: recovers_the_truth(as_printed), Status.FAILS),
    as_repaired=Check(Method.EXACT, lambda: recovers_the_truth(affine_matrix), Status.HOLDS),
    proof="`L^T T~ = L'^T T~' + b` multiplied by `L^-T` from the left is `T~ = L^-T L'^T T~' + L^-T b`.",
)
