"""The set on which a latent lives (the paper's ``Z_i``): a finite union of intervals of positive length."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import sympy

from ivae_theory.errors import CorruptReport, InputError, InputTypeError
from ivae_theory.exact import from_text, rationalised, to_text

__all__ = ["as_support", "describe_support", "intervals", "support_from_description"]


def as_support(value: Any) -> sympy.Set:
    """``value`` as a finite union of intervals of positive length with exact end points.

    Isolated points are dropped: they have measure zero.

    Raises
    ------
    InputError
        When the set has no interval of positive length.
    InputTypeError
        When it is not a sympy set of reals that consists of intervals.
    """
    if isinstance(value, (tuple, list)) and len(value) == 2:
        try:
            value = sympy.Interval(*(rationalised(sympy.sympify(end, strict=True)) for end in value))
        except sympy.SympifyError as error:
            raise InputTypeError("support", "numbers as ends (text is not evaluated)", str(error)[:80]) from None
    if not isinstance(value, sympy.Set):
        raise InputTypeError("support", "a sympy Interval, a Union of them or sympy.Reals", repr(value)[:80])
    parts = [rationalised(part) for part in _parts(value)]
    long = [part for part in parts if isinstance(part, sympy.Interval)]
    if not long:
        raise InputError("support", "a set of positive length", str(value))
    return sympy.Union(*long)


def _parts(value: sympy.Set) -> list[sympy.Set]:
    if isinstance(value, sympy.Union):
        return [part for inner in value.args for part in _parts(inner)]
    if value == sympy.Reals:
        return [sympy.Interval(-sympy.oo, sympy.oo)]
    if isinstance(value, sympy.Interval):
        if any(not _is_number(end) for end in (value.start, value.end)):
            raise InputError("support", "end points that are numbers", str(value))
        if any(end.is_finite and abs(sympy.N(end)) > sys.float_info.max for end in (value.start, value.end)):
            raise InputError("support", "infinite end points, or finite ones within the range of floats", "larger ones")
        return [value]
    if isinstance(value, sympy.FiniteSet):
        return [value]
    if isinstance(value, sympy.sets.sets.EmptySet):
        return []
    raise InputTypeError("support", "a sympy Interval, a Union of them or sympy.Reals", str(value))


def _is_number(end: sympy.Expr) -> bool:
    return bool(end.is_number) and end is not sympy.nan


def intervals(support: sympy.Set) -> tuple[sympy.Interval, ...]:
    """The intervals of a support, in increasing order."""
    parts = support.args if isinstance(support, sympy.Union) else (support,)
    return tuple(sorted(parts, key=lambda part: float(sympy.N(part.start))))


def describe_support(support: sympy.Set) -> list[list[Any]]:
    """``[[low, high, left_open, right_open], ..]`` with the end points as text."""
    return [
        [to_text(part.start), to_text(part.end), bool(part.left_open), bool(part.right_open)]
        for part in intervals(support)
    ]


def support_from_description(rows: Any) -> sympy.Set:
    """Read what :func:`describe_support` wrote; anything else is a corrupt report."""
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise CorruptReport("support", "a list of intervals", repr(rows)[:80])
    parts = []
    for row in rows:
        if not isinstance(row, Sequence) or len(row) != 4 or not all(isinstance(end, str) for end in row[:2]):
            raise CorruptReport("support", "[low, high, left_open, right_open]", repr(row)[:80])
        if not all(isinstance(flag, bool) for flag in row[2:]):
            raise CorruptReport("support", "two truth values after the end points", repr(row)[:80])
        low, high = (from_text(end, (), "support") for end in row[:2])
        parts.append(sympy.Interval(low, high, row[2], row[3]))
    return as_support(sympy.Union(*parts))
