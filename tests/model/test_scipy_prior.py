"""Frozen scipy laws as priors; the oracle is scipy's own log-density."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from ivae_theory.domain import Observed
from ivae_theory.errors import InputError, InputTypeError, NotExponentialFamily
from ivae_theory.model import Prior

A = [0.7, 1.3, 2.9]
B = [2.0, 0.4, 1.1]

VARYING = {
    "norm": (lambda a, b: stats.norm(a, b), "gaussian"),
    "norm, fixed mean": (lambda a, b: stats.norm(0.1, b), "gaussian_scale"),
    "norm, fixed scale": (lambda a, b: stats.norm(a, scale=2), "gaussian_location"),
    "laplace": (lambda a, b: stats.laplace(-1, b), "laplace_scale"),
    "lognorm": (lambda a, b: stats.lognorm(a, scale=b), "lognormal"),
    "lognorm, fixed scale": (lambda a, b: stats.lognorm(a, scale=2.5), "lognormal_scale"),
    "lognorm, fixed shape": (lambda a, b: stats.lognorm(0.5, scale=b), "lognormal_location"),
    "halfnorm": (lambda a, b: stats.halfnorm(scale=b), "half_normal"),
    "expon": (lambda a, b: stats.expon(scale=b), "exponential"),
    "gamma": (lambda a, b: stats.gamma(a, scale=b), "gamma"),
    "gamma, fixed shape": (lambda a, b: stats.gamma(1.7, scale=b), "gamma_rate"),
    "gamma, fixed scale": (lambda a, b: stats.gamma(a, scale=0.3), "gamma_shape"),
    "invgamma": (lambda a, b: stats.invgamma(a, scale=b), "inverse_gamma"),
    "invgamma, fixed shape": (lambda a, b: stats.invgamma(1.5, scale=b), "inverse_gamma_rate"),
    "beta": (lambda a, b: stats.beta(a, b), "beta"),
    "beta, fixed a": (lambda a, b: stats.beta(1.5, b), "beta_concentration0"),
    "chi2": (lambda a, b: stats.chi2(a), "chi2"),
    "vonmises": (lambda a, b: stats.vonmises(a, loc=b), "von_mises"),
    "vonmises, fixed loc": (lambda a, b: stats.vonmises(a, loc=0.5), "von_mises_concentration"),
    "weibull_min": (lambda a, b: stats.weibull_min(1.5, scale=b), "weibull"),
    "pareto": (lambda a, b: stats.pareto(a, scale=2), "pareto"),
}


@pytest.mark.parametrize("name", VARYING)
def test_the_density_is_scipys(name):
    make, family = VARYING[name]
    laws = [make(a, b) for a, b in zip(A, B, strict=True)]
    prior = Prior.from_scipy([[law] for law in laws])
    assert prior.families[0].name == family
    assert prior.assumptions == ()
    for row, law in enumerate(laws):
        z = law.ppf([0.03, 0.4, 0.8, 0.99])[:, None]
        if "vonmises" in name:  # scipy draws angles in [-pi, pi] and gives quantiles around loc: the same on the circle
            z = np.angle(np.exp(1j * z))
        found = prior.log_density(z, np.full(4, row))
        np.testing.assert_allclose(found, law.logpdf(z[:, 0]), rtol=1e-9, atol=1e-9)


def test_the_error_bound_covers_the_number_that_was_meant():
    """lambda = -1 / (2 s^2) for s = 0.1: the float 0.1 is off by 5e-18, lambda = -50 by 100 times as much."""
    natural = Prior.from_scipy([[stats.norm(0, 0.1)], [stats.norm(0, 0.3)]]).natural
    for value, bound, meant in zip(
        natural.values[:, 0], natural.error[:, 0], (Fraction(-50), Fraction(-50, 9)), strict=True
    ):
        assert abs(Fraction(float(value)) - meant) <= Fraction(float(bound))
    assert natural.error.max() < 1e-13


def test_latents_may_have_different_families():
    rows = [[stats.norm(a, b), stats.gamma(a, scale=b), stats.laplace(0, b)] for a, b in zip(A, B, strict=True)]
    prior = Prior.from_scipy(rows, u=Observed(range(3)))
    assert prior.ks == (2, 2, 1)
    assert isinstance(prior.domain, Observed)


@pytest.mark.parametrize(
    ("laws", "error", "says"),
    [
        ([], InputTypeError, "laws"),
        ([stats.norm()], InputTypeError, "laws"),
        ([[]], InputError, "n laws"),
        ([[stats.norm()], [stats.norm(), stats.norm()]], InputError, "n laws"),
        ([["norm"]], InputTypeError, r"laws\[0\]\[0\].*frozen"),
        ([[stats.norm]], InputTypeError, "frozen"),
        ([[stats.t(3)]], NotExponentialFamily, "got t"),
        ([[stats.poisson(3)]], NotExponentialFamily, "poisson"),
        ([[stats.laplace(a)] for a in A], NotExponentialFamily, "same loc"),
        ([[stats.weibull_min(a)] for a in A], NotExponentialFamily, "same concentration"),
        ([[stats.pareto(2, scale=a)] for a in A], NotExponentialFamily, "same scale"),
        ([[stats.gamma(2, loc=1)]], NotExponentialFamily, "loc = 0"),
        ([[stats.norm()], [stats.laplace()]], NotExponentialFamily, "one family"),
        ([[stats.norm(np.zeros(3))]], InputError, "finite numbers"),
        ([[stats.norm(np.nan)]], InputError, "finite numbers"),
        ([[stats.norm(0, -1)]], InputError, "range"),
        ([[stats.gamma(-1)]], InputError, "range"),
    ],
)
def test_what_is_refused(laws, error, says):
    with pytest.raises(error, match=says):
        Prior.from_scipy(laws)


def test_laws_that_only_bear_the_name_are_refused():
    class Other(type(stats.norm)):
        def _pdf(self, x):
            return super()._pdf(x) * (1 + np.sin(x))

    replaced = stats.norm(0, 1)
    replaced.logpdf = lambda x: -np.abs(x)
    narrowed = type(stats.norm)(a=-1, b=1, name="norm")(0, 1)
    for law in (Other(name="norm")(0, 1), replaced, narrowed):
        with pytest.raises(NotExponentialFamily):
            Prior.from_scipy([[law]])
