"""Full column rank of all matrices in given balls."""

import numpy as np
import pytest
from flint import arb

from ivae_theory.enclosure.invertible import differences, has_full_column_rank
from ivae_theory.enclosure.precision import precision


def matrix(values, radius=0.0):
    return [[arb(float(value), radius) for value in row] for row in values]


def test_differences_are_rows_minus_the_first():
    assert [[float(v.mid()) for v in row] for row in differences(matrix([[1, 2], [4, 4]]))] == [[3, 2]]


@pytest.mark.parametrize("size", [1, 2, 20])
def test_random_matrices_are_proved_and_singular_ones_are_not(size):
    values = np.random.default_rng(size).standard_normal((size, size))
    assert has_full_column_rank(matrix(values, 1e-12))
    singular = np.vstack([values[:-1], values[:-1].sum(axis=0, keepdims=True)])
    assert not has_full_column_rank(matrix(singular))
    assert not has_full_column_rank(matrix(singular, 1e-12))


def test_balls_that_contain_a_singular_matrix_are_never_proved():
    for gap in (1e-3, 1e-9, 1e-15):
        near = [[1.0, 1.0], [1.0, 1.0 + gap]]
        assert not has_full_column_rank(matrix(near, 0.3 * gap))
    assert has_full_column_rank(matrix([[1.0, 1.0], [1.0, 1.0 + 1e-3]], 1e-5))


def test_matrices_too_close_to_a_singular_one_for_floats():
    """At more bits a determinant decides: 1e-300 from a singular matrix, square or tall, unless the balls reach it."""
    with precision(2600):
        gap = arb(10) ** -300
        near = [[arb(1), arb(1)], [arb(1), arb(1) + gap]]
        assert has_full_column_rank(near, 2600)
        assert not has_full_column_rank(near, 64)
        assert has_full_column_rank([*near, near[0]], 2600)
        assert not has_full_column_rank([[arb(1), arb(1)]] * 3, 2600)
        assert not has_full_column_rank([[arb(1), arb(1)], [arb(1), arb(1) + gap + arb(0, 2 * gap)]], 2600)
        assert has_full_column_rank([[arb(1), arb(1)], [arb(1), arb(1) + gap + arb(0, gap / 2)]], 2600)


def test_scales_do_not_matter():
    big, small = arb(2) ** 5000, arb(2) ** -5000
    assert has_full_column_rank([[big, small], [big, -small]])
    assert has_full_column_rank([[big, big], [small, -small]])


@pytest.mark.parametrize("bad", [arb("nan"), arb(0, float("inf"))])
def test_balls_without_bounds_prove_nothing(bad):
    assert not has_full_column_rank([[bad]])


def test_more_rows_than_columns_may_prove_what_fewer_cannot():
    values = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]]
    assert has_full_column_rank(matrix(values, 0.05))
    assert not has_full_column_rank(matrix(values[:1]))
    assert not has_full_column_rank([])
