"""The verdicts on a recovery: affine fit, invertibility, pattern. Each is an interval against a threshold.

All three must hold, so each may err with half the level in its upper bound, and "it holds" is wrong with at most half
the level; "it fails" splits the level: half to the pattern, a quarter each to the other two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.recovery.bootstrap import Fit
from ivae_theory.recovery.departure import Departure
from ivae_theory.recovery.moments import Blocks
from ivae_theory.recovery.offmass import LEAST_SIGNAL, Interval, RowSpread, exceeds, is_at_most
from ivae_theory.recovery.pattern import Pattern

__all__ = ["SINGULAR", "Settings", "Share", "affine_share", "invertible", "samples_needed", "smallest_singular_value"]

Floats = NDArray[np.float64]
#: Smallest singular value of S below which A counts as almost singular; a perfect recovery has 1.
SINGULAR = 0.1
#: Shares of the variance below this are rounding.
LEAST_SHARE = 1e-12
#: Singular values of replicates are computed for this many of them.
SPECTRAL = 200


@dataclass(frozen=True)
class Settings:
    """What was asked for, and how the numbers came about; every piece of evidence carries it."""

    tolerance: float
    level: float
    n_samples: int
    groups: int
    route: str
    compared: str

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return dict(self.__dict__)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Settings:
        """Read what :meth:`to_dict` wrote."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, eq=False)
class Share:
    """Share of the variance of each statistic that no affine function of the learned ones explains.

    ``estimate``, ``error`` (nk,): of the share itself on the exact route, of its signed square root behind posteriors.
    ``unbiased`` is N / (N - nk - 1), by which residuals of the fitted rows are too small, or 1 behind posteriors.
    """

    estimate: Floats
    error: Floats
    freedom: float
    squared: bool
    unbiased: float = 1.0

    def bounds(self, row: int, tail: float) -> tuple[float, float]:
        """Confidence bounds of the share of one statistic, each wrong with probability ``tail``."""
        from scipy import special

        width = float(-special.stdtrit(self.freedom, tail)) * float(self.error[row])
        low, high = float(self.estimate[row]) - width, float(self.estimate[row]) + width
        if self.squared:
            return max(low, 0.0) ** 2, max(high, 0.0) ** 2
        share = float(self.estimate[row])
        if share > LEAST_SHARE:  # a variance is skewed: its upper bound is a multiple, not a sum
            high = max(high, share * self.unbiased * math.exp(min(width / share, 100.0)))
        return max(low, 0.0), max(high, 0.0)

    def worst(self, level: float) -> tuple[Interval, int]:
        """Of the worst statistic: upper bound pointwise at level/2, lower bound simultaneous at level/4; its index."""
        count = len(self.estimate)
        values = [max(float(e), 0.0) ** 2 if self.squared else max(float(e), 0.0) for e in self.estimate]
        row = int(np.argmax(values))
        lower = max(self.bounds(i, level / (4 * count))[0] for i in range(count))
        upper = max(self.bounds(i, level / 2)[1] for i in range(count))
        return Interval(values[row], min(lower, values[row]), max(upper, values[row])), row


def affine_share(fit: Fit, departure: Departure | None, settings: Settings) -> Share | None:
    """``1 - R^2`` for exact latents; the departure of the residual's conditional mean from zero behind posteriors."""
    if settings.route == "exact":
        error = fit.residual_replicates.std(axis=0) * math.sqrt(fit.inflation)
        unbiased = settings.n_samples / (settings.n_samples - len(fit.residual) - 1)
        return Share(fit.residual, error, fit.freedom, squared=False, unbiased=unbiased)
    if departure is None:
        return None
    return Share(departure.estimate, departure.error, departure.freedom, squared=True)


def smallest_singular_value(fit: Fit, level: float) -> Interval:
    """Of S, with bounds at level/4 from the bootstrap law of ``||S* - S||_2`` (Weyl's inequality)."""
    smallest = float(np.linalg.svd(fit.S, compute_uv=False)[-1])
    picked = fit.S_replicates[:SPECTRAL]
    norms = np.linalg.norm(picked - fit.S, ord=2, axis=(1, 2)) * math.sqrt(fit.inflation)
    radius = float(np.quantile(norms, 1 - level / 4))
    if level / 4 * len(norms) < 2:  # too few replicates lie beyond: a Gaussian norm exceeds its mean by its widest sd
        from scipy import special

        flat = (picked - fit.S).reshape(len(picked), -1) * math.sqrt(fit.inflation / len(picked))
        widest = math.sqrt(max(float(np.linalg.eigvalsh(flat @ flat.T)[-1]), 0.0))
        radius = max(radius, float(norms.mean()) - float(special.stdtrit(fit.freedom, level / 4)) * widest)
    return Interval(smallest, max(smallest - radius, 0.0), smallest + radius)


def invertible(interval: Interval) -> int:
    """1 when A is shown to be well away from singular, -1 when it is shown to be almost singular, else 0."""
    if interval.lower >= SINGULAR:
        return 1
    return -1 if interval.upper < SINGULAR else 0


def samples_needed(pattern: Pattern, settings: Settings) -> int | None:
    """About how many rows would decide the pattern, if the estimates were the truth; ``None`` if more than 10^12."""
    if any(spread.signal < LEAST_SIGNAL for spread in pattern.spreads):
        return None
    factor = 1.0
    while not _decides(pattern, settings, factor):
        factor *= 2
        if factor * settings.n_samples > 1e12:
            return None
    low = factor / 2
    for _ in range(5):
        middle = (low + factor) / 2
        low, factor = (low, middle) if _decides(pattern, settings, middle) else (middle, factor)
    return math.ceil(factor * settings.n_samples)


def _decides(pattern: Pattern, settings: Settings, factor: float) -> bool:
    scaled = [_more_rows(spread, factor) for spread in pattern.spreads]
    if all(is_at_most(spread, settings.tolerance, settings.level / 2) for spread in scaled):
        return True
    tail = settings.level / (2 * len(scaled))
    return any(exceeds(spread, settings.tolerance, tail) for spread in scaled)


def _more_rows(spread: RowSpread, factor: float) -> RowSpread:
    """The spread that ``factor`` times as many rows would give: covariances shrink, and their bias with them."""
    truth = max(spread.square - spread.trace, 0.0)
    return replace(
        spread,
        square=truth + spread.trace / factor,
        trace=spread.trace / factor,
        trace2=spread.trace2 / factor**2,
        trace3=spread.trace3 / factor**3,
        top=spread.top / factor,
        signal=spread.signal * math.sqrt(factor),
    )


def broken_entry(pattern: Pattern, S: Floats, blocks: Blocks, learned: Blocks) -> tuple[str, str, float] | None:
    """Names of the two statistics, and the entry of S, that break the worst row's pattern most."""
    if pattern.column is None:
        return None
    span, other = blocks.slices[pattern.row], learned.slices[pattern.column]
    block = S[span, other]
    i, j = np.unravel_index(int(np.argmax(np.abs(block))), block.shape)
    return blocks.names("T")[span.start + int(i)], learned.names("T'")[other.start + int(j)], float(block[i, j])
