"""Symbolic densities: a sympy expression in one real symbol on a finite union of intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import arb

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import ball, number_ball
from ivae_theory.enclosure.formula.tails import decays_exponentially, order_at_infinity
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import InputError, InputTypeError, NotNormalizable
from ivae_theory.exact import from_text, rationalised, to_fmpq, to_text, writable
from ivae_theory.exact.identity import is_zero
from ivae_theory.noise.laws import Floats, Law, Opaque

__all__ = ["SymbolicDensity", "band_limit", "density_law", "density_theorems"]

#: Points and cells at which a density is examined for negative values and for too much mass.
GRID, CELLS = 200, 400
Ends = tuple[sympy.Expr, sympy.Expr]


@dataclass(frozen=True, eq=False)
class SymbolicDensity(Law):
    """A law on R with density ``expression`` in ``symbol`` on ``pieces`` (closed hulls ``(low, high)``), zero
    outside."""

    expression: sympy.Expr
    symbol: sympy.Symbol
    pieces: tuple[Ends, ...]

    def describe(self) -> dict[str, Any]:
        return {
            "node": "density",
            "expression": to_text(self.expression),
            "symbol": self.symbol.name,
            "support": [[to_text(low), to_text(high)] for low, high in self.pieces],
        }

    @property
    def text(self) -> str:
        return f"law with density {self.expression}"

    def _density(self, x: Floats) -> Floats:
        function = sympy.lambdify(self.symbol, self.expression, modules=["numpy", "scipy"])
        inside = np.zeros(np.shape(x), dtype=bool)
        for low, high in self.pieces:
            inside |= (x >= float(low)) & (x <= float(high))
        with np.errstate(all="ignore"):
            values = np.broadcast_to(np.asarray(function(x), dtype=float), np.shape(x))
        return np.where(inside & np.isfinite(values), np.maximum(values, 0.0), 0.0)

    def log_density(self, x: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            return np.log(self._density(np.asarray(x, dtype=float)))

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Inverse of a tabulated distribution function: accurate to the table's spacing, tails beyond 1e6 are cut."""
        low, high = min(float(a) for a, _ in self.pieces), max(float(b) for _, b in self.pieces)
        bounds = np.arcsinh(np.clip([low, high], -1e6, 1e6))
        nodes = np.sinh(np.linspace(bounds[0], bounds[1], 20_001))
        middle = (nodes[1:] + nodes[:-1]) / 2
        mass = self._density(middle) * np.diff(nodes)
        table = np.concatenate([[0.0], np.cumsum(mass)])
        if not table[-1] > 0:
            raise InputError("density", "a density that can be tabulated for sampling", str(self.expression))
        return np.asarray(np.interp(rng.random(shape), table / table[-1], nodes))


def density_law(expression: Any, support: sympy.Set | None) -> Law:
    """The law with this density on ``support`` (default: all reals).

    Raises
    ------
    NotNormalizable
        When the density is proved to be negative somewhere, not integrable, or of integral above 1. Otherwise that it
        integrates to 1 is accepted, and listed as assumed by the verdicts that rest on it.
    """
    if isinstance(expression, (int, float)):
        expression = sympy.sympify(expression, strict=True)
    if not isinstance(expression, sympy.Expr):
        raise InputTypeError("density", "a sympy expression or a callable", type(expression).__name__)
    if len(expression.free_symbols) > 1:
        raise InputError("density", "an expression in one symbol (a density on R)", str(expression))
    given = next(iter(expression.free_symbols), sympy.Symbol("x"))
    symbol = sympy.Symbol(writable([given])[given], real=True)
    exact = rationalised(expression).xreplace({given: symbol})
    law = SymbolicDensity(exact, symbol, _pieces(sympy.Reals if support is None else support))
    with precision(64):
        _refute(law)
    try:
        _read(law.describe())
    except InputError:  # functions outside the grammar: a black box with this density
        return Opaque(law.text, None, law.sample, law.log_density)
    return law


def _pieces(support: sympy.Set) -> tuple[Ends, ...]:
    pieces = []
    for part in support.args if isinstance(support, sympy.Union) else (support,):
        if not isinstance(part, sympy.Interval):
            raise InputError("support", "a finite union of intervals", str(part))
        pieces.append((rationalised(part.start), rationalised(part.end)))
    return tuple(pieces)


def _refute(law: SymbolicDensity) -> None:
    if is_zero(law.expression):
        raise NotNormalizable("density", "an integral of 1", f"{law.expression}, which is zero everywhere")
    for low, high in law.pieces:
        for side, end in ((-1, low), (1, high)):
            if end in (sympy.oo, -sympy.oo) and _diverges(law, side):
                raise NotNormalizable("density", "a finite integral", f"{law.expression}, which diverges at {end}")
        a, b = _window(low, high)
        for k in range(1, GRID):
            point = a + (b - a) * Fraction(k, GRID)
            value = _ball(law, arb(to_fmpq(point)))
            if value is not None and value < 0:
                raise NotNormalizable(
                    "density", "values that are not negative", f"{float(value.mid()):.6g} at {float(point)}"
                )
    _check_mass(law)


