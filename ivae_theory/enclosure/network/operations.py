"""The ATen operations that traced graphs may contain, on tensors of balls: arithmetic and shapes.

One small function for each operation; its arguments are those of PyTorch's operator schema. What is not listed
here or in :mod:`ivae_theory.enclosure.network.layers` cannot be enclosed, and says so by name.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import lift
from ivae_theory.enclosure.network.library import FIXED, WITH_PARAMETERS, general_power, integer_power, leaky_relu
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.whole import (
    alike,
    both_whole,
    cast_whole,
    combined,
    fitted,
    is_float,
    refuse_rounding,
)

__all__ = ["OPERATIONS", "operation"]

Operation = Callable[..., Any]
F = TypeVar("F", bound=Operation)
#: Operator name without overload, for instance ``"addmm"``, or with it where the meaning depends on it.
OPERATIONS: dict[str, Operation] = {}


def operation(*names: str) -> Callable[[F], F]:
    """Register the meaning of ATen operators; it is called with the machine and the operator's arguments."""

    def register(function: F) -> F:
        for name in names:
            OPERATIONS[name] = function
        return function

    return register


def axes_of(dim: Any, ndim: int) -> tuple[int, ...]:
    """The axes that an optional ``dim`` argument means."""
    if dim is None or (isinstance(dim, (list, tuple)) and len(dim) == 0):
        return tuple(range(ndim))
    wanted = dim if isinstance(dim, (list, tuple)) else [dim]
    return tuple(int(d) % max(ndim, 1) for d in wanted) if ndim else ()


# Elementwise maps ---------------------------------------------------------------------------------------------


