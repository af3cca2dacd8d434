"""Numbers without rounding: floats read as the dyadic rationals that they are.

A float that a user hands over is a value of the model, not an approximation of one: ``0.1`` means
3602879701896397 / 2**55. Everything that decides converts through here.
"""

from __future__ import annotations

import base64
import math
import numbers
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import arb, fmpq
from numpy.typing import NDArray

from ivae_theory.errors import CorruptReport, InputError, InputTypeError

__all__ = [
    "decode_array",
    "encode_array",
    "fraction_text",
    "parse_fraction",
    "rationalised",
    "to_arb",
    "to_fmpq",
    "to_fraction",
    "value_at",
]


def to_fraction(value: Any, argument: str = "value") -> Fraction:
    """The rational number that ``value`` is, exactly; floats are read as dyadic rationals.

    Raises
    ------
    InputError
        For NaN, infinities and symbolic numbers that are not rational.
    InputTypeError
        For anything that is not a number.
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, (bool, np.bool_)):
        raise InputTypeError(argument, "a number", f"the truth value {value}")
    if isinstance(value, (int, np.integer)):
        return Fraction(int(value))
    if isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise InputError(argument, "a finite number", repr(float(value)))
        numerator, denominator = value.as_integer_ratio()
        return Fraction(int(numerator), int(denominator))
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, sympy.Basic):
        exact = rationalised(value)
        if isinstance(exact, sympy.Rational) and exact.is_finite:
            return Fraction(int(exact.p), int(exact.q))
        raise InputError(argument, "a rational number", str(value))
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    raise InputTypeError(argument, "a number", type(value).__name__)


def to_fmpq(value: Any) -> fmpq:
    """``value`` as python-flint's rational."""
    exact = to_fraction(value)
    return fmpq(exact.numerator, exact.denominator)


def to_arb(value: Any) -> arb:
    """A ball at the working precision that contains the rational ``value``."""
    exact = to_fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def rationalised(expression: sympy.Basic) -> sympy.Basic:
    """The same sympy expression with every Float replaced by the dyadic rational that it is."""
    floats = {number: _dyadic(number) for number in expression.atoms(sympy.Float)}
    return expression.xreplace(floats) if floats else expression


def _dyadic(number: sympy.Float) -> sympy.Rational:
    sign, mantissa, exponent, _ = number._mpf_
    power = sympy.Integer(2) ** int(exponent)
    return sympy.Rational((-1) ** int(sign) * int(mantissa)) * power


_FRACTION = re.compile(r"[+-]?[0-9]+(/[0-9]+)?")
#: Most rows or columns of an array that has no elements.
LARGEST_EMPTY = 10_000


def fraction_text(value: Any) -> str:
    """``"p/q"`` or ``"p"``: how certificates write rationals."""
    return str(to_fraction(value))


def parse_fraction(text: Any, where: str = "certificate") -> Fraction:
    """Read what :func:`fraction_text` wrote; anything else is a corrupt report."""
    if isinstance(text, bool) or not isinstance(text, (str, int, float)) or len(str(text)) > 100_000:
        raise CorruptReport(where, "a rational number as text", repr(text)[:80])
    try:
        # No exponents: "1e999999999" is a number of a billion digits.
        if isinstance(text, str) and not _FRACTION.fullmatch(text):
            raise ValueError(text)
        return Fraction(text)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise CorruptReport(where, "a rational number as text", repr(text)[:80]) from None


def value_at(expression: sympy.Expr, values: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    """The expression with numbers for its symbols; ``nan`` where sympy would have to compare what has no value."""
    try:
        return expression.xreplace(dict(values))
    except (TypeError, ValueError):  # Max(1/z, 0), or pieces that are told apart by 1/z, at z = 0
        return sympy.nan


def encode_array(array: NDArray[Any] | Iterable[Any]) -> dict[str, Any]:
    """An array of floats or integers as JSON values, without loss."""
    values = np.asarray(array)
    if values.dtype == object or values.dtype.kind not in "fiu":
        raise InputTypeError("array", "floats or integers", str(values.dtype))
    little = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False))
    return {
        "dtype": little.dtype.str,
        "shape": list(little.shape),
        "base64": base64.b64encode(little.tobytes()).decode("ascii"),
    }


def decode_array(data: Any, where: str = "certificate") -> NDArray[Any]:
    """Read what :func:`encode_array` wrote; anything else is a corrupt report."""
    try:
        if not isinstance(data, Mapping):
            raise TypeError("not an object")
        dtype = np.dtype(data["dtype"])
        if dtype.kind not in "fiu":
            raise TypeError(f"dtype {dtype}")
        shape = tuple(int(side) for side in data["shape"])
        raw = base64.b64decode(data["base64"], validate=True)
        # An array without elements may have any number of rows, each of which somebody would visit.
        if any(not 0 <= side <= max(len(raw), LARGEST_EMPTY) for side in shape):
            raise ValueError(f"shape {shape} of {len(raw)} bytes")
        return np.frombuffer(raw, dtype=dtype).reshape(shape)
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptReport(where, "an array as dtype, shape and base64", str(error)) from None
