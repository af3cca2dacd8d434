"""Quotients of polynomials in generators, with the powers of generators that reduce to polynomials.

A generator is ``(kind, payload)``; :mod:`ivae_theory.exact.generators` says which functions become which.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from ivae_theory.exact.numbers import to_fraction

__all__ = [
    "Generator",
    "Monomial",
    "NotPolynomial",
    "Polynomial",
    "Quotient",
    "frozen",
    "generator",
    "lift",
    "monomial_product",
    "multiply",
    "number",
]

#: Most terms of a polynomial.
_MOST_TERMS = 20_000

#: ``(kind, payload)``; ordered and compared by their representation.
Generator = tuple[str, Any]
Monomial = tuple[tuple[Generator, Fraction], ...]
Polynomial = dict[Monomial, Fraction]


class NotPolynomial(ValueError):
    """The normal form would be too large, or the expression is not one of real numbers."""


@dataclass(frozen=True, eq=False)
class Quotient:
    """``numerator / product of (factor ** power)``; factors are polynomials as sorted tuples of terms."""

    numerator: Polynomial
    denominator: dict[tuple[tuple[Monomial, Fraction], ...], int]

    @property
    def is_zero(self) -> bool:
        """Whether the normal form is zero; then the expression is zero wherever it is defined."""
        return not self.numerator

    def __add__(self, other: Quotient) -> Quotient:
        if not self.denominator and not other.denominator:
            return Quotient(_add(self.numerator, other.numerator), {})
        common = dict(self.denominator)
        for factor, power in other.denominator.items():
            common[factor] = max(power, common.get(factor, 0))
        return Quotient(_add(lift(self, common), lift(other, common)), common)

    def __mul__(self, other: Quotient) -> Quotient:
        joined = dict(self.denominator)
        for factor, power in other.denominator.items():
            joined[factor] = joined.get(factor, 0) + power
        return Quotient(multiply(self.numerator, other.numerator), joined)

    def __neg__(self) -> Quotient:
        return self * number(-1)

    def __sub__(self, other: Quotient) -> Quotient:
        return self + (-other)

    def key(self) -> Any:
        """Equal keys mean equal functions."""
        return (frozen(self.numerator), tuple(sorted(self.denominator.items(), key=repr)))


def number(value: Any) -> Quotient:
    """A rational number."""
    exact = to_fraction(value)
    return Quotient({(): exact} if exact else {}, {})


def generator(kind: str, payload: Any, power: Fraction = Fraction(1)) -> Quotient:
    """A generator as a quotient."""
    return Quotient({(((kind, payload), power),): Fraction(1)}, {})


def frozen(polynomial: Polynomial) -> tuple[tuple[Monomial, Fraction], ...]:
    """A hashable form: sorted terms."""
    return tuple(sorted(polynomial.items(), key=repr))


def _add(left: Polynomial, right: Polynomial) -> Polynomial:
    return _add_into(dict(left), right, Fraction(1))


def multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    """The product of two polynomials."""
    if len(left) * len(right) > 50 * _MOST_TERMS:
        raise NotPolynomial("a product of too many terms")
    total: Polynomial = {}
    for a, x in left.items():
        for b, y in right.items():
            total = _add_into(total, monomial_product(a, b), x * y)
    return total


def _add_into(total: Polynomial, part: Polynomial, factor: Fraction) -> Polynomial:
    for monomial, value in part.items():
        new = total.get(monomial, Fraction(0)) + factor * value
        if new:
            total[monomial] = new
        else:
            total.pop(monomial, None)
    if len(total) > _MOST_TERMS:
        raise NotPolynomial(f"more than {_MOST_TERMS} terms")
    return total


def monomial_product(left: Monomial, right: Monomial) -> Polynomial:
    """The product, with powers that the rules of the table reduce."""
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, Fraction(0)) + power
    extra: list[Polynomial] = []
    for name in list(powers):
        reduced, rest = _reduce(name, powers[name])
        powers[name] = reduced
        extra.extend(rest)
    kept = tuple(sorted(((name, power) for name, power in powers.items() if power), key=repr))
    return reduce(multiply, extra, {kept: Fraction(1)})


def _reduce(name: Generator, power: Fraction) -> tuple[Fraction, list[Polynomial]]:
    """``generator ** power`` as ``generator ** smaller`` times polynomials."""
    kind, payload = name
    whole = math.floor(power)
    if kind == "prime" and whole != 0:
        return power - whole, [{(): Fraction(payload) ** whole}]
    if kind == "cos" and power >= 2:
        pairs = int(power) // 2
        square: Polynomial = {(): Fraction(1), ((("sin", payload), Fraction(2)),): Fraction(-1)}
        return power - 2 * pairs, [square] * pairs
    if kind == "abs" and power >= 2:
        pairs = int(power) // 2
        inside = dict(payload)
        return power - 2 * pairs, [inside, inside] * pairs
    if kind == "root" and power >= 1:
        return power - whole, [dict(payload)] * whole
    return power, []


def lift(value: Quotient, common: dict[Any, int]) -> Polynomial:
    """The numerator over a common denominator, a multiple of the value's own."""
    numerator = value.numerator
    for factor, power in common.items():
        for _ in range(power - value.denominator.get(factor, 0)):
            numerator = multiply(numerator, dict(factor))
    return numerator
