"""Sums from which correlations of two sets of columns follow, by group and by segment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivae_theory.recovery.inputs import Groups

__all__ = ["CorrelationSums"]

Floats = NDArray[np.float64]


@dataclass(eq=False)
class CorrelationSums:
    """Sums by group, and by segment, from which correlations of two sets of columns follow.

    ``sums`` (G, width) holds ``[count, a, b, a^2, b^2, a b^T]``; ``segment`` (M, 1 + n + m) holds ``[count, a, b]``.
    """

    sums: Floats
    segment: Floats | None
    n: int
    m: int
    units: tuple[Floats, Floats]

    @classmethod
    def zeros(cls, groups: Groups, n: int, m: int, units: tuple[Floats, Floats]) -> CorrelationSums:
        """Nothing added yet; from the columns the first of ``units``, (n + m,), is subtracted, by the other divided."""
        whole = groups.segments is not None
        return cls(
            sums=np.zeros((groups.count, 1 + 2 * (n + m) + n * m)),
            segment=np.zeros((groups.segment_count, 1 + n + m)) if whole else None,
            n=n,
            m=m,
            units=units,
        )

    def add(
        self,
        a: Floats,
        b: Floats,
        codes: NDArray[np.intp],
        starts: NDArray[np.intp],
        ends: NDArray[np.intp],
        groups: Groups,
        rows: slice | NDArray[np.intp],
    ) -> None:
        """Add rows whose groups ``codes`` lie between ``starts`` and ``ends``; ``rows`` are their numbers."""
        both = (np.concatenate([a, b], axis=1) - self.units[0]) / self.units[1]
        width = self.n + self.m
        first = np.add.reduceat(both, starts, axis=0)
        self.sums[codes, 0] += ends - starts
        self.sums[codes, 1 : 1 + width] += first
        for code, start, end in zip(codes, starts, ends, strict=True):
            part = both[start:end]
            self.sums[code, 1 + width : 1 + 2 * width] += np.einsum("ij,ij->j", part, part)
            self.sums[code, 1 + 2 * width :] += (part[:, : self.n].T @ part[:, self.n :]).ravel()
        if self.segment is None:
            return
        assert groups.segments is not None
        if groups.segments is groups.codes:
            self.segment[codes, 0] += ends - starts
            self.segment[codes, 1:] += first
            return
        labels = groups.segments[rows]
        order = np.argsort(labels, kind="stable")
        ordered = labels[order]
        begins = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])
        self.segment[ordered[begins], 0] += np.diff(np.append(begins, len(ordered)))
        self.segment[ordered[begins], 1:] += np.add.reduceat(both[order], begins, axis=0)

    def correlations(self, weights: Floats | None = None, within: bool = False) -> Floats:
        """Correlation matrices (B, n, m) under weightings (B, G) of the groups; of deviations from segment means."""
        flat = (np.ones((1, len(self.sums))) if weights is None else weights) @ self.sums
        width = self.n + self.m
        flat = flat / flat[:, :1]
        mean, square = flat[:, 1 : 1 + width], flat[:, 1 + width : 1 + 2 * width]
        cross = flat[:, 1 + 2 * width :].reshape(-1, self.n, self.m)
        if within:
            assert self.segment is not None
            count = self.segment[:, :1]
            means = self.segment[:, 1:] / count
            share = (count / count.sum()).T
            square = square - share @ means**2
            cross = cross - (means[:, : self.n] * share.T).T @ means[:, self.n :]
        else:
            square = square - mean**2
            cross = cross - mean[:, : self.n, None] * mean[:, None, self.n :]
        deviation = np.sqrt(np.maximum(square, 0))
        scale = deviation[:, : self.n, None] * deviation[:, None, self.n :]
        return np.asarray(np.divide(cross, scale, out=np.zeros_like(cross), where=scale > 1e-300))

    @property
    def between(self) -> float:
        """Mean over pairs of columns of the product of their between-segment shares of variance."""
        if self.segment is None:
            return 0.0
        total = self.sums.sum(axis=0)
        width = self.n + self.m
        mean = total[1 : 1 + width] / total[0]
        variance = total[1 + width : 1 + 2 * width] / total[0] - mean**2
        share = self.segment[:, :1] / total[0]
        means = self.segment[:, 1:] / self.segment[:, :1]
        between = (share * (means - mean) ** 2).sum(axis=0)
        # Segment means of M segments vary by chance, too: (M - 1)/(N - 1) of the variance.
        noise = (len(self.segment) - 1) / max(1.0, total[0] - 1)
        ratio = np.clip((between / np.maximum(variance, 1e-300) - noise) / (1 - noise), 0, 1)
        return float(ratio[: self.n].mean() * ratio[self.n :].mean())

    @property
    def count(self) -> int:
        """Number of rows."""
        return round(float(self.sums[:, 0].sum()))
