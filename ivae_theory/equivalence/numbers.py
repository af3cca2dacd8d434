"""High-precision numbers as candidates for exact ones; nothing here is trusted."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import mpmath
import sympy

from ivae_theory.certificates.transitions import Side, inside_support

__all__ = ["guess_exact", "relations", "sample_points", "table"]

DIGITS = 160
TINY = mpmath.mpf(10) ** -110


def sample_points(side: Side, count: int, seed: int) -> list[tuple[Fraction, ...]]:
    """Rational points inside the support, spread over the intervals of each latent."""
    rng = random.Random(seed)
    points: list[tuple[Fraction, ...]] = []
    for _ in range(50 * count):
        point = tuple(_inside(rng, parts[rng.randrange(len(parts))]) for parts in side.supports)
        if point not in points and inside_support(side, point):
            points.append(point)
        if len(points) == count:
            break
    return points


def _inside(rng: random.Random, part: sympy.Interval) -> Fraction:
    share = Fraction(rng.randrange(1, 257), 258)
    low, high = part.start, part.end
    if low == -sympy.oo and high == sympy.oo:
        return 4 * share - 2 + Fraction(rng.randrange(1, 100), 10_007)
    if high == sympy.oo:
        return _rational(low) + 3 * share
    if low == -sympy.oo:
        return _rational(high) - 3 * share
    return _rational(low) + share * (_rational(high) - _rational(low))


def _rational(end: sympy.Expr) -> Fraction:
    value = sympy.Rational(end) if end.is_Rational else sympy.Rational(str(sympy.N(end, 20)))
    return Fraction(int(value.p), int(value.q))


def table(functions: Sequence[sympy.Expr], side: Side, points: Sequence[Sequence[Fraction]]) -> mpmath.matrix | None:
    """Values ``[1, functions]`` at the points, or ``None`` when some value is not a real number."""
    evaluate = sympy.lambdify(side.symbols, list(functions), "mpmath")
    rows = []
    with mpmath.workdps(DIGITS):
        for point in points:
            try:
                values = evaluate(*(mpmath.mpf(v.numerator) / v.denominator for v in point))
                numbers = [mpmath.mpf(1), *(_real(value) for value in values)]
            except (ValueError, ZeroDivisionError, TypeError, NameError, OverflowError):
                return None
            rows.append(numbers)
    return mpmath.matrix(rows)


def _real(value: Any) -> mpmath.mpf:
    number = mpmath.mpmathify(value)
    if isinstance(number, mpmath.mpc):
        if abs(number.imag) > TINY:
            raise ValueError("a complex value")
        number = number.real
    if not mpmath.isfinite(number):
        raise ValueError("not finite")
    return number


def relations(matrix: mpmath.matrix) -> tuple[list[int], list[list[mpmath.mpf]]]:
    """Pivot columns of a numeric matrix, and for every other column its coefficients on the pivots."""
    with mpmath.workdps(DIGITS):
        work = matrix.copy()
        rows, columns = work.rows, work.cols
        pivots: list[int] = []
        for column in range(columns):
            top = len(pivots)
            if top == rows:
                break
            best = max(range(top, rows), key=lambda i: abs(work[i, column]))
            scale = max(abs(matrix[i, column]) for i in range(rows)) + 1
            if abs(work[best, column]) <= TINY * scale:
                continue
            for j in range(columns):
                work[top, j], work[best, j] = work[best, j], work[top, j]
            pivot = work[top, column]
            for j in range(columns):
                work[top, j] /= pivot
            for i in range(rows):
                factor = work[i, column]
                if i != top and factor != 0:
                    for j in range(columns):
                        work[i, j] -= factor * work[top, j]
            pivots.append(column)
        others = [j for j in range(columns) if j not in pivots]
        return pivots, [[work[k, j] for k in range(len(pivots))] for j in others]


def guess_exact(value: mpmath.mpf) -> sympy.Expr | None:
    """A rational or simple closed form that agrees to many digits, or ``None``."""
    with mpmath.workdps(DIGITS):
        if abs(value) < TINY:
            return sympy.Integer(0)
        fraction = _close_fraction(value)
        if fraction is not None:
            return fraction
        for constant, factor in _constants():
            fraction = _close_fraction(value / factor)
            if fraction is not None:
                return fraction * constant
        square = _close_fraction(value**2)
        if square is not None:
            return sympy.sign(sympy.Float(value)) * sympy.sqrt(square) if value > 0 else -sympy.sqrt(square)
        logarithm = _close_fraction(mpmath.exp(value)) if abs(value) < 50 else None
        if logarithm is not None:
            return sympy.log(logarithm)
        exponent = _close_fraction(mpmath.log(abs(value)))
        if exponent is not None:
            return sympy.exp(exponent) if value > 0 else -sympy.exp(exponent)
    return None


def _close_fraction(value: mpmath.mpf) -> sympy.Rational | None:
    """Continued fraction that ends early: denominators up to 10^45 match 110 digits only on purpose.

    Ratios of floats have denominators of about 10^32.
    """
    sign, mantissa, exponent, _ = mpmath.mpf(value)._mpf_
    exact = Fraction((-1) ** int(sign) * int(mantissa)) * Fraction(2) ** int(exponent)
    close = exact.limit_denominator(10**45)
    if abs(exact - close) > Fraction(1, 10**105) * (1 + abs(exact)):
        return None
    return sympy.Rational(close.numerator, close.denominator)


def _constants() -> list[tuple[sympy.Expr, mpmath.mpf]]:
    return [(sympy.pi, +mpmath.pi), (sympy.E, +mpmath.e), (sympy.log(2), mpmath.log(2))]
