"""What the functions of one argument make of an interval, rounded outwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import arb

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.interval import BITS, INFINITY, End, Range, add, outward
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_arb

__all__ = ["FUNCTIONS", "absolute", "exponential", "increasing", "largest", "reciprocal", "within_unit"]


def reciprocal(value: Range) -> Range:
    if value.negative:
        return reciprocal(value.negated()).negated()
    if not value.positive:
        raise CannotEnclose("a division whose divisor may be 0")
    low = Fraction(0) if value.high == INFINITY else 1 / Fraction(value.high)
    high = INFINITY if value.low == 0 else 1 / Fraction(value.low)
    return Range(low, high, value.high_open, value.low_open)


def absolute(value: Range) -> Range:
    if value.low >= 0:
        return value
    if value.high <= 0:
        return value.negated()
    high, high_closed = max((-value.low, not value.low_open), (value.high, not value.high_open))
    return Range(Fraction(0), high, False, not high_closed)


def largest(values: Sequence[Range]) -> Range:
    """The maximum of a member of each."""
    low, low_open = max((value.low, value.low_open) for value in values)
    high, high_closed = max((value.high, not value.high_open) for value in values)
    return Range(low, high, low_open, not high_closed)


def increasing(
    function: Callable[[arb], arb],
    value: Range,
    *,
    zero: Fraction | None = None,
    limits: tuple[End, End] = (-INFINITY, INFINITY),
) -> Range:
    """Range of an increasing function; ``zero`` is its exact value at 0, ``limits`` its limits at the infinities."""

    def at(end: End, side: int) -> End:
        if not isinstance(end, Fraction):
            return limits[side]
        if end == 0 and zero is not None:
            return zero
        with precision(BITS):
            return outward(function(to_arb(end)))[side]

    return Range(at(value.low, 0), at(value.high, 1), value.low_open, value.high_open)


def exponential(value: Range) -> Range:
    found = increasing(arb.exp, value, zero=Fraction(1), limits=(Fraction(0), INFINITY))
    return found if found.low > 0 else Range(Fraction(0), found.high, True, found.high_open)


def _log(value: Range) -> Range:
    if not value.positive:
        raise CannotEnclose("log of a number that may be 0 or negative")
    low: End = -INFINITY
    with precision(BITS):
        if value.low > 0:
            low = Fraction(0) if value.low == 1 else outward(to_arb(value.low).log())[0]
        high: End = INFINITY
        if value.high != INFINITY:
            high = Fraction(0) if value.high == 1 else outward(to_arb(value.high).log())[1]
    return Range(low, high, value.low_open, value.high_open)


def _cosh(value: Range) -> Range:
    return increasing(arb.cosh, absolute(value), zero=Fraction(1))


def _sigmoidal(function: Callable[[arb], arb], limit: Fraction) -> Callable[[Range], Range]:
    """Odd functions that increase to a limit which they do not reach."""

    def rule(value: Range) -> Range:
        found = increasing(function, value, zero=Fraction(0), limits=(-limit, limit))
        low, high = max(found.low, -limit), min(found.high, limit)
        return Range(low, high, found.low_open or low == -limit, found.high_open or high == limit)

    return rule


def _arctangent(value: Range) -> Range:
    with precision(BITS):
        half_pi = outward(arb.pi() / 2)[1]
    return increasing(arb.atan, value, zero=Fraction(0), limits=(-half_pi, half_pi))


def _below_pi() -> Fraction:
    with precision(BITS):
        return outward(arb.pi())[0]


def _cosine(value: Range) -> Range:
    """Even, and decreasing on [0, pi]."""
    size = absolute(value)
    if size.high > _below_pi():
        return _UNIT
    return increasing(lambda x: -x.cos(), size, zero=Fraction(-1)).negated()


def _sine(value: Range) -> Range:
    """Odd, increasing on [0, pi/2] and positive on (0, pi)."""
    if absolute(value).high <= _below_pi() / 2:
        return increasing(arb.sin, value, zero=Fraction(0))
    if value.high <= 0:
        return _sine(value.negated()).negated()
    if value.low < 0 or value.high > _below_pi():
        return _UNIT
    ends = [increasing(arb.sin, Range(end, end), zero=Fraction(0)).low for end in (value.low, value.high)]
    return Range(min(ends), Fraction(1), value.low == 0 and value.low_open)


def _gamma(value: Range) -> Range:
    if not value.positive:
        raise CannotEnclose("gamma of a number that may be 0 or negative")
    return Range(Fraction(0), INFINITY, True)


def _arccosine(value: Range) -> Range:
    if value.low < -1 or value.high > 1:
        raise CannotEnclose("arccos of a number outside [-1, 1]")
    with precision(BITS):
        return Range(Fraction(0), outward(arb.pi())[1])


def _from_unit(function: Callable[[arb], arb]) -> Callable[[Range], Range]:
    """Odd increasing functions of (-1, 1) onto the line."""

    def rule(value: Range) -> Range:
        if not within_unit(value):
            raise CannotEnclose("a function of (-1, 1) outside it")
        low: End = -INFINITY
        high: End = INFINITY
        if value.low > -1:
            low = increasing(function, Range(value.low, value.low), zero=Fraction(0)).low
        if value.high < 1:
            high = increasing(function, Range(value.high, value.high), zero=Fraction(0)).high
        return Range(low, high, value.low_open, value.high_open)

    return rule


def within_unit(value: Range) -> bool:
    """Whether every member is inside (-1, 1)."""
    above = value.low > -1 or (value.low == -1 and value.low_open)
    return above and (value.high < 1 or (value.high == 1 and value.high_open))


def _floor(value: Range) -> Range:
    low = value.low if value.low == -INFINITY else Fraction(math.floor(value.low))
    high = value.high if value.high == INFINITY else Fraction(math.floor(value.high))
    return Range(low, high)


def _ceiling(value: Range) -> Range:
    return _floor(value.negated()).negated()


def _sign(value: Range) -> Range:
    low = Fraction(1) if value.positive else Fraction(0) if value.low >= 0 else Fraction(-1)
    high = Fraction(-1) if value.negative else Fraction(0) if value.high <= 0 else Fraction(1)
    return Range(low, high)


_UNIT = Range(Fraction(-1), Fraction(1))
FUNCTIONS: dict[Any, Callable[[Range], Range]] = {
    sympy.exp: exponential,
    sympy.log: _log,
    sympy.Abs: absolute,
    sympy.cosh: _cosh,
    sympy.sin: _sine,
    sympy.cos: _cosine,
    sympy.sech: lambda value: reciprocal(_cosh(value)),
    sympy.acos: _arccosine,
    sympy.gamma: _gamma,
    sympy.sinh: lambda value: increasing(arb.sinh, value, zero=Fraction(0)),
    sympy.asinh: lambda value: increasing(arb.asinh, value, zero=Fraction(0)),
    sympy.tanh: _sigmoidal(arb.tanh, Fraction(1)),
    sympy.erf: _sigmoidal(arb.erf, Fraction(1)),
    sympy.erfc: lambda value: add(Range(Fraction(1), Fraction(1)), FUNCTIONS[sympy.erf](value).negated()),
    sympy.atan: _arctangent,
    sympy.atanh: _from_unit(arb.atanh),
    sympy.erfinv: _from_unit(arb.erfinv),
    sympy.floor: _floor,
    sympy.ceiling: _ceiling,
    sympy.sign: _sign,
    sympy.Heaviside: lambda value: Range(Fraction(0), Fraction(1)),
}
