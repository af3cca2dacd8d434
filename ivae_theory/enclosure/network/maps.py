"""Elementwise maps of one real variable: value and slope, enclosed over balls of any width.

The slope of a map with kinks is the interval of Clarke's generalised derivative: at a point whose side is not
decided it contains the slopes of both sides, so a mean value theorem over boxes holds for networks of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flint import arb, fmpq

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import WHOLE, contains_zero, hull, lift, rational

__all__ = ["Map", "bump", "increasing", "pieces", "piecewise_linear", "stepwise"]

Function = Callable[[arb], arb]
#: Sub-balls into which a wide ball is cut where a map is not monotone.
PIECES = 24


@dataclass(frozen=True)
class Map:
    """An elementwise map.

    Attributes
    ----------
    name
        The operation, for messages.
    value, slope
        Enclosures over a ball.
    exact
        Value and slope at a rational point, where they are rational; the slope is ``None`` at a kink.
    linear
        Whether the map is affine wherever its slope is a single number.
    injective
        Whether the map is injective on all of its domain (strictly monotone, or ``1/x``).
    kinks
        Of a continuous piecewise linear map: where its slope changes. Else ``None``.
    """

    name: str
    value: Function
    slope: Function
    exact: Callable[[fmpq], tuple[fmpq, fmpq | None]] | None = None
    linear: bool = False
    injective: bool = False
    kinks: tuple[fmpq, ...] | None = None


def _narrow(x: arb) -> bool:
    """Whether direct ball evaluation loses next to nothing."""
    return bool(x.is_exact()) or bool(x.rad() * 4096 < 1)


def _sound(y: arb) -> arb:
    """The map is total, so a result that is not finite encloses it only as the whole line."""
    return y if y.is_finite() else WHOLE


def increasing(function: Function, below: arb = WHOLE, above: arb = WHOLE) -> Function:
    """Enclosure of a monotone function by its values at the ends; ``below``, ``above`` are its limits."""

    def enclose(x: arb) -> arb:
        if not x.is_finite():
            return hull(below, above)
        if x.is_exact():
            return _sound(function(x))
        ends = hull(function(x.lower()), function(x.upper()))
        return _sound(ends)

    return enclose


def bump(function: Function, tail: arb) -> Function:
    """Enclosure of an even function that decreases in ``|x|`` towards ``tail``."""

    def enclose(x: arb) -> arb:
        if not x.is_finite():
            return hull(function(arb(0)), tail)
        if x.is_exact():
            return _sound(function(x))
        near = arb(0) if contains_zero(x) else x.abs_lower()
        return _sound(hull(function(near), function(x.abs_upper())))

    return enclose


def pieces(function: Function, line: arb) -> Function:
    """Enclosure by cutting wide balls; ``line`` encloses the function on the whole line."""

    def enclose(x: arb) -> arb:
        if not x.is_finite():
            return line
        if _narrow(x):
            y = function(x)
            return y if y.is_finite() else line
        low, step = x.lower(), (x.upper() - x.lower()) / PIECES
        cuts = [low + step * k for k in range(PIECES)] + [x.upper()]
        y = hull(*(function(a.union(b)) for a, b in pairwise(cuts)))
        return y if y.is_finite() else line

    return enclose


def piecewise_linear(name: str, kinks: Sequence[Any], slopes: Sequence[Any], at_first: Any) -> Map:
    """The continuous map with these slopes between these kinks, of value ``at_first`` at the first kink."""
    places, rates = [rational(k) for k in kinks], [rational(s) for s in slopes]
    heights = [rational(at_first)]
    for k in range(1, len(places)):
        heights.append(heights[-1] + rates[k] * (places[k] - places[k - 1]))

    def exact(x: fmpq) -> tuple[fmpq, fmpq | None]:
        piece = sum(1 for place in places if x > place)
        anchor = max(piece - 1, 0)
        value = heights[anchor] + rates[piece] * (x - places[anchor])
        at_kink = x in places and rates[places.index(x)] != rates[places.index(x) + 1]
        return value, None if at_kink else rates[piece]

    def touched(x: arb) -> tuple[list[int], list[int]]:
        """Pieces that the closed ball meets, and kinks inside it."""
        inside = [k for k, place in enumerate(places) if not (x < lift_place[k] or x > lift_place[k])]
        if inside:
            return list(range(inside[0], inside[-1] + 2)), inside
        return [sum(1 for k in range(len(places)) if x > lift_place[k])], []

    lift_place = [arb(place) for place in places]
    lift_height = [arb(height) for height in heights]
    lift_rate = [arb(rate) for rate in rates]

    def on_piece(x: arb, piece: int) -> arb:
        if rates[piece] == 0:
            return lift_height[max(piece - 1, 0)]
        anchor = max(piece - 1, 0)
        if places[anchor] == 0 and heights[anchor] == 0:
            return x if rates[piece] == 1 else x * lift_rate[piece]
        return lift_height[anchor] + lift_rate[piece] * (x - lift_place[anchor])

    def value(x: arb) -> arb:
        met, inside = touched(x)
        if len(met) == 1:
            return _sound(on_piece(x, met[0]))
        if not x.is_finite():
            flat = rates[met[0]] == 0 and rates[met[-1]] == 0 and len(met) == len(rates)
            return hull(*lift_height) if flat else WHOLE
        low, high = x.lower(), x.upper()
        return hull(on_piece(low, met[0]), on_piece(high, met[-1]), *(lift_height[k] for k in inside))

    def slope(x: arb) -> arb:
        return hull(*(lift_rate[piece] for piece in touched(x)[0]))

    one_way = all(r > 0 for r in rates) or all(r < 0 for r in rates)
    return Map(name, value, slope, exact, linear=True, injective=one_way, kinks=tuple(places))


def stepwise(name: str, function: Function, jumps: Function) -> Map:
    """A piecewise constant map; ``jumps`` vanishes exactly where it may jump. Refused at undecided points."""

    def value(x: arb) -> arb:
        y = function(x) if x.is_finite() else WHOLE
        if y.is_exact():
            return y
        raise CannotEnclose(f"{name} at a point where it may jump")

    def slope(x: arb) -> arb:
        if not x.is_finite() or contains_zero(jumps(x)):
            raise CannotEnclose(f"{name} at a point where it may jump")
        return lift(0)

    return Map(name, value, slope, linear=True)
