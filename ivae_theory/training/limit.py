"""How well anybody could do: the posterior under the *true* model, by importance sampling through the known inverse.

With noise, even the true posterior does not return z. The mean correlation of the true posterior's mean (and, as the
paper's metric has it, of one draw) with z is the number that a perfect learner reaches; a result is to be read against
it. The same weights estimate the likelihood of the truth, log p(x|u): a model whose bound exceeds it overfits, one
whose bound falls short has not been fitted well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.data import Dataset, Simulation
from ivae_theory.training.scores import mean_correlation

__all__ = ["Limit", "recovery_limit", "truth_as_flow"]

Array = NDArray[np.float64]

_LOG_2PI = math.log(2.0 * math.pi)
#: Degrees of freedom of the proposal where f is not square, and how much wider it is than the Laplace approximation.
_DEGREES, _INFLATION = 6.0, 1.3
_NEWTON_STEPS = 8
#: Proposals held in memory at once.
_CHUNK = 400_000


@dataclass(frozen=True, eq=False)
class Limit:
    """The true posterior at some rows of a data set.

    Attributes
    ----------
    rows
        Row numbers (R,).
    means, draws
        Posterior mean and one posterior draw of z at these rows (R, n).
    log_likelihood
        log p(x|u) at these rows under the truth (R,); None without noise when n < d, where x has no density.
    effective
        Effective number of proposals behind each row (R,).
    mcc_mean, mcc_draw
        Mean correlation coefficient of ``means`` and of ``draws`` with the true z.
    """

    rows: NDArray[np.int64]
    means: Array
    draws: Array
    log_likelihood: Array | None
    effective: Array
    mcc_mean: float
    mcc_draw: float


def recovery_limit(data: Dataset, *, rows: int = 2000, proposals: int = 2000, seed: int = 0) -> Limit:
    """The true posterior of ``data`` at ``rows`` random rows, from ``proposals`` draws for each.

    Without noise the posterior is the point ``f^-1(x)``. With noise and n = d, draws ``y = x - eps`` of the noise law
    go through the inverse: the weight of ``z = f^-1(y)`` is ``p(z|u) |det d f^-1/dy|``. For n < d proposals are
    multivariate t about a Gauss-Newton maximum of the posterior. Rows whose ``effective`` number is small are not to be
    trusted.
    """
    if rows < 2 or proposals < 1:
        raise InputError("rows", "at least 2 rows and 1 proposal", f"{rows} and {proposals}")
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(data.x), min(rows, len(data.x)), replace=False))
    if data.simulation.noise == "none":
        return _without_noise(data, chosen)
    means, draws = np.empty((2, len(chosen), data.z.shape[1]))
    likelihood, effective = np.empty((2, len(chosen)))
    size = max(1, _CHUNK // proposals)
    for start in range(0, len(chosen), size):
        part = slice(start, start + size)
        z, log_weight = _propose(data, chosen[part], proposals, rng)
        top = log_weight.max(1, keepdims=True)
        weight = np.exp(log_weight - top)
        likelihood[part] = top[:, 0] + np.log(weight.mean(1))
        weight /= weight.sum(1, keepdims=True)
        effective[part] = 1.0 / (weight**2).sum(1)
        means[part] = (weight[..., None] * z).sum(1)
        picked = (weight.cumsum(1) < rng.random((len(z), 1))).sum(1).clip(max=proposals - 1)
        draws[part] = z[np.arange(len(z)), picked]
    truth = data.z[chosen]
    return Limit(
        chosen, means, draws, likelihood, effective, mean_correlation(truth, means), mean_correlation(truth, draws)
    )


def _without_noise(data: Dataset, rows: NDArray[np.int64]) -> Limit:
    z = data.mixing.inverse(data.x[rows])
    likelihood = None
    if data.mixing.n == data.mixing.d:
        likelihood = _log_prior(data, z, data.u[rows]) + data.mixing.log_abs_det_inverse(data.x[rows])[1]
    score = mean_correlation(data.z[rows], z)
    return Limit(rows, z, z, likelihood, np.full(len(rows), np.inf), score, score)


def truth_as_flow(data: Dataset) -> tuple[float, float]:
    """What a flow that ignores the noise scores when it is the true ``f^-1`` with the true prior, n = d.

    Returns
    -------
    tuple
        Mean log p(f^-1(x)|u) + log |det d f^-1/dx| over all rows, and the MCC of ``f^-1(x)`` with z. A trained flow
        with a clearly lower likelihood has not been optimised well; one with a higher likelihood and a lower MCC was
        misled by noise, or by having too few rows.
    """
    z, log_det = data.mixing.log_abs_det_inverse(data.x)
    return float((_log_prior(data, z, data.u) + log_det).mean()), mean_correlation(data.z, z)


def _log_prior(data: Dataset, z: Array, u: NDArray[np.int64]) -> Array:
    """log p(z|u) (R, ...) for z (R, ..., n)."""
    shape = (len(u), *[1] * (z.ndim - 2), z.shape[-1])
    mean, variance = data.means[u].reshape(shape), data.variances[u].reshape(shape)
    if data.simulation.family == "laplace_scale":
        scale = np.sqrt(variance / 2.0)
        return np.asarray(-(np.abs(z - mean) / scale + np.log(2.0 * scale)).sum(-1))
    return np.asarray(-0.5 * ((z - mean) ** 2 / variance + np.log(variance) + _LOG_2PI).sum(-1))


def _draw_noise(simulation: Simulation, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    if simulation.noise == "laplace":
        return rng.laplace(scale=simulation.noise_scale / math.sqrt(2.0), size=shape)
    return simulation.noise_scale * rng.standard_normal(shape)


def _log_noise(simulation: Simulation, residual: Array) -> Array:
    """log p_eps, summed over coordinates."""
    sigma = simulation.noise_scale
    if simulation.noise == "laplace":
        scale = sigma / math.sqrt(2.0)
        return np.asarray(-(np.abs(residual) / scale + math.log(2.0 * scale)).sum(-1))
    return np.asarray(-0.5 * ((residual / sigma) ** 2 + math.log(sigma**2) + _LOG_2PI).sum(-1))


def _propose(data: Dataset, rows: NDArray[np.int64], count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Proposals (R, count, n) and the logarithms of their weights, which average to p(x|u)."""
    x, u = data.x[rows], data.u[rows]
    if data.mixing.n == data.mixing.d:
        y = x[:, None] - _draw_noise(data.simulation, rng, (len(rows), count, data.mixing.d))
        z, log_det = data.mixing.log_abs_det_inverse(y)
        return z, _log_prior(data, z, u) + log_det
    return _propose_around_the_maximum(data, x, u, count, rng)


