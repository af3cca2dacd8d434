"""Lack of affine fit behind a posterior: does ``T~(z) - A E[T~'|x,u] - c`` have mean zero given (x, u)?

With exact latents the residual itself must vanish, and ``1 - R^2`` measures everything. With posteriors the residual is
legitimately noisy, but its mean given (x, u) is zero under equivalence. So a direction ``h`` of functions of the
learned latents (and of ``u``) is fitted to the residual on one half of some rows and its covariance with the residual
is taken on the other half: ``cov(e, h)^2 / var(h)`` is at most the variance of ``E[e | x, u]``, whatever ``h`` is.
With posterior draws the functions are of a *second* draw, independent of the residual's given (x, u).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivae_theory.recovery.inputs import Groups, Rows, sample_rows
from ivae_theory.recovery.learned import Learned
from ivae_theory.recovery.statistics import Statistics

__all__ = ["Departure", "departure"]

Floats = NDArray[np.float64]
#: Rows that are looked at, functions at most, and rows for each function.
ROWS, FUNCTIONS, ROWS_PER_FUNCTION = 40_000, 400, 20


@dataclass(frozen=True, eq=False)
class Departure:
    """Covariance of each residual with its direction, per standard deviation of ``T~_i``.

    ``estimate`` (nk,) signed (positive is a departure), ``error`` (nk,) its standard error, ``freedom``; the share of
    the variance of ``T~_i`` that the direction explains beyond the affine fit is ``estimate^2``.
    """

    estimate: Floats
    error: Floats
    freedom: float


def departure(
    truth: Rows, learned: Learned, T: Statistics, groups: Groups, A: Floats, c: Floats, seed: int
) -> Departure | None:
    """The departure from an affine map, or ``None`` with too few rows to look for one."""
    rows = sample_rows(len(truth), ROWS)
    if len(rows) < 200:
        return None
    t, instrument, latents = learned.views(rows)
    y = T.evaluate(truth.take(rows))
    residual = y - t @ A.T - c
    functions = _functions(latents, None if groups.segment_count > 100 else groups.segments, rows, seed)
    rng = np.random.default_rng(seed)
    first = np.zeros(len(rows), dtype=bool)
    first[rng.permutation(len(rows))[: len(rows) // 2]] = True
    base = np.concatenate([np.ones((len(rows), 1)), _standardised(instrument)], axis=1)
    functions = functions - base @ np.linalg.lstsq(base[first], functions[first], rcond=None)[0]
    usable = functions[first].std(axis=0) > 1e-9
    most = min(FUNCTIONS, int(first.sum()) // ROWS_PER_FUNCTION)
    functions = _strongest(functions[:, usable], residual, first, most)
    if not functions.shape[1]:
        return None
    direction = functions @ np.linalg.lstsq(functions[first], residual[first], rcond=1e-8)[0]
    return _covariance(residual[~first], direction[~first], y[~first].std(axis=0))


def _covariance(residual: Floats, direction: Floats, scale: Floats) -> Departure:
    direction = direction - direction.mean(axis=0)
    direction = direction / np.maximum(direction.std(axis=0), 1e-300)
    products = (residual - residual.mean(axis=0)) * direction / scale
    count = len(products)
    return Departure(products.mean(axis=0), products.std(axis=0) / np.sqrt(count), float(count - 1))


def _standardised(values: Floats) -> Floats:
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _functions(latents: Floats, segments: NDArray[np.intp] | None, rows: NDArray[np.intp], seed: int) -> Floats:
    """Bounded-growth functions of each latent, products of pairs, and indicators of segments."""
    w = np.clip(_standardised(latents), -4, 4)
    n = w.shape[1]
    columns = [w, w**2, np.abs(w), np.tanh(2 * w), np.maximum(w - 1, 0), np.maximum(-1 - w, 0)]
    left, right = np.triu_indices(n, 1)
    if len(left) > FUNCTIONS:
        kept = np.random.default_rng(seed + 1).permutation(len(left))[:FUNCTIONS]
        left, right = left[kept], right[kept]
    columns.append(w[:, left] * w[:, right])
    if segments is not None:
        labels = segments[rows]
        columns.append((labels[:, None] == np.unique(labels)[None, 1:]).astype(np.float64))
    return np.concatenate(columns, axis=1)


def _strongest(functions: Floats, residual: Floats, first: NDArray[np.bool_], most: int) -> Floats:
    """The functions that correlate most with some residual on the first half."""
    if functions.shape[1] <= most:
        return functions
    scaled = functions[first] / functions[first].std(axis=0)
    errors = residual[first] / np.maximum(residual[first].std(axis=0), 1e-300)
    strength = np.abs(scaled.T @ errors).max(axis=1)
    return functions[:, np.sort(np.argsort(strength)[::-1][:most])]
