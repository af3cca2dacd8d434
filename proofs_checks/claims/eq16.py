"""Eq. (16): eliminating the coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ivae_theory.exact import determinant
from ivae_theory.exact.identity import is_zero
from ivae_theory.hypotheses.statistics import check_printed
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.derivatives import annihilator, derivative_rows, rational_rows
from proofs_checks.steps.models import Z, make_model, rational
from proofs_checks.steps.outcomes import proved_if, refuted_if

#: T' = (1, 2, 2z): no derivative is zero almost everywhere, and no three vectors are independent.
STATISTICS = (Z, 2 * Z, Z**2)
POINTS = (Fraction(1), Fraction(2))


def pivot(points: Sequence[Fraction] = POINTS) -> Fraction:
    """The determinant of the first k - 1 components at x_1, .., x_(k-1): the elimination divides by it."""
    ((_, formulas),) = derivative_rows(STATISTICS)
    return determinant([row[:-1] for row in rational_rows(formulas, list(points))])


def eliminated() -> Outcome:
    """Is the last derivative a combination of the others with coefficients that do not depend on x?"""
    allowed = check_printed(make_model([STATISTICS], [[0] * 3])).holds
    ((_, formulas),) = derivative_rows(STATISTICS)
    values = rational_rows(formulas, [Fraction(1), Fraction(2), Fraction(3)])
    # constant beta would make the last component of T' the same at points where the first ones are
    impossible = any(a[:-1] == b[:-1] and a[-1] != b[-1] for a in values for b in values)
    detail = (
        f"T = (z, 2z, z^2): no derivative is zero almost everywhere, the second pivot of the elimination is {pivot()}, "
        "and no constants have 2z = beta_1 + 2 beta_2."
    )
    return refuted_if(allowed and pivot() == 0 and impossible, detail)


def some_relation() -> Outcome:
    """A relation with constant weights among all k derivatives."""
    weights = annihilator(STATISTICS)
    ((_, formulas),) = derivative_rows(STATISTICS)
    kept = weights is not None and is_zero(sum(rational(w) * g for w, g in zip(weights, formulas, strict=True)))
    detail = f"The same T: w . T' = 0 for every x with w = ({', '.join(map(str, weights or []))})."
    return proved_if(kept and any(weights or []), detail)


CLAIM = Claim(
    name="eq16",
    where="Supplement B, Eq. (16)",
    statement=(
        "Solving the equations (15) one after the other, possible because derivatives are not zero, gives dT_k/dx = "
        "sum_(i<k) beta_i dT_i/dx, which is then integrated with constant beta_i."
    ),
    hypotheses=(printed("dT_i/dx is not zero almost everywhere"),),
    uses=("eq15",),
    verdict="false: the pivots are minors, not entries; some derivative is a combination, not the k-th",
    gap=(
        "Elimination divides by minors of the derivatives, which may vanish although no entry does; with coefficients "
        "that depend on x the equation says nothing."
    ),
    counterexample="T = (z, 2z, z^2).",
    repair="There is a constant w, not zero, with w . T' = 0 almost everywhere.",
    as_printed=Check(Method.EXACT, eliminated, Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, some_relation, Status.HOLDS),
    proof=(
        "Let `x_1, .., x_r`, r < k, have vectors that span all derivatives. Some `w != 0` is orthogonal to these r "
        "vectors, hence to every `T'(x)`; it does not depend on x."
    ),
)
