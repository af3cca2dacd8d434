"""The shape of a sympy expression on an interval: analytic, monotone, of one sign.

Every answer other than "unknown" is a proof from structure, exact polynomial roots and rigorous ranges; nothing
here relies on sympy's limits, solvers or assumptions.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import (
    BITS,
    INFINITY,
    Range,
    branches,
    polynomial_coefficients,
    range_of,
    real_roots,
    within_unit,
)
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import rationalised, to_arb

__all__ = [
    "FROM_UNIT",
    "STRICT",
    "inside_unit",
    "is_analytic",
    "midpoint",
    "near_end",
    "nonzero_somewhere",
    "sign_on",
    "trend",
    "value_at",
]

#: What :func:`trend` answers: strictly increasing 2, non-decreasing 1, constant 0, and the negatives.
STRICT, WEAK = 2, 1

_ENTIRE = (sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.tanh, sympy.atan, sympy.asinh, sympy.erf,
           sympy.erfc)  # fmt: skip
_INCREASING = (sympy.exp, sympy.sinh, sympy.tanh, sympy.atan, sympy.asinh, sympy.erf, sympy.log)
FROM_UNIT = (sympy.atanh, sympy.erfinv)
_STEPS = (sympy.floor, sympy.ceiling, sympy.sign, sympy.Heaviside)


def midpoint(where: Range) -> Fraction:
    """A rational number inside the interval."""
    if where.low == -INFINITY and where.high == INFINITY:
        return Fraction(0)
    if where.low == -INFINITY:
        return Fraction(where.high) - 1
    if where.high == INFINITY:
        return Fraction(where.low) + 1
    return (Fraction(where.low) + Fraction(where.high)) / 2


def near_end(where: Range, side: int) -> Range:
    """A neighbourhood of the right (``side = 1``) or left (``-1``) end of the interval, inside it."""
    if side < 0:
        mirrored = near_end(where.negated(), 1)
        return mirrored.negated()
    if where.high == INFINITY:
        start = Fraction(1) if where.low < 1 else Fraction(where.low) + 1
        return Range(start, INFINITY)
    return Range(midpoint(where), where.high, False, where.high_open)


def is_analytic(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> bool:
    """Whether the expression is proved real-analytic on a neighbourhood of every point of the interval."""
    if expression == symbol or not expression.has(symbol):
        return True
    if isinstance(expression, (sympy.Add, sympy.Mul, *_ENTIRE)):
        return all(is_analytic(argument, symbol, where) for argument in expression.args)
    if isinstance(expression, sympy.Pow):
        base, exponent = expression.args
        if base.has(symbol) and isinstance(exponent, sympy.Integer) and exponent >= 0:
            return is_analytic(base, symbol, where)
        if not all(is_analytic(argument, symbol, where) for argument in expression.args):
            return False
        sign = sign_on(base, symbol, where)
        return sign > 0 or (sign < 0 and isinstance(exponent, sympy.Integer))
    if isinstance(expression, FROM_UNIT):
        return inside_unit(expression.args[0], symbol, where) and is_analytic(expression.args[0], symbol, where)
    if isinstance(expression, (sympy.log, sympy.Abs, sympy.sign)):
        sign = sign_on(expression.args[0], symbol, where)
        needed = sign > 0 if isinstance(expression, sympy.log) else sign != 0
        return needed and is_analytic(expression.args[0], symbol, where)
    return False


def sign_on(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> int:
    """1 or -1 where the expression is proved of that sign on the interval, else 0."""
    try:
        found = range_of(expression, symbol, where)
    except CannotEnclose:
        return 0
    return 1 if found.positive else -1 if found.negative else 0


def inside_unit(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> bool:
    try:
        return within_unit(range_of(expression, symbol, where))
    except CannotEnclose:
        return False


def trend(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> int | None:
    """2 strictly increasing, 1 non-decreasing, 0 constant, -1, -2 accordingly; ``None`` when unknown."""
    if not expression.has(symbol):
        return 0
    if expression == symbol:
        return STRICT
    found = _structural(expression, symbol, where)
    return found if found in (STRICT, -STRICT) else _stronger(found, _by_derivative(expression, symbol, where))


def _stronger(a: int | None, b: int | None) -> int | None:
    if a is None or b is None:
        return b if a is None else a
    return a if abs(a) >= abs(b) else b


def _joined(parts: list[int | None]) -> int | None:
    """Trend of a sum, a maximum or a product of non-negative factors that all go the same way."""
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part]
    if not known:
        return 0
    if all(part > 0 for part in known):
        return max(known)
    return min(known) if all(part < 0 for part in known) else None


def _structural(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> int | None:
    if isinstance(expression, sympy.Add):
        return _joined([trend(term, symbol, where) for term in expression.args])
    if isinstance(expression, (sympy.Max, sympy.Min)):
        parts = [trend(argument, symbol, where) for argument in expression.args]
        joined = _joined(parts)
        strict = all(part is not None and abs(part) == STRICT for part in parts)
        return joined if joined is None or strict else max(-WEAK, min(WEAK, joined))
    if isinstance(expression, sympy.Mul):
        return _product(expression, symbol, where)
    if isinstance(expression, sympy.Pow):
        return _power(expression, symbol, where)
    if isinstance(expression, sympy.Piecewise):
        return _piecewise(expression, symbol, where)
    if len(expression.args) != 1:
        return None
    argument = expression.args[0]
    inner = trend(argument, symbol, where)
    if inner is None:
        return None
    if isinstance(expression, sympy.log) and sign_on(argument, symbol, where) <= 0:
        return None
    if isinstance(expression, FROM_UNIT) and not inside_unit(argument, symbol, where):
        return None
    if isinstance(expression, (*_INCREASING, *FROM_UNIT)):
        return inner
    if isinstance(expression, _STEPS):
        return max(-WEAK, min(WEAK, inner))
    if isinstance(expression, sympy.erfc):
        return -inner
    if isinstance(expression, (sympy.Abs, sympy.cosh)):
        return _even(inner, argument, symbol, where)
    return None


def _piecewise(expression: sympy.Piecewise, symbol: sympy.Symbol, where: Range) -> int | None:
    """Branches on adjacent intervals that all go one way, and steps between them that go the same way."""
    try:
        parts = sorted(branches(expression, symbol, where), key=lambda item: (item[1].low, item[1].high))
    except CannotEnclose:
        return None
    ways: list[int | None] = []
    for branch, part in parts:
        closed = Range(part.low, part.high)
        ways.append(0 if part.low == part.high else trend(branch, symbol, closed))
    joined = _joined(ways)
    if not joined:
        return None if joined is None or len(parts) > 1 else 0
    for (left, a), (right, b) in itertools.pairwise(parts):
        if a.high != b.low or a.high_open == b.low_open or not isinstance(a.high, Fraction):
            return None
        step = _step(left, right, symbol, a.high)
        if step is None or step * joined < 0:
            return None
    strict = all(way in (STRICT, -STRICT) for way, (_, p) in zip(ways, parts, strict=True) if p.low < p.high)
    return joined if strict else max(-WEAK, min(WEAK, joined))


def _step(left: sympy.Expr, right: sympy.Expr, symbol: sympy.Symbol, at: Fraction) -> int | None:
    """Sign of ``right - left`` at a point; 0 only for rational values that are equal."""
    from ivae_theory.enclosure.formula.symbolic import ball

    point = sympy.Rational(at.numerator, at.denominator)
    difference = right.subs(symbol, point) - left.subs(symbol, point)
    if isinstance(difference, sympy.Rational):
        return int(sympy.sign(difference))
    try:
        with precision(BITS):
            value = ball(difference, {})
            return 1 if value > 0 else -1 if value < 0 else None
    except CannotEnclose:
        return None


def _even(inner: int, argument: sympy.Expr, symbol: sympy.Symbol, where: Range) -> int | None:
    """Trend of an even function that increases strictly on the non-negative half-line."""
    try:
        found = range_of(argument, symbol, where)
    except CannotEnclose:
        return None
    return inner if found.low >= 0 else -inner if found.high <= 0 else None


def _product(expression: sympy.Mul, symbol: sympy.Symbol, where: Range) -> int | None:
    """Factors of one sign each: their absolute values must go the same way."""
    flips, all_positive = 1, True
    parts: list[int | None] = []
    varying = sum(1 for factor in expression.args if factor.has(symbol))
    for factor in expression.args:
        direction = trend(factor, symbol, where)
        if direction is None:
            return None
        try:
            found = range_of(factor, symbol, where)
        except CannotEnclose:
            return None
        if not factor.has(symbol) and not (found.positive or found.negative):
            return None  # a constant that may be 0
        if found.low >= 0:
            all_positive &= found.positive
            parts.append(direction)
        elif found.high <= 0:
            all_positive &= found.negative
            parts.append(-direction)
            flips = -flips
        elif varying == 1:
            parts.append(direction)  # the only factor that varies may change its sign
        else:
            return None
    joined = _joined(parts)
    if joined is None:
        return None
    if varying > 1 and not all_positive:
        joined = max(-WEAK, min(WEAK, joined))
    return flips * joined


def _power(expression: sympy.Pow, symbol: sympy.Symbol, where: Range) -> int | None:
    base, exponent = expression.args
    if not base.has(symbol):
        growth = sign_on(sympy.log(base), symbol, where)
        inner = trend(exponent, symbol, where)
        return None if inner is None or growth == 0 else growth * inner
    exact = rationalised(exponent)
    inner = trend(base, symbol, where)
    if inner is None or not isinstance(exact, sympy.Rational):
        return None
    try:
        found = range_of(base, symbol, where)
    except CannotEnclose:
        return None
    if exact > 0:
        if exact.is_Integer and exact % 2:
            return inner
        if exact.is_Integer:
            return _even(inner, base, symbol, where)
        return inner if found.low >= 0 else None
    if found.positive:
        return -inner
    if found.negative and exact.is_Integer:
        return -inner if exact % 2 else inner
    return None


def _by_derivative(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> int | None:
    """The sign of the derivative of an analytic expression; isolated zeros keep it strict."""
    interior = Range(where.low, where.high, True, True)
    if not is_analytic(expression, symbol, interior) or not _continuous_at_ends(expression, symbol, where):
        return None
    derivative = sympy.diff(expression, symbol)
    coefficients = polynomial_coefficients(derivative, symbol)
    if coefficients is not None:
        return _polynomial_sign(coefficients, where)
    try:
        found = range_of(derivative, symbol, interior)
    except CannotEnclose:
        return None
    sign = 1 if found.low >= 0 else -1 if found.high <= 0 else 0
    if sign == 0:
        return None
    strict = found.positive or found.negative or nonzero_somewhere(derivative, symbol, where)
    return sign * (STRICT if strict else WEAK)


def _continuous_at_ends(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> bool:
    """Whether the closed ends of the interval are points of continuity as well."""
    if (where.low_open or where.low == -INFINITY) and (where.high_open or where.high == INFINITY):
        return True
    return is_analytic(expression, symbol, where)


def nonzero_somewhere(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> bool:
    """Whether the expression is proved non-zero at some point of the interval."""
    from ivae_theory.enclosure.formula.symbolic import ball

    middle = midpoint(where)
    for shift in (Fraction(0), Fraction(1, 7), Fraction(-2, 9)):
        if not where.contains(middle + shift):
            continue
        try:
            with precision(BITS):
                value = ball(expression, {symbol: to_arb(middle + shift)})
                if value.is_finite() and not value.contains(0):
                    return True
        except CannotEnclose:
            continue
    return False


def _polynomial_sign(coefficients: list[Fraction], where: Range) -> int | None:
    """Trend of a function whose derivative is this polynomial: roots of odd order inside decide."""
    if not any(coefficients):
        return 0
    with precision(BITS):
        for root, order in real_roots(coefficients):
            if order % 2 == 0 or root < _ball(where.low) or root > _ball(where.high):
                continue
            at_end = any(
                isinstance(end, Fraction) and root.contains(_ball(end)) and value_at(coefficients, end) == 0
                for end in (where.low, where.high)
            )
            if not at_end:
                return None
    for step in range(1, len(coefficients) + 2):  # some point between the finitely many roots
        value = value_at(coefficients, _inside(where, step))
        if value:
            return STRICT if value > 0 else -STRICT
    return None


def _ball(end: Any) -> Any:
    from flint import arb

    return to_arb(end) if isinstance(end, Fraction) else arb(str(end))


def _inside(where: Range, step: int) -> Fraction:
    """Different rational points inside the interval."""
    middle = midpoint(where)
    if where.low == -INFINITY and where.high == INFINITY:
        return middle + step
    end = where.high if where.low == -INFINITY else where.low
    return Fraction(end) + (middle - Fraction(end)) / step


def value_at(coefficients: list[Fraction], point: Fraction) -> Fraction:
    total = Fraction(0)
    for value in reversed(coefficients):
        total = total * point + value
    return total
