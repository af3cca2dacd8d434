"""The parts of the one decision, each against exact arithmetic."""

from fractions import Fraction as F

import numpy as np
import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivae_theory.span import (
    Decision,
    choose_rows,
    count_distinct,
    decide,
    decide_floats,
    distance,
    distinct_rows,
    smallest_singular_value,
    spans_within_error,
)
from ivae_theory.span.choose import standardised
from ivae_theory.span.floats import equilibrate, exponents_of, left_residual, scale_by
from ivae_theory.span.many import span_of_many
from ivae_theory.span.rational import exact_span
from ivae_theory.verdict import Status

floats = st.floats(allow_nan=False, allow_infinity=False, width=64)
u, v = sympy.symbols("u v", real=True)


def tables(draw_value, rows=(2, 6), columns=(1, 4)):
    return st.integers(*columns).flatmap(
        lambda r: st.lists(st.lists(draw_value, min_size=r, max_size=r), min_size=rows[0], max_size=rows[1])
    )


def power(exponent):
    return F(2) ** int(exponent)


@given(st.lists(floats, min_size=1, max_size=6))
@example([0.0])
@settings(max_examples=40, deadline=None)
def test_exponents_bracket_their_magnitudes(values):
    magnitudes = np.abs(np.array(values))
    for magnitude, exponent in zip(magnitudes, exponents_of(magnitudes), strict=True):
        if magnitude:
            assert F(magnitude) <= power(exponent) < 4 * F(magnitude)
        else:
            assert exponent == 1


@given(floats.filter(lambda x: x == 0 or 1e-200 < abs(x) < 1e200), st.integers(-300, 300))
@settings(max_examples=40, deadline=None)
def test_scaling_by_powers_of_two_is_exact(value, exponent):
    scaled = scale_by(np.array([value]), np.array([exponent]))[0]
    assert F(float(scaled)) == F(value) * power(exponent)


def test_scaling_reaches_beyond_one_factor():
    assert scale_by(np.array([5e-324]), np.array([2000]))[0] == 2.0 ** (2000 - 1074)
    assert scale_by(np.array([2.0**1023]), np.array([-2001]))[0] == 2.0 ** (1023 - 2001)


@given(tables(floats), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_equilibrated_differences_are_right_to_their_error(rows, random):
    """The scales are powers of two that a second look at the table gives: the exact differences lie in the balls."""
    table = np.array(rows)
    error = np.array([abs(random.choice(column)) * random.choice([0, 1e-16, 0.1]) for column in table.T])
    with np.errstate(all="ignore"):
        found = equilibrate(table, error)
    if not (np.isfinite(found.values).all() and np.isfinite(found.error).all()):
        return
    first = exponents_of(np.abs(table).max(axis=0))
    exact = [[(F(a) - F(b)) / power(e) for a, b, e in zip(row, rows[0], first, strict=True)] for row in rows[1:]]
    scaled = scale_by(table, -first)
    second = exponents_of(np.abs(scaled[1:] - scaled[0]).max(axis=0))
    columns = scale_by(scaled[1:] - scaled[0], -second)
    across = exponents_of(np.abs(columns).max(axis=1))
    tiny = F(1, 10**290)  # the allowance for underflow, before it is scaled
    for i, row in enumerate(exact):
        for j, value in enumerate(row):
            scale = power(second[j]) * power(across[i])
            slack = 2 * F(error[j]) / power(first[j]) / scale
            bound = F(float(found.error[i, j]))
            assert abs(value / scale - F(float(found.values[i, j]))) + slack <= bound
            assert bound <= slack * (1 + F(1, 2**40)) + abs(value / scale) * F(1, 2**51) + 4 * tiny * (1 + 1 / scale)
    assert (found.error > 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (2, 5), (4, 4), (3, 9)])
def test_the_residual_bound_covers_every_corner_of_the_error(shape):
    """||I - X M|| in exact arithmetic at the corners where it is largest, for square and for wide matrices."""
    r, p = shape
    rng = np.random.default_rng(r * 10 + p)
    for size in (0.0, 1e-12, 0.05):
        matrix = rng.standard_normal((p, r))
        hint = np.linalg.pinv(matrix)
        error = np.full((p, r), size)
        bound = left_residual(hint, matrix, error)
        worst = F(0)
        for i in range(r):
            total = F(0)
            for j in range(r):
                centre = F(int(i == j)) - sum(F(hint[i, k]) * F(matrix[k, j]) for k in range(p))
                total += abs(centre) + sum(abs(F(hint[i, k])) * F(error[k, j]) for k in range(p))
            worst = max(worst, total)
        assert worst <= F(bound)
        assert bound <= float(worst) * (1 + 1e-9) + 1e-12 * p * (1 + np.abs(hint).max())


