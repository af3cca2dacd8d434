"""The steps of the sharp Theorem 1: right on exact models, and each refuses what is wrong."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory import Model, Prior, equivalent
from ivae_theory.exact import determinant
from ivae_theory.verdict import Status
from proofs_checks.steps import derivatives, models, parameters, posteriors, volumes
from proofs_checks.steps.derivation import (
    affine_basis,
    dependence_from,
    derive,
    noise_as_printed,
    printed_hypotheses,
    ratios_cancel,
    relation_on_lambda,
    sharp_hypotheses,
)
from proofs_checks.steps.examples import (
    VARIANCE,
    half_minimal,
    hidden_wave,
    non_minimal,
    random_pair,
    random_pairs,
    rotated_gaussian,
    square_of_relu,
    vanishing_base,
)
from proofs_checks.steps.models import Pair, Z, is_constant, latents, make_model, rows_of

F = Fraction


def other_rows(pair, row, by):
    """theta' with one entry of lambda' changed."""
    rows = rows_of(pair.other)
    rows[row][0] += by
    prior = Prior(list(pair.other.prior.families), rows)
    return replace(pair, other=Model(prior, noise=pair.other.noise, mixing=pair.other.mixing))


# -- models


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_a_random_pair_has_one_law_and_is_equivalent_by_the_A_of_the_derivation(seed):
    pair = random_pair(seed, 1, 1 + seed % 2)
    step = derive(pair)
    verdict = equivalent(pair.theta, pair.other)
    assert step.complete
    assert verdict.holds
    assert verdict.evidence["A"] == [[str(value) for value in row] for row in step.A]


def test_densities_agree_in_numbers_with_the_library():
    pair = random_pairs(4)[3]
    (z1, z2), point = latents(pair.theta), np.array([[0.3, -0.4], [0.1, 0.9]])
    ours = [float(models.log_density(pair.theta, row).subs({z1: a, z2: b})) for row in (0, 2) for a, b in point]
    theirs = [pair.theta.prior.log_density(point[[i]], np.array([row]))[0] for row in (0, 2) for i in (0, 1)]
    assert ours[1] - ours[0] == pytest.approx(theirs[1] - theirs[0], abs=1e-9)
    assert ours[3] - ours[2] == pytest.approx(theirs[3] - theirs[2], abs=1e-9)


def test_another_lambda_at_one_u_is_another_law():
    pair = random_pairs(6)[2]
    assert models.same_law(pair)
    assert not models.same_law(other_rows(pair, 1, F(1, 5)))


def test_a_wrong_h_is_noticed():
    pair = random_pairs(6)[2]
    assert not models.same_law(replace(pair, h=tuple(entry + 1 for entry in pair.h)))
    assert not models.same_observation(replace(pair, h=tuple(2 * entry for entry in pair.h)))


def test_a_rotation_of_unequal_gaussians_is_no_symmetry():
    base = sympy.exp(-(Z**2) / 2)
    symbols = sympy.symbols("z1 z2", real=True)
    turn = sympy.Matrix([[sympy.Rational(3, 5), -sympy.Rational(4, 5)], [sympy.Rational(4, 5), sympy.Rational(3, 5)]])
    back = list(turn.T * sympy.Matrix(symbols))
    theta = make_model([[Z**2], [Z**2]], [[F(-1), F(-2)], [F(-2), F(-1)]], base)
    other = make_model([[Z**2], [Z**2]], [[F(-1), F(-2)], [F(-2), F(-1)]], base, (list(symbols), back))
    assert not models.same_law(Pair(theta, other, tuple(turn * sympy.Matrix(latents(theta)))))


def test_a_map_that_is_not_onto_is_refused():
    theta = make_model([[Z]], [[0], [1]])
    half = make_model([[Z]], [[0], [1]], support=sympy.Interval(0, sympy.oo))
    assert not models.same_law(Pair(theta, half, latents(theta)))


def test_constant_means_for_all_symbols():
    x, y = sympy.symbols("x y", real=True)
    assert is_constant((x + y) ** 2 - x**2 - 2 * x * y - y**2 + 3, (x, y))
    assert not is_constant(sympy.exp(x) - sympy.exp(y), (x, y))
    assert not is_constant(sympy.Max(x, 0), (x,))


# -- derivation


def test_a_changed_lambda_breaks_the_relation_and_the_identity():
    pair = other_rows(random_pairs(6)[1], 1, F(1, 7))
    step = derive(pair)
    assert not step.complete
    assert not step.same_law
    assert not step.identity


def test_the_relation_on_lambda_is_tested_beyond_the_basis():
    pair = random_pairs(6)[0]
    last = len(rows_of(pair.theta)) - 1
    assert last not in affine_basis(pair)
    changed = other_rows(pair, last, F(1, 3))
    assert relation_on_lambda(pair, derive(pair).A)
    assert not derive(changed).on_lambda


def test_ratios_cancel_only_the_base_measure(monkeypatch):
    pair = random_pairs(6)[1]
    assert ratios_cancel(pair, affine_basis(pair))
    right = models.log_density
    monkeypatch.setattr(
        "proofs_checks.steps.derivation.log_density", lambda model, row: right(model, row) * (1 + (row > 0))
    )
    assert not ratios_cancel(pair, affine_basis(pair))


def test_without_variability_there_is_no_L():
    theta = make_model([[Z, Z**2]], [[0, 0], [1, 1], [2, 2]])
    with pytest.raises(ValueError, match="V"):
        derive(Pair(theta, theta, latents(theta)))


def test_without_minimality_A_is_singular():
    step = derive(non_minimal())
    assert step.same_law
    assert step.identity
    assert step.A == [[1, 0], [2, 0]]
    assert step.determinant == 0
    assert step.minimal is Status.FAILS
    assert not step.complete


def test_a_singular_A_shows_which_latent_is_not_minimal():
    pair = half_minimal()
    step = derive(pair)
    blocks = dependence_from(pair, step.A)
    assert step.same_law
    assert step.determinant == 0
    assert blocks is not None
    assert any(blocks[0])
    assert not any(blocks[1])


def test_an_invertible_or_an_unrelated_A_shows_no_dependence():
    pair = half_minimal()
    identity = [[F(int(i == j)) for j in range(4)] for i in range(4)]
    assert dependence_from(pair, identity) is None
    assert dependence_from(pair, [[F(0)] * 4, *identity[1:]]) is None  # would say that z is constant
    assert dependence_from(random_pairs(4)[3], derive(random_pairs(4)[3]).A) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(-2, 2), min_size=3, max_size=3), min_size=4, max_size=4), st.data())
def test_a_sum_over_latents_is_constant_on_a_grid_only_when_each_term_is(tables, data):
    """Fubini's part in step (4), on finite tables of (T_1, T_2) for two latents."""
    v = data.draw(st.lists(st.integers(-2, 2), min_size=4, max_size=4))
    first = [v[0] * a + v[1] * b for a, b in zip(tables[0], tables[1], strict=True)]
    second = [v[2] * a + v[3] * b for a, b in zip(tables[2], tables[3], strict=True)]
    together = {a + b for a in first for b in second}
    assert (len(together) == 1) == (len(set(first)) == len(set(second)) == 1)


