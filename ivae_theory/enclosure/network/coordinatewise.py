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
from flint import fmpq
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import Range
from ivae_theory.enclosure.network.curve_arithmetic import (
    as_number,
    chosen,
    compared,
    product,
    quotient,
    through,
    total,
)
from ivae_theory.enclosure.network.curves import ABOVE, BELOW, Curve, End, Switch, identity, meetings
from ivae_theory.enclosure.network.maps import Map
from ivae_theory.enclosure.network.operations import OPERATIONS
from ivae_theory.enclosure.network.structure import Sibling, Tail
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.network.whole import is_float, refuse_rounding
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
    "t transpose permute flip cat stack select slice split split_with_sizes unbind gt ge lt le"
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


def _entrywise(function: Callable[..., Any], *values: NDArray[Any]) -> Tensor:
    with np.errstate(all="ignore"):  # numpy reads the processor's flags, which exact arithmetic may leave set
        made = np.frompyfunc(function, len(values), 1)(*values)
    result = np.empty(np.shape(made), dtype=object)
    result[...] = made
    return Tensor(result)


@dataclass(frozen=True)
class _Curves(Machine):
    """Arithmetic on curves and rational numbers."""

    def each(self, function: Callable[..., Any], *given: Any) -> Tensor:
        """An entrywise function with broadcasting."""
        return _entrywise(function, *(self.lifted(item).value for item in given))

    def _literal(self, *given: Any) -> bool:
        """Whether all are stored numbers, whose types count (whole numbers have a width)."""
        return all(self.constant(item).literal for item in given)

    def add(self, a: Any, b: Any, scale: Any = 1) -> Tensor:
        """``a + scale b``."""
        if self._literal(a, b):
            return super().add(a, b, scale)
        rate = self.number(scale)
        return self.each(lambda x, y: total(x, product(rate, y)), a, b)

    def multiply(self, a: Any, b: Any) -> Tensor:
        """Entrywise product."""
        if self._literal(a, b):
            return super().multiply(a, b)
        # A truth value times a stored float is a float, 1 or 0 times it; times a whole number it is a whole number.
        for x, y in ((a, b), (b, a)):
            if self.constant(y).literal and self.constant(y).value.dtype.kind == "f":
                return self.each(product, self.each(as_number, x), y)
        return self.each(product, a, b)

    def square(self, a: Any) -> Tensor:
        """Entrywise square."""
        return self.each(lambda x: product(x, x), a)

    def reciprocal(self, a: Any) -> Tensor:
        """Entrywise ``1/a``."""
        return self.divide(1, a)

    def divide(self, a: Any, b: Any) -> Tensor:
        """Entrywise quotient; refused where ``b`` may be 0."""
        return self.each(quotient, a, b)

    def apply(self, maps: Map | NDArray[Any], a: Any) -> Tensor:
        """A continuous piecewise linear map, or an array of them."""
        x = self.lifted(a).value
        table = np.empty(x.shape, dtype=object)
        table[...] = maps
        return _entrywise(through, table, x)

    def extreme(self, a: Any, b: Any, largest: bool) -> Tensor:
        """Entrywise maximum or minimum."""
        first = operator.gt if largest else operator.lt
        return self.choose(self.compare(a, b, first, "gt"), a, b)

    def choose(self, condition: Any, a: Any, b: Any) -> Tensor:
        """``a`` where the condition holds, else ``b``."""
        test = self.constant(condition)
        if test.literal and test.value.dtype != bool:
            raise CannotEnclose("a choice by something that is not a truth value")
        if all(self.constant(item).value.dtype.kind in "iub" for item in (a, b)):
            raise CannotEnclose("a choice between whole numbers, which have a width, or truth values")
        truth = Tensor(test.value.astype(object)) if test.literal else test
        return self.each(chosen, truth, a, b)

    def compare(self, a: Any, b: Any, decide: Callable[[Any, Any], Any], name: str) -> Tensor:
        """Truth values, one for every piece."""
        if self._literal(a, b):
            return super().compare(a, b, decide, name)
        return self.each(lambda x, y: compared(total(x, product(fmpq(-1), y)), decide), a, b)

    def matmul(self, a: Any, b: Any) -> Tensor:
        """Refused: it adds several coordinates."""
        raise CannotEnclose("a product of matrices in a function of one coordinate")

    def sum(self, a: Any, axes: tuple[int, ...], keep: bool = False) -> Tensor:
        """Refused: it adds several coordinates."""
        raise CannotEnclose("a sum in a function of one coordinate")


# Operations -------------------------------------------------------------------------------------------------------


def _where(machine: _Curves, condition: Any, a: Any, b: Any) -> Tensor:
    return machine.choose(condition, a, b)


def _masked_fill(machine: _Curves, x: Any, mask: Any, value: Any) -> Tensor:
    refuse_rounding(machine.constant(x).value, machine.constant(value).value)
    return machine.choose(mask, value, x)


def _threshold(machine: _Curves, x: Any, level: Any, value: Any) -> Tensor:
    refuse_rounding(machine.constant(x).value, machine.constant(value).value)
    return machine.choose(machine.compare(x, level, operator.gt, "threshold"), x, value)


def _like(name: str) -> Callable[..., Any]:
    def run(machine: _Curves, x: Any, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(item, (bool, Switch)) for item in machine.constant(x).value.flat):
            raise CannotEnclose(f"{name} of truth values, which are truth values again")
        return OPERATIONS[name](machine, x, *args, **kwargs)

    return run


def _sign(machine: _Curves, x: Any) -> Tensor:
    above, below = (machine.compare(x, 0, decide, "sign") for decide in (operator.gt, operator.lt))
    return machine.choose(above, 1.0, machine.choose(below, -1.0, 0.0))


def _pow(machine: _Curves, base: Any, exponent: Any) -> Tensor:
    if not isinstance(base, Tensor) or isinstance(exponent, Tensor) or exponent not in EXPONENTS:
        raise CannotEnclose("such a power in a function of one coordinate")
    result = base
    for _ in range(abs(int(exponent)) - 1):
        result = machine.multiply(result, base)
    return result if exponent > 0 else machine.reciprocal(result)


def _cast(machine: _Curves, x: Any, *_: Any, dtype: Any = None, **__: Any) -> Tensor:
    """Truth values become 1 and 0; what varies is not rounded to single precision, and not cast to less."""
    if machine.constant(x).literal:
        return machine.constant(OPERATIONS["_to_copy"](machine, x, dtype=dtype))
    if not is_float(dtype):
        raise CannotEnclose(f"a cast to {dtype} in a function of one coordinate")
    return machine.constant(x) if dtype is None else machine.each(as_number, x)


MEANINGS: dict[str, Callable[..., Any]] = {
    **{name: OPERATIONS[name] for name in _SAME},
    **{name: _like(name) for name in ("zeros_like", "ones_like", "full_like")},
    "where": _where,
    "masked_fill": _masked_fill,
    "threshold": _threshold,
    "reciprocal": lambda machine, x: machine.reciprocal(x),
    "sign": _sign,
    "sgn": _sign,
    "pow": _pow,
    "_to_copy": _cast,
}
