"""Has T a unique minimum on the support (Theorem 2 (ii) as printed)? From monotone pieces, exact values and balls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy
from flint import arb, arb_poly, fmpq, fmpq_poly

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.divergence import divergence
from ivae_theory.enclosure.formula.ranges import BITS, INFINITY, Range, polynomial_coefficients, range_of
from ivae_theory.enclosure.formula.shape import STRICT, is_analytic, midpoint, near_end, trend
from ivae_theory.enclosure.models.latent import Latent, cut
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_arb, value_at
from ivae_theory.verdict import Status

__all__ = [
    "Minimum",
    "even_without_minimum_at_centre",
    "minimum_by_pieces",
    "minimum_of_polynomial",
    "tied_minimum",
    "unbounded_below",
]

#: Polynomials of a higher degree are not taken apart.
_LARGEST_DEGREE = 40


@dataclass(frozen=True)
class Minimum:
    """``status`` of "there is exactly one minimum"; ``at`` is it, or the point below all candidates, or empty."""

    status: Status
    at: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class _Candidate:
    """A possible minimiser: an exact point with its exact value, or the one of a strictly convex piece."""

    point: Fraction | None
    value: sympy.Expr | None
    ball: arb
    label: Fraction


def _value(latent: Latent, point: Fraction) -> sympy.Expr:
    return value_at(latent.statistic, {latent.symbol: sympy.Rational(point.numerator, point.denominator)})


def _ball(value: sympy.Expr) -> arb:
    from ivae_theory.enclosure.formula.symbolic import ball

    return ball(value, {})


def minimum_by_pieces(latent: Latent, cuts: Sequence[Fraction]) -> Minimum | None:
    """Decide from strictly monotone, convex or concave pieces; ``None`` when the pieces do not decide.

    A minimiser over the support minimises every piece that contains it: the closed lower end of a strictly
    monotone piece, an end of a strictly concave one, the one inner minimiser of a strictly convex one. A piece
    that falls towards an end of its own that does not belong to it has no minimiser, and only its infimum counts.
    """
    found: list[tuple[Range, list[_Candidate]]] = []
    sinking: list[tuple[Range, int]] = []
    try:
        with precision(BITS):
            for piece in cut(latent.parts, cuts):
                direction = trend(latent.statistic, latent.symbol, piece)
                if direction is not None and abs(direction) == STRICT:
                    end, is_open = (piece.low, piece.low_open) if direction > 0 else (piece.high, piece.high_open)
                    if is_open or not isinstance(end, Fraction):
                        sinking.append((piece, -1 if direction > 0 else 1))
                        found.append((piece, []))
                    else:
                        found.append((piece, [_at(latent, end)]))
                    continue
                bent = _bent(latent, piece)
                if bent is None:
                    return None
                found.append((piece, bent))
            candidates = _of_every_piece(found)
            return _compare(latent, candidates, sinking) if candidates else Minimum(Status.FAILS)
    except CannotEnclose:
        return None


def _of_every_piece(found: list[tuple[Range, list[_Candidate]]]) -> list[_Candidate]:
    """Candidates that may minimise every piece that contains them."""
    kept: dict[Fraction, _Candidate] = {}
    for _, candidates in found:
        for candidate in candidates:
            pieces = [others for piece, others in found if piece.contains(candidate.label)]
            if all(any(other.label == candidate.label for other in others) for others in pieces):
                kept[candidate.label] = candidate
    return list(kept.values())


def _at(latent: Latent, point: Fraction) -> _Candidate:
    value = _value(latent, point)
    return _Candidate(point, value, _ball(value), point)


def _bent(latent: Latent, piece: Range) -> list[_Candidate] | None:
    """Candidates of a piece on which T is strictly convex with an inner minimum, or strictly concave and closed."""
    if not is_analytic(latent.statistic, latent.symbol, piece):
        return None
    slope = sympy.diff(latent.statistic, latent.symbol)
    curvature = trend(slope, latent.symbol, piece)
    if curvature == -STRICT and not piece.low_open and not piece.high_open:
        return [_at(latent, Fraction(piece.low)), _at(latent, Fraction(piece.high))]
    if curvature != STRICT:
        return None
    falls = next((x for x in _towards(piece, -1) if _slope_sign(latent, slope, x) < 0), None)
    rises = next((x for x in _towards(piece, 1) if _slope_sign(latent, slope, x) > 0), None)
    if falls is None or rises is None:
        return None
    inner = range_of(latent.statistic, latent.symbol, Range(falls, rises))
    if not isinstance(inner.low, Fraction):
        return None
    value = to_arb(inner.low).union(_at(latent, falls).ball.union(_at(latent, rises).ball))
    return [_Candidate(None, None, value, (falls + rises) / 2)]


def _slope_sign(latent: Latent, slope: sympy.Expr, point: Fraction) -> int:
    value = _ball(value_at(slope, {latent.symbol: sympy.Rational(point.numerator, point.denominator)}))
    return 1 if value > 0 else -1 if value < 0 else 0


def _towards(piece: Range, side: int) -> list[Fraction]:
    """Points of the piece that go towards its end, the end itself where it belongs to the piece."""
    end, is_open = (piece.high, piece.high_open) if side > 0 else (piece.low, piece.low_open)
    points = [] if is_open else [Fraction(end)]
    where = near_end(piece, side)
    for step in range(8):
        if isinstance(end, Fraction):
            points.append(end - side * Fraction(where.high - where.low) / 2 ** (2 * step))
        else:
            points.append(midpoint(where) * 4**step if midpoint(where) * side > 0 else Fraction(side * 4**step))
    return [point for point in points if piece.contains(point)]


def _compare(latent: Latent, candidates: list[_Candidate], sinking: list[tuple[Range, int]]) -> Minimum | None:
    lowest = min(candidates, key=lambda candidate: float(candidate.ball.mid()))
    for piece, side in sinking:
        below = _point_below(latent, piece, side, [candidate.ball for candidate in candidates])
        if below is not None:
            return Minimum(Status.FAILS, (below,))
        found = range_of(latent.statistic, latent.symbol, piece)
        if not (isinstance(found.low, Fraction) and to_arb(found.low) >= lowest.ball):
            return None
    ties = [other for other in candidates if other is not lowest and not other.ball > lowest.ball]
    if not ties:
        return Minimum(Status.HOLDS, (lowest.label,))
    if lowest.value is not None and all(other.value == lowest.value for other in ties):
        return Minimum(Status.FAILS, (lowest.label, ties[0].label))
    return None


def _point_below(latent: Latent, piece: Range, side: int, values: list[arb]) -> Fraction | None:
    """A point of the piece near its open end at which T is certainly below all the values."""
    where = near_end(piece, side)
    for _ in range(12):
        point = midpoint(where)
        try:
            here = _ball(_value(latent, point))
            if piece.contains(point) and all(here < value for value in values):
                return point
        except CannotEnclose:
            return None
        end = where.high if side > 0 else where.low
        if isinstance(end, Fraction):
            where = Range(point, end, False, True) if side > 0 else Range(end, point, True, False)
        else:
            far = 4 * point if abs(point) >= 1 else Fraction(4 * side)
            where = Range(far, end) if side > 0 else Range(end, far)
    return None


def minimum_of_polynomial(latent: Latent) -> bool:
    """Whether T is a polynomial that tends to infinity on both sides of R and has one global minimum.

    The real critical points are isolated in balls; the lowest value must be separated from all others.
    """
    coefficients = polynomial_coefficients(latent.statistic, latent.symbol)
    whole = len(latent.parts) == 1 and latent.parts[0].low == -INFINITY and latent.parts[0].high == INFINITY
    if coefficients is None or not whole:
        return False
    while len(coefficients) > 1 and coefficients[-1] == 0:
        coefficients = coefficients[:-1]
    degree = len(coefficients) - 1
    if degree < 2 or degree % 2 or degree > _LARGEST_DEGREE or coefficients[-1] < 0:
        return False
    polynomial = fmpq_poly([fmpq(c.numerator, c.denominator) for c in coefficients])
    return any(_one_is_lowest(polynomial, bits) for bits in (128, 1024, 4096))


def _one_is_lowest(polynomial: fmpq_poly, bits: int) -> bool:
    with precision(bits):
        values = []
        for root, _ in polynomial.derivative().numer().complex_roots():
            if root.imag == 0:
                values.append(arb_poly(polynomial)(root.real))
            elif root.imag.contains(0):
                return False
        lowest = min(values, key=lambda value: value.upper())
        return sum(not value > lowest for value in values) == 1


def tied_minimum(latent: Latent, points: Sequence[Fraction]) -> bool:
    """Whether two points of the support both take the lower bound of the range, exactly: no *unique* minimum."""
    if len(set(points)) != 2 or not all(any(part.contains(x) for part in latent.parts) for x in points):
        return False
    values = [_value(latent, point) for point in points]
    if values[0] != values[1] or not isinstance(values[0], sympy.Rational):
        return False
    bound = Fraction(int(values[0].p), int(values[0].q))
    try:
        return all(range_of(latent.statistic, latent.symbol, part).low >= bound for part in latent.parts)
    except CannotEnclose:
        return False


def unbounded_below(latent: Latent) -> bool:
    """Whether T tends to minus infinity at an end of a part of the support: no minimum."""
    return any(
        divergence(latent.statistic, latent.symbol, part, side) == -1
        for part in latent.parts
        for side in (-1, 1)
        if (part.low_open if side < 0 else part.high_open)
    )


def even_without_minimum_at_centre(latent: Latent, point: Fraction) -> bool:
    """Whether T and the support are symmetric about 0 and T is lower at the point than at 0.

    Then a minimiser is not 0, and its mirror image is another one.
    """
    mirrored = latent.statistic.subs(latent.symbol, -latent.symbol)
    if sympy.expand(mirrored - latent.statistic) != 0:
        return False
    reflected = sorted((part.negated() for part in latent.parts), key=lambda part: part.low)
    if tuple(reflected) != latent.parts or not any(part.contains(point) for part in latent.parts):
        return False
    if not any(part.contains(Fraction(0)) for part in latent.parts):
        return True
    try:
        with precision(BITS):
            return bool(_ball(_value(latent, point)) < _ball(_value(latent, Fraction(0))))
    except CannotEnclose:
        return False
