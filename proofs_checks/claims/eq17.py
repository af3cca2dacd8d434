"""Eq. (17): integrating the relation between derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from ivae_theory.enclosure.formula.functionals import is_relation
from ivae_theory.enclosure.precision import precision
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.derivatives import annihilator, is_locally_lipschitz
from proofs_checks.steps.models import Z, rational
from proofs_checks.steps.outcomes import proved_if, refuted_if

LOST, JUMPS = (Z, 2 * Z), (Z, Z + sympy.floor(Z))
CONTINUOUS = (
    (Z, 2 * Z),
    (Z, 2 * Z, Z**2),
    (sympy.Max(Z, 0), sympy.Max(-Z, 0), Z),
    (Z, Z + 3 * sympy.Abs(Z), sympy.Abs(Z)),
)


def constant(statistics: Sequence[sympy.Expr], weights: Sequence[Fraction | int]) -> sympy.Expr | None:
    """The constant that ``w . T`` is proved to be almost everywhere, by the library; ``None`` without a proof."""
    with precision(128):
        return is_relation(list(statistics), Z, sympy.Reals, [rational(weight) for weight in weights])


def values_differ(statistics: Sequence[sympy.Expr], weights: Sequence[Fraction | int]) -> bool:
    """Whether ``w . T`` takes two values on open intervals: around 1/2 and around 3/2, where it is continuous."""
    total = sum(rational(w) * t for w, t in zip(weights, statistics, strict=True))
    first, second = (total.subs(Z, sympy.Rational(p, 2)) for p in (1, 3))
    return bool(first != second)


def without_coefficients() -> Outcome:
    """T_k = sum_i T_i + b, as printed: the weights are all 1, and derivatives alone are enough."""
    lost = annihilator(LOST) is not None and constant(LOST, (1, -1)) is None and values_differ(LOST, (1, -1))
    weights = annihilator(JUMPS) or [Fraction(0)]
    jumps = len(weights) == 2 and constant(JUMPS, weights) is None and values_differ(JUMPS, weights)
    detail = (
        "T = (z, 2z): 2z - z is not constant, the coefficient 2 is lost; T = (z, z + floor z): the derivatives are "
        "equal almost everywhere, and floor z is not constant."
    )
    return refuted_if(lost and jumps, detail)


def with_coefficients() -> Outcome:
    """w . T is constant for locally absolutely continuous T, with the weights of the derivatives."""
    found = []
    for statistics in CONTINUOUS:
        weights = annihilator(statistics)
        smooth = all(is_locally_lipschitz(statistic) for statistic in statistics)
        found.append(smooth and weights is not None and constant(statistics, weights) is not None)
    detail = f"w . T' = 0 gives w . T = constant, an identity of functions, in {sum(found)} of {len(found)} examples."
    return proved_if(all(found), detail, examples=len(found))


CLAIM = Claim(
    name="eq17",
    where="Supplement B, Eq. (17)",
    statement="Integrating (16) gives T_k(x) = sum_(i<k) T_i(x) + b.",
    hypotheses=(printed("(16) holds almost everywhere"), silent("T is locally absolutely continuous")),
    uses=("eq16",),
    verdict="misprint, and the step fails: coefficients are lost and depend on x",
    gap=(
        "The coefficients beta_i are missing; they were not shown to be constants; and a function with derivative zero "
        "almost everywhere need not be constant."
    ),
    counterexample="T = (z, 2z); T = (z, z + floor z).",
    repair="If T is locally absolutely continuous and w . T' = 0 almost everywhere, then w . T is constant.",
    as_printed=Check(Method.EXACT, without_coefficients, Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, with_coefficients, Status.HOLDS),
)
