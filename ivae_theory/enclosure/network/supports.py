"""The supports of the latents as ranges and boxes, read from a model's description."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ivae_theory.enclosure.formula.ranges import Range, support_ranges
from ivae_theory.errors import CorruptReport
from ivae_theory.exact import from_text

__all__ = ["hulls_of", "in_one_piece", "inside", "rounded_down", "rounded_up", "sides_of", "supports_of"]

Supports = list[tuple[Range, ...]]


def supports_of(families: Sequence[Mapping[str, Any]]) -> Supports:
    """The intervals of every latent's support, from the descriptions of the families."""
    result = []
    for family in families:
        rows = family["support"]
        if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
            raise CorruptReport("support", "a list of intervals", repr(rows)[:80])
        parts = [(from_text(a, (), "support"), from_text(b, (), "support"), c, d) for a, b, c, d in rows]
        result.append(support_ranges(parts))
    return result


def sides_of(supports: Supports) -> list[tuple[float, float]]:
    """The smallest box of floats found that contains every latent's support."""
    return [(min(rounded_down(p.low) for p in parts), max(rounded_up(p.high) for p in parts)) for parts in supports]


def hulls_of(supports: Supports) -> list[Range]:
    """The smallest interval that contains each latent's support; ends that no part contains are open."""
    found = []
    for parts in supports:
        low, high = min(p.low for p in parts), max(p.high for p in parts)
        low_open = all(p.low_open for p in parts if p.low == low)
        high_open = all(p.high_open for p in parts if p.high == high)
        found.append(Range(low, high, low_open, high_open))
    return found


def rounded_down(end: Any) -> float:
    """A float at or below the number, the nearest or the next to it."""
    return -rounded_up(-end)


def rounded_up(end: Any) -> float:
    """A float at or above the number, the nearest or the next to it."""
    try:
        value = float(end)
    except OverflowError:
        return math.inf if end > 0 else -sys.float_info.max
    return value if math.isinf(value) or Fraction(value) >= end else math.nextafter(value, math.inf)


def inside(supports: Supports, point: Sequence[Fraction]) -> bool:
    """Whether a rational point certainly lies in the product of the supports (an interval's own ends are left out)."""
    pairs = zip(supports, point, strict=True)
    return all(any(p.low + _rounding(p.low) < x < p.high - _rounding(p.high) for p in parts) for parts, x in pairs)


def _rounding(end: Any) -> Any:
    """More than an end may have been rounded outwards by: irrational ends become fractions of many digits."""
    if isinstance(end, float) or Fraction(end).denominator.bit_length() <= 64:
        return 0
    return max(Fraction(1), abs(Fraction(end))) / 2**64


def in_one_piece(supports: Supports, low: Iterable[float], high: Iterable[float]) -> bool:
    """Whether the open box is a part of Z: every side within one interval of its support."""
    return all(
        any(p.low + _rounding(p.low) <= Fraction(a) and Fraction(b) <= p.high - _rounding(p.high) for p in parts)
        and a < b
        for parts, a, b in zip(supports, low, high, strict=True)
    )
