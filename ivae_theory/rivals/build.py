"""Rival models from their parts: priors with new rows, mixing functions composed with a linear map."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.models.latent import read_formulas
from ivae_theory.enclosure.models.quadratic import Quadratic, quadratic_of, rows_of
from ivae_theory.errors import InputError
from ivae_theory.exact import to_fraction

__all__ = [
    "Latents",
    "evaluated",
    "inverse",
    "latents_of",
    "mixing_after",
    "pairs",
    "prior_with",
    "rows_with",
    "whole_support",
]

Matrix = Sequence[Sequence[Fraction]]
#: Pairs of latents that are tried: enough to find two of a few that are tied, without n**2 work for large n.
MOST_PAIRS = 500


class Latents:
    """The latents of a model as Gaussians (``None`` where they are not), and what lambda is for each u.

    A table's entries become exact numbers only when they are asked for: tables are large, and most pairs of latents
    differ in the first rows already.
    """

    def __init__(self, model: Any) -> None:
        self._described = model.prior.describe()
        different: dict[str, Quadratic | None] = {}
        for description in self._described["families"]:
            key = repr(description)
            if key not in different:
                different[key] = _quadratic(description)
        self.quadratics = [different[repr(description)] for description in self._described["families"]]
        self.ks: tuple[int, ...] = model.prior.ks
        self._starts = [end - k for end, k in zip(itertools.accumulate(self.ks), self.ks, strict=True)]
        natural = model.prior.natural
        self._floats = natural.values if getattr(natural, "kind", "") == "floats" else None
        # A rival stands in a report with its table; of a large one a report carries no more than a digest.
        large = getattr(natural, "large", False)
        self.known = self._described["natural"]["kind"] in ("table", "symbolic") and not large

    @cached_property
    def rows(self) -> list[list[Any]]:
        """Every row of lambda, exactly; one row of expressions when lambda is symbolic."""
        return rows_of(self._described["natural"], self._described["domain"].get("symbols", ())) or []

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.rows) if self._floats is None else len(self._floats)

    def block(self, row: int, latent: int) -> list[Any]:
        """The natural parameters of one latent on one row."""
        start = self._starts[latent]
        if self._floats is None:
            return self.rows[row][start : start + self.ks[latent]]
        return [to_fraction(value) for value in self._floats[row, start : start + self.ks[latent]]]

    def coefficients(self, row: int, latent: int) -> tuple[Any, Any]:
        """alpha and beta of a Gaussian latent on one row."""
        return self.quadratic(latent).at(self.block(row, latent))

    def quadratic(self, latent: int) -> Quadratic:
        """The Gaussian reading of a latent that has one."""
        found = self.quadratics[latent]
        if found is None:
            raise ValueError(f"latent {latent} is not Gaussian")
        return found

    def of_kind(self, *kinds: str) -> list[int]:
        """The latents whose Gaussian family is of one of the kinds."""
        return [i for i, q in enumerate(self.quadratics) if q is not None and q.kind in kinds]

    def tied(self, latents: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs whose alpha may be proportional over all rows: all pairs of few latents, else alike ones in floats."""
        if len(latents) <= 30 or self._floats is None:
            return pairs(latents)
        groups: dict[bytes, list[int]] = {}
        for latent in latents:
            start, quadratic = self._starts[latent], self.quadratic(latent)
            squares = np.array([float(square) for square, _ in quadratic.statistics])
            alpha = self._floats[:, start : start + self.ks[latent]] @ squares + float(quadratic.base[0])
            groups.setdefault(np.round(alpha / alpha[0], 9).tobytes(), []).append(latent)
        return [(group[0], other) for group in groups.values() for other in group[1:]]


def latents_of(model: Any) -> Latents:
    """The Gaussian reading of a model's latents."""
    return Latents(model)


def _quadratic(description: Mapping[str, Any]) -> Quadratic | None:
    try:
        return quadratic_of(read_formulas(description))
    except (CannotEnclose, InputError):
        return None


