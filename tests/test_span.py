"""The one decision: properties, exact oracles, and what must not be certified."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory.enclosure.rounding import column_error
from ivae_theory.span import (
    choose_rows,
    decide_floats,
    decide_rationals,
    direction_basis,
    exact_span,
    smallest_singular_value,
    spans_within_error,
)
from ivae_theory.span.floats import left_residual
from ivae_theory.verdict import Status

small = st.integers(-3, 3)
tables = st.integers(1, 4).flatmap(lambda r: st.lists(st.lists(small, min_size=r, max_size=r), min_size=1, max_size=8))


def affine_rank(rows):
    """Independent oracle: sympy's rank of the differences."""
    first = rows[0]
    gaps = [[sympy.Rational(a) - sympy.Rational(b) for a, b in zip(row, first, strict=True)] for row in rows[1:]]
    return sympy.Matrix(gaps).rank() if gaps else 0


def fractions(rows):
    return [[Fraction(value) for value in row] for row in rows]


@given(tables)
@settings(max_examples=150, deadline=None)
def test_the_exact_decision_agrees_with_sympy_and_shows_why(rows):
    span = exact_span(fractions(rows))
    rank = affine_rank(rows)
    assert span.rank == rank
    assert len(span.points) == rank + 1
    assert affine_rank([rows[i] for i in span.points]) == rank
    assert len(span.relations) == len(rows[0]) - rank
    for w in span.relations:
        assert any(w)
        assert len({sum(a * b for a, b in zip(w, row, strict=True)) for row in rows}) == 1


@given(tables)
@settings(max_examples=100, deadline=None)
def test_floats_are_never_certified_against_the_exact_rank(rows):
    table = np.array(rows, dtype=float)
    decision = decide_floats(table, column_error(table, "float64"))
    expected = Status.HOLDS if affine_rank(rows) == len(rows[0]) else Status.FAILS
    assert decision.status is expected
    assert decide_rationals(fractions(rows)).status is expected


@given(tables, st.integers(-900, 900))
@settings(max_examples=60, deadline=None)
def test_units_do_not_matter(rows, exponent):
    table = np.array(rows, dtype=float)
    scaled = np.ldexp(table, exponent)
    both = [decide_floats(t, column_error(t, "float64")).status for t in (table, scaled)]
    assert both[0] is both[1]


def test_large_rationals_take_elimination_and_are_exact():
    rng = np.random.default_rng(0)
    rows = [[Fraction(int(a), 10**9 + 7) for a in rng.integers(-(10**12), 10**12, 4)] for _ in range(9)]
    weights = [Fraction(10**11 + 3, 7), Fraction(-5, 10**10 + 19), Fraction(1), Fraction(3)]
    rows = [[*row, sum(w * v for w, v in zip(weights, row, strict=True)) + 1] for row in rows]
    span = exact_span(rows)
    assert span.rank == 4
    (w,) = span.relations
    assert [value / w[-1] for value in w] == [-weight for weight in weights] + [1]


def test_perturbations_inside_the_error_never_change_a_certified_table():
    """Random tables at the edge of what is certified: every corner of the error box that is tried keeps full rank."""
    rng = np.random.default_rng(1)
    certified = 0
    for _ in range(200):
        table = rng.integers(-4, 5, (3, 2)).astype(float)
        error = np.full(2, rng.uniform(0, 1))
        if spans_within_error(table, error):
            certified += 1
            corners = rng.choice([-1.0, 1.0], (200, 3, 2)) * error
            ranks = np.linalg.matrix_rank((table + corners)[:, 1:] - (table + corners)[:, :1], tol=1e-9)
            assert (ranks == 2).all()
    assert certified > 20


def test_the_error_at_which_a_simplex_degenerates_is_not_certified():
    """The unit triangle collapses when vertices move by 1/4 in each coordinate: no larger error can be certified."""
    table = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert spans_within_error(table, np.full(2, 0.1))
    assert not spans_within_error(table, np.full(2, 0.25))


def test_the_residual_bound_covers_the_exact_residual():
    rng = np.random.default_rng(2)
    for size in (1, 3, 8):
        matrix = rng.standard_normal((size, size)) * 10.0 ** rng.integers(-3, 4, (size, size))
        hint = np.linalg.inv(matrix)
        bound = left_residual(hint, matrix, np.zeros_like(matrix))
        exact = [
            sum(
                abs(sum(Fraction(hint[i, k]) * Fraction(matrix[k, j]) for k in range(size)) - (i == j))
                for j in range(size)
            )
            for i in range(size)
        ]
        assert bound >= max(exact)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [1, 2])