def _bounds(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    given = dict(zip({"clamp_min": ["min"], "clamp_max": ["max"]}.get(name, ["min", "max"]), args, strict=False))
    return [{**given, **kwargs}.get(side) for side in ("min", "max")]


def _register_maps() -> None:
    def fixed(name: str) -> Operation:
        return lambda machine, x: machine.apply(FIXED[name], x)

    def parametrised(name: str) -> Operation:
        def run(machine: Machine, x: Any, *args: Any, **kwargs: Any) -> Tensor:
            if any(isinstance(a, Tensor) for a in (*args, *kwargs.values())):
                raise CannotEnclose(f"aten.{name} with a tensor as parameter")
            if name.startswith("clamp") and not all(v is None or type(v) is int for v in (*args, *kwargs.values())):
                x = machine.lifted(x)  # whole numbers between bounds that are not are floats
            elif name.startswith("clamp") and machine.constant(x).literal:
                return _clamp_tensor(machine, x, *_bounds(name, args, kwargs))
            return machine.apply(WITH_PARAMETERS[name](*args, **kwargs), x)

        return run

    for name in FIXED:
        OPERATIONS.setdefault(name, fixed(name))
    for name in WITH_PARAMETERS:
        OPERATIONS[name] = parametrised(name)


_register_maps()
OPERATIONS["sgn"] = OPERATIONS["sign"]


@operation("log_sigmoid_forward")
def _log_sigmoid(machine: Machine, x: Any) -> tuple[Tensor, None]:
    return machine.apply(FIXED["log_sigmoid_forward"], x), None


@operation("clamp.Tensor", "clamp_min.Tensor")
def _clamp_tensor(machine: Machine, x: Any, min: Any = None, max: Any = None) -> Tensor:
    result = machine.constant(x)
    if min is not None:
        result = machine.extreme(result, min, largest=True)
    return result if max is None else machine.extreme(result, max, largest=False)


@operation("clamp_max.Tensor")
def _clamp_max_tensor(machine: Machine, x: Any, max: Any) -> Tensor:
    return machine.extreme(x, max, largest=False)


@operation("prelu", "_prelu_kernel")
def _prelu(machine: Machine, x: Any, weight: Any) -> Tensor:
    slopes = machine.constant(weight)
    if not slopes.literal:
        raise CannotEnclose("aten.prelu with a slope that is not a stored constant")
    shape = machine.constant(x).shape
    rates = slopes.value
    if rates.ndim == 1 and rates.size > 1:
        rates = rates.reshape((1, -1) + (1,) * (len(shape) - 2))
    elif rates.size == 1:
        rates = rates.reshape(())
    table = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        table[index] = leaky_relu(float(np.broadcast_to(rates, shape)[index]))
    return machine.apply(table, x)


@operation("rrelu_with_noise")
def _rrelu(machine: Machine, x: Any, noise: Any, lower: float, upper: float, training: bool = False, *_: Any) -> Tensor:
    if training:
        raise CannotEnclose("aten.rrelu_with_noise in training mode")
    return machine.apply(leaky_relu((lower + upper) / 2), x)


@operation("hardsigmoid")
def _hardsigmoid(machine: Machine, x: Any) -> Tensor:
    return machine.divide(machine.apply(FIXED["relu6"], machine.add(x, 3)), 6)


@operation("hardswish")
def _hardswish(machine: Machine, x: Any) -> Tensor:
    return machine.multiply(x, _hardsigmoid(machine, x))


# Arithmetic ---------------------------------------------------------------------------------------------------


@operation("add")
def _add(machine: Machine, a: Any, b: Any, *, alpha: Any = 1) -> Tensor:
    return machine.add(a, b, alpha)


@operation("sub")
def _sub(machine: Machine, a: Any, b: Any, *, alpha: Any = 1) -> Tensor:
    return machine.add(a, b, -alpha)


@operation("rsub")
def _rsub(machine: Machine, a: Any, b: Any, alpha: Any = 1) -> Tensor:
    return machine.add(b, a, -alpha)


@operation("mul")
def _mul(machine: Machine, a: Any, b: Any) -> Tensor:
    return machine.multiply(a, b)


@operation("div")
def _div(machine: Machine, a: Any, b: Any, *, rounding_mode: Any = None) -> Tensor:
    x, y = (machine.constant(t) for t in (a, b))
    if rounding_mode is not None and x.value.dtype.kind in "iub" and y.value.dtype.kind in "iub":
        raise CannotEnclose("a division of whole numbers that rounds")
    quotient = machine.divide(a, b)
    if rounding_mode is None:
        return quotient
    if rounding_mode == "floor":
        return machine.apply(FIXED["floor"], quotient)
    raise CannotEnclose(f"aten.div with rounding_mode {rounding_mode!r}")


@operation("neg")
def _neg(machine: Machine, a: Any) -> Tensor:
    return machine.multiply(a, -1)


@operation("square")
def _square(machine: Machine, a: Any) -> Tensor:
    return machine.square(a)


@operation("addcmul")
def _addcmul(machine: Machine, a: Any, b: Any, c: Any, *, value: Any = 1) -> Tensor:
    return machine.add(a, machine.multiply(b, c), value)


@operation("addcdiv")
def _addcdiv(machine: Machine, a: Any, b: Any, c: Any, *, value: Any = 1) -> Tensor:
    return machine.add(a, machine.divide(b, c), value)


@operation("lerp")
def _lerp(machine: Machine, a: Any, b: Any, weight: Any) -> Tensor:
    return machine.add(a, machine.multiply(weight, machine.add(b, a, -1)))


def _whole_power(machine: Machine, base: Any, exponent: Any) -> Tensor | None:
    """A power of whole numbers, which PyTorch keeps whole, of negative exponents, too; ``None`` for other powers."""
    x, y = alike(machine.constant(base).value, machine.constant(exponent).value)
    if not both_whole(x, y):
        return None
    if (y < 0).any() or (y > 64).any():
        raise CannotEnclose("a power of whole numbers whose exponent is negative or above 64")
    return Tensor(combined(operator.pow, x, y))


@operation("pow")
def _pow(machine: Machine, base: Any, exponent: Any) -> Tensor:
    whole_power = _whole_power(machine, base, exponent)
    if whole_power is not None:
        return whole_power
    if isinstance(exponent, Tensor):
        if not (exponent.literal and exponent.value.size == 1):
            return machine.apply(FIXED["exp"], machine.multiply(exponent, machine.apply(FIXED["log"], base)))
        exponent = exponent.value.item()
    if isinstance(base, Tensor):
        if float(exponent) == 0.5:
            return machine.apply(FIXED["sqrt"], base)
        whole = float(exponent).is_integer() and abs(exponent) <= 64
        if whole and exponent < 0:
            return machine.reciprocal(machine.apply(integer_power(-int(exponent)), machine.lifted(base)))
        base = machine.lifted(base)
        return machine.apply(integer_power(int(exponent)) if whole else general_power(exponent), base)
    raise CannotEnclose("aten.pow of two plain numbers")


@operation("pow.Scalar")
def _scalar_power(machine: Machine, base: Any, exponent: Any) -> Tensor:
    whole_power = _whole_power(machine, base, exponent)
    if whole_power is not None:
        return whole_power
    if not base > 0:
        raise CannotEnclose("a power of a base that is not positive")
    rate = Tensor(np.array([lift(base).log()], dtype=object).reshape(()))
    return machine.apply(FIXED["exp"], machine.multiply(exponent, rate))


@operation("maximum", "max.other")
def _maximum(machine: Machine, a: Any, b: Any) -> Tensor:
    return machine.extreme(a, b, largest=True)


@operation("minimum", "min.other")
def _minimum(machine: Machine, a: Any, b: Any) -> Tensor:
    return machine.extreme(a, b, largest=False)


# Comparisons and choices --------------------------------------------------------------------------------------

for _name in ("gt", "ge", "lt", "le", "eq", "ne"):
    OPERATIONS[_name] = lambda machine, a, b, n=_name: machine.compare(a, b, getattr(operator, n), n)


def _truth(value: Any, name: str) -> np.ndarray[Any, Any]:
    if isinstance(value, Tensor) and value.literal and value.value.dtype == bool:
        return value.value
    raise CannotEnclose(f"aten.{name} of something that is not a truth value")


for _name, _logic in (("logical_and", np.logical_and), ("logical_or", np.logical_or),
                      ("logical_xor", np.logical_xor), ("bitwise_and", np.logical_and),
                      ("bitwise_or", np.logical_or)):  # fmt: skip
    OPERATIONS[_name] = lambda machine, a, b, n=_name, f=_logic: Tensor(f(_truth(a, n), _truth(b, n)))
for _name in ("logical_not", "bitwise_not"):
    OPERATIONS[_name] = lambda machine, a, n=_name: Tensor(np.logical_not(_truth(a, n)))


@operation("where")
def _where(machine: Machine, condition: Any, a: Any, b: Any) -> Tensor:
    test = _truth(condition, "where")
    parts = [machine.constant(a), machine.constant(b)]
    shape = np.broadcast_shapes(test.shape, parts[0].shape, parts[1].shape)
    chosen = machine.gather(parts, lambda p, q: np.asarray(np.where(np.broadcast_to(test, shape), p, q)))
    if all(part.value.dtype.kind in "iu" for part in parts):
        kind = min((part.value.dtype for part in parts), key=lambda dtype: np.iinfo(dtype).max)
        return Tensor(fitted(chosen.value.astype(object), kind))
    return chosen


@operation("masked_fill")
def _masked_fill(machine: Machine, x: Any, mask: Any, value: Any) -> Tensor:
    refuse_rounding(machine.constant(x).value, machine.constant(value).value)
    return _where(machine, mask, value, x)


@operation("threshold")
def _threshold(machine: Machine, x: Any, level: Any, value: Any) -> Tensor:
    refuse_rounding(machine.constant(x).value, machine.constant(value).value)
    return _where(machine, machine.compare(x, level, operator.gt, "threshold"), x, value)


# Reductions ---------------------------------------------------------------------------------------------------


def _summed(machine: Machine, x: Any, dtype: Any) -> Tensor:
    """What is summed or multiplied: truth values count as 0 and 1, and an integer dtype would cut off real numbers."""
    t = machine.constant(x)
    if t.literal and t.value.dtype.kind in "iub":
        return Tensor(cast_whole(t.value, "int64" if is_float(dtype) else str(dtype)))
    if not is_float(dtype):
        raise CannotEnclose(f"a sum or product of real numbers as {dtype}")
    return t


@operation("sum")
def _sum(machine: Machine, x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    t = _summed(machine, x, dtype)
    axes = axes_of(dim, len(t.shape))
    if t.literal and t.value.dtype.kind in "iu" and t.shape:
        exact = np.asarray(t.value.astype(object).sum(axis=axes, keepdims=keepdim), dtype=object)
        return Tensor(fitted(exact, t.value.dtype))
    return machine.sum(t, axes, keepdim)


@operation("mean")
def _mean(machine: Machine, x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    shape = machine.constant(x).shape
    axes = axes_of(dim, len(shape))
    return machine.divide(machine.sum(x, axes, keepdim), math.prod(shape[k] for k in axes))


def _fold(machine: Machine, x: Any, axis: int, step: Callable[[Any, Any], Tensor]) -> list[Tensor]:
    """Running results of ``step`` along an axis."""
    t = machine.constant(x)
    slices = [machine.gather([t], lambda p, k=k: np.take(p, k, axis=axis)) for k in range(t.shape[axis])]
    running = [slices[0]]
    for item in slices[1:]:
        running.append(step(running[-1], item))
    return running


def _flat(machine: Machine, x: Any) -> Tensor:
    return machine.gather([x], lambda p: p.reshape(-1))


@operation("prod")
def _prod(machine: Machine, x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    x = _summed(machine, x, dtype)
    if dim is None:
        return _fold(machine, _flat(machine, x), 0, machine.multiply)[-1]
    last = _fold(machine, x, int(dim), machine.multiply)[-1]
    return machine.gather([last], lambda p: np.expand_dims(p, dim)) if keepdim else last


@operation("cumsum")
def _cumsum(machine: Machine, x: Any, dim: int, *, dtype: Any = None) -> Tensor:
    running = _fold(machine, _summed(machine, x, dtype), dim, machine.add)
    return machine.gather(running, lambda *p: np.stack(p, axis=dim))


@operation("cumprod")
def _cumprod(machine: Machine, x: Any, dim: int, *, dtype: Any = None) -> Tensor:
    running = _fold(machine, _summed(machine, x, dtype), dim, machine.multiply)
    return machine.gather(running, lambda *p: np.stack(p, axis=dim))


def _extreme_over(largest: bool) -> Operation:
    def run(machine: Machine, x: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
        t = machine.constant(x)
        for axis in sorted(axes_of(dim, len(t.shape)), reverse=True):
            last = _fold(machine, t, axis, lambda p, q: machine.extreme(p, q, largest))[-1]
            t = machine.gather([last], lambda p, k=axis: np.expand_dims(p, k)) if keepdim else last
        return t

    return run


OPERATIONS["amax"], OPERATIONS["amin"] = _extreme_over(True), _extreme_over(False)
OPERATIONS["max.default"], OPERATIONS["min.default"] = OPERATIONS["amax"], OPERATIONS["amin"]
OPERATIONS["max.dim"] = lambda machine, *a, **k: (OPERATIONS["amax"](machine, *a, **k), None)
OPERATIONS["min.dim"] = lambda machine, *a, **k: (OPERATIONS["amin"](machine, *a, **k), None)


def constant_array(value: Any, name: str) -> np.ndarray[Any, Any]:
    """A stored constant as numpy numbers."""
    if isinstance(value, Tensor) and value.literal:
        return value.value
    raise CannotEnclose(f"aten.{name} with an index that is not a stored constant")


def sides(shape: Sequence[Any]) -> tuple[int, ...]:
    """A shape argument as integers."""
    return tuple(int(side) for side in shape)
