"""Whether a density normalises: its growth at every end and singularity of the support, compared with powers.

The support is cut into open intervals on which ``log Q + T . lambda`` is one analytic formula. The integral is finite
when the integrand is integrable near both ends of every interval, and infinite as soon as it is not near one. Near
an end ``e`` substitute ``x = 1 / |z - e|`` (or ``x = |z|`` at infinity) and let ``x`` grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import sympy
from flint import arb

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.pieces import Piece, decompose
from ivae_theory.enclosure.formula.polynomials import Cut
from ivae_theory.enclosure.formula.symbolic import ball, sign_of_number
from ivae_theory.enclosure.precision import precision
from ivae_theory.families.growth import BOUNDED, LINEAR, LOG, Growth, add, growth, log_of, make, scale
from ivae_theory.verdict import Status

__all__ = ["normalisable"]

X = sympy.Symbol("x", positive=True)
BITS = 256


def normalisable(
    statistics: Sequence[sympy.Expr],
    base_measure: sympy.Expr,
    support: sympy.Set,
    variable: sympy.Symbol,
    lam: Sequence[Fraction],
) -> Status:
    """HOLDS when the integral is proved finite, FAILS when proved infinite, else UNDECIDED."""
    with precision(BITS):
        try:
            pieces = _tails(tuple(statistics), base_measure, support, variable)
        except CannotEnclose:
            return Status.UNDECIDED
        answers = [piece.normalisable(lam) for piece in pieces]
    # infinite near one end suffices, since the integrand is positive
    return Status.FAILS if Status.FAILS in answers else min(answers)


@lru_cache(maxsize=256)
def _tails(
    statistics: tuple[sympy.Expr, ...], base_measure: sympy.Expr, support: sympy.Set, variable: sympy.Symbol
) -> tuple[_PieceTails, ...]:
    """What does not depend on the natural parameters: they come by the thousand."""
    return tuple(_PieceTails(piece) for piece in decompose([*statistics, base_measure], variable, support))


class _PieceTails:
    """The growth of every statistic and of ``Q`` at both ends of one piece, for each case of its sign symbols."""

    def __init__(self, piece: Piece) -> None:
        self.signs = bool(piece.signs)
        self.cases = [_CaseTails(piece, branches) for _, branches in piece.cases()]

    def normalisable(self, lam: Sequence[Fraction]) -> Status:
        """With sign symbols the integrand is at most the sum of its cases, some of which may never occur."""
        worst = min(case.normalisable(lam) for case in self.cases)
        return Status.UNDECIDED if self.signs and worst is not Status.HOLDS else worst


class _CaseTails:
    def __init__(self, piece: Piece, branches: Sequence[sympy.Expr]) -> None:
        *statistics, measure = branches
        self.zero = measure == 0
        self.regular = [piece.analytic(formula) for formula in statistics]
        self.regular_measure = piece.analytic(measure)
        ends = ((piece.interval.low, 1), (piece.interval.high, -1))
        self.ends = [_End(piece, statistics, measure, cut, side) for cut, side in ends]

    def normalisable(self, lam: Sequence[Fraction]) -> Status:
        if self.zero:
            return Status.HOLDS
        answers = [end.integrable(lam) for end in self.ends]
        if Status.FAILS in answers:
            return Status.FAILS
        inside = self.regular_measure and all(fine for fine, value in zip(self.regular, lam, strict=True) if value != 0)
        return min(answers) if inside else Status.UNDECIDED


class _End:
    """One end of a piece; ``side`` is 1 at the lower end."""

    def __init__(
        self, piece: Piece, statistics: Sequence[sympy.Expr], measure: sympy.Expr, cut: Cut, side: int
    ) -> None:
        floors = {switch.symbol: sympy.floor(switch.argument) for switch in piece.integers}
        self.piece, self.cut = piece, cut
        self.formulas = [formula.xreplace(floors) for formula in (*statistics, measure)]
        self.bounded = [_bounded_at(formula, piece.variable, cut) for formula in self.formulas]
        self.place, jacobian = _place(cut, side)
        if all(self.bounded):  # nothing is singular: no growth is needed
            self.place = None
        self.statistics = [self._growth(formula) for formula in self.formulas[:-1]]
        self.weight = make({LOG: sympy.Rational(jacobian)}, None)
        self.measure, self.lower_bound = self._log_measure(self.formulas[-1])

    def _growth(self, formula: sympy.Expr) -> Growth | None:
        if self.place is None:
            return None
        try:
            return growth(formula.xreplace({self.piece.variable: self.place}), X)
        except CannotEnclose:
            return None

    def _log_measure(self, measure: sympy.Expr) -> tuple[Growth | None, bool]:
        """Growth of ``log Q``, or of a bound of it from above, and whether it bounds from below too."""
        factors = sympy.Mul.make_args(measure)
        exponent = self._growth(sympy.Add(*(f.args[0] for f in factors if isinstance(f, sympy.exp))))
        factor = self._growth(sympy.Mul(*(f for f in factors if not isinstance(f, sympy.exp))))
        if exponent is None or factor is None:
            return None, False
        try:
            return add(exponent, log_of(factor)), True
        except CannotEnclose:
            bound = _upper_bound(factor)
            return (None if bound is None else add(exponent, bound)), False

    def integrable(self, lam: Sequence[Fraction]) -> Status:
        """Whether ``Q exp(T . lambda)`` is integrable near this end."""
        used = [index for index, value in enumerate(lam) if value != 0]
        total = self._total(lam, used)
        answer = Status.UNDECIDED if total is None else _decide(total, self.lower_bound)
        if answer is Status.UNDECIDED and self.bounded[-1] and all(self.bounded[index] for index in used):
            return Status.HOLDS
        return answer

    def _total(self, lam: Sequence[Fraction], used: Sequence[int]) -> Growth | None:
        if self.measure is None:
            return None
        try:
            total = add(self.measure, self.weight)
            for index in used:
                statistic = self.statistics[index]
                if statistic is None:
                    return None
                total = add(total, scale(statistic, sympy.Rational(lam[index].numerator, lam[index].denominator)))
        except CannotEnclose:
            return None
        return total


def _place(cut: Cut, side: int) -> tuple[sympy.Expr | None, int]:
    """The variable as a function of a large ``x``, and the power of ``x`` that ``dz / dx`` is."""
    if cut.infinite:
        return cut.infinite * X, 0
    if cut.exact is None:
        return None, 0
    return sympy.Rational(cut.exact.numerator, cut.exact.denominator) + side / X, -2


def _bounded_at(formula: sympy.Expr, variable: sympy.Symbol, cut: Cut) -> bool:
    """Whether a formula is enclosed, so bounded, on a neighbourhood of a finite end."""
    if cut.infinite:
        return False
    width = arb(2) ** -60
    try:
        ball(formula, {variable: (cut.ball - width).union(cut.ball + width)})
    except CannotEnclose:
        return False
    return True


def _upper_bound(factor: Growth) -> Growth | None:
    """A bound from above of ``log |factor|`` where it has no growth of its own, as when it oscillates."""
    bound = factor.bound
    if bound is None or bound[2] > 0:
        return None
    rate, power, _ = bound
    numbers = {LINEAR: rate, LOG: power}
    return make({order: sympy.Rational(v.numerator, v.denominator) for order, v in numbers.items()}, BOUNDED)


def _decide(total: Growth, lower_bound: bool) -> Status:
    """``exp(total)`` near infinity, compared with ``x^-1``; without a lower bound it can only converge."""
    rest = total.rest
    terms = [(order, number) for order, number in total.terms if order > BOUNDED]
    if not terms:
        diverges = lower_bound and (rest is None or rest <= BOUNDED)
        return Status.FAILS if diverges else Status.UNDECIDED
    order, number = terms[0]  # terms that the rest covers are not in the list: this one dominates
    if order == LOG:
        number += 1
    sign = sign_of_number(number)
    if sign is None:
        return Status.UNDECIDED
    if sign < 0:
        return Status.HOLDS
    if not lower_bound or (sign == 0 and rest is not None and rest > BOUNDED):
        return Status.UNDECIDED
    return Status.FAILS
