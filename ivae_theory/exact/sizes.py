"""How large the parts of an expression may be that is read from text.

Sympy evaluates while it builds: ``gamma(10**9)`` is a factorial, the root of an integer is searched for factors, and
every two arguments of ``Max`` are compared. A few characters could keep it busy for years, so each step is compared
with these bounds before it is taken. They lie far above what models and certificates have.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import sympy

from ivae_theory.errors import InputError

__all__ = ["Clock", "require_call", "require_power", "require_product"]

#: Largest exponent, and largest argument of a function: beyond doubles only exact numbers have a meaning.
MAX_EXPONENT, MAX_ARGUMENT = 10_000, 1e308
#: Bits of a number, and of one under a root, whose factors are searched for.
MAX_BITS, MAX_ROOT_BITS = 100_000, 4_000
#: Seconds for one expression: single steps are bounded, and their number is by this.
MAX_SECONDS = 30.0

#: Largest first argument of functions that sympy evaluates by a sum or a product over it.
_FIRST = {
    "gamma": 2000, "loggamma": 2000, "digamma": 2000, "polygamma": 20, "zeta": 2000, "beta": 2000,
    "lowergamma": 300, "uppergamma": 300, "besselj": 2000, "besselk": 2000, "bessely": 2000, "besseli": 2000,
    "LambertW": 2000,
}  # fmt: skip
#: The same of their second argument.
_SECOND = {"polygamma": 2000, "zeta": 2000, "beta": 2000, "LambertW": 2000}
#: Most arguments; every two of those of a maximum are compared.
_MOST = {"Max": 50, "Min": 50}
_MOST_OF_OTHERS = 200


class Clock:
    """Counts the seconds of one expression."""

    def __init__(self, argument: str) -> None:
        self.argument, self.end = argument, time.monotonic() + MAX_SECONDS

    def check(self) -> None:
        """Raise :class:`InputError` when they are over."""
        if time.monotonic() > self.end:
            raise InputError(self.argument, f"an expression that is read in {MAX_SECONDS:g} s", "a larger one")


def require_power(argument: str, base: Any, exponent: Any) -> None:
    """Bound a power before it is taken."""
    if _size(exponent) > MAX_EXPONENT:
        raise InputError(argument, f"exponents of at most {MAX_EXPONENT}", _shown(exponent))
    if not isinstance(base, sympy.Rational):
        _require_argument(argument, base)
        return
    bits = _bits(base)
    if isinstance(exponent, sympy.Integer):
        if bits * abs(int(exponent)) > MAX_BITS and abs(base) != 1:
            raise InputError(argument, f"numbers of at most {MAX_BITS} bits", f"{_shown(base)}**{_shown(exponent)}")
    elif bits > MAX_ROOT_BITS:
        raise InputError(argument, f"roots of numbers of at most {MAX_ROOT_BITS} bits", f"one of {bits} bits")


def require_product(argument: str, value: Any) -> None:
    """Bound a number that was computed from others."""
    if isinstance(value, sympy.Rational) and _bits(value) > MAX_BITS:
        raise InputError(argument, f"numbers of at most {MAX_BITS} bits", f"one of {_bits(value)} bits")


def require_call(argument: str, name: str, arguments: Sequence[Any]) -> None:
    """Bound a call of the function ``name`` before it is made."""
    most = _MOST.get(name, _MOST_OF_OTHERS)
    if len(arguments) > most:
        raise InputError(argument, f"at most {most} arguments of {name}", f"{len(arguments)}")
    if name == "Rational":
        return
    for value in arguments:
        _require_argument(argument, value)
        if name == "sqrt" and isinstance(value, sympy.Rational) and _bits(value) > MAX_ROOT_BITS:
            raise InputError(
                argument, f"roots of numbers of at most {MAX_ROOT_BITS} bits", f"one of {_bits(value)} bits"
            )
    for table, value in zip((_FIRST, _SECOND), arguments, strict=False):
        if name in table and _size(value) > table[name]:
            raise InputError(argument, f"arguments of {name} of at most {table[name]}", _shown(value))


def _require_argument(argument: str, value: Any) -> None:
    if _size(value) > MAX_ARGUMENT and value not in (sympy.oo, -sympy.oo):
        raise InputError(argument, f"numbers of at most {MAX_ARGUMENT:g} in functions and powers", _shown(value))


def _bits(value: sympy.Rational) -> int:
    return int(max(int(value.p).bit_length(), int(value.q).bit_length()))


def _size(value: Any) -> float:
    """About the absolute value of a number, infinity where it is beyond doubles; 0 for what is no number."""
    if isinstance(value, sympy.Rational):
        shift = int(value.p).bit_length() - int(value.q).bit_length()
        return float("inf") if shift > 1025 else abs(float(value))
    if not isinstance(value, sympy.Expr) or not value.is_number:
        return 0.0
    try:
        return abs(complex(value.evalf(15, maxn=64)))
    except (TypeError, ValueError, ArithmeticError, AttributeError, NotImplementedError):
        return float("inf")


def _shown(value: Any) -> str:
    if isinstance(value, sympy.Rational) and _bits(value) > 200:
        return f"a number of {_bits(value)} bits"
    return str(value)[:40]
