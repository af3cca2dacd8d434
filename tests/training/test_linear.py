"""The linear control: exact on linear data, short of the truth on nonlinear data."""

import numpy as np
import pytest

pytest.importorskip("pyriemann", reason="needs the extra 'train'")
sklearn_base = pytest.importorskip("sklearn.base", reason="needs the extra 'train'")

from ivae_theory.errors import InputError  # noqa: E402
from ivae_theory.training.data import simulate  # noqa: E402
from ivae_theory.training.linear import LinearControl  # noqa: E402
from ivae_theory.training.outcome import judge  # noqa: E402
from ivae_theory.training.scores import mean_correlation  # noqa: E402


@pytest.mark.parametrize("family", ["gaussian_scale", "gaussian"])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (3, 3), (3, 6)])
def test_linear_mixtures_are_unmixed(family: str, n: int, d: int) -> None:
    data = simulate("paper", 1, n=n, d=d, layers=1, segments=12, length=800, family=family, noise_scale=0.02)
    control = LinearControl(n, family=family).fit(data.x, data.u)
    z = control.transform(data.x)
    assert mean_correlation(data.z, z) > 0.995
    np.testing.assert_allclose(control.mixing_ @ control.unmixing_, np.eye(n), atol=1e-9)
    np.testing.assert_allclose(z.std(0), 1)
    assert (control.noise_variance_ > 0) == (n < d)
    if n < d:
        assert control.noise_variance_ == pytest.approx(0.02**2, rel=0.1)
    # variances up to one scale a source and the order of the sources
    table = np.corrcoef(data.variances.T, control.segment_variances_.T)[:n, n:]
    assert table.max(1).min() > 0.95


def test_score_is_the_log_likelihood() -> None:
    from scipy.stats import multivariate_normal

    data = simulate("paper", 1, n=2, d=3, layers=1, segments=4, length=300, family="gaussian")
    control = LinearControl(2, family="gaussian").fit(data.x, data.u)
    expected = []
    for m in range(4):
        block = data.x[data.u == m]
        covariance = control.mixing_.T @ np.diag(control.segment_variances_[m]) @ control.mixing_
        covariance = covariance + control.noise_variance_ * np.eye(3)
        mean = control.mean_ + control.segment_means_[m] @ control.mixing_
        expected.append(multivariate_normal(mean, covariance).logpdf(block))
    assert control.score(data.x, data.u) == pytest.approx(np.concatenate(expected).mean())


def test_nonlinear_mixtures_are_beyond_it() -> None:
    data = simulate("paper", 0, slope=0.2, noise_scale=0.01)
    control = LinearControl(5).fit(data.x, data.u)
    assert 0.8 < mean_correlation(data.z, control.transform(data.x)) < 0.95


def test_what_cannot_be_compared_with_the_truth_is_undecided() -> None:
    """The check of what was learned may hold all the same: it says nothing about the truth that was given."""
    rng = np.random.default_rng(0)
    u = np.arange(3000) % 6
    scales = np.array([[1, 2, 0.5], [2, 1, 3], [0.5, 3, 1], [1, 1, 2], [3, 2, 1], [1, 4, 0.3]])
    z = rng.standard_normal((3000, 3)) * scales[u]
    x = z @ rng.standard_normal((3, 3))
    outcome = judge(LinearControl(3).fit(x, u), x, u, truth=z[:, :2])
    assert outcome.obstacle is not None
    assert outcome.report.status.word == "holds"
    assert outcome.status.word == outcome.to_dict()["status"] == "undecided"
    assert "not compared" in str(outcome)


def test_manners_and_bad_input() -> None:
    data = simulate("paper", 0, n=2, d=2, segments=3, length=50)
    control = LinearControl(2)
    with pytest.raises(Exception, match="not fitted"):
        control.transform(data.x)
    names = np.array(["a", "b", "c"])[data.u]
    one, two = sklearn_base.clone(control).fit(data.x, names), control.fit(data.x, data.u)
    np.testing.assert_array_equal(one.transform(data.x), two.transform(data.x))
    for estimator, x, u, name in (
        (LinearControl(3), data.x, data.u, "n_latents"),
        (LinearControl(2, family="laplace"), data.x, data.u, "family"),
        (LinearControl(2), data.x, data.u[:4], "u"),
        (LinearControl(2), data.x, np.arange(150), "u"),
        (LinearControl(2), data.x[:, [0, 0]], data.u, "n_latents"),
    ):
        with pytest.raises(InputError, match=f"^{name}:"):
            estimator.fit(x, u)
