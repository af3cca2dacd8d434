"""Symbolic characteristic functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.exact import rationalised, to_text
from ivae_theory.noise.laws import Floats, Law

__all__ = ["SymbolicCharacteristic", "characteristic_law"]


@dataclass(frozen=True, eq=False)
class SymbolicCharacteristic(Law):
    """A law given by its characteristic function; one symbol is a scalar law, d symbols a law on R^d."""

    expression: sympy.Expr
    symbols: tuple[sympy.Symbol, ...]

    @property
    def dimension(self) -> int | None:
        return None if len(self.symbols) == 1 else len(self.symbols)

    def describe(self) -> dict[str, Any]:
        names = [symbol.name for symbol in self.symbols]
        return {"node": "cf", "expression": to_text(self.expression), "symbols": names}

    @property
    def text(self) -> str:
        return f"characteristic function {self.expression}"

    def characteristic(self, t: Floats) -> NDArray[np.complex128]:
        function = sympy.lambdify(self.symbols, self.expression, modules=["numpy", "scipy"])
        arguments = [t] if self.dimension is None else [t[..., i] for i in range(len(self.symbols))]
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(function(*arguments), dtype=complex), np.shape(arguments[0]))


def characteristic_law(expression: Any, symbols: Sequence[sympy.Symbol] | None) -> Law:
    """The law with this characteristic function in ``symbols`` (default: the one symbol that occurs)."""
    if not isinstance(expression, sympy.Expr):
        raise InputTypeError("cf", "a sympy expression", type(expression).__name__)
    expression = rationalised(expression)
    names = list(symbols) if symbols is not None else sorted(expression.free_symbols, key=str)
    if not names or any(not isinstance(symbol, sympy.Symbol) for symbol in names):
        raise InputError("symbols", "the symbols of the characteristic function", str(symbols))
    if not expression.free_symbols <= set(names):
        raise InputError("cf", f"an expression in {names}", str(expression))
    return SymbolicCharacteristic(expression, tuple(names))
