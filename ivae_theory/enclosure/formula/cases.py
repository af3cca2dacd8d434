"""Expressions on the sets of their symbols: each value of a finite set by itself, and signs that intervals settle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.formula.analytic import folded
from ivae_theory.exact import from_text, to_fraction

__all__ = ["cases"]

#: Most combinations of values that are told apart.
_MOST = 64
_LEAST = {"Naturals": Fraction(1), "Naturals0": Fraction(0)}


def cases(
    entries: Sequence[sympy.Expr], symbols: Sequence[sympy.Symbol], sets: Sequence[Any]
) -> Iterator[list[list[sympy.Expr]]]:
    """The entries at every combination of values of the symbols on finite sets, the other symbols being free.

    Twice: as they are, and with the branch of each Abs, Max and Min that the hull of the sets decides. Normal forms
    read now one, now the other (``log |a|`` is half of ``log a**2``). What holds for every case of one
    holds everywhere.

    Parameters
    ----------
    sets
        For each symbol its pieces ``[low, high, left_open, right_open]`` as text, or the name of a set.
    """
    finite = [(s, [from_text(low, [], "u") for low, *_ in pieces]) for s, pieces in zip(symbols, sets, strict=True)
              if _is_finite(pieces)]  # fmt: skip
    if math.prod(len(values) for _, values in finite) > _MOST:
        finite = []
    fixed = [symbol for symbol, _ in finite]
    cell = [(s, *_hull(pieces)) for s, pieces in zip(symbols, sets, strict=True) if s not in fixed]
    places = [dict(zip(fixed, values, strict=True)) for values in itertools.product(*(values for _, values in finite))]
    plain = [[entry.xreplace(at) for entry in entries] for at in places]
    yield plain
    yield [[folded(entry, cell) for entry in case] for case in plain]


def _is_finite(pieces: Any) -> bool:
    return isinstance(pieces, list) and bool(pieces) and all(low == high for low, high, _, _ in pieces)


def _hull(pieces: Any) -> tuple[Fraction | None, Fraction | None]:
    """Rational ends of the smallest interval around a set; ``None`` where there is none or it is not rational."""
    if not isinstance(pieces, list) or not pieces:
        return _LEAST.get(str(pieces)), None
    lows, highs = ([_end(piece[side]) for piece in pieces] for side in (0, 1))
    low = None if None in lows else min(value for value in lows if value is not None)
    high = None if None in highs else max(value for value in highs if value is not None)
    return (low, high) if low is None or high is None or low < high else (None, None)


def _end(text: str) -> Fraction | None:
    value = from_text(text, [], "u")
    return to_fraction(value) if isinstance(value, sympy.Rational) else None