def test_the_relu_pair_needs_no_printed_ii():
    pair = square_of_relu()
    assert derive(pair).complete
    assert printed_hypotheses(pair.other)["theorem1.ii"] is Status.FAILS


def test_the_rotation_is_what_the_derivation_finds():
    assert [[F(3, 5), F(4, 5)], [F(-4, 5), F(3, 5)]] == derive(rotated_gaussian()).A


def test_the_printed_reading_of_i_lets_a_gap_through_when_the_image_is_null():
    wave = hidden_wave()
    assert noise_as_printed(wave.theta) is Status.HOLDS
    assert sharp_hypotheses(wave.theta)["theorem1.i"] is Status.FAILS
    line = Model(wave.theta.prior, noise=_scalar(wave), mixing=([Z], [Z]))
    assert noise_as_printed(line) is Status.FAILS


def _scalar(pair):
    from ivae_theory import Noise
    from proofs_checks.steps.deconvolution import HOLE, OMEGA

    return Noise(cf=HOLE, symbols=[OMEGA[0]])


def test_a_vanishing_base_measure_is_the_only_hypothesis_that_fails():
    found = sharp_hypotheses(vanishing_base().theta)
    assert {claim for claim, status in found.items() if status is not Status.HOLDS} == {"theorem1.positive"}


