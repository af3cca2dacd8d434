"""The order of a real expression at infinity, in a sector of the complex plane.

``Order`` states that, as ``y -> oo`` uniformly in some sector around the positive half-axis,

    f(s y) = K y^alpha exp(sum_i c_i y^(e_i)) (1 + o(1)),   K != 0, e_i > 0, c_i real,

``s = +-1`` the side, and that the branch of ``f`` that holds for large real ``y`` is analytic in the sector. The rules
are structural: sums with a dominant term, products, real powers, exponentials of power sums, steps and branches
whose condition is settled for large ``y``. What they do not reach raises ``CannotEnclose``; sympy's limits are not
used.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from sympy.core.relational import Relational

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import sign_of_number

__all__ = ["Order", "decays_exponentially", "order_at_infinity"]

#: Power sums are expanded down to this exponent; products of more terms than the limit are refused.
DEPTH, TERMS = Fraction(-4), 60

Exponents = dict[Fraction, sympy.Expr]


@dataclass(frozen=True)
class Order:
    """``K y^power exp(sum rates) (1 + o(1))``; ``constant`` K; ``rates`` as (e, c) with e falling; K = 0 is "zero for
    large y"."""

    constant: sympy.Expr
    power: Fraction = Fraction(0)
    rates: tuple[tuple[Fraction, sympy.Expr], ...] = ()

    @property
    def zero(self) -> bool:
        """Whether the expression is identically zero for large y."""
        return self.constant is sympy.S.Zero

    @property
    def sign(self) -> int:
        """Sign of the expression for large real y."""
        return 0 if self.zero else _sign(self.constant)

    @property
    def decays_exponentially(self) -> bool:
        """Whether ``|f| <= C exp(-a y)`` for some a > 0 and large y."""
        return self.zero or bool(self.rates and self.rates[0][0] >= 1 and _sign(self.rates[0][1]) < 0)

    @property
    def vanishes(self) -> bool:
        """Whether f tends to 0 in the sector."""
        if self.zero:
            return True
        return _sign(self.rates[0][1]) < 0 if self.rates else self.power < 0

    @property
    def not_integrable(self) -> bool:
        """Whether the integral over large y diverges."""
        if self.zero:
            return False
        return _sign(self.rates[0][1]) > 0 if self.rates else self.power >= -1


ZERO = Order(sympy.S.Zero)


def order_at_infinity(expression: sympy.Expr, symbol: sympy.Symbol, side: int) -> Order:
    """The order of ``expression`` as ``symbol`` tends to ``side`` times infinity (call inside ``precision``).

    Raises
    ------
    CannotEnclose
        When the rules do not reach the expression.
    """
    if expression.has(sympy.I) or expression.free_symbols - {symbol}:
        raise CannotEnclose("a complex expression, or one in other symbols")
    try:
        return _Orders(symbol, side).of(expression)
    except RecursionError:
        raise CannotEnclose("an expression that is nested too deeply") from None


def decays_exponentially(expression: sympy.Expr, symbol: sympy.Symbol, side: int) -> bool:
    """Whether ``|f| <= C exp(-a |x|)`` for some a > 0 far out on one side: by orders, with bounded factors left out.

    Unlike an order this says nothing off the real axis: ``exp(-|x|) cos(x)`` qualifies.
    """
    if expression.is_Add:
        return all(decays_exponentially(term, symbol, side) for term in expression.args)
    kept = [factor for factor in sympy.Mul.make_args(expression) if not _bounded(factor, symbol, side)]
    try:
        return order_at_infinity(sympy.Mul(*kept), symbol, side).decays_exponentially
    except CannotEnclose:
        return False


