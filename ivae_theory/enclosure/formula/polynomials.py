"""Exact real roots of rational functions of one variable: where the line has to be cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key, lru_cache

import sympy
from flint import arb, ctx, fmpq, fmpq_poly, fmpz_poly
from flint.utils.flint_exceptions import DomainError

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.exact import to_fraction

__all__ = ["Cut", "in_order", "polynomial_of", "real_roots", "sign_at", "square_root"]

#: Degree beyond which a polynomial is left to interval arithmetic, and bits of a coefficient.
MAX_DEGREE, MAX_BITS = 60, 20_000


@dataclass(frozen=True)
class Cut:
    """A point of the extended line: exact where it is rational, and a ball that contains it; infinite ends too."""

    ball: arb
    exact: Fraction | None
    infinite: int = 0

    @classmethod
    def rational(cls, value: Fraction) -> Cut:
        """The cut at a rational number."""
        return cls(arb(fmpq(value.numerator, value.denominator)), value)


def polynomial_of(expression: sympy.Expr, variable: sympy.Symbol) -> tuple[fmpq_poly, fmpq_poly] | None:
    """``(P, Q)`` with ``expression = P / Q`` as rational functions over the rationals, or ``None``.

    Computed here, bottom up: nothing is cancelled, so that ``Q`` vanishes wherever the expression is undefined.
    """
    if expression.is_Rational:
        if max(abs(int(expression.p)), int(expression.q)).bit_length() > MAX_BITS:
            return None
        return fmpq_poly([fmpq(int(expression.p), int(expression.q))]), fmpq_poly([1])
    if expression == variable:
        return fmpq_poly([0, 1]), fmpq_poly([1])
    if expression.is_Add or expression.is_Mul:
        parts = [polynomial_of(argument, variable) for argument in expression.args]
        total = (fmpq_poly([0 if expression.is_Add else 1]), fmpq_poly([1]))
        for part in parts:
            if part is None:
                return None
            (p, q), (a, b) = total, part
            total = (p * b + a * q, q * b) if expression.is_Add else (p * a, q * b)
            if max(total[0].degree(), total[1].degree()) > MAX_DEGREE:
                return None
        return total
    if expression.is_Pow and expression.exp.is_Integer:
        inner, power = polynomial_of(expression.base, variable), int(expression.exp)
        if inner is None or abs(power) * max(1, inner[0].degree(), inner[1].degree()) > MAX_DEGREE:
            return None
        if power < 0 and not inner[0]:
            return None
        above, below = inner if power >= 0 else (inner[1], inner[0])
        return above ** abs(power), below ** abs(power)
    return None


def sign_at(polynomial: fmpq_poly, point: Fraction) -> int:
    """Sign of the polynomial at a rational point, exactly."""
    value = to_fraction(polynomial(fmpq(point.numerator, point.denominator)))
    return (value > 0) - (value < 0)


def real_roots(polynomials: Iterable[fmpq_poly]) -> list[Cut]:
    """The distinct real roots of all the polynomials, in increasing order, in disjoint balls."""
    factors: dict[str, fmpz_poly] = {}
    for polynomial in polynomials:
        if polynomial.degree() < 1:
            continue
        for factor, _ in polynomial.numer().factor()[1]:
            factors[str(factor)] = factor
    cuts = [cut for factor in factors.values() for cut in _roots_of_factor(tuple(map(int, factor.coeffs())), ctx.prec)]
    return sorted(cuts, key=cmp_to_key(in_order))


def square_root(polynomial: fmpq_poly) -> fmpq_poly | None:
    """A polynomial whose square is the given one, if its coefficients are rational."""
    try:
        root = polynomial.sqrt()
    except (DomainError, ValueError):  # the latter where the common denominator is no square
        return None
    return root if root * root == polynomial else None


@lru_cache(maxsize=512)
def _roots_of_factor(coefficients: tuple[int, ...], bits: int) -> tuple[Cut, ...]:
    """Real roots of an irreducible polynomial; the same objects every time, so that equal roots are recognised."""
    factor = fmpz_poly(list(coefficients))
    if factor.degree() == 1:
        return (Cut.rational(Fraction(-int(factor[0]), int(factor[1]))),)
    roots = [root for root, _ in factor.complex_roots() if root.imag.is_exact() and root.imag == 0]
    return tuple(Cut(root.real, None) for root in roots)


def in_order(a: Cut, b: Cut) -> int:
    """-1, 0 or 1 as ``a`` lies before, at or after ``b``.

    Raises
    ------
    CannotEnclose
        When the balls cannot tell.
    """
    if a.infinite or b.infinite:
        return (a.infinite > b.infinite) - (a.infinite < b.infinite)
    if a.exact is not None and b.exact is not None:
        return (a.exact > b.exact) - (a.exact < b.exact)
    if a is b:
        return 0
    if a.ball < b.ball:
        return -1
    if a.ball > b.ball:
        return 1
    raise CannotEnclose("two points of the line that are too close to be told apart")
