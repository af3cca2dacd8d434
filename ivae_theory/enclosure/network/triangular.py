"""Injectivity of sympy maps by recovering one symbol after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import Range, range_of
from ivae_theory.enclosure.formula.shape import trend
from ivae_theory.enclosure.formula.symbolic import ball
from ivae_theory.enclosure.precision import precision

__all__ = ["recovers", "recovery_order"]

Supports = Mapping[sympy.Symbol, Range]


def recovery_order(expressions: Sequence[sympy.Expr], supports: Supports) -> list[tuple[int, sympy.Symbol]] | None:
    """Pairs (component, symbol) such that each component gives its symbol when the earlier ones are known."""
    order: list[tuple[int, sympy.Symbol]] = []
    known: set[sympy.Symbol] = set()
    while len(known) < len(supports):
        step = next(
            (
                (k, symbol)
                for k, expression in enumerate(expressions)
                for symbol in [_only_unknown(expression, supports, known)]
                if symbol is not None and recovers(expression, symbol, supports)
            ),
            None,
        )
        if step is None:
            return None
        order.append(step)
        known.add(step[1])
    return order


def _only_unknown(expression: sympy.Expr, supports: Supports, known: set[sympy.Symbol]) -> sympy.Symbol | None:
    free = (expression.free_symbols & set(supports)) - known
    return next(iter(free)) if len(free) == 1 else None


def recovers(expression: sympy.Expr, symbol: sympy.Symbol, supports: Supports) -> bool:
    """Whether ``expression = c g(symbol) + h`` with ``g`` strictly monotone on the symbol's range, ``c`` never 0 and
    ``c``, ``h`` free of the symbol: then the other symbols and the value determine the symbol."""
    terms = [term for term in sympy.Add.make_args(expression) if term.has(symbol)]
    if not terms:
        return False
    factors = sympy.Mul.make_args(terms[0]) if len(terms) == 1 else (sympy.Add(*terms),)
    inner = sympy.Mul(*(f for f in factors if f.has(symbol)))
    outer = [f for f in factors if not f.has(symbol)]
    if inner.free_symbols & set(supports) != {symbol}:
        return False
    return all(_sign(f, supports) != 0 for f in outer) and _strict(inner, symbol, supports[symbol])


def _strict(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> bool:
    try:
        return trend(expression, symbol, where) in (2, -2)
    except CannotEnclose:
        return False


def _sign(expression: sympy.Expr, supports: Supports) -> int:
    if not expression.free_symbols:
        try:
            with precision(192):
                value = ball(expression, {})
                return 1 if value > 0 else -1 if value < 0 else 0
        except CannotEnclose:
            return 0
    if isinstance(expression, (sympy.exp, sympy.cosh)):
        return 1
    if isinstance(expression, sympy.Mul):
        sign = 1
        for factor in expression.args:
            sign *= _sign(factor, supports)
        return sign
    if isinstance(expression, sympy.Add):
        signs = [_weak(term, supports) for term in expression.args]
        strict = {_sign(term, supports) for term in expression.args} - {0}
        if all(signs) and len(set(signs)) == 1 and strict == {signs[0]}:
            return signs[0]
    if isinstance(expression, sympy.Pow) and expression.exp.is_Integer:
        base = _sign(expression.base, supports)
        return base if int(expression.exp) % 2 else abs(base)
    free = list(expression.free_symbols)
    if len(free) == 1 and free[0] in supports:
        try:
            found = range_of(expression, free[0], supports[free[0]])
        except CannotEnclose:
            return 0
        return 1 if found.positive else -1 if found.negative else 0
    return 0


def _weak(expression: sympy.Expr, supports: Supports) -> int:
    """1 where a term is certainly never negative, -1 where never positive."""
    if isinstance(expression, sympy.Pow) and expression.exp.is_Integer and int(expression.exp) % 2 == 0:
        return 1
    if isinstance(expression, sympy.Abs):
        return 1
    if isinstance(expression, sympy.Mul):
        sign = 1
        for factor in expression.args:
            sign *= _weak(factor, supports)
        return sign
    return _sign(expression, supports)
