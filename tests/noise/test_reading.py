"""Laws read back from their descriptions describe themselves again, and have the same characteristic function."""

import numpy as np
import pytest
import scipy.stats
import sympy
from hypothesis import given, settings

from ivae_theory import Discrete, Noise
from ivae_theory.errors import CorruptReport
from ivae_theory.noise import as_noise
from ivae_theory.noise.reading import law_from_description
from ivae_theory.testing import noise_laws

X = sympy.Symbol("x", real=True)


def same(noise):
    described = noise.describe()["law"]
    law = law_from_description(described)
    assert law.describe() == described
    t = np.linspace(-3, 3, 7)
    points = t if law.dimension is None else np.outer(t, np.ones(law.dimension))
    first, second = noise.law.characteristic(points), law.characteristic(points)
    assert (first is None) is (second is None)
    if first is not None:
        np.testing.assert_allclose(second, first)


@settings(deadline=None, max_examples=30)
@given(noise_laws())
def test_drawn_laws(noise):
    same(noise)


@pytest.mark.parametrize(
    "noise",
    [
        Noise.gaussian([1, 4]),
        Noise.gaussian([[2, 1], [1, 2]]),
        scipy.stats.t(5, loc=1, scale=2),
        scipy.stats.multivariate_t(df=3, shape=np.eye(2)),
        Noise.product([Noise.gaussian(1), Noise.none()]),
        Noise.mixture([0.25, 0.75], [Noise.gaussian(1), Noise.gaussian(4)]),
        np.array([[1.0, 0.0], [1.0, 1.0]]) @ Noise.gaussian([1, 2]),
        Noise(density=sympy.exp(-sympy.Abs(X)) / 2),
        scipy.stats.uniform(-1, 2),
    ],
    ids=lambda law: type(law).__name__,
)
def test_laws_of_every_node(noise):
    same(as_noise(noise))


@pytest.mark.parametrize(
    "node",
    [
        Discrete("bernoulli").describe()["law"],
        {},
        {"node": "gaussian"},
        {"node": "gaussian", "covariance": "x"},
        {"node": "sum", "laws": 3},
        {"node": "cf", "expression": "__import__('os')", "symbols": ["t"]},
        {"node": ["none"]},
    ],
    ids=lambda law: type(law).__name__,
)
def test_what_is_no_law_is_refused(node):
    with pytest.raises(CorruptReport):
        law_from_description(node)