# -- derivatives


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(-2, 2), min_size=3, max_size=3), min_size=1, max_size=3))
def test_polynomials_have_independent_derivatives_exactly_when_their_coefficients_are(coefficients):
    statistics = [sum(c * Z ** (power + 1) for power, c in enumerate(row)) + 0 * Z for row in coefficients]
    statistics = [sympy.sympify(statistic) for statistic in statistics]
    if any(not statistic.free_symbols for statistic in statistics):
        return
    independent = sympy.Matrix(coefficients).rank() == len(coefficients)
    assert (derivatives.independent_points(statistics) is not None) == independent
    assert (derivatives.annihilator(statistics) is None) == independent


def test_the_annihilator_is_an_identity_and_not_a_fit():
    assert derivatives.annihilator([Z, sympy.exp(Z)]) is None
    assert derivatives.annihilator([Z, Z + sympy.floor(Z)]) in ([-1, 1], [1, -1])


@pytest.mark.parametrize(
    ("expression", "support", "known"),
    [
        (Z**3 + sympy.Abs(Z), sympy.Reals, True),
        (sympy.floor(Z), sympy.Reals, False),
        (sympy.sqrt(sympy.Abs(Z)), sympy.Reals, False),
        (sympy.Piecewise((0, Z < 0), (1, True)), sympy.Reals, False),
        (1 / Z, sympy.Reals, False),
        (sympy.log(Z), sympy.Interval.open(0, sympy.oo), True),
        (sympy.sign(Z), sympy.Reals, False),
    ],
)
def test_locally_lipschitz_is_claimed_only_of_what_is(expression, support, known):
    assert derivatives.is_locally_lipschitz(expression, support) is known


def test_solving_for_a_vector_outside_the_span_fails():
    assert derivatives.solves([[F(1), F(0)], [F(0), F(2)]], [F(3), F(4)])
    assert not derivatives.solves([[F(1), F(2)], [F(2), F(4)]], [F(1), F(0)])


# -- volumes and parameters


@given(st.integers(1, 3), st.integers(0, 2), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_volumes_are_products_of_singular_values(n, more, seed):
    W = [row[:n] for row in parameters.random_invertible(n + more, seed)]
    expected = np.prod(np.linalg.svd(np.array(W, dtype=float), compute_uv=False)) ** 2
    assert float(volumes.volume_squared(W)) == pytest.approx(expected)
    assert volumes.is_left_inverse(volumes.pseudo_inverse(W), W)
    assert volumes.lebesgue_mass(W) == (1 if more == 0 else 0)


def test_a_wrong_left_inverse_is_refused():
    assert not volumes.is_left_inverse([[F(1), F(1)]], [[F(1)], [F(2)]])


@given(st.integers(1, 4), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_matrix_of_the_affine_map(size, seed):
    A, L = parameters.random_invertible(size, seed), parameters.random_invertible(size, seed + 1)
    L_prime = parameters.multiply(parameters.transpose(A), L)
    assert parameters.affine_matrix(L, L_prime) == A
    assert determinant(A) != 0
    L_prime[0][0] += 1
    assert parameters.affine_matrix(L, L_prime) != A


# -- posteriors


def test_the_gaussian_posterior_against_numpy():
    model = rotated_gaussian().theta
    x = [F(1), F(-2), F(1, 3)]
    mean, covariance = posteriors.gaussian_posterior(model, 1, x, VARIANCE)
    W = np.array(model.mixing.matrix.jacobian(latents(model)).tolist(), dtype=float)
    # the joint Gaussian of (z, x), conditioned on x
    prior = np.array([float(v) for v in rows_of(model)[1]])
    gain = W.T @ np.linalg.inv(W @ W.T + float(VARIANCE) * np.eye(3))
    expected = prior + gain @ (np.array([float(v) for v in x]) - W @ prior)
    assert np.array(mean, dtype=float)[:, 0] == pytest.approx(expected)
    assert np.array(covariance, dtype=float) == pytest.approx(np.eye(2) - gain @ W)


def test_posteriors_of_another_noise_or_another_lambda_differ():
    pair = random_pairs(6)[2]
    assert posteriors.same_posteriors(pair, VARIANCE)
    assert not posteriors.same_posteriors(other_rows(pair, 0, F(1)), VARIANCE)
    assert not posteriors.same_posteriors(replace(pair, h=tuple(-entry for entry in pair.h)), VARIANCE)


def test_a_posterior_of_a_function_that_is_not_linear_is_refused():
    z = sympy.Symbol("z1", real=True)
    with pytest.raises(ValueError, match="linear"):
        posteriors.gaussian_posterior(make_model([[Z]], [[0]], mixing=([z], [z**3])), 0, [F(1)], F(1))
