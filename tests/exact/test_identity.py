"""Identities by normal form: what is proved is true at random points, and known identities are proved."""

import mpmath
import pytest
import sympy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sympy import (
    Rational,
    Symbol,
    acos,
    asin,
    asinh,
    atan,
    cos,
    cosh,
    diff,
    erf,
    erfc,
    exp,
    gamma,
    log,
    loggamma,
    polygamma,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)  # fmt: skip

from ivae_theory.exact.identity import is_zero

z = Symbol("z", real=True)
s = Symbol("s", real=True)
n = Symbol("n", integer=True)

TRUE = [
    sin(z) ** 2 + cos(z) ** 2 - 1,
    sin(2 * z) - 2 * sin(z) * cos(z),
    sin(z + 1) - sin(z) * cos(1) - cos(z) * sin(1),
    exp(z + 1) - sympy.E * exp(z),
    cosh(z) ** 2 - sinh(z) ** 2 - 1,
    tan(2 * z) - 2 * tan(z) / (1 - tan(z) ** 2),
    tanh(z) - 1 + 2 / (exp(2 * z) + 1),
    diff(atan(z) + atan(1 / z), z),
    diff(asin(z) + acos(z), z),
    diff(asinh(z) - log(z + sqrt(1 + z**2)), z),
    diff(log(1 + exp(z)) - log(1 + exp(-z)) - z, z),
    gamma(z + 2) - z * (z + 1) * gamma(z),
    diff(loggamma(z + 1) - loggamma(z) - log(z), z),
    polygamma(1, z + 1) - polygamma(1, z) + 1 / z**2,
    erf(z) + erfc(z) - 1,
    log(6 * z) - log(2) - log(3) - log(z),
    log((z + 1) ** 2) - log(z**2 + 2 * z + 1),
    sqrt(z) * z ** Rational(1, 3) - z ** Rational(5, 6),
    z**sympy.pi * z - z ** (sympy.pi + 1),
    s**2 - 1,
    (1 + s) * (1 - s) * z,
    (z + n) ** 2 - z**2 - 2 * z * n - n**2,
    sqrt(1 + sqrt(1 + z**2)) ** 4 - (1 + sqrt(1 + z**2)) ** 2,
]


@pytest.mark.parametrize("expression", TRUE, ids=str)
def test_known_identities_are_proved(expression):
    assert is_zero(expression, [s])


@pytest.mark.parametrize(
    "expression",
    [
        z, s - 1, s, z - n, sin(z) - z, sqrt(1 + z) - 1, log(z) - log(2 * z), exp(z) - exp(z + 1), sympy.I - 1,
        sqrt(2) - 1, sympy.E - 1, sympy.pi - 3, gamma(z + 1) - gamma(z), sqrt(z) - z, z * Rational(1, 10**40),
        log(z**2) - log(z), exp(sympy.I * sympy.pi) - 1, cos(sympy.pi * z) - 1, sqrt(z**2 + 1) - z, sin(z) - cos(z),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_an_identity_is_not_proved(expression):
    assert not is_zero(expression, [s])


def _leaves():
    return st.sampled_from([z, z + 1, 2 * z, sympy.Integer(1), sympy.Integer(2), Rational(1, 3), -z, z**2])


def _expressions():
    unary = st.sampled_from([sin, cos, exp, tanh, cosh, atan, erf, lambda x: 1 / (1 + x**2), lambda x: sqrt(1 + x**2)])
    return st.recursive(
        _leaves(),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1]),
            st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1]),
            st.tuples(unary, inner).map(lambda pair: pair[0](pair[1])),
        ),
        max_leaves=5,
    )


@settings(max_examples=60, deadline=None)
@given(_expressions(), _expressions())
def test_whatever_is_proved_zero_is_zero_at_points(a, b):
    """Combinations that may cancel; what ``is_zero`` proves is checked by mpmath."""
    for candidate in (a - b, a * b - b * a, sympy.expand(a * b) - a * b, a - a.subs(z, -z)):
        if is_zero(candidate):
            for point in (0.3, -1.7):
                with mpmath.workdps(40):
                    value = candidate.evalf(30, subs={z: point}) if candidate.free_symbols else candidate.evalf(30)
                assert abs(value) < 1e-15, candidate


@settings(max_examples=40, deadline=None)
@given(_expressions())
@example(erf(tanh(z)))
@example(atan(2 * tanh(z)))
def test_rewritten_forms_of_one_function_cancel(expression):
    # a quotient in an exponent is split into terms as it is written: left open, and never wrong
    exponents = expression.atoms(sin, cos, exp, tanh, cosh)
    assume(not any(part.args[0].has(tanh) for part in exponents))
    other = sympy.expand(expression.rewrite(tanh, exp).rewrite(cosh, exp))
    assert is_zero(expression - other)


def test_two_switches_are_compared_without_an_error():
    """Branches of a Piecewise carry conditions, which have no difference."""
    u, v = sympy.symbols("u v", real=True)
    switch = sympy.Piecewise((-1, u < 0), (-2, True))
    assert not is_zero(switch - switch.xreplace({u: v}))
    assert is_zero(switch - switch)
