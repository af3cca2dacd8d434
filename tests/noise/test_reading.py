"""Laws read back from their descriptions describe themselves again, and have the same characteristic function."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
import sympy
from hypothesis import given, settings

from ivae_theory import Discrete, Noise
from ivae_theory.errors import CorruptReport
from ivae_theory.noise import as_noise
from ivae_theory.noise.laws import Bounded, Opaque
from ivae_theory.noise.reading import law_from_description
from ivae_theory.testing import noise_laws

X, Y = sympy.symbols("x y", real=True)


def same(noise):
    described = noise.describe()["law"]
    law = law_from_description(described)
    assert law.describe() == described
    assert type(law) is type(noise.law)
    for name in ("expression", "symbols", "symbol", "pieces", "low", "high", "parameters", "matrix", "shift", "weights",
                 "spread", "count", "df"):  # fmt: skip
        assert getattr(law, name, None) == getattr(noise.law, name, None)
    assert (law.text, law.dimension) == (noise.law.text, noise.law.dimension)
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
        scipy.stats.t(np.inf),
        scipy.stats.truncnorm(-1, np.inf),
        scipy.stats.dirichlet([1, 2, 3]),
        Noise.none(),
        Noise.gaussian(2) + np.array([1, 2, 3]),
        3 * Noise.gaussian([1, 2]) - 1,
        Noise(cf=sympy.exp(-(X**2) - sympy.Abs(Y)), symbols=[X, Y]),
        Noise(cf=sympy.exp(-(X**2) - sympy.Abs(Y)), symbols=[Y, X]),
        Noise(density=1, support=sympy.Interval(0, 1)),
        Noise(density=sympy.Rational(1, 2), support=sympy.Union(sympy.Interval(0, 1), sympy.Interval(2, 3))),
        Noise(density=X**-2, support=sympy.Interval(1, sympy.oo)),
        Noise(density=lambda v: v),
        Noise(law=Bounded((Fraction(0), "-oo"), (Fraction(1), Fraction(1, 3)), "a box", vector=True)),
        Noise(law=Bounded((Fraction(-1, 3),), ("oo",), "a half-line")),
        Noise(law=Opaque("a black box", 3)),
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
