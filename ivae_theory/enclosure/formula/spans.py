"""Ranges of expressions over open intervals of the line, infinite ones included.

A :class:`Span` bounds an expression from below and above by numbers that may be infinite, and says whether a bound
is attained: ``exp(z) > 0`` on the line needs the bound 0 *and* that it is never reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy
from flint import arb

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import number_ball

__all__ = ["Span", "span_of"]

_LOW, _HIGH = arb.neg_inf, arb.pos_inf


@dataclass(frozen=True)
class Span:
    """``low <= value <= high``, strictly where ``low_open`` or ``high_open``."""

    low: arb
    high: arb
    low_open: bool = False
    high_open: bool = False

    @property
    def positive(self) -> bool:
        """Strictly positive everywhere."""
        return bool(self.low > 0) or (bool(self.low == 0) and self.low_open)

    @property
    def negative(self) -> bool:
        """Strictly negative everywhere."""
        return bool(self.high < 0) or (bool(self.high == 0) and self.high_open)

    @property
    def nonnegative(self) -> bool:
        """Nowhere negative."""
        return bool(self.low >= 0)

    @property
    def nonpositive(self) -> bool:
        """Nowhere positive."""
        return bool(self.high <= 0)

    def __neg__(self) -> Span:
        return Span(-self.high, -self.low, self.high_open, self.low_open)


_ALL = Span(_LOW(), _HIGH(), True, True)


def _exact(bound: arb) -> bool:
    return bool(bound.is_exact()) and bool(bound.is_finite())


def _make(low: arb, high: arb, low_open: bool, high_open: bool) -> Span:
    """Round outwards; openness survives only where the bound is exact."""
    below = low.lower() if low.is_finite() else low
    above = high.upper() if high.is_finite() else high
    below = _LOW() if below.is_nan() else below
    above = _HIGH() if above.is_nan() else above
    return Span(below, above, low_open and (_exact(low) or not low.is_finite()),
                high_open and (_exact(high) or not high.is_finite()))  # fmt: skip


def span_of(expression: sympy.Expr, variable: sympy.Symbol, interval: Span) -> Span:
    """Bounds of the expression for the variable in an open interval; everything where nothing is known."""
    if not expression.has(variable):
        try:
            value = number_ball(expression)
        except CannotEnclose:
            return _ALL
        return _make(value, value, False, False)
    if expression == variable:
        return interval
    if expression.is_Add:
        total = Span(arb(0), arb(0))
        for term in expression.args:
            total = _add(total, span_of(term, variable, interval))
        return total
    if expression.is_Mul:
        total = Span(arb(1), arb(1))
        for factor in expression.args:
            total = _multiply(total, span_of(factor, variable, interval))
        return total
    if expression.is_Pow:
        return _power(expression, variable, interval)
    if isinstance(expression, (sympy.Max, sympy.Min)):
        spans = [span_of(argument, variable, interval) for argument in expression.args]
        if isinstance(expression, sympy.Max):
            return _largest(spans)
        return -_largest([-span for span in spans])
    if len(expression.args) == 1:
        inner = span_of(expression.args[0], variable, interval)
        if type(expression) in _INCREASING:
            return _monotone(inner, *_INCREASING[type(expression)])
        if type(expression) in _SPECIAL:
            return _SPECIAL[type(expression)](inner)
    return _ALL


def _add(a: Span, b: Span) -> Span:
    low = _LOW() if not (a.low.is_finite() and b.low.is_finite()) else a.low + b.low
    high = _HIGH() if not (a.high.is_finite() and b.high.is_finite()) else a.high + b.high
    return _make(low, high, a.low_open or b.low_open, a.high_open or b.high_open)


def _multiply(a: Span, b: Span) -> Span:
    if a.nonpositive and not a.nonnegative:
        return -_multiply(-a, b)
    if b.nonpositive and not b.nonnegative:
        return -_multiply(a, -b)
    if a.nonnegative and b.nonnegative:
        low, high = _times(a.low, b.low), _times(a.high, b.high)
        low_open = (a.low_open and bool(b.low > 0)) or (b.low_open and bool(a.low > 0))
        high_open = (a.high_open and bool(b.high > 0)) or (b.high_open and bool(a.high > 0))
        return _make(low, high, low_open or (a.positive and b.positive and bool(low == 0)), high_open)
    products = [_times(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    low, high = products[0], products[0]
    for product in products[1:]:
        low, high = low.min(product), high.max(product)
    if low.is_nan() or high.is_nan():
        return _ALL
    return _make(low, high, False, False)


def _times(x: arb, y: arb) -> arb:
    """Product of bounds, with 0 * infinity = 0: the supremum over a set whose one factor is 0."""
    return arb(0) if x == 0 or y == 0 else x * y


def _power(expression: sympy.Expr, variable: sympy.Symbol, interval: Span) -> Span:
    base, exponent = expression.base, expression.exp
    if base == sympy.E:
        return _monotone(span_of(exponent, variable, interval), *_INCREASING[sympy.exp])
    inner = span_of(base, variable, interval)
    if not exponent.is_Rational:
        return Span(arb(0), _HIGH(), True, True) if inner.positive else _ALL
    if exponent < 0:
        return _reciprocal(_power_of(inner, -exponent))
    return _power_of(inner, exponent)


def _power_of(inner: Span, exponent: sympy.Rational) -> Span:
    """A positive rational power."""
    p, q = int(exponent.p), int(exponent.q)
    if q == 1 and p % 2 == 0:
        if inner.nonpositive:
            inner = -inner
        if not inner.nonnegative:
            high = inner.high.max(-inner.low)
            return _make(arb(0), _raise(high, p, 1), False, False)
    elif q != 1 and not inner.nonnegative:
        return _ALL
    return _make(_raise(inner.low, p, q), _raise(inner.high, p, q), inner.low_open, inner.high_open)


def _raise(bound: arb, p: int, q: int) -> arb:
    if not bound.is_finite():
        return bound if bound > 0 or p % 2 else -bound
    return bound**p if q == 1 else (bound.root(q) ** p if bound > 0 else arb(0))


def _reciprocal(inner: Span) -> Span:
    if inner.negative:
        return -_reciprocal(-inner)
    if not inner.positive:
        return _ALL
    low = arb(0) if not inner.high.is_finite() else 1 / inner.high
    high = _HIGH() if inner.low == 0 else 1 / inner.low
    return _make(low, high, inner.high_open or not inner.high.is_finite(), inner.low_open)


Limit = Callable[[], arb]


def _monotone(inner: Span, compute: Callable[[arb], arb], at_low: Limit, at_high: Limit, start: int | None) -> Span:
    """An increasing function: its bounds are the values at the bounds, or the limits there."""
    if start is not None and not inner.nonnegative and not inner.low >= start:
        return _ALL
    lowest = not inner.low.is_finite() or (start is not None and bool(inner.low == start))
    low = at_low() if lowest else compute(inner.low)
    high = at_high() if not inner.high.is_finite() else compute(inner.high)
    return _make(low, high, inner.low_open or not inner.low.is_finite(),
                 inner.high_open or not inner.high.is_finite())  # fmt: skip


_ONE, _MINUS_ONE = (lambda: arb(1)), (lambda: arb(-1))

_INCREASING: dict[type, tuple[Callable[[arb], arb], Limit, Limit, int | None]] = {
    sympy.exp: (arb.exp, lambda: arb(0), _HIGH, None),
    sympy.tanh: (arb.tanh, _MINUS_ONE, _ONE, None),
    sympy.erf: (arb.erf, _MINUS_ONE, _ONE, None),
    sympy.atan: (arb.atan, lambda: -arb.pi() / 2, lambda: arb.pi() / 2, None),
    sympy.sinh: (arb.sinh, _LOW, _HIGH, None),
    sympy.asinh: (arb.asinh, _LOW, _HIGH, None),
    sympy.log: (arb.log, _LOW, _HIGH, 0),
}


def _cosine(inner: Span) -> Span:
    """Decreasing on [0, pi], even."""
    if not (inner.low.is_finite() and inner.high.is_finite()):
        return Span(arb(-1), arb(1))
    if inner.nonpositive and not inner.nonnegative:
        return _cosine(-inner)
    if inner.nonnegative and inner.high < arb.pi():
        return _make(inner.high.cos(), inner.low.cos(), inner.high_open, inner.low_open)
    if not inner.nonnegative and inner.high < arb.pi() and inner.low > -arb.pi():
        return _make(inner.high.max(-inner.low).cos(), arb(1), False, False)
    return Span(arb(-1), arb(1))


def _largest(spans: list[Span]) -> Span:
    """The maximum of several."""
    low, high = spans[0].low, spans[0].high
    for span in spans[1:]:
        low, high = low.max(span.low), high.max(span.high)
    strict = any(span.positive for span in spans) and bool(low == 0)
    return _make(low, high, strict, all(span.high_open for span in spans))


def _sine(inner: Span) -> Span:
    """Positive on (0, pi), odd."""
    if inner.nonpositive and not inner.nonnegative:
        return -_sine(-inner)
    if inner.nonnegative and inner.high < arb.pi():
        low = arb(0) if inner.low == 0 else inner.low.sin().min(inner.high.sin())
        return _make(low, arb(1), inner.low_open, False)
    return Span(arb(-1), arb(1))


def _cosh(inner: Span) -> Span:
    return Span(arb(1), _HIGH())


def _erfc(inner: Span) -> Span:
    return Span(arb(0), arb(2), True, True)


_SPECIAL: dict[type, Callable[[Span], Span]] = {
    sympy.cos: _cosine,
    sympy.sin: _sine,
    sympy.cosh: _cosh,
    sympy.sech: lambda inner: Span(arb(0), arb(1), True, False),
    sympy.erfc: _erfc,
    sympy.gamma: lambda inner: Span(arb(0), _HIGH(), True, True) if inner.positive else _ALL,
    sympy.Abs: lambda inner: Span(arb(0), _HIGH(), inner.positive or inner.negative, True),
    sympy.acos: lambda inner: Span(arb(0), arb.pi().upper()),
}
