"""Whether the jackknife agrees with the bootstrap about the sampling error: where it does not, neither is believed.

The bootstrap understates it where there are hardly more rows than unknowns, and both are beside the point where a few
rows carry the second moments (heavy tails, outliers). The rechecker compares the same two.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ivae_theory.recovery.bootstrap import Fit
from ivae_theory.recovery.moments import Moments, Second, affine, replicate, whiten
from ivae_theory.recovery.offmass import LEAST_SIGNAL
from ivae_theory.recovery.pattern import Pattern

__all__ = ["doubts"]

Floats = NDArray[np.float64]
#: Factor between the variances up to which the two agree; the rechecker's is 3.
FACTOR, ROUNDING = 2.9, 1e-15


def doubts(moments: Moments, fit: Fit, pattern: Pattern) -> str:
    """Why the sampling error of the off-permutation parts is not known, or nothing."""
    second = moments.second(moments.sums.sum(axis=0)[None])
    jackknife, scales = _left_out(moments, second.variance), _moved(moments, fit, second)
    for i, (span, j) in enumerate(zip(moments.blocks.slices, pattern.permutation, strict=True)):
        if pattern.spreads[i].signal < LEAST_SIGNAL:
            continue  # its interval is [0, 1] anyway
        matched = np.zeros(moments.learned_blocks.total, dtype=bool)
        matched[moments.learned_blocks.slices[j]] = True
        deviations = _off(jackknife[:, span], matched)
        deviations = (deviations - deviations.mean(axis=0)) * math.sqrt((moments.groups - 1) / moments.groups)
        steps = (_off(fit.S[span] + scales[:, span] / 100, matched) - _off(fit.S[None, span], matched)) * 100
        every = np.concatenate([deviations, steps])
        if not every.size:
            continue
        gram = every @ every.T if len(every) < every.shape[1] else every.T @ every
        spread = pattern.spreads[i]
        for own, other in (
            (float((every**2).sum()), spread.trace),
            (max(float(np.linalg.eigvalsh(gram)[-1]), 0.0), spread.top),
        ):
            if not own / FACTOR - ROUNDING <= other <= own * FACTOR + ROUNDING:
                return (
                    f"The sampling error of latent {i + 1} is not known: by the bootstrap its variance is {other:.2g}, "
                    f"by the jackknife {own:.2g}. There are too few rows for so many unknowns, or a few rows outweigh "
                    "all others."
                )
    return ""


def _left_out(moments: Moments, variance: Floats) -> Floats:
    """S without each group in turn, (G, nk, nk), the scales held fixed."""
    weights = 1 - np.eye(moments.groups)
    maps = np.concatenate([A for A, _ in replicate(moments, weights)])
    return whiten(maps, variance, moments.blocks, moments.learned_blocks)


def _moved(moments: Moments, fit: Fit, second: Second) -> Floats:
    """Derivatives of S along the errors of the scales, (steps, nk, nk)."""
    A = affine(second)
    values, vectors = np.linalg.eigh(moments.within / moments.count)
    steps = (vectors * np.sqrt(np.maximum(values, 0))).T
    steps = steps[np.abs(steps).max(axis=1) > 0]
    if not len(steps):
        return np.empty((0, *fit.S.shape))
    moved = [
        whiten(A, second.variance + step / 100, moments.blocks, moments.learned_blocks)[0] - fit.S for step in steps
    ]
    return np.stack(moved) * 100


def _off(rows: Floats, matched: NDArray[np.bool_]) -> Floats:
    """Off-permutation parts (B, q) of rows of blocks (B, k, nk), in units of the matched block."""
    norms = np.sqrt((rows[:, :, matched] ** 2).sum(axis=(1, 2)))
    off = rows[:, :, ~matched].reshape(len(rows), rows.shape[1] * int((~matched).sum()))
    return np.asarray(np.where(norms[:, None] > 0, off / np.where(norms > 0, norms, 1.0)[:, None], 0.0))
