"""Linear algebra over the rationals, against sympy as an independent oracle."""

from fractions import Fraction

import sympy
from hypothesis import given
from hypothesis import strategies as st

from ivae_theory.exact import affine_null_vector, determinant, integer_rows, null_vector, rank, rank_modulo

SMALL = st.fractions(min_value=-3, max_value=3, max_denominator=4)


def matrices(rows, columns):
    return st.lists(st.lists(SMALL, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


SHAPED = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(lambda shape: matrices(*shape))


def oracle(rows):
    return sympy.Matrix([[sympy.Rational(v.numerator, v.denominator) for v in row] for row in rows])


@given(SHAPED)
def test_rank_is_sympys(rows):
    assert rank(rows) == oracle(rows).rank()


@given(SHAPED)
def test_the_rank_modulo_a_prime_is_a_lower_bound(rows):
    assert rank_modulo(rows) <= rank(rows)


@given(matrices(3, 3))
def test_determinant_is_sympys(rows):
    assert determinant(rows) == Fraction(str(oracle(rows).det()))


@given(SHAPED)
def test_a_null_vector_exists_exactly_when_columns_are_dependent(rows):
    vector = null_vector(rows)
    if rank(rows) == len(rows[0]):
        assert vector is None
    else:
        assert vector is not None
        assert any(vector)
        assert all(sum(a * b for a, b in zip(row, vector, strict=True)) == 0 for row in rows)


@given(SHAPED)
def test_an_affine_null_vector_is_constant_on_the_points(points):
    vector = affine_null_vector(points)
    spread = [[a - b for a, b in zip(row, points[0], strict=True)] for row in points[1:]]
    full = bool(spread) and rank(spread) == len(points[0])
    assert (vector is None) == full
    if vector is not None:
        values = {sum(a * b for a, b in zip(row, vector, strict=True)) for row in points}
        assert len(values) == 1
        assert any(vector)


@given(SHAPED)
def test_integer_rows_span_the_same_space(rows):
    assert rank(integer_rows(rows)) == rank(rows)
