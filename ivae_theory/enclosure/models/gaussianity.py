"""Is the law of T(z) Gaussian? Proofs both ways, from a formula for T and Q.

Exponential tilting keeps a law Gaussian or not Gaussian, so that none of this depends on lambda(u):

- *half-bounded*: a T that is bounded below or above on the support is not Gaussian;
- *gap*: a strictly monotone T on a support that leaves out an interval leaves out an interval of values;
- *density*: where T is strictly monotone on a region whose values no other point of the support takes, y = T(z)
  has the density ``Q exp(lambda T) / |T'|``, so that a Gaussian law makes ``log Q - log|T'|`` a quadratic
  polynomial of T almost everywhere there; a determinant that is non-zero on a product of four balls refutes it;
- *quadratic*: the identity ``Q / |T'| = const exp(b T + c T**2)`` with ``c < 0``, T strictly monotone and
  ``T(support) = R``, proves it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction

import sympy
from flint import arb, arb_mat

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.divergence import divergence
from ivae_theory.enclosure.formula.ranges import INFINITY, Range, range_of
from ivae_theory.enclosure.formula.shape import STRICT, is_analytic, nonzero_somewhere, trend
from ivae_theory.enclosure.models.latent import Latent, cut
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_arb
from ivae_theory.exact.generators import NotPolynomial, normal_form
from ivae_theory.exact.identity import is_zero

__all__ = [
    "bounded_on",
    "gaussian_exponent",
    "has_gap",
    "is_half_bounded",
    "is_onto_line",
    "is_quadratic",
    "refutes_gaussian",
    "region_of",
]

#: Half-width of the balls around the four points, as a power of 2; and the working precision: enough for a density
#: that is Gaussian but for 1e-300 of its exponent.
RADIUS, BITS = -1300, 2800
#: Larger expressions are not brought to their normal form.
MOST_OPERATIONS = 600


def bounded_on(expression: sympy.Expr, symbol: sympy.Symbol, piece: Range, side: int) -> bool:
    """Whether the expression is bounded above (``side = 1``) or below (``-1``) on the piece."""
    try:
        found = range_of(expression, symbol, piece)
        if (found.high if side > 0 else found.low) not in (INFINITY, -INFINITY):
            return True
    except CannotEnclose:
        pass
    direction = trend(expression, symbol, piece)
    if direction is None:
        return False
    if direction == 0:
        return True
    # A monotone function is bounded by its value at the end that belongs to the piece.
    return not (piece.high_open if direction * side > 0 else piece.low_open)


def is_half_bounded(latent: Latent, side: int, cuts: Sequence[Fraction]) -> bool:
    """Whether T is bounded on the given side over the whole support."""
    pieces = cut(latent.parts, cuts)
    return all(bounded_on(latent.statistic, latent.symbol, piece, side) for piece in pieces)


def has_gap(latent: Latent) -> bool:
    """Whether T is strictly monotone and the parts of the support leave out an interval between them."""
    parts = latent.parts
    if not any(a.high < b.low for a, b in itertools.pairwise(parts)):
        return False
    hull = Range(parts[0].low, parts[-1].high, parts[0].low_open, parts[-1].high_open)
    return trend(latent.statistic, latent.symbol, hull) in (STRICT, -STRICT) and is_analytic(
        latent.statistic, latent.symbol, hull
    )


def region_of(latent: Latent, tail: int, start: Fraction | None) -> tuple[list[Range], list[Range]]:
    """Parts of the support in the region, and the rest; ``tail = 0`` is the whole support."""
    if tail == 0 or start is None:
        return list(latent.parts), []
    pieces = cut(latent.parts, [start])
    inside = [p for p in pieces if (p.low >= start if tail > 0 else p.high <= start)]
    return inside, [p for p in pieces if p not in inside]


def _separated(latent: Latent, tail: int, start: Fraction | None, points: Sequence[Fraction]) -> bool:
    """Whether T is strictly monotone on the region and the rest does not take its values near the points."""
    from ivae_theory.enclosure.formula.symbolic import ball

    inside, rest = region_of(latent, tail, start)
    if not inside:
        return False
    hull = Range(inside[0].low, inside[-1].high, inside[0].low_open, inside[-1].high_open)
    direction = trend(latent.statistic, latent.symbol, hull)
    if direction not in (STRICT, -STRICT):
        return False
    side = 1 if direction * tail > 0 else -1
    for piece in rest:
        found = range_of(latent.statistic, latent.symbol, piece)
        limit = found.high if side > 0 else found.low
        if not isinstance(limit, Fraction):
            return False
        for point in points:
            value = ball(latent.statistic, {latent.symbol: _around(point)})
            if not (value > to_arb(limit) if side > 0 else value < to_arb(limit)):
                return False
    return True


def _around(point: Fraction) -> arb:
    return to_arb(point) + arb(0, arb(2) ** RADIUS)


def refutes_gaussian(latent: Latent, tail: int, start: Fraction | None, points: Sequence[Fraction]) -> bool:
    """Whether ``log Q - log|T'|`` is proved not to be a quadratic polynomial of T on the region.

    ``tail`` is 0 for the whole support, 1 for the part right of ``start``, -1 for the part left of it.
    """
    from ivae_theory.enclosure.formula.symbolic import ball

    if len(points) != 4 or len(set(points)) != 4:
        return False
    inside, _ = region_of(latent, tail, start)
    margin = Fraction(2) ** (RADIUS + 1)
    if not all(any(p.low < x - margin and x + margin < p.high for p in inside) for x in points):
        return False
    derivative = sympy.diff(latent.statistic, latent.symbol)
    with precision(BITS):
        try:
            if not _separated(latent, tail, start, points):
                return False
            rows: list[arb] = []
            for point in points:
                where = {latent.symbol: _around(point)}
                value = ball(latent.statistic, where)
                base, slope = ball(latent.base_measure, where), abs(ball(derivative, where))
                if not (base > 0 and slope > 0):
                    return False
                rows += [arb(1), value, value * value, base.log() - slope.log()]
            determinant = arb_mat(4, 4, rows).det()
        except CannotEnclose:
            return False
        return bool(determinant.is_finite()) and not determinant.contains(0)


def gaussian_exponent(latent: Latent) -> sympy.Expr | None:
    """``E`` when ``Q / T'`` is, factor by factor, a constant times ``exp(E)``; else ``None``."""
    ratio = latent.base_measure / sympy.diff(latent.statistic, latent.symbol)
    exponents: list[sympy.Expr] = []
    for factor in sympy.Mul.make_args(ratio):
        if not factor.has(latent.symbol):
            continue
        if not isinstance(factor, sympy.exp):
            return None
        exponents.append(factor.args[0])
    return sympy.Add(*exponents)


