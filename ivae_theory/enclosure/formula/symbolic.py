"""Rigorous ball evaluation of sympy expressions (python-flint's arb).

The ball that comes back contains the value of the expression at every point of the argument balls, wide ones
included. Whatever is unknown, undecided or may leave its domain raises
:class:`~ivae_theory.enclosure.failure.CannotEnclose`; nothing is ever a silent NaN.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from flint import arb, fmpq, fmpz
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from ivae_theory.enclosure.failure import CannotEnclose, OutsideDomain
from ivae_theory.enclosure.formula.functions import FUNCTIONS, finite, fractional_power, hull, maximum, minimum, power

__all__ = ["ball", "decided", "holds_on", "number_ball", "sign_of_number"]

#: Integer powers above this are refused: they would take long and are never meant.
MAX_POWER = 100_000

_CONSTANTS = {
    sympy.S.Pi: arb.pi,
    sympy.S.Exp1: arb.const_e,
    sympy.S.EulerGamma: arb.const_euler,
    sympy.S.Catalan: arb.const_catalan,
    sympy.S.GoldenRatio: lambda: (1 + arb(5).sqrt()) / 2,
}

Values = Mapping[sympy.Symbol, arb]


def ball(expression: sympy.Expr, values: Values) -> arb:
    """A ball that contains the expression's value at every point of the given balls.

    Parameters
    ----------
    expression
        A real sympy expression; every free symbol occurs in ``values``.
    values
        The ball of each symbol; wide balls are intervals.

    Raises
    ------
    OutsideDomain
        When the expression is proved to have no real value anywhere on the balls.
    CannotEnclose
        When a function is unknown, or a branch or a domain cannot be decided.
    """
    return _Evaluation(values).value(expression)


def number_ball(expression: sympy.Expr) -> arb:
    """Ball of an expression without symbols."""
    return ball(expression, {})


def sign_of_number(expression: sympy.Expr) -> int | None:
    """Sign of an exact number: 0 only for the rational zero, ``None`` when balls cannot tell."""
    if expression.is_Rational:
        return int(expression.p > 0) - int(expression.p < 0)
    try:
        value = number_ball(expression)
    except CannotEnclose:
        return None
    if value > 0:
        return 1
    return -1 if value < 0 else None


def holds_on(condition: Boolean, values: Values) -> bool | None:
    """Whether a condition holds on all of the balls (True), nowhere on them (False), or neither is proved."""
    return _Evaluation(values).truth(condition)


def decided(condition: Boolean, values: Values) -> bool:
    """As :func:`holds_on`, raising where nothing is proved."""
    answer = holds_on(condition, values)
    if answer is None:
        raise CannotEnclose(f"the branch {condition} is not decided on the interval")
    return answer


class _Evaluation:
    def __init__(self, values: Values) -> None:
        self.values = values
        self.known: dict[sympy.Basic, arb] = {}

    def value(self, expression: sympy.Expr) -> arb:
        if expression not in self.known:
            try:
                found = self._compute(expression)
                # printing an expression costs far more than evaluating it: only where it is refused
                self.known[expression] = found if found.is_finite() else finite(found, str(expression)[:60])
            except RecursionError:
                raise CannotEnclose("an expression that is nested too deeply") from None
        return self.known[expression]

    def _compute(self, expression: sympy.Expr) -> arb:
        if expression.is_Symbol:
            if expression not in self.values:
                raise CannotEnclose(f"the symbol {expression} has no value")
            return self.values[expression]
        if expression.is_Number:
            return self._number(expression)
        if expression in _CONSTANTS:
            return _CONSTANTS[expression]()
        if expression.is_Add:
            return sum((self.value(term) for term in expression.args), arb(0))
        if expression.is_Mul:
            return self._product(expression)
        if expression.is_Pow:
            return self._power(expression.base, expression.exp)
        if isinstance(expression, (sympy.Max, sympy.Min)):
            join = maximum if isinstance(expression, sympy.Max) else minimum
            result = self.value(expression.args[0])
            for argument in expression.args[1:]:
                result = join(result, self.value(argument))
            return result
        if isinstance(expression, sympy.Piecewise):
            return self._piecewise(expression)
        function = FUNCTIONS.get(type(expression))
        if function is None:
            raise CannotEnclose(f"the function {type(expression).__name__} is not known")
        arguments = [self.value(argument) for argument in expression.args]
        try:
            return function(*arguments)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
            if isinstance(error, CannotEnclose):
                raise
            raise CannotEnclose(f"{type(expression).__name__} with these arguments ({error})") from None

    @staticmethod
    def _number(number: sympy.Number) -> arb:
        if number.is_Rational:
            return arb(fmpq(fmpz(int(number.p)), fmpz(int(number.q))))
        if number.is_Float:
            sign, mantissa, exponent, _ = number._mpf_
            if mantissa == 0 and exponent != 0:
                raise CannotEnclose(f"the number {number}")
            exact = arb(fmpz(int(mantissa))) * arb(2) ** int(exponent)
            return -exact if sign else exact
        raise CannotEnclose(f"the number {number}")

    def _product(self, expression: sympy.Expr) -> arb:
        result = arb(1)
        for factor in expression.args:
            result *= self.value(factor)
        return result

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> arb:
        if base == sympy.S.Exp1:
            return self.value(exponent).exp()
        x = self.value(base)
        if exponent.is_Integer:
            if abs(exponent.p) > MAX_POWER:
                raise CannotEnclose(f"the power {exponent}")
            return power(x, int(exponent))
        if exponent == sympy.S.Half and x > 0:
            return x.sqrt()
        if exponent.is_Rational or x >= 0:
            return fractional_power(x, self.value(exponent))
        whole = self.value(exponent).unique_fmpz()  # a negative base has real powers at integers
        if whole is None or abs(int(whole)) > MAX_POWER or not self.value(exponent).is_exact():
            raise CannotEnclose("a power of a base that may be negative")
        return power(x, int(whole))

    def _piecewise(self, expression: sympy.Piecewise) -> arb:
        """The branch that applies; where several may, everything between their values."""
        result: arb | None = None
        for branch, condition in expression.args:
            answer = self.truth(condition)
            if answer is False:
                continue
            try:
                value = self.value(branch)
            except OutsideDomain as error:
                if answer is None or result is not None:  # proved of this branch, not of the whole
                    raise CannotEnclose(error.what) from None
                raise
            result = value if result is None else hull(result, value)
            if answer is True:
                return result
        if result is None:
            raise OutsideDomain("a Piecewise without a branch there")
        raise CannotEnclose("a Piecewise whose branch is not decided and that may have none")

    def truth(self, condition: Boolean) -> bool | None:
        if isinstance(condition, BooleanTrue):
            return True
        if isinstance(condition, BooleanFalse):
            return False
        if isinstance(condition, (sympy.And, sympy.Or)):
            answers = [self.truth(part) for part in condition.args]
            decisive = isinstance(condition, sympy.Or)
            if decisive in answers:
                return decisive
            return None if None in answers else not decisive
        if isinstance(condition, sympy.Not):
            inner = self.truth(condition.args[0])
            return None if inner is None else not inner
        if isinstance(condition, Relational):
            try:
                return _compare(condition, self.value(condition.lhs), self.value(condition.rhs))
            except OutsideDomain as error:
                raise CannotEnclose(error.what) from None
        raise CannotEnclose(f"the condition {type(condition).__name__}")


def _compare(relation: Relational, left: arb, right: arb) -> bool | None:
    """Three-valued comparison of everything in ``left`` with everything in ``right``."""
    if isinstance(relation, (sympy.Eq, sympy.Ne)):
        same = True if left == right else None if left.overlaps(right) else False
        return same if same is None or isinstance(relation, sympy.Eq) else not same
    if isinstance(relation, (sympy.Gt, sympy.Ge)):
        left, right = right, left
    strict = isinstance(relation, (sympy.Lt, sympy.Gt))
    if strict:
        return True if left < right else False if left >= right else None
    return True if left <= right else False if left > right else None
