"""Gaussian latents, exactly: ``log p(z | u) = alpha z**2 + beta z + const`` with alpha, beta affine in lambda(u)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.formula.ranges import INFINITY, polynomial_coefficients
from ivae_theory.enclosure.models.latent import Formulas
from ivae_theory.exact import decode_array, fraction_text, from_text, identity, parse_fraction, to_text

__all__ = ["RIVAL_STATISTICS", "Quadratic", "is_zero", "quadratic_of", "read_rows", "rows_of", "write_rows"]

#: A number of a table, or an expression in the symbols of u.
Entry = Any


@dataclass(frozen=True)
class Quadratic:
    """Coefficients of z**2 and z in each T_j, and in log Q."""

    statistics: tuple[tuple[Fraction, Fraction], ...]
    base: tuple[Fraction, Fraction]

    @property
    def kind(self) -> str:
        """``"both"``: T spans (z, z**2); ``"location"``: T = a z + b; ``"scale"``: the mean is fixed; else ``""``."""
        if len(self.statistics) == 2:
            (a, b), (c, d) = self.statistics
            return "both" if a * d != b * c else ""
        if len(self.statistics) != 1:
            return ""
        (square, linear), (base_square, base_linear) = self.statistics[0], self.base
        if square == 0:
            return "location" if linear != 0 and base_square < 0 else ""
        return "scale" if base_linear * square == base_square * linear else ""

    @property
    def centre(self) -> Fraction:
        """The fixed mean of a ``"scale"`` family."""
        square, linear = self.statistics[0]
        return -linear / (2 * square)

    def at(self, natural: Sequence[Entry]) -> tuple[Entry, Entry]:
        """``(alpha, beta)`` at one block of natural parameters."""
        alpha: Entry = _entry(self.base[0], natural)
        beta: Entry = _entry(self.base[1], natural)
        for (square, linear), value in zip(self.statistics, natural, strict=True):
            alpha = alpha + _entry(square, natural) * value
            beta = beta + _entry(linear, natural) * value
        return alpha, beta


def _entry(value: Fraction, like: Sequence[Entry]) -> Entry:
    """A rational number of the kind that the entries have."""
    symbolic = any(isinstance(entry, sympy.Basic) for entry in like)
    return sympy.Rational(value.numerator, value.denominator) if symbolic else value


def quadratic_of(formulas: Formulas) -> Quadratic | None:
    """The coefficients, when T and log Q are polynomials of degree at most 2 on the whole line."""
    part = formulas.parts[0]
    if len(formulas.parts) != 1 or part.low != -INFINITY or part.high != INFINITY:
        return None
    statistics = [_two(statistic, formulas.symbol) for statistic in formulas.statistics]
    exponents = []
    for factor in sympy.Mul.make_args(formulas.base_measure):
        if not factor.has(formulas.symbol):
            continue
        if not isinstance(factor, sympy.exp):
            return None
        exponents.append(factor.args[0])
    base = _two(sympy.Add(*exponents), formulas.symbol)
    if base is None or any(pair is None for pair in statistics):
        return None
    return Quadratic(tuple(pair for pair in statistics if pair is not None), base)


def _two(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[Fraction, Fraction] | None:
    coefficients = polynomial_coefficients(expression, symbol)
    if coefficients is None or any(coefficients[3:]):
        return None
    padded = [*coefficients, Fraction(0), Fraction(0), Fraction(0)]
    return padded[2], padded[1]


#: The statistics of a rival's latents: coefficients of z**2 and z in T = z**2, T = (z, z**2) and T = z.
RIVAL_STATISTICS: dict[str, tuple[tuple[Fraction, Fraction], ...]] = {
    "scale": ((Fraction(1), Fraction(0)),),
    "both": ((Fraction(0), Fraction(1)), (Fraction(1), Fraction(0))),
    "location": ((Fraction(0), Fraction(1)),),
}


def is_zero(value: Entry) -> bool:
    """Whether a number is 0, or an expression is 0 identically: by the distributive law, or by its normal form."""
    if isinstance(value, sympy.Basic):
        return bool(sympy.expand(value, power_base=False, log=False) == 0) or identity.is_zero(value)
    return bool(value == 0)


def write_rows(rows: Sequence[Sequence[Entry]]) -> list[list[str]]:
    """Exact rows as texts."""
    return [[to_text(v) if isinstance(v, sympy.Basic) else fraction_text(v) for v in row] for row in rows]


def read_rows(rows: Any, symbols: Sequence[str] = ()) -> list[list[Entry]]:
    """What :func:`write_rows` wrote, as expressions."""
    known = [sympy.Symbol(name, real=True) for name in symbols]
    return [[from_text(text, known, "natural parameters") for text in row] for row in rows]


def rows_of(natural: Mapping[str, Any], symbols: Sequence[str] = ()) -> list[list[Entry]] | None:
    """The rows of a described table, or the one symbolic row; ``None`` for callables, and tables known by a digest."""
    if natural["kind"] == "symbolic":
        known = [sympy.Symbol(name, real=True) for name in symbols]
        return [[from_text(text, known, "natural parameters") for text in natural["matrix"]]]
    if natural["kind"] != "table" or "sha256" in natural["values"]:
        return None
    if natural["entries"] == "floats":
        values = decode_array(natural["values"])
        return [[Fraction(*float(value).as_integer_ratio()) for value in row] for row in values]
    if natural["entries"] == "exact":
        return [[parse_fraction(value) for value in row] for row in natural["values"]]
    return [[from_text(value, [], "natural parameters") for value in row] for row in natural["values"]]
