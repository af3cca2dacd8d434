"""Eq. (4): what identifiability of a latent-variable model should say."""

from __future__ import annotations

import sympy

from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed

A, B, X, Z = sympy.symbols("a b x z", real=True)


def _normal(value: sympy.Expr, variance: int) -> sympy.Expr:
    return sympy.exp(-(value**2) / (2 * variance)) / sympy.sqrt(2 * sympy.pi * variance)


def joint(a: sympy.Expr) -> sympy.Expr:
    """p_a(x, z) of z ~ N(a, 1), x = z + N(0, 1)."""
    return _normal(Z - a, 1) * _normal(X - Z, 1)


def marginal(a: sympy.Expr) -> sympy.Expr:
    """p_a(x): the normal law N(a, 2)."""
    return _normal(X - a, 2)


def for_each_x() -> Outcome:
    """The implication read for each x on its own, as printed: one x where the marginals meet refutes it."""
    at = {X: sympy.Rational(1, 2), Z: 0}
    same = sympy.simplify(sympy.log(marginal(sympy.Integer(0)) / marginal(sympy.Integer(1))).subs(at)) == 0
    ratio = sympy.simplify((joint(sympy.Integer(0)) / joint(sympy.Integer(1))).subs(at))
    refuted = same and ratio == sympy.exp(sympy.Rational(1, 2))
    detail = f"N(0, 1) against N(1, 1): p_0(1/2) = p_1(1/2), and p_0(1/2, 0) / p_1(1/2, 0) = {ratio}."
    return Outcome(Status.FAILS if refuted else Status.HOLDS, detail, {"ratio": str(ratio)})


def for_all_x() -> Outcome:
    """The same family under the closed quantifier: equal marginals at every x force a = b."""
    difference = sympy.expand(sympy.expand_log(sympy.log(marginal(A) / marginal(B)), force=True))
    coefficients = sympy.Poly(difference, X).all_coeffs()
    solutions = sympy.solve(coefficients, A, dict=True)
    detail = f"log p_a - log p_b = {difference} vanishes at every x only for a = b."
    return Outcome(Status.HOLDS if solutions == [{A: B}] else Status.FAILS, detail, {"solutions": str(solutions)})


CLAIM = Claim(
    name="eq4",
    where="Eq. (4)",
    statement="Identifiable means: for all theta, theta', x, z, p_theta(x) = p_theta'(x) implies equal joints.",
    hypotheses=(printed("the quantifier over x stands before the implication"),),
    uses=(),
    verdict="too strong as written: the quantifier over x must close before the implication",
    gap="Two marginal densities that differ can still meet at one x; the implication then asks for equal joints there.",
    counterexample="z ~ N(a, 1), x = z + N(0, 1): identifiable, and the densities for a = 0 and a = 1 meet at x = 1/2.",
    repair="If p_theta(x) = p_theta'(x) for all x, then p_theta(x, z) = p_theta'(x, z) for all x and z.",
    as_printed=Check(Method.SYMBOLIC, for_each_x, Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, for_all_x, Status.HOLDS),
)
