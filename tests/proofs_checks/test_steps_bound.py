"""The variational bound: identities, and a diagonal q that prefers another model."""

from fractions import Fraction

import numpy as np
import pytest
import sympy

from proofs_checks.claims.theorem3 import NOISE, OTHER, TRUTH
from proofs_checks.steps import bound

F = Fraction


def by_floats(theta, truth, noise, diagonal):
    """The same bound in floats, written independently: the mean over u of -KL terms by numpy."""
    W, W0 = (np.array(t[0], dtype=float) for t in (theta, truth))
    total = 0.0
    for d, d0 in zip(theta[1], truth[1], strict=True):
        C = W @ np.diag(np.array(d, dtype=float)) @ W.T + noise * np.eye(2)
        C0 = W0 @ np.diag(np.array(d0, dtype=float)) @ W0.T + noise * np.eye(2)
        P = W.T @ W / noise + np.diag([1 / float(v) for v in d])
        total -= (np.linalg.slogdet(C)[1] + np.trace(np.linalg.solve(C, C0))) / 2
        if diagonal:
            total -= (np.log(np.diag(P)).sum() - np.linalg.slogdet(P)[1]) / 2
    return total / len(theta[1])


@pytest.mark.parametrize("diagonal", [True, False])
def test_the_ball_is_the_difference_of_the_bounds(diagonal):
    ball = bound.bound_difference(OTHER, TRUTH, NOISE, diagonal)
    value = by_floats(OTHER, TRUTH, 0.01, diagonal) - by_floats(TRUTH, TRUTH, 0.01, diagonal)
    assert float(ball.mid()) == pytest.approx(value, abs=1e-10)
    assert (ball > 0) if diagonal else (ball < 0)


def test_with_orthogonal_columns_a_diagonal_q_loses_nothing():
    truth = ([[F(1), F(0)], [F(0), F(1)]], TRUTH[1])
    exact, diagonal = (bound.bound_difference(OTHER, truth, NOISE, kind) for kind in (False, True))
    assert exact < 0
    assert diagonal < exact


def test_the_truth_against_itself():
    assert bound.bound_difference(TRUTH, TRUTH, NOISE, True).contains(0)


def test_a_scaled_permutation_of_the_truth_has_the_same_bound():
    W, variances = TRUTH
    swapped = ([[3 * row[1], row[0] / 2] for row in W], [[row[1] / 9, 4 * row[0]] for row in variances])
    for diagonal in (True, False):
        ball = bound.bound_difference(swapped, TRUTH, NOISE, diagonal)
        assert ball.contains(0)
        assert float(ball.rad()) < 1e-25


def test_profile_score_vanishes_only_with_known_lambda():
    assert bound.profile_score(free=False) == 0
    free = bound.profile_score(free=True)
    assert all(symbol.is_positive for symbol in free.free_symbols)
    assert free.is_negative


def test_identity_holds_with_one_sign_only():
    assert bound.linear_identity() == 0
    wrong = bound.linear_identity(1)
    values = dict.fromkeys(wrong.free_symbols, sympy.Integer(1)) | {sympy.Symbol("x", real=True): sympy.Integer(3)}
    assert abs(float(wrong.xreplace(values))) > 0.1


@pytest.mark.parametrize("x", [F(0), F(1, 2), F(-3)])
def test_quadrature_identity(x):
    assert bound.quadrature_identity(x, F(1)).contains(0)
    assert not bound.quadrature_identity(x, F(1), sign=1).contains(0)
