"""Densities of sympy, and random symbols of :mod:`sympy.stats`, as noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy.logic.boolalg import Boolean

from ivae_theory.adapters.scipy_noise import standard_law
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.exact import to_fraction
from ivae_theory.noise import Noise
from ivae_theory.noise.composite import Affine
from ivae_theory.noise.gaussian import Gaussian
from ivae_theory.noise.laws import Law

__all__ = ["to_noise"]


def to_noise(obj: Any) -> Noise:
    """The noise that a sympy density, a ``Lambda``, a distribution or a random symbol of sympy.stats is.

    Raises
    ------
    InputError, InputTypeError
        For laws that are not continuous on R, and for objects that are no densities.
    """
    from sympy.stats.crv import SingleContinuousDistribution
    from sympy.stats.rv import RandomSymbol

    if isinstance(obj, RandomSymbol):
        distribution = getattr(obj.pspace, "distribution", None)
        if obj.pspace.symbol != obj.symbol or distribution is None:
            raise InputError("noise", "a random symbol with one continuous law", str(obj))
        return to_noise(distribution)
    if isinstance(obj, SingleContinuousDistribution):
        return Noise(law=_named(obj)) if _is_listed(obj) else _by_density(obj)
    if isinstance(obj, sympy.Lambda) and len(obj.variables) == 1:
        return Noise(density=obj.expr)
    if isinstance(obj, sympy.Expr):
        if _random_symbols(obj):
            raise InputError("noise", "one random symbol, or Noise objects that are added and scaled", str(obj))
        return Noise(density=obj)
    raise InputTypeError("noise", "a sympy density on R or a random symbol with a continuous law", type(obj).__name__)


def _random_symbols(expression: sympy.Expr) -> bool:
    from sympy.stats.rv import random_symbols

    return bool(random_symbols(expression))


def _gaussian(mean: Any, std: Any) -> Law:
    variance = to_fraction(std**2, "std")
    if variance <= 0:
        raise InputError("std", "a positive number", str(std))
    shift = to_fraction(mean, "mean")
    law: Law = Gaussian(variance)
    return Affine(law, to_fraction(1), (shift,)) if shift else law


def _rate(name: str) -> Callable[[Any], Law]:
    return lambda rate: standard_law(name, {}, 0, 1 / to_fraction(rate, "rate"))


#: Distribution of sympy.stats -> law, from its arguments.
_NAMED: dict[str, Callable[..., Law]] = {
    "NormalDistribution": _gaussian,
    "LaplaceDistribution": lambda mu, b: standard_law("laplace", {}, mu, b),
    "LogisticDistribution": lambda mu, s: standard_law("logistic", {}, mu, s),
    "CauchyDistribution": lambda x0, gamma: standard_law("cauchy", {}, x0, gamma),
    "StudentTDistribution": lambda nu: standard_law("t", {"df": nu}),
    "ExponentialDistribution": _rate("expon"),
    "GammaDistribution": lambda k, theta: standard_law("gamma", {"a": k}, 0, theta),
    "BetaDistribution": lambda a, b: standard_law("beta", {"a": a, "b": b}),
    "UniformDistribution": lambda a, b: standard_law("uniform", {}, a, to_fraction(b) - to_fraction(a)),
    "ChiSquaredDistribution": lambda k: standard_law("chi2", {"df": k}),
    "GumbelDistribution": lambda beta, mu, minimum: standard_law("gumbel_l" if minimum else "gumbel_r", {}, mu, beta),
}


def _is_listed(distribution: Any) -> bool:
    """Whether this is one of sympy's own classes with parameters that are rational (a Normal needs a rational
    variance)."""
    import sympy.stats.crv_types

    name = type(distribution).__name__
    if name not in _NAMED or getattr(sympy.stats.crv_types, name, None) is not type(distribution):
        return False
    arguments = [a**2 if name == "NormalDistribution" else a for a in distribution.args if not isinstance(a, Boolean)]
    return all(getattr(a, "is_Rational", False) or getattr(a, "is_Float", False) for a in arguments)


def _named(distribution: Any) -> Law:
    return _NAMED[type(distribution).__name__](*distribution.args)


def _by_density(distribution: Any) -> Noise:
    x = sympy.Symbol("x", real=True)
    density, support = distribution.pdf(x), distribution.set
    if density.free_symbols - {x}:
        raise InputError("noise", "a law without free parameters", str(distribution))
    return Noise(
        density=density, support=support if isinstance(support, (sympy.Interval, sympy.Union)) else sympy.Reals
    )
