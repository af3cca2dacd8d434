"""Integrals and draws for families without a closed form: adaptive Gauss-Legendre panels.

Each interval of the support is mapped onto the whole line (logistic, exponential or hyperbolic sine), where
integrands decay fast at both ends; panels are halved where two rules disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import NaturalParameterError

if TYPE_CHECKING:
    from ivae_theory.families.family import ExponentialFamily

__all__ = ["Density", "by_row", "inner", "sample_by_row"]

Floats = NDArray[np.float64]

#: Range of the mapped coordinate, panels to start with, points of a rule, rounds of halving, relative error wanted.
REACH, PANELS, POINTS, ROUNDS, ACCURACY = 600.0, 240, 12, 40, 1e-10
#: How close to the ends of the range no mass may be.
MARGIN = 20.0
#: Cells of a panel in the table that inverts the distribution function.
CELLS = 24
#: Newton's steps that make the inverse of a distribution function accurate.
NEWTON = 4
#: Points of the scan for local maxima, and how many of them are followed.
SCAN, MODES = 6001, 8

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(POINTS)


def inner(statistics: Floats, rows: Floats) -> Floats:
    """``T . lambda`` with 0 * infinity read as 0: (B, k), (B, k) or (1, k) -> (B,)."""
    with np.errstate(all="ignore"):
        terms = np.where(rows == 0, 0.0, statistics * rows)
    return np.asarray(terms.sum(axis=-1))


def by_row(rows: Floats, compute: Callable[[Floats], Any]) -> list[Any]:
    """``compute`` for every row, once for each distinct one."""
    unique, back = np.unique(rows, axis=0, return_inverse=True)
    values = [compute(row) for row in unique]
    return [values[index] for index in np.ravel(back)]


class Density:
    """One member of a family, tabulated: total mass, moments of T, inverse distribution function."""

    def __init__(self, family: ExponentialFamily, lam: Floats) -> None:
        self.family, self.lam = family, lam
        self.low, self.high = np.empty(0), np.empty(0)
        self.part = np.empty(0, dtype=np.int64)
        self._refine()

    def _map(self, t: Floats, part: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """``z(t)`` and ``log dz/dt`` for the interval that each panel belongs to."""
        z, log_slope = np.empty_like(t), np.empty_like(t)
        for index, (low, high) in enumerate(self.family.bounds):
            mine = part == index
            s = t[mine]
            if np.isinf(low) and np.isinf(high):
                z[mine], log_slope[mine] = np.sinh(s), np.logaddexp(s, -s) - np.log(2.0)
            elif np.isinf(high):
                z[mine], log_slope[mine] = low + np.exp(s), s
            elif np.isinf(low):
                z[mine], log_slope[mine] = high - np.exp(s), s
            else:
                width = high - low
                below = low + width / (1 + np.exp(-s))
                above = high - width / (1 + np.exp(s))
                z[mine] = np.where(s < 0, below, above)
                log_slope[mine] = np.log(width) - np.logaddexp(0, s) - np.logaddexp(0, -s)
        return z, log_slope

    def _log_integrand(self, t: Floats, part: NDArray[np.int64]) -> tuple[Floats, Floats]:
        with np.errstate(all="ignore"):
            z, log_slope = self._map(t, part)
            value = self.family.log_base(z) + inner(self.family.evaluate(z), self.lam) + log_slope
        lower, upper = (np.array([pair[i] for pair in self.family.bounds])[part] for i in (0, 1))
        at_end = (z == lower) | (z == upper) | ~np.isfinite(z)  # rounded onto the end point: a null set
        return z, np.where(np.isnan(value) | at_end, -np.inf, value)

    def _rule(self, low: Floats, high: Floats, part: NDArray[np.int64], shift: float) -> Floats:
        half = (high - low) / 2
        t = (low + half)[:, None] + half[:, None] * _NODES
        _, log_value = self._log_integrand(t, np.broadcast_to(part[:, None], t.shape))
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray((np.exp(log_value - shift) * _WEIGHTS).sum(axis=1) * half)

    def _split_at_peaks(self) -> float:
        """Panels that shrink towards every local maximum, however narrow; the highest value that was found."""
        highest = -np.inf
        for index in range(len(self.family.bounds)):
            t = np.linspace(-REACH, REACH, SCAN)
            value = self._on_part(t, index)
            inner_value = np.where(np.isfinite(value), value, -np.inf)
            peaks = np.flatnonzero((inner_value[1:-1] >= inner_value[:-2]) & (inner_value[1:-1] > inner_value[2:])) + 1
            peaks = peaks[np.argsort(-inner_value[peaks])][:MODES]
            if not len(peaks):
                peaks = np.array([int(np.argmax(inner_value))])
            edges = [np.linspace(-REACH, REACH, PANELS + 1)]
            for peak in peaks:
                centre, best = self._zoom(float(t[peak]), 2 * REACH / SCAN, index)
                highest = max(highest, best)
                steps = np.ldexp(2.0, -np.arange(48))
                edges += [centre - steps, centre + steps]
            found = np.unique(np.clip(np.concatenate(edges), -REACH, REACH))
            self.low = np.concatenate([self.low, found[:-1]])
            self.high = np.concatenate([self.high, found[1:]])
            self.part = np.concatenate([self.part, np.full(len(found) - 1, index)])
        return highest

    def _on_part(self, t: Floats, index: int) -> Floats:
        return self._log_integrand(t, np.full(t.shape, index))[1]

    def _zoom(self, centre: float, width: float, index: int) -> tuple[float, float]:
        best = -np.inf
        for _ in range(24):
            t = np.clip(centre + width * np.linspace(-1, 1, 17), -REACH, REACH)
            value = self._on_part(t, index)
            top = int(np.argmax(value))
            centre, best, width = float(t[top]), max(best, float(value[top])), width / 4
        return centre, best

    def _refine(self) -> None:
        shift = self._split_at_peaks()
        if not np.isfinite(shift):
            raise self._not_integrable("no finite positive value of the density was found")
        mass = self._rule(self.low, self.high, self.part, shift)
        for _ in range(ROUNDS):
            if not np.isfinite(mass).all():
                raise self._not_integrable("the density overflows")
            middle = (self.low + self.high) / 2
            left = self._rule(self.low, middle, self.part, shift)
            right = self._rule(middle, self.high, self.part, shift)
            rough = np.abs(left + right - mass) > ACCURACY * max(float(mass.sum()), 1e-290)
            if not rough.any() or rough.sum() > 20000:
                break
            keep = ~rough
            self.low = np.concatenate([self.low[keep], self.low[rough], middle[rough]])
            self.high = np.concatenate([self.high[keep], middle[rough], self.high[rough]])
            self.part = np.concatenate([self.part[keep], self.part[rough], self.part[rough]])
            mass = np.concatenate([mass[keep], left[rough], right[rough]])
        order = np.lexsort((self.low, self.part))
        self.low, self.high, self.part, self.mass = self.low[order], self.high[order], self.part[order], mass[order]
        total = float(self.mass.sum())
        if not np.isfinite(total) or total <= 0:
            raise self._not_integrable(f"mass {total:g}")
        self._check_ends(total)
        self.log_mass, self.shift, self.total = shift + float(np.log(total)), shift, total

    def _check_ends(self, total: float) -> None:
        """Mass near the ends of the mapped range means that what was cut off matters."""
        outer = (self.low <= MARGIN - REACH) | (self.high >= REACH - MARGIN)
        if float(self.mass[outer].sum()) > 1e-9 * total:
            raise self._not_integrable("its mass does not settle towards an end of the support")

    def _not_integrable(self, why: str) -> NaturalParameterError:
        return NaturalParameterError(
            "lam", "natural parameters for which the density integrates numerically", f"{self.lam.tolist()}: {why}"
        )

    def moments(self) -> tuple[Floats, Floats]:
        """Mean and covariance of the statistics."""
        half = (self.high - self.low) / 2
        t = (self.low + half)[:, None] + half[:, None] * _NODES
        z, log_value = self._log_integrand(t, np.broadcast_to(self.part[:, None], t.shape))
        with np.errstate(all="ignore"):
            weight = np.exp(log_value - self.shift) * _WEIGHTS * half[:, None] / self.total
            values = np.where((weight > 0)[..., None], self.family.evaluate(z), 0.0)
        mean = np.einsum("pq,pqk->k", weight, values)
        centred = np.where((weight > 0)[..., None], values - mean, 0.0)
        return mean, np.einsum("pq,pqk,pql->kl", weight, centred, centred)

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """``count`` draws: a panel by its mass, then a cell of it, then the inverse of a linear density."""
        panel = rng.choice(len(self.mass), size=count, p=self.mass / self.mass.sum())
        return self._map(self._inside(panel, rng.random(count)), self.part[panel])[0]

    def from_gaussian(self, y: Floats) -> Floats:
        """``F^-1(Phi(y))`` for the distribution function ``F`` of a density on one interval: (B,) -> (B,).

        Each half of the line is counted from its own end, so that both tails keep their digits.
        """
        from scipy.special import ndtr

        (bounds,) = self.family.bounds
        falling = bool(np.isinf(bounds[0]) and np.isfinite(bounds[1]))  # such an interval is mapped in reverse
        gaussian = -y if falling else y
        level = ndtr(-np.abs(gaussian)) * self.mass.sum()
        panel, unit = np.empty(len(level), dtype=np.int64), np.empty(len(level))
        for upper in (False, True):
            mine = (gaussian > 0) == upper
            mass = self.mass[::-1] if upper else self.mass
            ends = np.cumsum(mass)
            place = np.minimum(np.searchsorted(ends, level[mine]), len(mass) - 1)
            share = np.clip((level[mine] - (ends[place] - mass[place])) / np.maximum(mass[place], 1e-300), 0, 1)
            panel[mine] = len(mass) - 1 - place if upper else place
            unit[mine] = 1 - share if upper else share
        return self._map(self._polished(panel, unit), self.part[panel])[0]

    def _polished(self, panel: NDArray[np.int64], unit: Floats) -> Floats:
        """As :meth:`_inside`, with Newton's steps on the mass below the point."""
        low, high, part = self.low[panel], self.high[panel], self.part[panel]
        t, wanted = self._inside(panel, unit), unit * self.mass[panel]
        for _ in range(NEWTON):
            excess = self._rule(low, t, part, self.shift) - wanted
            slope = np.exp(self._log_integrand(t, part)[1] - self.shift)
            with np.errstate(all="ignore"):
                step = np.where(slope > 0, excess / slope, 0.0)
            t = np.clip(t - np.where(np.isfinite(step), step, 0.0), low, high)
        return t

    def _inside(self, panel: NDArray[np.int64], unit: Floats) -> Floats:
        """The coordinate t in each panel with this share of the panel's mass below it."""
        used, back = np.unique(panel, return_inverse=True)
        edges = self.low[used, None] + (self.high - self.low)[used, None] * np.linspace(0, 1, CELLS + 1)
        part = np.broadcast_to(self.part[used, None], edges.shape)
        _, log_value = self._log_integrand(edges, part)
        with np.errstate(under="ignore"):
            height = np.exp(log_value - np.max(log_value, axis=1, keepdims=True))
        cumulative = np.cumsum(height[:, 1:] + height[:, :-1], axis=1)
        level = unit * cumulative[back, -1]
        cell = (cumulative[back] < level[:, None]).sum(axis=1)
        before = np.where(cell > 0, cumulative[back, np.maximum(cell - 1, 0)], 0.0)
        a, b = height[back, cell], height[back, cell + 1]
        share = (level - before) / np.maximum(a + b, 1e-300)
        fraction = share * (a + b) / (a + np.sqrt(np.maximum(a * a + share * (b * b - a * a), 0)) + 1e-300)
        return np.asarray(edges[back, cell] + np.clip(fraction, 0, 1) * (edges[back, 1] - edges[back, 0]))


def sample_by_row(family: ExponentialFamily, rows: Floats, rng: np.random.Generator) -> Floats:
    """One draw for each row, tabulating each distinct row once."""
    unique, back = np.unique(rows, axis=0, return_inverse=True)
    result = np.empty(len(rows))
    for index, row in enumerate(unique):
        mine = np.ravel(back) == index
        result[mine] = Density(family, row).draw(int(mine.sum()), rng)
    return result
