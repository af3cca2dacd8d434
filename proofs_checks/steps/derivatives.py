"""Derivatives of the statistics: Lemma 1, the equations (15) to (17) of its proof, and Eq. (24)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy
from flint import arb, arb_mat

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.pieces import decompose, derivative
from ivae_theory.enclosure.formula.symbolic import ball
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import null_vector, rank, to_arb, to_fraction
from ivae_theory.exact.identity import is_zero
from proofs_checks.steps.models import Z, rational

__all__ = ["annihilator", "derivative_rows", "independent_points", "is_locally_lipschitz", "rational_rows", "solves"]

BITS = 128
#: Compositions of these are locally Lipschitz where they are defined, hence locally absolutely continuous.
_LIPSCHITZ = (sympy.Add, sympy.Mul, sympy.exp, sympy.log, sympy.Abs, sympy.Max, sympy.Min, sympy.sin, sympy.cos)


def is_locally_lipschitz(expression: sympy.Expr, support: sympy.Set = sympy.Reals) -> bool:
    """Whether an expression is built from locally Lipschitz functions alone (floors and branches are not).

    Logarithms and negative powers are, on a support that contains no zero of their arguments: they cut nothing.
    """
    nodes = list(sympy.preorder_traversal(expression))
    singular = any(
        isinstance(node, sympy.log) or (isinstance(node, sympy.Pow) and node.exp.is_negative) for node in nodes
    )
    known = all(
        node.is_Symbol
        or node.is_Rational
        or isinstance(node, _LIPSCHITZ)
        or (isinstance(node, sympy.Pow) and node.exp.is_Integer)
        for node in nodes
    )
    return known and (not singular or len(derivative_rows([expression], support)) == 1)


def derivative_rows(
    statistics: Sequence[sympy.Expr], support: sympy.Set = sympy.Reals
) -> list[tuple[list[Fraction], tuple[sympy.Expr, ...]]]:
    """For each open interval on which the statistics are single formulas: points of it, and ``T'`` there."""
    rows = []
    with precision(BITS):
        for piece in decompose(list(statistics), Z, support):
            for _, branches in piece.cases():
                rows.append((list(piece.interval.points()), tuple(derivative(branch, Z) for branch in branches)))
    return rows


def independent_points(statistics: Sequence[sympy.Expr], support: sympy.Set = sympy.Reals) -> list[Fraction] | None:
    """k points with linearly independent derivative vectors (a determinant ball away from 0), or ``None``."""
    candidates = [
        (point, formulas) for points, formulas in derivative_rows(statistics, support) for point in points[:9]
    ]
    with precision(BITS):
        chosen: list[tuple[Fraction, list[arb]]] = []
        for point, formulas in candidates:
            try:
                row = [ball(formula, {Z: to_arb(point)}) for formula in formulas]
            except CannotEnclose:
                continue
            if _gram_is_positive([*(other for _, other in chosen), row]):
                chosen.append((point, row))
            if len(chosen) == len(statistics):
                return [point for point, _ in chosen]
    return None


def _gram_is_positive(rows: Sequence[Sequence[arb]]) -> bool:
    """Whether the rows are certainly linearly independent: their Gram determinant is positive."""
    matrix = arb_mat([list(row) for row in rows])
    return bool((matrix * matrix.transpose()).det() > 0)


def annihilator(statistics: Sequence[sympy.Expr], support: sympy.Set = sympy.Reals) -> list[Fraction] | None:
    """A non-zero w with ``w . T' = 0`` on every piece, as an identity; ``None`` where none is found."""
    pieces = derivative_rows(statistics, support)
    values = [row for points, formulas in pieces for row in rational_rows(formulas, points[:6])]
    weights = null_vector(values) if values else None
    if weights is None:
        return None
    for _, formulas in pieces:
        if not is_zero(sum(rational(w) * formula for w, formula in zip(weights, formulas, strict=True))):
            return None
    return weights


def rational_rows(formulas: Sequence[sympy.Expr], points: Sequence[Fraction]) -> list[list[Fraction]]:
    """The formulas at the points where all of their values are rational."""
    rows = []
    for point in points:
        values = [formula.xreplace({Z: rational(point)}) for formula in formulas]
        if all(value.is_Rational for value in values):
            rows.append([to_fraction(value) for value in values])
    return rows


def solves(columns: Sequence[Sequence[Fraction]], target: Sequence[Fraction]) -> bool:
    """Whether ``target`` is a linear combination of the columns."""
    return rank([*columns, target]) == rank(list(columns))
