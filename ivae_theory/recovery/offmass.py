"""Off-permutation mass of every row, with an interval that is honest near zero.

Row ``i`` of ``S``, divided by its matched entry, has the off-permutation part ``rho_i``; its mass is
``|rho|^2 / (1 + |rho|^2)``. The estimate of ``|rho|^2`` is ``|rho^|^2``, whose mean exceeds the truth by the trace of
the covariance ``V`` of ``rho^``: a percentile bootstrap of the squared norm inherits that bias twice, and at ``rho =
0`` the law is not even close to normal. So the bootstrap supplies ``V``, and the interval is found by inverting tests
of ``|rho| = r``: under it ``|rho^|^2`` has mean ``r^2 + tr V``, variance ``2 tr V^2 + 4 rho'V rho`` and third cumulant
``8 tr V^3 + 24 rho'V^2 rho``, and its quantiles are those of the shifted and scaled chi-square with these cumulants.
The direction of ``rho`` is unknown, and that of the estimate misleads: an estimate that is too short has lost its
length where there is most noise. So ``rho'V rho`` is taken as large as it can be, ``r^2`` times the largest
eigenvalue of V.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_SIGNAL", "Interval", "RowSpread", "exceeds", "is_at_most", "mass_bounds", "row_spread"]

Floats = NDArray[np.float64]
#: Standard errors by which a row's matched entry has to differ from zero for the row to have a direction.
LEAST_SIGNAL = 4


class Interval(NamedTuple):
    """An estimate with the bounds of its confidence interval."""

    estimate: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.estimate:.4f} [{self.lower:.4f}, {self.upper:.4f}]"


@dataclass(frozen=True)
class RowSpread:
    """What the interval of one row's mass is computed from.

    ``square`` is ``|rho^|^2``; ``trace``, ``trace2`` and ``trace3`` are of V, V^2, V^3, and ``top`` is the largest
    eigenvalue of V; ``freedom`` is the degrees of freedom of V.
    ``signal`` is the matched block's norm over its standard error: a row whose matched entry is not significant
    has no defined direction, and its interval is [0, 1].
    """

    square: float
    trace: float
    trace2: float
    trace3: float
    top: float
    freedom: float
    signal: float

    def to_dict(self) -> dict[str, float]:
        """The numbers by name."""
        return {name: float(value) for name, value in self.__dict__.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, float]) -> RowSpread:
        """Read what :meth:`to_dict` wrote."""
        return cls(**{name: float(data[name]) for name in cls.__dataclass_fields__})


def row_spread(rho: Floats, replicates: Floats, inflation: float, freedom: float, signal: float) -> RowSpread:
    """Summarise the bootstrap replicates (B, q) of ``rho`` (q,); ``inflation`` rescales their covariance.

    ``tr V^2`` of an estimated covariance is too large by about ``(tr V)^2 / freedom``, which is removed.
    """
    if rho.size == 0:
        return RowSpread(0.0, 0.0, 0.0, 0.0, 0.0, freedom, signal)
    centred = (replicates - replicates.mean(axis=0)) * math.sqrt(inflation / max(1, len(replicates) - 1))
    trace = float((centred**2).sum())
    gram = centred @ centred.T if len(centred) < centred.shape[1] else centred.T @ centred
    raw = float((gram**2).sum())
    trace2 = max((raw - trace**2 / freedom) / (1 + 1 / freedom), trace**2 / rho.size)
    trace2 = min(trace2, trace**2)
    return RowSpread(
        square=float(rho @ rho),
        trace=trace,
        trace2=trace2,
        trace3=trace2**2 / trace if trace > 0 else 0.0,
        top=max(float(np.linalg.eigvalsh(gram)[-1]), 0.0),
        freedom=freedom,
        signal=signal,
    )


def _quantile(spread: RowSpread, radius2: float, tail: float) -> float:
    """Quantile of order ``tail`` of ``|rho^|^2`` when ``|rho|^2 = radius2``."""
    from scipy import special

    normal, student = _standard(tail, spread.freedom)
    variance = 2 * spread.trace2 + 4 * radius2 * spread.top
    if variance <= 0:
        return radius2 + spread.trace
    cumulant = 8 * spread.trace3 + 24 * radius2 * spread.top**2
    deviation = math.sqrt(variance)
    freedom = max(8 * variance**3 / max(cumulant, 1e-300) ** 2, 0.5)
    if freedom > 1e5:
        standard = normal
    else:
        standard = float((2 * special.gammaincinv(freedom / 2, tail) - freedom) / math.sqrt(2 * freedom))
    # V is estimated: Student's quantile against the normal one widens the interval.
    return radius2 + spread.trace + student / normal * deviation * standard


@lru_cache(maxsize=4096)
def _standard(tail: float, freedom: float) -> tuple[float, float]:
    """Quantiles of the normal law and of Student's."""
    from scipy import special

    return float(special.ndtri(tail)), float(special.stdtrit(freedom, tail))


def mass_bounds(spread: RowSpread, tail: float) -> tuple[float, float]:
    """Lower and upper confidence bounds of a row's off-permutation mass, each wrong with probability ``tail``."""
    if spread.signal < LEAST_SIGNAL:
        return 0.0, 1.0
    return _to_mass(_invert(spread, 1 - tail)), _to_mass(_invert(spread, tail))


def is_at_most(spread: RowSpread, mass: float, tail: float) -> bool:
    """Whether the upper bound is at most ``mass``, without computing it."""
    radius2 = mass / (1 - mass)
    return (
        spread.signal >= LEAST_SIGNAL
        and radius2 >= _lowest(spread, tail)
        and _quantile(spread, radius2, tail) >= spread.square
    )


def exceeds(spread: RowSpread, mass: float, tail: float) -> bool:
    """Whether the lower bound exceeds ``mass``, without computing it."""
    return spread.signal >= LEAST_SIGNAL and _quantile(spread, mass / (1 - mass), 1 - tail) < spread.square


def _invert(spread: RowSpread, tail: float) -> float:
    """The ``|rho|^2`` whose quantile of order ``tail`` is the observed square; 0 when it is beyond at 0.

    A lower quantile first falls as ``|rho|`` leaves 0 (the spread grows faster than the mean); beyond its lowest
    point it rises, and the largest solution is the one that bounds.
    """
    low = _lowest(spread, tail) if tail < 0.5 else 0.0
    if _quantile(spread, low, tail) >= spread.square:
        return low
    high = max(spread.square, low) + 1e-300
    while _quantile(spread, high, tail) < spread.square:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        if _quantile(spread, middle, tail) < spread.square:
            low = middle
        else:
            high = middle
        if high - low <= 1e-12 * high:
            break
    return high


def _lowest(spread: RowSpread, tail: float) -> float:
    """Where the lower quantile of ``|rho^|^2``, as a function of ``|rho|^2``, turns upward (normal approximation)."""
    if spread.top <= 0:
        return 0.0
    z = _standard(tail, spread.freedom)[1]
    return float(max(0.0, z * z * spread.top - spread.trace2 / (2 * spread.top)))


def _to_mass(radius2: float) -> float:
    return radius2 / (1 + radius2)
