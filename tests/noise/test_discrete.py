"""Discrete observations: what is drawn has the law that the name says, one number (or one hot entry) a coordinate."""

import numpy as np
import pytest

from ivae_theory.noise import Discrete

MEANS = {
    "bernoulli": lambda v: 1 / (1 + np.exp(-v)),
    "geometric": lambda v: np.exp(-v),  # failures before the first success: (1 - p) / p at log-odds v
    "poisson": np.exp,
}
VARIANCES = {
    "bernoulli": lambda v: np.exp(v) / (1 + np.exp(v)) ** 2,
    "geometric": lambda v: np.exp(-v) * (1 + np.exp(-v)),
    "poisson": np.exp,
}


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("value", [-1.0, 0.5])
def test_means_and_variances(name, value):
    drawn = Discrete(name).observe(np.full((40_000, 2), value), np.random.default_rng(0))
    assert drawn.dtype == np.float64
    np.testing.assert_allclose(drawn.mean(axis=0), MEANS[name](value), rtol=0.05)
    np.testing.assert_allclose(drawn.var(axis=0), VARIANCES[name](value), rtol=0.08)


@pytest.mark.parametrize("scores", [[0.0, 1.0], [1.0, -1.0, 0.5]])
def test_categories_have_the_softmax_of_their_scores(scores):
    drawn = Discrete("categorical").observe(np.tile(scores, (40_000, 1)), np.random.default_rng(0))
    assert drawn.dtype == np.float64
    assert (drawn.sum(axis=1) == 1).all()
    np.testing.assert_allclose(drawn.mean(axis=0), np.exp(scores) / np.exp(scores).sum(), atol=0.01)


@pytest.mark.parametrize(
    ("name", "value"), [("poisson", 1e6), ("poisson", -1e6), ("geometric", -1e6), ("bernoulli", -1e6)]
)
def test_extreme_parameters_are_drawn_without_a_warning(name, value):
    drawn = Discrete(name).observe(np.full((2, 1), value), np.random.default_rng(0))
    assert np.isfinite(drawn).all()
    assert (drawn > 1e9).all() if (name, value) in (("poisson", 1e6), ("geometric", -1e6)) else (drawn == 0).all()


def test_a_discrete_law_says_what_it_is():
    law = Discrete("poisson")
    assert law.text == "discrete (poisson) observations"
    assert law.describe() == {
        "text": "discrete (poisson) observations",
        "dimension": None,
        "learned": False,
        "law": {"node": "discrete", "name": "poisson"},
    }
