"""Branches on cells, quotients of analytic functions, zero-free forms, exponential types, complex balls."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
import sympy
from sympy import (
    Abs,
    Heaviside,
    I,
    Max,
    Min,
    Piecewise,
    Rational,
    besselj,
    besselk,
    cos,
    exp,
    gamma,
    log,
    pi,
    sign,
    sin,
    sqrt,
)

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.analytic import is_zero_polynomial, never_zero, require_quotient, resolve, sign_on
from ivae_theory.enclosure.formula.complexes import complex_ball
from ivae_theory.enclosure.formula.exponential_type import exponential_type
from ivae_theory.enclosure.precision import precision

t, s = sympy.symbols("t s", real=True)
LINE = [(t, None, None)]
RIGHT = [(t, Fraction(0), None)]
FAR = [(t, Fraction(1), None)]
UNIT = [(t, Fraction(0), Fraction(1))]


@pytest.mark.parametrize(
    ("expression", "cell", "branch"),
    [
        (Abs(t), RIGHT, t),
        (Abs(t), [(t, None, Fraction(0))], -t),
        (Max(1 - Abs(t), 0), FAR, 0),
        (Max(1 - Abs(t), 0), UNIT, 1 - t),
        (Min(t, t**2), UNIT, t**2),
        (sign(t**2 + 1), LINE, 1),
        (Heaviside(t - 1), FAR, 1),
        (Piecewise((1, t > 1), (2, True)), FAR, 1),
        (Piecewise((1, sympy.And(t > 0, t < 1)), (2, True)), UNIT, 1),
        (Piecewise((1, t < 0), (2, sympy.Ne(t, 5)), (3, True)), UNIT, 2),
        (exp(-Abs(t)), RIGHT, exp(-t)),
    ],
)
def test_resolve(expression, cell, branch) -> None:
    assert sympy.expand(resolve(expression, cell) - branch) == 0


@pytest.mark.parametrize(
    ("expression", "cell"),
    [
        (Abs(t), LINE),
        (Max(1 - Abs(t), 0), RIGHT),
        (Abs(sin(t)), UNIT),
        (Piecewise((1, t > Rational(1, 2)), (2, True)), UNIT),
        (Heaviside(0 * t + 0), LINE),
    ],
)
def test_resolve_refuses_what_changes_on_the_cell(expression, cell) -> None:
    if not expression.free_symbols:
        return
    with pytest.raises(CannotEnclose):
        resolve(expression, cell)


def test_signs_of_polynomials() -> None:
    assert sign_on(t**2 - t + 1, LINE) == 1
    assert sign_on(t * (t - 1), UNIT) == -1  # roots at the ends of the open interval
    assert sign_on(t - t, LINE) == 0
    plane = [(t, Fraction(1), None), (s, None, Fraction(0))]
    assert sign_on(1 - t + s, plane) == -1
    assert sign_on(t**2 + s**2 + 1, [(t, None, None), (s, None, None)]) == 1
    for hard in (t**2 - s**2, t**2 + s**2):  # the second vanishes at 0
        with pytest.raises(CannotEnclose):
            sign_on(hard, [(t, None, None), (s, None, None)])


@pytest.mark.parametrize(
    ("expression", "cell"),
    [
        (sin(t) / t, LINE),
        (exp(I * t) / (1 + t**2), LINE),
        ((1 - 2 * I * t) ** Rational(-5, 2), LINE),
        (sqrt(t) * exp(-t), RIGHT),
        (log(1 + t**2), LINE),
        (besselj(0, t), LINE),
        (besselk(Rational(3, 2), t) * t ** Rational(3, 2), RIGHT),
        (gamma(1 - I * t), LINE),
        (exp(-sqrt(1 + t**2)), LINE),
        (pi * t / sympy.sinh(pi * t), LINE),
    ],
    ids=str,
)
def test_quotients(expression, cell) -> None:
    require_quotient(expression, cell)


@pytest.mark.parametrize(
    ("expression", "cell"),
    [
        (exp(-1 / t**2), LINE),  # smooth and flat at 0: glued to 0 it is not analytic
        (sqrt(t), LINE),
        (Abs(t), LINE),
        (sqrt(1 - t), RIGHT),
        (log(t), LINE),
        (besselk(1, t), LINE),
        (sympy.floor(t), UNIT),
        (sympy.zeta(t), RIGHT),
        (sqrt(exp((-1) ** Rational(1, 3) * t)), LINE),  # a root of a number that is not real, and has no I
        (log(exp(sympy.acosh(Rational(1, 3)) * t)), LINE),
        (sympy.atan(sympy.asin(2) * t), LINE),
        (sqrt((1 + t**2) ** sympy.acos(2)), LINE),
        ((1 - 2 * I * t - 2) ** Rational(1, 2) * sqrt(t), LINE),
    ],
    ids=str,
)
def test_not_quotients(expression, cell) -> None:
    with pytest.raises(CannotEnclose):
        require_quotient(expression, cell)


def test_forms_that_never_vanish() -> None:
    yes = [exp(-Abs(t)), 1 / (1 + t**2), exp(I * t) * gamma(1 - I * t), (1 - I * t) ** Rational(-1, 2), sympy.sech(t)]
    no = [cos(t), sin(t) / t, 1 / gamma(1 + t), exp(-1 / t**2), Max(1 - Abs(t), 0), 1 + exp(I * t), sympy.Integer(0),
          sympy.cosh(I * t), 1 / sympy.tan(t), sympy.cosh(sqrt(Max(1 - Abs(t), 0) - 1) * sympy.pi / 2),
          sympy.cosh(sqrt(t)), sympy.cosh(sqrt(-(t**2) - 1))]  # fmt: skip
    yes += [sympy.cosh(sqrt(Abs(t))), sympy.sech(sqrt(1 + t**2))]
    assert all(never_zero(form) for form in yes)
    assert not any(never_zero(form) for form in no)


def test_zero_polynomials() -> None:
    assert is_zero_polynomial(sympy.expand((t + 1) ** 2 - t**2 - 2 * t - 1), [t])
    assert not is_zero_polynomial(t, [t])
    assert not is_zero_polynomial(sin(t) ** 2 + cos(t) ** 2 - 1, [t])  # not a polynomial identity


@pytest.mark.parametrize(
    ("density", "type_"),
    [
        ((1 - cos(t)) / (pi * t**2), 1),
        (96 * sin(t / 4) ** 4 / (pi * t**4), 1),
        (1 / (pi * t**2) - cos(t) / (pi * t**2), 1),
        (sympy.sinc(t / 2) ** 2 / (2 * pi), 1),
        (sin(t) * cos(2 * t) / (t * (t - 1)), 3),
    ],
    ids=str,
)
def test_exponential_types(density, type_) -> None:
    with precision(128):
        assert exponential_type(density, t) == type_


def test_irrational_type_is_bounded_from_above() -> None:
    with precision(128):
        bound = exponential_type(sin(pi * t) ** 2 / (pi * t) ** 2, t)
    assert 2 * mpmath.pi <= mpmath.mpf(bound.numerator) / bound.denominator < 2 * mpmath.pi * (1 + mpmath.mpf(2) ** -30)


@pytest.mark.parametrize("factor", [sympy.sqrt(2) / 10**400, sympy.sqrt(2) * 10**400])
def test_exponential_types_beyond_floats(factor) -> None:
    with precision(64):
        bound = exponential_type(sin(factor * t) ** 2 / t**2, t)
    ratio = sympy.Rational(bound.numerator, bound.denominator) / factor
    assert 2 <= sympy.N(ratio, 30) <= 2 + sympy.Rational(1, 2**50)


@pytest.mark.parametrize(
    "density",
    [cos(t) / (1 + t**2), exp(-(t**2)), sin(t**2) / t**4, sin(Abs(t)) ** 2 / t**2, sympy.sinh(t) / t, 1 / sin(t)],
    ids=str,
)
def test_no_exponential_type(density) -> None:
    with precision(128), pytest.raises(CannotEnclose):
        exponential_type(density, t)


@pytest.mark.parametrize(
    "expression",
    [exp(I * t) * gamma(1 - I * t), (1 - 2 * I * t) ** Rational(-5, 2), besselk(2, t), besselj(1, t), Abs(I * t),
    sqrt(t),
     Max(t, 1), sign(t), Piecewise((t, t > 1), (I, True)), sympy.erf(t), sympy.conjugate(I * t)],
    ids=str,
)  # fmt: skip
def test_complex_balls_contain_the_value(expression) -> None:
    point = Fraction(7, 10)
    with precision(128):
        ball = complex_ball(expression, {t: point})
    exact = complex(sympy.N(expression.subs(t, sympy.Rational(7, 10)), 30))
    assert abs(complex(ball) - exact) < 1e-12


def test_complex_balls_refuse() -> None:
    for bad in (1 / t, log(t), sin(t) / t, sympy.floor(t + I)):
        with precision(128), pytest.raises(CannotEnclose):
            complex_ball(bad, {t: Fraction(0)})
