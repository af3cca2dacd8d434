"""Symbolic natural parameters on finite sets: a table of exact numbers, one row a combination of the values."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import sympy

from ivae_theory.domain import Points
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import ball, number_ball
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_fraction, value_at
from ivae_theory.hypotheses.variability_table import CLAIM, check_table
from ivae_theory.model.natural import TableNatural
from ivae_theory.verdict import Verdict

__all__ = ["check_finite_symbolic"]


def check_finite_symbolic(prior: Any, combinations: Sequence[Sequence[sympy.Expr]]) -> Verdict:
    """theorem1.iii at all combinations of the values of u, which are its whole support."""
    symbols = list(prior.natural.sets)
    rows = []
    for values in combinations:
        try:
            rows.append(_row(prior.natural.matrix, dict(zip(symbols, values, strict=True))))
        except CannotEnclose as problem:
            return Verdict.unknown(CLAIM, f"lambda could not be enclosed at u = {list(values)}: {problem.what}.")
    floats = np.array([[float(entry) for entry in row] for row in rows])
    if all(entry.is_Rational for row in rows for entry in row):
        natural = TableNatural(floats, [[to_fraction(entry) for entry in row] for row in rows], "exact", "object")
    else:
        natural = TableNatural(floats, sympy.ImmutableMatrix(rows), "symbols", "object")
    table = SimpleNamespace(natural=natural, domain=Points(np.arange(len(rows))), families=prior.families)
    return check_table(table)


def _row(matrix: sympy.Matrix, values: dict[sympy.Symbol, sympy.Expr]) -> list[sympy.Expr]:
    """Exact entries; what sympy evaluates must lie in the enclosure."""
    row = [value_at(entry, values) for entry in matrix]
    with precision(128):
        at = {symbol: number_ball(value) for symbol, value in values.items()}
        for entry, value in zip(matrix, row, strict=True):
            if not ball(entry, at).overlaps(number_ball(value)):
                raise CannotEnclose(f"{entry} evaluates to {value} outside its enclosure")
    return row
