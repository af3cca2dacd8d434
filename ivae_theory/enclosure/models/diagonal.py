"""Reading a described model: linear diagonal mixing functions and Gaussian noise of one variance."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.formula.ranges import polynomial_coefficients
from ivae_theory.exact import from_text, parse_fraction

__all__ = ["diagonal_slopes", "gaussian_variance"]


def gaussian_variance(noise: Mapping[str, Any]) -> Fraction | None:
    """The variance of Gaussian noise that is the same for every coordinate, independent; else ``None``."""
    law = noise["law"]
    if law.get("node") != "gaussian" or not isinstance(law["covariance"], str):
        return None
    return parse_fraction(law["covariance"])


def diagonal_slopes(mixing: Mapping[str, Any] | None, n: int) -> list[Fraction] | None:
    """``a_1 .. a_n`` when ``f(z) = (a_1 z_1, .., a_n z_n)`` with rational ``a_i`` other than 0; else ``None``."""
    if mixing is None or mixing.get("kind") != "symbolic" or not mixing["d"] == n == len(mixing["symbols"]):
        return None
    symbols = [sympy.Symbol(str(name), real=True) for name in mixing["symbols"]]
    slopes = []
    for symbol, text in zip(symbols, mixing["expressions"], strict=True):
        expression = from_text(text, symbols, "mixing")
        coefficients = polynomial_coefficients(expression, symbol) if expression.free_symbols == {symbol} else None
        if coefficients is None or len(coefficients) != 2 or coefficients[0] != 0:
            return None
        slopes.append(coefficients[1])
    return slopes
