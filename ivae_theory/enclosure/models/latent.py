"""One latent of Eq. (7) as formulas: read from a description, so that a checker and a rechecker see the same."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import Range, support_ranges
from ivae_theory.errors import CorruptReport
from ivae_theory.exact import from_text, rationalised

__all__ = ["Formulas", "Latent", "cut", "read_formulas"]


@dataclass(frozen=True)
class Formulas:
    """The statistics T_i1 .. T_ik, the base measure Q_i, the variable, and the parts of the support Z_i."""

    statistics: tuple[sympy.Expr, ...]
    base_measure: sympy.Expr
    symbol: sympy.Symbol
    parts: tuple[Range, ...]

    @property
    def whole(self) -> Range:
        """The smallest interval that contains the support."""
        first, last = self.parts[0], self.parts[-1]
        return Range(first.low, last.high, first.low_open, last.high_open)

    def latent(self) -> Latent:
        """The same with its first statistic alone."""
        return Latent(self.statistics[0], self.base_measure, self.symbol, self.parts)


@dataclass(frozen=True)
class Latent:
    """One factor of Eq. (7) with k = 1: T, Q, the variable, and the parts of the support."""

    statistic: sympy.Expr
    base_measure: sympy.Expr
    symbol: sympy.Symbol
    parts: tuple[Range, ...]


def read_formulas(description: Mapping[str, Any]) -> Formulas:
    """The formulas of a described family.

    Raises
    ------
    CannotEnclose
        When the statistics are a black box.
    InputError
        When a formula is outside the grammar of certificates, or the description is not one.
    """
    texts = description["statistics"]
    if texts is None:
        raise CannotEnclose("a statistic whose formula is not known")
    if isinstance(texts, str) or not isinstance(texts, Sequence) or not texts:
        raise CorruptReport("family", "statistics as texts", repr(texts)[:60])
    symbol = sympy.Symbol(str(description["variable"]), real=True)
    statistics = tuple(_read(text, symbol) for text in texts)
    ends = []
    for low, high, left_open, right_open in description["support"]:
        ends.append((_read(low), _read(high), bool(left_open), bool(right_open)))
    parts = support_ranges(ends)
    if not parts or any(not part.low < part.high for part in parts):
        raise CorruptReport("family", "a support of intervals", repr(description["support"])[:60])
    if any(not a.high <= b.low for a, b in itertools.pairwise(parts)):
        raise CannotEnclose("a support whose parts are too close to be told apart")
    return Formulas(statistics, _read(description["base_measure"], symbol), symbol, parts)


def _read(text: str, *symbols: sympy.Symbol) -> sympy.Expr:
    return rationalised(from_text(text, symbols, "family"))


def cut(parts: Sequence[Range], at: Sequence[Fraction]) -> list[Range]:
    """The parts, divided at the cuts; a cut belongs to both of its sides."""
    pieces = list(parts)
    for point in at:
        divided: list[Range] = []
        for piece in pieces:
            if piece.low < point < piece.high:
                divided.append(Range(piece.low, point, piece.low_open, False))
                divided.append(Range(point, piece.high, False, piece.high_open))
            else:
                divided.append(piece)
        pieces = divided
    return pieces
