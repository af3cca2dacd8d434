"""Planning: one value of u, and input that does not fit."""

import re

import numpy as np
import pytest

from ivae_theory import families, plan
from ivae_theory.errors import InputError, InputTypeError

LOCATION, GAUSSIAN = families.gaussian_location(), families.gaussian()


def test_no_current_value_may_be_written_as_an_empty_array():
    candidates = np.eye(2)
    for nothing in (None, [], np.empty((0, 2))):
        found = plan(LOCATION, 2).best_next(candidates, nothing)
        assert found.before == 0
        assert found.distances.tolist() == [0, 0]


def test_after_one_value_the_distance_is_half_of_the_way_to_the_next():
    """Two rows: the one singular value is |difference| / sqrt(2), in units of sqrt(1 + variance of the mean)."""
    candidates = np.array([[1.0], [-3.0], [2.0]])
    found = plan(LOCATION, 1).best_next(candidates, [[0.0]])
    scale = np.sqrt(1 + np.array([0.0, 1.0, -3.0, 2.0]).var())
    np.testing.assert_allclose(found.distances, scale * np.abs(candidates[:, 0]) / np.sqrt(2), rtol=1e-4)
    assert found.index == 1


def test_shapes_that_mean_the_same_are_read_alike():
    flat = np.array([[1.0, -1.0, 2.0, -2.0], [0.0, -3.0, 1.0, -1.0], [2.0, -0.5, 0.0, -1.0]])
    scheme = plan(GAUSSIAN, 2)
    assert scheme.first(flat) == scheme.first(flat.reshape(3, 2, 2))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([], InputError, "candidates: expected shape (C, 4) or (C, n, k), got shape (0,)"),
        (np.zeros((3, 4, 1)), InputError, "candidates: expected shape (C, 2, k), got shape (3, 4, 1)"),
        (np.zeros((3, 1, 2, 2)), InputError, "candidates: expected shape (C, 4) or (C, n, k), got shape (3, 1, 2, 2)"),
        ("no", InputTypeError, "candidates: expected an array of shape (C, 4), got str"),
        (np.full((3, 4), np.nan), InputError, "candidates: expected finite natural parameters, got NaN or infinity"),
    ],
)
def test_candidates_that_do_not_fit_are_named(given, error, message):
    for method in ("first", "best_next"):
        with pytest.raises(error, match=re.escape(message)):
            getattr(plan(GAUSSIAN, 2), method)(given)
    if np.size(given):
        with pytest.raises(error, match=re.escape(message.replace("candidates", "current"))):
            plan(GAUSSIAN, 2).best_next([[1.0, -1.0, 1.0, -1.0]], given)


@pytest.mark.parametrize("method", ["first", "best_next"])
def test_masked_natural_parameters_are_no_candidates(method):
    hidden = np.ma.masked_array([[-1.0, -2.0], [-2.0, -1.0], [-3.0, -3.0]], mask=[[0, 1], [0, 0], [0, 0]])
    with pytest.raises(InputError, match="1 masked"):
        getattr(plan(GAUSSIAN, 1), method)(hidden)
