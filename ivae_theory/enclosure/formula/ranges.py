"""Enclosures of the range of a sympy expression over an interval that may be unbounded.

Ends are exact fractions or infinite; transcendental values are rounded outwards. An end is *open* only where it
is proved not to be attained. What cannot be enclosed raises :class:`CannotEnclose`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, fmpz_poly

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.interval import BITS, INFINITY, WHOLE, End, Range, add, hull, outward, product
from ivae_theory.enclosure.formula.range_functions import (
    FUNCTIONS,
    absolute,
    exponential,
    increasing,
    largest,
    reciprocal,
    within_unit,
)
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import rationalised, to_arb, to_fraction

__all__ = [
    "BITS",
    "INFINITY",
    "Range",
    "bounds_of",
    "branches",
    "polynomial_coefficients",
    "range_of",
    "range_where_defined",
    "real_roots",
    "support_ranges",
    "within_unit",
]


def support_ranges(support: Iterable[Iterable[sympy.Expr]]) -> tuple[Range, ...]:
    """The parts ``(low, high, left_open, right_open)`` of a support; irrational ends are rounded outwards and open.

    A rounded end is declared open because it is no point of the support itself.
    """
    parts = []
    for low, high, left_open, right_open in support:
        below, left_exact = _end(low, upper=False)
        above, right_exact = _end(high, upper=True)
        parts.append(Range(below, above, bool(left_open) or not left_exact, bool(right_open) or not right_exact))
    return tuple(parts)


def _end(value: sympy.Expr, upper: bool) -> tuple[End, bool]:
    if value in (sympy.oo, -sympy.oo):
        return (INFINITY if value == sympy.oo else -INFINITY), True
    exact = rationalised(value)
    if isinstance(exact, sympy.Rational):
        return to_fraction(exact), True
    low, high = bounds_of(exact)
    return (high if upper else low), False


def bounds_of(constant: sympy.Expr, bits: int = BITS) -> tuple[Fraction, Fraction]:
    """Rational bounds of an expression without symbols."""
    from ivae_theory.enclosure.formula.symbolic import ball

    exact = rationalised(constant)
    if isinstance(exact, sympy.Rational):
        value = to_fraction(exact)
        return value, value
    with precision(bits):
        return outward(ball(exact, {}))


def range_of(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> Range:
    """A range that contains every value of the expression on ``where``.

    Raises
    ------
    CannotEnclose
        For functions without a rule, and where the expression may be undefined.
    """
    return _range(expression, symbol, where, range_of)


def range_where_defined(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> Range:
    """A range that contains every value that the expression takes on ``where``, where all its parts are real.

    What nothing is known about counts as any real number, so ``exp(1/z)`` is found positive.
    """
    try:
        return _range(expression, symbol, where, range_where_defined)
    except CannotEnclose:
        return WHOLE


#: How the parts of an expression are enclosed: :func:`range_of`, or where defined.
Inner = Callable[[sympy.Expr, sympy.Symbol, Range], Range]


def _range(expression: sympy.Expr, symbol: sympy.Symbol, where: Range, inner: Inner) -> Range:
    try:
        found: Range | None = _structural(expression, symbol, where, inner)
    except CannotEnclose:
        found = None
    coefficients = polynomial_coefficients(expression, symbol)
    if coefficients is not None:
        exact = _polynomial(coefficients, where)
        found = exact if found is None else found.meet(exact)
    if found is None:
        raise CannotEnclose(f"the range of {str(expression)[:80]}")
    return found


def polynomial_coefficients(expression: sympy.Expr, symbol: sympy.Symbol) -> list[Fraction] | None:
    """Rational coefficients, constant first, or ``None`` when the expression is no such polynomial."""
    if not expression.is_polynomial(symbol):
        return None
    try:
        coefficients = sympy.Poly(expression, symbol).all_coeffs()
    except sympy.PolynomialError:
        return None
    if not all(isinstance(value, sympy.Rational) for value in coefficients):
        return None
    return [to_fraction(value) for value in reversed(coefficients)]


def real_roots(coefficients: list[Fraction]) -> list[tuple[arb, int]]:
    """Isolating balls of the real roots with multiplicities; empty for constants."""
    if len([value for value in coefficients[1:] if value]) == 0:
        return []
    common = math.lcm(*(value.denominator for value in coefficients))
    roots = fmpz_poly([int(value * common) for value in coefficients]).complex_roots()
    return [(root.real, int(count)) for root, count in roots if root.imag == 0]


def _polynomial(coefficients: list[Fraction], where: Range) -> Range:
    """Range of a polynomial from its values at ends and critical points.

    An end of the result that only an open end of the interval gives is open: a point of the interior that took
    the extreme value would be critical.
    """
    if not any(coefficients[1:]):
        value = coefficients[0] if coefficients else Fraction(0)
        return Range(value, value)
    derivative = [value * power for power, value in enumerate(coefficients)][1:]
    lows: list[tuple[End, bool]] = []
    highs: list[tuple[End, bool]] = []
    for end, is_open in ((where.low, where.low_open), (where.high, where.high_open)):
        value_there = _at(coefficients, end)
        lows.append((value_there, is_open))
        highs.append((value_there, not is_open))
    with precision(BITS):
        for root, _ in real_roots(derivative):
            left, right = outward(root)
            if right < where.low or left > where.high:
                continue
            below, above = outward(_horner(coefficients, root))
            lows.append((below, False))
            highs.append((above, True))
    low, high = min(lows), max(highs)
    return Range(low[0], high[0], low[1], not high[1])


def _at(coefficients: list[Fraction], point: End) -> End:
    """Value of a polynomial at a finite point, or its limit at an infinite one."""
    if isinstance(point, Fraction):
        total = Fraction(0)
        for value in reversed(coefficients):
            total = total * point + value
        return total
    degree = max((power for power, value in enumerate(coefficients) if value), default=0)
    if degree == 0:
        return coefficients[0] if coefficients else Fraction(0)
    sign = 1 if coefficients[degree] > 0 else -1
    if point < 0 and degree % 2:
        sign = -sign
    return sign * INFINITY


def _horner(coefficients: list[Fraction], point: arb) -> arb:
    total = arb(0)
    for value in reversed(coefficients):
        total = total * point + to_arb(value)
    return total


def _structural(expression: sympy.Expr, symbol: sympy.Symbol, where: Range, inner: Inner) -> Range:
    if expression == symbol:
        return where
    if not expression.has(symbol):
        low, high = bounds_of(expression)
        return Range(low, high)
    if isinstance(expression, sympy.Add):
        return _sum(expression, symbol, where, inner)
    if isinstance(expression, sympy.Mul):
        result = Range(Fraction(1), Fraction(1))
        for factor in expression.args:
            result = product(result, inner(factor, symbol, where))
        return result
    if isinstance(expression, (sympy.Pow, sympy.exp)):
        base, exponent = expression.as_base_exp()
        if not exponent.has(symbol):
            return _power(inner(base, symbol, where), exponent)
        power = inner(exponent, symbol, where)
        if base == sympy.E:
            return exponential(power)
        return exponential(product(power, FUNCTIONS[sympy.log](inner(base, symbol, where))))
    if isinstance(expression, sympy.Max):
        return largest([inner(argument, symbol, where) for argument in expression.args])
    if isinstance(expression, sympy.Min):
        return largest([inner(argument, symbol, where).negated() for argument in expression.args]).negated()
    if isinstance(expression, sympy.Piecewise):
        return hull(inner(branch, symbol, part) for branch, part in branches(expression, symbol, where))
    rule = FUNCTIONS.get(expression.func)
    if rule is None or len(expression.args) != 1:
        raise CannotEnclose(f"the range of {expression.func.__name__}")
    return rule(inner(expression.args[0], symbol, where))


def branches(expression: sympy.Piecewise, symbol: sympy.Symbol, where: Range) -> list[tuple[sympy.Expr, Range]]:
    """The branches that may apply somewhere on ``where``, each with an interval that contains that place."""
    remaining: Range | None = where
    found = []
    for branch, condition in expression.args:
        if remaining is None or condition == sympy.false:
            continue
        part, remaining = _split(condition, symbol, remaining)
        if part is not None:
            found.append((branch, part))
    if not found:
        raise CannotEnclose("a piecewise expression without an applicable branch")
    return found


def _split(condition: Any, symbol: sympy.Symbol, where: Range) -> tuple[Range | None, Range | None]:
    """Where the condition may hold and where it may not hold (``None``: nowhere)."""
    if condition == sympy.true:
        return where, None
    if (
        isinstance(condition, (sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge))
        and condition.lhs == symbol
        and isinstance(rationalised(condition.rhs), sympy.Rational)
    ):
        cut = to_fraction(rationalised(condition.rhs))
        below = _nonempty(where, Range(-INFINITY, cut, True, isinstance(condition, (sympy.Lt, sympy.Ge))))
        above = _nonempty(where, Range(cut, INFINITY, isinstance(condition, (sympy.Le, sympy.Gt)), True))
        return (below, above) if isinstance(condition, (sympy.Lt, sympy.Le)) else (above, below)
    return where, where


def _nonempty(a: Range, b: Range) -> Range | None:
    met = a.meet(b)
    empty = met.low > met.high or (met.low == met.high and (met.low_open or met.high_open))
    return None if empty else met


def _sum(expression: sympy.Expr, symbol: sympy.Symbol, where: Range, inner: Inner) -> Range:
    """Terms that are one polynomial together are enclosed together: their cancellation is what matters."""
    polynomial = sympy.Add(*(term for term in expression.args if polynomial_coefficients(term, symbol) is not None))
    others = [term for term in expression.args if polynomial_coefficients(term, symbol) is None]
    if not others:
        raise CannotEnclose("a polynomial: its own rule is sharper")
    result = inner(polynomial, symbol, where)
    for term in others:
        result = add(result, inner(term, symbol, where))
    return result


def _power(base: Range, exponent: sympy.Expr) -> Range:
    exact = rationalised(exponent)
    if not isinstance(exact, sympy.Rational):
        if not base.positive:
            raise CannotEnclose(f"the power {exponent} of a number that may not be positive")
        return exponential(product(Range(*bounds_of(exact)), FUNCTIONS[sympy.log](base)))
    if exact < 0:
        return reciprocal(_power(base, -exact))
    if exact.is_Integer:
        return _integer_power(base, int(exact))
    if base.low < 0:
        raise CannotEnclose("a fractional power of a number that may be negative")
    return increasing(lambda x: x ** (to_arb(exact)), base, zero=Fraction(0))


def _integer_power(base: Range, exponent: int) -> Range:
    if exponent == 0:
        return Range(Fraction(1), Fraction(1))
    if exponent % 2 == 1:
        return Range(base.low**exponent, base.high**exponent, base.low_open, base.high_open)
    size = absolute(base)
    return Range(size.low**exponent, size.high**exponent, size.low_open, size.high_open)
