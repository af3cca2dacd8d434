"""Symbolic densities: a sympy expression in one real symbol on a finite union of intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.exact import rationalised, to_text
from ivae_theory.noise.laws import Floats, Law

__all__ = ["SymbolicDensity", "density_law"]


@dataclass(frozen=True, eq=False)
class SymbolicDensity(Law):
    """A law on R with density ``expression`` in ``symbol`` on ``pieces`` (closed hulls ``(low, high)``), zero outside."""

    expression: sympy.Expr
    symbol: sympy.Symbol
    pieces: tuple[tuple[sympy.Expr, sympy.Expr], ...]

    def describe(self) -> dict[str, Any]:
        return {
            "node": "density",
            "expression": to_text(self.expression),
            "symbol": self.symbol.name,
            "support": [[to_text(low), to_text(high)] for low, high in self.pieces],
        }

    @property
    def text(self) -> str:
        return f"density {self.expression}"

    def log_density(self, x: Floats) -> Floats:
        function = sympy.lambdify(self.symbol, self.expression, modules=["numpy", "scipy"])
        inside = np.zeros(np.shape(x), dtype=bool)
        for low, high in self.pieces:
            inside |= (x >= float(low)) & (x <= float(high))
        with np.errstate(all="ignore"):
            values = np.where(inside, np.broadcast_to(function(np.where(inside, x, 0.5)), np.shape(x)), 0.0)
            return np.log(np.maximum(values, 0.0))


def density_law(expression: Any, support: sympy.Set | None) -> Law:
    """The law with this density on ``support`` (default: all reals)."""
    if not isinstance(expression, sympy.Expr):
        raise InputTypeError("density", "a sympy expression or a callable", type(expression).__name__)
    expression = rationalised(expression)
    if len(expression.free_symbols) > 1:
        raise InputError("density", "an expression in one symbol", str(expression))
    symbol = next(iter(expression.free_symbols), sympy.Symbol("x", real=True))
    return SymbolicDensity(expression, symbol, _pieces(sympy.Reals if support is None else support))


def _pieces(support: sympy.Set) -> tuple[tuple[sympy.Expr, sympy.Expr], ...]:
    parts = support.args if isinstance(support, sympy.Union) else (support,)
    pieces = []
    for part in parts:
        if not isinstance(part, sympy.Interval):
            raise InputError("support", "a finite union of intervals", str(part))
        pieces.append((rationalised(part.start), rationalised(part.end)))
    return tuple(pieces)
