"""Exponential families (Eq. 7): statistics ``T``, base measure ``Q``, support; and the named ones."""

from ivae_theory.families.family import ExponentialFamily, family_from_description
from ivae_theory.families.named import (
    beta,
    chi2,
    continuous_bernoulli,
    exponential,
    gamma,
    gaussian,
    gaussian_location,
    gaussian_scale,
    half_normal,
    inverse_gamma,
    inverse_gaussian,
    laplace_scale,
    lognormal,
    pareto,
    rayleigh,
    von_mises,
    weibull,
)

__all__ = [
    "ExponentialFamily",
    "beta",
    "chi2",
    "continuous_bernoulli",
    "exponential",
    "family_from_description",
    "gamma",
    "gaussian",
    "gaussian_location",
    "gaussian_scale",
    "half_normal",
    "inverse_gamma",
    "inverse_gaussian",
    "laplace_scale",
    "lognormal",
    "pareto",
    "rayleigh",
    "von_mises",
    "weibull",
]
