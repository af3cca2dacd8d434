"""Eq. (22): the equations (21) in matrix form."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory import AffineMap
from ivae_theory.exact.identity import is_zero
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.derivation import derive
from proofs_checks.steps.examples import random_pairs
from proofs_checks.steps.models import (
    Pair,
    Z,
    is_constant,
    latents,
    log_density,
    make_model,
    rational,
    rows_of,
    same_law,
    statistics,
)
from proofs_checks.steps.outcomes import proved_if
from proofs_checks.steps.parameters import Matrix, differences, transpose

MODELS = 6
#: T = z, Q = exp(-z^2 / 2), lambda = 0, 1, 3, and the map T = 2 T' + 3.
NATURAL, SLOPE, SHIFT = (0, 1, 3), 2, 3


def stacked(pair: Pair, L: Matrix, L_prime: Matrix) -> list[sympy.Expr]:
    """``L^T T~(z) - L'^T T~'(h(z))``: what (22) calls b."""
    own, other = sympy.Matrix(statistics(pair.theta)), sympy.Matrix(statistics(pair.other, pair.h))
    first, second = (sympy.Matrix([[rational(v) for v in row] for row in transpose(matrix)]) for matrix in (L, L_prime))
    return list(first * own - second * other)


def log_partition(pair: Pair, other: bool, row: int) -> sympy.Expr:
    """``log Z(u)`` of a Gaussian, up to one constant: the maximum of ``log Q + lambda T`` (the curvature is fixed)."""
    model = pair.other if other else pair.theta
    (symbol,) = latents(model)
    exponent = sympy.expand(log_density(model, row))
    (top,) = sympy.solve(sympy.diff(exponent, symbol), symbol)
    return exponent.subs(symbol, top)


def constant_as_printed(pair: Pair, row: int) -> sympy.Expr:
    """``b_l = log (Z'(u_0) Z(u_l)) / (Z(u_0) Z'(u_l))``."""
    return (
        log_partition(pair, True, 0)
        + log_partition(pair, False, row)
        - log_partition(pair, False, 0)
        - log_partition(pair, True, row)
    )


def gaussian() -> Outcome:
    """A Gaussian family, where Z(u) is known: both sides, with b as printed."""
    theta = make_model([[Z]], [[value] for value in NATURAL], sympy.exp(-(Z**2) / 2))
    pair = Pair(theta, AffineMap([[Fraction(SLOPE)]], [Fraction(SHIFT)]).apply(theta), latents(theta))
    held = []
    for row in range(1, len(NATURAL)):
        L, L_prime = (differences([rows_of(model)[0], rows_of(model)[row]]) for model in (pair.theta, pair.other))
        (left,) = stacked(pair, L, L_prime)
        held.append(is_zero(left - constant_as_printed(pair, row)))
    shown = constant_as_printed(pair, 1)
    detail = (
        f"T = z, Q = exp(-z^2/2), lambda = {', '.join(map(str, NATURAL))}, T = {SLOPE} T' + {SHIFT}: L^T T~ = L'^T T~' "
        f"+ b with b from Z and Z' as printed (b_1 = {shown})."
    )
    return proved_if(all(held) and same_law(pair), detail, b=str(shown))


def on_models() -> Outcome:
    """L^T T~ - L'^T T~' is constant on exact random models."""
    held = []
    for pair in random_pairs(MODELS):
        step = derive(pair)
        parts = stacked(pair, step.L, step.L_prime)
        held.append(step.same_law and all(is_constant(part, latents(pair.theta)) for part in parts))
    detail = f"L^T T~(z) - L'^T T~'(h(z)) is constant, an identity, on {sum(held)} of {len(held)} random pairs."
    return proved_if(all(held), detail, models=len(held))


CLAIM = Claim(
    name="eq22",
    where="Supplement B, Eq. (22)",
    statement="L^T T~(f^-1(x)) = L'^T T~'(f'^-1(x)) + b, b_l = sum_i log Z'_i(u_0) Z_i(u_l) / (Z_i(u_0) Z'_i(u_l)).",
    hypotheses=(printed("(21) for l = 1, .., nk"),),
    uses=("eq21",),
    verdict="true wherever (21) is",
    gap="",
    counterexample="",
    repair="L^T T~ - L'^T T~' o h is constant almost everywhere.",
    as_printed=Check(Method.SYMBOLIC, gaussian, Status.HOLDS),
    as_repaired=Check(Method.SYMBOLIC, on_models, Status.HOLDS),
)
