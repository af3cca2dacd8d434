"""Functions of one real variable in pieces that are rational functions, exactly: values, signs, and injectivity.

A curve is cut at rational knots. Between two knots it is ``p / q`` with rational coefficients and a ``q`` that does not
vanish on the closed piece; at a knot it has a value of its own, so jumps are kept. Outside the range of its variable it
is nothing, and nothing is asked of it there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from flint import arb, fmpq, fmpq_poly

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.polynomials import real_roots

__all__ = [
    "ABOVE",
    "BELOW",
    "Curve",
    "End",
    "Image",
    "Switch",
    "choose",
    "cut_at_zeros",
    "identity",
    "images",
    "injective",
    "interior",
    "join",
    "meetings",
    "refuse_zeros",
    "signs",
]

#: An end of a range: finite, or infinite (-1 or 1) with 0 beside it, so that ends compare as tuples.
End = tuple[int, fmpq]
#: A rational function p / q; a truth value or a sign; or nothing, outside the range.
Part = Any
#: Largest degree, and number of knots, that are worked with.
MAX_DEGREE, MAX_KNOTS = 16, 64
ONE = fmpq_poly([1])
BELOW, ABOVE = (-1, fmpq(0)), (1, fmpq(0))


@dataclass(frozen=True, eq=False)
class Curve:
    """A function of coordinate ``variable``.

    Attributes
    ----------
    variable
        Index of the coordinate.
    knots
        Rational, increasing.
    parts
        What it is below the first knot, at it, between it and the second one, and so on: ``2 len(knots) + 1`` items.
        At a knot ``q`` is 1 and ``p`` constant.
    """

    variable: int
    knots: tuple[fmpq, ...]
    parts: tuple[Part, ...]

    def over(self, knots: Sequence[fmpq]) -> list[Part]:
        """The parts with regard to more knots."""
        found = [self.parts[0]]
        for knot in knots:
            place = bisect_left(self.knots, knot)
            own = place < len(self.knots) and self.knots[place] == knot
            found.append(self.parts[2 * place + 1] if own else _at(self.parts[2 * place], knot))
            found.append(self.parts[2 * bisect_right(self.knots, knot)])
        return found

    def ends(self, place: int) -> tuple[End, End]:
        """The ends of a part; they agree at a knot."""
        if place % 2:
            return (0, self.knots[place // 2]), (0, self.knots[place // 2])
        low = (0, self.knots[place // 2 - 1]) if place else BELOW
        return low, (0, self.knots[place // 2]) if place < len(self.parts) - 1 else ABOVE


class Switch(Curve):
    """A truth value for every value of the variable."""


@dataclass(frozen=True)
class Image:
    """The values that a strictly monotone part takes: the open interval between two ends, or one number."""

    place: int
    low: End
    high: End

    def meets(self, other: Image) -> bool:
        """Whether the two have a number in common."""
        if self.low == self.high and other.low == other.high:
            return self.low == other.low
        return max(self.low, other.low) < min(self.high, other.high) or any(
            a.low == a.high and b.low < a.low < b.high for a, b in ((self, other), (other, self))
        )


def identity(variable: int, ranges: Sequence[tuple[End, End]]) -> Curve:
    """The variable itself on these closed intervals, which may touch.

    Raises
    ------
    CannotEnclose
        For intervals that overlap.
    """
    knots: list[fmpq] = []
    parts: list[Part] = [None]
    ordered = sorted(ranges)
    if any(second[0] < first[1] for first, second in pairwise(ordered)):
        raise CannotEnclose("a range in intervals that overlap")
    for low, high in ordered:
        for end, after in ((low, (fmpq_poly([0, 1]), ONE)), (high, None)):
            if end == BELOW:
                parts[-1] = after
            elif end != ABOVE:
                if knots and knots[-1] == end[1]:
                    parts[-1] = after
                    continue
                knots.append(end[1])
                parts += [(fmpq_poly([end[1]]), ONE), after]
    return Curve(variable, tuple(knots), tuple(parts))


def _at(part: Part, knot: fmpq) -> Part:
    if part is None or isinstance(part, int):
        return part
    p, q = part
    return fmpq_poly([p(knot) / q(knot)]), ONE


def join(function: Callable[..., Part], *curves: Any, kind: type[Curve] = Curve) -> Curve:
    """A function of the parts of curves of one variable; numbers stand for constants.

    Raises
    ------
    CannotEnclose
        For curves of several variables, and for more knots or degrees than are worked with.
    """
    varying = [curve for curve in curves if isinstance(curve, Curve)]
    if len({curve.variable for curve in varying}) != 1:
        raise CannotEnclose("a function of several coordinates")
    knots = tuple(sorted({knot for curve in varying for knot in curve.knots}))
    if len(knots) > MAX_KNOTS:
        raise CannotEnclose(f"a function with more than {MAX_KNOTS} pieces")
    constants = [None if isinstance(c, Curve) else (fmpq_poly([c]), ONE) for c in curves]
    tables = [curve.over(knots) if isinstance(curve, Curve) else None for curve in curves]
    parts: list[Part] = []
    for place in range(2 * len(knots) + 1):
        given = [constant if table is None else table[place] for table, constant in zip(tables, constants, strict=True)]
        made = None if any(part is None for part in given) else function(*given)
        parts.append(_at(made, fmpq(0)) if place % 2 else made)
    _refuse_large(parts)
    return kind(varying[0].variable, knots, tuple(parts))


def _refuse_large(parts: Sequence[Part]) -> None:
    for part in parts:
        if isinstance(part, tuple) and max(part[0].degree(), part[1].degree()) > MAX_DEGREE:
            raise CannotEnclose(f"a rational function of a degree above {MAX_DEGREE}")


def choose(test: Switch, first: Any, second: Any) -> Curve:
    """``first`` where the test is true, else ``second``."""
    return join(lambda t, a, b: a if t else b, test, first, second)


# Zeros and signs ------------------------------------------------------------------------------------------------


def _zeros_between(polynomial: fmpq_poly, low: End, high: End, *, closed: bool = False) -> Iterator[fmpq | None]:
    """Real zeros of a polynomial between two ends: a rational number, or ``None`` for an irrational one."""
    for root in real_roots([polynomial]):
        if root.exact is not None:
            place = (0, fmpq(root.exact.numerator, root.exact.denominator))
            if low < place < high or (closed and place in (low, high)):
                yield place[1]
        elif not (low != BELOW and root.ball < arb(low[1])) and not (high != ABOVE and root.ball > arb(high[1])):
            yield None


def cut_at_zeros(curve: Curve) -> Curve:
    """The same curve with a knot wherever it is 0 or may change its sign.

    Raises
    ------
    CannotEnclose
        Where such a place is not rational.
    """
    knots = set(curve.knots)
    for place in range(0, len(curve.parts), 2):
        part = curve.parts[place]
        if part is None:
            continue
        for zero in _zeros_between(part[0], *curve.ends(place)):
            if zero is None:
                raise CannotEnclose("a sign that changes at an irrational number")
            knots.add(zero)
    ordered = tuple(sorted(knots))
    return Curve(curve.variable, ordered, tuple(curve.over(ordered)))


def signs(curve: Curve) -> Switch:
    """-1, 0 or 1 for every part of a curve that is cut at its zeros (``None`` outside the range)."""
    found: list[Part] = []
    for place, part in enumerate(curve.parts):
        if part is None:
            found.append(None)
            continue
        point = interior(*curve.ends(place))
        value = part[0](point) / part[1](point)
        found.append((value > 0) - (value < 0))
    return Switch(curve.variable, curve.knots, tuple(found))


def interior(low: End, high: End) -> fmpq:
    """A rational number between two ends, or the one at both."""
    if low == BELOW:
        return fmpq(0) if high == ABOVE else high[1] - 1
    return low[1] + 1 if high == ABOVE else (low[1] + high[1]) / 2


def refuse_zeros(curve: Curve) -> None:
    """Refuse a curve that is 0 somewhere, or tends to 0 at a knot."""
    for place, part in enumerate(curve.parts):
        if part is None:
            continue
        low, high = curve.ends(place)
        zero = not part[0] if place % 2 else next(_zeros_between(part[0], low, high, closed=True), ()) != ()
        if zero or not part[0]:
            raise CannotEnclose("a division whose divisor may be 0")


# Injectivity ----------------------------------------------------------------------------------------------------


def images(curve: Curve) -> list[Image] | None:
    """The values that every part takes, or ``None`` where a part is not proved strictly monotone."""
    found: list[Image] = []
    for place, part in enumerate(curve.parts):
        if part is None:
            continue
        low, high = curve.ends(place)
        if place % 2 or _strict(part, low, high):
            found.append(_image_of(part, low, high, place))
        else:
            return None
    return found


def injective(curve: Curve) -> bool:
    """Whether the curve takes no value twice on its range: strictly monotone parts with disjoint images."""
    found = images(curve)
    return bool(found) and not any(a.meets(b) for a, b in combinations(found or [], 2))


def _strict(part: Part, low: End, high: End) -> bool:
    """Whether a rational function is strictly monotone between two ends: its slope has no zero of odd order there."""
    p, q = part
    slope = p.derivative() * q - p * q.derivative()
    if not slope:
        return False
    odd = ONE
    for factor, order in slope.numer().factor()[1]:
        if order % 2:
            odd = odd * fmpq_poly(factor)
    return next(_zeros_between(odd, low, high), ()) == ()


def _limit(part: Part, end: End) -> End:
    p, q = part
    if end[0] == 0:
        return 0, p(end[1]) / q(end[1])
    gap = p.degree() - q.degree()
    if gap < 0:
        return 0, fmpq(0)
    ratio = p[p.degree()] / q[q.degree()]
    if gap == 0:
        return 0, ratio
    grows = (ratio > 0) == (end == ABOVE or gap % 2 == 0)
    return ABOVE if grows else BELOW


def meetings(curve: Curve) -> Iterator[tuple[fmpq, fmpq]]:
    """Two places at which the curve has one value, for parts that are constant and pairs of parts that are affine."""
    straight = [(k, part) for k, part in enumerate(curve.parts) if part is not None and _is_affine(part)]
    for place, part in straight:
        if not place % 2 and part[0].degree() < 1:
            low, high = curve.ends(place)
            middle = interior(low, high)
            yield middle, interior((0, middle), high)
    taken = [(part, _image_of(part, *curve.ends(k), k)) for k, part in straight if k % 2 or part[0].degree() == 1]
    for (first, one), (second, other) in combinations(taken, 2):
        if one.meets(other):
            value = interior(max(one.low, other.low), min(one.high, other.high))
            yield _solved(first, one, curve, value), _solved(second, other, curve, value)


def _is_affine(part: Part) -> bool:
    return bool(part[0].degree() <= 1 and part[1].degree() == 0)


def _image_of(part: Part, low: End, high: End, place: int) -> Image:
    first, second = (_limit(part, end) for end in (low, high))
    return Image(place, min(first, second), max(first, second))


def _solved(part: Part, image: Image, curve: Curve, value: fmpq) -> fmpq:
    """Where an affine part, or a knot, has the value."""
    if image.place % 2:
        return curve.knots[image.place // 2]
    return (value * part[1][0] - part[0][0]) / part[0][1]
