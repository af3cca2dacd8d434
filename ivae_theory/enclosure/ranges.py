"""Enclosures of the range of a sympy expression over an interval that may be unbounded.

Ends are exact fractions or infinite; transcendental values are rounded outwards. An end is *open* only where it
is proved not to be attained. What cannot be enclosed raises :class:`CannotEnclose`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, fmpz_poly

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import rationalised, to_arb, to_fraction

__all__ = ["Range", "bounds_of", "branches", "polynomial_coefficients", "range_of", "support_ranges"]

#: Working precision in bits; ranges need to be sound, not sharp.
BITS = 192
INFINITY = math.inf
End = Fraction | float


@dataclass(frozen=True)
class Range:
    """The real numbers from ``low`` to ``high``; infinite ends are open."""

    low: End
    high: End
    low_open: bool = False
    high_open: bool = False

    def __post_init__(self) -> None:
        if self.low == -INFINITY:
            object.__setattr__(self, "low_open", True)
        if self.high == INFINITY:
            object.__setattr__(self, "high_open", True)

    @property
    def positive(self) -> bool:
        """Whether every member is above 0."""
        return self.low > 0 or (self.low == 0 and self.low_open)

    @property
    def negative(self) -> bool:
        """Whether every member is below 0."""
        return self.high < 0 or (self.high == 0 and self.high_open)

    def contains(self, value: Fraction) -> bool:
        """Whether the number is a member."""
        above = self.low < value or (self.low == value and not self.low_open)
        return above and (value < self.high or (value == self.high and not self.high_open))

    def negated(self) -> Range:
        """The negatives of the members."""
        return Range(-self.high, -self.low, self.high_open, self.low_open)

    def meet(self, other: Range) -> Range:
        """The members of both, which are two enclosures of the same non-empty set."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, high_closed = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Range(low, high, low_open, not high_closed)


WHOLE = Range(-INFINITY, INFINITY)


def support_ranges(support: Iterable[Iterable[sympy.Expr]]) -> tuple[Range, ...]:
    """The parts ``(low, high, left_open, right_open)`` of a support; irrational ends are rounded outwards and open.

    A rounded end is declared open because it is no point of the support itself.
    """
    parts = []
    for low, high, left_open, right_open in support:
        below, left_exact = _end(low, upper=False)
        above, right_exact = _end(high, upper=True)
        parts.append(Range(below, above, bool(left_open) or not left_exact, bool(right_open) or not right_exact))
    return tuple(parts)


def _end(value: sympy.Expr, upper: bool) -> tuple[End, bool]:
    if value in (sympy.oo, -sympy.oo):
        return (INFINITY if value == sympy.oo else -INFINITY), True
    exact = rationalised(value)
    if isinstance(exact, sympy.Rational):
        return to_fraction(exact), True
    low, high = bounds_of(exact)
    return (high if upper else low), False


def _dyadic(value: arb) -> Fraction:
    """An exact ball of finite value as the fraction that it is."""
    mantissa, exponent = value.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _outward(value: arb) -> tuple[Fraction, Fraction]:
    if not value.is_finite():
        raise CannotEnclose("a number that overflows")
    return _dyadic(value.lower()), _dyadic(value.upper())


def bounds_of(constant: sympy.Expr, bits: int = BITS) -> tuple[Fraction, Fraction]:
    """Rational bounds of an expression without symbols."""
    from ivae_theory.enclosure.symbolic import ball

    exact = rationalised(constant)
    if isinstance(exact, sympy.Rational):
        value = to_fraction(exact)
        return value, value
    with precision(bits):
        return _outward(ball(exact, {}))


