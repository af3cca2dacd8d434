"""The interval of a row's off-permutation mass, against draws from the law that it is built for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from ivae_theory.recovery.offmass import RowSpread, exceeds, is_at_most, mass_bounds, row_spread

NUMBERS = st.floats(1e-6, 1e-1)


def known(rho: np.ndarray, V: np.ndarray) -> RowSpread:
    """The spread when the covariance is known."""
    top = float(np.linalg.eigvalsh(V)[-1])
    return RowSpread(float(rho @ rho), np.trace(V), np.trace(V @ V), np.trace(V @ V @ V), top, 1e6, 100.0)


@pytest.mark.parametrize("size", [1, 3, 20])
@pytest.mark.parametrize("mass", [0.0, 0.05])
@pytest.mark.parametrize(("error", "elongation"), [(0.003, 0.3), (0.05, 0.3), (0.05, 2.0)])
def test_each_bound_is_wrong_no_more_often_than_its_tail(
    size: int, mass: float, error: float, elongation: float
) -> None:
    rng = np.random.default_rng(size)
    root = error * (np.eye(size) + elongation * rng.standard_normal((size, size)) / np.sqrt(size))
    V = root @ root.T
    # The direction with most noise is the worst for an estimate of the noise along rho.
    rho = np.linalg.eigh(V)[1][:, -1] * np.sqrt(mass / (1 - mass))
    tail, count = 0.05, 800
    spreads = [known(rho + root @ rng.standard_normal(size), V) for _ in range(count)]
    # With a known covariance the chi-square approximation is all that is left; allow it one per cent.
    most = binom.ppf(0.999, count, tail + 0.01)
    assert sum(exceeds(spread, mass, tail) for spread in spreads) <= most
    assert sum(is_at_most(spread, 0.999999 * mass, tail) for spread in spreads) <= most


def test_naive_percentiles_of_the_squared_norm_are_wrong_where_these_bounds_are_right() -> None:
    rng = np.random.default_rng(0)
    size, error = 20, 0.05
    naive = 0
    for _ in range(200):
        estimate = error * rng.standard_normal(size)
        replicates = estimate + error * rng.standard_normal((400, size))
        naive += np.quantile((replicates**2).sum(axis=1), 0.025) > 0
        assert mass_bounds(row_spread(estimate, replicates, 1.0, 399.0, 100.0), 0.0005)[0] == 0
    assert naive == 200


@given(square=NUMBERS, error=NUMBERS, share=st.floats(0.01, 1), tail=st.sampled_from([0.001, 0.025, 0.05]))
def test_bounds_are_ordered_and_agree_with_the_comparisons(
    square: float, error: float, share: float, tail: float
) -> None:
    spread = RowSpread(square, error, share * error**2, share**2 * error**3, share * error, 39, 99)
    low, high = mass_bounds(spread, tail)
    assert 0 <= low <= high < 1
    for mass in (1e-4, 0.01, 0.05, 0.3):
        if abs(high - mass) > 1e-9:
            assert is_at_most(spread, mass, tail) == (high <= mass)
        if abs(low - mass) > 1e-9:
            assert exceeds(spread, mass, tail) == (low > mass)


@given(square=NUMBERS, error=NUMBERS)
def test_a_smaller_tail_gives_a_wider_interval(square: float, error: float) -> None:
    spread = RowSpread(square, error, error**2 / 2, error**3 / 4, error / 2, 39, 99)
    wide, narrow = mass_bounds(spread, 0.001), mass_bounds(spread, 0.05)
    assert wide[0] <= narrow[0]
    assert wide[1] >= narrow[1]


def test_a_row_without_signal_says_nothing() -> None:
    assert mass_bounds(RowSpread(0.0, 1e-9, 1e-18, 1e-27, 1e-9, 39, 3.9), 0.05) == (0.0, 1.0)


def test_an_exact_row_has_an_exact_interval() -> None:
    assert mass_bounds(row_spread(np.zeros(3), np.zeros((50, 3)), 1.0, 39.0, 1e300), 0.025) == (0.0, 0.0)
