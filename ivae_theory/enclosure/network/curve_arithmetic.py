"""Arithmetic of numbers and curves: what one entry of a tensor becomes. Truth values are no numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import fmpq, fmpq_poly

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.curves import (
    Curve,
    Switch,
    choose,
    cut_at_zeros,
    interior,
    join,
    refuse_zeros,
    signs,
)
from ivae_theory.enclosure.network.intervals import divide
from ivae_theory.enclosure.network.maps import Map

__all__ = ["as_number", "chosen", "compared", "product", "quotient", "through", "total"]


def numbers(*entries: Any) -> bool:
    """Whether all are rational numbers, none a curve; a truth value is no number."""
    if any(isinstance(entry, (bool, Switch)) for entry in entries):
        raise CannotEnclose("arithmetic with truth values")
    return not any(isinstance(entry, Curve) for entry in entries)


def total(x: Any, y: Any) -> Any:
    """The sum."""
    if numbers(x, y):
        return x + y

    def add(first: Any, second: Any) -> Any:
        (p, q), (r, s) = first, second
        return (p + r, q) if q == s else (p * s + r * q, q * s)

    return join(add, x, y)


def product(x: Any, y: Any) -> Any:
    """The product; a truth value beside a curve is a factor 1 or 0."""
    x, y = _weight(x, y), _weight(y, x)
    return x * y if numbers(x, y) else join(lambda f, g: (f[0] * g[0], f[1] * g[1]), x, y)


def _weight(x: Any, beside: Any) -> Any:
    floating = isinstance(beside, Curve) and not isinstance(beside, Switch)
    return as_number(x) if floating and isinstance(x, Switch) else x


def as_number(x: Any) -> Any:
    """Truth values as 1 and 0."""
    if isinstance(x, Switch):
        return join(lambda t: (fmpq_poly([int(t)]), fmpq_poly([1])), x)
    return fmpq(int(x)) if isinstance(x, bool) else x


def quotient(x: Any, y: Any) -> Any:
    """The quotient; refused where the divisor may be 0."""
    if numbers(x, y):
        return divide(x, y)
    if not isinstance(y, Curve):
        return product(x, divide(fmpq(1), y))
    refuse_zeros(y)
    return join(lambda f, g: (f[0] * g[1], f[1] * g[0]), x, y)


def compared(gap: Any, decide: Callable[[Any, Any], Any]) -> Any:
    """The truth of a comparison of the gap with 0."""
    if not isinstance(gap, Curve):
        return bool(decide(gap, 0))
    return join(lambda sign: bool(decide(sign, 0)), signs(cut_at_zeros(gap)), kind=Switch)


def chosen(test: Any, x: Any, y: Any) -> Any:
    """``x`` where the test is true, else ``y``."""
    if not isinstance(test, (bool, Switch)):
        raise CannotEnclose("a choice by something that is not a truth value")
    if numbers(x, y) and isinstance(test, Switch) and x == y:
        return x
    return choose(test, x, y) if isinstance(test, Switch) else x if test else y


def through(entry: Map, x: Any) -> Any:
    """A continuous piecewise linear map of a number or a curve."""
    if entry.kinks is None or entry.exact is None:
        raise CannotEnclose(f"{entry.name} in a function of one coordinate")
    if numbers(x):
        return entry.exact(x)[0]
    for kink in entry.kinks:
        x = total(cut_at_zeros(total(x, -kink)), kink)
    return Curve(x.variable, x.knots, tuple(_line(entry, x, place) for place in range(len(x.parts))))


def _line(entry: Map, x: Curve, place: int) -> Any:
    """A part that meets no kink in its interior, through the piece of the map that it lies in."""
    part = x.parts[place]
    if part is None or entry.exact is None:
        return None
    p, q = part
    point = interior(*x.ends(place))
    middle = p(point) / q(point)
    value, slope = entry.exact(middle)
    if p == middle * q:
        return fmpq_poly([value]), fmpq_poly([1])
    if slope is None:
        raise CannotEnclose(f"{entry.name} at a kink")
    return (value - slope * middle) * q + slope * p, q
