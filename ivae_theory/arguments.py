"""Numbers that arguments ask for: one error each where something else comes."""

from __future__ import annotations

import numbers
import operator
from typing import Any

from ivae_theory.errors import InputError, InputTypeError

__all__ = ["require_between", "require_seed"]


def require_between(value: Any, argument: str, low: float, high: float, expected: str) -> float:
    """``value`` as a float strictly between ``low`` and ``high``.

    Raises
    ------
    InputError, InputTypeError
        For anything else; NaN lies between nothing.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InputTypeError(argument, expected, repr(value)[:60])
    number = float(value)
    if not low < number < high:
        raise InputError(argument, expected, repr(value)[:60])
    return number


def require_seed(seed: Any) -> int:
    """A seed of numpy's generators: a whole number from 0 on.

    Raises
    ------
    InputError, InputTypeError
        For anything else.
    """
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise InputTypeError("seed", "a whole number", repr(seed)[:60])
    number = operator.index(seed)
    if number < 0:
        raise InputError("seed", "a whole number from 0 on", repr(seed)[:60])
    return number
