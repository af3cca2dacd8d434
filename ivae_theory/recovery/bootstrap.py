"""The bootstrap over groups of rows.

Whole segments are resampled, so that whatever the rows of a segment share (an error of the learned posterior at that
``u``, dependence in time) counts once. Weights are exponential (the Bayesian bootstrap) instead of multinomial: no
segment drops out, and no replicate of ``Cov(x)`` is singular that the data's is not.

The scales ``Sigma_i`` and ``Sigma'_j`` are those of the segments at hand in their given proportions: their errors come
from the rows within segments, and are drawn independently. (Resampling segments for the scales, too, would answer for
other segments than those given, and more than doubles the intervals of Section 5's data.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivae_theory.recovery.moments import Moments, affine, replicate, unexplained, whiten

__all__ = ["Fit", "fit"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fit:
    """The affine map on all the data with its bootstrap replicates.

    ``A`` (nk, nk) and ``c`` (nk,) in the user's units, ``S`` (nk, nk) whitened, ``residual`` = 1 - R^2 (nk,);
    replicates ``S_replicates`` (B, nk, nk) and ``residual_replicates`` (B, nk), whose covariances are to be
    multiplied by ``inflation``; ``freedom`` = G - 1.
    """

    A: Floats
    c: Floats
    S: Floats
    residual: Floats
    S_replicates: Floats
    residual_replicates: Floats
    inflation: float
    freedom: float


def fit(moments: Moments, *, replicates: int, rng: np.random.Generator) -> Fit:
    """Estimate the affine map and bootstrap it; ``rng`` supplies the weights of the groups."""
    groups = moments.groups
    second = moments.second(moments.sums.sum(axis=0)[None])
    A = affine(second)
    S = whiten(A, second.variance, moments.blocks, moments.learned_blocks)[0]
    weights = rng.standard_exponential((replicates, groups))
    parts = list(replicate(moments, weights))
    maps = np.concatenate([part[0] for part in parts])
    residuals = np.concatenate([part[1] for part in parts])
    inflation = (groups + 1) / max(1, groups - 1)
    scales = _scales(moments, second.variance[0], replicates, inflation, rng)
    whitened = np.concatenate(
        [
            whiten(chunk, scale, moments.blocks, moments.learned_blocks)
            for chunk, scale in zip(_chunks(maps), _chunks(scales), strict=True)
        ]
    )
    location, scale = moments.location, moments.scale
    p = moments.blocks.total
    original = A[0] * scale[0][:, None] / scale[1][None, :]
    mean_y = second.mean[0, :p] * scale[0] + location[0]
    mean_x = second.mean[0, p:] * scale[1] + location[1]
    return Fit(
        A=original,
        c=mean_y - original @ mean_x,
        S=S,
        residual=unexplained(second, A, moments.blocks)[0],
        S_replicates=whitened,
        residual_replicates=residuals,
        inflation=inflation,
        freedom=float(max(1, groups - 1)),
    )


def _chunks(values: Floats, rows: int = 64) -> list[Floats]:
    return [values[start : start + rows] for start in range(0, len(values), rows)]


def _scales(moments: Moments, variance: Floats, replicates: int, inflation: float, rng: np.random.Generator) -> Floats:
    """Covariance blocks with the sampling error that rows within segments give them (normal).

    Divided by the inflation that the replicates' covariance is multiplied by later.
    """
    values, vectors = np.linalg.eigh(moments.within / moments.count)
    factor = vectors * np.sqrt(np.maximum(values, 0) / inflation)
    drawn: Floats = variance + rng.standard_normal((replicates, len(variance))) @ factor.T
    # Variances stay positive; with so few rows that this matters the intervals are wide anyway.
    rows = np.concatenate([np.equal(*moments.blocks.pairs), np.equal(*moments.learned_blocks.pairs)])
    drawn[:, rows] = np.maximum(drawn[:, rows], variance[rows] / 10)
    return drawn
