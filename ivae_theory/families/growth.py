"""Growth of real expressions as ``x -> +oo``: finitely many exact terms and a bound of the rest.

``Growth`` states ``f(x) = sum c exp(r x) x^a (log x)^b + O(exp(r0 x) x^a0 (log x)^b0)`` for large ``x`` with rational
``r, a``, integer ``b`` and exact real ``c``; terms are ordered by ``(r, a, b)``. What cannot be stated so raises
:class:`~ivae_theory.enclosure.failure.CannotEnclose`. Sympy's limits and series are not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.symbolic import sign_of_number
from ivae_theory.exact.identity import is_zero

__all__ = ["BOUNDED", "LINEAR", "LOG", "ZERO", "Growth", "Order", "add", "growth", "log_of", "make", "scale"]

#: ``(r, a, b)`` of ``exp(r x) x^a (log x)^b``.
Order = tuple[Fraction, Fraction, int]

ZERO = Fraction(0)
BOUNDED: Order = (ZERO, ZERO, 0)
LINEAR: Order = (ZERO, Fraction(1), 0)
LOG: Order = (ZERO, ZERO, 1)
#: Smaller than every ``exp(r x) x^a``: what is left of ``exp(-x^2)``.
TINY: Order = (Fraction(-(10**9)), ZERO, 0)
#: Terms of a series that are kept, and terms of a product beyond which it is refused.
DEPTH, MAX_TERMS = 6, 60


@dataclass(frozen=True)
class Growth:
    """Exact terms, falling, and the order of the rest (``None``: there is none)."""

    terms: tuple[tuple[Order, sympy.Expr], ...]
    rest: Order | None = None

    @property
    def exactly_zero(self) -> bool:
        """Zero for all large x."""
        return not self.terms and self.rest is None

    @property
    def lead(self) -> tuple[Order, sympy.Expr]:
        """The dominant term; refused when the rest may dominate."""
        if not self.terms:
            raise CannotEnclose("the growth of an expression whose dominant term is not known")
        return self.terms[0]

    @property
    def bound(self) -> Order | None:
        """An order that bounds the absolute value; ``None`` for zero."""
        if not self.terms:
            return self.rest
        return self.terms[0][0]

    @property
    def sign(self) -> int:
        """Sign for large x."""
        if self.exactly_zero:
            return 0
        return _sign(self.lead[1])


def _sign(number: sympy.Expr) -> int:
    sign = sign_of_number(number)
    if sign is None:
        raise CannotEnclose(f"the sign of {number}")
    return sign


def make(terms: dict[Order, sympy.Expr], rest: Order | None) -> Growth:
    """Order the terms; drop zeros and what the rest covers."""
    kept = []
    for order, number in sorted(terms.items(), key=lambda item: item[0], reverse=True):
        if rest is not None and order <= rest:
            continue
        if number == 0 or (not number.is_Rational and is_zero(number)):
            continue
        kept.append((order, number))
    if len(kept) > MAX_TERMS:
        raise CannotEnclose("a growth with too many terms")
    return Growth(tuple(kept), rest)


def constant(number: sympy.Expr) -> Growth:
    """A constant."""
    return make({BOUNDED: number}, None)


def power_of_x(exponent: Fraction) -> Growth:
    """``x`` to a rational power."""
    return make({(ZERO, exponent, 0): sympy.S.One}, None)


def _times(a: Order, b: Order) -> Order:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def add(a: Growth, b: Growth) -> Growth:
    """Sum."""
    terms = dict(a.terms)
    for order, number in b.terms:
        terms[order] = terms.get(order, sympy.S.Zero) + number
    rests = [rest for rest in (a.rest, b.rest) if rest is not None]
    return make(terms, max(rests, default=None))


def multiply(a: Growth, b: Growth) -> Growth:
    """Product."""
    terms: dict[Order, sympy.Expr] = {}
    for one, x in a.terms:
        for other, y in b.terms:
            order = _times(one, other)
            terms[order] = terms.get(order, sympy.S.Zero) + x * y
    rests = []
    if a.rest is not None and b.bound is not None:
        rests.append(_times(a.rest, b.bound))
    if b.rest is not None and a.bound is not None:
        rests.append(_times(b.rest, a.bound))
    return make(terms, max(rests, default=None))


def scale(a: Growth, number: sympy.Expr) -> Growth:
    """A constant multiple."""
    return multiply(a, constant(number))


def _relative(a: Growth) -> tuple[Order, sympy.Expr, Growth]:
    """``a = lead (1 + d)`` with ``d`` of a lower order."""
    order, number = a.lead
    inverse = make({(-order[0], -order[1], -order[2]): 1 / number}, None)
    reduced = multiply(a, inverse)
    rest = make({o: c for o, c in reduced.terms if o != BOUNDED}, reduced.rest)
    if rest.bound is not None and not rest.bound < BOUNDED:
        raise CannotEnclose("a dominant term that does not dominate")
    return order, number, rest


def _series(small: Growth, coefficients: list[sympy.Expr]) -> Growth:
    """``sum_j coefficients_j small^j`` of a function that is analytic at 0, with its remainder."""
    total, power = constant(coefficients[0]), constant(sympy.S.One)
    for coefficient in coefficients[1:]:
        power = multiply(power, small)
        total = add(total, scale(power, coefficient))
    if small.bound is None:
        return total
    last = multiply(power, small).bound
    return total if last is None else add(total, Growth((), last))


def raise_to(a: Growth, exponent: sympy.Rational) -> Growth:
    """A rational power; fractional powers of what is positive for large x."""
    if exponent.is_Integer and exponent >= 0:
        total = constant(sympy.S.One)
        if exponent > 40:
            raise CannotEnclose("a large power")
        for _ in range(int(exponent)):
            total = multiply(total, a)
        return total
    if a.exactly_zero:
        if exponent > 0:
            return a
        raise CannotEnclose("division by zero")
    order, number, small = _relative(a)
    if not exponent.is_Integer and _sign(number) < 0:
        raise CannotEnclose("a fractional power of what is negative")
    p = Fraction(int(exponent.p), int(exponent.q))
    logs = order[2] * p
    if logs.denominator != 1:
        raise CannotEnclose("a fractional power of a logarithm")
    lead = make({(order[0] * p, order[1] * p, int(logs)): number**exponent}, None)
    binomials = [sympy.binomial(exponent, j) for j in range(DEPTH)]
    return multiply(lead, _series(small, binomials))


def log_of(a: Growth) -> Growth:
    """Logarithm of what is positive for large x."""
    order, number, small = _relative(a)
    if _sign(number) <= 0:
        raise CannotEnclose("the logarithm of what is not positive")
    if order[2] != 0:
        raise CannotEnclose("an iterated logarithm")
    lead = {BOUNDED: sympy.log(number), LINEAR: _rational(order[0])}
    lead[LOG] = _rational(order[1])
    series = [sympy.S.Zero, *(sympy.Rational((-1) ** (j + 1), j) for j in range(1, DEPTH))]
    return add(make(lead, None), _series(small, series))


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def exp_of(a: Growth) -> Growth:
    """Exponential of ``r x + a log x + c + o(1)``, or of what tends to minus infinity faster."""
    rate, power, level = ZERO, ZERO, sympy.S.Zero
    small: dict[Order, sympy.Expr] = {}
    if a.rest is not None and not a.rest < BOUNDED:
        return _exp_bounded(a)
    for order, number in a.terms:
        if order in (LINEAR, LOG) and not number.is_Rational:
            return _exp_far(a)
        if order == LINEAR:
            rate = Fraction(int(number.p), int(number.q))
        elif order == LOG:
            power = Fraction(int(number.p), int(number.q))
        elif order == BOUNDED:
            level = number
        elif order < BOUNDED:
            small[order] = number
        else:
            return _exp_far(a)
    lead = make({(rate, power, 0): sympy.exp(level)}, None)
    series = [sympy.Rational(1, sympy.factorial(j)) for j in range(DEPTH)]
    return multiply(lead, _series(make(small, a.rest), series))


def _exp_bounded(a: Growth) -> Growth:
    """Exponential where the rest does not vanish: its order, when the rest is bounded."""
    if a.rest is None or a.rest > BOUNDED:
        return _exp_far(a)
    lead = exp_of(Growth(a.terms))
    return Growth((), lead.bound)


def _exp_far(a: Growth) -> Growth:
    """``exp`` of what falls faster than ``log x`` times any constant."""
    order, number = a.lead
    if _sign(number) < 0 and order > LINEAR:
        return Growth((), TINY)
    raise CannotEnclose("an exponential that is neither a power times exp(r x) nor smaller")


def absolute(a: Growth) -> Growth:
    """Absolute value; of what oscillates only the bound."""
    if not a.terms:
        return a
    return a if a.sign > 0 else scale(a, sympy.Integer(-1))


def growth(expression: sympy.Expr, variable: sympy.Symbol) -> Growth:
    """The growth of an expression in ``variable`` as it tends to plus infinity."""
    if not expression.has(variable):
        _sign_known(expression)
        return constant(expression)
    if expression == variable:
        return power_of_x(Fraction(1))
    if expression.is_Add:
        total = Growth(())
        for term in expression.args:
            total = add(total, growth(term, variable))
        return total
    if expression.is_Mul:
        total = constant(sympy.S.One)
        for factor in expression.args:
            total = multiply(total, growth(factor, variable))
        return total
    if expression.is_Pow:
        return _power(expression, variable)
    return _function(expression, variable)


def _sign_known(number: sympy.Expr) -> None:
    if number.free_symbols:
        raise CannotEnclose(f"the symbols of {number}")
    _sign(number)


def _power(expression: sympy.Expr, variable: sympy.Symbol) -> Growth:
    base, exponent = expression.base, expression.exp
    if base == sympy.E:
        return exp_of(growth(exponent, variable))
    if exponent.is_Rational:
        return raise_to(growth(base, variable), exponent)
    return exp_of(multiply(growth(exponent, variable), log_of(growth(base, variable))))


def _function(expression: sympy.Expr, variable: sympy.Symbol) -> Growth:
    if isinstance(expression, (sympy.Max, sympy.Min)):
        return _extreme(expression, variable)
    if isinstance(expression, sympy.Piecewise):
        return _branch(expression, variable)
    if len(expression.args) != 1 and not isinstance(expression, sympy.Heaviside):
        raise CannotEnclose(f"the growth of {type(expression).__name__}")
    if isinstance(expression, (sympy.sin, sympy.cos)):
        return Growth((), BOUNDED)
    inner = growth(expression.args[0], variable)
    if isinstance(expression, sympy.exp):
        return exp_of(inner)
    if isinstance(expression, sympy.log):
        return log_of(inner)
    if isinstance(expression, sympy.Abs):
        return absolute(inner)
    if isinstance(expression, sympy.sign):
        return constant(sympy.Integer(inner.sign))
    if isinstance(expression, sympy.Heaviside) and inner.sign != 0:
        return constant(sympy.Rational(1 + inner.sign, 2))
    if isinstance(expression, (sympy.floor, sympy.ceiling)):
        return add(inner, Growth((), BOUNDED))
    if isinstance(expression, (sympy.tanh, sympy.atan, sympy.erf, sympy.erfc, sympy.sech, sympy.frac)):
        return Growth((), BOUNDED)
    if isinstance(expression, (sympy.cosh, sympy.sinh)):
        way = 1 if isinstance(expression, sympy.cosh) else -1
        up, down = exp_of(inner), exp_of(scale(inner, sympy.Integer(-1)))
        return scale(add(up, scale(down, sympy.Integer(way))), sympy.S.Half)
    raise CannotEnclose(f"the growth of {type(expression).__name__}")


def _extreme(expression: sympy.Expr, variable: sympy.Symbol) -> Growth:
    way = 1 if isinstance(expression, sympy.Max) else -1
    best, best_growth = expression.args[0], growth(expression.args[0], variable)
    for other in expression.args[1:]:
        other_growth = growth(other, variable)
        if way * growth(sympy.expand(other - best), variable).sign > 0:
            best, best_growth = other, other_growth
    return best_growth


def _branch(expression: sympy.Piecewise, variable: sympy.Symbol) -> Growth:
    for value, condition in expression.args:
        if _eventually(condition, variable):
            return growth(value, variable)
    raise CannotEnclose("a Piecewise without a branch there")


def _eventually(condition: sympy.Basic, variable: sympy.Symbol) -> bool:
    """Whether a condition holds for all large x; refused unless it then holds always or never."""
    if condition == sympy.true or condition == sympy.false:
        return bool(condition)
    if isinstance(condition, sympy.And):
        return all([_eventually(part, variable) for part in condition.args])  # noqa: C419 - every part must be settled
    if isinstance(condition, sympy.Or):
        return any([_eventually(part, variable) for part in condition.args])  # noqa: C419 - every part must be settled
    if isinstance(condition, sympy.Not):
        return not _eventually(condition.args[0], variable)
    if not hasattr(condition, "lhs"):
        raise CannotEnclose(f"the condition {type(condition).__name__}")
    sign = growth(sympy.expand(condition.lhs - condition.rhs), variable).sign
    answers = {
        sympy.Gt: sign > 0, sympy.Ge: sign >= 0, sympy.Lt: sign < 0, sympy.Le: sign <= 0,
        sympy.Eq: sign == 0, sympy.Ne: sign != 0,
    }  # fmt: skip
    for kind, answer in answers.items():
        if isinstance(condition, kind):
            return answer
    raise CannotEnclose(f"the condition {type(condition).__name__}")
