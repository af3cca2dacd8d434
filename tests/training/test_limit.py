"""The limit against linear Gaussian models, whose posterior is known, and against another sampler."""

import numpy as np
import pytest

from ivae_theory.errors import InputError
from ivae_theory.training.data import Dataset, simulate
from ivae_theory.training.limit import recovery_limit, truth_as_flow
from ivae_theory.training.scores import mean_correlation


def _linear_posterior(data: Dataset, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, covariance of z and log p(x) for x = z A + eps, everything Gaussian."""
    a, variance = data.mixing.weights[0], data.simulation.noise_scale**2
    means, covariances, densities = [], [], []
    for row in rows:
        u, x = data.u[row], data.x[row]
        prior = np.diag(data.variances[u])
        marginal = a.T @ prior @ a + variance * np.eye(a.shape[1])
        gain = prior @ a @ np.linalg.inv(marginal)
        residual = x - data.means[u] @ a
        means.append(data.means[u] + gain @ residual)
        covariances.append(prior - gain @ a.T @ prior)
        quadratic = residual @ np.linalg.solve(marginal, residual)
        densities.append(-0.5 * (quadratic + np.linalg.slogdet(2 * np.pi * marginal)[1]))
    return np.array(means), np.array(covariances), np.array(densities)


@pytest.mark.parametrize(("n", "d"), [(2, 2), (2, 4)])
@pytest.mark.parametrize("family", ["gaussian_scale", "gaussian"])
def test_linear_gaussian_posterior_is_exact(n: int, d: int, family: str) -> None:
    data = simulate("paper", 2, n=n, d=d, layers=1, segments=4, length=100, noise_scale=0.6, family=family)
    found = recovery_limit(data, rows=60, proposals=6000, seed=1)
    mean, covariance, density = _linear_posterior(data, found.rows)
    deviation = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    error = (found.means - mean) / (deviation / np.sqrt(found.effective)[:, None])
    assert np.abs(error).max() < 6
    assert found.log_likelihood is not None
    np.testing.assert_allclose(found.log_likelihood, density, atol=0.15)
    scaled = (found.draws - mean) / deviation
    assert scaled.std() == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("noise", ["gaussian", "laplace"])
@pytest.mark.parametrize("family", ["gaussian_scale", "laplace_scale"])
@pytest.mark.parametrize("d", [2, 3])
def test_nonlinear_posterior_agrees_with_proposals_from_the_prior(noise: str, family: str, d: int) -> None:
    data = simulate("paper", 0, n=2, d=d, segments=3, length=50, noise=noise, noise_scale=0.4, family=family, slope=0.3)
    found = recovery_limit(data, rows=3, proposals=20_000)
    rng, scale = np.random.default_rng(0), data.simulation.noise_scale
    for index, row in enumerate(found.rows):
        u, count = data.u[row], 150_000
        deviation = np.sqrt(data.variances[u])
        if family == "laplace_scale":
            z = rng.laplace(scale=deviation / np.sqrt(2), size=(count, 2))
        else:
            z = deviation * rng.standard_normal((count, 2))
        residual = (data.x[row] - data.mixing(z)) / scale
        if noise == "laplace":
            log_weight = -np.sqrt(2) * np.abs(residual).sum(1) - d * np.log(np.sqrt(2) * scale)
        else:
            log_weight = -0.5 * (residual**2).sum(1) - d * np.log(np.sqrt(2 * np.pi) * scale)
        weight = np.exp(log_weight)
        share = weight / weight.sum()
        mean = (share[:, None] * z).sum(0)
        deviation = np.sqrt((share[:, None] * (z - mean) ** 2).sum(0))
        uncertainty = np.sqrt((share**2).sum() + 1 / found.effective[index])
        assert uncertainty < 0.15
        assert (np.abs(found.means[index] - mean) < 5 * deviation * uncertainty).all()
        assert found.log_likelihood is not None
        assert abs(found.log_likelihood[index] - np.log(weight.mean())) < 5 * uncertainty


def test_without_noise_the_limit_is_one() -> None:
    for preset, d in (("released", 5), ("supplement_g", 12)):
        changes = {"noise": "none", "noise_scale": 0.0, "d": d, "length": 20, "condition_draws": 100}
        found = recovery_limit(simulate(preset, 0, **changes), rows=100)
        assert found.mcc_mean == found.mcc_draw == pytest.approx(1)
        assert (found.log_likelihood is None) == (preset == "supplement_g")


def test_a_draw_correlates_less_than_the_mean_and_both_fall_with_noise() -> None:
    quiet = recovery_limit(simulate("paper", 0, length=100, noise_scale=0.1), rows=600, proposals=400)
    loud = recovery_limit(simulate("paper", 0, length=100, noise_scale=0.5), rows=600, proposals=400)
    assert 0.98 < quiet.mcc_mean < 0.995  # about .985 at these settings
    assert quiet.mcc_draw < quiet.mcc_mean
    assert loud.mcc_mean < quiet.mcc_mean
    assert np.median(quiet.effective) > 20


def test_the_same_seed_gives_the_same_limit() -> None:
    data = simulate("paper", 0, length=20)
    one, two = (recovery_limit(data, rows=50, proposals=100, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.draws, two.draws)
    with pytest.raises(InputError, match=r"^rows:"):
        recovery_limit(data, rows=1)


def test_mean_correlation() -> None:
    rng = np.random.default_rng(0)
    z = rng.standard_normal((500, 3))
    assert mean_correlation(z, z[:, [2, 0, 1]] * [-3, 2, 0.1] + 5) == pytest.approx(1)
    constant = np.column_stack([z[:, :2], np.ones(500)])
    assert mean_correlation(z, constant) == pytest.approx(2 / 3)
    table = np.abs(np.corrcoef(z.T, (z**3).T)[:3, 3:])
    assert mean_correlation(z, z**3) == pytest.approx(np.diag(table).mean())
    with pytest.raises(InputError, match=r"^learned:"):
        mean_correlation(z, z[:, :2])


def test_the_truth_as_a_flow_is_the_limit_without_noise() -> None:
    data = simulate("released", 0, n=2, d=2, segments=3, length=40, condition_draws=50)
    likelihood, score = truth_as_flow(data)
    found = recovery_limit(data, rows=120)
    assert found.log_likelihood is not None
    assert likelihood == pytest.approx(found.log_likelihood.mean())
    assert score == pytest.approx(1.0)
    # noise only lowers what the flow scores
    noisy = simulate("paper", 0, segments=4, length=200)
    assert 0.9 < truth_as_flow(noisy)[1] < 0.999