def range_of(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> Range:
    """A range that contains every value of the expression on ``where``.

    Raises
    ------
    CannotEnclose
        For functions without a rule, and where the expression may be undefined.
    """
    try:
        found: Range | None = _structural(expression, symbol, where)
    except CannotEnclose:
        found = None
    coefficients = polynomial_coefficients(expression, symbol)
    if coefficients is not None:
        exact = _polynomial(coefficients, where)
        found = exact if found is None else found.meet(exact)
    if found is None:
        raise CannotEnclose(f"the range of {str(expression)[:80]}")
    return found


def polynomial_coefficients(expression: sympy.Expr, symbol: sympy.Symbol) -> list[Fraction] | None:
    """Rational coefficients, constant first, or ``None`` when the expression is no such polynomial."""
    if not expression.is_polynomial(symbol):
        return None
    try:
        coefficients = sympy.Poly(expression, symbol).all_coeffs()
    except sympy.PolynomialError:
        return None
    if not all(isinstance(value, sympy.Rational) for value in coefficients):
        return None
    return [to_fraction(value) for value in reversed(coefficients)]


def real_roots(coefficients: list[Fraction]) -> list[tuple[arb, int]]:
    """Isolating balls of the real roots with multiplicities; empty for constants."""
    if len([value for value in coefficients[1:] if value]) == 0:
        return []
    common = math.lcm(*(value.denominator for value in coefficients))
    roots = fmpz_poly([int(value * common) for value in coefficients]).complex_roots()
    return [(root.real, int(count)) for root, count in roots if root.imag == 0]


def _polynomial(coefficients: list[Fraction], where: Range) -> Range:
    """Range of a polynomial from its values at ends and critical points.

    An end of the result that only an open end of the interval gives is open: a point of the interior that took
    the extreme value would be critical.
    """
    if not any(coefficients[1:]):
        value = coefficients[0] if coefficients else Fraction(0)
        return Range(value, value)
    derivative = [value * power for power, value in enumerate(coefficients)][1:]
    lows: list[tuple[End, bool]] = []
    highs: list[tuple[End, bool]] = []
    for end, is_open in ((where.low, where.low_open), (where.high, where.high_open)):
        value_there = _at(coefficients, end)
        lows.append((value_there, is_open))
        highs.append((value_there, not is_open))
    with precision(BITS):
        for root, _ in real_roots(derivative):
            left, right = _outward(root)
            if right < where.low or left > where.high:
                continue
            below, above = _outward(_horner(coefficients, root))
            lows.append((below, False))
            highs.append((above, True))
    low, high = min(lows), max(highs)
    return Range(low[0], high[0], low[1], not high[1])


def _at(coefficients: list[Fraction], point: End) -> End:
    """Value of a polynomial at a finite point, or its limit at an infinite one."""
    if isinstance(point, Fraction):
        total = Fraction(0)
        for value in reversed(coefficients):
            total = total * point + value
        return total
    degree = max((power for power, value in enumerate(coefficients) if value), default=0)
    if degree == 0:
        return coefficients[0] if coefficients else Fraction(0)
    sign = 1 if coefficients[degree] > 0 else -1
    if point < 0 and degree % 2:
        sign = -sign
    return sign * INFINITY


def _horner(coefficients: list[Fraction], point: arb) -> arb:
    total = arb(0)
    for value in reversed(coefficients):
        total = total * point + to_arb(value)
    return total


def _structural(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> Range:
    if expression == symbol:
        return where
    if not expression.has(symbol):
        low, high = bounds_of(expression)
        return Range(low, high)
    if isinstance(expression, sympy.Add):
        return _sum(expression, symbol, where)
    if isinstance(expression, sympy.Mul):
        result = Range(Fraction(1), Fraction(1))
        for factor in expression.args:
            result = product(result, range_of(factor, symbol, where))
        return result
    if isinstance(expression, sympy.Pow):
        base, exponent = expression.args
        if not exponent.has(symbol):
            return _power(range_of(base, symbol, where), exponent)
        if not base.has(symbol):
            return _exp(product(range_of(exponent, symbol, where), range_of(sympy.log(base), symbol, where)))
        raise CannotEnclose("a power whose base and exponent both vary")
    if isinstance(expression, (sympy.Max, sympy.Min)):
        parts = [range_of(argument, symbol, where) for argument in expression.args]
        choose: Callable[[Iterable[Any]], Any] = max if isinstance(expression, sympy.Max) else min
        return Range(choose(part.low for part in parts), choose(part.high for part in parts))
    if isinstance(expression, sympy.Piecewise):
        return hull(range_of(branch, symbol, part) for branch, part in branches(expression, symbol, where))
    rule = _FUNCTIONS.get(expression.func)
    if rule is None or len(expression.args) != 1:
        raise CannotEnclose(f"the range of {expression.func.__name__}")
    return rule(range_of(expression.args[0], symbol, where))


def branches(expression: sympy.Piecewise, symbol: sympy.Symbol, where: Range) -> list[tuple[sympy.Expr, Range]]:
    """The branches that may apply somewhere on ``where``, each with an interval that contains that place."""
    remaining: Range | None = where
    found = []
    for branch, condition in expression.args:
        if remaining is None or condition == sympy.false:
            continue
        part, remaining = _split(condition, symbol, remaining)
        if part is not None:
            found.append((branch, part))
    if not found:
        raise CannotEnclose("a piecewise expression without an applicable branch")
    return found


def _split(condition: Any, symbol: sympy.Symbol, where: Range) -> tuple[Range | None, Range | None]:
    """Where the condition may hold and where it may not hold (``None``: nowhere)."""
    if condition == sympy.true:
        return where, None
    if (
        isinstance(condition, (sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge))
        and condition.lhs == symbol
        and isinstance(rationalised(condition.rhs), sympy.Rational)
    ):
        cut = to_fraction(rationalised(condition.rhs))
        below = _nonempty(where, Range(-INFINITY, cut, True, isinstance(condition, (sympy.Lt, sympy.Ge))))
        above = _nonempty(where, Range(cut, INFINITY, isinstance(condition, (sympy.Le, sympy.Gt)), True))
        return (below, above) if isinstance(condition, (sympy.Lt, sympy.Le)) else (above, below)
    return where, where


def _nonempty(a: Range, b: Range) -> Range | None:
    met = a.meet(b)
    empty = met.low > met.high or (met.low == met.high and (met.low_open or met.high_open))
    return None if empty else met


def _sum(expression: sympy.Expr, symbol: sympy.Symbol, where: Range) -> Range:
    """Terms that are one polynomial together are enclosed together: their cancellation is what matters."""
    polynomial = sympy.Add(*(term for term in expression.args if polynomial_coefficients(term, symbol) is not None))
    others = [term for term in expression.args if polynomial_coefficients(term, symbol) is None]
    if not others:
        raise CannotEnclose("a polynomial: its own rule is sharper")
    result = range_of(polynomial, symbol, where)
    for term in others:
        result = add(result, range_of(term, symbol, where))
    return result


def hull(parts: Iterable[Range]) -> Range:
    """The smallest range that contains all of them (ends closed where one of them is)."""
    members = list(parts)
    low = min((part.low, part.low_open) for part in members)
    high = max((part.high, not part.high_open) for part in members)
    return Range(low[0], high[0], low[1], not high[1])


def add(a: Range, b: Range) -> Range:
    """Sums of a member of each."""
    return Range(_plus(a.low, b.low), _plus(a.high, b.high), a.low_open or b.low_open, a.high_open or b.high_open)


def _plus(x: End, y: End) -> End:
    """Sum of two ends of the same side; fractions too large for a float must not meet one."""
    if isinstance(x, float):
        return x
    return y if isinstance(y, float) else x + y


def _times(x: End, y: End) -> End:
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        return x * y
    return INFINITY if (x > 0) == (y > 0) else -INFINITY


def product(a: Range, b: Range) -> Range:
    """Products of a member of each; 0 times an unbounded end is 0."""
    ends = []
    for x, x_open in ((a.low, a.low_open), (a.high, a.high_open)):
        for y, y_open in ((b.low, b.low_open), (b.high, b.high_open)):
            zero = x == 0 or y == 0
            closed_zero = (x == 0 and not x_open) or (y == 0 and not y_open)
            ends.append((Fraction(0) if zero else _times(x, y), not closed_zero if zero else x_open or y_open))
    inner_zero = any(part.low < 0 < part.high for part in (a, b))
    low, low_open = min(ends)
    high, high_closed = max((value, not is_open) for value, is_open in ends)
    if inner_zero:  # a zero inside one factor is attained whatever the ends say
        low_open, high_closed = low_open and low != 0, high_closed or high == 0
    return Range(low, high, low_open, not high_closed)


def _power(base: Range, exponent: sympy.Expr) -> Range:
    exact = rationalised(exponent)
    if not isinstance(exact, sympy.Rational):
        raise CannotEnclose(f"the power {exponent}")
    if exact < 0:
        return _reciprocal(_power(base, -exact))
    if exact.is_Integer:
        return _integer_power(base, int(exact))
    if base.low < 0:
        raise CannotEnclose("a fractional power of a number that may be negative")
    return _increasing(lambda x: x ** (to_arb(exact)), base, zero=Fraction(0))


def _integer_power(base: Range, exponent: int) -> Range:
    if exponent == 0:
        return Range(Fraction(1), Fraction(1))
    if exponent % 2 == 1:
        return Range(base.low**exponent, base.high**exponent, base.low_open, base.high_open)
    size = _absolute(base)
    return Range(size.low**exponent, size.high**exponent, size.low_open, size.high_open)


def _reciprocal(value: Range) -> Range:
    if value.negative:
        return _reciprocal(value.negated()).negated()
    if not value.positive:
        raise CannotEnclose("a division whose divisor may be 0")
    low = Fraction(0) if value.high == INFINITY else 1 / Fraction(value.high)
    high = INFINITY if value.low == 0 else 1 / Fraction(value.low)
    return Range(low, high, value.high_open, value.low_open)


def _absolute(value: Range) -> Range:
    if value.low >= 0:
        return value
    if value.high <= 0:
        return value.negated()
    high, high_closed = max((-value.low, not value.low_open), (value.high, not value.high_open))
    return Range(Fraction(0), high, False, not high_closed)


def _increasing(
    function: Callable[[arb], arb],
    value: Range,
    *,
    zero: Fraction | None = None,
    limits: tuple[End, End] = (-INFINITY, INFINITY),
) -> Range:
    """Range of an increasing function; ``zero`` is its exact value at 0, ``limits`` its limits at the infinities."""

    def at(end: End, side: int) -> End:
        if not isinstance(end, Fraction):
            return limits[side]
        if end == 0 and zero is not None:
            return zero
        with precision(BITS):
            return _outward(function(to_arb(end)))[side]

    return Range(at(value.low, 0), at(value.high, 1), value.low_open, value.high_open)


def _exp(value: Range) -> Range:
    found = _increasing(arb.exp, value, zero=Fraction(1), limits=(Fraction(0), INFINITY))
    return found if found.low > 0 else Range(Fraction(0), found.high, True, found.high_open)


def _log(value: Range) -> Range:
    if not value.positive:
        raise CannotEnclose("log of a number that may be 0 or negative")
    low: End = -INFINITY
    with precision(BITS):
        if value.low > 0:
            low = Fraction(0) if value.low == 1 else _outward(to_arb(value.low).log())[0]
        high: End = INFINITY
        if value.high != INFINITY:
            high = Fraction(0) if value.high == 1 else _outward(to_arb(value.high).log())[1]
    return Range(low, high, value.low_open, value.high_open)


def _cosh(value: Range) -> Range:
    return _increasing(arb.cosh, _absolute(value), zero=Fraction(1))


def _sigmoidal(function: Callable[[arb], arb], limit: Fraction) -> Callable[[Range], Range]:
    """Odd functions that increase to a limit which they do not reach."""

    def rule(value: Range) -> Range:
        found = _increasing(function, value, zero=Fraction(0), limits=(-limit, limit))
        low, high = max(found.low, -limit), min(found.high, limit)
        return Range(low, high, found.low_open or low == -limit, found.high_open or high == limit)

    return rule


def _arctangent(value: Range) -> Range:
    with precision(BITS):
        half_pi = _outward(arb.pi() / 2)[1]
    return _increasing(arb.atan, value, zero=Fraction(0), limits=(-half_pi, half_pi))


def _from_unit(function: Callable[[arb], arb]) -> Callable[[Range], Range]:
    """Odd increasing functions of (-1, 1) onto the line."""

    def rule(value: Range) -> Range:
        if not within_unit(value):
            raise CannotEnclose("a function of (-1, 1) outside it")
        low: End = -INFINITY
        high: End = INFINITY
        if value.low > -1:
            low = _increasing(function, Range(value.low, value.low), zero=Fraction(0)).low
        if value.high < 1:
            high = _increasing(function, Range(value.high, value.high), zero=Fraction(0)).high
        return Range(low, high, value.low_open, value.high_open)

    return rule


def within_unit(value: Range) -> bool:
    """Whether every member is inside (-1, 1)."""
    above = value.low > -1 or (value.low == -1 and value.low_open)
    return above and (value.high < 1 or (value.high == 1 and value.high_open))


def _floor(value: Range) -> Range:
    low = value.low if value.low == -INFINITY else Fraction(math.floor(value.low))
    high = value.high if value.high == INFINITY else Fraction(math.floor(value.high))
    return Range(low, high)


def _ceiling(value: Range) -> Range:
    return _floor(value.negated()).negated()


def _sign(value: Range) -> Range:
    low = Fraction(1) if value.positive else Fraction(0) if value.low >= 0 else Fraction(-1)
    high = Fraction(-1) if value.negative else Fraction(0) if value.high <= 0 else Fraction(1)
    return Range(low, high)


_UNIT = Range(Fraction(-1), Fraction(1))
_FUNCTIONS: dict[Any, Callable[[Range], Range]] = {
    sympy.exp: _exp,
    sympy.log: _log,
    sympy.Abs: _absolute,
    sympy.cosh: _cosh,
    sympy.sin: lambda value: _UNIT,
    sympy.cos: lambda value: _UNIT,
    sympy.sinh: lambda value: _increasing(arb.sinh, value, zero=Fraction(0)),
    sympy.asinh: lambda value: _increasing(arb.asinh, value, zero=Fraction(0)),
    sympy.tanh: _sigmoidal(arb.tanh, Fraction(1)),
    sympy.erf: _sigmoidal(arb.erf, Fraction(1)),
    sympy.erfc: lambda value: add(Range(Fraction(1), Fraction(1)), _FUNCTIONS[sympy.erf](value).negated()),
    sympy.atan: _arctangent,
    sympy.atanh: _from_unit(arb.atanh),
    sympy.erfinv: _from_unit(arb.erfinv),
    sympy.floor: _floor,
    sympy.ceiling: _ceiling,
    sympy.sign: _sign,
    sympy.Heaviside: lambda value: Range(Fraction(0), Fraction(1)),
}
