"""Rigorous ball evaluation of complex-valued sympy expressions at points (python-flint's acb).

For characteristic functions: real arguments, values in the complex plane. As in :mod:`.symbolic`, what is unknown or
not decided raises :class:`~ivae_theory.enclosure.failure.CannotEnclose`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from flint import acb, arb

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import holds_on, number_ball
from ivae_theory.exact import to_fmpq

__all__ = ["complex_ball"]


def _sinc(z: acb) -> acb:
    return acb(1) if z == 0 else z.sin() / z


_FUNCTIONS: dict[Any, Callable[..., acb]] = {
    sympy.exp: lambda z: z.exp(),
    sympy.sin: lambda z: z.sin(),
    sympy.cos: lambda z: z.cos(),
    sympy.tan: lambda z: z.tan(),
    sympy.sinh: lambda z: z.sinh(),
    sympy.cosh: lambda z: z.cosh(),
    sympy.tanh: lambda z: z.tanh(),
    sympy.sech: lambda z: 1 / z.cosh(),
    sympy.log: lambda z: z.log(),
    sympy.gamma: lambda z: z.gamma(),
    sympy.erf: lambda z: z.erf(),
    sympy.erfc: lambda z: z.erfc(),
    sympy.erfi: lambda z: z.erfi(),
    sympy.atan: lambda z: z.atan(),
    sympy.asinh: lambda z: z.asinh(),
    sympy.sinc: _sinc,
    sympy.besselj: lambda nu, z: z.bessel_j(nu),
    sympy.besselk: lambda nu, z: z.bessel_k(nu),
    sympy.conjugate: lambda z: z.conjugate(),
}


def complex_ball(expression: sympy.Expr, point: Mapping[sympy.Symbol, Any]) -> acb:
    """A complex ball that contains the expression's value at a rational ``point``.

    Raises
    ------
    CannotEnclose
        When a function is unknown, the value is not finite, or a branch cannot be decided.
    """
    value = _value(expression, point)
    if not value.is_finite():
        raise CannotEnclose(f"{str(expression)[:60]} is not finite at the point")
    return value


def _value(expression: sympy.Expr, point: Mapping[sympy.Symbol, Any]) -> acb:
    if expression.is_Symbol:
        if expression not in point:
            raise CannotEnclose(f"the symbol {expression} has no value")
        return acb(arb(to_fmpq(point[expression])))
    if expression is sympy.I:
        return acb(0, 1)
    if not expression.args:
        return acb(number_ball(expression))
    if expression.is_Add:
        return sum((_value(term, point) for term in expression.args), acb(0))
    if expression.is_Mul:
        result = acb(1)
        for factor in expression.args:
            result *= _value(factor, point)
        return result
    if expression.is_Pow:
        return _power(expression, point)
    return _call(expression, point)


def _power(expression: sympy.Pow, point: Mapping[sympy.Symbol, Any]) -> acb:
    base, exponent = _value(expression.base, point), expression.exp
    if exponent.is_Integer:
        if abs(int(exponent)) > 10_000 or (int(exponent) < 0 and base.contains(0)):
            raise CannotEnclose(f"{str(expression)[:60]} at the point")
        return base ** int(exponent)
    if base == 0 and exponent.is_Rational and exponent > 0:
        return acb(0)
    if base.contains(0) or (base.real < 0 and base.imag.contains(0) and base.imag != 0):
        raise CannotEnclose(f"{str(expression)[:60]} at the point")
    return base ** _value(exponent, point)


def _call(expression: sympy.Expr, point: Mapping[sympy.Symbol, Any]) -> acb:
    kind = type(expression)
    if kind is sympy.Piecewise:
        for branch, condition in expression.args:
            balls = {symbol: arb(to_fmpq(value)) for symbol, value in point.items()}
            answer = holds_on(condition, balls)
            if answer is None:
                raise CannotEnclose(f"the branch {condition} is not decided")
            if answer:
                return _value(branch, point)
        raise CannotEnclose("a Piecewise without a branch at the point")
    arguments = [_value(argument, point) for argument in expression.args]
    if kind in _FUNCTIONS:
        return _FUNCTIONS[kind](*arguments)
    if kind is sympy.Abs:
        return acb(abs(arguments[0]))
    reals = [argument.real for argument in arguments if argument.imag == 0]
    if len(reals) == len(arguments):
        if kind in (sympy.Max, sympy.Min):
            return acb(_extreme(reals, kind is sympy.Max))
        if kind in (sympy.sign, sympy.Heaviside):
            return acb(_step(reals, kind is sympy.sign))
    raise CannotEnclose(f"the function {kind.__name__} is not known for complex values")


def _extreme(values: list[arb], largest: bool) -> arb:
    best = values[0]
    for value in values[1:]:
        best = best.max(value) if largest else best.min(value)
    return best


def _step(values: list[arb], signed: bool) -> arb:
    value = values[0]
    if value > 0:
        return arb(1)
    if value < 0:
        return arb(-1) if signed else arb(0)
    if value == 0 and signed:
        return arb(0)
    raise CannotEnclose("a step whose side is not decided")
