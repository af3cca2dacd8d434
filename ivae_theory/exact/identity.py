"""Identities between real functions of one variable, proved by normal form.

An expression is rewritten as a fraction of two polynomials over the rationals in *generators*: the symbols, the
imaginary unit, one exponential for each exponent up to rational multiples (sines and cosines are exponentials too),
one root for each radicand, and every other function as it stands. Generators are reduced by the relations they
satisfy (``i**2 = -1``, ``s**2 = 1`` for signs, ``r**n = radicand``). A numerator that reduces to zero proves that the
expression vanishes wherever all of its parts are defined and real; nothing is concluded when it does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import sympy
from flint import fmpq, fmpq_mpoly_ctx

from ivae_theory.exact.rewriting import Exponential, rewrite

__all__ = ["is_zero"]

#: Terms of a polynomial and generators beyond which the attempt is given up.
MAX_TERMS, MAX_GENERATORS, MAX_POWER = 4000, 40, 64

_I = sympy.I
#: ``f(-x) = -f(x)``. sympy draws the sign out of an argument by how it is written, so that equal ones may differ in it.
_ODD = (sympy.atan, sympy.asin, sympy.erf, sympy.erfi, sympy.sign, sympy.Si, sympy.Shi)


class _GiveUp(Exception):
    """Too large, or outside of what the normal form knows."""


def is_zero(expression: sympy.Expr, signs: Iterable[sympy.Symbol] = ()) -> bool:
    """Whether the expression is proved to vanish identically where its parts are defined.

    Parameters
    ----------
    expression
        A real expression; symbols stand for real numbers.
    signs
        Symbols that stand for 1 or -1.

    Returns
    -------
    bool
        True is a proof. False says nothing.
    """
    if expression == 0:
        return True
    try:
        return _Normal(frozenset(signs)).vanishes(expression)
    except (_GiveUp, RecursionError, ZeroDivisionError):
        return False


class _Normal:
    """One normal form: generators are collected first, then the fraction is computed over them."""

    def __init__(self, signs: frozenset[sympy.Symbol]) -> None:
        self.signs = signs
        self.opaque: list[sympy.Expr] = []
        self.exponents: dict[sympy.Expr, int] = {}  # exp(m): common denominator of the rational multiples of m
        self.roots: dict[sympy.Expr, int] = {}  # radicand: common denominator of the powers
        self.merged: dict[tuple[str, sympy.Expr], sympy.Expr] = {}
        self.opposite: set[sympy.Expr] = set()  # opaque functions that are minus the one that they are merged with
        self.shifts: dict[tuple[str, sympy.Expr], list[int]] = {}

    def vanishes(self, expression: sympy.Expr) -> bool:
        rewritten = rewrite(expression)
        self._find_shifts(rewritten)
        rewritten = self._unshift(rewritten)
        self._collect(rewritten)
        names = [*self.opaque, *self.exponents, *self.roots]
        if len(names) > MAX_GENERATORS:
            raise _GiveUp
        self.ring = fmpq_mpoly_ctx.get([f"g{index}" for index in range(len(names) + 1)], "lex")
        generators = self.ring.gens()
        self.unit = generators[-1]
        self.place = {key: index for index, key in enumerate(self._keys())}
        self.generators = generators
        numerator, denominator = self._fraction(rewritten)
        if not self._reduce(denominator):
            raise _GiveUp
        return not self._reduce(numerator)

    def _keys(self) -> list[Any]:
        return [
            *(("opaque", key) for key in self.opaque),
            *(("exp", key) for key in self.exponents),
            *(("root", key) for key in self.roots),
        ]

    # -- gamma functions at arguments that differ by integers

    def _find_shifts(self, expression: sympy.Expr) -> None:
        for item in expression.atoms(sympy.gamma, sympy.loggamma, sympy.polygamma):
            argument, shift = _integer_shift(item.args[-1])
            self.shifts.setdefault((type(item).__name__, argument), []).append(shift)

    def _unshift(self, expression: sympy.Expr) -> sympy.Expr:
        """``gamma(x + n)`` through ``gamma(x + m)``, ``m`` the smallest that occurs: the recurrence, exactly."""
        replaced = {}
        for item in expression.atoms(sympy.gamma, sympy.loggamma, sympy.polygamma):
            argument, shift = _integer_shift(item.args[-1])
            least = min(self.shifts[type(item).__name__, argument])
            if shift - least > MAX_POWER:
                raise _GiveUp
            factors = [argument + step for step in range(least, shift)]
            base = argument + least
            if isinstance(item, sympy.gamma):
                replaced[item] = sympy.Mul(*factors) * sympy.gamma(base)
            elif isinstance(item, sympy.loggamma):
                replaced[item] = sympy.Add(*(sympy.log(factor) for factor in factors)) + sympy.loggamma(base)
            elif item.args[0].is_Integer and item.args[0] >= 0:
                n = int(item.args[0])
                terms = [(-1) ** n * math.factorial(n) / factor ** (n + 1) for factor in factors]
                replaced[item] = sympy.Add(*terms) + sympy.polygamma(n, base)
        return expression.xreplace(replaced)

    # -- generators

    def _collect(self, expression: sympy.Expr) -> None:
        if expression.is_Rational or expression == _I:
            return
        if expression.is_Add or expression.is_Mul:
            for argument in expression.args:
                self._collect(argument)
        elif isinstance(expression, Exponential):
            for multiple, monomial in _exponent_terms(expression.args[0]):
                self._collect_exponential(multiple, monomial)
        elif expression == sympy.E:
            self._collect_exponential(sympy.S.One, sympy.S.One)
        elif expression.is_Pow and expression.exp.is_Rational:
            self._collect_power(expression.base, expression.exp)
        elif isinstance(expression, sympy.log) and _log_terms(expression) is not None:
            for _, part in _log_terms(expression) or ():
                self._opaque(part)
        else:
            self._opaque(expression)

    def _collect_exponential(self, multiple: sympy.Rational, monomial: sympy.Expr) -> None:
        if isinstance(monomial, sympy.log):
            self._collect_power(monomial.args[0], multiple)
        elif _root_of_unity(multiple, monomial) is None:
            same = self._same("exp", monomial, self.exponents)
            self.exponents[same] = math.lcm(self.exponents.get(same, 1), int(multiple.q))

    def _collect_power(self, base: sympy.Expr, exponent: sympy.Rational) -> None:
        if abs(exponent.p) > MAX_POWER or exponent.q > MAX_POWER:
            raise _GiveUp
        self._collect(base)
        if exponent.q != 1:
            same = self._same("root", base, self.roots)
            self.roots[same] = math.lcm(self.roots.get(same, 1), int(exponent.q))

    def _opaque(self, expression: sympy.Expr) -> None:
        if self._same("opaque", expression, self.opaque) == expression and expression not in self.opaque:
            self.opaque.append(expression)

    def _same(self, sort: str, expression: sympy.Expr, known: Iterable[sympy.Expr]) -> sympy.Expr:
        """An expression seen before that is identically the same function, or the expression itself."""
        if (sort, expression) in self.merged:
            return self.merged[sort, expression]
        found = expression
        for other in known:
            if other == expression:
                break
            if expression.is_Function and other.is_Function:
                equal = self._same_function(sort, expression, other)
            else:
                equal = not (expression.is_Symbol or other.is_Symbol) and is_zero(other - expression, self.signs)
            if equal:
                found = other
                break
        self.merged[sort, expression] = found
        return found

    def _same_function(self, sort: str, expression: sympy.Expr, other: sympy.Expr) -> bool:
        """Whether two functions are the same, or an odd one at opposite arguments: ``opposite`` takes note of that."""
        pairs = list(zip(other.args, expression.args, strict=False))
        if type(other) is not type(expression) or len(other.args) != len(expression.args):
            return False
        if not all(isinstance(x, sympy.Expr) for pair in pairs for x in pair):  # conditions of branches
            return False
        if all(is_zero(a - b, self.signs) for a, b in pairs):
            return True
        if sort == "opaque" and isinstance(other, _ODD) and is_zero(other.args[0] + expression.args[0], self.signs):
            self.opposite.add(expression)
            return True
        return False

    # -- the fraction

    def _fraction(self, expression: sympy.Expr) -> tuple[Any, Any]:
        one = self._constant(1)
        if expression.is_Rational:
            return self._constant(expression), one
        if expression == _I:
            return self.unit, one
        if expression.is_Add:
            total = (self._constant(0), one)
            for term in expression.args:
                total = self._add(total, self._fraction(term))
            return total
        if expression.is_Mul:
            total = (one, one)
            for factor in expression.args:
                total = self._multiply(total, self._fraction(factor))
            return total
        if isinstance(expression, Exponential):
            total = (one, one)
            for multiple, monomial in _exponent_terms(expression.args[0]):
                total = self._multiply(total, self._exponential(multiple, monomial))
            return total
        if expression == sympy.E:
            return self._exponential(sympy.S.One, sympy.S.One)
        if expression.is_Pow and expression.exp.is_Rational:
            return self._power(expression.base, expression.exp)
        terms = _log_terms(expression) if isinstance(expression, sympy.log) else None
        if terms is not None:
            total = (self._constant(0), one)
            for multiple, part in terms:
                total = self._add(total, (self._constant(multiple) * self._opaque_value(part), one))
            return total
        return self._opaque_value(expression), one

    def _constant(self, value: Any) -> Any:
        rational = sympy.Rational(value)
        return self.ring.constant(fmpq(int(rational.p), int(rational.q)))

    def _generator(self, sort: str, key: sympy.Expr) -> Any:
        return self.generators[self.place[sort, self.merged.get((sort, key), key)]]

    def _opaque_value(self, key: sympy.Expr) -> Any:
        generator = self._generator("opaque", key)
        return -generator if key in self.opposite else generator

    def _add(self, a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
        if a[1] == b[1]:
            return self._checked(a[0] + b[0], a[1])
        return self._checked(a[0] * b[1] + b[0] * a[1], a[1] * b[1])

    def _multiply(self, a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
        return self._checked(a[0] * b[0], a[1] * b[1])

    def _checked(self, numerator: Any, denominator: Any) -> tuple[Any, Any]:
        if len(numerator) + len(denominator) > MAX_TERMS:
            raise _GiveUp
        common = numerator.gcd(denominator) if len(denominator) > 1 or denominator.total_degree() else None
        if common is not None and common.total_degree() > 0:
            numerator, denominator = numerator / common, denominator / common
        return numerator, denominator

    def _exponential(self, multiple: sympy.Rational, monomial: sympy.Expr) -> tuple[Any, Any]:
        if isinstance(monomial, sympy.log):
            return self._power(monomial.args[0], multiple)
        one = self._constant(1)
        unity = _root_of_unity(multiple, monomial)
        if unity is not None:
            return self.unit**unity, one
        power = int(multiple * self.exponents[self.merged["exp", monomial]])
        generator = self._generator("exp", monomial)
        return (generator**power, one) if power >= 0 else (one, generator**-power)

    def _power(self, base: sympy.Expr, exponent: sympy.Rational) -> tuple[Any, Any]:
        if exponent.q == 1:
            above, below, power = *self._fraction(base), int(exponent)
        else:
            same = self.merged.get(("root", base), base)
            above, below = self._generator("root", same), self._constant(1)
            power = int(exponent * self.roots[same])
        if power < 0:
            above, below, power = below, above, -power
        if power > MAX_POWER or (len(above) + len(below) > 50 and power > 8):
            raise _GiveUp
        if not below:
            raise _GiveUp
        return self._checked(above**power, below**power)

    # -- relations

    def _reduce(self, polynomial: Any) -> Any:
        """The polynomial modulo every relation, up to a factor that does not vanish."""
        for radicand in reversed(list(self.roots)):  # a radicand is collected before the roots that contain it
            above, below = self._fraction(radicand)
            index = self.place["root", radicand]
            polynomial = self._fold(polynomial, index, self.roots[radicand], above, below)
        for symbol in self.signs:
            if ("opaque", symbol) in self.place:
                polynomial = self._fold(
                    polynomial, self.place["opaque", symbol], 2, self._constant(1), self._constant(1)
                )
        return self._fold(polynomial, len(self.generators) - 1, 2, self._constant(-1), self._constant(1))

    def _fold(self, polynomial: Any, index: int, order: int, above: Any, below: Any) -> Any:
        """Replace ``g**order`` by ``above / below`` and clear the denominator."""
        terms = polynomial.to_dict()
        most = max((powers[index] // order for powers in terms), default=0)
        if most == 0:
            return polynomial
        grouped: dict[int, dict[tuple[int, ...], Any]] = {}
        for powers, coefficient in terms.items():
            folds, rest = divmod(powers[index], order)
            key = (*powers[:index], rest, *powers[index + 1 :])
            part = grouped.setdefault(folds, {})
            part[key] = part.get(key, fmpq(0)) + coefficient
        result = self._constant(0)
        for folds, part in grouped.items():
            result += self.ring.from_dict(part) * above**folds * below ** (most - folds)
            if len(result) > MAX_TERMS:
                raise _GiveUp
        return self._fold(result, index, order, above, below)


def _integer_shift(argument: sympy.Expr) -> tuple[sympy.Expr, int]:
    """``x + n`` as ``(x, n)`` with the constant term of ``x`` in [0, 1)."""
    expanded = sympy.expand(argument)
    constant, rest = expanded.as_coeff_Add()
    if not constant.is_Rational:
        return expanded, 0
    whole = int(constant.p // constant.q)
    return rest + (constant - whole), whole


def _exponent_terms(exponent: sympy.Expr) -> list[tuple[sympy.Rational, sympy.Expr]]:
    """The exponent as a sum of rational multiples of monomials."""
    terms: dict[sympy.Expr, sympy.Rational] = {}
    for term in sympy.Add.make_args(sympy.expand(exponent)):
        multiple, monomial = term.as_coeff_Mul(rational=True)
        terms[monomial] = terms.get(monomial, sympy.S.Zero) + multiple
    return [(multiple, monomial) for monomial, multiple in terms.items() if multiple != 0]


def _root_of_unity(multiple: sympy.Rational, monomial: sympy.Expr) -> int | None:
    """``j`` in 0..3 when ``exp(multiple * monomial)`` is ``i**j``."""
    if monomial != _I * sympy.pi or multiple.q > 2:
        return None
    return int(2 * multiple) % 4


def _log_terms(logarithm: sympy.log) -> list[tuple[sympy.Rational, sympy.Expr]] | None:
    """``log(c y)`` as logarithms of primes plus ``log y``, for a positive rational ``c``; ``None`` as it stands."""
    argument = logarithm.args[0]
    coefficient, rest = argument.as_coeff_Mul(rational=True) if not argument.is_Add else argument.primitive()
    if coefficient < 0:
        coefficient, rest = -coefficient, -rest
    if coefficient == 1:
        return None
    if max(coefficient.p, coefficient.q) > 10**12:
        return None
    primes = sympy.factorint(int(coefficient.p))
    for prime, count in sympy.factorint(int(coefficient.q)).items():
        primes[prime] = primes.get(prime, 0) - count
    terms = [(sympy.Rational(n), sympy.log(sympy.Integer(p))) for p, n in primes.items() if p != 1]
    return terms if rest == 1 else [*terms, (sympy.S.One, sympy.log(rest))]