def _bounded(f: sympy.Expr, symbol: sympy.Symbol, side: int) -> bool:
    """Whether a form is bounded far out on one side, by its form; arguments must be seen to be real there."""
    if not f.free_symbols:
        return f not in (sympy.oo, -sympy.oo, sympy.zoo, sympy.nan)
    if isinstance(f, (sympy.sin, sympy.cos, sympy.tanh, sympy.atan, sympy.erf, sympy.sign)):
        try:
            order_at_infinity(f.args[0], symbol, side)  # roots of negative numbers and complex numbers have no order
        except CannotEnclose:
            return False
        return True
    if f.is_Add or f.is_Mul or isinstance(f, sympy.Abs):
        return all(_bounded(argument, symbol, side) for argument in f.args)
    return bool(f.is_Pow and f.exp.is_Integer and f.exp > 0) and _bounded(f.base, symbol, side)


def _sign(number: sympy.Expr) -> int:
    found = sign_of_number(number)
    if found is None:
        raise CannotEnclose(f"the sign of {number}")
    return found


def _plus(terms: Exponents, exponent: Fraction, value: sympy.Expr) -> None:
    total = sympy.expand(terms.get(exponent, sympy.S.Zero) + value)
    if total is sympy.S.Zero:
        terms.pop(exponent, None)
    else:
        _sign(total)
        terms[exponent] = total


@dataclass(frozen=True)
class _Series:
    """``sum terms[e] y^e + O(y^error)`` (``error`` None: exact), in a sector."""

    terms: Exponents
    error: Fraction | None = None

    @property
    def top(self) -> Fraction | None:
        return max(self.terms, default=None)

    def trimmed(self) -> _Series:
        if len(self.terms) > TERMS:
            raise CannotEnclose("an expansion with too many terms")
        error = self.error
        small = [e for e in self.terms if e < DEPTH]
        if small:
            error = max([*small, *([error] if error is not None else [])])
        kept = {e: c for e, c in self.terms.items() if error is None or e > error}
        return _Series(kept, error)

    def __add__(self, other: _Series) -> _Series:
        terms = dict(self.terms)
        for exponent, value in other.terms.items():
            _plus(terms, exponent, value)
        errors = [e for e in (self.error, other.error) if e is not None]
        return _Series(terms, max(errors, default=None)).trimmed()

    def __mul__(self, other: _Series) -> _Series:
        terms: Exponents = {}
        for e1, c1 in self.terms.items():
            for e2, c2 in other.terms.items():
                _plus(terms, e1 + e2, c1 * c2)
        errors = []
        for left, right in ((self, other), (other, self)):
            if right.error is not None:
                reach = [e for e in (left.top, left.error) if e is not None]
                errors += [max(reach) + right.error] if reach else []
        return _Series(terms, max(errors, default=None)).trimmed()


