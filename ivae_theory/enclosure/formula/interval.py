"""Intervals with exact or infinite ends that are proved open or not, and their sums and products."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from ivae_theory.enclosure.failure import CannotEnclose

__all__ = ["BITS", "INFINITY", "WHOLE", "End", "Range", "add", "hull", "outward", "product"]

#: Working precision in bits; ranges need to be sound, not sharp.
BITS = 192
INFINITY = math.inf
End = Fraction | float


@dataclass(frozen=True)
class Range:
    """The real numbers from ``low`` to ``high``; infinite ends are open."""

    low: End
    high: End
    low_open: bool = False
    high_open: bool = False

    def __post_init__(self) -> None:
        if self.low == -INFINITY:
            object.__setattr__(self, "low_open", True)
        if self.high == INFINITY:
            object.__setattr__(self, "high_open", True)

    @property
    def positive(self) -> bool:
        """Whether every member is above 0."""
        return self.low > 0 or (self.low == 0 and self.low_open)

    @property
    def negative(self) -> bool:
        """Whether every member is below 0."""
        return self.high < 0 or (self.high == 0 and self.high_open)

    @property
    def nonnegative(self) -> bool:
        """Whether no member is below 0."""
        return self.low >= 0

    @property
    def nonpositive(self) -> bool:
        """Whether no member is above 0."""
        return self.high <= 0

    def contains(self, value: Fraction) -> bool:
        """Whether the number is a member."""
        above = self.low < value or (self.low == value and not self.low_open)
        return above and (value < self.high or (value == self.high and not self.high_open))

    def negated(self) -> Range:
        """The negatives of the members."""
        return Range(-self.high, -self.low, self.high_open, self.low_open)

    def meet(self, other: Range) -> Range:
        """The members of both, which are two enclosures of the same non-empty set."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, high_closed = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Range(low, high, low_open, not high_closed)


WHOLE = Range(-INFINITY, INFINITY)


#: Numbers beyond two to this power, or below its inverse, are not written out as fractions.
_LARGEST_EXPONENT = 1 << 16


def _dyadic(value: arb) -> Fraction:
    """An exact ball of finite value as the fraction that it is."""
    mantissa, exponent = value.mid().man_exp()
    if abs(int(exponent)) > _LARGEST_EXPONENT:
        raise CannotEnclose("a number that overflows")
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def outward(value: arb) -> tuple[Fraction, Fraction]:
    if not value.is_finite():
        raise CannotEnclose("a number that overflows")
    return _dyadic(value.lower()), _dyadic(value.upper())


def hull(parts: Iterable[Range]) -> Range:
    """The smallest range that contains all of them (ends closed where one of them is)."""
    members = list(parts)
    low = min((part.low, part.low_open) for part in members)
    high = max((part.high, not part.high_open) for part in members)
    return Range(low[0], high[0], low[1], not high[1])


def add(a: Range, b: Range) -> Range:
    """Sums of a member of each."""
    return Range(_plus(a.low, b.low), _plus(a.high, b.high), a.low_open or b.low_open, a.high_open or b.high_open)


def _plus(x: End, y: End) -> End:
    """Sum of two ends of the same side; fractions too large for a float must not meet one."""
    if isinstance(x, float):
        return x
    return y if isinstance(y, float) else x + y


def _times(x: End, y: End) -> End:
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return x * y
    return INFINITY if (x > 0) == (y > 0) else -INFINITY


def product(a: Range, b: Range) -> Range:
    """Products of a member of each; 0 times an unbounded end is 0."""
    ends = []
    for x, x_open in ((a.low, a.low_open), (a.high, a.high_open)):
        for y, y_open in ((b.low, b.low_open), (b.high, b.high_open)):
            zero = x == 0 or y == 0
            closed_zero = (x == 0 and not x_open) or (y == 0 and not y_open)
            ends.append((Fraction(0) if zero else _times(x, y), not closed_zero if zero else x_open or y_open))
    inner_zero = any(part.low < 0 < part.high for part in (a, b))
    low, low_open = min(ends)
    high, high_closed = max((value, not is_open) for value, is_open in ends)
    if inner_zero:  # a zero inside one factor is attained whatever the ends say
        low_open, high_closed = low_open and low != 0, high_closed or high == 0
    return Range(low, high, low_open, not high_closed)
