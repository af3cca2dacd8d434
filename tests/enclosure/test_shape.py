"""Ranges, monotonicity and divergence: never contradicted by values at points, and decided where they should be."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction as F

import mpmath
import pytest
import sympy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.divergence import divergence
from ivae_theory.enclosure.formula.ranges import Range, range_of, range_where_defined, support_ranges
from ivae_theory.enclosure.formula.shape import is_analytic, near_end, trend
from ivae_theory.enclosure.models.dependent import resolve

z = sympy.Symbol("z", real=True)
LINE, HALF, CLOSED_HALF = Range(-math.inf, math.inf), Range(F(0), math.inf, True), Range(F(0), math.inf)
WHERES = [
    LINE,
    HALF,
    CLOSED_HALF,
    Range(F(-1), F(2)),
    Range(F(0), F(1), True, True),
    Range(-math.inf, F(1)),
    Range(F(-2), F(-1, 2), True, False),
]
UNARY = [
    sympy.exp, sympy.sin, sympy.cos, sympy.tanh, sympy.sinh, sympy.cosh, sympy.atan, sympy.asinh, sympy.erf,
    sympy.erfc, sympy.log, sympy.Abs, sympy.floor, sympy.sign, sympy.ceiling, sympy.atanh, sympy.sqrt,
    sympy.gamma, sympy.sech, sympy.acos,
]  # fmt: skip


def safely(build: Callable[..., sympy.Expr], *parts: sympy.Expr) -> sympy.Expr:
    """What sympy refuses to build (poles of constants) becomes z."""
    try:
        return build(*parts)
    except (ValueError, TypeError):
        return z


def grow(children: st.SearchStrategy) -> st.SearchStrategy:
    """Sums, products, powers, functions and branches of smaller expressions."""
    return st.one_of(
        st.tuples(children, children).map(lambda pair: pair[0] + pair[1]),
        st.tuples(children, children).map(lambda pair: pair[0] * pair[1]),
        st.tuples(children, st.sampled_from([2, 3, 4, -1, -2, sympy.Rational(1, 3)])).map(lambda p: p[0] ** p[1]),
        st.tuples(st.sampled_from(UNARY), children).map(lambda pair: safely(*pair)),
        st.tuples(st.sampled_from([sympy.Max, sympy.Min]), children, children).map(lambda t: safely(*t)),
        st.tuples(children, children, st.integers(-2, 2)).map(
            lambda t: safely(lambda a, b: sympy.Piecewise((a, z > t[2]), (b, True)), t[0], t[1])
        ),
    )


EXPRESSIONS = st.recursive(
    st.one_of(
        st.just(z), st.fractions(-4, 4, max_denominator=4).map(lambda q: sympy.Rational(q.numerator, q.denominator))
    ),
    grow,
    max_leaves=6,
)


def values(expression: sympy.Expr, where: Range) -> list[tuple[float, mpmath.mpf]]:
    """(point, value) at points of the interval, with 40 digits; left out where a part of it has no real value.

    The square of the logarithm of -1 is a number, and no value of a real function.
    """
    low = -20.0 if where.low == -math.inf else float(where.low)
    high = 20.0 if where.high == math.inf else float(where.high)
    points = [low + (high - low) * (step + 0.37) / 60 for step in range(60)]
    points += [end for end, is_open in ((low, where.low_open), (high, where.high_open)) if not is_open]
    parts = [*expression.atoms(sympy.Function, sympy.Pow), expression]
    function = sympy.lambdify(z, parts, "mpmath")
    found = []
    with mpmath.workdps(40):
        for point in sorted(points):
            try:
                numbers = [mpmath.mpc(value) for value in function(mpmath.mpf(point))]
            except (ValueError, ZeroDivisionError, OverflowError, TypeError):
                continue
            if all(abs(value.imag) < mpmath.mpf(10) ** -30 and mpmath.isfinite(value.real) for value in numbers):
                found.append((point, numbers[-1].real))
    return found


def usable(expression: sympy.Expr) -> bool:
    bad = (sympy.zoo, sympy.nan, sympy.oo, sympy.I, sympy.AccumBounds)
    return expression.has(z) and not expression.has(*bad)


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, st.sampled_from(WHERES))
def test_values_are_inside_the_range(expression: sympy.Expr, where: Range) -> None:
    assume(usable(expression))
    try:
        found = range_of(expression, z, where)
    except CannotEnclose:
        return
    seen = values(expression, where)
    with mpmath.workdps(40):
        assert_inside(expression, where, found, seen)


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS, st.sampled_from(WHERES))
@example(sympy.log(z) ** 2, Range(F(-1), F(2), False, False))
@example(sympy.acos(z) ** 2, Range(-math.inf, math.inf, True, True))
def test_values_are_inside_the_range_where_defined(expression: sympy.Expr, where: Range) -> None:
    assume(usable(expression))
    found, seen = range_where_defined(expression, z, where), values(expression, where)
    with mpmath.workdps(40):
        assert_inside(expression, where, found, seen)


def assert_inside(expression: sympy.Expr, where: Range, found: Range, seen: list[tuple[float, mpmath.mpf]]) -> None:
    for point, value in seen:
        slack = mpmath.mpf(10) ** -25 * (1 + abs(value))
        low, high = (mpmath.mpf(e.numerator) / e.denominator if isinstance(e, F) else mpmath.mpf(e)
                     for e in (found.low, found.high))  # fmt: skip
        assert low - slack <= value <= high + slack, (expression, where, point)


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, st.sampled_from(WHERES))
def test_trends_are_not_contradicted(expression: sympy.Expr, where: Range) -> None:
    assume(usable(expression))
    direction = trend(expression, z, where)
    if direction is None:
        return
    seen = values(expression, where)
    for (left, a), (right, b) in itertools.pairwise(seen):
        slack = mpmath.mpf(10) ** -25 * (1 + abs(a))
        assert (b - a) * direction >= -slack if direction else abs(b - a) <= slack, (expression, where, left, right)


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS, st.sampled_from(WHERES), st.sampled_from([-1, 1]))
def test_divergence_is_not_contradicted(expression: sympy.Expr, where: Range, side: int) -> None:
    """What is said to diverge is not bounded by 0 on the wrong side close to the end."""
    assume(usable(expression))
    way = divergence(expression, z, where, side)
    if way is None:
        return
    try:
        found = range_of(expression, z, near_end(where, side))
    except CannotEnclose:
        return
    assert (found.high if way > 0 else found.low) == way * math.inf, (expression, where)


DECIDED = [
    (z**3 + z, LINE, 2),
    (z**3, LINE, 2),
    (z**3 - z, LINE, None),
    (z + sympy.sin(z) / 2, LINE, 2),
    (sympy.log(z / (1 - z)), Range(F(0), F(1), True, True), 2),
    (sympy.Max(z, z / 10), LINE, 2),
    (sympy.Max(z, 0), LINE, 1),
    (z**2, CLOSED_HALF, 2),
    (z**2, LINE, None),
    (sympy.exp(-(z**2)), Range(-math.inf, F(0)), 2),
    (sympy.exp(-(z**2)), CLOSED_HALF, -2),
    (sympy.floor(z), LINE, 1),
    (z + sympy.floor(z), LINE, 2),
    (1 / z, HALF, -2),
    (1 / z, LINE, None),
    (sympy.Piecewise((z, z > 0), (z / 2, True)), LINE, 2),
    (sympy.Piecewise((z, z > 0), (z + 1, True)), LINE, None),
    (sympy.Piecewise((z + 1, z > 0), (z, True)), LINE, 2),
    ((sympy.sin(1) ** 2 + sympy.cos(1) ** 2 - 1) * z, LINE, None),
    (sympy.Abs(sympy.sin(1) ** 2 + sympy.cos(1) ** 2 - 1) * z, LINE, None),
    (sympy.log(z), CLOSED_HALF, None),
]


@pytest.mark.parametrize(("expression", "where", "expected"), DECIDED, ids=lambda value: str(value))
def test_trend(expression: sympy.Expr, where: Range, expected: int | None) -> None:
    assert trend(expression, z, where) == expected


def test_ranges_are_sharp_where_it_matters() -> None:
    assert range_of(z**2 * (z - 1) ** 2, z, LINE).low == 0
    assert range_of(1 - sympy.exp(-(z**2)), z, LINE) == Range(F(0), F(1), False, True)
    assert -1e-40 < range_of(z**4 - z**2, z, LINE).low + F(1, 4) <= 0
    assert range_of(1 - z, z, Range(F(0), F(1), True, True)).positive
    assert range_of(z + 10**400, z, HALF).low == 10**400

    assert range_of(sympy.cos(z), z, Range(F(-1), F(2))).high == 1
    assert range_of(sympy.cos(z), z, Range(F(0), F(1))).low > F(54, 100)
    assert range_of(sympy.sin(z), z, Range(F(0), F(3), True)).positive
    assert range_of(sympy.sech(z), z, LINE) == Range(F(0), F(1), True)
    assert range_of(z**sympy.pi, z, HALF).positive
    assert range_of(sympy.Max(z, 1), z, Range(F(1), F(2), True)) == Range(F(1), F(2), True)
    assert range_of(sympy.Max(z, 1), z, Range(F(0), F(2))) == Range(F(1), F(2))


def test_ranges_where_defined() -> None:
    assert range_where_defined(sympy.exp(1 / z), z, LINE).positive
    assert not range_where_defined(z**z, z, LINE).positive, "(-1)^(-1) = -1"
    assert not range_where_defined(sympy.log(z), z, LINE).positive
    with pytest.raises(CannotEnclose):
        range_of(sympy.exp(1 / z), z, LINE)


@pytest.mark.parametrize("formula", [sympy.exp(-z), sympy.exp(sympy.exp(z)), sympy.exp(10**9 * z)])
def test_numbers_too_long_to_write_out_are_not(formula: sympy.Expr) -> None:
    with pytest.raises(CannotEnclose):
        range_of(formula, z, Range(F(10**12), F(10**13)))


def test_irrational_ends_are_no_points_of_the_support() -> None:
    (part,) = support_ranges([(-sympy.pi, sympy.pi, False, False)])
    assert part.low < -3 < 3 < part.high
    assert part.low_open
    assert part.high_open


def test_analytic() -> None:
    assert is_analytic(sympy.log(z), z, HALF)
    assert not is_analytic(sympy.log(z), z, CLOSED_HALF)
    assert not is_analytic(sympy.Abs(z), z, LINE)
    assert is_analytic(sympy.Abs(z), z, HALF)
    assert not is_analytic(sympy.Max(z, 0), z, LINE)


def test_resolve() -> None:
    where = Range(F(0), F(1), True, True)
    assert resolve(sympy.Max(z, 0) + sympy.Abs(z - 2) + sympy.floor(z), z, where) == 2
    with pytest.raises(CannotEnclose):
        resolve(sympy.sign(z - sympy.Rational(1, 2)), z, where)
