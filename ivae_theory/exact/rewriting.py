"""Elementary functions as exponentials and roots: what normal forms start from."""

from __future__ import annotations

from collections.abc import Callable

import sympy

__all__ = ["Exponential", "rewrite"]

_I = sympy.I


def rewrite(expression: sympy.Expr) -> sympy.Expr:
    """The expression in exponentials, roots and the functions that have no such form."""
    rewritten: sympy.Expr = _rewrite(expression, {})
    return rewritten


def _rewrite(expression: sympy.Expr, known: dict[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    if expression in known:
        return known[expression]
    arguments = [_rewrite(argument, known) for argument in expression.args]
    rule = _RULES.get(type(expression))
    if rule is not None:
        result = rule(*arguments)
    elif expression.is_Pow and not expression.exp.is_Rational:
        base, exponent = arguments
        result = _exp(exponent) if base == sympy.E else _exp(exponent * sympy.log(base))
    elif expression.args:
        result = expression.func(*arguments)
    else:
        result = expression
    known[expression] = result
    return result


class Exponential(sympy.Function):  # type: ignore[misc]
    """``exp`` that sympy does not rearrange."""

    nargs = 1


def _exp(x: sympy.Expr) -> sympy.Expr:
    return Exponential(x)


def _cos(x: sympy.Expr) -> sympy.Expr:
    return (_exp(_I * x) + _exp(-_I * x)) / 2


def _sin(x: sympy.Expr) -> sympy.Expr:
    return (_exp(_I * x) - _exp(-_I * x)) / (2 * _I)


def _cosh(x: sympy.Expr) -> sympy.Expr:
    return (_exp(x) + _exp(-x)) / 2


def _sinh(x: sympy.Expr) -> sympy.Expr:
    return (_exp(x) - _exp(-x)) / 2


_RULES: dict[type, Callable[..., sympy.Expr]] = {
    sympy.exp: _exp,
    sympy.cos: _cos,
    sympy.sin: _sin,
    sympy.tan: lambda x: _sin(x) / _cos(x),
    sympy.cot: lambda x: _cos(x) / _sin(x),
    sympy.sec: lambda x: 1 / _cos(x),
    sympy.csc: lambda x: 1 / _sin(x),
    sympy.cosh: _cosh,
    sympy.sinh: _sinh,
    sympy.tanh: lambda x: _sinh(x) / _cosh(x),
    sympy.coth: lambda x: _cosh(x) / _sinh(x),
    sympy.sech: lambda x: 1 / _cosh(x),
    sympy.csch: lambda x: 1 / _sinh(x),
    sympy.asinh: lambda x: sympy.log(x + sympy.sqrt(x**2 + 1)),
    sympy.erfc: lambda x: 1 - sympy.erf(x),
    sympy.digamma: lambda x: sympy.polygamma(0, x),
}
