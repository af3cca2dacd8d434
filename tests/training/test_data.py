"""Section 5's generator: what is drawn has the stated law, and the truth handed back is the truth."""

import numpy as np
import pytest

from ivae_theory.errors import InputError
from ivae_theory.training.data import PRESETS, simulate
from ivae_theory.training.mixing import ACTIVATIONS, MixingNetwork, activation, inverse_activation

SMALL = {"segments": 4, "length": 50, "condition_draws": 200}


def _network(n: int, d: int, name: str, seed: int = 0) -> MixingNetwork:
    return simulate("paper", seed, n=n, d=d, activation=name, slope=0.2, **SMALL).mixing


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("slope", [1e-3, 0.1, 1.0, 7.0])
def test_activation_inverse(name: str, slope: float) -> None:
    x = np.concatenate([np.linspace(-40, 40, 4001), [0.0, -0.0, 1e-300, -1e-12]])
    np.testing.assert_allclose(inverse_activation(activation(x, name, slope), name, slope), x, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize(("n", "d"), [(1, 1), (3, 3), (2, 5)])
def test_inverse_jacobian_and_determinant_agree_with_the_forward_map(name: str, n: int, d: int) -> None:
    network, z = _network(n, d, name), np.random.default_rng(1).standard_normal((20, n))
    x = network(z)
    np.testing.assert_allclose(network.inverse(x), z, atol=1e-10)
    jacobian, step = network.jacobian(z), 1e-6
    assert jacobian.shape == (20, n, d)
    for i in range(n):
        e = np.eye(n)[i] * step
        np.testing.assert_allclose(jacobian[:, i], (network(z + e) - network(z - e)) / (2 * step), atol=1e-5)
    if n == d:
        back, log_det = network.log_abs_det_inverse(x)
        np.testing.assert_allclose(back, z, atol=1e-10)
        np.testing.assert_allclose(log_det, -np.linalg.slogdet(jacobian)[1], atol=1e-9)
    else:
        with pytest.raises(InputError, match="n = d"):
            network.log_abs_det_inverse(x)


@pytest.mark.parametrize("family", ["gaussian_scale", "gaussian", "laplace_scale"])
@pytest.mark.parametrize("modulated", ["variance", "standard deviation"])
def test_sources_have_the_stated_moments(family: str, modulated: str) -> None:
    data = simulate("paper", 3, family=family, modulated=modulated, segments=6, length=20_000, n=3, d=3)
    spread = data.variances if modulated == "variance" else np.sqrt(data.variances)
    assert spread.min() >= 0.5
    assert spread.max() <= 3
    for m in range(6):
        block = data.z[data.u == m]
        np.testing.assert_allclose(block.mean(0), data.means[m], atol=0.15)
        np.testing.assert_allclose(block.var(0), data.variances[m], rtol=0.08)
        kurtosis = ((block - block.mean(0)) ** 4).mean(0) / block.var(0) ** 2
        np.testing.assert_allclose(kurtosis, 6 if family == "laplace_scale" else 3, rtol=0.2)
    assert np.abs(np.corrcoef(data.z[data.u == 0].T) - np.eye(3)).max() < 0.05
    assert (family == "gaussian") == bool(np.any(data.means != 0))


def test_natural_parameters_are_those_of_the_drawn_law() -> None:
    data = simulate("paper", 0, family="gaussian", segments=3, length=10, n=2, d=2)
    mean, precision = data.natural[..., 0] * data.variances, -2 * data.natural[..., 1]
    np.testing.assert_allclose(mean, data.means)
    np.testing.assert_allclose(precision, 1 / data.variances)
    laplace = simulate("paper", 0, family="laplace_scale", segments=3, length=10)
    np.testing.assert_allclose(2 / laplace.natural**2, laplace.variances)  # Laplace: variance 2 / lambda^2


@pytest.mark.parametrize("noise", ["gaussian", "laplace"])
def test_noise_is_added_at_its_standard_deviation(noise: str) -> None:
    data = simulate("paper", 0, noise=noise, noise_scale=0.3, **SMALL)
    residual = data.x - data.mixing(data.z)
    assert residual.std() == pytest.approx(0.3, rel=0.06)


def test_a_changed_choice_leaves_the_other_streams_alone() -> None:
    one, two = simulate("paper", 5, **SMALL), simulate("paper", 5, noise="laplace", slope=0.1, **SMALL)
    np.testing.assert_array_equal(one.z, two.z)
    np.testing.assert_array_equal(one.mixing.weights[2], two.mixing.weights[2])
    assert not np.array_equal(one.z, simulate("paper", 6, **SMALL).z)
    np.testing.assert_array_equal(one.x, simulate("paper", 5, **SMALL).x)


def test_orthogonal_and_uniform_matrices() -> None:
    wide = simulate("supplement_g", 0, **SMALL).mixing
    assert [w.shape for w in wide.weights] == [(10, 40), (40, 40), (40, 40)]
    for weight in wide.weights:
        np.testing.assert_allclose(weight @ weight.T, np.eye(len(weight)), atol=1e-12)
    released = [simulate("released", s, **SMALL).mixing.weights for s in range(30)]
    for first, second, third in released:
        np.testing.assert_allclose(np.linalg.norm(first, axis=0), 1)
        assert first is second is third
    rng = np.random.default_rng(0)
    free = rng.uniform(-1, 1, (2000, 5, 5))
    quartile = np.percentile(np.linalg.cond(free / np.linalg.norm(free, axis=1, keepdims=True)), 25)
    assert max(np.linalg.cond(w[0]) for w in released) < 1.3 * quartile


def test_released_preset_is_what_the_released_code_draws() -> None:
    assert PRESETS["released"].modulated == "standard deviation"
    data = simulate("released", 0, length=10, condition_draws=100)
    assert data.x.shape == (400, 5)
    np.testing.assert_array_equal(data.x, data.mixing(data.z))
    assert data.variances.max() > 3


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"d": 3}, "d"),
        ({"family": "cauchy"}, "family"),
        ({"slope": 0.0}, "slope"),
        ({"spread": (0.0, 1.0)}, "spread"),
        ({"noise": "none"}, "noise_scale"),
        ({"segments": 0}, "segments"),
        ({"nosuch": 1}, "changes"),
    ],
)
def test_bad_choices_are_named(changes: dict[str, object], names: str) -> None:
    with pytest.raises(InputError, match=f"^{names}:"):
        simulate("paper", 0, **changes)
    with pytest.raises(InputError, match=r"^simulation:"):
        simulate("nosuch")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_torch_mixing_is_the_same_function(name: str) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    network, z = _network(2, 4, name), np.random.default_rng(0).standard_normal((7, 2))
    np.testing.assert_allclose(network.to_torch()(torch.from_numpy(z)).detach().numpy(), network(z), atol=1e-12)
