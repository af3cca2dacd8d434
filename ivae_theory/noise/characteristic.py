"""Closed forms of characteristic functions, for numbers (estimates, plots, tests): no decision rests on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ivae_theory.noise.laws import Floats

__all__ = ["CLOSED_FORMS", "closed_form"]

Complex = NDArray[np.complex128]


def _student(t: Floats, df: float) -> Complex:
    from scipy.special import gammaln, kve

    if np.isinf(df):
        return np.asarray(np.exp(-(t**2) / 2), dtype=complex)
    s = np.sqrt(df) * np.abs(t)
    with np.errstate(all="ignore"):
        logs = np.log(kve(df / 2, s)) - s + df / 2 * np.log(s) - gammaln(df / 2) - (df / 2 - 1) * np.log(2)
        return np.asarray(np.where(s > 0, np.exp(logs), 1.0), dtype=complex)


def _uniform(t: Floats) -> Complex:
    return np.asarray(np.exp(0.5j * t) * np.sinc(t / (2 * np.pi)))


def _gamma_of(z: Complex) -> Complex:
    from scipy.special import loggamma

    return np.asarray(np.exp(loggamma(z)))


def _triangle(t: Floats, c: float) -> Complex:
    square = np.where(t == 0, 1, t) ** 2
    if c == 1:
        value = 2 * (np.exp(1j * t) * (1 - 1j * t) - 1) / square
    elif c == 0:
        value = 2 * (1 + 1j * t - np.exp(1j * t)) / square
    else:  # the second derivative of the density is three point masses
        value = -2 * ((1 - c) - np.exp(1j * c * t) + c * np.exp(1j * t)) / (c * (1 - c) * square)
    return np.where(t == 0, 1, value)


def _bessel_j(order: float) -> Callable[[Floats], Complex]:
    from scipy.special import gamma, jv

    def function(t: Floats) -> Complex:
        with np.errstate(all="ignore"):
            value = gamma(order + 1) * (2 / np.abs(t)) ** order * jv(order, np.abs(t))
        return np.asarray(np.where(t == 0, 1, value), dtype=complex)

    return function


def _beta(t: Floats, a: float, b: float) -> Complex:
    import mpmath

    return np.asarray(np.vectorize(lambda v: complex(mpmath.hyp1f1(a, a + b, 1j * v)), otypes=[complex])(t))


#: Name of scipy.stats -> characteristic function of the standard form at ``t`` and the shape parameters.
CLOSED_FORMS: dict[str, Callable[..., Complex]] = {
    "arcsine": lambda t: np.exp(0.5j * t) * _bessel_j(0)(t / 2),
    "beta": _beta,
    "cauchy": lambda t: np.exp(-np.abs(t)).astype(complex),
    "chi2": lambda t, df: (1 - 2j * t) ** (-df / 2),
    "expon": lambda t: 1 / (1 - 1j * t),
    "exponnorm": lambda t, K: np.exp(-(t**2) / 2) / (1 - 1j * K * t),
    "gamma": lambda t, a: (1 - 1j * t) ** (-a),
    "genlogistic": lambda t, c: _gamma_of(1 - 1j * t) * _gamma_of(c + 1j * t) / _gamma_of(c + 0j * t),
    "gumbel_l": lambda t: _gamma_of(1 + 1j * t),
    "gumbel_r": lambda t: _gamma_of(1 - 1j * t),
    "hypsecant": lambda t: (1 / np.cosh(np.pi * t / 2)).astype(complex),
    "invgauss": lambda t, mu: np.exp((1 - np.sqrt(1 - 2j * mu**2 * t)) / mu),
    "irwinhall": lambda t, n: _uniform(t) ** n,
    "laplace": lambda t: (1 / (1 + t**2)).astype(complex),
    "laplace_asymmetric": lambda t, kappa: 1 / ((1 - 1j * t / kappa) * (1 + 1j * t * kappa)),
    "levy": lambda t: np.exp(-np.sqrt(-2j * t)),
    "levy_l": lambda t: np.exp(-np.sqrt(2j * t)),
    "loggamma": lambda t, c: _gamma_of(c + 1j * t) / _gamma_of(c + 0j * t),
    "logistic": lambda t: _gamma_of(1 - 1j * t) * _gamma_of(1 + 1j * t),
    "moyal": lambda t: 2 ** (-1j * t) * _gamma_of(0.5 - 1j * t) / np.sqrt(np.pi),
    "ncx2": lambda t, df, nc: np.exp(1j * nc * t / (1 - 2j * t)) * (1 - 2j * t) ** (-df / 2),
    "norminvgauss": lambda t, a, b: np.exp(np.sqrt(a * a - b * b) - np.sqrt(a * a - (b + 1j * t) ** 2)),
    "semicircular": lambda t: _bessel_j(1)(t),
    "t": _student,
    "triang": _triangle,
    "uniform": _uniform,
    "wald": lambda t: np.exp(1 - np.sqrt(1 - 2j * t)),
}


def closed_form(name: str, parameters: Mapping[str, float], t: Floats) -> Complex | None:
    """The characteristic function of a named law at ``t``, or ``None`` where no closed form is listed."""
    function = CLOSED_FORMS.get(name)
    return None if function is None else np.asarray(function(np.asarray(t, dtype=float), **parameters))
