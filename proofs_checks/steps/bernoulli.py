"""Appendix E: logistic noise, the sigmoid at a temperature, and what is left of them in the limit.

The pair of models, n = d = 1: ``p(z|u)`` proportional to ``exp(lambda z) (1 + e^z)^-2``, f(z) = z; against the same
family with ``lambda'`` and ``f'(z) = logit(sigmoid(z)^2)``. Under the first, the law of sigmoid(z) is
Beta(lambda, 2 - lambda).
"""

from __future__ import annotations

import sympy
from flint import acb, arb

from ivae_theory.enclosure.precision import precision

__all__ = [
    "A",
    "characteristic_gap",
    "inverse_residual",
    "moment",
    "pair_difference",
    "probability_residual",
    "substitution_residual",
]

#: lambda' of the rival, anywhere in (0, 2); lambda = a (a + 1) / 3 is then in (0, 2) as well.
A = sympy.Symbol("a", positive=True)
BITS = 128


def substitution_residual() -> sympy.Expr:
    """``e^(lambda z) (1 + e^z)^-2 dz`` less the kernel of Beta(lambda, 2 - lambda) at ``s = sigmoid(z)``: zero."""
    z, lam = sympy.symbols("z lambda", real=True)
    logarithm = lam * z - 2 * sympy.log(1 + sympy.exp(z))
    log_s, log_rest = z - sympy.log(1 + sympy.exp(z)), -sympy.log(1 + sympy.exp(z))
    beta = (lam - 1) * log_s + (1 - lam) * log_rest
    slope = log_s + log_rest  # ds/dz = s (1 - s)
    return sympy.expand(logarithm - beta - slope)


def moment(power: int, parameter: sympy.Expr) -> sympy.Expr:
    """``E sigmoid(z)^m`` for natural parameter lambda: B(lambda + m, 2 - lambda) / B(lambda, 2 - lambda), a polynomial.

    ``Gamma(lambda + m) / Gamma(lambda)`` is the rising factorial, and ``Gamma(2 + m) / Gamma(2) = (m + 1)!``.
    """
    return sympy.expand(sympy.prod(parameter + j for j in range(power)) / sympy.factorial(power + 1))


def pair_difference(power: int) -> sympy.Expr:
    """The difference of the two models in ``E sigmoid(m)^power``, a polynomial in lambda' = a.

    In the limit of temperature zero x shows power 1 alone: P(x = 1 | u) = E sigmoid(m).
    """
    return sympy.factor(moment(power, A * (A + 1) / 3) - moment(2 * power, A))


def inverse_residual(temperature: sympy.Expr) -> sympy.Expr:
    """``T logit(sigmoid(y / T)) - y``: zero for every temperature at which the left side is defined."""
    y = sympy.Symbol("y", real=True)
    decay = sympy.exp(-y / temperature)
    one = 1 / (1 + decay)
    odds = sympy.simplify(one / (1 - one))
    return sympy.simplify(temperature * sympy.expand_log(sympy.log(odds), force=True) - y)


def probability_residual(sign: int = 1) -> sympy.Expr:
    """``P(m + eps > 0) - sigmoid(sign m)`` for a logistic eps, whose distribution function is the sigmoid."""
    m = sympy.Symbol("m", real=True)

    def sigmoid(value: sympy.Expr) -> sympy.Expr:
        return 1 / (1 + sympy.exp(-value))

    return sympy.simplify(1 - sigmoid(-m) - sigmoid(sign * m))


def characteristic_gap(at: int) -> arb:
    """``Gamma(1 + it) Gamma(1 - it) - pi t / sinh(pi t)`` at t > 0, a ball.

    The left side is ``E exp(it eps) = B(1 + it, 1 - it)``, with s = sigmoid(eps) uniform on (0, 1).
    """
    with precision(BITS):
        t = arb(at)
        left = acb(1, t).gamma() * acb(1, -t).gamma()
        return (left - arb.pi() * t / (arb.pi() * t).sinh()).abs_upper() + arb(0)
