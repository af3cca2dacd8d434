"""Expressions on the sets of their symbols are the expressions, at every point of the sets."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivae_theory.enclosure.formula.analytic import folded
from ivae_theory.enclosure.formula.cases import cases

U, V = sympy.symbols("u v", real=True)
ends = st.fractions(min_value=-3, max_value=3, max_denominator=4)
leaves = st.sampled_from([U, V]) | ends.map(lambda q: sympy.Rational(q.numerator, q.denominator))
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, inner).map(lambda p: sympy.Max(*p)),
        st.tuples(inner, inner).map(lambda p: sympy.Min(*p)),
        inner.map(sympy.Abs),
        inner.map(sympy.sign),
        inner.map(sympy.floor),
    ),
    max_leaves=7,
)


@given(formulas, st.lists(ends, min_size=4, max_size=4, unique=True), st.lists(st.fractions(0, 1), max_size=4))
@example(sympy.Abs(U) + sympy.sign(U), [Fraction(0), Fraction(1), Fraction(2), Fraction(3)], [])
@settings(max_examples=150, deadline=None)
def test_nothing_changes_on_the_closed_cell(expression, bounds, shares):
    (a, b), (c, d) = sorted(bounds[:2]), sorted(bounds[2:])
    simpler = folded(expression, [(U, a, b), (V, c, d)])
    for s in (Fraction(0), Fraction(1), *shares):
        for t in (Fraction(0), Fraction(1), *shares):
            at = {U: sympy.Rational(str(a + s * (b - a))), V: sympy.Rational(str(c + t * (d - c)))}
            assert expression.xreplace(at) == simpler.xreplace(at)


@pytest.mark.parametrize(
    ("expression", "low", "high", "expected"),
    [
        (sympy.Abs(U), 0, 1, U), (sympy.Abs(U), -2, 0, -U), (sympy.Abs(U), -1, 1, sympy.Abs(U)),
        (sympy.Max(U, -2), -1, 1, U), (sympy.Min(U, sympy.Abs(U - 5)), 0, 2, U),
        (sympy.Abs(U), None, None, sympy.Abs(U)),
        (sympy.Abs(sympy.exp(U) - 3), 0, 1, 3 - sympy.exp(U)), (sympy.sign(U), 1, 2, sympy.sign(U)),
    ],
)  # fmt: skip
def test_what_an_interval_settles(expression, low, high, expected):
    assert folded(expression, [(U, low and Fraction(low), high and Fraction(high))]) == expected


def test_each_value_of_a_finite_set_is_a_case():
    two, half_line = [["1", "1", False, False], ["2", "2", False, False]], [["0", "oo", False, True]]
    plain, folds = cases([U * sympy.Abs(V)], [U, V], [two, half_line])
    assert (plain, folds) == ([[sympy.Abs(V)], [2 * sympy.Abs(V)]], [[V], [2 * V]])
    apart = [["-3", "-2", False, False], ["2", "sqrt(5)", False, False]]
    for entries, symbols, sets, expected in (
        ([sympy.Abs(U + V)], [U, V], ["Naturals", [["0", "1", False, False]]], [U + V]),
        ([sympy.Abs(U)], [U], ["Integers"], [sympy.Abs(U)]),
        ([sympy.Abs(U)], [U], [[]], [sympy.Abs(U)]),
        ([sympy.Abs(U), sympy.Abs(U + 4)], [U], [apart], [sympy.Abs(U), U + 4]),
        ([U], [U], [[[str(i), str(i), False, False] for i in range(100)]], [U]),
    ):
        plain, folds = cases(entries, symbols, sets)
        assert (plain, folds) == ([entries], [expected])
