"""What is true of functions of one variable almost everywhere on a support: the verifications.

Each function here *verifies*; finding points, relations and intervals is the business of the checker. The checker and
the rechecker both call these.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy
from flint import arb, arb_mat, fmpq

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.pieces import Piece, decompose, derivative, support_intervals
from ivae_theory.enclosure.formula.polynomials import Cut, in_order
from ivae_theory.enclosure.formula.regularity import Interval, is_analytic, weak_sign_on
from ivae_theory.enclosure.formula.symbolic import ball
from ivae_theory.exact.identity import is_zero

__all__ = [
    "affinely_independent",
    "charges",
    "constant_on",
    "is_relation",
    "neighbourhood",
    "nonnegative",
    "nonzero_point",
    "not_constant_at",
    "row_on",
    "vanishes_on",
]


def neighbourhood(point: Fraction, radius: Fraction) -> arb:
    """The ball of all numbers at most ``radius`` from ``point``."""
    return arb(
        fmpq(point.numerator, point.denominator),
        arb(fmpq(radius.numerator, radius.denominator)).upper(),
    )


def inside(point: Fraction, radius: Fraction, support: sympy.Set) -> bool:
    """Whether ``[point - radius, point + radius]`` is an interval of positive length inside the support."""
    low, high = Cut.rational(point - radius), Cut.rational(point + radius)
    return radius > 0 and any(
        in_order(start, low) <= 0 and in_order(high, end) <= 0 for start, end in support_intervals(support)
    )


def row_on(statistics: Sequence[sympy.Expr], variable: sympy.Symbol, where: arb) -> list[arb]:
    """``1, T_1, .., T_k`` as balls that hold everywhere on an interval."""
    return [arb(1), *(ball(statistic, {variable: where}) for statistic in statistics)]


def affinely_independent(
    statistics: Sequence[sympy.Expr],
    variable: sympy.Symbol,
    support: sympy.Set,
    points: Sequence[Fraction],
    radius: Fraction,
) -> arb | None:
    """A determinant ball without zero that proves ``1, T_1, .., T_k`` independent modulo null sets, or ``None``.

    The determinant of the rows ``(1, T(p))`` encloses its values for *every* choice of a point in each neighbourhood.
    These have positive measure, so a relation that held almost everywhere would hold at some such choice, where the
    determinant would be zero. No continuity is used.
    """
    if len(points) != len(statistics) + 1 or not all(inside(point, radius, support) for point in points):
        return None
    rows = [row_on(statistics, variable, neighbourhood(point, radius)) for point in points]
    size = len(rows)
    determinant = arb_mat(size, size, [entry for row in rows for entry in row]).det()
    return None if determinant.contains(0) or not determinant.is_finite() else determinant


def is_relation(
    statistics: Sequence[sympy.Expr], variable: sympy.Symbol, support: sympy.Set, weights: Sequence[sympy.Expr]
) -> sympy.Expr | None:
    """The constant that ``sum_j w_j T_j`` is proved to be almost everywhere on the support, or ``None``."""
    constants: list[tuple[sympy.Expr, Piece, sympy.Expr]] = []
    for piece in decompose(statistics, variable, support):
        for _, branches in piece.cases():
            total = sympy.Add(*(w * branch for w, branch in zip(weights, branches, strict=True)))
            constant = _constant_value(total, branches, piece)
            if constant is None:
                return None
            constants.append((constant, piece, total))
    first, *others = constants
    for previous, current in zip([first, *others], others, strict=False):
        if not (is_zero(current[0] - first[0]) or _same_function(previous, current)):
            return None
    return sympy.S.Zero if is_zero(first[0]) else first[0]


def _constant_value(total: sympy.Expr, branches: Sequence[sympy.Expr], piece: Piece) -> sympy.Expr | None:
    """The value of a formula that is proved constant on a piece, for all values of its integer symbols."""
    variable, integers = piece.variable, [switch.symbol for switch in piece.integers]
    total = sympy.expand(total)
    if not total.free_symbols:
        return total
    point = piece.interval.points()[0]
    at = {variable: sympy.Rational(point.numerator, point.denominator), **dict.fromkeys(integers, sympy.S.Zero)}
    value = total.xreplace(at)
    if value.has(sympy.nan, sympy.zoo, sympy.oo):
        return None
    if is_zero(total - value):
        return value
    if total.free_symbols & set(integers):
        return None
    analytic = all(piece.analytic(branch) for branch in branches) or piece.analytic(total)
    return value if analytic and is_zero(derivative(total, variable)) else None


def _same_function(one: tuple[sympy.Expr, Piece, sympy.Expr], other: tuple[sympy.Expr, Piece, sympy.Expr]) -> bool:
    """One analytic formula on the hull of two pieces: constant on both with the same value."""
    if one[2] != other[2]:
        return False
    hull = Interval.between(one[1].interval.low, other[1].interval.high)
    return is_analytic(one[2], one[1].variable, hull)


def constant_on(formula: sympy.Expr, variable: sympy.Symbol, low: Fraction, high: Fraction) -> bool:
    """Whether the derivative is proved zero almost everywhere on ``(low, high)``."""
    pieces = decompose([formula], variable, _open(low, high))
    return all(_is_constant(branch, piece) for piece in pieces for _, (branch,) in piece.cases())


def _is_constant(branch: sympy.Expr, piece: Piece) -> bool:
    if not branch.has(piece.variable):
        return True
    return piece.analytic(branch) and is_zero(derivative(branch, piece.variable))


def charges(measure: sympy.Expr, variable: sympy.Symbol, low: Fraction, high: Fraction) -> bool:
    """Whether a base measure is proved not to vanish almost everywhere on ``(low, high)``.

    One piece suffices on which it is analytic and, whatever its sign symbols are, not zero at some point.
    """
    if measure == 1:
        return True
    for piece in decompose([measure], variable, _open(low, high)):
        branches = [branch for _, (branch,) in piece.cases()]
        if all(any(nonzero_point(branch, piece, point) for point in piece.interval.points()) for branch in branches):
            return True
    return False


def vanishes_on(formula: sympy.Expr, variable: sympy.Symbol, low: Fraction, high: Fraction) -> bool:
    """Whether the formula is proved zero almost everywhere on ``(low, high)``."""
    pieces = decompose([formula], variable, _open(low, high))
    return all(is_zero(branch) for piece in pieces for _, (branch,) in piece.cases())


def _open(low: Fraction, high: Fraction) -> sympy.Interval:
    ends = (sympy.Rational(end.numerator, end.denominator) for end in (low, high))
    return sympy.Interval.open(*ends)


def not_constant_at(formula: sympy.Expr, piece: Piece, point: Fraction) -> bool:
    """Whether a point proves that the derivative of a formula is non-zero almost everywhere on a piece.

    The formula is real-analytic on the piece, for each value of its integer symbols; one point where the derivative is
    not zero shows that it is not constant, so the zeros of the derivative are isolated.
    """
    if not piece.interval.contains_cut(Cut.rational(point)) or not piece.analytic(formula):
        return False
    return _nonzero_at(derivative(formula, piece.variable), piece, point)


def _nonzero_at(formula: sympy.Expr, piece: Piece, point: Fraction) -> bool:
    """Whether a formula is certified non-zero at a point for every value of its integer symbols."""
    here = {piece.variable: arb(fmpq(point.numerator, point.denominator))}
    integers = [switch.symbol for switch in piece.integers if formula.has(switch.symbol)]
    try:
        if not integers:
            return not ball(formula, here).contains(0)
        if len(integers) > 1 or not formula.is_polynomial(integers[0]):
            return False
        coefficients = sympy.Poly(formula, integers[0]).all_coeffs()
        if len(coefficients) > 2:
            return False
        slope, offset = (ball(c, here) for c in coefficients)
        return not slope.contains(0) and not (offset / slope).contains_integer()
    except CannotEnclose:
        return False


def nonzero_point(formula: sympy.Expr, piece: Piece, point: Fraction) -> bool:
    """Whether a point proves that a formula, real-analytic on a piece, is non-zero almost everywhere on it."""
    if not piece.interval.contains_cut(Cut.rational(point)) or not piece.analytic(formula):
        return False
    return _nonzero_at(formula, piece, point)


def nonnegative(formula: sympy.Expr, branch: sympy.Expr, piece: Piece) -> bool:
    """Whether a formula, ``branch`` in one case of a piece, is proved nowhere negative on the piece."""
    for form in (branch, formula):
        sign = weak_sign_on(form, piece.variable, piece.interval)
        if form == 0 or (sign is not None and sign[0] == 1):
            return True
    return False
