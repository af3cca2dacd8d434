"""Balls of sympy expressions: oracle mpmath at 50 digits, and wide balls against points inside them."""

from fractions import Fraction
from functools import cache

import mpmath
import pytest
import sympy
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Eq,
    Heaviside,
    Max,
    Min,
    Mod,
    Piecewise,
    Rational,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    besseli,
    besselj,
    besselk,
    beta,
    ceiling,
    cos,
    cosh,
    cot,
    erf,
    erfc,
    erfi,
    erfinv,
    exp,
    floor,
    frac,
    gamma,
    log,
    loggamma,
    lowergamma,
    polygamma,
    sign,
    sin,
    sinc,
    sinh,
    sqrt,
    tan,
    tanh,
    uppergamma,
)  # fmt: skip

from ivae_theory.enclosure.failure import CannotEnclose, OutsideDomain
from ivae_theory.enclosure.formula.symbolic import ball, holds_on, number_ball, sign_of_number
from ivae_theory.enclosure.precision import precision

z = sympy.Symbol("z", real=True)

LINE = [
    z**3 - 2 * z, exp(-(z**2)), sin(z) * cos(3 * z), sinh(z) - cosh(z / 2), tanh(z), atan(z), asinh(z), erf(z), erfc(z),
    erfi(z), sinc(z), Abs(z - 1), sign(z), Heaviside(z), Max(z, z**2, 1), Min(z, 0), floor(z), ceiling(z), frac(z),
    Mod(z, 3), besselj(0, z), besselj(2, z), besseli(1, z), Piecewise((z, z < 1), (z**2, True)), 1 / (1 + z**2),
    sqrt(1 + z**2), log(1 + exp(z)), exp(sin(z)), atan2(z, 1 + z**2), sympy.pi * z + sympy.E - sympy.EulerGamma,
    Piecewise((1, Eq(z, 7)), (sin(z), True)), (1 + z**2) ** Rational(-3, 7), Rational(1, 3) ** z,
]  # fmt: skip
HALF = [
    log(z), sqrt(z), z ** Rational(1, 3), z**-2, loggamma(z), gamma(z), polygamma(0, z), polygamma(2, z), besselk(1, z),
    uppergamma(2, z), lowergamma(Rational(3, 2), z), beta(z, 2), z**sympy.pi, z**z, 1 / z, log(z) ** 2 / z,
]  # fmt: skip
UNIT = [asin(z), acos(z), atanh(z), erfinv(z), tan(z), 1 / cos(z), cot(z + 1), acosh(z + 2), log(1 - z)]


def dyadic(low, high):
    return st.fractions(low, high, max_denominator=2**20)


@cache
def translated(expression):
    return sympy.lambdify(z, expression, modules="mpmath")


def oracle(expression, point):
    """The value by mpmath, through sympy's translation, at 50 digits."""
    with mpmath.workdps(60):
        return mpmath.mpf(translated(expression)(mpmath.mpf(point.numerator) / point.denominator))


def exact_ball(point):
    return arb(fmpq(point.numerator, point.denominator))


def assert_contains(value, expected):
    """The ball contains a number that is known to 50 digits."""
    with mpmath.workdps(60):
        text = mpmath.nstr(expected, 55)
    error = arb(10) ** -45 * (1 + abs(arb(text)))
    assert (value - arb(text)).overlaps(arb(0, error.upper())), (value, text)


