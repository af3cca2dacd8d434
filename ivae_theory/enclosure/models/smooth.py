"""Is a symbolic map of several variables smooth (C-infinity) on a product of intervals?

A sufficient condition from structure: entire functions, and powers and logarithms of what is bounded away from
their singularities by its signs. What is not recognised is not called smooth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from ivae_theory.enclosure.formula.ranges import INFINITY, Range
from ivae_theory.enclosure.models.latent import read_formulas
from ivae_theory.exact import from_text, rationalised

__all__ = ["is_continuous", "is_smooth", "mixing_is_smooth"]

_ENTIRE = (sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.tanh, sympy.atan, sympy.asinh, sympy.erf,
           sympy.erfc)  # fmt: skip


def mixing_is_smooth(mixing: Mapping[str, Any], families: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a described mixing function is a formula that is smooth on the product of the supports."""
    if mixing.get("kind") != "symbolic" or len(mixing["symbols"]) != len(families):
        return False
    symbols = [sympy.Symbol(str(name), real=True) for name in mixing["symbols"]]
    where = dict(zip(symbols, (_hull(description) for description in families), strict=True))
    return all(is_smooth(from_text(text, symbols, "mixing"), where) for text in mixing["expressions"])


def _hull(description: Mapping[str, Any]) -> Range:
    """The interval that a latent lives in; the whole line where its formulas are not known."""
    if description["statistics"] is None:
        return Range(-INFINITY, INFINITY)
    return read_formulas(description).whole


def is_smooth(expression: sympy.Expr, where: Mapping[sympy.Symbol, Range]) -> bool:
    """Whether the expression is proved infinitely differentiable on the product of the intervals."""
    if not expression.free_symbols or isinstance(expression, sympy.Symbol):
        return True
    if isinstance(expression, (sympy.Add, sympy.Mul, *_ENTIRE)):
        return all(is_smooth(argument, where) for argument in expression.args)
    if isinstance(expression, sympy.log):
        return is_positive(expression.args[0], where) and is_smooth(expression.args[0], where)
    if isinstance(expression, sympy.Pow):
        base, exponent = expression.args
        if not (is_smooth(base, where) and is_smooth(exponent, where)):
            return False
        if isinstance(exponent, sympy.Integer):
            return bool(exponent >= 0) or is_positive(base, where) or is_positive(-base, where)
        return is_positive(base, where)
    return False


def is_continuous(expression: sympy.Expr, where: Mapping[sympy.Symbol, Range]) -> bool:
    """Whether the expression is proved continuous on the product of the intervals: as smooth, with |.|, max, min."""
    if isinstance(expression, (sympy.Add, sympy.Mul, sympy.Abs, sympy.Max, sympy.Min, *_ENTIRE)):
        return all(is_continuous(argument, where) for argument in expression.args)
    if isinstance(expression, sympy.Pow) and isinstance(expression.args[1], sympy.Integer) and expression.args[1] >= 0:
        return is_continuous(expression.args[0], where)
    return is_smooth(expression, where)


def is_positive(expression: sympy.Expr, where: Mapping[sympy.Symbol, Range]) -> bool:
    """Whether the expression is proved above 0 by the signs of its parts."""
    return _sign(expression, where, strict=True)


def _sign(expression: sympy.Expr, where: Mapping[sympy.Symbol, Range], strict: bool) -> bool:
    """Whether the expression is proved positive (``strict``) or non-negative."""
    exact = rationalised(expression)
    if isinstance(exact, sympy.Rational):
        return bool(exact > 0 if strict else exact >= 0)
    if isinstance(expression, sympy.Symbol):
        part = where[expression]
        return part.positive if strict else part.low >= 0
    if isinstance(expression, (sympy.exp, sympy.cosh)):
        return True
    if isinstance(expression, sympy.Abs):
        return not strict
    if isinstance(expression, sympy.Add):
        terms = [_sign(term, where, strict=False) for term in expression.args]
        return all(terms) and (not strict or any(_sign(term, where, strict=True) for term in expression.args))
    if isinstance(expression, sympy.Mul):
        return all(_sign(factor, where, strict) for factor in expression.args)
    if isinstance(expression, sympy.Pow):
        base, exponent = expression.args
        even = isinstance(exponent, sympy.Integer) and exponent % 2 == 0 and exponent > 0
        return (
            (even and not strict)
            or _sign(base, where, strict=True)
            or (
                not strict
                and isinstance(exponent, sympy.Rational)
                and exponent > 0
                and _sign(base, where, strict=False)
            )
        )
    return bool(expression == sympy.pi or expression == sympy.E)