def rows_with(latents: Latents, pair: Sequence[int], blocks: Sequence[Sequence[Sequence[Any]]]) -> list[list[Any]]:
    """All rows, with the blocks of two latents replaced."""
    rows = []
    for number, new in enumerate(blocks):
        parts = [latents.block(number, latent) for latent in range(len(latents.ks))]
        for latent, block in zip(pair, new, strict=True):
            parts[latent] = list(block)
        rows.append([entry for part in parts for entry in part])
    return rows


def pairs(latents: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of different latents, the first ones first."""
    return list(itertools.islice(itertools.combinations(latents, 2), MOST_PAIRS))


def whole_support(model: Any) -> bool:
    """Whether the rows are all of lambda(u): a finite support, or a symbolic lambda on its whole domain."""
    from ivae_theory.domain import Points, SymbolicDomain

    return isinstance(model.prior.domain, (Points, SymbolicDomain))


def prior_with(model: Any, families: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Any:
    """A prior with these families and exact rows, on the same domain."""
    from ivae_theory.domain import Points, SymbolicDomain
    from ivae_theory.model import Prior

    domain = model.prior.domain
    if isinstance(domain, SymbolicDomain):
        renamed = {sympy.Symbol(symbol.name, real=True): symbol for symbol in domain.symbols}
        entries = [sympy.sympify(entry, strict=True).xreplace(renamed) for entry in rows[0]]
        return Prior(list(families), sympy.Matrix(entries), dict(domain.sets))
    table = sympy.Matrix([[_sympy(entry) for entry in row] for row in rows])
    u = None if isinstance(domain, Points) else domain
    return Prior(list(families), table, u)


def _sympy(value: Any) -> sympy.Expr:
    return value if isinstance(value, sympy.Basic) else sympy.Rational(value.numerator, value.denominator)


def inverse(matrix: Matrix) -> list[list[Fraction]]:
    """Inverse of a 2 x 2 matrix."""
    (a, b), (c, d) = matrix
    determinant = a * d - b * c
    return [[d / determinant, -b / determinant], [-c / determinant, a / determinant]]


def mixing_after(model: Any, pair: Sequence[int], matrix: Matrix, shift: Sequence[Fraction]) -> Any:
    """``z' -> f(z)`` with ``z_pair = matrix z'_pair + shift`` and the other latents unchanged; ``None`` without f."""
    from ivae_theory.mixing import SymbolicMixing

    mixing = model.mixing
    if mixing is None:
        return None
    i, j = pair
    if isinstance(mixing, SymbolicMixing):
        symbols = list(mixing.symbols)
        exact = [[sympy.Rational(v.numerator, v.denominator) for v in row] for row in matrix]
        offset = [sympy.Rational(v.numerator, v.denominator) for v in shift]
        replaced = {
            symbols[place]: exact[k][0] * symbols[i] + exact[k][1] * symbols[j] + offset[k]
            for k, place in enumerate((i, j))
        }
        return SymbolicMixing(symbols, [entry.subs(replaced, simultaneous=True) for entry in mixing.matrix])
    floats, offset_floats = np.array(matrix, dtype=float), np.array(shift, dtype=float)

    def composed(z: NDArray[Any]) -> NDArray[np.float64]:
        moved = np.array(z, dtype=float)
        moved[:, [i, j]] = moved[:, [i, j]] @ floats.T + offset_floats
        return np.asarray(mixing.evaluate(moved), dtype=np.float64)

    return evaluated(mixing, composed)


def evaluated(mixing: Any, function: Any) -> Any:
    """A callable mixing, or the vouched number of outputs where there is no function to call."""
    from ivae_theory.mixing import Vouched

    if isinstance(mixing, Vouched) and mixing.inner is None:
        return Vouched(mixing.n, mixing.d, None)
    return function
