"""Resolving switches on one open interval: ``|a|``, ``max``, steps, floors and branches become formulas.

A switch whose sign is proved on the interval disappears. Otherwise ``|a| = s a`` with a sign symbol ``s``, and
``floor(a)`` becomes an integer symbol: both are locally constant off isolated points, because ``a`` is proved
real-analytic and not constant there.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy
from flint import arb, fmpq
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.polynomials import polynomial_of, square_root
from ivae_theory.enclosure.formula.regularity import Interval, is_analytic, sign_on
from ivae_theory.enclosure.formula.symbolic import ball, number_ball, sign_of_number

__all__ = ["Resolver", "Switch"]


@dataclass(frozen=True)
class Switch:
    """A sign or integer symbol, with the function that it depends on: the sign of ``argument``, or its floor."""

    symbol: sympy.Symbol
    argument: sympy.Expr


class Resolver:
    """Replaces switches by formulas on one open interval."""

    def __init__(self, variable: sympy.Symbol, interval: Interval) -> None:
        self.variable, self.interval = variable, interval
        self.signs: list[Switch] = []
        self.integers: list[Switch] = []
        self.known: dict[sympy.Basic, sympy.Expr] = {}

    def formula(self, expression: sympy.Expr) -> sympy.Expr:
        if expression not in self.known:
            self.known[expression] = self._formula(expression)
        return self.known[expression]

    def _formula(self, expression: sympy.Expr) -> sympy.Expr:
        if not expression.has(self.variable) or expression.is_Symbol:
            return expression
        if isinstance(expression, sympy.Piecewise):
            return self._piecewise(expression)
        arguments = [self.formula(argument) for argument in expression.args]
        if isinstance(expression, sympy.Abs):
            return self.sign(arguments[0]) * arguments[0]
        if isinstance(expression, sympy.sign):
            return self.sign(arguments[0])
        if isinstance(expression, sympy.Heaviside):
            return (1 + self.sign(arguments[0], skip_zero=True)) / 2
        if isinstance(expression, sympy.sinc):  # off the zeros of the argument
            return sympy.sin(arguments[0]) / arguments[0]
        if isinstance(expression, (sympy.Max, sympy.Min)):
            way = 1 if isinstance(expression, sympy.Max) else -1
            result = arguments[0]
            for other in arguments[1:]:
                result = self._larger(result, other, way)
            return result
        if isinstance(expression, sympy.floor):
            return self._floor(arguments[0])
        if isinstance(expression, sympy.ceiling):
            return -self._floor(-arguments[0])
        if isinstance(expression, sympy.frac):
            return arguments[0] - self._floor(arguments[0])
        if isinstance(expression, sympy.Mod):
            return arguments[0] - arguments[1] * self._floor(arguments[0] / arguments[1])
        if expression.is_Pow and expression.exp.is_Rational and expression.exp.q == 2:
            return self._root_of_square(arguments[0], expression.exp)
        return expression.func(*arguments)

    def _root_of_square(self, base: sympy.Expr, exponent: sympy.Rational) -> sympy.Expr:
        """``sqrt(p^2) = |p|`` for polynomials that are written out; otherwise the power as it stands."""
        rational = polynomial_of(base, self.variable)
        root = None if rational is None or rational[1] != 1 else square_root(rational[0])
        if root is None:
            return base**exponent
        formula = sympy.Add(*(_sympy(c) * self.variable**j for j, c in enumerate(root.coeffs())))
        return (self.sign(formula) * formula) ** int(2 * exponent)

    def _larger(self, a: sympy.Expr, b: sympy.Expr, way: int) -> sympy.Expr:
        difference = sympy.expand(a - b)
        if difference == 0:
            return a
        sign = way * self.sign(difference)
        return a if sign == 1 else b if sign == -1 else (a + b + sign * (a - b)) / 2

    def sign(self, argument: sympy.Expr, skip_zero: bool = False) -> sympy.Expr:
        """The sign of a formula on the interval: an integer where it is proved, otherwise a symbol."""
        if argument == 0 and not skip_zero:
            return sympy.S.Zero
        found = sign_on(argument, self.variable, self.interval)
        if found is not None:
            return sympy.Integer(found)
        if argument.free_symbols - {self.variable}:
            raise CannotEnclose(f"a switch inside the switch {argument}")
        for switch in self.signs:
            for factor in (1, -1):
                if sympy.expand(switch.argument - factor * argument) == 0:
                    return factor * switch.symbol
        self._require_isolated_zeros(argument)
        symbol = sympy.Symbol(f"s{len(self.signs)}_", real=True)
        self.signs.append(Switch(symbol, argument))
        return symbol

    def _require_isolated_zeros(self, argument: sympy.Expr) -> None:
        """Proof that ``argument`` is real-analytic and not identically zero on the interval."""
        if not is_analytic(argument, self.variable, self.interval):
            raise CannotEnclose(f"the switch {argument}, which is not proved analytic")
        for point in self.interval.points():
            try:
                value = ball(argument, {self.variable: _at(point)})
            except CannotEnclose:
                continue
            if not value.contains(0):
                return
        raise CannotEnclose(f"the switch {argument}, which may vanish on an interval")

    def _floor(self, argument: sympy.Expr) -> sympy.Expr:
        whole, rest = sympy.S.Zero, sympy.expand(argument)
        constant, others = rest.as_coeff_Add()
        if constant.is_Rational:
            whole = sympy.Integer(int(constant.p // constant.q))
            rest = others + (constant - whole)
        if not rest.has(self.variable):
            return whole + self._constant_floor(rest)
        for switch in self.integers:
            if switch.argument == rest:
                return whole + switch.symbol
            opposite = sympy.expand(switch.argument + rest)
            if opposite.is_Integer:  # floor(m - a) = m - 1 - floor(a) off the integers
                return whole + opposite - 1 - switch.symbol
        if rest.free_symbols - {self.variable}:
            raise CannotEnclose(f"a switch inside floor({rest})")
        single = self._single_value(rest)
        if single is not None:
            return whole + single
        self._require_not_constant(rest)
        symbol = sympy.Symbol(f"n{len(self.integers)}_", integer=True)
        self.integers.append(Switch(symbol, rest))
        return whole + symbol

    def _single_value(self, argument: sympy.Expr) -> sympy.Integer | None:
        """The floor of a formula that crosses no integer on the interval."""
        middle = (self.interval.inner_low + self.interval.inner_high) / 2
        try:
            value = self._constant_floor(
                argument.subs(self.variable, sympy.Rational(middle.numerator, middle.denominator))
            )
        except CannotEnclose:
            return None
        above = sign_on(argument - value, self.variable, self.interval) == 1
        below = sign_on(value + 1 - argument, self.variable, self.interval) == 1
        return value if above and below else None

    @staticmethod
    def _constant_floor(number: sympy.Expr) -> sympy.Expr:
        value = number_ball(number)
        low = value.lower().floor()
        if low != value.upper().floor():
            raise CannotEnclose(f"the floor of the constant {number}")
        return sympy.Integer(int(low.unique_fmpz()))

    def _require_not_constant(self, argument: sympy.Expr) -> None:
        """Proof that the points where ``argument`` is an integer are isolated."""
        values = []
        if is_analytic(argument, self.variable, self.interval):
            for point in self.interval.points():
                try:
                    values.append(ball(argument, {self.variable: _at(point)}))
                except CannotEnclose:
                    continue
                if not values[0].overlaps(values[-1]):
                    return
        raise CannotEnclose(f"floor of {argument}, which is not proved analytic and not constant")

    def _piecewise(self, expression: sympy.Piecewise) -> sympy.Expr:
        result, remaining = sympy.S.Zero, sympy.S.One
        for branch, condition in expression.args:
            chosen = self._indicator(condition)
            if chosen == 0:
                continue
            result += remaining * chosen * self.formula(branch)
            remaining = self._squares_are_one(sympy.expand(remaining * (1 - chosen)))
            if remaining == 0:
                return result
        if remaining == 1:
            raise CannotEnclose("a Piecewise without a branch there")
        raise CannotEnclose("a Piecewise that may have no branch there")

    def _squares_are_one(self, formula: sympy.Expr) -> sympy.Expr:
        for switch in self.signs:
            formula = sympy.expand(formula.subs(switch.symbol**2, 1))
        return formula

    def _indicator(self, condition: Boolean) -> sympy.Expr:
        """1 where the condition holds and 0 where not, up to a null set."""
        if condition == sympy.true:
            return sympy.S.One
        if condition == sympy.false:
            return sympy.S.Zero
        if isinstance(condition, sympy.Not):
            return 1 - self._indicator(condition.args[0])
        if isinstance(condition, sympy.And):
            return sympy.Mul(*(self._indicator(part) for part in condition.args))
        if isinstance(condition, sympy.Or):
            return 1 - sympy.Mul(*(1 - self._indicator(part) for part in condition.args))
        if not isinstance(condition, Relational):
            raise CannotEnclose(f"the condition {type(condition).__name__}")
        difference = self.formula(condition.lhs) - self.formula(condition.rhs)
        sign = self._relation_sign(difference)
        if isinstance(condition, (sympy.Eq, sympy.Ne)):
            equal = sympy.S.One if sign is None else sympy.S.Zero
            return equal if isinstance(condition, sympy.Eq) else 1 - equal
        if sign is None:
            return sympy.Integer(isinstance(condition, (sympy.Ge, sympy.Le)))
        return (1 + sign) / 2 if isinstance(condition, (sympy.Gt, sympy.Ge)) else (1 - sign) / 2

    def _relation_sign(self, difference: sympy.Expr) -> sympy.Expr | None:
        """The sign of a difference, or ``None`` when it is identically zero."""
        expanded = sympy.expand(difference)
        if expanded == 0:
            return None
        if not expanded.has(self.variable) and not expanded.free_symbols:
            known = sign_of_number(expanded)
            if known is None:
                raise CannotEnclose(f"the sign of the constant {expanded}")
            return None if known == 0 else sympy.Integer(known)
        return self.sign(expanded)


def _sympy(value: fmpq) -> sympy.Rational:
    return sympy.Rational(int(value.p), int(value.q))


def _at(point: Fraction) -> arb:
    return arb(fmpq(point.numerator, point.denominator))
