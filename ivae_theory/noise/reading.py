"""Laws read back from the tree that ``Noise.describe`` writes: for numbers and pictures, never for verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.errors import CorruptReport
from ivae_theory.exact import from_text, parse_fraction
from ivae_theory.noise.cf import SymbolicCharacteristic
from ivae_theory.noise.composite import Affine, Iid, Mixture, Product, Sum
from ivae_theory.noise.density import SymbolicDensity
from ivae_theory.noise.gaussian import Gaussian, MultivariateStudent, Spread
from ivae_theory.noise.laws import Bounded, Law, Named, Opaque, PointMass

__all__ = ["law_from_description"]

_INFINITE = ("oo", "-oo")


def law_from_description(node: Mapping[str, Any]) -> Law:
    """The law that ``law.describe()`` wrote down; what was a black box comes back without its functions.

    Raises
    ------
    CorruptReport
        When the description is of no law on R or R^d (discrete observations among them), or cannot be read.
    """
    try:
        return _read(node)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptReport("noise", "the description of a law", f"{type(error).__name__}: {error}"[:120]) from None


def _read(node: Mapping[str, Any]) -> Law:
    match node["node"]:
        case "none":
            return PointMass()
        case "gaussian":
            return Gaussian(_spread(node["covariance"]))
        case "multivariate_t":
            return MultivariateStudent(_spread(node["shape"]), parse_fraction(node["df"]))
        case "named":
            return Named(str(node["name"]), {str(key): _number(text) for key, text in node["parameters"].items()})
        case "affine":
            given = node["matrix"]
            rows = tuple(tuple(map(parse_fraction, row)) for row in given) if isinstance(given, list) else None
            return Affine(_read(node["law"]), rows or parse_fraction(given), tuple(map(parse_fraction, node["shift"])))
        case "sum":
            return Sum(tuple(map(_read, node["laws"])))
        case "product":
            return Product(tuple(map(_read, node["laws"])))
        case "iid":
            return Iid(_read(node["law"]), int(node["count"]))
        case "mixture":
            return Mixture(tuple(map(parse_fraction, node["weights"])), tuple(map(_read, node["laws"])))
        case "cf":
            symbols = tuple(sympy.Symbol(str(name), real=True) for name in node["symbols"])
            return SymbolicCharacteristic(from_text(node["expression"], symbols, "cf"), symbols)
        case "density":
            symbol = sympy.Symbol(str(node["symbol"]), real=True)
            pieces = tuple(
                (from_text(low, [], "support"), from_text(high, [], "support")) for low, high in node["support"]
            )
            return SymbolicDensity(from_text(node["expression"], [symbol], "density"), symbol, pieces)
        case "bounded":
            low, high = (tuple(map(_number, node[name])) for name in ("low", "high"))
            return Bounded(low, high, str(node["label"]), vector=bool(node["vector"]))
        case "opaque":
            return Opaque(str(node["label"]), node["dimension"])
        case other:
            raise CorruptReport("noise", "the description of a law on R or R^d", repr(other)[:60])


def _number(text: str) -> Fraction | str:
    return text if text in _INFINITE else parse_fraction(text)


def _spread(given: Any) -> Spread:
    if not isinstance(given, list):
        return parse_fraction(given)
    if given and isinstance(given[0], list):
        return tuple(tuple(map(parse_fraction, row)) for row in given)
    return tuple(map(parse_fraction, given))
