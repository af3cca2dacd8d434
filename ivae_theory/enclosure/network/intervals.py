"""Balls that may be wide or the whole line, and the number systems that traced graphs are evaluated in.

python-flint answers NaN for many functions of unbounded balls. Here an unbounded ball is the whole real line,
sums and products with it are enclosed, and NaN never passes silently.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat, fmpq, fmpq_mat
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose

__all__ = [
    "WHOLE",
    "balls",
    "between",
    "box_balls",
    "contains_zero",
    "divide",
    "hull",
    "is_zero",
    "lift",
    "matmul",
    "multiply",
    "power",
]

#: The real line as a ball.
WHOLE = arb(0, float("inf"))
Objects = NDArray[Any]


def lift(value: Any) -> Any:
    """A float, integer, truth value or fraction as a number that keeps it exactly: a ball or a rational."""
    if isinstance(value, (arb, fmpq)):
        return value
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return arb(int(value))
    if isinstance(value, (float, np.floating)):
        if not np.isfinite(value):
            raise CannotEnclose(f"arithmetic with the constant {float(value)}")
        return arb(float(value))
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    raise CannotEnclose(f"a constant of type {type(value).__name__}")


def rational(value: Any) -> fmpq:
    """A float, integer, truth value or fraction as a rational, exactly."""
    if isinstance(value, fmpq):
        return value
    if isinstance(value, (float, np.floating)) and not np.isfinite(value):
        raise CannotEnclose(f"arithmetic with the constant {float(value)}")
    if isinstance(value, (float, np.floating)):
        value = Fraction(float(value))
    exact = value if isinstance(value, Fraction) else Fraction(int(value))
    return fmpq(exact.numerator, exact.denominator)


_lift_all = np.frompyfunc(lift, 1, 1)
_rational_all = np.frompyfunc(rational, 1, 1)


def balls(values: Any, *, exact: bool = False) -> Objects:
    """An array of numbers as an object array of balls (or rationals), each holding its number exactly."""
    array = np.asarray(values)
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8 and np.isfinite(array).all():
        result = np.empty(array.size, dtype=object)
        numbers = array.reshape(-1).tolist()
        result[:] = [fmpq(*x.as_integer_ratio()) for x in numbers] if exact else [arb(x) for x in numbers]
        return result.reshape(array.shape)
    return np.asarray((_rational_all if exact else _lift_all)(array), dtype=object).reshape(array.shape)


def between(low: Any, high: Any) -> arb:
    """The ball that contains the interval; the whole line when a bound is infinite."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return WHOLE
    return arb(float(low)).union(arb(float(high)))


def box_balls(low: Any, high: Any) -> Objects:
    """A box as an object array of balls; infinite sides become the whole line."""
    lower, upper = np.broadcast_arrays(np.asarray(low, dtype=float), np.asarray(high, dtype=float))
    result = np.empty(lower.shape, dtype=object)
    for index in np.ndindex(lower.shape):
        result[index] = between(lower[index], upper[index])
    return result


def is_zero(value: Any) -> bool:
    """Whether the number is 0, exactly and certainly."""
    return bool(value == 0)


def contains_zero(value: Any) -> bool:
    """Whether 0 is possible."""
    return bool(value.contains(0)) if isinstance(value, arb) else value == 0


def hull(first: arb, *others: arb) -> arb:
    """The smallest ball found that contains them all; the whole line when one is unbounded."""
    result = first
    for other in others:
        result = result.union(other)
    return result if result.is_finite() else WHOLE


def multiply(a: Any, b: Any) -> Any:
    """Product of two numbers; 0 times an unbounded ball is 0, because every real number in it is finite."""
    if is_zero(a):
        return a
    if is_zero(b):
        return b
    product = a * b
    if isinstance(product, arb) and not product.is_finite():
        return WHOLE
    return product


def divide(a: Any, b: Any, what: str = "a division") -> Any:
    """Quotient of two numbers; refused when the divisor may be 0."""
    if contains_zero(b):
        raise CannotEnclose(f"{what} whose divisor may be 0")
    if is_zero(a):
        return a
    quotient = a / b
    if isinstance(quotient, arb) and not quotient.is_finite():
        return WHOLE
    return quotient


def power(base: Any, exponent: int) -> Any:
    """Integer power, tight for even exponents of balls around 0."""
    if exponent < 0:
        return divide(lift(1) if isinstance(base, arb) else fmpq(1), power(base, -exponent), "a negative power")
    if isinstance(base, fmpq):
        return base**exponent
    if not base.is_finite():
        return arb(1) if exponent == 0 else WHOLE
    if exponent % 2 == 0 and exponent and contains_zero(base):
        return hull(arb(0), base.abs_upper() ** exponent)
    if exponent < 2:
        return base**exponent
    # Monotone here: the powers of the ends are tight where a product of the ball with itself is not.
    return hull(base.lower() ** exponent, base.upper() ** exponent)


_multiply: Callable[..., Any] = np.frompyfunc(multiply, 2, 1)


def matmul(a: Objects, b: Objects) -> Objects:
    """Matrix product of two object arrays of balls or of rationals."""
    rows, inner, columns = a.shape[0], a.shape[1], b.shape[1]
    result = np.empty((rows, columns), dtype=object)
    if 0 in (rows, columns):
        return result
    first = a.flat[0] if a.size else None
    if isinstance(first, fmpq):
        product: Any = fmpq_mat(rows, inner, list(a.flat)) * fmpq_mat(inner, columns, list(b.flat))
    elif inner == 0:
        return balls(np.zeros((rows, columns)))
    elif all(x.is_finite() for x in a.flat) and all(x.is_finite() for x in b.flat):
        product = arb_mat(rows, inner, list(a.flat)) * arb_mat(inner, columns, list(b.flat))
    else:
        parts = np.asarray(_multiply(a[:, :, None], b[None, :, :]), dtype=object)
        return np.asarray(parts.sum(axis=1), dtype=object)
    result[...] = np.array(product.entries(), dtype=object).reshape(rows, columns)
    return result