def _propose_around_the_maximum(
    data: Dataset, x: Array, u: NDArray[np.int64], count: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """For n < d: multivariate t proposals with the curvature of a Gauss-Newton maximum."""
    n, variance = data.mixing.n, data.simulation.noise_scale**2
    prior_precision = 1.0 / data.variances[u]
    z = data.mixing.inverse(x)
    precision = np.empty((len(x), n, n))
    for _ in range(_NEWTON_STEPS):
        jacobian = data.mixing.jacobian(z)
        precision = jacobian @ jacobian.swapaxes(-1, -2) / variance
        precision[:, np.arange(n), np.arange(n)] += prior_precision
        slope = (jacobian @ (x - data.mixing(z))[..., None])[..., 0] / variance
        slope -= prior_precision * (z - data.means[u])
        z = z + np.linalg.solve(precision, slope[..., None])[..., 0]
    # precision = R R^T, so that R^-T e has its inverse as covariance
    factor = np.linalg.cholesky(precision) / _INFLATION
    normal = rng.standard_normal((len(x), count, n))
    radius = np.sqrt(rng.chisquare(_DEGREES, (len(x), count, 1)) / _DEGREES)
    standard = normal / radius
    offsets = np.linalg.solve(factor.swapaxes(-1, -2)[:, None], standard[..., None])[..., 0]
    proposed = z[:, None] + offsets
    log_det = np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(-1)
    constant = math.lgamma((_DEGREES + n) / 2) - math.lgamma(_DEGREES / 2) - 0.5 * n * math.log(_DEGREES * math.pi)
    log_t = constant + log_det[:, None] - 0.5 * (_DEGREES + n) * np.log1p((standard**2).sum(-1) / _DEGREES)
    residual = x[:, None] - data.mixing(proposed)
    return proposed, _log_prior(data, proposed, u) + _log_noise(data.simulation, residual) - log_t
