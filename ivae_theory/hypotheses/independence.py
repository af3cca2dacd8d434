"""Search for what settles (M): points with a non-zero determinant, or a relation between statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from flint import arb

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.functionals import affinely_independent, is_relation, neighbourhood, row_on
from ivae_theory.enclosure.precision import precision
from ivae_theory.families.formulas import Formulas
from ivae_theory.hypotheses.points import search_points

__all__ = ["COARSE", "FINE", "Independent", "Relation", "find_points", "find_relation"]

#: Bits of working precision with the radius of the neighbourhoods, coarse to fine.
COARSE, FINE = ((128, 40), (256, 100)), ((1024, 400), (4096, 1800))


@dataclass(frozen=True)
class Independent:
    """Points, radius and bits at which the determinant is enclosed away from zero."""

    points: tuple[Fraction, ...]
    radius: Fraction
    bits: int
    determinant: str


@dataclass(frozen=True)
class Relation:
    """``sum_j weights_j T_j = constant`` almost everywhere."""

    weights: tuple[sympy.Expr, ...]
    constant: sympy.Expr
    bits: int


def find_points(formulas: Formulas, seed: int, levels: Sequence[tuple[int, int]]) -> Independent | None:
    """Points that prove ``1, T_1, .., T_k`` independent modulo null sets, if the search meets some."""
    for bits, exponent in levels:
        radius = Fraction(1, 1 << exponent)
        with precision(bits):
            every = _rows(formulas, seed, radius)
            # A jump by 1 beside numbers of 2**20 passes for their uncertainty: then points without one are needed.
            steady = [one for one in every if all(entry.rad() < 2**-20 for entry in one[1])]
            for rows in (every, steady) if len(steady) < len(every) else (every,):
                found = _independent_at(formulas, rows, radius, bits)
                if found is not None:
                    return found
    return None


def _independent_at(
    formulas: Formulas, rows: Sequence[tuple[Fraction, list[arb]]], radius: Fraction, bits: int
) -> Independent | None:
    statistics = formulas.statistics or ()
    chosen = _pivot_rows([row for _, row in rows], len(statistics) + 1)
    if chosen is None:
        return None
    points = tuple(rows[index][0] for index in chosen)
    try:
        found = affinely_independent(statistics, formulas.variable, formulas.support, points, radius)
    except CannotEnclose:
        return None
    return None if found is None else Independent(points, radius, bits, found.str(8))


def _rows(formulas: Formulas, seed: int, radius: Fraction) -> list[tuple[Fraction, list[arb]]]:
    statistics = formulas.statistics or ()
    rows = []
    for point in search_points(statistics, formulas.variable, formulas.support, seed):
        try:
            row = row_on(statistics, formulas.variable, neighbourhood(point, radius))
        except CannotEnclose:
            continue
        if all(entry.rad() < 2**-20 * (1 + abs(entry.mid())) for entry in row):  # no jump nearby
            rows.append((point, row))
    return rows


def _pivot_rows(rows: Sequence[Sequence[arb]], size: int) -> list[int] | None:
    """Rows of a well-conditioned square part, by elimination with complete pivoting on the centres."""
    work = [[entry.mid() for entry in row] for row in rows]
    scale = [max((abs(row[j]) for row in work), default=arb(0), key=_size) for j in range(size)]
    work = [[entry / s if s != 0 else entry for entry, s in zip(row, scale, strict=True)] for row in work]
    left, columns, chosen = list(range(len(work))), list(range(size)), []
    for _ in range(size):
        candidates = ((abs(work[i][j]).mid(), i, j) for i in left for j in columns)
        best = max(candidates, key=lambda item: _size(item[0]), default=None)
        if best is None or best[0].contains(0):
            return None
        _, row, column = best
        chosen.append(row)
        left.remove(row)
        columns.remove(column)
        for i in left:
            factor = (work[i][column] / work[row][column]).mid()
            work[i] = [(a - factor * b).mid() for a, b in zip(work[i], work[row], strict=True)]
    return chosen


def _size(value: arb) -> float:
    """Binary logarithm of the size of a centre, for ordering pivots of any magnitude."""
    if value == 0:
        return float("-inf")
    mantissa, exponent = value.mid().man_exp()
    return float(abs(int(mantissa)).bit_length() + int(exponent))


def find_relation(formulas: Formulas, seed: int) -> Relation | None:
    """A relation that verifies exactly, if the candidates contain one."""
    statistics = formulas.statistics or ()
    bits = 512
    with precision(bits):
        for weights in _candidates(formulas, seed):
            try:
                constant = is_relation(statistics, formulas.variable, formulas.support, weights)
            except CannotEnclose:
                return None
            if constant is not None:
                return Relation(weights, constant, bits)
    return None


def _candidates(formulas: Formulas, seed: int) -> Iterator[tuple[sympy.Expr, ...]]:
    """Weights that fit numerically, recognised as rational numbers or combinations of the formulas' constants."""
    statistics = formulas.statistics or ()
    rows = [row for _, row in _rows(formulas, seed, Fraction(1, 1 << 500))]
    for size in range(1, len(statistics) + 1):
        numbers = _null_weights([row[: size + 1] for row in rows])
        if numbers is None:
            continue
        padding = (sympy.S.Zero,) * (len(statistics) - size)
        constants = _constants(statistics)
        rational = tuple(_recognise(number, []) for number in numbers)
        if None not in rational:
            yield (*rational, *padding)
        else:
            named = tuple(_recognise(number, constants) for number in numbers)
            if None not in named:
                yield (*named, *padding)
        return