def is_quadratic(latent: Latent, linear: Fraction, quadratic: Fraction) -> bool:
    """Whether ``Q / |T'|`` is a constant times ``exp(linear T + quadratic T**2)``, on an interval."""
    return _by_exponent(latent, linear, quadratic) or _by_equation(latent, linear, quadratic)


def _by_equation(latent: Latent, linear: Fraction, quadratic: Fraction) -> bool:
    """The linear differential equation that ``C |T'| exp(b T + c T**2)`` solves, as an identity of normal forms.

    ``Q' T' = Q T'' + (b + 2 c T) T'**2 Q`` with T' without zeros has only these solutions, and Q is one of them.
    """
    if len(latent.parts) != 1:
        return False
    part, z, statistic, base = latent.parts[0], latent.symbol, latent.statistic, latent.base_measure
    interior = Range(part.low, part.high, True, True)
    if not (is_analytic(statistic, z, interior) and is_analytic(base, z, interior)):
        return False
    slope = sympy.diff(statistic, z)
    try:
        found = range_of(slope, z, interior)
    except CannotEnclose:
        return False
    if not (found.positive or found.negative) or not nonzero_somewhere(base, z, interior):
        return False
    b, c = (sympy.Rational(v.numerator, v.denominator) for v in (linear, quadratic))
    growth = sympy.diff(slope, z) + (b + 2 * c * statistic) * slope**2
    difference = sympy.diff(base, z) * slope - base * growth
    if sympy.count_ops(difference) > MOST_OPERATIONS:
        return False
    try:
        return normal_form(difference).is_zero or is_zero(difference)
    except NotPolynomial:
        return is_zero(difference)


def _by_exponent(latent: Latent, linear: Fraction, quadratic: Fraction) -> bool:
    """Whether ``E - linear T - quadratic T**2`` is a constant, as polynomials in the functions that occur."""
    exponent = gaussian_exponent(latent)
    if exponent is None:
        return False
    b, c = (sympy.Rational(v.numerator, v.denominator) for v in (linear, quadratic))
    difference = exponent - b * latent.statistic - c * latent.statistic**2
    # Only the distributive law: no identity between functions, no assumption, is used.
    flat = sympy.expand(difference, power_base=False, power_exp=False, log=False, complex=False, trig=False, func=False)
    return not flat.has(latent.symbol)


def is_onto_line(latent: Latent) -> bool:
    """Whether T is a strictly monotone continuous map of an interval support onto the real line."""
    if len(latent.parts) != 1:
        return False
    where = latent.parts[0]
    direction = trend(latent.statistic, latent.symbol, where)
    if direction not in (STRICT, -STRICT) or not is_analytic(latent.statistic, latent.symbol, where):
        return False
    sign = direction // STRICT
    left = divergence(latent.statistic, latent.symbol, where, -1)
    right = divergence(latent.statistic, latent.symbol, where, 1)
    return left == -sign and right == sign
