"""Eq. (24): Q = A Q' from k points."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory import Model
from ivae_theory.exact import determinant
from ivae_theory.hypotheses.statistics import check_minimal
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.derivation import derive
from proofs_checks.steps.derivatives import independent_points
from proofs_checks.steps.examples import non_minimal, random_pair
from proofs_checks.steps.models import Pair, latents, rational, statistics
from proofs_checks.steps.outcomes import proved_if, refuted_if
from proofs_checks.steps.parameters import Matrix, multiply

#: Shapes (n, k) of the random models.
SHAPES = ((1, 2), (2, 2), (1, 3))


def jacobians(pair: Pair, points: list[list[Fraction]]) -> tuple[Matrix, Matrix]:
    """Q and Q': the Jacobians of ``T~`` and of ``T~' o h`` at k vectors of latents, side by side."""
    symbols = latents(pair.theta)
    both = []
    for stacked in (statistics(pair.theta), statistics(pair.other, pair.h)):
        formula = sympy.Matrix(stacked).jacobian(symbols)
        blocks = [formula.subs(dict(zip(symbols, map(rational, point), strict=True))) for point in points]
        joined = sympy.Matrix.hstack(*blocks)
        both.append([[Fraction(int(v.p), int(v.q)) for v in joined.row(i)] for i in range(joined.rows)])
    return both[0], both[1]


def lemma_points(model: Model) -> list[list[Fraction]] | None:
    """k vectors of latents: the points of Lemma 1 of each latent, or ``None`` where a latent has none."""
    own = [independent_points(family.statistics) for family in model.prior.families]
    if any(points is None for points in own):
        return None
    return [list(row) for row in zip(*(points or [] for points in own), strict=True)]


def without_minimality() -> Outcome:
    """Q is singular at every choice of points for T = (z, 2z)."""
    pair = non_minimal()
    step = derive(pair)
    singular = []
    for first, second in ((0, 1), (-2, 3), (5, 7)):
        Q, other = jacobians(pair, [[Fraction(first)], [Fraction(second)]])
        singular.append(determinant(Q) == 0 and multiply(step.A, other) == Q)
    refuted = all(singular) and lemma_points(pair.theta) is None and step.same_law and step.determinant == 0
    detail = (
        f"T = (z, 2z), T' = (z, z^3), the same law of x: Q = A Q' at {len(singular)} pairs of points, det Q = 0 and "
        f"det A = {step.determinant}."
    )
    return refuted_if(refuted, detail)


def with_minimality() -> Outcome:
    """Q = A Q', with Q invertible, for minimal polynomial statistics."""
    held = []
    for place, (n, k) in enumerate(SHAPES):
        pair = random_pair(70 + place, n, k)
        points = lemma_points(pair.theta)
        if points is None or not check_minimal(pair.theta).holds:
            held.append(False)
            continue
        Q, other = jacobians(pair, points)
        step = derive(pair)
        product = determinant(Q) == step.determinant * determinant(other)
        held.append(determinant(Q) != 0 and multiply(step.A, other) == Q and product)
    detail = (
        f"Minimal polynomial statistics, (n, k) in {SHAPES}: Q = A Q' exactly, det Q = det A det Q' is not 0, in "
        f"{sum(held)} of {len(held)} random models."
    )
    return proved_if(all(held), detail, models=len(held))


CLAIM = Claim(
    name="eq24",
    where="Supplement B, Eq. (24)",
    statement="Differentiating (23) at the k points of Lemma 1 gives Q = A Q'; Q is invertible, so A and Q' are.",
    hypotheses=(
        printed("(ii): derivatives of the statistics are not zero almost surely"),
        silent("T is minimal and locally absolutely continuous, and T~' o f'^-1 o f is differentiable at the points"),
    ),
    uses=("lemma1", "eq23"),
    verdict="false as printed, since Lemma 1 is; true for minimal, locally absolutely continuous statistics",
    gap=(
        "Without Lemma 1 no choice of points need make Q invertible. Differentiability of T~' o f'^-1 o f is read off "
        "(23), which gives only that of A T~' o f'^-1 o f."
    ),
    counterexample="T = (z, 2z), T' = (z, z^3).",
    repair="For minimal, locally absolutely continuous T, Q is invertible and det Q = det A det Q'.",
    as_printed=Check(Method.EXACT, without_minimality, Status.FAILS),
    as_repaired=Check(Method.EXACT, with_minimality, Status.HOLDS),
)
