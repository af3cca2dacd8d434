"""Worlds with a known off-permutation mass: data as Section 5 makes them, and statistics mixed by a known A."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]

PATTERNS = ("one", "all", "spread")


def base_map(n: int, size: float, kind: str) -> Floats:
    """Identity plus off-diagonal entries of the given size: in one row, one in every row, or everywhere."""
    A = np.eye(n)
    if kind == "one":
        A[0, 1] = size
    elif kind == "all":
        for i in range(n):
            A[i, (i + 1) % n] = size * (-1) ** i
    else:
        signs = np.where(np.add.outer(np.arange(n), np.arange(n)) % 2 == 1, 1.0, -1.0)
        A += (1 - np.eye(n)) * signs * size / np.sqrt(n - 1)
    return A


@dataclass(frozen=True)
class World:
    """z | u normal with variances ``v`` (M, n), T = z^2; the learned statistics are ``A^-1 T``."""

    v: Floats
    rows: int
    A: Floats

    @property
    def u(self) -> NDArray[np.intp]:
        """Segment of each row."""
        return np.repeat(np.arange(len(self.v)), self.rows)

    def latents(self, rng: np.random.Generator) -> Floats:
        """True latents, (N, n)."""
        return np.sqrt(self.v[self.u]) * rng.standard_normal((len(self.v) * self.rows, self.v.shape[1]))


def covariance(v: Floats) -> Floats:
    """Covariance of T = z^2 over the mixture of the segments: E Var + Var E."""
    return 2 * np.diag((v**2).mean(axis=0)) + np.cov(v.T, bias=True).reshape(v.shape[1], -1)


def off_mass(A: Floats, v: Floats) -> float:
    """Worst row's off-permutation mass when ``A`` is applied to ``T' = A^-1 T``, the identity being the permutation."""
    C = covariance(v)
    inverse = np.linalg.inv(A)
    learned = np.sqrt(np.diag(inverse @ C @ inverse.T))
    S = A * learned[None, :] / np.sqrt(np.diag(C))[:, None]
    return float(np.max(1 - np.diag(S) ** 2 / (S**2).sum(axis=1)))


def world(n: int, segments: int, rows: int, mass: float, kind: str, rng: np.random.Generator) -> World:
    """A world whose off-permutation mass, given its segments, is exactly ``mass``."""
    v = rng.uniform(0.5, 3, (segments, n))
    if mass == 0:
        return World(v, rows, np.eye(n))
    size = brentq(lambda t: off_mass(base_map(n, t, kind), v) - mass, 1e-9, 0.7, xtol=1e-12)
    return World(v, rows, base_map(n, size, kind))


def exact_sample(w: World, noise: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """``T(z)`` with heteroscedastic noise of relative size ``noise`` (by segment and row), and ``T' = A^-1 T(z)``."""
    z = w.latents(rng)
    T = z**2
    learned = T @ np.linalg.inv(w.A).T
    spread = (
        noise * np.sqrt(np.diag(covariance(w.v))) * np.sqrt(w.v[w.u].mean(axis=1, keepdims=True)) * (0.5 + np.abs(z))
    )
    return T + spread * rng.standard_normal(z.shape), learned


def posterior_sample(
    w: World, W: Floats, variance: float, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """z, posterior draws of z (S, N, n) from the exact posterior for x = W z + noise, its means and covariances."""
    z = w.latents(rng)
    x = z @ W.T + np.sqrt(variance) * rng.standard_normal((len(z), len(W)))
    mean, drawn = np.empty_like(z), np.empty((draws, *z.shape))
    covariances = np.empty((len(w.v), z.shape[1], z.shape[1]))
    for m, v in enumerate(w.v):
        rows = slice(m * w.rows, (m + 1) * w.rows)
        covariances[m] = np.linalg.inv(W.T @ W / variance + np.diag(1 / v))
        mean[rows] = x[rows] @ W @ covariances[m] / variance
        root = np.linalg.cholesky(covariances[m])
        drawn[:, rows] = mean[rows] + rng.standard_normal((draws, w.rows, z.shape[1])) @ root.T
    return z, drawn, mean, covariances