def test_what_cannot_span_is_not_said_to():
    line = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert not spans_within_error(line, np.zeros(2))
    assert not spans_within_error(line[:1], np.zeros(2))
    assert not spans_within_error(np.array([[0.0, 0], [1, 0], [np.nan, 1]]), np.zeros(2))
    assert not spans_within_error(np.array([[0.0, 0], [1, 0], [0, 1]]), np.array([0, np.inf]))
    assert not spans_within_error(np.array([[0.0, 0], [1, 1], [2, 2]]), np.zeros(2))
    assert spans_within_error(np.array([[0.0, 0], [1, 0], [0, 1]]), np.zeros(2))
    for count in (4, 5):
        assert spans_within_error(np.array([[0.0, 0], [1, 0], [0, 1], [1, 1], [5, 5]])[:count], np.full(2, 0.01))
    assert spans_within_error(np.array([[3.0], [4.0]]), np.array([0.1]))
    assert not spans_within_error(np.array([[3.0], [4.0]]), np.array([0.5]))


def test_many_rows_prove_what_no_choice_of_few_does():
    """Errors of different rows do not add up in the direction in which many rows span."""
    table = np.random.default_rng(0).standard_normal((3000, 30))
    error = np.full(30, 0.01)
    for careful in (False, True):
        assert not spans_within_error(table[choose_rows(table, careful=careful)], error)
    found = decide_floats(table, error)
    assert found.status is Status.HOLDS
    assert len(found.points) == 1024
    assert spans_within_error(table[list(found.points)], error)


def test_an_inverse_that_overflows_proves_nothing():
    """2**-30 on the diagonal and 1 beside it: the inverse has the entry 2**1200."""
    table = np.vstack([np.zeros(40), np.eye(40) * 2.0**-30 + np.eye(40, k=1)])
    assert not spans_within_error(table, np.zeros(40))
    assert smallest_singular_value(table) < 2.0**-500


@pytest.mark.parametrize("column", [0.0, np.inf, np.nan])
def test_columns_that_are_zero_or_not_finite_have_distance_zero(column):
    table = np.array([[1.0, 0.0], [2.0, column], [4.0, column], [5.0, 0.0]])
    assert smallest_singular_value(table) == 0.0


def test_a_singular_factor_has_distance_zero():
    exponents = np.zeros(2, dtype=np.intc)
    for factor in (np.diag([1.0, 0.0]), np.array([[1.0, 1.0], [0.0, 1e-320]])):
        with np.errstate(all="ignore"):
            assert distance._from_factor(factor, exponents, 0.0) == 0.0


@pytest.mark.parametrize("count", [3, 50, 20_000])
@pytest.mark.parametrize("offset", [1.0, 2.0**10, 2.0**40])
def test_what_rounding_makes_of_a_dependence_is_no_distance(count, offset):
    """x and x / 3 are dependent; their floats are not, by as much as the rounding of entries beside an offset."""
    x = np.random.default_rng(count).standard_normal(count) + offset
    assert np.linalg.matrix_rank(np.column_stack([np.ones(count), x, x / 3]), tol=0) == 3
    assert smallest_singular_value(np.column_stack([x, x / 3])) == 0.0


@pytest.mark.parametrize("count", [8_192, 8_193, 20_000])
def test_every_row_of_a_long_table_counts_once(count):
    table = np.random.default_rng(count).standard_normal((count, 3)) + np.linspace(0, 5, count)[:, None]
    expected = np.linalg.svd(table - table.mean(axis=0), compute_uv=False)[-1]
    assert smallest_singular_value(table) == pytest.approx(expected, rel=1e-9)
    assert smallest_singular_value(table, lambda rows: 2 * rows) == pytest.approx(2 * expected, rel=1e-9)


@pytest.mark.parametrize("scale", [2.0**-20, 1.0, 2.0**20])
def test_the_residual_bound_covers_the_rounding_of_the_product(scale):
    """Without an error of the entries rounding is all there is, whatever the units of the matrix are."""
    rng = np.random.default_rng(8)
    for _ in range(40):
        matrix = rng.standard_normal((6, 6)) * scale
        hint = np.linalg.inv(matrix)
        exact = [
            sum(abs(F(int(i == j)) - sum(F(hint[i, k]) * F(matrix[k, j]) for k in range(6))) for j in range(6))
            for i in range(6)
        ]
        assert max(exact) <= F(left_residual(hint, matrix, np.zeros((6, 6))))


def test_the_residual_is_the_largest_sum_of_a_row():
    """With a rough hint the residual, not rounding, is what counts."""
    assert left_residual(np.eye(3) * 1.25, np.eye(3), np.zeros((3, 3))) == pytest.approx(0.25, rel=1e-9)
    assert left_residual(np.eye(3), np.eye(3), np.diag([0.1, 0.2, 0.3])) == pytest.approx(0.3, rel=1e-9)


@given(tables(floats, rows=(2, 8)))
@settings(max_examples=40, deadline=None)
def test_standard_columns_lie_around_zero(rows):
    table = standardised(np.array(rows))
    assert (np.abs(table) <= 1).all()
    middle = (table.max(axis=0) + table.min(axis=0)) / 2
    assert (np.abs(middle) <= 1e-12).all()
    spread = np.abs(table).max(axis=0)
    assert ((spread == 0) | (spread >= 0.25)).all()


