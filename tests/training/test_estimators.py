"""Estimators: scikit-learn's manners, the truth-blind choice, and recovery of a truth that is easy."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
sklearn_base = pytest.importorskip("sklearn.base", reason="needs the extra 'train'")

from ivae_theory.errors import InputError  # noqa: E402
from ivae_theory.training import (  # noqa: E402
    IVAE,
    VAE,
    BetaTCVAE,
    CollapsedLatents,
    IdentifiableFlow,
    LinearControl,
    LostReplicas,
    Schedule,
    simulate,
)
from ivae_theory.training.coordinates import Whitening  # noqa: E402
from ivae_theory.training.loop import Loop  # noqa: E402
from ivae_theory.training.networks import Architecture, Stack  # noqa: E402
from ivae_theory.training.start import start_linearly  # noqa: E402

SHORT = Schedule(steps=40, batch=64)
EASY = simulate("paper", 1, n=2, d=2, segments=10, length=300, noise_scale=0.05)
NOISE = 0.05**2


def correlation(true: np.ndarray, learned: np.ndarray) -> float:
    """Mean correlation coefficient, computed apart from the package's."""
    n = true.shape[1]
    table = np.abs(np.corrcoef(true.T, learned.T)[:n, n:])
    return float(table[linear_sum_assignment(-table)].mean())


@pytest.fixture(scope="module")
def fitted() -> IVAE:
    torch.set_num_threads(1)
    schedule = Schedule(steps=2500, batch=64)
    return IVAE(2, noise_variance=NOISE, width=32, replicas=4, schedule=schedule).fit(EASY.x, EASY.u)


def test_ivae_recovers_an_easy_truth_and_a_vae_does_not(fitted: IVAE) -> None:
    assert correlation(EASY.z, fitted.transform(EASY.x, EASY.u)) > 0.97
    assert fitted.information_.min() > 1
    vae = VAE(2, noise_variance=NOISE, width=32, replicas=2, schedule=Schedule(steps=1500)).fit(EASY.x)
    assert correlation(EASY.z, vae.transform(EASY.x)) < 0.95
    assert fitted.score(EASY.x, EASY.u) > vae.score(EASY.x)


def test_the_bound_approaches_the_likelihood_of_the_truth(fitted: IVAE) -> None:
    """No model can beat the true density by more than its fluctuation; a good one comes close."""
    z, log_det = EASY.mixing.log_abs_det_inverse(EASY.x)
    variance = EASY.variances[EASY.u]  # noise is small: the density of x is about that of f(z)
    truth = (log_det - 0.5 * (z**2 / variance + np.log(2 * np.pi * variance)).sum(1)).mean()
    assert truth - 0.2 < fitted.score(EASY.x, EASY.u) < truth + 0.05


def test_the_choice_is_the_best_bound(fitted: IVAE) -> None:
    assert fitted.bounds_.shape == (4,)
    assert fitted.chosen_ == int(np.argmax(fitted.bounds_))


def test_the_model_says_how_it_was_trained(fitted: IVAE) -> None:
    training = fitted.model_.describe()["training"]
    assert training == fitted.history_.record(fitted.chosen_)
    assert len(training["losses"][0]) == fitted.replicas


def test_posterior_mean_draws_and_distribution_agree(fitted: IVAE) -> None:
    x, u = EASY.x[:40], EASY.u[:40]
    mean = fitted.transform(x, u)
    draws = fitted.posterior_draws(x, u, count=4000, seed=1)
    assert draws.shape == (4000, 40, 2)
    law = fitted.posterior(x, u)
    np.testing.assert_allclose(law.mean.numpy(), mean)
    np.testing.assert_allclose(draws.mean(0), mean, atol=0.02)
    np.testing.assert_allclose(
        np.stack([np.cov(draws[:, i].T) for i in range(40)]), law.covariance_matrix.numpy(), atol=2e-3
    )
    np.testing.assert_array_equal(draws, fitted.posterior_draws(x, u, count=4000, seed=1))


def test_the_decoder_maps_back_to_x(fitted: IVAE) -> None:
    mean = torch.from_numpy(fitted.transform(EASY.x, EASY.u))
    residual = fitted.learned_.mixing()(mean).detach().numpy() - EASY.x
    assert residual.std() < 3 * 0.05


