"""A linear relation between statistics that holds on a whole interval."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import Range, branches, range_of
from ivae_theory.enclosure.models.latent import Formulas

__all__ = ["resolve", "vanishes_on"]


def vanishes_on(formulas: Formulas, weights: Sequence[Fraction], low: Fraction, high: Fraction) -> bool:
    """Whether ``sum_j weights_j T_j`` is proved 0 everywhere on the open interval, which lies in the support."""
    if len(weights) != len(formulas.statistics) or not any(weights) or not low < high:
        return False
    if not any(part.low <= low and high <= part.high for part in formulas.parts):
        return False
    where = Range(low, high, True, True)
    try:
        resolved = [resolve(statistic, formulas.symbol, where) for statistic in formulas.statistics]
    except CannotEnclose:
        return False
    total = sum(
        (sympy.Rational(w.numerator, w.denominator) * t for w, t in zip(weights, resolved, strict=True) if w),
        sympy.Integer(0),
    )
    return bool(sympy.expand(total, power_base=False, log=False) == 0)


def resolve(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> sympy.Expr:
    """The expression without the branches, signs and steps that the interval decides."""
    if not expression.has(symbol) or expression == symbol:
        return expression
    if isinstance(expression, sympy.Piecewise):
        possible = branches(expression, symbol, where)
        if len(possible) != 1:
            raise CannotEnclose("a branch that the interval does not decide")
        return resolve(possible[0][0], symbol, where)
    arguments = [resolve(argument, symbol, where) for argument in expression.args]
    if isinstance(expression, (sympy.Max, sympy.Min)):
        return _chosen(arguments, symbol, where, isinstance(expression, sympy.Max))
    if isinstance(expression, (sympy.Abs, sympy.sign, sympy.Heaviside)):
        found = range_of(arguments[0], symbol, where)
        if not (found.low >= 0 or found.high <= 0):
            raise CannotEnclose("a sign that the interval does not decide")
        sign = 1 if found.low >= 0 else -1
        if isinstance(expression, sympy.Abs):
            return sign * arguments[0]
        if not (found.positive or found.negative):
            raise CannotEnclose("a step that the interval touches")
        return sympy.Integer(sign if isinstance(expression, sympy.sign) else (sign + 1) // 2)
    if isinstance(expression, sympy.floor):
        found = range_of(arguments[0], symbol, where)
        if not isinstance(found.low, Fraction):
            raise CannotEnclose("a step on an unbounded interval")
        whole = sympy.Integer(int(found.low // 1))
        if found.high < whole + 1 or (found.high == whole + 1 and found.high_open):
            return whole
        raise CannotEnclose("a step that the interval does not decide")
    return expression.func(*arguments)


def _chosen(arguments: Sequence[sympy.Expr], symbol: sympy.Symbol, where: Range, largest: bool) -> sympy.Expr:
    """The argument that is the largest (or smallest) everywhere on the interval."""
    for candidate in arguments:
        differences = [range_of(candidate - other, symbol, where) for other in arguments if other is not candidate]
        if all(found.low >= 0 if largest else found.high <= 0 for found in differences):
            return candidate
    raise CannotEnclose("a maximum that the interval does not decide")
