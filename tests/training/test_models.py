"""The models that training hands to the checker: they are what was drawn or learned, and the checks run on them."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
pytest.importorskip("sklearn", reason="needs the extra 'train'")
pytest.importorskip("pyriemann", reason="needs the extra 'train'")

from ivae_theory import check, recover  # noqa: E402
from ivae_theory.training import (  # noqa: E402
    IVAE,
    VAE,
    CollapsedLatents,
    IdentifiableFlow,
    LinearControl,
    Schedule,
    simulate,
)

SHORT = Schedule(steps=30, batch=64)
HYPOTHESES = (
    "theorem1.i",
    "theorem1.minimal",
    "theorem1.iii",
    "theorem1.injective",
    "theorem1.positive",
    "theorem1.known_noise",
)


@pytest.mark.parametrize("preset", ["paper", "figure1", "supplement_g", "released"])
def test_the_truth_of_every_preset_satisfies_theorem_1(preset: str) -> None:
    changes = {"length": 4, "condition_draws": 50} | ({"n": 3, "d": 6} if preset == "supplement_g" else {})
    report = check(simulate(preset, 0, **changes).model, goal="permutation")
    assert [claim for claim in HYPOTHESES if not report[claim].holds] == []
    assert report.status.word == "holds"


def test_too_few_segments_fail_variability() -> None:
    report = check(simulate("paper", 0, segments=5, length=4).model)
    assert report["theorem1.iii"].fails


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "gaussian"},
        {"family": "laplace_scale", "noise": "laplace", "noise_scale": 0.3},
        {"d": 4, "activation": "xtanh"},
        {"noise": "none", "noise_scale": 0.0},
    ],
)
def test_the_true_model_has_the_law_of_the_data(changes: dict[str, object]) -> None:
    data = simulate("paper", 0, **({"n": 2, "d": 2, "segments": 3, "length": 20_000} | changes))
    z, x = data.model.sample(data.u, seed=1)
    for m in range(3):
        rows = data.u == m
        np.testing.assert_allclose(z[rows].mean(0), data.z[rows].mean(0), atol=0.1)
        np.testing.assert_allclose(np.cov(z[rows].T), np.cov(data.z[rows].T), atol=0.25)
        np.testing.assert_allclose(np.cov(x[rows].T), np.cov(data.x[rows].T), atol=0.25)
    np.testing.assert_allclose(data.model.mixing.evaluate(data.z[:9]), data.mixing(data.z[:9]), atol=1e-9)


@pytest.fixture(autouse=True)
def _collapse_is_expected_of_short_runs() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapsedLatents)
        yield


EASY = simulate("paper", 1, n=2, d=2, segments=8, length=200, noise_scale=0.05, family="gaussian")


@pytest.mark.parametrize("family", ["gaussian_scale", "gaussian", "gaussian_location", "laplace_scale"])
def test_a_learned_model_is_what_was_learned(family: str) -> None:
    fitted = IVAE(2, family=family, replicas=1, schedule=SHORT).fit(EASY.x, EASY.u)
    model, stack = fitted.model_, fitted.learned_.stack
    z = np.random.default_rng(0).standard_normal((40, 2))
    decoded = stack.decode(torch.from_numpy(z)[None])[0].detach().numpy()
    np.testing.assert_allclose(model.mixing.evaluate(z), fitted.learned_.whitening.invert(decoded), atol=1e-9)
    design = torch.cat([torch.zeros(8, 2), torch.eye(8)], 1).double()[None]
    values = stack.prior(design)
    mean = np.zeros((8, 2)) if values.location is None else values.location[0].detach().numpy()
    spread = np.ones((8, 2)) if values.log_scale is None else values.log_scale[0].exp().detach().numpy()
    for i, member in enumerate(model.prior.families):
        for m in range(8):
            moments = member.moments(model.prior.evaluate(np.array([m]))[0].reshape(2, -1)[i])
            first, covariance = np.asarray(moments[0], dtype=float), np.asarray(moments[1], dtype=float)
            if family == "gaussian_scale":
                assert first[0] == pytest.approx(spread[m, i], rel=1e-6)  # E z^2
            elif family == "laplace_scale":
                assert first[0] == pytest.approx(spread[m, i], rel=1e-6)  # E |z| = b
            else:
                assert first[0] == pytest.approx(mean[m, i], abs=1e-6)
                assert covariance[0, 0] == pytest.approx(spread[m, i], rel=1e-6)
    law = model.posterior(torch.from_numpy(EASY.x[:5]), torch.from_numpy(EASY.u[:5]))
    np.testing.assert_allclose(law.mean.numpy(), fitted.transform(EASY.x[:5], EASY.u[:5]))


def test_checks_run_on_learned_models() -> None:
    ivae = check(IVAE(2, family="gaussian_scale", replicas=1, schedule=SHORT).fit(EASY.x, EASY.u).model_)
    assert ivae["theorem1.iii"].holds
    assert ivae["theorem1.known_noise"].holds
    vae = check(VAE(2, replicas=1, schedule=SHORT).fit(EASY.x).model_)
    assert vae["theorem1.iii"].fails  # one value of u


def test_a_flow_is_certified_injective_and_so_identified() -> None:
    data = simulate("paper", 0, n=2, d=2, segments=8, length=60, noise="none", noise_scale=0.0)
    flow = IdentifiableFlow(couplings=2, width=6, replicas=1, schedule=SHORT).fit(data.x, data.u)
    np.testing.assert_allclose(flow.model_.mixing.evaluate(flow.transform(data.x)), data.x, atol=1e-8)
    report = check(flow.model_)
    assert report.status.word == "holds"
    z, y = flow.sample(data.u[:50], seed=3)
    np.testing.assert_allclose(flow.transform(y), z, atol=1e-8)


def test_the_linear_control_is_a_model() -> None:
    control = LinearControl(2).fit(EASY.x, EASY.u)
    assert check(control.model_)["theorem1.injective"].holds
    z, x = control.sample(np.repeat(EASY.u, 10), seed=0)
    np.testing.assert_allclose(control.transform(x), z, atol=1e-9)
    np.testing.assert_allclose(np.cov(x.T), np.cov(EASY.x.T), rtol=0.3, atol=0.3)


def test_vector_u_becomes_a_prior_that_is_a_network() -> None:
    rng = np.random.default_rng(0)
    u = rng.uniform(-1, 1, (200, 3))
    x = rng.standard_normal((200, 2)) * np.exp(u[:, :2])
    fitted = IVAE(2, auxiliary="vector", prior="mlp", replicas=1, schedule=SHORT).fit(x, u)
    model = fitted.model_
    design = torch.from_numpy(np.concatenate([np.zeros((9, 2)), u[:9], np.ones((9, 1))], 1))[None]
    log_variance = fitted.learned_.stack.prior(design).log_scale
    assert log_variance is not None
    np.testing.assert_allclose(model.prior.evaluate(u[:9]), -0.5 * np.exp(-log_variance[0].detach().numpy()))
    assert check(model)["theorem1.iii"].claim == "theorem1.iii"
    assert model.sample(u[:9])[1].shape == (9, 2)


def test_bernoulli_models_are_outside_the_theorem() -> None:
    bits = (EASY.x > 0).astype(float)
    fitted = IVAE(1, observation="bernoulli", replicas=1, schedule=SHORT).fit(bits, EASY.u)
    assert check(fitted.model_)["theorem1.i"].fails
    assert set(np.unique(fitted.sample(EASY.u[:50])[1])) <= {0.0, 1.0}


def test_recovery_judges_what_an_estimator_returns() -> None:
    data = simulate("paper", 1, n=2, d=2, segments=12, length=300, noise_scale=0.05)
    schedule = Schedule(steps=2500)
    fitted = IVAE(2, noise_variance=0.05**2, width=32, replicas=3, schedule=schedule).fit(data.x, data.u)
    draws = fitted.posterior_draws(data.x, data.u, count=2)
    good = recover(data.z, draws, statistics="z**2", u=data.u, tolerance=0.1)
    mixed = draws @ np.linalg.qr(np.array([[1.0, 0.6], [-0.6, 1.0]]))[0]
    bad = recover(data.z, mixed, statistics="z**2", u=data.u, tolerance=0.1)
    assert good.mcc > 0.9
    assert not good.verdict.fails
    assert not bad.verdict.holds
