"""MCC, chance level, R^2, Amari, DCI, against independent computations."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard
from scipy.stats import spearmanr

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.recovery import amari, chance_level, dci, mcc, r2_score, recover
from tests.extras import optional

linear_model = optional("sklearn.linear_model", "train")

#: theory, section 7: c_n of "about c_n / sqrt(N)".
CHANCE = {2: 1.04, 5: 1.41, 10: 1.70, 20: 1.99, 50: 2.35, 100: 2.60}


def brute_force(z: np.ndarray, w: np.ndarray) -> float:
    """MCC by trying every assignment."""
    n = z.shape[1]
    C = np.abs(np.corrcoef(z.T, w.T)[:n, n:])
    return max(float(np.mean([C[i, p[i]] for i in range(n)])) for p in permutations(range(n)))


@given(seed=st.integers(0, 10_000), n=st.integers(1, 4), rows=st.integers(10, 60))
@settings(max_examples=30, deadline=None)
def test_pearson_against_brute_force(seed: int, n: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    z, w = rng.standard_normal((rows, n)), rng.standard_normal((rows, n)) * 3 + 7
    found = mcc(z, w)
    assert float(found) == pytest.approx(brute_force(z, w), abs=1e-9)
    assert sorted(found.permutation) == list(range(n))


@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
@settings(max_examples=25, deadline=None)
def test_mcc_ignores_order_signs_scales_and_shifts(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    z, w = rng.standard_normal((50, 3)), rng.standard_normal((50, 3))
    moved = w[:, rng.permutation(3)] * rng.choice([-scale, scale], 3) + shift
    assert float(mcc(z, w)) == pytest.approx(float(mcc(z, moved)), abs=1e-7)


def test_spearman_against_scipy() -> None:
    rng = np.random.default_rng(0)
    z = rng.standard_normal((500, 2))
    w = np.exp(3 * z[:, ::-1]) + rng.standard_normal((500, 2))
    found = mcc(z, w, method="spearman")
    expected = np.mean([abs(spearmanr(z[:, i], w[:, 1 - i])[0]) for i in range(2)])
    assert float(found) == pytest.approx(expected, abs=1e-12)
    assert float(mcc(z, w)) < float(found)


@pytest.mark.parametrize("n", CHANCE)
def test_the_chance_level_is_reproduced_within_five_per_cent(n: int) -> None:
    assert chance_level(n, 40_000) * np.sqrt(40_000) == pytest.approx(CHANCE[n], rel=0.05)


@pytest.mark.parametrize(("n", "rows"), [(2, 20), (5, 100), (10, 100)])
def test_independent_latents_score_the_chance_level(n: int, rows: int) -> None:
    rng = np.random.default_rng(n)
    scores = [mcc(rng.standard_normal((rows, n)), rng.standard_normal((rows, n))) for _ in range(60)]
    assert np.mean(scores) == pytest.approx(scores[0].chance, rel=0.05 if n > 2 else 0.12)


def test_chance_level_with_varying_segment_means_is_of_the_order_of_the_number_of_segments() -> None:
    rng = np.random.default_rng(1)
    u = np.repeat(np.arange(40), 200)
    scores = []
    for _ in range(25):
        z = rng.uniform(-5, 5, (40, 5))[u] + rng.standard_normal((8000, 5))
        w = rng.uniform(-5, 5, (40, 5))[u] + rng.standard_normal((8000, 5))
        scores.append(mcc(z, w, u=u))
    assert np.mean(scores) == pytest.approx(np.mean([score.chance for score in scores]), rel=0.1)
    assert np.mean(scores) > 5 * chance_level(5, 8000)


def test_predicting_only_the_segment_mean_scores_high_and_nothing_within_segments() -> None:
    rng = np.random.default_rng(2)
    u = rng.permutation(np.repeat(np.arange(40), 200))
    means = rng.uniform(-5, 5, (40, 3))
    z = means[u] + rng.standard_normal((8000, 3))
    found = mcc(z, means[u] + 1e-9 * rng.standard_normal(z.shape), u=u)
    assert float(found) > 0.9
    assert found.within is not None
    assert found.within < 0.05


def test_within_segments_against_a_direct_computation_when_segments_are_merged() -> None:
    rng = np.random.default_rng(3)
    u = rng.integers(0, 700, 5000)
    z = rng.uniform(-5, 5, (700, 2))[u] + rng.standard_normal((5000, 2))
    w = z[:, ::-1] + 2 * rng.standard_normal((5000, 2))
    centred = [
        a - np.stack([a[u == m].mean(axis=0) if (u == m).any() else a[0] for m in range(700)])[u] for a in (z, w)
    ]
    assert mcc(z, w, u=u).within == pytest.approx(brute_force(*centred), abs=1e-9)


def test_out_of_sample_does_not_reward_chance() -> None:
    rng = np.random.default_rng(4)
    inside, outside = [], []
    for _ in range(40):
        z, w = rng.standard_normal((60, 5)), rng.standard_normal((60, 5))
        inside.append(float(mcc(z, w)))
        outside.append(float(mcc(z, w, out_of_sample=True)))
    assert abs(np.mean(outside)) < 0.05 < np.mean(inside)
    z = rng.standard_normal((1000, 5))
    assert float(mcc(z, -z[:, ::-1], out_of_sample=True)) == pytest.approx(1)


def test_the_interval_covers() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(60):
        z = rng.standard_normal((500, 2))
        found = mcc(z, 0.8 * z + 0.6 * rng.standard_normal((500, 2)))
        hits += found.lower <= 0.8 <= found.upper
    assert hits >= 50


@pytest.mark.parametrize("rows", [4, 10])
def test_the_interval_covers_with_few_rows(rows: int) -> None:
    """Correlations of few rows are skewed, and their spread is not known: a normal interval covers 69 % and 83 %."""
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(300):
        z = rng.standard_normal((rows, 1))
        found = mcc(z, 0.9 * z + np.sqrt(0.19) * rng.standard_normal((rows, 1)))
        hits += found.lower <= 0.9 <= found.upper
    assert hits >= 0.92 * 300


def test_mcc_says_nothing_about_identifiability_either_way() -> None:
    rng = np.random.default_rng(6)
    z = rng.standard_normal((20_000, 8))
    found = recover(z, z @ hadamard(8).T / np.sqrt(8), statistics="z")
    assert float(found.mcc) == pytest.approx(8**-0.5, abs=0.03)
    assert found.parts[0].holds
    assert found.parts[2].fails


def test_draws_and_distributions() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    rng = np.random.default_rng(7)
    z = rng.standard_normal((2000, 2))
    draws = z + rng.standard_normal((3, 2000, 2))
    assert mcc(z, draws).of == "posterior samples"
    assert float(mcc(z, draws)) == float(mcc(z, draws[0]))
    law = torch.distributions.Normal(torch.tensor(z), torch.ones(2000, 2))
    assert mcc(z, law).of == "posterior means"
    assert float(mcc(z, law)) == pytest.approx(1)


def test_r2_against_scikit_learn() -> None:
    rng = np.random.default_rng(8)
    x = rng.standard_normal((300, 3))
    y = x @ rng.standard_normal((3, 2)) + rng.standard_normal((300, 2))
    expected = [linear_model.LinearRegression().fit(x, column).score(x, column) for column in y.T]
    np.testing.assert_allclose(r2_score(y, x), expected)


@given(seed=st.integers(0, 1000), n=st.integers(2, 6))
@settings(deadline=None)
def test_amari_is_zero_exactly_for_scaled_permutations(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    scaled = np.eye(n)[rng.permutation(n)] * rng.uniform(0.5, 2, n) * rng.choice([-1, 1], n)
    assert amari(scaled) == 0
    dense = rng.uniform(0.5, 1, (n, n))
    assert 0 < amari(dense) <= 1
    assert amari(dense) == pytest.approx(amari(dense[rng.permutation(n)][:, rng.permutation(n)]))
    assert amari(np.ones((n, n))) == pytest.approx(1)


def test_amari_refuses() -> None:
    masked = np.ma.masked_array(np.eye(2), mask=[[0, 0], [0, 1]])
    for bad in (np.ones((2, 3)), np.zeros((2, 2)), np.full((2, 2), np.nan), masked):
        with pytest.raises(InputError):
            amari(bad)
    with pytest.raises(InputTypeError, match="real numbers"):
        amari([["a"]])


@pytest.mark.parametrize("regressor", ["forest", "lasso"])
def test_dci_tells_separate_from_mixed(regressor: str) -> None:
    rng = np.random.default_rng(9)
    z = rng.standard_normal((1500, 3))
    separate = dci(z, 2 * z[:, ::-1], regressor=regressor)
    mixed = dci(z, z @ np.linalg.qr(rng.standard_normal((3, 3)))[0], regressor=regressor)
    assert separate.disentanglement > 0.85 > mixed.disentanglement
    assert separate.completeness > 0.85 > mixed.completeness
    assert separate.informativeness > 0.9
    np.testing.assert_allclose(separate.importances.sum(axis=0), 1)
    with pytest.raises(InputError, match="regressor"):
        dci(z, z, regressor="tree")
