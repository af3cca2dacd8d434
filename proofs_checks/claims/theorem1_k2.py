"""Theorem 1 for k >= 2."""

from __future__ import annotations

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.derivation import dependence_from, derive, printed_hypotheses, related, sharp_hypotheses
from proofs_checks.steps.examples import non_minimal, random_pairs
from proofs_checks.steps.outcomes import proved_if, refuted_if

#: lambda(u_0), lambda(u_1), lambda(u_2).
ROWS = ((0, 0), (1, 2), (3, -1))
#: Random pairs, of which those with k > 1 are used.
MODELS = 6


def without_minimality() -> Outcome:
    """(i), (ii), (iii) and the pair T = (z, 2z), T' = (z, z^3)."""
    pair = non_minimal(ROWS)
    hypotheses = printed_hypotheses(pair.theta)
    if not all(status is Status.HOLDS for status in hypotheses.values()):
        return refuted_if(False, "The pair does not satisfy (i), (ii) and (iii).")
    step, verdict = derive(pair), related(pair)
    # T' is minimal, so the A of an identity T = A T' + c is the only one
    unique = step.identity and step.minimal_other is Status.HOLDS
    refuted = (
        step.same_law
        and unique
        and step.determinant == 0
        and dependence_from(pair, step.A) is not None
        and verdict.fails
    )
    A = [[str(value) for value in row] for row in step.A]
    detail = (
        f"(i), (ii), (iii) hold, the densities are equal for every u, (M) {step.minimal.word}; the only A is "
        f"[{', '.join('[' + ', '.join(row) + ']' for row in A)}], with determinant {step.determinant}."
    )
    return refuted_if(refuted, detail, A=A)


def with_minimality() -> Outcome:
    """The same with (M) in the place of (ii)."""
    pairs = [pair for pair in random_pairs(MODELS) if pair.theta.prior.ks[0] > 1]
    sharp = [set(sharp_hypotheses(pair.theta).values()) == {Status.HOLDS} for pair in pairs]
    steps = [derive(pair).complete for pair in pairs]
    affine = [related(pair).holds for pair in pairs]
    held = sum(a and b and c for a, b, c in zip(sharp, steps, affine, strict=True))
    detail = (
        f"Exact random models with minimal statistics, k = 2 and 3: in {held} of {len(pairs)} all hypotheses "
        "hold, A = L^-T L'^T is invertible and T~ = A T~' + c is an identity."
    )
    return proved_if(held == len(pairs), detail, models=len(pairs))


CLAIM = Claim(
    name="theorem1.k2",
    where="Theorem 1, k >= 2",
    statement="Under (i), (ii), (iii), (f, T, lambda) is ~-identifiable.",
    hypotheses=(
        printed("(i), (ii), (iii) as for k = 1"),
        silent("(M): 1, T_i1, .., T_ik are linearly independent modulo null sets, for each i"),
        silent("Q_i > 0 almost everywhere, one known law of the noise, (i) read on R^d"),
    ),
    uses=("theorem1.sharp", "lemma1", "eq24"),
    verdict="false without (M)",
    gap="(ii) does not make the statistics minimal, and Lemma 1, which should make A invertible, is false.",
    counterexample=(
        "n = 1, Q = exp(-z^4), T = (z, 2z), T' = (z, z^3), lambda' = (lambda_1 + 2 lambda_2, 0), f = f' = z: the only "
        "A is [[1, 0], [2, 0]]."
    ),
    repair="With (M) in the place of (ii), A = L^-T L'^T is invertible.",
    as_printed=Check(Method.EXACT, without_minimality, Status.FAILS),
    as_repaired=Check(Method.EXACT, with_minimality, Status.HOLDS),
    proof="See theorem1.sharp.",
)
