"""Parts of a graph in which every entry is a function of one coordinate, in pieces that are rational functions.

This is how activations that are written by hand are read (``where(x > 0, x, a x)``, ``x / (1 + |x|)``, sums of relus,
clamps within their range): exactly, piece by piece.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_poly
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import Range
from ivae_theory.enclosure.network.curves import (
    ABOVE,
    BELOW,
    Curve,
    End,
    Switch,
    choose,
    cut_at_zeros,
    identity,
    interior,
    join,
    meetings,
    refuse_zeros,
    signs,
)
from ivae_theory.enclosure.network.intervals import divide
from ivae_theory.enclosure.network.maps import Map
from ivae_theory.enclosure.network.operations import OPERATIONS
from ivae_theory.enclosure.network.structure import Sibling, Tail
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.exact import to_fraction

__all__ = ["Ranges", "curves_between", "intervals_of", "moved", "one_value"]

#: Closed intervals that contain the values of one coordinate; and those of all coordinates.
Intervals = list[tuple[End, End]]
Ranges = list[Intervals]
#: Operations that only use the machine's own arithmetic, or that only move entries.
_SAME = (
    "add sub rsub mul div neg square addcmul lerp maximum minimum max.other min.other clamp clamp_min clamp_max "
    "clamp.Tensor clamp_min.Tensor clamp_max.Tensor relu relu6 abs leaky_relu hardtanh softshrink hardsigmoid "
    "hardswish prelu _prelu_kernel clone detach alias contiguous view reshape _unsafe_view expand unsqueeze squeeze "
    "t transpose permute cat stack select slice split split_with_sizes unbind gt ge lt le"
).split()

#: Powers that are multiplied out.
EXPONENTS = (-8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8)


def curves_between(graph: Graph, start: int, stop: int, shape: tuple[int, ...], ranges: Ranges) -> NDArray[Any]:
    """The entries of node ``stop`` as functions of one coordinate of node ``start`` (-1: the input) each.

    Returns an object array of curves and of rational constants; the coordinates are numbered in the order of the
    flattened entries of ``start``, and lie in ``ranges``.

    Raises
    ------
    CannotEnclose
        Where an entry is no such function.
    """
    first = np.empty(len(ranges), dtype=object)
    first[:] = [identity(k, parts) for k, parts in enumerate(ranges)]
    result = _Walk(graph, start, Tensor(first.reshape(shape)), Machine(exact=True)).result(stop)
    if not isinstance(result, Tensor) or any(isinstance(item, Switch) for item in result.value.flat):
        raise CannotEnclose("a node that is not a tensor of numbers")
    return np.asarray(Machine(exact=True).lifted(result).value.reshape(-1), dtype=object)


def one_value(graph: Graph, cuts: Sequence[int], supports: Sequence[Sequence[Range]]) -> Iterator[tuple[int, Any, Any]]:
    """Coordinates with two values each at which an entry of the last of the cuts that is read so has one value.

    Candidates for a collision: other entries may tell the two apart.
    """
    ranges = [intervals_of(parts) for parts in supports]
    entries: NDArray[Any] = np.empty(0, dtype=object)
    for cut in cuts:
        try:
            entries = curves_between(graph, -1, cut, (1, graph.m), ranges)
        except (CannotEnclose, Sibling):
            break
    for entry in entries:
        if isinstance(entry, Curve):
            for first, second in meetings(entry):
                yield entry.variable, to_fraction(first), to_fraction(second)


def intervals_of(parts: Sequence[Range]) -> Intervals:
    """The closures of the intervals of a support."""
    return [(_end(part.low), _end(part.high)) for part in parts]


def moved(intervals: Intervals, factor: Fraction, shift: Fraction) -> Intervals:
    """The intervals times a factor that is not 0, plus a shift."""
    rate, step = (fmpq(value.numerator, value.denominator) for value in (factor, shift))
    sign = 1 if factor > 0 else -1
    ends = [[(sign * side, step + rate * value if side == 0 else fmpq(0)) for side, value in ab] for ab in intervals]
    return [(min(ab), max(ab)) for ab in ends]


def _end(end: Any) -> End:
    if isinstance(end, float):
        return BELOW if end < 0 else ABOVE
    return 0, fmpq(end.numerator, end.denominator)


class _Walk(Tail):
    """Evaluates with curves what varies, and with numbers what does not."""

    def result(self, index: int) -> Any:
        if index == self.cut or not self.graph.varying[index]:
            return super().result(index)
        if index not in self.results:
            self.results[index] = self.graph.step(index, self.read, _Curves(exact=True), MEANINGS)
        return self.results[index]


def _array(values: Any) -> NDArray[Any]:
    result = np.empty(np.shape(values), dtype=object)
    result[...] = values
    return result


@dataclass(frozen=True)
class _Curves(Machine):
    """Arithmetic on curves and rational numbers."""

    def each(self, function: Callable[..., Any], *given: Any) -> Tensor:
        """An entrywise function with broadcasting."""
        values = [self.lifted(item).value for item in given]
        return Tensor(_array(np.frompyfunc(function, len(values), 1)(*values)))

    def _literal(self, *given: Any) -> bool:
        """Whether all are stored numbers, whose types count (whole numbers have a width)."""
        return all(self.constant(item).literal for item in given)

    def add(self, a: Any, b: Any, scale: Any = 1) -> Tensor:
        """``a + scale b``."""
        if self._literal(a, b):
            return super().add(a, b, scale)
        rate = self.number(scale)
        return self.each(lambda x, y: _sum(x, _product(rate, y)), a, b)

    def multiply(self, a: Any, b: Any) -> Tensor:
        """Entrywise product."""
        return super().multiply(a, b) if self._literal(a, b) else self.each(_product, a, b)

    def square(self, a: Any) -> Tensor:
        """Entrywise square."""
        return self.each(lambda x: _product(x, x), a)

    def reciprocal(self, a: Any) -> Tensor:
        """Entrywise ``1/a``."""
        return self.divide(1, a)

    def divide(self, a: Any, b: Any) -> Tensor:
        """Entrywise quotient; refused where ``b`` may be 0."""
        return self.each(_quotient, a, b)

    def apply(self, maps: Map | NDArray[Any], a: Any) -> Tensor:
        """A continuous piecewise linear map, or an array of them."""
        x = self.lifted(a).value
        table = np.empty(x.shape, dtype=object)
        table[...] = maps
        return Tensor(_array(np.frompyfunc(_through, 2, 1)(table, x)))

    def extreme(self, a: Any, b: Any, largest: bool) -> Tensor:
        """Entrywise maximum or minimum."""
        first = operator.gt if largest else operator.lt
        return self.choose(self.compare(a, b, first, "gt"), a, b)

    def choose(self, condition: Any, a: Any, b: Any) -> Tensor:
        """``a`` where the condition holds, else ``b``."""
        test = self.constant(condition)
        if test.literal and test.value.dtype != bool:
            raise CannotEnclose("a choice by something that is not a truth value")
        truth = Tensor(test.value.astype(object)) if test.literal else test
        return self.each(_chosen, truth, a, b)

    def compare(self, a: Any, b: Any, decide: Callable[[Any, Any], Any], name: str) -> Tensor:
        """Truth values, one for every piece."""
        if self._literal(a, b):
            return super().compare(a, b, decide, name)
        return self.each(lambda x, y: _compared(_sum(x, _product(fmpq(-1), y)), decide), a, b)

    def matmul(self, a: Any, b: Any) -> Tensor:
        """Refused: it adds several coordinates."""
        raise CannotEnclose("a product of matrices in a function of one coordinate")

    def sum(self, a: Any, axes: tuple[int, ...], keep: bool = False) -> Tensor:
        """Refused: it adds several coordinates."""
        raise CannotEnclose("a sum in a function of one coordinate")


# Entries ----------------------------------------------------------------------------------------------------------


def _numbers(*entries: Any) -> bool:
    """Whether all are rational numbers, none a curve; a truth value is no number."""
    if any(isinstance(entry, (bool, Switch)) for entry in entries):
        raise CannotEnclose("arithmetic with truth values")
    return not any(isinstance(entry, Curve) for entry in entries)


def _sum(x: Any, y: Any) -> Any:
    if _numbers(x, y):
        return x + y

    def add(first: Any, second: Any) -> Any:
        (p, q), (r, s) = first, second
        return (p + r, q) if q == s else (p * s + r * q, q * s)

    return join(add, x, y)


def _product(x: Any, y: Any) -> Any:
    x, y = _weight(x, y), _weight(y, x)
    return x * y if _numbers(x, y) else join(lambda f, g: (f[0] * g[0], f[1] * g[1]), x, y)


def _weight(x: Any, beside: Any) -> Any:
    """A truth value beside a curve is a factor 1 or 0."""
    floating = isinstance(beside, Curve) and not isinstance(beside, Switch)
    return _as_number(x) if floating and isinstance(x, Switch) else x


def _as_number(x: Any) -> Any:
    if isinstance(x, Switch):
        return join(lambda t: (fmpq_poly([int(t)]), fmpq_poly([1])), x)
    return fmpq(int(x)) if isinstance(x, bool) else x


def _quotient(x: Any, y: Any) -> Any:
    if _numbers(x, y):
        return divide(x, y)
    if not isinstance(y, Curve):
        return _product(x, divide(fmpq(1), y))
    refuse_zeros(y)
    return join(lambda f, g: (f[0] * g[1], f[1] * g[0]), x, y)


def _compared(gap: Any, decide: Callable[[Any, Any], Any]) -> Any:
    """The truth of a comparison of the gap with 0."""
    if not isinstance(gap, Curve):
        return bool(decide(gap, 0))
    return join(lambda sign: bool(decide(sign, 0)), signs(cut_at_zeros(gap)), kind=Switch)


def _chosen(test: Any, x: Any, y: Any) -> Any:
    if not isinstance(test, (bool, Switch)):
        raise CannotEnclose("a choice by something that is not a truth value")
    if _numbers(x, y) and isinstance(test, Switch) and x == y:
        return x
    return choose(test, x, y) if isinstance(test, Switch) else x if test else y


def _through(entry: Map, x: Any) -> Any:
    """A continuous piecewise linear map of a number or a curve."""
    if entry.kinks is None or entry.exact is None:
        raise CannotEnclose(f"{entry.name} in a function of one coordinate")
    if _numbers(x):
        return entry.exact(x)[0]
    for kink in entry.kinks:
        x = _sum(cut_at_zeros(_sum(x, -kink)), kink)
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


# Operations -------------------------------------------------------------------------------------------------------


def _where(machine: _Curves, condition: Any, a: Any, b: Any) -> Tensor:
    return machine.choose(condition, a, b)


def _masked_fill(machine: _Curves, x: Any, mask: Any, value: Any) -> Tensor:
    return machine.choose(mask, value, x)


def _like(name: str) -> Callable[..., Any]:
    def run(machine: _Curves, x: Any, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(item, (bool, Switch)) for item in machine.constant(x).value.flat):
            raise CannotEnclose(f"{name} of truth values, which are truth values again")
        return OPERATIONS[name](machine, x, *args, **kwargs)

    return run


def _sign(machine: _Curves, x: Any) -> Tensor:
    above, below = (machine.compare(x, 0, decide, "sign") for decide in (operator.gt, operator.lt))
    return machine.choose(above, 1, machine.choose(below, -1, 0))


def _pow(machine: _Curves, base: Any, exponent: Any) -> Tensor:
    if not isinstance(base, Tensor) or isinstance(exponent, Tensor) or exponent not in EXPONENTS:
        raise CannotEnclose("such a power in a function of one coordinate")
    result = base
    for _ in range(abs(int(exponent)) - 1):
        result = machine.multiply(result, base)
    return result if exponent > 0 else machine.reciprocal(result)


def _cast(machine: _Curves, x: Any, *_: Any, dtype: Any = None, **__: Any) -> Tensor:
    """Truth values become 1 and 0; casts between floating types are the identity."""
    if dtype is not None and not str(dtype).startswith(("float", "bfloat")):
        raise CannotEnclose(f"a cast to {dtype} in a function of one coordinate")
    return machine.constant(x) if dtype is None else machine.each(_as_number, x)


MEANINGS: dict[str, Callable[..., Any]] = {
    **{name: OPERATIONS[name] for name in _SAME},
    **{name: _like(name) for name in ("zeros_like", "ones_like", "full_like")},
    "where": _where,
    "masked_fill": _masked_fill,
    "reciprocal": lambda machine, x: machine.reciprocal(x),
    "sign": _sign,
    "sgn": _sign,
    "pow": _pow,
    "_to_copy": _cast,
}
