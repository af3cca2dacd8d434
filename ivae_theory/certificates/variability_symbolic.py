"""Symbolic natural parameters as recheckers read them from a model's description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import arb

from ivae_theory.certificates.registry import InvalidCertificate
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import ball, number_ball
from ivae_theory.enclosure.precision import around, precision
from ivae_theory.exact import from_text

__all__ = ["Symbolic", "atoms", "enclosed", "evaluated", "natural_of"]

Evidence = Mapping[str, Any]


def natural_of(subject: Evidence, kind: str) -> Evidence:
    """The subject's natural parameters, which must be of the kind named."""
    natural: Evidence = subject["natural"]
    if natural["kind"] != kind:
        raise InvalidCertificate(f"natural parameters of kind {kind!r}", repr(natural["kind"]))
    return natural


class Symbolic:
    """Symbolic natural parameters of the subject with the sets of their symbols."""

    def __init__(self, subject: Evidence) -> None:
        natural = natural_of(subject, "symbolic")
        names = [str(name) for name in natural["symbols"]]
        self.symbols = [sympy.Symbol(name, real=True) for name in names]
        self.sets = list(subject["domain"]["sets"])
        if len(set(names)) != len(names) or len(self.sets) != len(names) or subject["domain"]["symbols"] != names:
            raise InvalidCertificate("one set for each symbol", repr(names)[:60])
        self.size = sum(int(k) for k in subject["ks"])
        self.entries = [from_text(str(text), self.symbols, "natural parameters") for text in natural["matrix"]]
        if len(self.entries) != self.size:
            raise InvalidCertificate(f"{self.size} natural parameters", f"{len(self.entries)}")

    @property
    def nonnegative(self) -> frozenset[str]:
        """Symbols that are never negative."""
        return frozenset(
            symbol.name
            for symbol, pieces in zip(self.symbols, self.sets, strict=True)
            if (isinstance(pieces, list) and all(_sign(piece[0]) >= 0 for piece in pieces))
            or pieces in ("Naturals", "Naturals0")
        )


def atoms(pieces: Any) -> list[sympy.Expr]:
    """The values of a finite set."""
    if not isinstance(pieces, list) or any(low != high for low, high, _, _ in pieces):
        raise InvalidCertificate("finite sets", repr(pieces)[:80])
    return [from_text(low, [], "value of u") for low, _, _, _ in pieces]


def evaluated(model: Symbolic, values: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """Entries at one u; what sympy makes of them must lie in the enclosure."""
    at = dict(zip(model.symbols, values, strict=True))
    row = [entry.xreplace(at) for entry in model.entries]
    with precision(128):
        balls = {symbol: number_ball(value) for symbol, value in at.items()}
        for entry, value in zip(model.entries, row, strict=True):
            if not ball(entry, balls).overlaps(number_ball(value)):
                raise InvalidCertificate("entries inside their enclosures", str(value)[:60])
    return row


def _sign(text: str) -> int:
    """Sign of an exact number; -1 where it is not proved."""
    if text in ("oo", "-oo"):
        return 1 if text == "oo" else -1
    value = from_text(text, [], "bound")
    if value.is_Rational:
        return int(sympy.sign(value))
    with precision(256):
        enclosed = number_ball(value)
    return 1 if enclosed > 0 else -1


def enclosed(model: Symbolic, point: Sequence[Fraction], radius: Fraction) -> list[arb]:
    """lambda over a neighbourhood of a point of the support; isolated points are not widened."""
    values = {}
    for symbol, pieces, value in zip(model.symbols, model.sets, point, strict=True):
        atom = _is_atom(pieces, value)
        values[symbol] = around(value, Fraction(0) if atom else radius)
    try:
        return [ball(entry, values) for entry in model.entries]
    except CannotEnclose as problem:
        raise InvalidCertificate("an enclosure at every point", problem.what) from None


def _is_atom(pieces: Any, value: Fraction) -> bool:
    """Whether the point is an isolated point of the set; raises when it is not in the set at all."""
    if isinstance(pieces, list):
        for low, high, _, _ in pieces:
            if low == high:
                if from_text(low, [], "bound") == sympy.Rational(value.numerator, value.denominator):
                    return True
            elif _below(low, value) and _below(value, high):
                return False
    elif value.denominator == 1:
        least = {"Integers": value, "Naturals": Fraction(1), "Naturals0": Fraction(0)}
        if pieces in least and value >= least[pieces]:
            return True
    raise InvalidCertificate("points of the support", f"{value} not in {pieces}"[:80])


def _below(left: str | Fraction, right: str | Fraction) -> bool:
    """Whether ``left < right`` is proved."""
    if left == "-oo" or right == "oo":
        return True
    numbers = [from_text(x, [], "bound") if isinstance(x, str) else sympy.Rational(x.numerator, x.denominator)
               for x in (left, right)]  # fmt: skip
    if any(x in (sympy.oo, -sympy.oo) for x in numbers):
        return False
    with precision(256):
        return bool(number_ball(numbers[0]) < number_ball(numbers[1]))