@pytest.mark.parametrize(
    "estimator",
    [
        IVAE(2, family="gaussian", covariance="diagonal", draws=2, replicas=2, schedule=SHORT),
        IVAE(2, family="laplace_scale", prior="mlp", replicas=2, schedule=SHORT),
        IVAE(2, family="gaussian_location", activation="xtanh", replicas=2, schedule=SHORT, dtype="float64"),
        VAE(2, law="laplace", beta=4.0, replicas=2, schedule=SHORT),
        BetaTCVAE(2, beta=6.0, replicas=2, schedule=SHORT),
    ],
    ids=lambda e: type(e).__name__,
)
@pytest.mark.filterwarnings("ignore::ivae_theory.training.CollapsedLatents")
def test_manners_of_scikit_learn(estimator: IVAE | VAE) -> None:
    x, u = EASY.x[::10], EASY.u[::10]
    before = estimator.get_params()
    with pytest.raises(Exception, match="not fitted"):
        estimator.transform(x, u)
    first = sklearn_base.clone(estimator).fit(x, u)
    again = sklearn_base.clone(first).fit(x, u)
    assert first.get_params() == before
    np.testing.assert_array_equal(first.transform(x, u), again.transform(x, u))
    other = sklearn_base.clone(estimator).set_params(seed=5).fit(x, u)
    assert not np.array_equal(first.transform(x, u), other.transform(x, u))
    assert np.isfinite(first.score(x, u))
    assert first.transform(x, u).shape == (300, 2)


@pytest.mark.filterwarnings("ignore::ivae_theory.training.CollapsedLatents")
def test_labels_may_be_anything_and_must_have_occurred() -> None:
    x, names = EASY.x[::10], np.array([f"subject {m:02d}" for m in EASY.u[::10]])
    by_name = IVAE(2, replicas=1, schedule=SHORT).fit(x, names)
    by_number = IVAE(2, replicas=1, schedule=SHORT).fit(x, EASY.u[::10])
    np.testing.assert_array_equal(by_name.transform(x, names), by_number.transform(x, EASY.u[::10]))
    with pytest.raises(InputError, match="occurred in fit"):
        by_number.transform(x[:1], [77])


@pytest.mark.filterwarnings("ignore::ivae_theory.training.CollapsedLatents")
def test_vectors_u_go_through_a_network() -> None:
    rng = np.random.default_rng(0)
    u = rng.uniform(-1, 1, (500, 3))
    x = rng.standard_normal((500, 2)) * np.exp(u[:, :2])
    fitted = IVAE(2, auxiliary="vector", prior="mlp", replicas=2, schedule=Schedule(steps=300)).fit(x, u)
    assert fitted.transform(x, u).shape == (500, 2)
    natural = fitted.learned_.natural(torch.cat([torch.from_numpy(u), torch.ones(500, 1)], 1))
    assert natural.shape == (500, 2)
    assert bool((natural < 0).all())


@pytest.mark.filterwarnings("ignore::ivae_theory.training.CollapsedLatents")
def test_bernoulli_observations() -> None:
    rng = np.random.default_rng(0)
    probability = 1 / (1 + np.exp(-3 * EASY.z[:600]))
    bits = (rng.random((600, 2)) < probability).astype(float)
    fitted = IVAE(1, observation="bernoulli", replicas=2, schedule=Schedule(steps=200)).fit(bits, EASY.u[:600])
    assert fitted.score(bits, EASY.u[:600]) > -2 * np.log(2) - 0.05
    with pytest.raises(InputError, match="zeros and ones"):
        IVAE(1, observation="bernoulli", schedule=SHORT).fit(EASY.x, EASY.u)


def test_an_interrupted_fit_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, u = EASY.x[::10], EASY.u[::10]
    settings = {"replicas": 2, "schedule": Schedule(steps=300)}
    whole = IVAE(2, **settings).fit(x, u)
    run = Loop.run

    def interrupted(self: Loop, until: int | None = None) -> object:
        run(self, 170)
        raise KeyboardInterrupt

    monkeypatch.setattr(Loop, "run", interrupted)
    path = str(tmp_path / "fit.safetensors")
    with pytest.raises(KeyboardInterrupt):
        IVAE(2, checkpoint=path, **settings).fit(x, u)
    monkeypatch.undo()
    resumed = IVAE(2, checkpoint=path, **settings).fit(x, u)
    assert resumed.history_.steps[-1] == 300
    np.testing.assert_array_equal(whole.transform(x, u), resumed.transform(x, u))


@pytest.mark.parametrize("family", ["gaussian_scale", "gaussian", "laplace_scale"])
def test_a_linear_start_is_the_linear_control(family: str) -> None:
    data = simulate("paper", 2, n=2, d=3, segments=6, length=200, family=family)
    whitening = Whitening.fit(data.x[::2])  # with another mean than the control's
    w = whitening.apply(data.x)
    law = {"law": "laplace"} if family == "laplace_scale" else {"location": family == "gaussian"}
    architecture = Architecture(n=2, d=3, size=6, skip=True, posterior="full", **law)  # type: ignore[arg-type]
    stack = Stack(architecture, [1, 2], dtype=torch.float64)
    control = start_linearly(stack, data.x, data.u, whitening, 0.01)
    design = torch.cat([torch.from_numpy(w), torch.eye(6).double()[torch.from_numpy(data.u)]], 1)[None]
    with torch.no_grad():
        mean, log_deviation, _ = stack.encode(design)
        prior, back = stack.prior(design), stack.decode(mean)
    assert prior.log_scale is not None
    for replica in range(2):
        assert np.abs(mean[replica].numpy() - control.transform(data.x)).std() < 0.05
        residual = whitening.invert(back[replica].numpy()) - data.x
        assert (residual**2).mean() < 0.05 * data.x.var() + control.noise_variance_
        width = np.sqrt(0.01 * (control.unmixing_**2).sum(0))
        np.testing.assert_allclose(log_deviation[replica].exp().mean(0).numpy(), width, rtol=0.1)
        scale = prior.log_scale[replica].exp().numpy()
        variances = 2 * scale**2 if family == "laplace_scale" else scale
        np.testing.assert_allclose(variances, control.segment_variances_[data.u], rtol=1e-6)
    assert not torch.equal(mean[0], mean[1])


