"""(M), printed (ii) and Q > 0: statistics and base measures whose truth is linear algebra."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior, assume_injective
from tests.quality.cases.base import (
    HOLDS,
    LIGHT,
    Case,
    Kind,
    Z,
    invertible,
    one_of,
    rank,
    rational,
    sample_distance,
    singular,
    truth,
)  # fmt: skip

MINIMAL, PRINTED, POSITIVE = "theorem1.minimal", "theorem1.ii", "theorem1.positive"
_HALF = sympy.Interval.open(0, sympy.oo)
_HALF_MEASURE = sympy.exp(-Z - 1 / Z - Z**4)
#: Functions that are independent together with 1 on the line, and on the half-line.
BASIS = (
    Z, Z**2, Z**3, sympy.Abs(Z), sympy.sin(Z), sympy.cos(Z), sympy.tanh(Z), sympy.atan(Z), sympy.Max(Z - 1, 0),
    sympy.exp(-(Z**2)), sympy.log(1 + Z**2), sympy.floor(Z), sympy.Piecewise((Z**2, Z > 2), (0, True)),
)  # fmt: skip
HALF_BASIS = (Z, Z**2, sympy.log(Z), sympy.sqrt(Z), 1 / (1 + Z), sympy.exp(-Z), sympy.atan(Z))
#: Expressions that are 0: everywhere, and on the half-line.
ZEROS = (
    sympy.sin(Z) ** 2 + sympy.cos(Z) ** 2 - 1,
    (Z + 1) ** 2 - Z**2 - 2 * Z - 1,
    sympy.sin(2 * Z) - 2 * sympy.sin(Z) * sympy.cos(Z),
    sympy.Max(Z, 0) - sympy.Max(-Z, 0) - Z,
    sympy.sqrt(Z**2) - sympy.Abs(Z),
    sympy.exp(Z + 1) - sympy.E * sympy.exp(Z),
    sympy.log(sympy.exp(Z)) - Z,
    sympy.cosh(Z) - (sympy.exp(Z) + sympy.exp(-Z)) / 2,
    sympy.cosh(Z) ** 2 - sympy.sinh(Z) ** 2 - 1,
    sympy.tan(sympy.atan(Z)) - Z,
    sympy.log(Z**2) - 2 * sympy.log(sympy.Abs(Z)),
    sympy.tanh(Z) - 1 + 2 / (sympy.exp(2 * Z) + 1),
    sympy.Heaviside(Z) * 2 - 1 - sympy.sign(Z),
    sympy.floor(Z + 1) - sympy.floor(Z) - 1,
    sympy.asinh(Z) - sympy.log(Z + sympy.sqrt(1 + Z**2)),
    sympy.Piecewise((Z, Z < 0), (-Z, True)) + sympy.Abs(Z),
)
HALF_ZEROS = (
    sympy.log(Z**2) - 2 * sympy.log(Z),
    sympy.exp(sympy.log(Z)) - Z,
    sympy.atan(Z) + sympy.atan(1 / Z) - sympy.pi / 2,
    sympy.log(3 * Z) - sympy.log(Z) - sympy.log(3),
    sympy.Abs(Z) - Z,
    sympy.Max(Z, 0) - Z,
    sympy.sqrt(Z) ** 2 - Z,
    sympy.sqrt(4 * Z) - 2 * sympy.sqrt(Z),
)


def model(statistics: Sequence[Any], support: Any = sympy.Reals, measure: Any = LIGHT) -> Model:
    """One latent, with two values of u: what is asked depends on neither."""
    family = ExponentialFamily([sympy.sympify(t) for t in statistics], support, measure, Z)
    table = [[Fraction(0)] * family.k, [Fraction(1, 4)] * family.k]
    return Model(Prior([family], table), noise=Noise.gaussian(1), mixing=assume_injective(1))


def _mixed(draw: random.Random, basis: Sequence[Any], minimal: bool) -> list[Any]:
    k = draw.randint(1, 3)
    chosen = draw.sample(basis, k)
    rows = invertible(draw, k) if minimal else singular(draw, k)
    return [
        sum((rational(v) * t for v, t in zip(row, chosen, strict=True)), sympy.S.Zero) + draw.randint(-3, 3)
        for row in rows
    ]


def statistics(draw: random.Random) -> Case:
    """T = B (independent functions) + c."""
    minimal = draw.random() < 0.5
    if draw.random() < 0.3:
        return Case(
            "statistics", MINIMAL, model(_mixed(draw, HALF_BASIS, minimal), _HALF, _HALF_MEASURE), truth(minimal), True
        )
    return Case("statistics", MINIMAL, model(_mixed(draw, BASIS, minimal)), truth(minimal), True)


def disguised(draw: random.Random) -> Case:
    """The same with identities added that sympy may or may not see through."""
    minimal = draw.random() < 0.4
    half = draw.random() < 0.3
    mixed = _mixed(draw, HALF_BASIS if half else BASIS, minimal)
    for _ in range(draw.randint(1, 2)):
        mixed[draw.randrange(len(mixed))] += draw.choice([1, -1, 3]) * draw.choice(HALF_ZEROS if half else ZEROS)
    built = model(mixed, *((_HALF, _HALF_MEASURE) if half else (sympy.Reals, LIGHT)))
    return Case("disguised statistics", MINIMAL, built, truth(minimal), True)


def near(draw: random.Random) -> Case:
    """T_k = a combination of the others + g times 1 to 1e-300, or 0."""
    k = draw.randint(2, 3)
    chosen = draw.sample(BASIS, k)
    gap = sample_distance(draw) if draw.random() < 0.6 else Fraction(0)
    mixed = [
        *chosen[:-1],
        sum((draw.randint(-3, 3) * t for t in chosen[:-1]), sympy.S.Zero) + rational(gap) * chosen[-1],
    ]
    return Case("nearly dependent statistics", MINIMAL, model(mixed), truth(gap != 0), True)


def _spline(draw: random.Random) -> tuple[list[Fraction], tuple[Any, Any], list[list[Fraction]]]:
    """Knots, an interval, and coefficients of (z, z^2, (z - a_j)_+, (z - a_j)_+^2) for each statistic."""
    knots = sorted({Fraction(draw.randint(-8, 8), 2) for _ in range(draw.randint(1, 3))})
    low, high = draw.choice(
        [(-sympy.oo, sympy.oo), (sympy.Integer(0), sympy.oo), (sympy.Integer(-2), sympy.Integer(3))]
    )
    k = draw.randint(1, 3)
    width = 2 + 2 * len(knots)
    rows = [[Fraction(draw.choice([0, 0, 1, -1, 2])) for _ in range(width)] for _ in range(k)]
    if draw.random() < 0.5 and k > 1:
        weights = [draw.randint(-2, 2) for _ in range(k - 1)]
        rows[-1] = [sum((w * rows[i][j] for i, w in enumerate(weights)), Fraction(0)) for j in range(width)]
    return knots, (low, high), rows


def _inside(value: Fraction, low: Any, high: Any) -> int:
    """-1 where a knot is at or below the interval, 1 at or above, 0 inside."""
    if low != -sympy.oo and value <= Fraction(int(low)):
        return -1
    return 1 if high != sympy.oo and value >= Fraction(int(high)) else 0


def _reduced(row: Sequence[Fraction], knots: Sequence[Fraction], low: Any, high: Any) -> list[Fraction]:
    """Coefficients on the interval: a truncated power below it is a polynomial, above it is 0."""
    linear, square, kept = row[0], row[1], []
    for j, knot in enumerate(knots):
        a, b = row[2 + 2 * j], row[3 + 2 * j]
        where = _inside(knot, low, high)
        if where < 0:  # a (z - t) + b (z - t)^2 without its constant
            linear, square = linear + a - 2 * b * knot, square + b
        kept += [a, b] if where == 0 else [Fraction(0), Fraction(0)]
    return [linear, square, *kept]


def _piecewise(row: Sequence[Fraction], knots: Sequence[Fraction]) -> Any:
    """The spline as a Piecewise of polynomials that meet at the knots."""
    polynomial = rational(row[0]) * Z + rational(row[1]) * Z**2
    branches = []
    for j, knot in enumerate(knots):
        branches.append((sympy.expand(polynomial), rational(knot) > Z))
        polynomial += (
            rational(row[2 + 2 * j]) * (Z - rational(knot)) + rational(row[3 + 2 * j]) * (Z - rational(knot)) ** 2
        )
    return sympy.Piecewise(*branches, (sympy.expand(polynomial), True))


def splines(draw: random.Random) -> Case:
    """Piecewise polynomials that meet: minimal exactly when their coefficients on the support are independent."""
    knots, (low, high), rows = _spline(draw)
    minimal = rank([_reduced(row, knots, low, high) for row in rows]) == len(rows)
    support = sympy.Interval(low, high, left_open=low == -sympy.oo, right_open=high == sympy.oo)
    built = model([_piecewise(row, knots) for row in rows], support)
    return Case("pieces that meet", MINIMAL, built, truth(minimal), True)


def printed(draw: random.Random) -> Case:
    """The same splines under the printed (ii): no statistic may be constant on a piece."""
    knots, (low, high), rows = _spline(draw)
    support = sympy.Interval(low, high, left_open=low == -sympy.oo, right_open=high == sympy.oo)
    flat = any(_has_flat_piece(row, knots, low, high) for row in rows)
    built = model([_piecewise(row, knots) for row in rows], support)
    return Case("flat pieces", PRINTED, built, truth(not flat), True)


def _has_flat_piece(row: Sequence[Fraction], knots: Sequence[Fraction], low: Any, high: Any) -> bool:
    """Whether the polynomial between two neighbouring knots, inside the interval, is constant."""
    linear, square = row[0], row[1]
    ends = [None, *knots]
    for j, start in enumerate(ends):
        if start is not None:
            a, b = row[2 * j], row[2 * j + 1]
            linear, square = linear + a - 2 * b * start, square + b
        stop = knots[j] if j < len(knots) else None
        above = stop is not None and _inside(stop, low, high) < 0
        below = start is not None and _inside(start, low, high) > 0
        if linear == 0 and square == 0 and not above and not below:
            return True
    return False


def zero_set(draw: random.Random) -> Case:
    """Q with zeros at points, or zero on an interval of length 1 to 1e-300."""
    start = Fraction(draw.randint(-3, 2))
    positive = draw.random() < 0.5
    factor: Any
    if positive:
        factor = draw.choice([
            (Z - rational(start)) ** 2, 1 + sympy.cos(Z), sympy.Abs(Z), 1 / (1 + Z**2), (Z**2 - 2) ** 2,
            sympy.Piecewise((0, sympy.Eq(Z, rational(start))), (1, True)), sympy.Max(Z**2, 1), 2 + sympy.sin(Z),
        ])  # fmt: skip
    else:
        stop = rational(start) + rational(sample_distance(draw))
        s = rational(start)
        factor = draw.choice([
            sympy.Piecewise((0, sympy.And(s < Z, stop > Z)), (1, True)),
            sympy.Piecewise((1, s > Z), (0, stop > Z), (2, True)),
            sympy.Heaviside(Z - s), sympy.Max(Z - s, 0), sympy.Max(Z - stop, 0) + sympy.Max(s - Z, 0),
        ])  # fmt: skip
    return Case("zeros of Q", POSITIVE, model([Z], sympy.Reals, factor * LIGHT), truth(positive), True)


def black_box(draw: random.Random) -> Case:
    """Statistics that are numpy functions: nothing can be known of them."""
    factor = draw.choice([1.0, 2.0, 0.5])
    family = ExponentialFamily([lambda v: v, lambda v: factor * v + (v > 50)], sympy.Interval(0, 100), LIGHT)
    built = Model(Prior([family], [[0, 0], [1, 1]]), noise=Noise.gaussian(1), mixing=assume_injective(1))
    return Case("black-box statistics", MINIMAL, built, one_of(HOLDS), False)


KINDS = (
    Kind(
        "statistics",
        "B times functions that are independent together with 1: minimal exactly when B is invertible.",
        statistics,
        5,
        symbolic=True,
    ),
    Kind(
        "disguised statistics",
        "The same plus expressions that are identically 0 on the support: sin^2 + cos^2 - 1, log z^2 - 2 "
        "log|z|, tan(atan z) - z, exp(log z) - z, cosh - (exp + exp)/2, ..",
        disguised,
        4,
        symbolic=True,
    ),
    Kind(
        "nearly dependent statistics",
        "A combination of the others plus 1 to 1e-300, or 0, times an independent function.",
        near,
        4,
        symbolic=True,
    ),
    Kind(
        "pieces that meet",
        "Piecewise polynomials with knots: truncated powers are a basis, so that coefficients decide; "
        "knots outside the support are folded in.",
        splines,
        4,
        symbolic=True,
    ),
    Kind(
        "flat pieces",
        "The same under the printed (ii): FAILS exactly when a statistic is constant between two knots.",
        printed,
        3,
        symbolic=True,
    ),
    Kind(
        "zeros of Q",
        "Base measures that vanish at points, or on an interval of length 1 to 1e-300.",
        zero_set,
        4,
        symbolic=True,
    ),
    Kind(
        "black-box statistics",
        "Values decide nothing: FAILS is always wrong, since a jump hides where nobody looks.",
        black_box,
        1,
    ),
)
