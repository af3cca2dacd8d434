"""Arrays of balls (or rationals) with their first derivatives, and the arithmetic that networks need.

A :class:`Tensor` carries its value, its tangent (derivative with respect to every coordinate of the input) and
which entries are curved, that is, not proved affine in the input over the box at hand. Constants stay numpy
arrays until arithmetic needs them, so that indices remain integers and weights remain exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from flint import arb, fmpq
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import balls, contains_zero, divide, hull, is_zero, matmul, multiply
from ivae_theory.enclosure.network.maps import Map
from ivae_theory.enclosure.network.whole import (
    alike,
    both_true_or_false,
    both_whole,
    combined,
    kept_whole,
    refuse_wrapped,
)

__all__ = ["Machine", "Tensor"]

Array = NDArray[Any]
_multiply = np.frompyfunc(multiply, 2, 1)
_is_zero = np.frompyfunc(is_zero, 1, 1)


@dataclass(frozen=True, eq=False)
class Tensor:
    """Values with tangents.

    Attributes
    ----------
    value
        Numbers of a numpy dtype (a constant), or an object array of balls or rationals.
    tangent
        Shape ``value.shape + (m,)``; ``None`` when the entries do not depend on the input, or are not asked for.
    curved
        Which entries are not proved affine in the input; ``None`` for none.
    lifts
        The numbers that a constant stands for, kept once they were made (as rationals: key True).
    """

    value: Array
    tangent: Array | None = None
    curved: Array | None = None
    lifts: dict[bool, Array] = field(default_factory=dict, repr=False)

    @property
    def literal(self) -> bool:
        """Whether this is a constant still held as numpy numbers."""
        return self.value.dtype != object

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return self.value.shape


def _objects(value: Any) -> Array:
    array = np.empty(np.shape(value), dtype=object)
    array[...] = value
    return array


@dataclass(frozen=True)
class Machine:
    """Arithmetic on tensors: balls, or rationals when ``exact``; ``m`` input coordinates to differentiate by.

    With ``generic`` the values of the input are placeholders and the question is what holds for *every* input: whatever
    is not affine in it is curved, and nothing is decided by comparing values.
    """

    exact: bool = False
    m: int | None = None
    generic: bool = False

    def constant(self, value: Any) -> Tensor:
        """A Python or numpy constant; integers beyond 64 bits are lifted at once: numpy would divide them as floats."""
        if isinstance(value, Tensor):
            return value
        array = np.asarray(value)
        return Tensor(balls(array, exact=self.exact) if array.dtype == object or array.dtype == np.uint64 else array)

    def lifted(self, value: Any) -> Tensor:
        """The same with an object array of numbers."""
        tensor = self.constant(value)
        if not tensor.literal:
            return tensor
        if self.exact not in tensor.lifts:
            tensor.lifts[self.exact] = balls(tensor.value, exact=self.exact)
        return Tensor(tensor.lifts[self.exact])

    def number(self, value: Any) -> Any:
        """A Python number in the machine's number system."""
        return balls(value, exact=self.exact).item()

    def zeros(self, shape: Sequence[int]) -> Array:
        """An object array of zeros."""
        return np.full(tuple(shape), self.number(0), dtype=object)

    def gather(self, tensors: Sequence[Any], arrange: Callable[..., Array]) -> Tensor:
        """Any rearrangement of entries: ``arrange`` is given arrays of positions and returns one."""
        parts = [self.constant(t) for t in tensors]
        if all(p.literal for p in parts):
            return Tensor(np.asarray(arrange(*(p.value for p in parts))))
        parts = [self.lifted(p) for p in parts]
        starts = np.cumsum([0] + [p.value.size for p in parts])
        places = [np.arange(p.value.size).reshape(p.shape) + s for p, s in zip(parts, starts[:-1], strict=True)]
        index = np.asarray(arrange(*places))
        value = np.concatenate([p.value.reshape(-1) for p in parts])[index]
        if not isinstance(value, np.ndarray):
            value = _objects(value)
        tangent = curved = None
        if any(p.tangent is not None for p in parts):
            rows = [self._tangent(p).reshape(p.value.size, self.m or 0) for p in parts]
            tangent = np.concatenate(rows)[index]
        if any(p.curved is not None for p in parts):
            bent = np.concatenate([self._curved(p).reshape(-1) for p in parts])[index]
            curved = np.asarray(bent)
        return Tensor(value, tangent, curved)

    def _tangent(self, t: Tensor) -> Array:
        return self.zeros((*t.shape, self.m or 0)) if t.tangent is None else t.tangent

    def _curved(self, t: Tensor) -> Array:
        return np.zeros(t.shape, dtype=bool) if t.curved is None else t.curved

    def _aligned(self, t: Tensor, ndim: int) -> Array:
        """The tangent with leading axes so that it broadcasts as the values do."""
        tangent = self._tangent(t)
        return tangent.reshape((1,) * (ndim - len(t.shape)) + tangent.shape)

    def add(self, a: Any, b: Any, scale: Any = 1) -> Tensor:
        """``a + scale b`` with broadcasting."""
        x, y = self.constant(a), self.constant(b)
        if isinstance(scale, int) and both_whole(*alike(x.value, y.value)):
            return Tensor(combined(lambda p, q: p + scale * q, *alike(x.value, y.value)))
        if both_true_or_false(x.value, y.value):
            return Tensor(np.asarray(x.value | (y.value & bool(scale))))
        x, y = self.lifted(x), self.lifted(y)
        if scale != 1:
            y = self.multiply(y, scale)
        value = _objects(x.value + y.value)
        tangent = curved = None
        if x.tangent is not None or y.tangent is not None:
            shape = (*value.shape, self.m or 0)
            tangent = np.broadcast_to(self._aligned(x, value.ndim) + self._aligned(y, value.ndim), shape)
        if x.curved is not None or y.curved is not None:
            curved = np.broadcast_to(self._curved(x) | self._curved(y), value.shape)
        return Tensor(value, tangent, curved)

    def multiply(self, a: Any, b: Any) -> Tensor:
        """Entrywise product with broadcasting."""
        x, y = self.constant(a), self.constant(b)
        if both_whole(*alike(x.value, y.value)):
            return Tensor(combined(lambda p, q: p * q, *alike(x.value, y.value)))
        if both_true_or_false(x.value, y.value):
            return Tensor(np.asarray(x.value & y.value))
        if x is y:
            return self.square(x)
        x, y = self.lifted(x), self.lifted(y)
        value = _objects(_multiply(x.value, y.value))
        return Tensor(value, *self._product_rule(x, y, value.shape))

    def _product_rule(self, x: Tensor, y: Tensor, shape: tuple[int, ...]) -> tuple[Array | None, Array | None]:
        if x.tangent is None and y.tangent is None:
            return None, None
        total, ndim = None, len(shape)
        for varying, other in ((x, y), (y, x)):
            if varying.tangent is not None:
                part = _multiply(self._aligned(varying, ndim), other.value[..., None])
                total = part if total is None else total + part
        tangent = np.broadcast_to(np.asarray(total), (*shape, self.m or 0))
        if x.tangent is not None and y.tangent is not None:
            return tangent, np.ones(shape, dtype=bool)
        curved = (x if x.tangent is not None else y).curved
        return tangent, None if curved is None else np.broadcast_to(curved, shape)

    def square(self, a: Any) -> Tensor:
        """Entrywise square, tight around 0."""
        from ivae_theory.enclosure.network.library import integer_power

        return self.apply(integer_power(2), a)

    def reciprocal(self, a: Any) -> Tensor:
        """Entrywise ``1/a``; refused where ``a`` may be 0."""
        x = self.lifted(a)
        value = np.empty(x.shape, dtype=object)
        rate = np.empty(x.shape, dtype=object)
        for index, item in np.ndenumerate(x.value):
            value[index] = divide(self.number(1), item)
            rate[index] = -multiply(value[index], value[index])
        return self._chain(x, value, rate, np.ones(x.shape, dtype=bool))

    def divide(self, a: Any, b: Any) -> Tensor:
        """Entrywise quotient; refused where ``b`` may be 0."""
        y = self.lifted(b)
        if y.tangent is not None:
            return self.multiply(a, self.reciprocal(y))
        x = self.lifted(a)
        quotient = np.frompyfunc(divide, 2, 1)
        value = _objects(quotient(x.value, y.value))
        tangent = curved = None
        if x.tangent is not None:
            tangent = quotient(self._aligned(x, value.ndim), y.value[..., None])
            tangent = np.broadcast_to(tangent, (*value.shape, self.m or 0))
            curved = None if x.curved is None else np.broadcast_to(x.curved, value.shape)
        return Tensor(value, tangent, curved)

    def apply(self, maps: Map | Array, a: Any) -> Tensor:
        """An elementwise map, or an object array of maps of ``a``'s shape."""
        if isinstance(maps, Map):
            whole = kept_whole(maps.name, self.constant(a).value, maps.exact)
            if whole is not None:
                return Tensor(whole)
        x = self.lifted(a)
        table: Any = np.broadcast_to(_objects(maps) if isinstance(maps, Map) else maps, x.shape)
        value = np.empty(x.shape, dtype=object)
        rate = np.empty(x.shape, dtype=object) if x.tangent is not None else None
        bends = np.zeros(x.shape, dtype=bool)
        for index, item in np.ndenumerate(x.value):
            value[index], slope = self._evaluate(table[index], item, rate is not None)
            if rate is not None:
                rate[index] = slope
                bends[index] = self.generic or not (table[index].linear and _constant(slope))
        return Tensor(value) if rate is None else self._chain(x, value, rate, bends)

    def _evaluate(self, entry: Map, item: Any, sloped: bool) -> tuple[Any, Any]:
        if not self.exact:
            return entry.value(item), entry.slope(item) if sloped else None
        if entry.exact is None:
            raise CannotEnclose(f"{entry.name} in rational arithmetic")
        value, slope = entry.exact(item)
        if sloped and slope is None:
            raise CannotEnclose(f"the slope of {entry.name} at a kink")
        return value, slope

    def _chain(self, x: Tensor, value: Array, rate: Array, bends: Array) -> Tensor:
        if x.tangent is None:
            return Tensor(value)
        tangent = np.asarray(_multiply(rate[..., None], x.tangent), dtype=object)
        if self.generic:
            return Tensor(value, tangent.reshape((*x.shape, self.m or 0)), np.ones(x.shape, dtype=bool))
        flat = np.asarray(_is_zero(tangent), dtype=bool).all(axis=-1) if tangent.size else np.ones(x.shape, bool)
        return Tensor(value, tangent.reshape((*x.shape, self.m or 0)), (bends | self._curved(x)) & ~flat)

    def matmul(self, a: Any, b: Any) -> Tensor:
        """Product of two matrices."""
        given = [self.constant(t).value for t in (a, b)]
        if both_whole(*given):
            return Tensor(combined(np.matmul, *given))
        x, y = self.lifted(a), self.lifted(b)
        value = matmul(x.value, y.value)
        rows, inner, columns, m = *x.shape, y.shape[1], self.m or 0
        tangent: Array | None = None
        curved: Array | None = None
        if x.tangent is not None:
            turned = np.moveaxis(x.tangent, 2, 1).reshape(rows * m, inner)
            tangent = np.moveaxis(matmul(turned, y.value).reshape(rows, m, columns), 1, 2)
        if y.tangent is not None:
            turned = y.tangent.reshape(inner, columns * m)
            part = matmul(x.value, turned).reshape(rows, columns, m)
            tangent = part if tangent is None else tangent + part
        if x.tangent is not None and y.tangent is not None:
            curved = np.ones((rows, columns), dtype=bool)
        elif x.curved is not None or y.curved is not None:
            left = self._curved(x) if x.curved is not None else ~np.asarray(_is_zero(x.value), dtype=bool)
            right = self._curved(y) if y.curved is not None else ~np.asarray(_is_zero(y.value), dtype=bool)
            curved = np.asarray((left[:, :, None] & right[None]).any(axis=1))
        return Tensor(value, tangent, curved)

    def sum(self, a: Any, axes: tuple[int, ...], keep: bool = False) -> Tensor:
        """Sum over axes."""
        x = self.lifted(a)
        axes = tuple(axis % max(len(x.shape), 1) for axis in axes) if x.shape else ()
        shape = tuple(1 if k in axes else n for k, n in enumerate(x.shape) if keep or k not in axes)
        if 0 in x.shape:
            return Tensor(self.zeros(shape))
        tangent = None if x.tangent is None else np.asarray(x.tangent.sum(axis=axes), dtype=object)
        curved = None if x.curved is None else np.asarray(x.curved.any(axis=axes)).reshape(shape)
        value = _objects(x.value.sum(axis=axes)).reshape(shape)
        return Tensor(value, None if tangent is None else tangent.reshape((*shape, self.m or 0)), curved)

    def extreme(self, a: Any, b: Any, largest: bool) -> Tensor:
        """Entrywise maximum or minimum; where undecided the tangent is the hull of both (Clarke)."""
        x, y = self.constant(a), self.constant(b)
        if both_true_or_false(x.value, y.value):
            return Tensor(np.asarray(x.value | y.value if largest else x.value & y.value))
        if both_whole(*alike(x.value, y.value)):
            return Tensor(combined(np.maximum if largest else np.minimum, *alike(x.value, y.value)))
        x, y = self.lifted(x), self.lifted(y)
        shape = np.broadcast_shapes(x.shape, y.shape)
        x, y = (self.gather([t], lambda p: np.broadcast_to(p, shape)) for t in (x, y))
        value, dual = np.empty(shape, dtype=object), x.tangent is not None or y.tangent is not None
        tangent, curved = self.zeros((*shape, self.m or 0)), self._curved(x) | self._curved(y)
        for index in np.ndindex(shape):
            p, q = x.value[index], y.value[index]
            chosen = (x if largest else y) if p > q else (y if largest else x) if p < q else None
            value[index] = _undecided(p, q, largest) if chosen is None else chosen.value[index]
            if dual and self.generic:
                curved[index] = True
            elif dual and chosen is not None:
                tangent[index] = self._tangent(chosen)[index]
            elif dual:
                if self.exact:
                    raise CannotEnclose("the slope of a maximum at a kink")
                pairs = zip(self._tangent(x)[index], self._tangent(y)[index], strict=True)
                tangent[index] = [hull(s, t) for s, t in pairs]
                curved[index] = True
        return Tensor(value, tangent if dual else None, curved if dual else None)

    def compare(self, a: Any, b: Any, decide: Callable[[Any, Any], Any], name: str) -> Tensor:
        """A decided comparison as truth values; refused where the balls (or a kink) leave it open."""
        x, y = self.constant(a), self.constant(b)
        if x.literal and y.literal:
            refuse_wrapped(x.value, y.value)
            return Tensor(np.asarray(decide(x.value, y.value)))
        x, y = self.lifted(x), self.lifted(y)
        dual = x.tangent is not None or y.tangent is not None
        left, right = np.broadcast_arrays(x.value, y.value)
        result = np.empty(left.shape, dtype=bool)
        for index in np.ndindex(left.shape):
            gap = left[index] - right[index]
            open_question = (dual and self.generic) or (contains_zero(gap) and (dual or not _constant(gap)))
            if open_question:
                raise CannotEnclose(f"the comparison {name} where it may switch")
            result[index] = bool(decide(left[index], right[index]))
        return Tensor(result)


def _constant(value: Any) -> bool:
    return isinstance(value, fmpq) or bool(value.is_exact())


def _undecided(p: Any, q: Any, largest: bool) -> Any:
    if isinstance(p, fmpq):
        return p
    if not (p.is_finite() and q.is_finite()):
        return hull(p, q)
    best: Callable[[arb, arb], arb] = arb.max if largest else arb.min
    return best(p, q)
