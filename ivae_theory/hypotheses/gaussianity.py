"""Search for a proof that the law of T_i(z_i) given u is, or is not, Gaussian (the hypothesis of sharp Theorem 2).

What is found is a rule with its data; :mod:`ivae_theory.enclosure.models.gaussianity` verifies it before it is used,
and the rechecker verifies it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.ranges import INFINITY, Range, polynomial_coefficients
from ivae_theory.enclosure.models.gaussianity import (
    gaussian_exponent,
    has_gap,
    is_half_bounded,
    is_onto_line,
    is_quadratic,
    refutes_gaussian,
    region_of,
)
from ivae_theory.enclosure.models.latent import Latent, read_formulas
from ivae_theory.errors import InputError
from ivae_theory.exact import fraction_text, to_fraction

__all__ = ["decide_gaussian", "kinks"]

#: Four points as fractions of a scale, spread unevenly so that no symmetry hides a difference.
_SPREADS = ((-4, -1, 2, 7), (-9, -5, 1, 3), (-1, 1, 3, 11), (-13, -2, 5, 8))


def decide_gaussian(description: Mapping[str, Any]) -> dict[str, Any]:
    """A rule that settles the family, or ``{"rule": "undecided", "why": ...}``."""
    try:
        latent = read_formulas(description).latent()
    except (CannotEnclose, InputError) as problem:
        return {"rule": "undecided", "why": str(problem)}
    for find in (_half_bounded, _gap, _quadratic, _four_points):
        found = find(latent)
        if found is not None:
            return found
    return {
        "rule": "undecided",
        "why": "T is not proved half-bounded, and its density is not compared with a Gaussian one",
    }


def _half_bounded(latent: Latent) -> dict[str, Any] | None:
    for cuts in _cut_sets(latent):
        for side in (-1, 1):
            if is_half_bounded(latent, side, cuts):
                return {
                    "rule": "half-bounded",
                    "side": "below" if side < 0 else "above",
                    "cuts": [fraction_text(value) for value in cuts],
                }
    return None


def _gap(latent: Latent) -> dict[str, Any] | None:
    return {"rule": "gap"} if has_gap(latent) else None


def _cut_sets(latent: Latent) -> Iterator[list[Fraction]]:
    yield []
    points = kinks(latent)
    if points:
        yield points
    low, high = latent.parts[0].low, latent.parts[-1].high
    for size in (1, 3, 8):
        left = -(Fraction(2) ** size) if low == -INFINITY else Fraction(low) + Fraction(1, 2**size)
        right = Fraction(2) ** size if high == INFINITY else Fraction(high) - Fraction(1, 2**size)
        if left < right:
            yield [left, right]
    if low == -INFINITY and high == INFINITY:
        yield [Fraction(0)]


def kinks(latent: Latent) -> list[Fraction]:
    """Rational places where T may bend: zeros of what stands in Abs, Max, Min, and branch points."""
    found: set[Fraction] = set()
    candidates: list[sympy.Expr] = []
    for node in sympy.preorder_traversal(latent.statistic):
        if isinstance(node, sympy.Abs):
            candidates.append(node.args[0])
        elif isinstance(node, (sympy.Max, sympy.Min)):
            candidates += [a - b for a in node.args for b in node.args if a != b]
        elif isinstance(node, sympy.core.relational.Relational):
            candidates.append(node.lhs - node.rhs)
        elif isinstance(node, (sympy.cosh, sympy.Pow)) and node.args[0].has(latent.symbol):
            candidates.append(node.args[0])
    for candidate in candidates:
        found |= rational_roots(candidate, latent.symbol)
    inside = {point for point in found if any(part.low < point < part.high for part in latent.parts)}
    return sorted(inside)[:24]


def rational_roots(expression: sympy.Expr, symbol: sympy.Symbol) -> set[Fraction]:
    """Rational roots of a polynomial with rational coefficients; none for anything else."""
    coefficients = polynomial_coefficients(expression, symbol)
    if coefficients is None or not any(coefficients[1:]):
        return set()
    roots = sympy.Poly(expression, symbol).ground_roots()
    return {to_fraction(root) for root in roots if isinstance(root, sympy.Rational)}


def _quadratic(latent: Latent) -> dict[str, Any] | None:
    """Solve for the coefficients of the quadratic polynomial of T, then verify the identity."""
    for find in (_from_exponent, _from_numbers):
        for linear, quadratic in find(latent):
            if quadratic < 0 and is_quadratic(latent, linear, quadratic) and is_onto_line(latent):
                return {
                    "rule": "gaussian",
                    "linear": fraction_text(linear),
                    "quadratic": fraction_text(quadratic),
                }
    return None


def _from_exponent(latent: Latent) -> Iterator[tuple[Fraction, Fraction]]:
    """Coefficients by comparison of polynomials in the functions that occur."""
    exponent = gaussian_exponent(latent)
    if exponent is None or not exponent.has(latent.symbol):
        return
    b, c = sympy.symbols("_b _c")
    difference = sympy.expand(exponent - b * latent.statistic - c * latent.statistic**2)
    equations = [sum(coefficients) for coefficients in _collect(difference, latent.symbol).values()]
    try:
        solutions = sympy.solve(equations, [b, c], dict=True)
    except (NotImplementedError, ValueError, TypeError):
        return
    for solution in solutions:
        linear, quadratic = solution.get(b, sympy.Integer(0)), solution.get(c, sympy.Integer(0))
        if isinstance(linear, sympy.Rational) and isinstance(quadratic, sympy.Rational):
            yield to_fraction(linear), to_fraction(quadratic)


def _from_numbers(latent: Latent) -> Iterator[tuple[Fraction, Fraction]]:
    """Coefficients from the derivative of ``log(Q / T')`` at two points, in 60 digits."""
    z, slope = latent.symbol, sympy.diff(latent.statistic, latent.symbol)
    rate = (sympy.diff(latent.base_measure, z) / latent.base_measure - sympy.diff(slope, z) / slope) / slope
    where = latent.parts[0]
    try:
        pairs = [
            [
                sympy.N(expression.subs(z, sympy.Rational(x.numerator, x.denominator)), 60)
                for expression in (rate, latent.statistic)
            ]
            for x in (_place(where, Fraction(1, 3)), _place(where, Fraction(-3, 4)))
        ]
        (g1, t1), (g2, t2) = pairs
        quadratic = (g1 - g2) / (2 * (t1 - t2))
        values = [_near(g1 - 2 * quadratic * t1), _near(quadratic)]
    except (TypeError, ValueError, ZeroDivisionError, AttributeError, NotImplementedError):
        return
    if values[0] is not None and values[1] is not None:
        yield values[0], values[1]


def _near(number: sympy.Expr) -> Fraction | None:
    """A rational with a small denominator that agrees with the number to 40 digits."""
    if not isinstance(number, sympy.Float):
        return Fraction(int(number)) if isinstance(number, sympy.Integer) else None
    exact = to_fraction(number)
    simple = exact.limit_denominator(10**9)
    return simple if abs(simple - exact) < Fraction(1, 10**40) else None


def _collect(expression: sympy.Expr, symbol: sympy.Symbol) -> dict[sympy.Expr, list[sympy.Expr]]:
    """Coefficients of each product of functions of the variable; constant terms are left out."""
    groups: dict[sympy.Expr, list[sympy.Expr]] = {}
    for term in sympy.Add.make_args(expression):
        constant, varying = term.as_independent(symbol, as_Add=False)
        if varying.has(symbol):
            groups.setdefault(varying, []).append(constant)
    return groups


def _four_points(latent: Latent) -> dict[str, Any] | None:
    for tail, start in _regions(latent):
        inside, _ = region_of(latent, tail, start)
        for points in _points(inside):
            if refutes_gaussian(latent, tail, start, points):
                return {
                    "rule": "density",
                    "tail": {0: "none", 1: "right", -1: "left"}[tail],
                    "start": None if start is None else fraction_text(start),
                    "points": [fraction_text(value) for value in points],
                }
    return None


def _regions(latent: Latent) -> Iterator[tuple[int, Fraction | None]]:
    yield 0, None
    low, high = latent.parts[0].low, latent.parts[-1].high
    for size in (1, 3, 6):
        if high == INFINITY:
            yield 1, Fraction(2) ** size if low == -INFINITY else Fraction(low) + 2**size
        if low == -INFINITY:
            yield -1, -(Fraction(2) ** size) if high == INFINITY else Fraction(high) - 2**size


def _points(inside: list[Range]) -> Iterator[list[Fraction]]:
    """Four points of the widest part, at several scales."""
    if not inside:
        return
    part = max(inside, key=lambda piece: float(min(piece.high, 2**20)) - float(max(piece.low, -(2**20))))
    for scale in (Fraction(1, 4), Fraction(1, 3), Fraction(2)):
        for spread in _SPREADS:
            yield [_place(part, Fraction(step) * scale) for step in spread]


def _place(part: Range, position: Fraction) -> Fraction:
    """A place on the line moved into the interval by a rational map that keeps the order."""
    if part.low == -INFINITY and part.high == INFINITY:
        return position
    unit = (1 + position / (1 + abs(position))) / 2  # (0, 1)
    if part.high == INFINITY:
        return Fraction(part.low) + unit / (1 - unit)
    if part.low == -INFINITY:
        return Fraction(part.high) - (1 - unit) / unit
    return Fraction(part.low) + (Fraction(part.high) - Fraction(part.low)) * unit
