"""Eq. (15): a derivative vector as a combination of k - 1 others."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory.exact import rank
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.derivatives import annihilator, derivative_rows, rational_rows, solves
from proofs_checks.steps.models import Z
from proofs_checks.steps.outcomes import proved_if, refuted_if

STATISTICS = (Z, 2 * Z, sympy.Abs(Z))
#: Two of the k - 1 = 2 points, and the x of Eq. (15).
CHOICE, AT = (Fraction(1), Fraction(2)), Fraction(-1)
GOOD_CHOICE = (Fraction(1), Fraction(-2))


def vector(point: Fraction) -> list[Fraction]:
    """T'(x) at a point that is no cut."""
    for points, formulas in derivative_rows(STATISTICS):
        if any((point > 0) == (known > 0) for known in points):
            (row,) = rational_rows(formulas, [point])
            return row
    raise ValueError(f"no formula at {point}")


def any_choice() -> Outcome:
    """Under the proof's supposition, that no k vectors are independent, for an arbitrary choice of points."""
    supposition = annihilator(STATISTICS) is not None
    solved = solves([vector(point) for point in CHOICE], vector(AT))
    detail = (
        f"T = (z, 2z, |z|): T' always lies in a plane; T'(1) = T'(2) = {_show(CHOICE[0])}, and T'(-1) = {_show(AT)} is "
        f"{'a' if solved else 'no'} multiple of it."
    )
    return refuted_if(supposition and not solved, detail)


def a_choice_of_full_rank() -> Outcome:
    """Points that span what the derivatives span."""
    points = [Fraction(value, 2) for value in (-7, -3, -1, 1, 5)]
    vectors = [vector(point) for point in GOOD_CHOICE]
    span = rank([vector(point) for point in points])
    solved = all(solves(vectors, vector(point)) for point in points)
    detail = f"The same T with the points 1 and -2, whose vectors have rank {span}: T'(x) is a combination at every x."
    return proved_if(solved and rank(vectors) == span, detail)


def _show(point: Fraction) -> str:
    return f"({', '.join(map(str, vector(point)))})"


CLAIM = Claim(
    name="eq15",
    where="Supplement B, Eq. (15)",
    statement=(
        "If no k vectors dT/dx are independent, then for arbitrary distinct x_1, .., x_(k-1) and every x there are "
        "alpha_i with dT/dx(x) = sum_i alpha_i dT/dx(x_i)."
    ),
    hypotheses=(printed("x_1, .., x_(k-1) are arbitrary distinct points"),),
    uses=(),
    verdict="only for points whose vectors span all derivatives; alpha depends on x",
    gap="The vectors at the chosen points may be dependent themselves; then they need not reach T'(x).",
    counterexample="T = (z, 2z, |z|), the points 1 and 2, x = -1.",
    repair="Choose points whose vectors have the largest rank; then alpha_i(x) exist for every x.",
    as_printed=Check(Method.EXACT, any_choice, Status.FAILS),
    as_repaired=Check(Method.EXACT, a_choice_of_full_rank, Status.HOLDS),
)