def _null_weights(rows: Sequence[Sequence[arb]]) -> list[arb] | None:
    """Weights ``w`` with ``w_last = 1`` and ``w . T`` numerically constant on the rows ``(1, T)``, if there are."""
    if not rows or len(rows) < len(rows[0]):
        return None
    size = len(rows[0])
    first = [entry.mid() for entry in rows[0]]
    work = [[(a.mid() - b).mid() for a, b in zip(row[1:], first[1:], strict=True)] for row in rows[1:]]
    pivots: list[list[arb]] = []
    for column in range(size - 2):
        best = max(work, key=lambda row: _size(row[column]), default=None)
        if best is None or _size(best[column]) < -150:
            return None
        pivot = [(entry / best[column]).mid() for entry in best]
        work = [
            [(a - row[column] * b).mid() for a, b in zip(row, pivot, strict=True)] for row in work if row is not best
        ]
        pivots.append(pivot)
    if any(_size(row[-1]) > -200 for row in work):
        return None
    return _back_substitute(pivots, size - 1)


def _back_substitute(pivots: Sequence[Sequence[arb]], size: int) -> list[arb]:
    """``w`` with ``sum_j w_j column_j = 0`` for unit upper triangular rows, ``w_last = 1``."""
    weights = [arb(0)] * (size - 1) + [arb(1)]
    for index in range(len(pivots) - 1, -1, -1):
        total = arb(0)
        for j in range(index + 1, size):
            total += pivots[index][j] * weights[j]
        weights[index] = (-total).mid()
    return weights


def _recognise(number: arb, constants: Sequence[sympy.Expr]) -> sympy.Expr | None:
    """The number as a rational, or as a rational combination of one constant; a candidate, not a proof."""
    import mpmath

    with mpmath.workprec(400):
        value = _to_mpf(number)
        found = _rational(value)
        if found is not None:
            return found
        for constant in constants:
            size = mpmath.mpf(sympy.N(constant, 120)._mpf_)
            relation = mpmath.pslq([value, size, mpmath.mpf(1)], maxcoeff=10**6, maxsteps=2000)
            if relation and relation[0]:
                a, b, c = relation
                return sympy.Rational(-b, a) * constant + sympy.Rational(-c, a)
    return None


def _to_mpf(number: arb) -> Any:
    import mpmath

    mantissa, exponent = number.mid().man_exp()
    return mpmath.mpf(int(mantissa)) * mpmath.mpf(2) ** int(exponent)


def _rational(value: Any) -> sympy.Rational | None:
    """The rational of small height that agrees to 180 bits."""
    exact = Fraction(*_dyadic(value))
    near = exact.limit_denominator(1 << 60)
    if abs(exact - near) <= Fraction(1, 1 << 180) * (1 + abs(exact)):
        return sympy.Rational(near.numerator, near.denominator)
    return None


def _dyadic(value: Any) -> tuple[int, int]:
    sign, mantissa, exponent, _ = value._mpf_
    whole = -int(mantissa) if sign else int(mantissa)
    return (whole << exponent, 1) if exponent >= 0 else (whole, 1 << -exponent)


def _constants(statistics: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """Irrational constants that occur as coefficients, and their quotients."""
    found: dict[sympy.Expr, None] = {}
    for statistic in statistics:
        for form in (
            statistic,
            sympy.expand(statistic),
            sympy.expand(statistic, trig=True),
            sympy.expand_log(sympy.expand(statistic), force=True),
        ):
            for term in sympy.Add.make_args(form):
                factor = term.as_independent(*term.free_symbols, as_Add=False)[0] if term.free_symbols else term
                if not factor.is_Rational:
                    found[factor] = None
            found.update(dict.fromkeys(a for a in form.atoms(sympy.Pow, sympy.NumberSymbol, sympy.exp, sympy.log)
                                       if a.is_number and not a.is_Rational))  # fmt: skip
    found[sympy.pi] = None  # limits of inverse trigonometric functions
    single = list(found)[-8:]
    quotients = [a / b for a in single for b in single if a != b]
    products = [a * b for a in single for b in single]
    return [*single, *(1 / a for a in single), *quotients, *products]
