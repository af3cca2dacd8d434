"""Theorem 1, "moreover": does lambda' satisfy (iii)?"""

from __future__ import annotations

from ivae_theory.exact import determinant
from ivae_theory.hypotheses.variability import check_variability
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.derivation import derive, printed_hypotheses
from proofs_checks.steps.examples import non_minimal, random_pairs
from proofs_checks.steps.outcomes import proved_if, refuted_if
from proofs_checks.steps.parameters import multiply, transpose

ROWS = ((0, 0), (1, 2), (3, -1))
MODELS = 6


def without_minimality() -> Outcome:
    """lambda' of the pair T = (z, 2z), T' = (z, z^3)."""
    pair = non_minimal(ROWS)
    if not all(status is Status.HOLDS for status in printed_hypotheses(pair.theta).values()):
        return refuted_if(False, "The pair does not satisfy (i), (ii) and (iii).")
    step, verdict = derive(pair), check_variability(pair.other)
    size = determinant(step.L_prime)
    detail = (
        f"T = (z, 2z), T' = (z, z^3): the same law of x, det L' = {size}; (iii) for lambda': {verdict.status.word}."
    )
    return refuted_if(step.same_law and verdict.fails and size == 0, detail)


def with_minimality() -> Outcome:
    """L' = A^T L with an invertible A."""
    held = 0
    pairs = random_pairs(MODELS)
    for pair in pairs:
        step = derive(pair)
        relation = multiply(transpose(step.A), step.L) == step.L_prime
        held += step.complete and relation and check_variability(pair.other).holds
    detail = (
        f"Exact random models with minimal statistics: in {held} of {len(pairs)}, L' = A^T L is invertible and the "
        "library's (iii) holds for lambda'."
    )
    return proved_if(held == len(pairs), detail, models=len(pairs))


CLAIM = Claim(
    name="theorem1.moreover.iii",
    where='Theorem 1, "moreover"',
    statement="If (f', T', lambda') has the same law of x, lambda' satisfies (iii).",
    hypotheses=(printed("(i), (ii), (iii) for (f, T, lambda)"), silent("(M)")),
    uses=("theorem1.sharp",),
    verdict="true given (M)",
    gap="It rests on the invertibility of A, which needs (M).",
    counterexample="T = (z, 2z), T' = (z, z^3), lambda' = (lambda_1 + 2 lambda_2, 0): L' has a row of zeros.",
    repair="Given (M), L' = A^T L is invertible.",
    as_printed=Check(Method.EXACT, without_minimality, Status.FAILS),
    as_repaired=Check(Method.EXACT, with_minimality, Status.HOLDS),
    proof="`A = L^-T L'^T` means `L' = A^T L`: a product of invertible matrices.",
)
