"""Second moments by group of rows: all that the affine map and its bootstrap need.

The data are read once, in chunks. A group is a whole segment (one value of ``u``) or several of them, so that
reweighting groups is resampling whole segments; every statistic below is a function of sums over groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocks", "Moments", "Second", "affine", "replicate", "unexplained", "whiten"]

Floats = NDArray[np.float64]
#: Bytes of moments that one batch of replicates may hold.
BATCH_BYTES = 64 << 20


@dataclass(frozen=True, eq=False)
class Blocks:
    """Which statistics belong to which latent: ``sizes[i]`` is ``k_i``, their sum is ``nk``."""

    sizes: tuple[int, ...]

    @property
    def n(self) -> int:
        """Number of latents."""
        return len(self.sizes)

    @property
    def total(self) -> int:
        """``nk``, the number of statistics."""
        return sum(self.sizes)

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """First statistic of each latent."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.intp)

    @cached_property
    def slices(self) -> list[slice]:
        """The statistics of each latent."""
        return [slice(start, start + size) for start, size in zip(self.starts, self.sizes, strict=True)]

    @cached_property
    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Row and column indices of the block diagonal, latent by latent, each block row by row."""
        rows = [
            (s + a, s + b) for s, k in zip(self.starts, self.sizes, strict=True) for a in range(k) for b in range(k)
        ]
        left, right = np.array(rows, dtype=np.intp).T
        return left, right

    def names(self, symbol: str) -> list[str]:
        """How messages name the statistics: ``T_1`` for k = 1, ``T_1,2`` otherwise, from 1 as in the paper."""
        return [
            f"{symbol}_{i + 1}" if size == 1 else f"{symbol}_{i + 1},{j + 1}"
            for i, size in enumerate(self.sizes)
            for j in range(size)
        ]


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over the rows of each of G groups, of values shifted and scaled for numerical safety.

    ``y`` stands for ``T~(z)``, ``x`` for the regressor (the posterior mean of ``T~'``), ``t`` for ``T~'`` itself:
    ``xx`` estimates ``x x^T`` without the attenuation of posterior draws, ``tt`` the block diagonal of ``t t^T``.

    Attributes
    ----------
    blocks, learned_blocks
        The blocks of ``T~`` and of ``T~'``.
    sums
        Shape (G, width): per group ``[count, y, x, yy blocks, tt blocks, yx, xx]``.
    within
        Covariance, within segments, of one row's ``[yy blocks, tt blocks]``: what the scales' errors come from when the
        segments are given.
    location, scale
        (2, nk): a value is ``scale * (shifted and scaled value) + location``; row 0 for ``y``, row 1 for ``x``.
    """

    blocks: Blocks
    learned_blocks: Blocks
    sums: Floats
    within: Floats
    location: Floats
    scale: Floats

    @property
    def groups(self) -> int:
        """Number of groups G."""
        return len(self.sums)

    @property
    def count(self) -> int:
        """Number of rows N."""
        return round(float(self.sums[:, 0].sum()))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Lengths of the fields of a group's row of sums."""
        p, q = self.blocks.total, self.learned_blocks.total
        return 1, p, q, len(self.blocks.pairs[0]), len(self.learned_blocks.pairs[0]), p * q, q * q

    def second(self, flat: Floats) -> Second:
        """Covariances from combined sums of shape (B, width)."""
        p, q = self.blocks.total, self.learned_blocks.total
        parts = np.split(flat / flat[:, :1], np.cumsum(self.sizes)[:-1], axis=1)
        _, y, x, yy, tt, yx, xx = parts
        left, right = self.blocks.pairs
        learned_left, learned_right = self.learned_blocks.pairs
        return Second(
            mean=np.concatenate([y, x], axis=1),
            cross=yx.reshape(-1, p, q) - y[:, :, None] * x[:, None, :],
            instrumented=xx.reshape(-1, q, q) - x[:, :, None] * x[:, None, :],
            variance=np.concatenate(
                [yy - y[:, left] * y[:, right], tt - x[:, learned_left] * x[:, learned_right]], axis=1
            ),
        )


@dataclass(frozen=True, eq=False)
class Second:
    """Means and covariances for a batch of B weightings.

    ``cross`` is Cov(y, x) (B, nk, nk), ``instrumented`` Cov(x) (B, nk, nk), ``variance`` the covariance blocks of
    ``y``, then of ``t``, each block row by row.
    """

    mean: Floats
    cross: Floats
    instrumented: Floats
    variance: Floats


def affine(second: Second) -> Floats:
    """``A`` (B, nk, nk) by least squares: ``Cov(y, x) Cov(x)^-1``."""
    transposed = np.swapaxes(second.cross, 1, 2)
    try:
        solved = np.linalg.solve(second.instrumented, transposed)
    except np.linalg.LinAlgError:  # the pseudo-inverse's A is singular, and the test of that sees it
        solved = np.linalg.pinv(second.instrumented, rcond=1e-12) @ transposed
    return np.swapaxes(solved, 1, 2)


def unexplained(second: Second, A: Floats, blocks: Blocks) -> Floats:
    """``1 - R^2`` of each row of the affine fit: (B, nk)."""
    left, right = blocks.pairs
    diagonal = second.variance[:, : len(left)][:, left == right]
    return np.asarray(1 - np.einsum("bij,bij->bi", A, second.cross) / diagonal)


def replicate(moments: Moments, weights: Floats) -> Iterator[tuple[Floats, Floats]]:
    """``A`` and ``1 - R^2`` under the weightings ``weights`` (B, G) of the groups, a bounded batch at a time."""
    batch = max(1, BATCH_BYTES // (8 * moments.sums.shape[1]))
    for start in range(0, len(weights), batch):
        second = moments.second(weights[start : start + batch] @ moments.sums)
        A = affine(second)
        yield A, unexplained(second, A, moments.blocks)


def whiten(A: Floats, variance: Floats, blocks: Blocks, learned: Blocks) -> Floats:
    """``S_ij = Sigma_i^-1/2 A_ij Sigma'_j^1/2`` for a batch (B, nk, nk); ``A_ij sd(y'_j)/sd(y_i)`` for k = 1."""
    split = len(blocks.pairs[0])
    S = A.copy()
    for span, root, _ in _roots(learned, variance[:, split:]):
        S[:, :, span] = S[:, :, span] @ root
    for span, _, inverse in _roots(blocks, variance[:, :split]):
        S[:, span, :] = inverse @ S[:, span, :]
    return S


def _roots(blocks: Blocks, variance: Floats) -> Iterator[tuple[slice, Floats, Floats]]:
    """Symmetric square root of each covariance block, and its inverse."""
    position = 0
    for span, size in zip(blocks.slices, blocks.sizes, strict=True):
        block = variance[:, position : position + size * size].reshape(-1, size, size)
        position += size * size
        values, vectors = np.linalg.eigh(block) if size > 1 else (block[:, 0], np.ones_like(block))
        roots = np.sqrt(np.maximum(values, np.maximum(values[:, -1:] * 1e-15, 1e-300)))
        transposed = np.swapaxes(vectors, 1, 2)
        yield span, (vectors * roots[:, None, :]) @ transposed, (vectors / roots[:, None, :]) @ transposed
