"""Orders at infinity against values far out, on the real axis and in the complex sector."""

from __future__ import annotations

import mpmath
import pytest
import sympy
from sympy import (
    Abs,
    Heaviside,
    Max,
    Min,
    Piecewise,
    Rational,
    atan,
    cosh,
    erf,
    erfc,
    exp,
    pi,
    sech,
    sign,
    sinh,
    sqrt,
    tanh,
)

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.tails import decays_exponentially, order_at_infinity
from ivae_theory.enclosure.precision import precision

x = sympy.Symbol("x", real=True)

GOOD = [
    1 / (1 + x**2),
    (x**2 + 3 * x) / (2 * x**5 - 1),
    (x + 1) ** 2 - x**2,
    exp(-(x**2) / 2) / sqrt(2 * pi),
    exp(-Abs(x)) / 2,
    exp(-sqrt(1 + x**2)),
    exp(-sqrt(1 + x**2) + Abs(x)),
    exp(-((1 + x**4) ** Rational(1, 4)) + x / 2),
    exp(-(Abs(x) ** Rational(1, 2))) / sqrt(Abs(x)),
    1 / cosh(x),
    sech(x / 2) ** 2,
    sinh(x) / cosh(2 * x) ** 2,
    tanh(x) + 2,
    atan(x) / x**2,
    erf(x) / x**2,
    erfc(Abs(x)),
    exp(-x) / (1 + exp(-x)) ** 2,
    2 ** (-Abs(x)),
    Max(x, 3) * exp(-Abs(x)) + Min(x, 0) ** 2 * exp(-(x**2)),
    Piecewise((x**-2, x > 5), (exp(x), x < -5), (1, True)),
    sign(x) / x + Heaviside(x) / x**2,
    exp(-(x**2) + 3 * x + 1 / x),
    (1 + x**2) ** Rational(-7, 3) * (Abs(x) + 1) ** Rational(1, 2),
]


def value(f, point):
    function = sympy.lambdify(
        x, f, modules=["mpmath", {"sign": mpmath.sign, "Heaviside": lambda v, _: 1 if v > 0 else 0}]
    )
    return function(point)


def high(number):
    """A sympy number with many digits."""
    return sympy.N(number, 200)._to_mpmath(600)


def fraction(number):
    return mpmath.mpf(number.numerator) / number.denominator


@pytest.mark.parametrize("f", GOOD, ids=str)
@pytest.mark.parametrize("side", [1, -1])
def test_order_is_asymptotic(f: sympy.Expr, side: int) -> None:
    with precision(128):
        order = order_at_infinity(f, x, side)
    with mpmath.workdps(60 if not order.rates else 4000):
        errors = []
        for y in (mpmath.mpf(100), mpmath.mpf(3000)):
            exponent = sum((high(c) * y ** fraction(e) for e, c in order.rates), mpmath.mpf(0))
            predicted = high(order.constant) * y ** fraction(order.power) * mpmath.exp(exponent)
            errors.append(abs(value(f, side * y) / predicted - 1))
        assert errors[1] < 0.05
        assert errors[1] <= errors[0] + mpmath.mpf(10) ** -8


def test_zero_far_out() -> None:
    with precision(128):
        assert order_at_infinity(Max(1 - Abs(x), 0), x, 1).zero
        assert order_at_infinity(Piecewise((1, Abs(x) < 1), (0, True)), x, -1).zero


@pytest.mark.parametrize(
    ("f", "light", "vanishes", "diverges"),
    [
        (exp(-x), True, True, False),
        (exp(-(x**2)), True, True, False),
        (exp(-sqrt(x)), False, True, False),
        (x**-2, False, True, False),
        (1 / x, False, True, True),
        (sympy.Integer(3) + 1 / x, False, False, True),
        (exp(x) / x**9, False, False, True),
    ],
    ids=str,
)
def test_what_follows(f: sympy.Expr, light: bool, vanishes: bool, diverges: bool) -> None:
    positive = f
    with precision(128):
        order = order_at_infinity(positive, x, 1)
        assert (order.decays_exponentially, order.vanishes, order.not_integrable) == (light, vanishes, diverges)


@pytest.mark.parametrize(
    "f",
    [
        sympy.cos(x) / x**2,  # grows exponentially off the axis: its transform has a gap
        (1 - sympy.cos(x)) / x**2,
        exp(-exp(x)),
        sympy.log(x) / x**2,
        sqrt(x) - sqrt(x + 1),
        exp(-x) * sympy.sin(x) ** 2,
        sympy.floor(x) / x**3,
        exp(sympy.I * x),
        sympy.besselk(1, x),
        Abs(sympy.sin(x)) / x**2,
    ],
    ids=str,
)
def test_out_of_reach(f: sympy.Expr) -> None:
    with precision(128), pytest.raises(CannotEnclose):
        order_at_infinity(f, x, 1)


@pytest.mark.parametrize(
    ("f", "side", "expected"),
    [
        (exp(-Abs(x)) * sympy.cos(x), 1, True),
        (exp(-Abs(x)) * (2 + sympy.sin(x**2) ** 3), -1, True),
        (exp(-x) * sympy.cos(x) + exp(-(x**2)), 1, True),
        (exp(-sqrt(Abs(x))) * sympy.cos(x), 1, False),
        (sympy.cos(x) / x**2, 1, False),
        (exp(-Abs(x)) * sympy.cos(sqrt(x)), -1, False),  # cosh(sqrt|x|) there: not bounded
        (exp(-Abs(x)) * sympy.cos(sympy.I * x), 1, False),
        (exp(-Abs(x)) * sympy.sin(x) * sympy.tan(x), 1, False),
        (sympy.cos(x), 1, False),
    ],
    ids=str,
)
def test_bounded_factors(f: sympy.Expr, side: int, expected: bool) -> None:
    with precision(128):
        assert decays_exponentially(f, x, side) is expected
