"""What is left of a two-parameter family when one parameter does not vary: k = 1, the other parameter in Q or T.

Fixed parameters are exact (sympy). Natural range, partition function and sampler are the textbook ones of the law;
the tests compare them with torch's densities.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.families import ExponentialFamily
from ivae_theory.families.family import ClosedForm

__all__ = [
    "beta_concentration0", "beta_concentration1", "gamma_rate", "gamma_shape", "inverse_gamma_rate",
    "inverse_gamma_shape", "lognormal_location", "lognormal_scale", "von_mises_concentration",
]  # fmt: skip

Floats = NDArray[np.float64]
_Z = sympy.Symbol("z", real=True)
_HALF_LINE, _UNIT = sympy.Interval.open(0, sympy.oo), sympy.Interval.open(0, 1)


def _below(bound: int) -> tuple[Callable[[Fraction], bool], str]:
    return (lambda value: value < bound), f"lambda < {bound}"


def _above(bound: int) -> tuple[Callable[[Fraction], bool], str]:
    return (lambda value: value > bound), f"lambda > {bound}"


_ANY: tuple[Callable[[Fraction], bool], str] = (lambda value: True), "any real number"


def _family(
    name: str,
    statistic: sympy.Expr,
    support: sympy.Set,
    measure: Any,
    where: tuple[Callable[[Fraction], bool], str],
    log_partition: Callable[[Floats], Any],
    sample: Callable[[Floats, np.random.Generator], Floats],
) -> ExponentialFamily:
    """The family with its closed form; the functions take the single natural parameter, (B,)."""
    inside, text = where
    family = ExponentialFamily([statistic], support=support, base_measure=measure, variable=_Z, name=name)
    family._closed = ClosedForm(
        lambda lam: inside(lam[0]),
        text,
        lambda lam: np.asarray(log_partition(lam[:, 0]), dtype=np.float64),
        lambda lam, rng: np.asarray(sample(lam[:, 0], rng), dtype=np.float64),
    )
    return family


def _log_gamma_mass(shape: Any, rate: Any) -> Any:
    """log of the integral of z^(shape - 1) exp(-rate z) over z > 0."""
    from scipy.special import gammaln

    return gammaln(shape) - shape * np.log(rate)


def _log_beta(a: Any, b: Any) -> Any:
    from scipy.special import betaln

    return betaln(a, b)


def gamma_rate(shape: sympy.Expr) -> ExponentialFamily:
    """Gamma of known shape: ``T = z``, ``Q = z**(shape - 1)``, ``lambda = -rate``."""
    a = float(shape)
    return _family("gamma_rate", _Z, _HALF_LINE, _Z ** (shape - 1), _below(0),
                   lambda lam: _log_gamma_mass(a, -lam), lambda lam, rng: rng.gamma(a, -1 / lam))  # fmt: skip


def gamma_shape(rate: sympy.Expr) -> ExponentialFamily:
    """Gamma of known rate: ``T = log z``, ``Q = exp(-rate z)``, ``lambda = shape - 1``."""
    b = float(rate)
    return _family("gamma_shape", sympy.log(_Z), _HALF_LINE, sympy.exp(-rate * _Z), _above(-1),
                   lambda lam: _log_gamma_mass(lam + 1, b), lambda lam, rng: rng.gamma(lam + 1, 1 / b))  # fmt: skip


def inverse_gamma_rate(shape: sympy.Expr) -> ExponentialFamily:
    """Inverse gamma of known shape: ``T = 1/z``, ``Q = z**(-shape - 1)``, ``lambda = -rate``."""
    a = float(shape)
    return _family("inverse_gamma_rate", 1 / _Z, _HALF_LINE, _Z ** (-shape - 1), _below(0),
                   lambda lam: _log_gamma_mass(a, -lam),
                   lambda lam, rng: -lam / rng.gamma(a, size=len(lam)))  # fmt: skip


def inverse_gamma_shape(rate: sympy.Expr) -> ExponentialFamily:
    """Inverse gamma of known rate: ``T = log z``, ``Q = exp(-rate / z)``, ``lambda = -shape - 1``."""
    b = float(rate)
    return _family("inverse_gamma_shape", sympy.log(_Z), _HALF_LINE, sympy.exp(-rate / _Z), _below(-1),
                   lambda lam: _log_gamma_mass(-lam - 1, b), lambda lam, rng: b / rng.gamma(-lam - 1))  # fmt: skip


def beta_concentration0(concentration1: sympy.Expr) -> ExponentialFamily:
    """Beta of known first parameter a: ``T = log(1 - z)``, ``Q = z**(a - 1)``, ``lambda = b - 1``."""
    a = float(concentration1)
    return _family("beta_concentration0", sympy.log(1 - _Z), _UNIT, _Z ** (concentration1 - 1), _above(-1),
                   lambda lam: _log_beta(a, lam + 1), lambda lam, rng: rng.beta(a, lam + 1))  # fmt: skip


def beta_concentration1(concentration0: sympy.Expr) -> ExponentialFamily:
    """Beta of known second parameter b: ``T = log z``, ``Q = (1 - z)**(b - 1)``, ``lambda = a - 1``."""
    b = float(concentration0)
    return _family("beta_concentration1", sympy.log(_Z), _UNIT, (1 - _Z) ** (concentration0 - 1), _above(-1),
                   lambda lam: _log_beta(lam + 1, b), lambda lam, rng: rng.beta(lam + 1, b))  # fmt: skip


def lognormal_scale(location: sympy.Expr) -> ExponentialFamily:
    """Log-normal of known location m: ``T = (log z - m)**2``, ``Q = 1/z``, ``lambda = -1 / (2 v)``."""
    m = float(location)
    return _family("lognormal_scale", (sympy.log(_Z) - location) ** 2, _HALF_LINE, 1 / _Z, _below(0),
                   lambda lam: 0.5 * np.log(np.pi / -lam),
                   lambda lam, rng: rng.lognormal(m, np.sqrt(-0.5 / lam)))  # fmt: skip


def lognormal_location(variance: sympy.Expr) -> ExponentialFamily:
    """Log-normal of known variance v: ``T = log z``, ``Q = exp(-(log z)**2 / (2 v)) / z``, ``lambda = m / v``."""
    v = float(variance)
    measure = sympy.exp(-(sympy.log(_Z) ** 2) / (2 * variance)) / _Z
    return _family("lognormal_location", sympy.log(_Z), _HALF_LINE, measure, _ANY,
                   lambda lam: 0.5 * np.log(2 * np.pi * v) + v * lam**2 / 2,
                   lambda lam, rng: rng.lognormal(v * lam, np.sqrt(v)))  # fmt: skip


def von_mises_concentration(location: sympy.Expr) -> ExponentialFamily:
    """Von Mises of known location m: ``T = cos(z - m)`` on ``[-pi, pi]``, ``lambda = kappa``."""
    m = float(location)

    def log_partition(lam: Floats) -> Any:
        from scipy.special import ive

        return np.log(2 * np.pi) + np.log(ive(0, np.abs(lam))) + np.abs(lam)

    def sample(lam: Floats, rng: np.random.Generator) -> Floats:
        return rng.vonmises(np.where(lam < 0, m + np.pi, m), np.abs(lam))

    support = sympy.Interval(-sympy.pi, sympy.pi)
    return _family("von_mises_concentration", sympy.cos(_Z - location), support, 1, _ANY, log_partition, sample)