@pytest.mark.parametrize(("count", "r"), [(3, 5), (6, 5), (9, 5), (5_000, 3), (9_000, 2), (320, 210), (260, 250)])
@pytest.mark.parametrize("careful", [False, True])
def test_chosen_rows_are_an_affine_basis(count, r, careful):
    """By QR up to 200 columns, by LU beyond, in blocks beyond 4096 rows; all rows where there are no more."""
    table = np.random.default_rng(count + r).standard_normal((count, r))
    chosen = choose_rows(table, careful=careful)
    assert len(set(chosen.tolist())) == len(chosen) == min(count, r + 1)
    assert ((chosen >= 0) & (chosen < count)).all()
    gaps = table[chosen[1:]] - table[chosen[0]]
    assert np.linalg.matrix_rank(gaps) == len(chosen) - 1
    assert len(gaps) < r or np.linalg.cond(gaps) < 5e4


@pytest.mark.parametrize("place", [4_095, 4_096, 8_191, 8_192, 9_999])
def test_a_careful_choice_finds_the_one_row_that_matters_in_every_block(place):
    table = np.zeros((10_000, 2))
    table[:, 0] = np.arange(10_000)
    table[place, 1] = 1.0
    assert place in choose_rows(table, careful=True)


def test_the_sample_of_a_long_table_is_spread_over_all_of_it():
    table = np.column_stack([np.arange(20_000.0), (np.arange(20_000) % 7) / 7.0])
    chosen = choose_rows(table)
    assert chosen.max() == 19_999
    assert chosen.min() < 8


@pytest.mark.parametrize("careful", [False, True])
def test_a_long_and_wide_table_has_as_many_chosen_rows(careful):
    table = np.random.default_rng(2).standard_normal((5_000, 70))
    assert len(choose_rows(table, careful=careful)) == 71


def test_wide_tables_are_searched_by_elimination():
    """The rows that span stand at the end: taking the first ones would not do."""
    rng = np.random.default_rng(0)
    table = np.zeros((500, 210))
    table[280:] = rng.standard_normal((220, 210))
    chosen = choose_rows(table)
    assert np.linalg.matrix_rank(table[chosen[1:]] - table[chosen[0]]) == 210


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_one_row_among_many_that_breaks_a_relation_is_found(dtype):
    """A sample of 4096 rows misses row 4999: every row is compared with what the sample shows."""
    table = np.zeros((10_000, 3), dtype=dtype)
    table[:, 0] = np.arange(10_000)
    table[:, 1] = np.arange(10_000) % 7
    table[:, 2] = 2 * table[:, 0] - table[:, 1] + 1
    flat = span_of_many(table)
    assert (flat.size, flat.rank, len(flat.points), flat.spans) == (3, 2, 3, False)
    ((a, b, c),) = flat.relations
    assert (a / c, b / c) == (-2, 1)
    table[4999, 2] += 1
    whole = span_of_many(table)
    assert (whole.rank, whole.spans, whole.relations, 4999 in whole.points) == (3, True, (), True)
    assert exact_span([[F(v) for v in table[i].tolist()] for i in whole.points]).spans


def test_a_row_that_differs_beyond_what_floats_show_is_found():
    """Both columns are the same floats: only the comparison of every exact row tells them apart."""
    table = np.repeat(2**60 + 1024 * np.arange(10_000)[:, None], 2, axis=1)
    assert not span_of_many(table).spans
    table[4_999, 1] += 1
    assert (table[:, 0].astype(float) == table[:, 1].astype(float)).all()
    found = span_of_many(table)
    assert found.spans
    assert 4_999 in found.points


def test_more_rare_rows_than_rounds_are_found_by_looking_at_every_row():
    """Every relation that the sample shows breaks in the same row first, so that a round adds one row only."""
    table = np.zeros((40_000, 12))
    rare = np.setdiff1d(np.arange(40_000), np.linspace(0, 39_999, 4_096).astype(int))[::3_000][:12]
    table[rare] = np.random.default_rng(1).integers(1, 1000, (12, 12))
    found = span_of_many(table)
    assert (found.spans, found.rank) == (True, 12)


def test_many_rows_are_undecided_where_nothing_is_found(monkeypatch):
    monkeypatch.setattr(decide, "_EXACT_ENTRIES", 0)
    flat = np.array([[0.0, 0], [1, 2], [2, 4]])
    assert decide_floats(flat, np.zeros(2)) == Decision(Status.FAILS, True, (0, 1), 1, ((F(-2), F(1)),))
    monkeypatch.setattr(decide, "span_of_many", lambda rows: None)
    assert decide._decide_many(flat) == Decision(Status.UNDECIDED, True, (), None, ())
    assert decide_floats(flat, np.zeros(2)) == Decision(Status.UNDECIDED, False, (), None, ())


def test_equal_rows_are_one_and_minus_zero_is_zero():
    table = np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0], [-0.0, 0.0], [1.0, -2.0]])
    assert distinct_rows(table).tolist() == [0, 1, 4]
    assert count_distinct(table, 10) == 3
    assert count_distinct(table, 1) == 2
