"""T = log |z| off 0, Q = exp(-(log |z|)^2 / 2) / |z|: a statistic that is not monotonic, with a Gaussian law.

``z = s e^y`` with a fair sign s and, given u, an independent ``y ~ N(lambda(u), 1)``. Rotating y and keeping the signs
is a smooth bijection of the plane without its axes, and the components stay independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from ivae_theory import ExponentialFamily
from proofs_checks.steps.models import Z, rational
from proofs_checks.steps.parameters import Matrix

__all__ = ["family", "rotated_difference"]


def family() -> ExponentialFamily:
    """The family on (-oo, 0) and (0, oo)."""
    line = sympy.Union(sympy.Interval.open(-sympy.oo, 0), sympy.Interval.open(0, sympy.oo))
    logarithm = sympy.log(sympy.Abs(Z))
    return ExponentialFamily([logarithm], line, sympy.exp(-(logarithm**2) / 2) / sympy.Abs(Z), Z)


def rotated_difference(R: Matrix, natural: Sequence[Fraction]) -> sympy.Expr:
    """``log p(z|u) - log p'(z'|u) - log |det dz'/dz|`` up to Z(u): ``log |z'| = R log |z|``, ``lambda' = R lambda``.

    On each quadrant ``z'_i = s_i exp((R y)_i)`` with ``y = log |z|``, so
    ``|det dz'/dz| = |det R| prod |z'_i| / prod |z_i|``.
    The result is a number, free of y, exactly when the rotated model has the same law of x.
    """
    y = sympy.Matrix(sympy.symbols("y1 y2", real=True))
    M = sympy.Matrix([[rational(value) for value in row] for row in R])
    lam = sympy.Matrix([rational(value) for value in natural])
    turned = M * y

    def log_density(at: sympy.Matrix, parameter: sympy.Matrix) -> sympy.Expr:
        """log Q(z) + lambda . T(z) in y: log Q = -y^2 / 2 - y."""
        return sum((-(v**2) / 2 - v + p * v for v, p in zip(at, parameter, strict=True)), sympy.Integer(0))

    jacobian = sum(turned) - sum(y)
    return sympy.expand(log_density(y, lam) - log_density(turned, M * lam) - jacobian)