def _diverges(law: SymbolicDensity, side: int) -> bool:
    try:
        return order_at_infinity(law.expression, law.symbol, side).not_integrable
    except CannotEnclose:
        return False


def _window(low: sympy.Expr, high: sympy.Expr) -> tuple[Fraction, Fraction]:
    """A rational interval inside one piece of the support, its ends just inside finite ends."""

    def inner(end: sympy.Expr, direction: int) -> Fraction | None:
        if end in (sympy.oo, -sympy.oo):
            return None
        centre = number_ball(end).mid()
        return Fraction(*float(centre).as_integer_ratio()) + direction * Fraction(1, 2**40) * (
            1 + abs(int(float(centre)))
        )

    a, b = inner(low, 1), inner(high, -1)
    if a is None:
        a = (b if b is not None else Fraction(12)) - 24
    return a, a + 24 if b is None else b


def _ball(law: SymbolicDensity, x: arb) -> arb | None:
    try:
        return ball(law.expression, {law.symbol: x})
    except CannotEnclose:
        return None


def _check_mass(law: SymbolicDensity) -> None:
    """Lower and (on bounded supports) upper sums by balls: an integral proved different from 1 is an error."""
    lower, upper, bounded = arb(0), arb(0), True
    for low, high in law.pieces:
        finite = low not in (sympy.oo, -sympy.oo) and high not in (sympy.oo, -sympy.oo)
        a, b = _window(low, high)
        if b <= a:
            return
        bounded = bounded and finite
        width = (b - a) / CELLS
        for k in range(CELLS):
            middle = a + width * (k + Fraction(1, 2))
            value = _ball(law, arb(to_fmpq(middle), to_fmpq(width) / 2))
            if value is None:
                bounded = False
                continue
            length = arb(to_fmpq(width))
            lower += length * arb(max(float(value.lower()) * (1 - 1e-12), 0.0))
            upper += length * value.upper()
        if finite:
            # the margins that the window leaves out are of length 2^-39 or so; bound the density there as well
            edge = _edges(law, low, a, b, high)
            upper, bounded = (upper + edge, bounded) if edge is not None else (upper, False)
    if lower > 1:
        raise NotNormalizable("density", "an integral of 1", f"an integral above {float(lower.mid()):.4f}")
    if bounded and upper < 1:
        raise NotNormalizable("density", "an integral of 1", f"an integral below {float(upper.mid()):.4f}")


def _edges(law: SymbolicDensity, low: sympy.Expr, a: Fraction, b: Fraction, high: sympy.Expr) -> arb | None:
    total = arb(0)
    for left, right in ((number_ball(low), arb(to_fmpq(a))), (arb(to_fmpq(b)), number_ball(high))):
        value = _ball(law, left.union(right))
        if value is None:
            return None
        total += (right - left).upper() * value.upper()
    return total


def _read(node: Mapping[str, Any]) -> tuple[sympy.Expr, sympy.Symbol, list[list[str]]]:
    symbol = sympy.Symbol(node["symbol"], real=True)
    return from_text(node["expression"], [symbol], "density"), symbol, node["support"]


def density_theorems(node: Mapping[str, Any]) -> list[str]:
    """Theorems that a described density satisfies, from its support and its tails."""
    expression, symbol, support = _read(node)
    ends: dict[int, str] = {}
    for side, texts in ((-1, [low for low, _ in support]), (1, [high for _, high in support])):
        ends[side] = _tail(expression, symbol, side) if any("oo" in text for text in texts) else "bounded"
    found = []
    light = [ends[side] in ("bounded", "exponential", "light") for side in (-1, 1)]
    if ends[-1] == ends[1] == "bounded":
        found.append("compact_support")
    elif all(light):
        found.append("exponential_moment")
    if ends[-1] == "bounded" != ends[1]:
        found.append("half_line_right")
    if ends[1] == "bounded" != ends[-1]:
        found.append("half_line_left")
    if light[1] and ends[1] != "bounded" and not light[0]:
        found.append("right_exponential_moment")
    if light[0] and ends[-1] != "bounded" and not light[1]:
        found.append("left_exponential_moment")
    if not {"unknown", "light"} & set(ends.values()):
        found.append("analytic_tails")
    return found


def _tail(expression: sympy.Expr, symbol: sympy.Symbol, side: int) -> str:
    with precision(128):
        try:
            order = order_at_infinity(expression, symbol, side)
        except CannotEnclose:
            return "light" if decays_exponentially(expression, symbol, side) else "unknown"
        if order.zero:
            return "bounded"
        if order.decays_exponentially:
            return "exponential"
        return "sector" if order.vanishes else "unknown"


def band_limit(node: Mapping[str, Any]) -> str | None:
    """A rational ``tau`` such that phi vanishes for ``|t| > tau``: the density is of exponential type
    (Paley-Wiener)."""
    from ivae_theory.enclosure.formula.exponential_type import exponential_type

    expression, symbol, support = _read(node)
    if support != [["-oo", "oo"]]:
        return None
    try:
        with precision(128):
            return str(exponential_type(expression, symbol))
    except CannotEnclose:
        return None
