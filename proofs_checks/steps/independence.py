"""Darmois-Skitovich's consequence, by characteristic functions: are the components of ``y' = M y`` independent?

The components of ``y`` are independent, so ``log phi_y'(w) = sum_j log phi_j((M^T w)_j)``. For two components of
``y'`` independence says that the mixed difference ``psi(s, t) - psi(s, 0) - psi(0, t)`` vanishes near 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import sympy

from ivae_theory.enclosure.formula.symbolic import ball
from ivae_theory.enclosure.precision import precision

__all__ = ["LAWS", "S", "T", "mixed_difference", "shared_gaussian", "stays_independent"]

S, T = sympy.symbols("s t", real=True)
BITS = 128
#: Where dependence is looked for.
POINTS = ((1, 1), (1, 2), (sympy.Rational(1, 2), -1))

#: log |phi(w)| of the laws of T(z) given u that the claims use, each with variance 1.
LAWS: dict[str, Callable[[sympy.Expr], sympy.Expr]] = {
    "gaussian": lambda w: -(w**2) / 2,
    "logistic": lambda w: sympy.log(sympy.sqrt(3) * w / sympy.sinh(sympy.sqrt(3) * w)),
    "laplace": lambda w: -sympy.log(1 + w**2 / 2),
    "exponential": lambda w: -sympy.log(1 + w**2) / 2,
    "chi-squared": lambda w: -sympy.log(1 + 2 * w**2) / 4,
}


def mixed_difference(matrix: Sequence[Sequence[Fraction]], laws: Sequence[str]) -> sympy.Expr:
    """``psi(s, t) - psi(s, 0) - psi(0, t)`` for ``psi = log |phi_y'|``, ``y' = M y`` with two rows of M.

    Terms whose weights do not enter both components cancel, as ``log |phi_j(0)| = 0``; they are left out.
    """
    first, second = ([sympy.Rational(v.numerator, v.denominator) for v in row] for row in matrix)
    total = sympy.Integer(0)
    for a, b, name in zip(first, second, laws, strict=True):
        if a == 0 or b == 0:
            continue
        law = LAWS[name]
        total += law(a * S + b * T) - law(a * S) - law(b * T)
    return total


def stays_independent(matrix: Sequence[Sequence[Fraction]], laws: Sequence[str]) -> bool | None:
    """Whether the components of ``M y`` are independent: True by an identity, False by a ball away from zero."""
    difference = mixed_difference(matrix, laws)
    if sympy.expand(difference) == 0:
        return True
    with precision(BITS):
        for s, t in POINTS:
            if not ball(
                difference.xreplace({S: sympy.sympify(s, strict=True), T: sympy.sympify(t, strict=True)}), {}
            ).contains(0):
                return False
    return None


def shared_gaussian() -> sympy.Expr:
    """``log phi(bs + ct) - log phi(bs) - log phi(ct)`` of a Gaussian that enters two components with weights b, c.

    The mean cancels, and what is left is ``-sigma^2 b c s t``: independence near 0 forces ``sigma = 0`` or ``b c = 0``.
    """
    b, c, mean, sigma = sympy.symbols("b c mu sigma", real=True)

    def log_phi(w: sympy.Expr) -> sympy.Expr:
        return sympy.I * mean * w - sigma**2 * w**2 / 2

    return sympy.factor(sympy.expand(log_phi(b * S + c * T) - log_phi(b * S) - log_phi(c * T)))