@pytest.mark.parametrize(
    ("expressions", "low", "high"),
    [(LINE, -9, 9), (HALF, Fraction(1, 50), 9), (UNIT, Fraction(-9, 10), Fraction(9, 10))],
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_narrow_balls_contain_the_value_that_mpmath_finds(expressions, low, high, data):
    expression, point = data.draw(st.sampled_from(expressions)), data.draw(dyadic(low, high))
    with precision(230):
        try:
            value = ball(expression, {z: exact_ball(point)})
        except CannotEnclose:
            assert expression.has(sympy.cot, Mod, beta) or point == 0
            return
        assert_contains(value, oracle(expression, point))


@pytest.mark.parametrize(
    ("expressions", "low", "high"),
    [(LINE, -9, 9), (HALF, Fraction(1, 2), 9), (UNIT, Fraction(-8, 10), Fraction(8, 10))],
)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_wide_balls_contain_the_values_at_all_their_points(expressions, low, high, data):
    expression, centre = data.draw(st.sampled_from(expressions)), data.draw(dyadic(low, high))
    radius = data.draw(dyadic(0, Fraction(1, 10))) * data.draw(st.sampled_from([Fraction(1, 1000), 1, 10]))
    inside = centre + radius * data.draw(dyadic(-1, 1))
    if not low <= inside <= high:
        return
    with precision(160):
        where = arb(exact_ball(centre), exact_ball(radius).upper())
        try:
            wide = ball(expression, {z: where})
            narrow = ball(expression, {z: exact_ball(inside)})
        except CannotEnclose:
            return
        assert wide.overlaps(narrow), (expression, centre, radius, inside)
        assert wide.is_finite()


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        (Abs(z), 0, 1.75),
        (z**2, 0, 3.0625),
        (Max(z, 0), 0, 1.75),
        (Min(z, 0), -0.75, 0),
        (sign(z), -1, 1),
        (Heaviside(z), 0, 1),
        (floor(z), -1, 1),
        (ceiling(z), 0, 2),
        (Piecewise((5, z < 0), (7, True)), 5, 7),
        (Piecewise((5, z < -3), (7, True)), 7, 7),
        (z**3, -0.421875, 5.359375),
    ],
)
def test_ranges_over_an_interval_that_straddles_zero_are_tight(expression, low, high):
    """The interval is [-0.75, 1.75]; ends are met up to the rounding of a ball's radius."""
    with precision(128):
        value = ball(expression, {z: arb(0.5, 1.25)})
        assert value.lower() <= low
        assert value.upper() >= high
        assert abs(float(value.lower()) - low) < 1e-6
        assert abs(float(value.upper()) - high) < 1e-6


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        (log(z), (0, 1)),
        (log(z), (1, 1)),
        (1 / z, (0, 1)),
        (1 / z, (1, 1)),
        (sqrt(z), (0.5, 1)),
        (asin(z), (1, 0.25)),
        (acosh(z), (1, 0.25)),
        (atanh(z), (1, 0.25)),
        (tan(z), (1.5, 0.25)),
        (gamma(z), (-1, 0.25)),
        (loggamma(z), (0, 0.25)),
        (z ** Rational(-1, 2), (0, 0)),
        (sympy.Function("mystery")(z), (1, 0)),
        (sympy.Integral(z, (z, 0, z)), (1, 0)),
        (Piecewise((log(z), z > 0), (1, True)), (0, 1)),
        (Piecewise((1, z > 5)), (5, 1)),
        (sympy.zeta(z), (3, 0)),
        (z ** sympy.Integer(10**9), (1, 0.5)),
    ],
)
def test_what_cannot_be_enclosed_raises(expression, where):
    with precision(128), pytest.raises(CannotEnclose):
        ball(expression, {z: arb(*where)})


@pytest.mark.parametrize(
    ("expression", "where"),
    [(log(z), -2), (sqrt(z), -2), (asin(z), 2), (acosh(z), 0), (atanh(z), 2), (log(z), 0), (1 / z, 0),
     (Piecewise((1, z > 5)), 3), (log(-exp(z)), 1)],
)  # fmt: skip
def test_a_ball_outside_the_domain_is_said_to_be_outside(expression, where):
    with precision(128), pytest.raises(OutsideDomain):
        ball(expression, {z: arb(where)})


def test_a_branch_that_may_not_apply_does_not_prove_anything_about_the_domain():
    with precision(128), pytest.raises(CannotEnclose) as caught:
        ball(Piecewise((log(z - 10), z > 0), (1, True)), {z: arb(0, 1)})
    assert not isinstance(caught.value, OutsideDomain)


def test_the_unknown_function_is_named():
    with precision(128), pytest.raises(CannotEnclose, match="mystery"):
        ball(sympy.Function("mystery")(z), {z: arb(1)})


def test_conditions_are_three_valued():
    with precision(128):
        wide = {z: arb(0, 1)}
        assert holds_on(z < 5, wide) is True
        assert holds_on(z > 5, wide) is False
        assert holds_on(z > 0, wide) is None
        assert holds_on(sympy.And(z > 0, z > 5), wide) is False
        assert holds_on(sympy.Or(z > 0, z < 5), wide) is True
        assert holds_on(Eq(z, 0), wide) is None
        assert holds_on(Eq(z, 0), {z: arb(0)}) is True
        assert holds_on(sympy.Ne(z, 3), wide) is True


def test_floats_are_the_dyadic_numbers_that_they_are():
    with precision(128):
        assert number_ball(sympy.Float(0.1)) == exact_ball(Fraction(0.1))


def test_signs_of_numbers():
    with precision(128):
        assert sign_of_number(sympy.pi - 3) == 1
        assert sign_of_number(sympy.Rational(-1, 10**30)) == -1
        assert sign_of_number(sympy.S.Zero) == 0
        assert sign_of_number(sqrt(2) * sqrt(3) - sqrt(6)) in (0, None)
        assert sign_of_number(sin(1) ** 2 + cos(1) ** 2 - 1) is None


def test_negative_bases_have_real_powers_at_integers_only():
    with precision(128):
        alternating = sympy.Integer(-1) ** floor(z)
        assert ball(alternating, {z: arb(3.5)}) == -1
        assert ball(alternating, {z: arb(-3.5)}) == 1
        with pytest.raises(CannotEnclose) as caught:
            ball(alternating, {z: arb(0, 0.1)})
        assert not isinstance(caught.value, OutsideDomain)