def test_outputs_of_narrow_networks_are_never_certified(dtype, width):
    """True rank is the width; the floats have full rank by rounding alone. Offsets make rounding worse."""
    rng = np.random.default_rng(3)
    for trial in range(150):
        outputs = int(rng.integers(width + 1, 8))
        rows = int(rng.integers(outputs + 1, 60))
        first = rng.standard_normal((3, 16)).astype(dtype)
        inner = rng.standard_normal((16, width)).astype(dtype)
        last = rng.standard_normal((width, outputs)).astype(dtype)
        bias = (10.0 ** rng.integers(-2, 3) * rng.standard_normal(outputs)).astype(dtype)
        table = np.tanh(rng.standard_normal((rows, 3)).astype(dtype) @ first) @ inner @ last + bias
        table = table.astype(np.float64)
        decision = decide_floats(table, column_error(table, dtype))
        assert decision.status is not Status.HOLDS, (trial, outputs, rows)


@pytest.mark.parametrize(
    "table",
    [
        np.zeros((4, 2)),
        np.array([[1e308, -1e308], [-1e308, 1e308], [0, 0]]),
        np.array([[5e-324, 0], [0, 5e-324], [0, 0]]),
        np.array([[1.0, 1e-320], [2.0, 0.0], [3.0, 1e-320]]),
        np.array([[1.0]]),
    ],
)
def test_extreme_tables_are_answered_without_a_warning(table):
    decision = decide_floats(table, column_error(table, "float64"))
    exact = exact_span([[Fraction(v) for v in row] for row in table.tolist()])
    assert decision.status is not (Status.FAILS if exact.spans else Status.HOLDS)


def test_a_sum_that_was_rounded_is_undecided_and_an_exact_one_fails():
    rng = np.random.default_rng(4)
    columns = rng.standard_normal((30, 2))
    rounded = np.column_stack([columns, columns.sum(axis=1)])
    assert decide_floats(rounded, column_error(rounded, "float64")).status is Status.UNDECIDED
    whole = np.round(columns * 100)
    exact = np.column_stack([whole, whole.sum(axis=1)])
    assert decide_floats(exact, column_error(exact, "float64")).status is Status.FAILS
    assert decide_floats(exact, column_error(exact, "float64"), as_given=False).status is Status.UNDECIDED


def test_few_good_rows_among_many_bad_ones_are_found():
    table = np.zeros((30_000, 4))
    table[:, 0] = np.arange(30_000) / 7.0
    table[[11, 12_345, 29_000], [1, 2, 3]] = 1.0
    decision = decide_floats(table, column_error(table, "float64"))
    assert decision.status is Status.HOLDS
    assert {11, 12_345, 29_000} <= set(decision.points)


def test_chosen_rows_are_distinct_and_well_conditioned():
    rng = np.random.default_rng(5)
    table = rng.standard_normal((500, 10))
    rows = choose_rows(table)
    assert len(set(rows.tolist())) == 11
    assert np.linalg.cond(table[rows[1:]] - table[rows[0]]) < 100


def test_the_smallest_singular_value_is_numpys_also_in_blocks_and_beside_an_offset():
    rng = np.random.default_rng(6)
    for count in (12, 20_000):
        table = rng.standard_normal((count, 6)) * [1, 2, 3, 4, 5, 1e-3]
        expected = np.linalg.svd(table - table.mean(axis=0), compute_uv=False)[-1]
        assert smallest_singular_value(table) == pytest.approx(expected, rel=1e-9)
        assert smallest_singular_value(table + 2.0**20) == pytest.approx(expected, rel=1e-4)
    assert smallest_singular_value(table[:6]) == 0.0


def test_the_basis_of_directions_does_not_depend_on_the_order():
    rows = fractions([[1, 2, 3], [2, 4, 7], [0, 0, 1], [5, 10, 2]])
    assert direction_basis(rows) == direction_basis(rows[::-1]) == fractions([[1, 2, 0], [0, 0, 1]])


@pytest.mark.parametrize("size", [3, 30])
def test_relations_are_found_through_residues_and_through_elimination(size):
    rng = np.random.default_rng(7)
    table = rng.standard_normal((2 * size, size))
    table[:, -1] = 4 * table[:, 0]
    decision = decide_floats(table, column_error(table, "float64"))
    assert decision.status is Status.FAILS
    assert decision.rank == size - 1
    few = decide_floats(table[:3], column_error(table[:3], "float64"))
    assert few.status is Status.FAILS
    assert few.rank == min(2, size - 1)
