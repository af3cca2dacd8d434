"""Relations between symbolic functions: candidates from linear algebra, kept only when an identity shows them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy
from sympy.polys.matrices import DomainMatrix
from sympy.polys.polyerrors import BasePolynomialError

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import number_ball
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact.generators import (
    Monomial,
    NotPolynomial,
    Polynomial,
    Quotient,
    constant_expression,
    depends_on_symbols,
    lift,
    normal_form,
    number,
)
from ivae_theory.span.rational import kernel

__all__ = ["Relation", "common_relation", "holds_identically", "identities", "nonzero"]


@dataclass(frozen=True)
class Relation:
    """``sum_j weights[j] lambda_j = constant``, the weights constants that are not all zero."""

    weights: tuple[sympy.Expr, ...]
    constant: sympy.Expr


def holds_identically(expressions: Sequence[sympy.Expr], relation: Relation, nonnegative: Collection[str] = ()) -> bool:
    """Whether the normal form of the relation is zero, which proves it."""
    try:
        total = -normal_form(relation.constant, nonnegative)
        for weight, expression in zip(relation.weights, expressions, strict=True):
            total = total + normal_form(weight, nonnegative) * normal_form(expression, nonnegative)
    except NotPolynomial:
        return False
    return total.is_zero


def identities(cases: Sequence[Sequence[sympy.Expr]], nonnegative: Collection[str] = ()) -> list[Relation]:
    """Independent relations that hold identically in the symbols, in every case; empty when none was found.

    With rational weights all that the normal form shows; otherwise one with weights in the field of the constants.

    Parameters
    ----------
    cases
        The same r expressions, for each value of what takes finitely many.
    nonnegative
        Symbols that are never negative.
    """
    try:
        tables = [_columns([normal_form(entry, nonnegative) for entry in case]) for case in cases]
    except NotPolynomial:
        return []

    def holds(relation: Relation) -> bool:
        return all(holds_identically(case, relation, nonnegative) for case in cases)

    found = [relation for relation in map(_relation, _rational_kernel(tables)) if holds(relation)]
    return found or [relation for relation in map(_relation_of, _field_kernel(tables)) if holds(relation)][:1]


def common_relation(rows: Sequence[Sequence[sympy.Expr]]) -> tuple[sympy.Expr, ...] | None:
    """Weights with the same combination in every row of a table of symbolic numbers, or ``None``."""
    first = rows[0]
    gaps = [[a - b for a, b in zip(row, first, strict=True)] for row in rows[1:]]
    if not gaps:
        return (sympy.Integer(1),) + (sympy.Integer(0),) * (len(first) - 1)
    for vector in _nullspace(sympy.Matrix(gaps)):
        relation = Relation(tuple(vector), sympy.Integer(0))
        if all(holds_identically(gap, relation) for gap in gaps):
            return relation.weights
    return None


def nonzero(weights: Sequence[sympy.Expr]) -> bool:
    """Whether some weight is proved not to be zero."""
    with precision(256):
        for weight in weights:
            try:
                if not number_ball(weight).contains(0):
                    return True
            except CannotEnclose:
                continue
    return False


def _columns(forms: Sequence[Quotient]) -> list[Polynomial]:
    """Numerators over a common denominator, and that denominator: relations are linear ones between them."""
    one = number(1)
    total = one
    for form in forms:
        total = total + Quotient({}, form.denominator)
    return [lift(form, total.denominator) for form in (*forms, one)]


def _rational_kernel(tables: Sequence[list[Polynomial]]) -> list[list[Fraction]]:
    rows = []
    for columns in tables:
        monomials = sorted({monomial for column in columns for monomial in column}, key=repr)
        rows += [[column.get(monomial, Fraction(0)) for column in columns] for monomial in monomials]
    return kernel(rows)


def _relation(vector: Sequence[Fraction]) -> Relation:
    exact = [sympy.Rational(value.numerator, value.denominator) for value in vector]
    return Relation(tuple(exact[:-1]), -exact[-1])


def _relation_of(vector: Sequence[sympy.Expr]) -> Relation:
    return Relation(tuple(vector[:-1]), -vector[-1])


def _field_kernel(tables: Sequence[list[Polynomial]]) -> list[list[sympy.Expr]]:
    """Candidates with weights in the field that the constants generate."""
    rows: dict[tuple[int, Monomial], list[sympy.Expr]] = {}
    try:
        for case, columns in enumerate(tables):
            for j, column in enumerate(columns):
                for monomial, value in column.items():
                    varying = tuple(item for item in monomial if depends_on_symbols(item[0]))
                    fixed = tuple(item for item in monomial if not depends_on_symbols(item[0]))
                    row = rows.setdefault((case, varying), [sympy.Integer(0)] * len(columns))
                    row[j] += sympy.Rational(value.numerator, value.denominator) * constant_expression(fixed)
    except NotPolynomial:
        return []
    return _nullspace(sympy.Matrix(list(rows.values())))


def _nullspace(matrix: sympy.Matrix) -> list[list[sympy.Expr]]:
    """A null space as sympy computes it: candidates, nothing more."""
    if matrix.rows * matrix.cols > 2500:
        return []
    try:
        space = DomainMatrix.from_Matrix(matrix, extension=True).to_field().nullspace().to_Matrix()
    except (BasePolynomialError, NotImplementedError, ValueError, ZeroDivisionError):
        return []
    return [list(space.row(i)) for i in range(space.rows)]
