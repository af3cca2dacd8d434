"""Monotonic on the whole support, or three points that show the contrary."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.analytic import never_zero
from ivae_theory.enclosure.formula.ranges import Range, range_of
from ivae_theory.enclosure.formula.shape import trend
from ivae_theory.enclosure.models.latent import Latent
from ivae_theory.enclosure.models.smooth import is_continuous
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_arb

__all__ = ["is_monotone", "rises_and_falls", "turns"]

BITS = 256


def is_monotone(latent: Latent) -> bool:
    """Whether T is proved monotonic on the smallest interval that contains the support."""
    first, last = latent.parts[0], latent.parts[-1]
    hull = Range(first.low, last.high, first.low_open, last.high_open)
    return trend(latent.statistic, latent.symbol, hull) is not None


def rises_and_falls(latent: Latent, points: Sequence[Fraction]) -> bool:
    """Whether the middle one of three increasing points is strictly above, or strictly below, both others."""
    from ivae_theory.enclosure.formula.symbolic import ball

    if len(points) != 3 or not points[0] < points[1] < points[2]:
        return False
    if not all(any(part.contains(point) for part in latent.parts) for point in points):
        return False
    with precision(BITS):
        try:
            left, middle, right = (ball(latent.statistic, {latent.symbol: to_arb(point)}) for point in points)
        except CannotEnclose:
            return False
        return bool((middle > left and middle > right) or (middle < left and middle < right))


def turns(latent: Latent, points: Sequence[Fraction]) -> bool:
    """Whether T rises and falls on one interval of its support where Q > 0, and is continuous on all intervals.

    A statistic that rises on one interval and falls on another turns nowhere, and the published Theorem 3 is false for
    it: T = log|z| off 0 with a Gaussian law can be rotated. Nor does one turn that does so where Q = 0 alone.
    """
    if len(points) != 3 or not points[0] < points[2] or not _is_charged(latent, points[0], points[2]):
        return False
    inside = any(all(part.contains(point) for point in points) for part in latent.parts)
    continuous = all(is_continuous(latent.statistic, {latent.symbol: part}) for part in latent.parts)
    return inside and continuous and rises_and_falls(latent, points)


def _is_charged(latent: Latent, low: Fraction, high: Fraction) -> bool:
    """Whether Q is proved positive on the interval: by its form, or by its range."""
    if never_zero(latent.base_measure):
        return True
    try:
        return range_of(latent.base_measure, latent.symbol, Range(low, high, False, False)).positive
    except CannotEnclose:
        return False
