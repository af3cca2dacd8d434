"""Signs on open intervals, and which formulas are real-analytic there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import sympy
from flint import arb, fmpq_poly

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.interval import INFINITY, End, Range, outward
from ivae_theory.enclosure.formula.polynomials import Cut, in_order, polynomial_of, real_roots, sign_at
from ivae_theory.enclosure.formula.ranges import range_where_defined
from ivae_theory.enclosure.formula.symbolic import number_ball

__all__ = ["ENTIRE", "Interval", "is_analytic", "sign_on", "weak_sign_on"]

#: Simple numbers come first: constants found there have simple forms.
_SIMPLE = [Fraction(n, d) for n, d in ((0, 1), (1, 1), (-1, 1), (1, 2), (-1, 2), (2, 1), (-2, 1), (3, 1), (-3, 1))]
_SHARES = [Fraction(n, 17) for n in (9, 5, 13, 2, 15, 7, 11, 4, 1, 16)] + [Fraction(1, 1000), Fraction(999, 1000)]


@dataclass(frozen=True)
class Interval:
    """An open interval between two cuts, and rational points ``inner_low < inner_high`` of its closure."""

    low: Cut
    high: Cut
    inner_low: Fraction
    inner_high: Fraction

    @classmethod
    def between(cls, low: Cut, high: Cut) -> Interval:
        """The open interval; the inner points lie at its ends where these are rational, near them otherwise."""
        if low.infinite and high.infinite:
            inner = (Fraction(-16), Fraction(16))
        elif high.infinite:
            inner = (_above(low), _above(low) + 16)
        elif low.infinite:
            inner = (_below(high) - 16, _below(high))
        else:
            inner = (_above(low), _below(high))
        if not inner[0] < inner[1]:
            raise CannotEnclose("an interval that is too short for the precision")
        return cls(low, high, *inner)

    def points(self) -> list[Fraction]:
        """Rational points strictly inside: simple numbers first, then many others."""
        width = self.inner_high - self.inner_low
        chosen = [point for point in _SIMPLE if self.inner_low < point < self.inner_high]
        step = Fraction(1, 1 << max(0, 6 - math.frexp(max(float(width), 1e-300))[1]))
        for share in _SHARES:
            raw = self.inner_low + share * width
            rounded = Fraction(round(raw / step)) * step
            chosen.append(rounded if self.inner_low < rounded < self.inner_high else raw)
        return list(dict.fromkeys(chosen))

    @property
    def range(self) -> Range:
        """The interval; ends that are no fractions are rounded outwards."""
        return Range(_end(self.low, 0), _end(self.high, 1), True, True)

    def contains_cut(self, cut: Cut) -> bool:
        """Whether a cut lies strictly inside."""
        return in_order(self.low, cut) < 0 and in_order(cut, self.high) < 0


def _end(cut: Cut, side: int) -> End:
    if cut.infinite:
        return cut.infinite * INFINITY
    return cut.exact if cut.exact is not None else outward(cut.ball)[side]


def _above(cut: Cut) -> Fraction:
    """The cut itself where rational, otherwise a rational number just above it."""
    return cut.exact if cut.exact is not None else _rational(cut.ball.upper())


def _below(cut: Cut) -> Fraction:
    return cut.exact if cut.exact is not None else _rational(cut.ball.lower())


def _rational(exact: arb) -> Fraction:
    mantissa, exponent = exact.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def sign_on(formula: sympy.Expr, variable: sympy.Symbol, interval: Interval) -> int | None:
    """1 or -1 when the formula is proved to have that strict sign on all of the open interval, else ``None``.

    ``None`` also for the zero formula. The sign is claimed where the formula is defined.
    """
    rational = polynomial_of(formula, variable)
    if rational is not None:
        return _rational_sign(rational, interval)
    if formula.free_symbols - {variable}:
        return None
    if formula.is_Mul:
        signs = [sign_on(factor, variable, interval) for factor in formula.args]
        return None if None in signs else math.prod(sign for sign in signs if sign is not None)
    if formula.is_Pow and formula.exp.is_Integer:
        base = sign_on(formula.base, variable, interval)
        return None if base is None else base ** abs(int(formula.exp))
    if type(formula) in _ODD:
        return sign_on(formula.args[0], variable, interval)
    if isinstance(formula, sympy.log):
        return sign_on(formula.args[0] - 1, variable, interval)
    found = range_where_defined(formula, variable, interval.range)
    return 1 if found.positive else -1 if found.negative else _additive_sign(formula, variable, interval)


_ODD = (sympy.sinh, sympy.tanh, sympy.atan, sympy.asinh, sympy.erf, sympy.erfi)


def _rational_sign(rational: tuple[fmpq_poly, fmpq_poly], interval: Interval) -> int | None:
    numerator, denominator = rational
    try:
        if any(interval.contains_cut(root) for root in real_roots([numerator, denominator])):
            return None
    except CannotEnclose:
        return None
    point = (interval.inner_low + interval.inner_high) / 2
    return (sign_at(numerator, point) * sign_at(denominator, point)) or None


def _additive_sign(formula: sympy.Expr, variable: sympy.Symbol, interval: Interval) -> int | None:
    """A sum whose terms all have one weak sign, one of them strictly."""
    if not formula.is_Add:
        return None
    total, strict = set(), False
    for term in formula.args:
        found = weak_sign_on(term, variable, interval)
        if found is None:
            return None
        total.add(found[0])
        strict = strict or found[1]
    return total.pop() if len(total) == 1 and strict else None


def weak_sign_on(formula: sympy.Expr, variable: sympy.Symbol, interval: Interval) -> tuple[int, bool] | None:
    """``(sign, strict)`` when the formula is proved nowhere of the opposite sign; ``None`` when nothing is."""
    strict = sign_on(formula, variable, interval)
    if strict is not None:
        return strict, True
    if formula.is_Mul:
        sign = 1
        for factor in formula.args:
            found = weak_sign_on(factor, variable, interval)
            if found is None:
                return None
            sign *= found[0]
        return sign, False
    if formula.is_Pow and formula.exp.is_Integer and formula.exp % 2 == 0 and formula.exp > 0:
        return 1, False
    values = range_where_defined(formula, variable, interval.range)
    if values.nonnegative:
        return 1, False
    return (-1, False) if values.nonpositive else None


ENTIRE = (
    sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.tanh, sympy.sech, sympy.atan, sympy.asinh,
    sympy.erf, sympy.erfc, sympy.erfi, sympy.Si,
)  # fmt: skip
_POSITIVE = (sympy.log, sympy.gamma, sympy.loggamma, sympy.digamma, sympy.LambertW, sympy.Ci)

Test = Callable[[sympy.Expr], bool]


def is_analytic(formula: sympy.Expr, variable: sympy.Symbol, interval: Interval) -> bool:
    """Whether the formula is proved real-analytic (and finite) on the whole open interval.

    Other symbols stand for constants, signs or integers; only polynomials in them are accepted as constants.
    """
    if not formula.has(variable):
        return _constant_is_finite(formula)
    if formula == variable:
        return True

    def analytic(part: sympy.Expr) -> bool:
        return is_analytic(part, variable, interval)

    def positive(part: sympy.Expr) -> bool:
        return sign_on(part, variable, interval) == 1

    if formula.is_Add or formula.is_Mul:
        return all(analytic(argument) for argument in formula.args)
    if formula.is_Pow:
        return _power_is_analytic(formula, analytic, positive, variable, interval)
    argument = formula.args[-1]
    if not analytic(argument):
        return False
    if len(formula.args) == 1:
        return _function_is_analytic(formula, argument, positive, variable, interval)
    first = formula.args[0]
    if len(formula.args) != 2 or first.free_symbols or not _constant_is_finite(first):
        return False
    if isinstance(formula, (sympy.besselj, sympy.besseli)):
        return bool(first.is_Integer) or positive(argument)
    if isinstance(formula, (sympy.besselk, sympy.bessely)):
        return positive(argument)
    if isinstance(formula, sympy.polygamma):
        return bool(first.is_Integer) and bool(first >= 0) and positive(argument)
    if isinstance(formula, (sympy.uppergamma, sympy.lowergamma)):
        return positive(first) and positive(argument)
    return False


def _constant_is_finite(formula: sympy.Expr) -> bool:
    """A constant with a finite real value; of symbols only polynomials over the rationals."""
    if formula.free_symbols:
        numbers = formula.atoms(sympy.Number, sympy.NumberSymbol)
        return bool(formula.is_polynomial(*formula.free_symbols)) and all(map(_constant_is_finite, numbers))
    try:
        number_ball(formula)
    except CannotEnclose:
        return False
    return True


def _power_is_analytic(
    formula: sympy.Expr, analytic: Test, positive: Test, variable: sympy.Symbol, interval: Interval
) -> bool:
    base, exponent = formula.base, formula.exp
    if base == sympy.E:
        return analytic(exponent)
    if not analytic(base) or not analytic(exponent):
        return False
    if exponent.is_Integer and not exponent.free_symbols:
        return bool(exponent >= 0) or sign_on(base, variable, interval) is not None
    return positive(base)


def _function_is_analytic(
    formula: sympy.Expr, argument: sympy.Expr, positive: Test, variable: sympy.Symbol, interval: Interval
) -> bool:
    if isinstance(formula, ENTIRE):
        return True
    if isinstance(formula, _POSITIVE):
        return positive(argument)
    if isinstance(formula, (sympy.asin, sympy.acos, sympy.atanh, sympy.erfinv)):
        return positive(1 - argument) and positive(1 + argument)
    if isinstance(formula, sympy.acosh):
        return positive(argument - 1)
    if isinstance(formula, (sympy.tan, sympy.sec)):
        return sign_on(sympy.cos(argument), variable, interval) is not None
    if isinstance(formula, (sympy.cot, sympy.csc)):
        return sign_on(sympy.sin(argument), variable, interval) is not None
    if isinstance(formula, (sympy.coth, sympy.csch)):
        return sign_on(argument, variable, interval) is not None
    return False
