"""A normal form in which some identities between functions become identities between polynomials.

An expression is written as a quotient of polynomials with rational coefficients in *generators*: symbols, and functions
that are taken as independent of one another. Only identities that hold wherever both sides are defined are used, also
where something in between is complex (rules that need a real or a non-negative argument are applied only where that is
evident); so an expression whose normal form is zero **is** zero, and one whose normal form is not zero may still be.

======================  ==========================================================================
``exp(a + b)``          ``exp(a) exp(b)``; ``exp(c a) = exp(a)**c`` for rational ``c``
``sinh cosh tanh``      through ``exp``
``sin cos tan``         angle addition, integer multiples, ``cos**2 = 1 - sin**2``
``log``                 ``log(c x**a y**b) = log c + a log|x| + b log|y|`` where the argument is evidently not negative;
                        ``log a**(2 m) = 2 m log|a|``
``Abs Max Min``         ``Max(a, b) = (a + b + |a - b|)/2``; ``|a|**2 = a**2``; ``|a b| = |a| |b|``
``x**(p/q)``            ``x**a x**b = x**(a + b)``; numbers by their prime factors
all others              a generator for each function with arguments of equal normal form
======================  ==========================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy

from ivae_theory.exact.numbers import rationalised, to_fraction
from ivae_theory.exact.quotients import (
    Generator,
    Monomial,
    NotPolynomial,
    Polynomial,
    Quotient,
    frozen,
    generator,
    lift,
    monomial_product,
    multiply,
    number,
)

__all__ = [
    "Monomial",
    "NotPolynomial",
    "Polynomial",
    "Quotient",
    "constant_expression",
    "depends_on_symbols",
    "lift",
    "normal_form",
    "number",
]

#: Largest power and largest multiple of an angle that are expanded.
_LARGEST_POWER, _LARGEST_MULTIPLE = 200, 40


def normal_form(expression: Any, nonnegative: Collection[str] = ()) -> Quotient:
    """The normal form of a sympy expression in real symbols; floats are the rationals that they are.

    Parameters
    ----------
    expression
        Every symbol in it is taken to be real, whatever its assumptions say.
    nonnegative
        Names of the symbols that are never negative.

    Raises
    ------
    NotPolynomial
        When it would be too large, or divides by zero.
    """
    return _Reader(frozenset(nonnegative)).read(rationalised(sympy.sympify(expression, strict=True)))


class _Reader:
    """Turns sympy expressions into quotients, one method for each kind of node."""

    def __init__(self, nonnegative: frozenset[str]) -> None:
        self.nonnegative = nonnegative
        self.rules: dict[type[sympy.Basic], Callable[..., Quotient]] = {
            sympy.exp: self._exp, sympy.log: self._log, sympy.Abs: self._abs, sympy.Max: self._max,
            sympy.Min: self._min, sympy.sinh: self._sinh, sympy.cosh: self._cosh, sympy.tanh: self._tanh,
            sympy.sin: self._sin, sympy.cos: self._cos, sympy.tan: self._tan,
        }  # fmt: skip

    def read(self, node: sympy.Basic) -> Quotient:
        if isinstance(node, sympy.Rational):
            return number(node)
        if node.is_Symbol:
            return generator("symbol", node.name)
        if node.is_Add:
            return reduce(Quotient.__add__, (self.read(item) for item in node.args))
        if node.is_Mul:
            return reduce(Quotient.__mul__, (self.read(item) for item in node.args))
        if node.is_Pow:
            return self.power(node.base, node.exp)
        if node is sympy.E:
            return self._exp(sympy.Integer(1))
        rule = self.rules.get(type(node))
        return self.opaque(node) if rule is None else rule(*node.args)

    def opaque(self, node: sympy.Basic) -> Quotient:
        """A function with arguments of equal normal form is the same function; other nodes by their structure."""
        if node.is_Function and not isinstance(node, sympy.Piecewise) and node.args:
            return generator("call", (type(node).__name__, tuple(self.read(item).key() for item in node.args)))
        return generator("node", sympy.srepr(node))

    def power(self, base: sympy.Basic, exponent: sympy.Basic) -> Quotient:
        if base == sympy.E:
            return self._exp(exponent)
        if not isinstance(exponent, sympy.Rational):
            return generator("power", (self.read(base).key(), self.read(exponent).key()))
        power = to_fraction(exponent)
        if abs(power) > _LARGEST_POWER:
            raise NotPolynomial(f"a power of {power}")
        value = self.read(base)
        if power.denominator == 1:
            positive = reduce(Quotient.__mul__, [value] * abs(int(power)), number(1))
            return positive if power > 0 else self.inverse(positive)
        whole = math.floor(power)
        return self.power(base, sympy.Integer(whole)) * self.root(value, power - whole)

    def inverse(self, value: Quotient) -> Quotient:
        numerator = value.numerator
        if not numerator:
            raise NotPolynomial("a division by zero")
        turned = reduce(
            Quotient.__mul__,
            (Quotient(dict(factor), {}) for factor, power in value.denominator.items() for _ in range(power)),
            number(1),
        )
        lead = min(numerator, key=repr)
        scale = numerator[lead]
        if len(numerator) == 1 and not lead:
            return turned * number(1 / scale)
        factor = frozen({monomial: c / scale for monomial, c in numerator.items()})
        return turned * Quotient({(): 1 / scale}, {factor: 1})

    def root(self, value: Quotient, power: Fraction) -> Quotient:
        """``value ** power`` for ``0 < power < 1``, the principal value, real where the model is."""
        numerator = value.numerator
        if value.denominator or len(numerator) != 1:
            return generator("opaque root", (value.key(), power)) if value.denominator else self._root(value, power)
        ((monomial, scale),) = numerator.items()
        if not monomial and scale > 0:
            return _prime_powers(scale, power)
        if len(monomial) == 1 and scale > 0 and monomial[0][1] == 1 and monomial[0][0][0] in ("symbol", "abs"):
            return _prime_powers(scale, power) * generator(*monomial[0][0], power)
        if scale > 0 and all(name[0] == "exp" and self.is_real(name, Fraction(1)) for name, _ in monomial):
            raised: Monomial = tuple((name, exponent * power) for name, exponent in monomial)
            return _prime_powers(scale, power) * Quotient({raised: Fraction(1)}, {})
        return self._root(value, power)

    def _root(self, value: Quotient, power: Fraction) -> Quotient:
        return generator("root", frozen(value.numerator), power)

    def _exp(self, argument: sympy.Basic) -> Quotient:
        value = self.read(argument)
        if value.denominator:
            return generator("call", ("exp", (value.key(),)))
        result = number(1)
        for monomial, factor in value.numerator.items():
            result = result * generator("exp", monomial, factor)
        return result

    def _log(self, argument: sympy.Basic, base: sympy.Basic | None = None) -> Quotient:
        if base is not None:
            return self._log(argument) * self.inverse(self._log(base))
        if argument.is_Pow and argument.exp.is_Integer and argument.exp % 2 == 0 and argument.exp != 0:
            inner = self.read(argument.base)
            if not inner.is_zero and self.all_real(inner):  # before the power is multiplied out
                return self._log_absolute(inner) * number(int(argument.exp))
        value = self.read(argument)
        if value.is_zero:
            raise NotPolynomial("the logarithm of zero")
        if not all(self.is_nonnegative(part) for part in (value.numerator, *map(dict, value.denominator))):
            return generator("call", ("log", (value.key(),)))
        return self._log_absolute(value)

    def _log_absolute(self, value: Quotient) -> Quotient:
        """``log |v|``."""
        result = self._log_of(value.numerator)
        for factor, power in value.denominator.items():
            result = result - self._log_of(dict(factor)) * number(power)
        return result

    def _log_of(self, polynomial: Polynomial) -> Quotient:
        """``log |p|``."""
        if len(polynomial) != 1:
            lead = polynomial[min(polynomial, key=repr)]
            unit = {monomial: c / lead for monomial, c in polynomial.items()}
            return _log_number(abs(lead)) + generator("log", frozen(unit))
        ((monomial, scale),) = polynomial.items()
        result = _log_number(abs(scale))
        for (kind, payload), power in monomial:
            if kind == "exp":
                inner = Quotient({payload: Fraction(1)}, {})
            elif kind == "prime":
                inner = _log_number(Fraction(payload))
            elif kind in ("abs", "root"):
                inner = self._log_of(dict(payload))
            else:
                inner = generator("log", frozen({(((kind, payload), Fraction(1)),): Fraction(1)}))
            result = result + inner * number(power)
        return result

    def _abs(self, argument: sympy.Basic) -> Quotient:
        value = self.read(argument)
        if not self.all_real(value):
            return generator("call", ("Abs", (value.key(),)))
        result = _absolute(value.numerator)
        for factor, power in value.denominator.items():
            below = _absolute(dict(factor))
            for _ in range(power):
                result = result * self.inverse(below)
        return result

    def _max(self, *items: sympy.Basic) -> Quotient:
        return self._fold(items, number(Fraction(1, 2)))

    def _min(self, *items: sympy.Basic) -> Quotient:
        return self._fold(items, number(Fraction(-1, 2)))

    def _fold(self, items: tuple[sympy.Basic, ...], sign: Quotient) -> Quotient:
        """Two arguments by ``(a + b +- |a - b|)/2``; more would depend on the order, so they stay as they are."""
        values = [self.read(item) for item in items]
        if len(values) == 2:
            gap = values[0] - values[1]
            if not gap.denominator and all(map(self.all_real, values)):
                return (values[0] + values[1]) * number(Fraction(1, 2)) + _absolute(gap.numerator) * sign
        name = "Max" if sign.numerator[()] > 0 else "Min"
        return generator("call", (name, tuple(sorted((value.key() for value in values), key=repr))))

    def all_real(self, value: Quotient) -> bool:
        """Whether the value is evidently real for all real symbols."""
        return all(
            self.is_real(name, power)
            for polynomial in (value.numerator, *map(dict, value.denominator))
            for monomial in polynomial
            for name, power in monomial
        )

    def is_real(self, name: Generator, power: Fraction) -> bool:
        """Whether a power of a generator is evidently real."""
        kind, payload = name
        if kind == "symbol":
            return power.denominator == 1 or payload in self.nonnegative
        if kind in ("abs", "prime", "log prime", "log"):
            return True
        if kind == "exp":
            return all(self.is_real(*inner) for inner in payload)
        if kind in ("sin", "cos"):
            return all(self.is_real(*inner) for monomial, _ in payload for inner in monomial)
        return kind == "node" and payload in ("pi", "EulerGamma", "GoldenRatio")

    def is_nonnegative(self, polynomial: Polynomial) -> bool:
        """Whether a polynomial is evidently not negative: positive multiples of non-negative monomials."""
        return all(
            value > 0 and all(self._nonnegative_power(name, power) for name, power in monomial)
            for monomial, value in polynomial.items()
        )

    def _nonnegative_power(self, name: Generator, power: Fraction) -> bool:
        kind, payload = name
        if kind in ("abs", "prime") or (kind == "symbol" and payload in self.nonnegative):
            return True
        if not self.is_real(name, power):
            return False
        return kind == "exp" or (power.denominator == 1 and power.numerator % 2 == 0)

    def _sinh(self, argument: sympy.Basic) -> Quotient:
        return (self._exp(argument) - self._exp(-argument)) * number(Fraction(1, 2))

    def _cosh(self, argument: sympy.Basic) -> Quotient:
        return (self._exp(argument) + self._exp(-argument)) * number(Fraction(1, 2))

    def _tanh(self, argument: sympy.Basic) -> Quotient:
        twice = self._exp(2 * argument)
        return (twice - number(1)) * self.inverse(twice + number(1))

    def _sin(self, argument: sympy.Basic) -> Quotient:
        return self._angle(argument)[0]

    def _cos(self, argument: sympy.Basic) -> Quotient:
        return self._angle(argument)[1]

    def _tan(self, argument: sympy.Basic) -> Quotient:
        sine, cosine = self._angle(argument)
        return sine * self.inverse(cosine)

    def _angle(self, argument: sympy.Basic) -> tuple[Quotient, Quotient]:
        """Sine and cosine of a sum of terms."""
        value = self.read(argument)
        if value.denominator:
            return generator("call", ("sin", (value.key(),))), generator("call", ("cos", (value.key(),)))
        sine, cosine = number(0), number(1)
        for monomial, factor in value.numerator.items():
            unit = frozen({monomial: Fraction(1, factor.denominator)})
            s, c = _multiple(unit, abs(factor.numerator))
            s = s if factor > 0 else -s
            sine, cosine = sine * c + cosine * s, cosine * c - sine * s
        return sine, cosine


def _multiple(unit: Any, times: int) -> tuple[Quotient, Quotient]:
    """Sine and cosine of ``times`` the unit angle."""
    if times > _LARGEST_MULTIPLE:
        raise NotPolynomial(f"an angle times {times}")
    s, c = generator("sin", unit), generator("cos", unit)
    sine, cosine = number(0), number(1)
    for _ in range(times):
        sine, cosine = sine * c + cosine * s, cosine * c - sine * s
    return sine, cosine


def _absolute(polynomial: Polynomial) -> Quotient:
    """``|p|``, with the sign of p normalised and monomials taken apart."""
    if not polynomial:
        return number(0)
    if len(polynomial) == 1:
        ((monomial, scale),) = polynomial.items()
        result = number(abs(scale))
        for name, power in monomial:
            result = result * _absolute_power(name, power)
        return result
    lead = polynomial[min(polynomial, key=repr)]
    unit = {monomial: value / lead for monomial, value in polynomial.items()}
    return number(abs(lead)) * generator("abs", frozen(unit))


def _absolute_power(name: Generator, power: Fraction) -> Quotient:
    if name[0] in ("exp", "prime", "abs") or (power.denominator == 1 and power.numerator % 2 == 0):
        return generator(*name, power)
    single = frozen({((name, Fraction(1)),): Fraction(1)})
    if power.denominator != 1:
        # Only reached where the base is evidently not negative.
        return generator(*name, power)
    return Quotient(multiply({((name, power - 1),): Fraction(1)} if power != 1 else {(): Fraction(1)},
                              {((("abs", single), Fraction(1)),): Fraction(1)}), {})  # fmt: skip


def _prime_powers(value: Fraction, power: Fraction) -> Quotient:
    """``value ** power`` of a positive rational by its prime factors."""
    result = number(1)
    for part, sign in ((value.numerator, 1), (value.denominator, -1)):
        for prime, times in sympy.factorint(part, limit=100_000).items():
            result = result * Quotient(monomial_product((), ((("prime", int(prime)), sign * times * power),)), {})
    return result


def _log_number(value: Fraction) -> Quotient:
    result = number(0)
    for part, sign in ((value.numerator, 1), (value.denominator, -1)):
        for prime, times in sympy.factorint(part, limit=100_000).items():
            result = result + generator("log prime", int(prime)) * number(sign * times)
    return result


def depends_on_symbols(payload: Any) -> bool:
    """Whether a generator (or anything inside one) involves a symbol."""
    if isinstance(payload, str):
        return "Symbol(" in payload
    if isinstance(payload, tuple):
        return (len(payload) == 2 and payload[0] == "symbol") or any(map(depends_on_symbols, payload))
    return False


_NODES = {"pi": sympy.pi, "EulerGamma": sympy.EulerGamma, "GoldenRatio": sympy.GoldenRatio}


def constant_expression(monomial: Monomial) -> sympy.Expr:
    """The number that a product of constant generators is, as a sympy expression.

    Raises
    ------
    NotPolynomial
        For generators without an expression of their own.
    """
    result: sympy.Expr = sympy.Integer(1)
    for (kind, payload), power in monomial:
        exponent = sympy.Rational(power.numerator, power.denominator)
        if kind == "prime":
            result *= sympy.Integer(payload) ** exponent
        elif kind == "log prime":
            result *= sympy.log(sympy.Integer(payload)) ** exponent
        elif kind == "exp":
            result *= sympy.exp(exponent * constant_expression(payload))
        elif kind == "node" and payload in _NODES:
            result *= _NODES[payload] ** exponent
        else:
            raise NotPolynomial(f"a constant of kind {kind}")
    return result
