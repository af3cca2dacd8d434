"""The named families, each with its exact natural range, log partition function and sampler.

Parameters of a builder that are not natural parameters (a fixed variance, mean or shape) are exact: floats are
read as the dyadic rationals that they are. Partition functions are the textbook ones; the tests compare each with
an integral.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.exact import to_fraction, to_text
from ivae_theory.families.family import ClosedForm, ExponentialFamily
from ivae_theory.families.support import describe_support

__all__ = [
    "beta", "chi2", "continuous_bernoulli", "exponential", "gamma", "gaussian", "gaussian_location",
    "gaussian_scale", "half_normal", "inverse_gamma", "inverse_gaussian", "laplace_scale", "lognormal", "pareto",
    "rayleigh", "recognise", "von_mises", "weibull",
]  # fmt: skip

Floats = NDArray[np.float64]
_Z = sympy.Symbol("z", real=True)
_HALF_LINE = sympy.Interval.open(0, sympy.oo)
_LOG_2PI = float(np.log(2 * np.pi))


def _named(
    name: str,
    statistics: Any,
    support: sympy.Set,
    measure: Any,
    in_range: Callable[[Sequence[Fraction]], bool],
    range_text: str,
    log_partition: Callable[[Floats], Floats],
    sample: Callable[[Floats, np.random.Generator], Floats],
) -> ExponentialFamily:
    family = ExponentialFamily(statistics, support, measure, _Z, name)
    family._closed = ClosedForm(in_range, range_text, log_partition, sample)
    return family


def _positive(value: Any, argument: str) -> Fraction:
    exact = to_fraction(value, argument)
    if exact <= 0:
        raise InputError(argument, "a positive number", str(value))
    return exact


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def gaussian() -> ExponentialFamily:
    """Gaussian, mean and variance free: ``T = (z, z**2)``, ``lambda = (mu / v, -1 / (2 v))``."""
    return _named(
        "gaussian", [_Z, _Z**2], sympy.Reals, 1,
        lambda lam: lam[1] < 0, "lambda_2 < 0",
        lambda lam: 0.5 * np.log(np.pi / -lam[:, 1]) - lam[:, 0] ** 2 / (4 * lam[:, 1]),
        lambda lam, rng: rng.normal(-lam[:, 0] / (2 * lam[:, 1]), np.sqrt(-0.5 / lam[:, 1])),
    )  # fmt: skip


def gaussian_location(variance: Any = 1) -> ExponentialFamily:
    """Gaussian of known variance: ``T = z``, ``lambda = mu / v``."""
    exact = _positive(variance, "variance")
    v = float(exact)
    return _named(
        "gaussian_location", [_Z], sympy.Reals, sympy.exp(-(_Z**2) / (2 * _rational(exact))),
        lambda lam: True, "any real number",
        lambda lam: 0.5 * (_LOG_2PI + np.log(v)) + v * lam[:, 0] ** 2 / 2,
        lambda lam, rng: rng.normal(lam[:, 0] * v, np.sqrt(v)),
    )  # fmt: skip


def gaussian_scale(mean: Any = 0) -> ExponentialFamily:
    """Gaussian of known mean: ``T = (z - mean)**2``, ``lambda = -1 / (2 v)``."""
    exact = to_fraction(mean, "mean")
    return _named(
        "gaussian_scale", [(_Z - _rational(exact)) ** 2], sympy.Reals, 1,
        lambda lam: lam[0] < 0, "lambda < 0",
        lambda lam: 0.5 * np.log(np.pi / -lam[:, 0]),
        lambda lam, rng: rng.normal(float(exact), np.sqrt(-0.5 / lam[:, 0])),
    )  # fmt: skip


def laplace_scale(location: Any = 0) -> ExponentialFamily:
    """Laplace of known location: ``T = |z - location|``, ``lambda = -1 / b``."""
    exact = to_fraction(location, "location")
    return _named(
        "laplace_scale", [sympy.Abs(_Z - _rational(exact))], sympy.Reals, 1,
        lambda lam: lam[0] < 0, "lambda < 0",
        lambda lam: np.log(2 / -lam[:, 0]),
        lambda lam, rng: rng.laplace(float(exact), -1 / lam[:, 0]),
    )  # fmt: skip


def gamma() -> ExponentialFamily:
    """Gamma: ``T = (log z, z)``, ``lambda = (shape - 1, -rate)``."""

    def log_partition(lam: Floats) -> Floats:
        from scipy.special import gammaln

        shape = lam[:, 0] + 1
        return np.asarray(gammaln(shape) - shape * np.log(-lam[:, 1]))

    return _named(
        "gamma", [sympy.log(_Z), _Z], _HALF_LINE, 1,
        lambda lam: lam[0] > -1 and lam[1] < 0, "lambda_1 > -1 and lambda_2 < 0",
        log_partition, lambda lam, rng: rng.gamma(lam[:, 0] + 1, -1 / lam[:, 1]),
    )  # fmt: skip


def beta() -> ExponentialFamily:
    """Beta: ``T = (log z, log(1 - z))``, ``lambda = (a - 1, b - 1)``."""

    def log_partition(lam: Floats) -> Floats:
        from scipy.special import betaln

        return np.asarray(betaln(lam[:, 0] + 1, lam[:, 1] + 1))

    return _named(
        "beta", [sympy.log(_Z), sympy.log(1 - _Z)], sympy.Interval.open(0, 1), 1,
        lambda lam: lam[0] > -1 and lam[1] > -1, "lambda_1 > -1 and lambda_2 > -1",
        log_partition, lambda lam, rng: rng.beta(lam[:, 0] + 1, lam[:, 1] + 1),
    )  # fmt: skip


def exponential() -> ExponentialFamily:
    """Exponential: ``T = z``, ``lambda = -rate``."""
    return _named(
        "exponential", [_Z], sympy.Interval(0, sympy.oo), 1,
        lambda lam: lam[0] < 0, "lambda < 0",
        lambda lam: -np.log(-lam[:, 0]), lambda lam, rng: rng.exponential(-1 / lam[:, 0]),
    )  # fmt: skip


def lognormal() -> ExponentialFamily:
    """Log-normal: ``T = (log z, (log z)**2)``, ``Q = 1/z``, ``lambda = (mu / v, -1 / (2 v))``."""
    return _named(
        "lognormal", [sympy.log(_Z), sympy.log(_Z) ** 2], _HALF_LINE, 1 / _Z,
        lambda lam: lam[1] < 0, "lambda_2 < 0",
        lambda lam: 0.5 * np.log(np.pi / -lam[:, 1]) - lam[:, 0] ** 2 / (4 * lam[:, 1]),
        lambda lam, rng: rng.lognormal(-lam[:, 0] / (2 * lam[:, 1]), np.sqrt(-0.5 / lam[:, 1])),
    )  # fmt: skip


def half_normal() -> ExponentialFamily:
    """Half-normal: ``T = z**2`` on the half-line, ``lambda = -1 / (2 v)``."""
    return _named(
        "half_normal", [_Z**2], sympy.Interval(0, sympy.oo), 1,
        lambda lam: lam[0] < 0, "lambda < 0",
        lambda lam: 0.5 * np.log(np.pi / -lam[:, 0]) - np.log(2),
        lambda lam, rng: np.abs(rng.normal(0.0, np.sqrt(-0.5 / lam[:, 0]))),
    )  # fmt: skip


def inverse_gamma() -> ExponentialFamily:
    """Inverse gamma: ``T = (log z, 1/z)``, ``lambda = (-shape - 1, -scale)``."""

    def log_partition(lam: Floats) -> Floats:
        from scipy.special import gammaln

        shape = -lam[:, 0] - 1
        return np.asarray(gammaln(shape) - shape * np.log(-lam[:, 1]))

    return _named(
        "inverse_gamma", [sympy.log(_Z), 1 / _Z], _HALF_LINE, 1,
        lambda lam: lam[0] < -1 and lam[1] < 0, "lambda_1 < -1 and lambda_2 < 0",
        log_partition, lambda lam, rng: -lam[:, 1] / rng.gamma(-lam[:, 0] - 1),
    )  # fmt: skip


def inverse_gaussian() -> ExponentialFamily:
    """Inverse Gaussian: ``T = (z, 1/z)``, ``Q = z**(-3/2)``; ``lambda_1 = 0`` is the Levy law.

    ``lambda = (-s / (2 m**2), -s / 2)`` for mean ``m`` and shape ``s``.
    """

    def sample(lam: Floats, rng: np.random.Generator) -> Floats:
        shape = -2 * lam[:, 1]
        levy = shape / rng.normal(size=len(lam)) ** 2
        rate = np.where(lam[:, 0] < 0, lam[:, 0], -1.0)
        return np.where(lam[:, 0] < 0, rng.wald(np.sqrt(lam[:, 1] / rate), shape), levy)

    return _named(
        "inverse_gaussian", [_Z, 1 / _Z], _HALF_LINE, _Z ** sympy.Rational(-3, 2),
        lambda lam: lam[0] <= 0 and lam[1] < 0, "lambda_1 <= 0 and lambda_2 < 0",
        lambda lam: 0.5 * np.log(np.pi / -lam[:, 1]) - 2 * np.sqrt(lam[:, 0] * lam[:, 1]), sample,
    )  # fmt: skip


def chi2() -> ExponentialFamily:
    """Chi-squared: ``T = log z``, ``Q = exp(-z/2)``, ``lambda = degrees / 2 - 1``."""

    def log_partition(lam: Floats) -> Floats:
        from scipy.special import gammaln

        return np.asarray(gammaln(lam[:, 0] + 1) + (lam[:, 0] + 1) * np.log(2))

    return _named(
        "chi2", [sympy.log(_Z)], _HALF_LINE, sympy.exp(-_Z / 2),
        lambda lam: lam[0] > -1, "lambda > -1",
        log_partition, lambda lam, rng: rng.chisquare(2 * lam[:, 0] + 2),
    )  # fmt: skip


def von_mises() -> ExponentialFamily:
    """Von Mises: ``T = (cos z, sin z)`` on ``[-pi, pi]``, ``lambda = kappa (cos m, sin m)``."""

    def log_partition(lam: Floats) -> Floats:
        from scipy.special import ive

        kappa = np.hypot(lam[:, 0], lam[:, 1])
        return np.asarray(_LOG_2PI + np.log(ive(0, kappa)) + kappa)

    return _named(
        "von_mises", [sympy.cos(_Z), sympy.sin(_Z)], sympy.Interval(-sympy.pi, sympy.pi), 1,
        lambda lam: True, "any real numbers", log_partition,
        lambda lam, rng: rng.vonmises(np.arctan2(lam[:, 1], lam[:, 0]), np.hypot(lam[:, 0], lam[:, 1])),
    )  # fmt: skip


def weibull(shape: Any) -> ExponentialFamily:
    """Weibull of known shape ``c``: ``T = z**c``, ``Q = z**(c - 1)``, ``lambda = -scale**-c``."""
    exact = _positive(shape, "shape")
    c = float(exact)
    return _named(
        "weibull", [_Z ** _rational(exact)], _HALF_LINE, _Z ** _rational(exact - 1),
        lambda lam: lam[0] < 0, "lambda < 0",
        lambda lam: -np.log(c) - np.log(-lam[:, 0]),
        lambda lam, rng: rng.weibull(c, len(lam)) * (-lam[:, 0]) ** (-1 / c),
    )  # fmt: skip


def rayleigh() -> ExponentialFamily:
    """Rayleigh: ``T = z**2``, ``Q = z``, ``lambda = -1 / (2 v)``."""
    return _named(
        "rayleigh", [_Z**2], _HALF_LINE, _Z,
        lambda lam: lam[0] < 0, "lambda < 0",
        lambda lam: -np.log(2) - np.log(-lam[:, 0]),
        lambda lam, rng: np.sqrt(rng.exponential(-1 / lam[:, 0])),
    )  # fmt: skip


def pareto(scale: Any = 1) -> ExponentialFamily:
    """Pareto above a known scale ``s``: ``T = log z`` on ``[s, oo)``, ``lambda = -alpha - 1``."""
    exact = _positive(scale, "scale")
    s = float(exact)
    return _named(
        "pareto", [sympy.log(_Z)], sympy.Interval(_rational(exact), sympy.oo), 1,
        lambda lam: lam[0] < -1, "lambda < -1",
        lambda lam: (lam[:, 0] + 1) * np.log(s) - np.log(-lam[:, 0] - 1),
        lambda lam, rng: s * (1 + rng.pareto(-lam[:, 0] - 1)),
    )  # fmt: skip


def continuous_bernoulli() -> ExponentialFamily:
    """Exponentially tilted uniform law: ``T = z`` on ``[0, 1]``."""

    def log_partition(lam: Floats) -> Floats:
        size = np.abs(lam[:, 0])  # log((e^s - 1)/s) for both signs: Z(-s) = exp(-s) Z(s)
        safe = np.maximum(size, 1e-5)
        far = np.log(-np.expm1(-safe)) - np.log(safe)
        near = -size / 2 + size**2 / 24
        return np.asarray(np.where(size < 1e-5, near, far) + np.maximum(lam[:, 0], 0))

    def sample(lam: Floats, rng: np.random.Generator) -> Floats:
        size = np.abs(lam[:, 0])
        unit = rng.random(len(lam))
        safe = np.maximum(size, 1e-5)
        low = np.where(size < 1e-5, unit, -np.log1p(unit * np.expm1(-safe)) / safe)  # density falling in z
        return np.where(lam[:, 0] > 0, 1 - low, low)

    return _named(
        "continuous_bernoulli", [_Z], sympy.Interval(0, 1), 1,
        lambda lam: True, "any real number", log_partition, sample,
    )  # fmt: skip


@dataclass(frozen=True)
class _Recognised:
    name: str
    closed: ClosedForm


def _key(family: ExponentialFamily) -> tuple[str, ...]:
    expressions = [*(family.statistics or ()), family.base_measure]
    texts = [to_text(expression.xreplace({family.variable: _Z})) for expression in expressions]
    ends = [f"{low} {high}" for low, high, _, _ in describe_support(family.support)]
    return (*texts, *ends)


_BUILDING: list[bool] = []


@cache
def _known() -> dict[tuple[str, ...], _Recognised]:
    builders = (gaussian, gaussian_location, gaussian_scale, laplace_scale, gamma, beta, exponential, lognormal,
                half_normal, inverse_gamma, inverse_gaussian, chi2, von_mises, rayleigh, pareto,
                continuous_bernoulli)  # fmt: skip
    _BUILDING.append(True)
    try:
        families = [builder() for builder in builders]
    finally:
        _BUILDING.pop()
    return {_key(f): _Recognised(f.name, f._closed) for f in families if f._closed is not None}


def recognise(family: ExponentialFamily) -> _Recognised | None:
    """The parameter-free named family with the same statistics, base measure and support, if there is one.

    Open and closed ends are the same: they differ by a null set.
    """
    if _BUILDING or family.statistics is None:
        return None
    return _known().get(_key(family))
