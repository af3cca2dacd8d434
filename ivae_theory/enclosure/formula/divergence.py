"""Proofs that a sympy expression tends to plus or minus infinity at an end of an interval."""

from __future__ import annotations

import math
from fractions import Fraction

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import INFINITY, Range, polynomial_coefficients, range_of
from ivae_theory.enclosure.formula.shape import FROM_UNIT, inside_unit, near_end, sign_on, value_at
from ivae_theory.exact import rationalised

__all__ = ["divergence"]


def divergence(expression: sympy.Expr, symbol: sympy.Symbol, where: Range, side: int) -> int | None:
    """1 or -1 when the expression tends to plus or minus infinity at the right (1) or left (-1) end."""
    return _divergence(expression, symbol, near_end(where, side), side)


def _divergence(expression: sympy.Expr, symbol: sympy.Symbol, near: Range, side: int) -> int | None:
    if expression == symbol:
        return side if (near.high if side > 0 else near.low) in (INFINITY, -INFINITY) else None
    if not expression.has(symbol):
        return None
    coefficients = polynomial_coefficients(expression, symbol)
    if coefficients is not None:
        return _polynomial_divergence(coefficients, near, side)
    if isinstance(expression, sympy.Add):
        return _divergence_of_sum(expression, symbol, near, side)
    if isinstance(expression, sympy.Mul):
        return _divergence_of_product(expression, symbol, near, side)
    if isinstance(expression, sympy.Pow):
        return _divergence_of_power(expression, symbol, near, side)
    if len(expression.args) != 1:
        return None
    argument = expression.args[0]
    inner = _divergence(argument, symbol, near, side)
    if isinstance(expression, sympy.log):
        if inner == 1:
            return 1
        return -1 if _vanishes(argument, symbol, near, side) else None
    if isinstance(expression, (sympy.sinh, sympy.asinh)):
        return inner
    if isinstance(expression, FROM_UNIT):
        if not inside_unit(argument, symbol, near):
            return None
        return next((s for s in (1, -1) if _vanishes(sympy.expand(argument - s), symbol, near, side)), None)
    if isinstance(expression, (sympy.Abs, sympy.cosh)):
        return None if inner is None else 1
    if isinstance(expression, (sympy.exp, sympy.floor, sympy.ceiling)):
        return inner if inner == 1 or not isinstance(expression, sympy.exp) else None
    return None


def _polynomial_divergence(coefficients: list[Fraction], near: Range, side: int) -> int | None:
    end = near.high if side > 0 else near.low
    degree = max((power for power, value in enumerate(coefficients) if value), default=0)
    if not math.isinf(end) or degree == 0:
        return None
    sign = 1 if coefficients[degree] > 0 else -1
    return -sign if side < 0 and degree % 2 else sign


def _divergence_of_sum(expression: sympy.Add, symbol: sympy.Symbol, near: Range, side: int) -> int | None:
    """Some terms diverge the same way and no other term pulls back without bound."""
    polynomial = sympy.Add(*(t for t in expression.args if polynomial_coefficients(t, symbol) is not None))
    terms = [t for t in expression.args if polynomial_coefficients(t, symbol) is None]
    terms += [polynomial] if polynomial != 0 else []
    ways = [_divergence(term, symbol, near, side) for term in terms]
    found = {way for way in ways if way}
    if len(found) != 1:
        return None
    way = found.pop()
    for term, its_way in zip(terms, ways, strict=True):
        if its_way is None:
            try:
                bounds = range_of(term, symbol, near)
            except CannotEnclose:
                return None
            if math.isinf(bounds.low if way > 0 else bounds.high):
                return None
    return way


def _divergence_of_product(expression: sympy.Mul, symbol: sympy.Symbol, near: Range, side: int) -> int | None:
    """At least one factor diverges and every other stays away from 0."""
    total, diverges = 1, False
    for factor in expression.args:
        way = _divergence(factor, symbol, near, side)
        if way is not None:
            diverges = True
            total *= way
            continue
        try:
            bounds = range_of(factor, symbol, near)
        except CannotEnclose:
            return None
        if not (bounds.low > 0 or bounds.high < 0):
            return None
        total *= 1 if bounds.low > 0 else -1
    return total if diverges else None


def _divergence_of_power(expression: sympy.Pow, symbol: sympy.Symbol, near: Range, side: int) -> int | None:
    base, exponent = expression.args
    exact = rationalised(exponent)
    if not isinstance(exact, sympy.Rational) or not base.has(symbol):
        return None
    if exact < 0:
        if sign_on(base, symbol, near) > 0 and _vanishes(base, symbol, near, side):
            return 1
        return None
    inner = _divergence(base, symbol, near, side)
    if inner is None or not exact.is_Integer:
        return inner if inner == 1 else None
    return 1 if exact % 2 == 0 else inner


def _vanishes(expression: sympy.Expr, symbol: sympy.Symbol, near: Range, side: int) -> bool:
    """Whether a polynomial is 0 at the finite end, or a product of one with factors that stay bounded tends to 0."""
    if isinstance(expression, sympy.Mul):
        small = [factor for factor in expression.args if _vanishes(factor, symbol, near, side)]
        if small:
            rest = [factor for factor in expression.args if factor not in small]
            return all(_is_bounded(factor, symbol, near) for factor in rest)
    end = near.high if side > 0 else near.low
    coefficients = polynomial_coefficients(expression, symbol)
    return coefficients is not None and isinstance(end, Fraction) and value_at(coefficients, end) == 0


def _is_bounded(expression: sympy.Expr, symbol: sympy.Symbol, near: Range) -> bool:
    try:
        bounds = range_of(expression, symbol, near)
    except CannotEnclose:
        return False
    return not (math.isinf(bounds.low) or math.isinf(bounds.high))