class _Orders:
    def __init__(self, symbol: sympy.Symbol, side: int) -> None:
        self.symbol, self.side = symbol, side

    def of(self, f: sympy.Expr) -> Order:
        if not f.free_symbols:
            return Order(f) if _sign(f) else ZERO
        if f == self.symbol:
            return Order(sympy.Integer(self.side), Fraction(1))
        if f.is_Add:
            return self._sum(f)
        if f.is_Mul:
            result = Order(sympy.S.One)
            for factor in f.args:
                result = _times(result, self.of(factor))
            return result
        if f.is_Pow and f.exp.is_Rational:
            return _to_power(self.of(f.base), Fraction(int(f.exp.p), int(f.exp.q)))
        if isinstance(f, sympy.exp):
            return self._exponential(f.args[0])
        if f.is_Pow and not f.base.free_symbols and _sign(f.base) > 0:
            return self._exponential(f.exp * sympy.log(f.base))
        return self._function(f)

    def _sum(self, f: sympy.Expr) -> Order:
        if f.is_polynomial(self.symbol):
            leading = sympy.Poly(f, self.symbol)
            if leading.is_zero:
                return ZERO
            degree = leading.degree()
            return Order(leading.LC() * self.side**degree, Fraction(int(degree))) if _sign(leading.LC()) else ZERO
        orders = [order for order in map(self.of, f.args) if not order.zero]
        if not orders:
            return ZERO
        best = orders[:1]
        for order in orders[1:]:
            compared = _compare(order, best[0])
            best = [order] if compared > 0 else [*best, order] if compared == 0 else best
        total = sympy.expand(sum((order.constant for order in best), sympy.S.Zero))
        if total is sympy.S.Zero or not _sign(total):
            raise CannotEnclose(f"the leading terms of {str(f)[:60]} cancel")
        return Order(total, best[0].power, best[0].rates)

    def _exponential(self, g: sympy.Expr) -> Order:
        series = self.series(g)
        if series.error is not None and series.error >= 0:
            raise CannotEnclose(f"exp({str(g)[:40]}) at infinity")
        rates = sorted(((e, c) for e, c in series.terms.items() if e > 0), reverse=True, key=lambda pair: pair[0])
        return Order(sympy.exp(series.terms.get(Fraction(0), sympy.S.Zero)), Fraction(0), tuple(rates))

    def _function(self, f: sympy.Expr) -> Order:
        if isinstance(f, sympy.Piecewise):
            for branch, condition in f.args:
                if self._eventually(condition):
                    return self.of(branch)
            raise CannotEnclose("a Piecewise without a branch at infinity")
        if isinstance(f, (sympy.Max, sympy.Min)):
            best = f.args[0]
            for other in f.args[1:]:
                larger = self.of(other - best).sign > 0
                best = other if larger == isinstance(f, sympy.Max) else best
            return self.of(best)
        inner = f.args[0]
        order = self.of(inner)
        if isinstance(f, sympy.Abs):
            return order if order.sign >= 0 else _times(Order(sympy.Integer(-1)), order)
        if isinstance(f, sympy.sign):
            return Order(sympy.Integer(order.sign)) if order.sign else ZERO
        if isinstance(f, sympy.Heaviside) and order.sign:
            return Order(sympy.S.One) if order.sign > 0 else ZERO
        return self._unbounded_argument(f, inner, order)

    def _unbounded_argument(self, f: sympy.Expr, inner: sympy.Expr, order: Order) -> Order:
        """Functions with a known form once their argument tends to infinity along the real axis, like a power."""
        if order.zero or order.rates or order.power <= 0:
            raise CannotEnclose(f"{type(f).__name__} at infinity")
        up = inner if order.sign > 0 else -inner
        half = sympy.Rational(1, 2)
        if isinstance(f, sympy.cosh):
            return self.of(half * sympy.exp(up))
        if isinstance(f, sympy.sinh):
            return self.of(half * order.sign * sympy.exp(up))
        if isinstance(f, sympy.sech):
            return self.of(2 * sympy.exp(-up))
        if isinstance(f, (sympy.tanh, sympy.erf)):
            return Order(sympy.Integer(order.sign))
        if isinstance(f, sympy.atan):
            return Order(order.sign * sympy.pi / 2)
        if isinstance(f, sympy.erfc):
            return (
                self.of(sympy.exp(-(inner**2)) / (inner * sympy.sqrt(sympy.pi)))
                if order.sign > 0
                else Order(sympy.Integer(2))
            )
        raise CannotEnclose(f"{type(f).__name__} at infinity")

    def _eventually(self, condition: Any) -> bool:
        if condition in (sympy.true, True):
            return True
        if condition in (sympy.false, False):
            return False
        if isinstance(condition, sympy.And):
            return all(self._eventually(part) for part in condition.args)
        if isinstance(condition, sympy.Or):
            return any(self._eventually(part) for part in condition.args)
        if isinstance(condition, sympy.Not):
            return not self._eventually(condition.args[0])
        if not isinstance(condition, Relational) or {condition.lhs, condition.rhs} & {sympy.oo, -sympy.oo}:
            raise CannotEnclose(f"the condition {condition}")
        sign = self.of(condition.lhs - condition.rhs).sign
        tests = {
            sympy.StrictLessThan: sign < 0,
            sympy.LessThan: sign <= 0,
            sympy.StrictGreaterThan: sign > 0,
            sympy.GreaterThan: sign >= 0,
            sympy.Equality: sign == 0,
            sympy.Unequality: sign != 0,
        }
        if type(condition) not in tests:
            raise CannotEnclose(f"the condition {condition}")
        return tests[type(condition)]

    def series(self, g: sympy.Expr) -> _Series:
        """Power sum of ``g`` for large y."""
        if not g.free_symbols:
            return _Series({Fraction(0): g} if _sign(g) else {})
        if g == self.symbol:
            return _Series({Fraction(1): sympy.Integer(self.side)})
        if g.is_Add or g.is_Mul:
            result = self.series(g.args[0])
            for argument in g.args[1:]:
                result = result + self.series(argument) if g.is_Add else result * self.series(argument)
            return result
        if g.is_Pow and g.exp.is_Rational:
            return self._series_power(self.series(g.base), Fraction(int(g.exp.p), int(g.exp.q)), g)
        if isinstance(g, sympy.Abs):
            inner, sign = self.series(g.args[0]), self.of(g.args[0]).sign
            return inner if sign >= 0 else inner * _Series({Fraction(0): sympy.Integer(-1)})
        raise CannotEnclose(f"{type(g).__name__} in an exponent")

    def _series_power(self, base: _Series, q: Fraction, g: sympy.Expr) -> _Series:
        top = base.top
        if top is None or (base.error is not None and base.error >= top):
            raise CannotEnclose(f"the leading term of {str(g)[:60]}")
        leading = base.terms[top]
        if q.denominator != 1 and _sign(leading) < 0:
            raise CannotEnclose(f"a root of a negative number in {str(g)[:60]}")
        scale = _Series({q * top: leading ** sympy.Rational(q.numerator, q.denominator)})
        rest = {e - top: c / leading for e, c in base.terms.items() if e != top}
        u = _Series(rest, None if base.error is None else base.error - top)
        if not rest and u.error is None:
            return scale
        total, power, factor = _Series({Fraction(0): sympy.S.One}), _Series({Fraction(0): sympy.S.One}), Fraction(1)
        for k in range(1, 40):
            factor = factor * (q - k + 1) / k
            if factor == 0:
                return scale * total
            power = power * u
            reach = (
                max(e for e in (power.top, power.error) if e is not None)
                if power.terms or power.error is not None
                else DEPTH
            )
            total = total + power * _Series({Fraction(0): sympy.Rational(factor.numerator, factor.denominator)})
            if reach + q * top < DEPTH:
                return scale * (total + _Series({}, reach))
        raise CannotEnclose(f"the expansion of {str(g)[:60]}")


def _times(left: Order, right: Order) -> Order:
    if left.zero or right.zero:
        return ZERO
    rates: Exponents = dict(left.rates)
    for exponent, value in right.rates:
        _plus(rates, exponent, value)
    ordered = tuple(sorted(rates.items(), reverse=True, key=lambda pair: pair[0]))
    return Order(left.constant * right.constant, left.power + right.power, ordered)


def _to_power(order: Order, q: Fraction) -> Order:
    if order.zero:
        if q > 0:
            return ZERO
        raise CannotEnclose("division by zero at infinity")
    if q.denominator != 1 and order.sign < 0:
        raise CannotEnclose("a root of a negative number at infinity")
    exact = sympy.Rational(q.numerator, q.denominator)
    return Order(order.constant**exact, order.power * q, tuple((e, c * exact) for e, c in order.rates))


def _compare(left: Order, right: Order) -> int:
    """Which dominates: 1 the left, -1 the right, 0 neither."""
    difference = _times(left, _to_power(right, Fraction(-1)))
    if difference.rates:
        return _sign(difference.rates[0][1])
    return (difference.power > 0) - (difference.power < 0)
