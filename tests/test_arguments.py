"""Levels, tolerances and seeds: what is no number of the kind asked for is one clear error, everywhere."""

import numpy as np
import pytest
import sympy

from ivae_theory import AffineMap, Model, Noise, Prior, check, equivalent, families, mcc, posterior_gap, recover
from ivae_theory.arguments import require_between, require_seed
from ivae_theory.errors import InputError, InputTypeError

Z = np.random.default_rng(0).normal(size=(60, 2))


@pytest.mark.parametrize("value", [0, 1, -1, float("nan"), float("inf"), "a", None, True, 1j, np.array([0.5])])
def test_what_is_not_between_is_refused(value):
    with pytest.raises((InputError, InputTypeError), match="level: expected a probability"):
        require_between(value, "level", 0, 1, "a probability")


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.float64(0.5)])
def test_real_numbers_of_any_type_are_read(value):
    assert require_between(value, "level", 0, 1, "a probability") == 0.5


def line():
    z = sympy.Symbol("z", real=True)
    return Model(Prior(families.gaussian_location(), [[1], [2]]), noise=Noise.none(), mixing=sympy.Matrix([z]))


CALLS = [
    lambda seed: require_seed(seed),
    lambda seed: recover(Z, Z, statistics="z", seed=seed),
    lambda seed: mcc(Z, Z, seed=seed),
    lambda seed: check(line(), seed=seed),
    lambda seed: line().sample([0, 1], seed=seed),
    lambda seed: equivalent(line(), line(), seed=seed),
    lambda seed: posterior_gap(line(), Z[:, :1], np.zeros(60, dtype=int), seed=seed),
]


@pytest.mark.parametrize("seed", [-1, 1.5, "a", None, True])
@pytest.mark.parametrize("call", CALLS)
def test_seeds_are_whole_numbers_from_0_on(call, seed):
    with pytest.raises((InputError, InputTypeError), match="seed: expected a whole number"):
        call(seed)


def test_integers_of_numpy_are_seeds():
    assert require_seed(np.int64(3)) == 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: AffineMap([[1, 2], [3]]), "A: expected"),
        (lambda: AffineMap(sympy.Matrix([[sympy.oo]])), "A: expected"),
        (lambda: AffineMap(sympy.Matrix([[sympy.nan]])), "A: expected"),
        (lambda: AffineMap([[10**400]], [0.5]), "A: expected"),
        (lambda: AffineMap([[10**400]])([1.0]), "A: expected"),
        (lambda: AffineMap([[1]])("a"), "statistics: expected"),
        (lambda: AffineMap([[1]]).isclose(3), "other: expected"),
        (lambda: AffineMap.identity("a"), "size: expected"),
        (lambda: AffineMap([[1]]).apply(3), "model: expected"),
    ],
)
def test_maps_of_something_else_are_refused(call, words):
    with pytest.raises((InputError, InputTypeError), match=words):
        call()


def test_a_matrix_that_is_singular_only_after_simplification_has_no_inverse():
    hidden = sympy.sqrt(5 + 2 * sympy.sqrt(6)) - sympy.sqrt(2) - sympy.sqrt(3)
    with pytest.raises(InputError, match="A: expected an invertible matrix"):
        AffineMap(sympy.Matrix([[hidden]])).inverse()


@pytest.mark.parametrize("claims", [3, [["theorem1.iii"]], [3], [None, "theorem1.iii"], ["x"]])
def test_assumptions_are_names_of_claims(claims):
    with pytest.raises((InputError, InputTypeError), match="assume: expected"):
        check(line(), assume=claims)
