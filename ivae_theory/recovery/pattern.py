"""The permutation pattern of a whitened affine map, and how far every row is from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivae_theory.recovery.moments import Blocks
from ivae_theory.recovery.offmass import Interval, RowSpread, mass_bounds, row_spread

__all__ = ["Pattern", "block_squares", "match", "pattern"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pattern:
    """Which latent goes with which, and the off-permutation mass.

    Attributes
    ----------
    permutation
        ``permutation[i]`` is the learned latent that goes with true latent ``i``.
    rows
        Off-permutation mass of each row of blocks, simultaneous over the rows.
    worst
        Of the worst row: the upper bound is pointwise (a wrong "all rows are small" must be wrong in the one worst
        row), the lower bound simultaneous over the rows (a wrong "some row is large" may be wrong in any).
    row, column
        The worst row, and the learned latent that breaks its pattern (None for a single latent).
    spreads
        What the bounds are computed from.
    """

    permutation: tuple[int, ...]
    rows: tuple[Interval, ...]
    worst: Interval
    row: int
    column: int | None
    spreads: tuple[RowSpread, ...]


def block_squares(S: Floats, blocks: Blocks, learned: Blocks) -> Floats:
    """``||S_ij||_F^2`` of every block: shape (n, n')."""
    squares = np.add.reduceat(S**2, blocks.starts, axis=0)
    return np.asarray(np.add.reduceat(squares, learned.starts, axis=1))


def match(squares: Floats, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The assignment of columns to rows that keeps the most mass per statistic (Hungarian algorithm)."""
    from scipy.optimize import linear_sum_assignment

    _, columns = linear_sum_assignment(-squares / np.asarray(sizes)[:, None])
    return tuple(int(column) for column in columns)


def pattern(
    S: Floats, replicates: Floats, blocks: Blocks, learned: Blocks, *, inflation: float, freedom: float, level: float
) -> Pattern:
    """Off-permutation mass of ``S`` with its interval at confidence ``1 - level``; replicates are (B, nk, nk)."""
    squares = block_squares(S, blocks, learned)
    permutation = match(squares, blocks.sizes)
    spreads, estimates = [], []
    for i, span in enumerate(blocks.slices):
        matched = np.zeros(learned.total, dtype=bool)
        matched[learned.slices[permutation[i]]] = True
        norm = float(np.sqrt(squares[i, permutation[i]]))
        norms = np.sqrt((replicates[:, span][:, :, matched] ** 2).sum(axis=(1, 2)))
        divisor = np.where(norms > 0, norms, 1.0)[:, None, None]
        off = (replicates[:, span][:, :, ~matched] / divisor).reshape(len(replicates), -1)
        error = float(norms.std() * np.sqrt(inflation))
        signal = norm / error if error > 0 else (np.inf if norm > 0 else 0.0)
        signal = min(signal, 1e300)
        rho = S[span][:, ~matched].ravel() / norm if norm > 0 else np.zeros(off.shape[1])
        spread = row_spread(rho, off, inflation, freedom, signal)
        spreads.append(spread)
        radius2 = max(spread.square - spread.trace, 0.0)
        estimates.append(radius2 / (1 + radius2))
    return summarise(tuple(permutation), squares, spreads, estimates, level)


def summarise(
    permutation: tuple[int, ...], squares: Floats, spreads: list[RowSpread], estimates: list[float], level: float
) -> Pattern:
    """Intervals of the rows and of the worst row from what the rows' bounds are computed from."""
    n = len(spreads)
    joint = [mass_bounds(spread, level / (2 * n)) for spread in spreads]
    single = [mass_bounds(spread, level / 2) for spread in spreads]
    rows = tuple(Interval(e, min(lo, e), max(hi, e)) for e, (lo, hi) in zip(estimates, joint, strict=True))
    row = int(np.argmax(estimates))
    lower, upper = max(lo for lo, _ in joint), max(hi for _, hi in single)
    estimate = max(estimates)
    others = squares[row].copy()
    others[permutation[row]] = -1.0
    column = int(np.argmax(others)) if len(others) > 1 else None
    worst = Interval(estimate, min(lower, estimate), max(upper, estimate))
    return Pattern(permutation, rows, worst, row, column, tuple(spreads))
