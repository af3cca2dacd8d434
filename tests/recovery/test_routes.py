"""Posterior draws, distributions, natural parameters, two models without a truth, linear ICA."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.assumed import EXACT_POSTERIOR, LOOKED_AT, SAMPLED
from ivae_theory.errors import CallableFailed, InputError, InputTypeError
from ivae_theory.recovery import parameter_route, recover, recover_models, resolve
from tests.extras import optional
from tests.recovery.worlds import posterior_sample, world

torch = optional("torch", "torch")

MIXING = np.array([[1, 0.8, 0.3], [0, 1, 0.8], [0.4, 0, 1]])


@pytest.fixture(scope="module")
def noisy() -> dict[str, Any]:
    """A true permutation seen through the exact, correlated posterior of a noisy linear model."""
    rng = np.random.default_rng(0)
    w = world(3, 40, 1000, 0.0, "one", rng)
    z, draws, mean, covariances = posterior_sample(w, MIXING, 0.5, 2, rng)
    return {"w": w, "z": z, "draws": draws, "mean": mean, "covariances": covariances, "u": w.u}


def test_instruments_accept_what_naive_regression_on_samples_rejects(noisy: dict[str, Any]) -> None:
    order = [2, 0, 1]
    good = recover(noisy["z"], noisy["draws"][:, :, order], statistics="z**2", u=noisy["u"])
    assert good.verdict.holds
    assert good.permutation == (1, 2, 0)
    assert good.verdict.assumes == (EXACT_POSTERIOR, LOOKED_AT, SAMPLED)
    assert good.scales == pytest.approx((1, 1, 1), abs=0.1)
    naive = recover(noisy["z"], noisy["draws"][0][:, order], statistics="z**2", u=noisy["u"])
    assert naive.verdict.fails
    assert naive.verdict.assumes == (SAMPLED,)
    assert "exact latents" in naive.verdict.reason
    assert "S >= 2 draws" in naive.verdict.advice
    assert max(abs(np.array(naive.scales))) < 0.9  # attenuated


def test_the_posterior_mean_of_T_is_computed_from_a_distribution(noisy: dict[str, Any]) -> None:
    deviation = np.sqrt(np.stack([np.diag(c) for c in noisy["covariances"]]))[noisy["u"]]
    law = torch.distributions.Normal(torch.tensor(noisy["mean"]), torch.tensor(deviation))
    for posterior in (law, torch.distributions.Independent(law, 1)):
        found = recover(noisy["z"], posterior, statistics="z**2", u=noisy["u"])
        assert found.verdict.holds
        assert found.scales == pytest.approx((1, 1, 1), abs=0.05)
        assert "E[T'] computed" in found.verdict.reason
    # E[z^2] = m^2 + v: the squares of the means are another statistic, and not the right one.
    X = np.column_stack([np.ones(len(deviation)), noisy["mean"] ** 2 + deviation**2])
    expected = np.linalg.lstsq(X, noisy["z"] ** 2, rcond=None)[0][1:].T
    np.testing.assert_allclose(found.map.A, expected, atol=1e-8)


def test_a_multivariate_posterior_has_the_same_marginals(noisy: dict[str, Any]) -> None:
    covariance = torch.tensor(noisy["covariances"][noisy["u"]])
    law = torch.distributions.MultivariateNormal(torch.tensor(noisy["mean"]), covariance)
    assert recover(noisy["z"], law, statistics="z**2", u=noisy["u"]).verdict.holds


@pytest.mark.parametrize("statistics", ["abs(z)", "z, z**2", "exp(z/4)"])
def test_other_statistics_under_a_normal_posterior(noisy: dict[str, Any], statistics: str) -> None:
    deviation = np.sqrt(np.stack([np.diag(c) for c in noisy["covariances"]]))[noisy["u"]]
    law = torch.distributions.Normal(torch.tensor(noisy["mean"]), torch.tensor(deviation))
    found = recover(noisy["z"], law, statistics=statistics, u=noisy["u"])
    assert found.verdict.holds
    sizes = len(found.map.A)
    np.testing.assert_allclose(found.map.A, np.eye(sizes), atol=0.15)


def test_other_laws_are_replaced_by_draws() -> None:
    rng = np.random.default_rng(1)
    z = rng.laplace(size=(20_000, 2)) * np.repeat(rng.uniform(0.5, 3, (40, 2)), 500, axis=0)
    law = torch.distributions.Laplace(torch.tensor(z), torch.full(z.shape, 0.01))
    found = recover(z, law, statistics="abs(z)", u=np.repeat(np.arange(40), 500))
    assert "draws from the Laplace posterior" in found.verdict.reason
    assert found.verdict.holds
    before = torch.random.get_rng_state()
    recover(z, law, statistics="abs(z)")
    assert torch.equal(before, torch.random.get_rng_state())


def test_bad_distributions() -> None:
    with pytest.raises(InputError, match="a Distribution over"):
        recover(np.zeros((5, 2)), torch.distributions.Normal(torch.zeros(5), 1.0), statistics="z")


def test_a_rotation_behind_a_posterior_is_found_to_be_no_affine_map(noisy: dict[str, Any]) -> None:
    angle = np.radians(20)
    R = np.eye(3)
    R[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    found = recover(noisy["z"], noisy["draws"] @ R.T, statistics="z**2", u=noisy["u"], tolerance=0.02)
    assert found.parts[0].fails
    assert "not affine in these statistics" in found.verdict.reason


def test_a_posterior_that_is_not_exact_is_noticed_where_it_contradicts_u(noisy: dict[str, Any]) -> None:
    shifts = np.random.default_rng(2).uniform(0, 3, (40, 3))[noisy["u"]]
    found = recover(noisy["z"], noisy["draws"] + shifts, statistics="z**2", u=noisy["u"])
    assert not found.verdict.holds


# -- the parameter route


def test_parameter_route_recovers_A_exactly() -> None:
    rng = np.random.default_rng(3)
    lam, A = rng.standard_normal((40, 4)), rng.standard_normal((4, 4))
    route = parameter_route(lam.reshape(40, 2, 2), lam @ A + 5)
    np.testing.assert_allclose(route.A, A, atol=1e-10)
    assert route.residual < 1e-20


def test_the_routes_agree_for_an_equivalent_model_and_warn_otherwise(noisy: dict[str, Any]) -> None:
    lam = -1 / (2 * noisy["w"].v)
    order, scale = [2, 0, 1], np.array([2.0, 0.5, 3.0])
    learned = np.sqrt(scale) * noisy["draws"][:, :, order]
    true_natural = lam[:, order] / scale  # T' = scale T: lambda' = lambda / scale
    agree = recover(noisy["z"], learned, statistics="z**2", u=noisy["u"], natural=(lam, true_natural))
    assert agree.verdict.holds
    assert agree.warnings == ()
    assert agree.parameter_route is not None
    assert agree.parameter_route.off_mass == pytest.approx(0, abs=1e-9)
    assert agree.parameter_route.permutation == agree.permutation
    np.testing.assert_allclose(agree.parameter_route.A, agree.map.A, atol=0.3)
    wrong = recover(noisy["z"], learned, statistics="z**2", u=noisy["u"], natural=(lam, true_natural[:, [1, 0, 2]]))
    assert any("routes" in sentence or "route" in sentence for sentence in wrong.warnings)
    other = np.random.default_rng(4).standard_normal(lam.shape)
    broken = recover(noisy["z"], learned, statistics="z**2", u=noisy["u"], natural=(lam, other))
    assert any("not a linear function of lambda" in sentence for sentence in broken.warnings)


# -- two models without a truth


def linear_model(W: np.ndarray, v: np.ndarray, noise: float) -> Model:
    """x = W z + noise with its exact posterior."""
    precision = torch.tensor(W.T @ W / noise) + torch.diag_embed(torch.tensor(1 / v))
    covariance = torch.linalg.inv(precision)

    def posterior(x: Any, u: Any) -> Any:
        c = covariance[u]
        mean = (c @ (x.double() @ torch.tensor(W) / noise)[:, :, None])[:, :, 0]
        return torch.distributions.MultivariateNormal(mean, c)

    return Model(
        Prior(families.gaussian_scale(), -1 / (2 * v)),
        noise=Noise.gaussian(noise),
        mixing=torch.nn.Linear(len(v[0]), len(W)),
        posterior=posterior,
    )


def test_two_models_without_a_truth() -> None:
    rng = np.random.default_rng(5)
    v = rng.uniform(0.5, 3, (40, 3))
    order, scale = [1, 2, 0], np.array([1.5, 0.5, 2.0])
    u = np.repeat(np.arange(40), 500)
    x = (np.sqrt(v[u]) * rng.standard_normal((20_000, 3))) @ MIXING.T + np.sqrt(0.2) * rng.standard_normal((20_000, 3))
    first = linear_model(MIXING, v, 0.2)
    second = linear_model(MIXING[:, order] / scale, v[:, order] * scale**2, 0.2)
    same = recover_models(first, second, x, u)
    assert same.verdict.holds
    assert same.permutation == (2, 0, 1)
    assert same.parameter_route is not None
    assert EXACT_POSTERIOR in same.verdict.assumes
    other = linear_model(MIXING @ np.linalg.qr(rng.standard_normal((3, 3)))[0], v, 0.2)
    assert recover_models(first, other, x, u).verdict.fails


def test_recover_models_refuses() -> None:
    v = np.random.default_rng(6).uniform(0.5, 3, (10, 2))
    with_posterior = linear_model(np.eye(2), v, 0.2)
    without = Model(with_posterior.prior, noise=Noise.gaussian(0.2), mixing=torch.nn.Linear(2, 2))
    x, u = np.zeros((10, 2)), np.arange(10)
    with pytest.raises(InputError, match="a posterior"):
        recover_models(without, with_posterior, x, u)
    three = linear_model(np.eye(3), np.random.default_rng(7).uniform(0.5, 3, (10, 3)), 0.2)
    with pytest.raises(InputError, match="n = 3 and 3"):
        recover_models(with_posterior, three, x, u)
    with pytest.raises(InputError, match="10 rows"):
        recover_models(with_posterior, with_posterior, x, u[:5])

    def broken(x: Any, u: Any) -> Any:
        raise RuntimeError("lost")

    bad = Model(with_posterior.prior, noise=Noise.gaussian(0.2), mixing=torch.nn.Linear(2, 2), posterior=broken)
    with pytest.raises(CallableFailed, match="lost"):
        recover_models(bad, with_posterior, x, u)


# -- linear ICA


def test_resolve_undoes_a_linear_mixture_of_statistics() -> None:
    rng = np.random.default_rng(8)
    u = np.repeat(np.arange(40), 500)
    y = np.sqrt(rng.uniform(0.5, 3, (40, 3)))[u] * rng.laplace(size=(20_000, 3)) + rng.uniform(-2, 2, (40, 3))[u]
    mixed = y @ np.array([[1, 0.5, 0.2], [-0.3, 1, 0.4], [0.1, -0.6, 1]])
    assert recover(y, mixed, statistics="z", u=u).verdict.fails
    found = resolve(mixed, statistics="z", u=u)
    assert found.verdict.undecided  # no dependence found is no proof of independence
    after = recover(y, found.sources, statistics="z", u=u)
    assert after.verdict.holds
    np.testing.assert_allclose(found.map(mixed), found.sources)
    assert min(found.kurtosis) > 1


def test_resolve_says_when_it_does_not_apply() -> None:
    rng = np.random.default_rng(9)
    normal = rng.standard_normal((20_000, 3))
    found = resolve(normal, statistics="z")
    assert found.verdict.undecided
    assert "Gaussian" in found.verdict.reason
    with pytest.raises(InputError, match="linear ICA does not apply"):
        resolve(normal, statistics="z, z**2")
    radius = np.abs(rng.standard_normal((20_000, 1)))
    dependent = radius * rng.standard_normal((20_000, 2))
    assert resolve(dependent, statistics="z").verdict.fails
    with pytest.raises(InputError, match="rows"):
        resolve(normal[:20], statistics="z")


def encoder(v: np.ndarray, noise: float) -> Any:
    class Encoder(torch.nn.Module):
        """A posterior in double precision that looks labels up, and has a layer that must not be in training mode."""

        def __init__(self, variances: np.ndarray, noise: float) -> None:
            super().__init__()
            self.variances = torch.nn.Embedding.from_pretrained(torch.as_tensor(variances).double())
            self.mean = torch.nn.Linear(2, 2, bias=False).double()
            torch.nn.init.eye_(self.mean.weight)
            self.drop = torch.nn.Dropout(0.5)
            self.noise = noise

        def forward(self, x: torch.Tensor, u: torch.Tensor) -> torch.distributions.Normal:
            v = self.variances(u.reshape(-1))
            shrunk = v / (v + self.noise)
            return torch.distributions.Normal(self.drop(shrunk * self.mean(x)), torch.sqrt(shrunk * self.noise))

    return Encoder(v, noise)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.int16])
def test_posteriors_are_asked_in_their_dtype_and_in_evaluation_mode(dtype: Any) -> None:
    rng = np.random.default_rng(2)
    v = rng.uniform(0.5, 3, (30, 2))
    prior = Prior(families.gaussian_scale(), -0.5 / v)
    q = encoder(v, 0.1).train()
    model = Model(prior, noise=Noise.gaussian(0.1), mixing=torch.nn.Identity(), posterior=q)
    u = np.repeat(np.arange(30), 200).astype(dtype)
    _, x = model.sample(u.astype(int), seed=0)
    assert recover_models(model, model, x, u).verdict.holds
    assert q.training


def test_two_models_are_models() -> None:
    model = linear_model(np.eye(2), np.ones((10, 2)), 0.2)
    for pair in ((model, 3), (None, model)):
        with pytest.raises(InputTypeError, match=r"model_.: expected a Model"):
            recover_models(*pair, np.zeros((10, 2)), np.arange(10))


def test_behind_posteriors_a_recovery_says_which_misfits_it_looked_for() -> None:
    """Exact latents show fast waves by what is left over; behind posteriors that may be noise."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((1000, 2))
    waved = z + 0.6 * np.sin(15 * z)
    assert recover(z, waved, statistics="z").parts[0].fails
    draws = recover(z, waved + 0.02 * rng.standard_normal((2, 1000, 2)), statistics="z")
    assert not draws.parts[0].fails
    assert LOOKED_AT in draws.verdict.assumes