@pytest.mark.filterwarnings("ignore::ivae_theory.training.CollapsedLatents")
def test_a_linear_start_trains() -> None:
    begun = IVAE(2, start="linear", width=16, replicas=2, schedule=Schedule(steps=1, learning_rate=1e-9))
    trained = IVAE(2, start="linear", width=16, replicas=2, schedule=Schedule(steps=400))
    x, u = EASY.x, EASY.u
    assert trained.fit(x, u).score(x, u) > begun.fit(x, u).score(x, u) + 0.05
    assert type(trained.learned_.mixing()).__name__ == "Residual"
    recovered = trained.learned_.mixing()(torch.from_numpy(trained.transform(x, u))).detach().numpy()
    assert np.sqrt(np.mean((recovered - x) ** 2)) < 0.3


def test_a_linear_start_needs_what_the_control_needs() -> None:
    for estimator in (
        IVAE(2, start="linear", prior="mlp"),
        IVAE(2, start="linear", family="gaussian_location"),
        IVAE(2, start="nowhere"),
    ):
        with pytest.raises(InputError, match=r"^start:"):
            estimator.fit(EASY.x, EASY.u)


def test_collapse_is_reported_with_advice() -> None:
    with pytest.warns(CollapsedLatents, match=r"noise_variance or beta"):
        VAE(2, beta=1e4, replicas=1, schedule=Schedule(steps=400)).fit(EASY.x)


def test_lost_replicas_are_reported_and_never_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, advanced = Loop._advance, []

    def poisoned(self: Loop) -> None:
        if not advanced:
            with torch.no_grad():
                self.problem.stack.weights["encoder.0"][0] = float("nan")  # type: ignore[attr-defined]
        advanced.append(1)
        prepare(self)

    monkeypatch.setattr(Loop, "_advance", poisoned)
    with pytest.warns(LostReplicas, match="replica 0"):
        fitted = IVAE(2, replicas=2, schedule=Schedule(steps=300)).fit(EASY.x, EASY.u)
    assert np.isnan(fitted.bounds_[0])
    assert fitted.chosen_ == 1


@pytest.mark.parametrize(
    ("estimator", "x", "u", "name"),
    [
        (IVAE(2), EASY.x, None, "u"),
        (IVAE(2), EASY.x, EASY.u[:7], "u"),
        (IVAE(2), EASY.x, np.zeros((3000, 2)), "u"),
        (IVAE(2), EASY.x[0], EASY.u[:2], "x"),
        (IVAE(2), np.where(np.arange(6000).reshape(3000, 2) == 8, np.nan, EASY.x), EASY.u, "x"),
        (IVAE(2), [["a", "b"]], EASY.u, "x"),
        (IVAE(2), EASY.x, np.where(EASY.u == 3, np.nan, EASY.u), "u"),
        (IVAE(2, device="nowhere"), EASY.x, EASY.u, "device"),
        (IVAE(2, family="cauchy"), EASY.x, EASY.u, "family"),
        (IVAE(2, auxiliary="both"), EASY.x, EASY.u, "auxiliary"),
        (IVAE(2, held_out=1.5), EASY.x, EASY.u, "held_out"),
        (IVAE(2, replicas=0), EASY.x, EASY.u, "replicas"),
        (IVAE(2, dtype="float16"), EASY.x, EASY.u, "dtype"),
        (IVAE(2, draws=0), EASY.x, EASY.u, "draws"),
        (IVAE(2, noise_variance=0.0), EASY.x, EASY.u, "noise_variance"),
        (VAE(2, beta=-1.0), EASY.x, None, "beta"),
        (VAE(0), EASY.x, None, "n"),
    ],
)
def test_bad_input_is_named(estimator: IVAE | VAE, x: np.ndarray, u: np.ndarray | None, name: str) -> None:
    with pytest.raises(InputError, match=f"^{name}:"):
        estimator.fit(x, u)


def test_other_data_than_in_fit_are_named(fitted: IVAE) -> None:
    x, u = EASY.x[:30], EASY.u[:30]
    flow = IdentifiableFlow(couplings=1, width=4, replicas=1, schedule=SHORT).fit(EASY.x, EASY.u)
    for estimator in (fitted, flow, LinearControl(2).fit(EASY.x, EASY.u)):
        with pytest.raises(InputError, match=r"^x:"):
            estimator.transform(x[:, :1], u)
        with pytest.raises(InputError, match=r"^u:"):
            estimator.score(x, u[:5])
