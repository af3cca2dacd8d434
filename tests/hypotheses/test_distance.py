"""The distance of (V) to failure: whitening against moments in closed form, and what is said of it."""

from types import SimpleNamespace

import numpy as np
import pytest

from ivae_theory import Prior, families, plan
from ivae_theory.hypotheses.distance import whiten, whitening
from ivae_theory.hypotheses.variability import check_variability

LOCATION, GAUSSIAN = families.gaussian_location(), families.gaussian()


def test_several_statistics_are_whitened_together():
    """T = (z, z^2) of a Gaussian: mean and covariance in closed form; latents keep their own blocks."""
    rng = np.random.default_rng(0)
    natural = np.stack([rng.uniform(-2, 2, (9, 2)), rng.uniform(-2, -0.5, (9, 2))], axis=2)
    found = check_variability(SimpleNamespace(prior=Prior(GAUSSIAN, natural)))
    blocks = []
    for latent in range(2):
        first, second = natural[:, latent].T
        mean, variance = -first / (2 * second), -1 / (2 * second)
        cross = 2 * mean * variance
        within = np.array([[variance, cross], [cross, 2 * variance**2 + 4 * mean**2 * variance]]).mean(axis=2)
        between = np.cov(np.stack([mean, mean**2 + variance]), bias=True)
        blocks.append(natural[:, latent] @ np.linalg.cholesky(within + between))
    white = np.concatenate(blocks, axis=1)
    distance = np.linalg.svd(white - white.mean(axis=0), compute_uv=False)[-1]
    assert found.margin == pytest.approx(distance, rel=1e-4)
    assert "each T_i whitened under the mixture over u" in found.evidence["margin_unit"]


@pytest.mark.parametrize(
    ("values", "law"), [(1000, "the mixture over u"), (1001, "the law at row 17 of those compared")]
)
def test_beyond_the_affordable_pairs_the_most_central_value_of_u_gives_the_unit(values, law):
    rows = np.random.default_rng(0).choice([-1.0, 1.0], (values, 2)) * [1.0, 1e3]
    rows[17] = rows.mean(axis=0)
    factors, found = whitening(SimpleNamespace(families=[LOCATION] * 2), rows)
    assert found == law
    assert factors is not None


def test_what_whitening_makes_infinite_stays_as_it_was_given():
    rows = np.array([[-1e-150], [-1e200]])
    same, unit = whiten(SimpleNamespace(families=[families.exponential()]), rows)
    assert np.array_equal(same, rows)
    assert unit == "in the units in which they were given (no whitening: numbers beyond the floating-point range)"
    assert plan(families.exponential(), 1).best_next(rows).unit == unit
