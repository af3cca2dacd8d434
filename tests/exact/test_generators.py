"""The normal form: identities are found, and nothing that is not an identity is called one."""

import cmath
import math

import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivae_theory.exact.generators import NotPolynomial, normal_form

U, V = sympy.symbols("u v", real=True)
IDENTITIES = [
    sympy.sin(U) ** 2 + sympy.cos(U) ** 2 - 1,
    sympy.cos(2 * U) - 2 * sympy.cos(U) ** 2 + 1,
    sympy.sin(U + V) - sympy.sin(U) * sympy.cos(V) - sympy.cos(U) * sympy.sin(V),
    sympy.exp(U + 1) - sympy.E * sympy.exp(U),
    sympy.exp(U / 2) ** 2 - sympy.exp(U),
    sympy.cosh(U) ** 2 - sympy.sinh(U) ** 2 - 1,
    sympy.tanh(U) + 2 / (sympy.exp(2 * U) + 1) - 1,
    1 / (1 + U) + U / (1 + U) - 1,
    sympy.log(U**2) - 2 * sympy.log(sympy.Abs(U)),
    sympy.Max(U, 0) - sympy.Max(-U, 0) - U,
    sympy.Max(U, V) + sympy.Min(U, V) - U - V,
    sympy.Abs(U * V) - sympy.Abs(U) * sympy.Abs(V),
    sympy.Abs(U - V) ** 2 - (U - V) ** 2,
    sympy.sqrt(1 + U**2) ** 2 - U**2 - 1,
    sympy.sqrt(2) * sympy.sqrt(3) - sympy.sqrt(6),
    sympy.sqrt(8) - 2 * sympy.sqrt(2),
    sympy.log(12) - 2 * sympy.log(2) - sympy.log(3),
    (U + V) ** 3 - U**3 - 3 * U**2 * V - 3 * U * V**2 - V**3,
    sympy.floor(U + V) - sympy.floor(V + U),
]
#: Different functions, some of them equal for u > 0 only.
DIFFERENT = [
    sympy.Abs(U) - U,
    sympy.sqrt(U**2) - U,
    sympy.log(U**2) - 2 * sympy.log(U),
    sympy.exp(sympy.log(U**2) / 2) - sympy.exp(sympy.log(U)),
    sympy.Abs(sympy.sqrt(U), evaluate=False) ** 2 - U,
    sympy.sin(U) - sympy.cos(U),
    sympy.floor(U) - U,
    sympy.Max(U, 0, V) - sympy.Max(U, V),
    sympy.pi - sympy.Rational(355, 113),
    sympy.sqrt(2) - sympy.Rational(99, 70),
    sympy.Heaviside(U) - 1,
    sympy.tanh(U) - sympy.tanh(2 * U) / 2,
]


@pytest.mark.parametrize("expression", IDENTITIES, ids=str)
def test_identities_have_normal_form_zero(expression):
    assert normal_form(expression).is_zero


@pytest.mark.parametrize("expression", DIFFERENT, ids=str)
def test_functions_that_differ_somewhere_do_not(expression):
    assert not normal_form(expression).is_zero


def test_what_holds_for_positive_symbols_needs_them_to_be_positive():
    expression = sympy.log(2 * U) - sympy.log(2) - sympy.log(U)
    assert not normal_form(expression).is_zero
    assert normal_form(expression, ["u"]).is_zero
    product = sympy.log(U * V) - sympy.log(U) - sympy.log(V)
    assert not normal_form(product, ["u"]).is_zero
    assert normal_form(product, ["u", "v"]).is_zero


def test_what_cannot_be_written_is_refused():
    for bad in (sympy.Pow(sympy.Symbol("u"), 10**6), sympy.Pow(U + V, 10**3)):
        with pytest.raises(NotPolynomial):
            normal_form(bad)


leaves = st.sampled_from([U, V, sympy.Integer(2), sympy.Rational(-1, 3), sympy.pi, sympy.sqrt(2)])
functions = st.sampled_from(
    [sympy.exp, sympy.sin, sympy.cos, sympy.tanh, sympy.Abs, sympy.sqrt, sympy.log, sympy.sinh, lambda x: 1 / x]
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(functions, inner).map(lambda p: p[0](p[1])),
        st.tuples(inner, inner).map(lambda p: sympy.Max(p[0], p[1]) if all(x.is_real for x in p) else p[0]),
        inner.map(lambda x: x**2),
    ),
    max_leaves=6,
)


def value(expression, u, v):
    return complex(expression.evalf(30, subs={U: sympy.Rational(u), V: sympy.Rational(v)}))


@given(expressions, expressions)
@example(sympy.sin(sympy.Max(sympy.pi, V)) ** 2, sympy.sin(sympy.Max(sympy.pi, V)) ** 2)
@settings(max_examples=300, deadline=None)
def test_a_normal_form_of_zero_means_zero_everywhere_it_is_defined(left, right):
    """The independent oracle is numerical evaluation, at points of every sign."""
    if left.has(sympy.zoo, sympy.nan, sympy.oo) or right.has(sympy.zoo, sympy.nan, sympy.oo):
        return
    for gap in (left - right, left - sympy.sqrt(left**2), sympy.log(left) + sympy.log(right) - sympy.log(left * right)):
        if gap.has(sympy.zoo, sympy.nan, sympy.oo) or gap == 0:
            continue
        try:
            zero = normal_form(gap).is_zero
        except NotPolynomial:
            continue
        if not zero:
            continue
        for u, v in (("7/5", "-3/7"), ("-11/9", "5/8"), ("-2/3", "-13/6")):
            try:
                found, factors = value(gap, u, v), [value(left, u, v), value(right, u, v)]
            except (TypeError, ValueError, OverflowError):
                continue
            if min(map(abs, factors)) < 1e-20:  # sin(pi) is 0, where its logarithm is not defined
                continue
            if math.isfinite(found.real) and math.isfinite(found.imag):
                size = 1 + abs(factors[0])
                assert cmath.isclose(found, 0, abs_tol=1e-9 * size), (gap, u, v)
