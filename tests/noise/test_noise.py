"""Noise: the algebra's numbers, shapes, and errors."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats as st
import sympy

from ivae_theory.errors import CallableFailed, InputError, InputTypeError
from ivae_theory.noise import Discrete, Noise, as_noise

RNG = np.random.default_rng(1)


def composites() -> dict[str, Noise]:
    """Laws with closed characteristic functions and fast samplers."""
    laplace, t3 = as_noise(st.laplace()), as_noise(st.t(3))
    return {
        "scaled": 2 * laplace + 1,
        "negated": -as_noise(st.expon()) - 0.5,
        "sum": laplace + Noise.gaussian(0.5) + as_noise(st.uniform(-1, 2)),
        "product": Noise.product([laplace, Noise.gaussian([[1, 0.5], [0.5, 2]])]),
        "mixed": np.array([[1.0, 2.0], [0.5, -1.0], [1.0, 1.0]]) @ Noise.product([laplace, t3]),
        "wide": np.array([[1.0, -1.0]]) @ as_noise(st.gamma(2)),
        "shifted vector": Noise.gaussian([1, 2]) + np.array([3, -1]),
        "mixture": Noise.mixture([0.25, 0.75], [st.norm(-1, 1), st.laplace(2)]),
        "vector mixture": Noise.mixture([0.5, 0.5], [Noise.gaussian([1, 2]), 2 * as_noise(st.laplace())]),
        "student": as_noise(st.multivariate_t([1, 0], [[2, 1], [1, 2]], df=4)),
        "arrays": as_noise(st.norm([0, 1, 2], [1, 0.5, 2])),
    }


@pytest.mark.parametrize("name", composites())
def test_characteristic_function_agrees_with_draws(name: str) -> None:
    noise = composites()[name]
    d = noise.dimension or 2
    draws = noise.sample((40_000, d), np.random.default_rng(0))
    assert draws.shape == (40_000, d)
    points = np.random.default_rng(2).uniform(-0.8, 0.8, (6, d))
    empirical = np.exp(1j * draws @ points.T).mean(axis=0)
    assert np.abs(noise.characteristic(points) - empirical).max() < 0.03


@pytest.mark.parametrize("name", composites())
def test_densities_agree_with_draws(name: str) -> None:
    """E[1_{near} / p] over draws estimates the volume of the set: a box holds as much as its density says."""
    noise = composites()[name]
    d = noise.dimension or 1
    if noise.log_density(np.zeros((1, d))) is None:
        assert name in {"sum", "mixed", "wide"}
        return
    draws = noise.sample((60_000, d), np.random.default_rng(0))
    centre = np.median(draws, axis=0)
    near = (np.abs(draws - centre) < 0.4).all(axis=1)
    estimate = np.exp(-noise.log_density(draws[near])).sum() / len(draws)
    assert abs(estimate / 0.8**d - 1) < 0.15


def test_square_image_density() -> None:
    noise = np.array([[2.0, 1.0], [0.0, 1.0]]) @ Noise.gaussian(1)
    points = np.array([[0.3, -1.0]])
    expected = st.multivariate_normal([0, 0], [[5, 1], [1, 1]]).logpdf(points)
    assert np.allclose(noise.log_density(points), expected)


def test_descriptions_are_json_and_exact() -> None:
    for noise in composites().values():
        assert json.loads(json.dumps(noise.describe())) == noise.describe()
    assert Noise.gaussian(0.1).describe()["law"]["covariance"] == str(Fraction(0.1))
    assert as_noise(st.t(2.5)).describe()["law"]["parameters"] == {"df": "5/2"}


@pytest.mark.parametrize(
    "variance",
    [-1, float("nan"), float("inf"), [1, -1], [[1, 2], [2, 1]], [[1, 2], [0, 1]], np.zeros((2, 3)), [], "1", True],
)
def test_bad_variances(variance) -> None:
    with pytest.raises(InputError):
        Noise.gaussian(variance)


def test_covariances_up_to_rounding() -> None:
    rng = np.random.default_rng(0)
    tall = rng.standard_normal((6, 2))
    noise = Noise.gaussian(tall @ tall.T)  # of rank 2, and slightly indefinite as floats
    assert noise.dimension == 6
    draws = noise.sample((20_000, 6), rng)
    assert np.allclose(np.cov(draws.T), tall @ tall.T, atol=0.3)


def test_dimensions() -> None:
    assert Noise.none().dimension is None
    assert (Noise.gaussian(1) + Noise.gaussian([1, 2])).dimension == 2
    assert Noise.product([Noise.gaussian(1), Noise.gaussian([1, 2])]).dimension == 3
    assert (np.ones((3, 2)) @ Noise.gaussian(1)).dimension == 3
    with pytest.raises(InputError):
        Noise.gaussian([1, 2]) + Noise.gaussian([1, 2, 3])
    with pytest.raises(InputError):
        np.ones((3, 3)) @ Noise.gaussian([1, 2])
    with pytest.raises(InputError):
        Noise.gaussian([1, 2]).sample((5, 3), RNG)
    with pytest.raises(InputError):
        Noise.gaussian([1, 2]) + np.ones(3)
    with pytest.raises(InputError):
        Noise.mixture([0.5, 0.6], [Noise.none(), Noise.none()])
    with pytest.raises(InputError):
        Noise.product([])


@pytest.mark.parametrize("junk", [None, 0.1, "gaussian", object(), [1, 2], st.norm, {}])
def test_what_is_no_noise(junk) -> None:
    with pytest.raises(InputTypeError):
        as_noise(junk)


def test_black_box_density_that_raises() -> None:
    def broken(values):
        raise KeyError("no")

    with pytest.raises(CallableFailed):
        Noise(density=broken).log_density(np.zeros((2, 1)))


def test_learned() -> None:
    assert Noise.gaussian(1, learned=True).learned
    with pytest.raises(InputTypeError):
        Noise.gaussian(1, learned="no")


def test_discrete() -> None:
    values = np.linspace(-2, 2, 9).reshape(3, 3)
    for name in ("bernoulli", "geometric", "poisson", "categorical"):
        drawn = Discrete(name).observe(values, np.random.default_rng(0))
        assert drawn.shape == values.shape
        assert (drawn == np.round(drawn)).all()
    assert (Discrete("categorical").observe(values, RNG).sum(axis=1) == 1).all()
    means = Discrete("bernoulli").observe(np.full((20_000, 1), 1.0), np.random.default_rng(0)).mean()
    assert abs(means - 1 / (1 + np.exp(-1))) < 0.02
    with pytest.raises(InputError):
        Discrete("binomal")


def test_observe_adds_noise() -> None:
    values = np.arange(6.0).reshape(3, 2)
    assert (Noise.none().observe(values, RNG) == values).all()
    assert (Noise.gaussian(1).observe(values, RNG) != values).all()


def test_sympy_matrices_map_noise() -> None:
    noise = Noise.gaussian(1).__rmatmul__(sympy.Matrix([[1, sympy.Rational(1, 2)]]))
    assert noise.describe()["law"]["matrix"] == [["1", "1/2"]]
