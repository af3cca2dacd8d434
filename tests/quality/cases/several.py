"""Functions in polynomial pieces: labels beside a continuum, supports of several intervals, turns where Q is 0."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior, assume_injective
from tests.quality.cases.base import (
    FAILS,
    HOLDS,
    LIGHT,
    UNDECIDED,
    Case,
    Kind,
    Z,
    accepted,
    affine_rank,
    invertible,
    location,
    one_of,
    plain,
    rational,
    sample_distance,
    truth,
)

FULL, MINIMAL, INJECTIVE = "theorem1.iii", "theorem1.minimal", "theorem1.injective"
U, V = sympy.symbols("u v", real=True)
#: An expression and the same function of fractions.
Both = tuple[Any, Callable[..., Fraction]]


def _sign(x: Fraction) -> Fraction:
    return Fraction((x > 0) - (x < 0))


def combined(draw: random.Random, atoms: Sequence[Both], size: int) -> tuple[list[Any], list[Callable[..., Fraction]]]:
    """Integer combinations of sampled atoms; half of them with one that depends on the others."""
    chosen = draw.sample(list(atoms), min(size, len(atoms)))
    rows = invertible(draw, len(chosen))
    if len(rows) > 1 and draw.random() < 0.4:
        gap = draw.choice([Fraction(0), Fraction(0), sample_distance(draw)])
        last = (
            [a + 2 * b for a, b in zip(rows[0], rows[-1], strict=True)] if len(rows) > 2 else [2 * a for a in rows[0]]
        )
        kept = last if len(rows) == 2 else [2 * a - b for a, b in zip(rows[0], rows[1], strict=True)]
        rows[-1] = [a + gap * int(j == len(rows) - 1) for j, a in enumerate(kept)]
    shifts = [draw.randint(-2, 2) for _ in rows]
    expressions = [
        sum((rational(w) * e for w, (e, _) in zip(row, chosen, strict=True)), sympy.Integer(c))
        for row, c in zip(rows, shifts, strict=True)
    ]

    def value(row: Sequence[Fraction]) -> Callable[..., Fraction]:
        return lambda *x: sum((w * f(*x) for w, (_, f) in zip(row, chosen, strict=True)), Fraction(0))

    return expressions, [value(row) for row in rows]


def inside(cells: Sequence[tuple[Fraction, Fraction]], degree: int) -> list[Fraction]:
    """Points strictly within each cell, enough for polynomials of a degree."""
    return [a + (b - a) * Fraction(j + 1, degree + 2) for a, b in cells for j in range(degree + 1)]


def cells_of(low: Fraction, high: Fraction, knots: Sequence[Fraction]) -> list[tuple[Fraction, Fraction]]:
    """The parts of an interval between knots."""
    ends = [low, *sorted({k for k in knots if low < k < high}), high]
    return list(pairwise(ends))


# -- labels beside a continuum


def beside(draw: random.Random) -> Case:
    """lambda(u, v), u a label, v in an interval: on each label and piece a polynomial in v of degree at most 3."""
    labels = sorted(draw.sample(range(-3, 5), draw.randint(1, 4)))
    low = Fraction(draw.randint(-4, 0))
    high = low + draw.choice([1, 2, 5])
    a, b, m = (Fraction(draw.randint(-8, 10), 2) for _ in range(3))
    k = draw.choice(labels) + draw.choice([0, 0, 1])
    ra, rb, rm = map(rational, (a, b, m))
    atoms: list[Both] = [
        (U, lambda u, v: u),
        (V, lambda u, v: v),
        (U * V, lambda u, v: u * v),
        (V**2, lambda u, v: v * v),
        (U**2, lambda u, v: u * u),
        (U * V**2 - V, lambda u, v: u * v * v - v),
        (sympy.Abs(V - ra), lambda u, v: abs(v - a)),
        (sympy.Abs(V - U), lambda u, v: abs(v - u)),
        (sympy.Abs(U - k), lambda u, v: abs(u - k)),
        (sympy.sign(V - rb), lambda u, v: _sign(v - b)),
        (sympy.sign(U - rm), lambda u, v: _sign(u - m)),
        (sympy.sign(U - k) * V, lambda u, v: _sign(u - k) * v),
        (sympy.floor(V), lambda u, v: Fraction(v // 1)),
        (sympy.floor(U / 2), lambda u, v: Fraction(u // 2)),
        (sympy.ceiling(V) * U, lambda u, v: -Fraction(-v // 1) * u),
        (sympy.Max(V, U), lambda u, v: max(v, u)),
        (sympy.Max(U, k), lambda u, v: max(u, k)),
        (sympy.Min(V - ra, 0) * U, lambda u, v: min(v - a, 0) * u),
        (sympy.Piecewise((V, ra > V), (ra, True)), lambda u, v: v if v < a else a),
        (sympy.Piecewise((V**2, k < U), (V, True)), lambda u, v: v * v if u > k else v),
        (sympy.Piecewise((1, sympy.Eq(U, k)), (0, True)), lambda u, v: Fraction(int(u == k))),
        (sympy.Piecewise((V, sympy.Ne(U, k)), (U, True)), lambda u, v: v if u != k else u),
        (sympy.Piecewise((U, rb < V), (-U, True)), lambda u, v: u if v > b else -u),
        (sympy.Heaviside(V - ra, 0), lambda u, v: Fraction(int(v > a))),
        (sympy.Abs(sympy.Abs(V - ra) - 1), lambda u, v: abs(abs(v - a) - 1)),
    ]  # fmt: skip
    expressions, functions = combined(draw, atoms, draw.randint(1, 4))
    knots = [a, b, a - 1, a + 1, *map(Fraction, labels), *map(Fraction, range(-5, 7))]
    points = inside(cells_of(low, high, knots), 3)
    rows = [[f(Fraction(u), v) for f in functions] for u in labels for v in points]
    full = affine_rank(rows) == len(functions)
    ends = draw.choice([sympy.Interval, sympy.Interval.open])(rational(low), rational(high))
    prior = lambda: Prior(location(), sympy.Matrix(expressions).T, u={U: sympy.FiniteSet(*labels), V: ends})  # noqa: E731
    model = accepted(lambda: _of_prior(prior()))
    return Case("labels beside a continuum", FULL, model, truth(full), False)


def _of_prior(prior: Prior) -> Model:
    return Model(prior, noise=Noise.gaussian(1), mixing=assume_injective(prior.n))


# -- several intervals


#: Irrational numbers, and fractions a little below them: ends are compared at a distance of 1 to 1e-80.
_IRRATIONAL = (sympy.pi, sympy.sqrt(2), sympy.E, sympy.sqrt(5), sympy.log(17))


def _near(number: Any, digits: int) -> Fraction:
    """The number cut off after some digits: below it, since none of them ends."""
    scale = 10**digits
    return Fraction(int(sympy.floor(number * scale)), scale)


def _ends(draw: random.Random) -> tuple[Any, Any, Fraction, Fraction]:
    """An irrational number, its exact form, and fractions just below and above it."""
    number = draw.choice(_IRRATIONAL)
    digits = draw.choice([0, 1, 5, 15, 16, 17, 40, 80])
    below = _near(number, digits)
    return number, digits, below, below + Fraction(1, 10**digits)


def folds(draw: random.Random) -> Case:
    """|z - m| (or its square, or a fold in pieces) on two intervals: one mirrored about m, just short of the other, or
    just into it."""
    number, _, below, above = _ends(draw)
    m = draw.choice([0, 1, -2])
    width = draw.choice([1, Fraction(1, 10**6), 10])
    overlap = draw.random() < 0.5
    flip = draw.choice([1, -1])
    # the right part begins at the number; the left one, mirrored, ends at ``above`` (beyond it) or ``below``
    right = (number, number + rational(Fraction(width) + 1))
    start = -rational(above if overlap else below)
    left = (start, rational(Fraction(start.p, start.q)) + rational(Fraction(1, 2)))
    if left[1] >= 0:
        left = (start, start / 2)
    parts = [(m + flip * a, m + flip * b) for a, b in (left, right)]
    closed = draw.random() < 0.5
    make = sympy.Interval if closed else sympy.Interval.open
    support = sympy.Union(*(make(*(sorted(part, key=float) if flip < 0 else part)) for part in parts))
    z = sympy.Symbol("z1", real=True)
    f = draw.choice([
        sympy.Abs(z - m), (z - m) ** 2, sympy.Piecewise((z - m, z > m), (m - z, True)), 3 * sympy.Abs(z - m) + 1,
        sympy.Max(z - m, m - z), sympy.sqrt((z - m) ** 2), (z - m) ** 4,
    ])  # fmt: skip
    good = not overlap
    move = draw.random()
    if move < 0.2:  # the same with a step that puts the parts above each other
        f, good = f + sympy.Piecewise((10**6, z > m), (0, True)), True
    model = accepted(lambda: plain(([z], [f]), 1, support))
    return Case("folds on several intervals", INJECTIVE, model, truth(good), False)


def statistics(draw: random.Random) -> Case:
    """Piecewise polynomials on a union of intervals with gaps: what happens in a gap does not count."""
    ends = sorted(Fraction(v, 2) for v in draw.sample(range(-8, 9), 2 * draw.randint(1, 3)))
    pairs = list(zip(ends[::2], ends[1::2], strict=True))
    moved = {end: end for end in ends}
    support = sympy.Union(*(sympy.Interval(rational(moved[a]), rational(moved[b])) for a, b in pairs))
    a, b = (Fraction(draw.randint(-9, 9), 2) for _ in range(2))
    ra, rb = rational(a), rational(b)
    atoms: list[Both] = [
        (Z, lambda z: z),
        (Z**2, lambda z: z * z),
        (Z**3, lambda z: z**3),
        (sympy.Abs(Z - ra), lambda z: abs(z - a)),
        (sympy.Max(Z - rb, 0), lambda z: max(z - b, Fraction(0))),
        (sympy.Max(Z - ra, 0) ** 2, lambda z: max(z - a, Fraction(0)) ** 2),
        (sympy.sign(Z - ra), lambda z: _sign(z - a)),
        (sympy.sign(Z - rb) * Z, lambda z: _sign(z - b) * z),
        (sympy.Piecewise((Z, ra > Z), (Z**2, True)), lambda z: z if z < a else z * z),
        (sympy.floor(Z), lambda z: Fraction(z // 1)),
        (sympy.Min(Z, rb), lambda z: min(z, b)),
        (sympy.Piecewise((0, rb >= Z), (1, True)), lambda z: Fraction(int(z > b))),
    ]
    expressions, functions = combined(draw, atoms, draw.randint(1, 3))
    knots = [a, b, *map(Fraction, range(-6, 7))]
    points = [z for low, high in pairs for z in inside(cells_of(low, high, knots), 3)]
    minimal = affine_rank([[f(z) for f in functions] for z in points]) == len(functions)

    def model() -> Model:
        family = ExponentialFamily(expressions, support, 1, Z)
        table = [[Fraction(0)] * family.k, [Fraction(1, 4)] * family.k]
        return Model(Prior([family], table), noise=Noise.gaussian(1), mixing=assume_injective(1))

    return Case("statistics on several intervals", MINIMAL, accepted(model), truth(minimal), False)


# -- turns where Q is 0


def holes(draw: random.Random) -> Case:
    """The published Theorem 3 needs a T that is not monotonic where Q > 0: here it turns in a hole of Q, or beside."""
    low = Fraction(draw.randint(-3, 0))
    high = low + draw.choice([1, 2])
    rl, rh = rational(low), rational(high)
    middle = (rl + rh) / 2
    bump = sympy.Max(0, (rh - rl) / 2 - sympy.Abs(Z - middle))  # up and down between the two
    slope = draw.choice([0, 1, Fraction(1, 2)])
    statistic = sympy.Max(Z - rh, 0) - sympy.Max(rl - Z, 0) + (1 + slope) * bump * draw.choice([1, -1])
    hole = draw.random() < 0.6
    gap = sample_distance(draw) if draw.random() < 0.5 else Fraction(0)
    # a hole that ends before the turn does leaves a turn where Q > 0
    start, stop = (rl, rh) if gap == 0 else (rl, middle - rational(min(gap, Fraction(1, 4)) * (high - low)))
    inner = sympy.S.Zero if hole else LIGHT
    base = sympy.Piecewise((LIGHT, start > Z), (inner, stop >= Z), (LIGHT, True))
    turns = not hole or gap != 0
    z1 = sympy.Symbol("z1", real=True)

    def model() -> Model:
        family = ExponentialFamily([statistic], sympy.Reals, base, Z)
        table = [[Fraction(0)], [Fraction(1, 4)]]
        return Model(Prior([family], table), noise=Noise.gaussian(1), mixing=([z1], [2 * z1 + 1]))

    allowed = one_of(HOLDS, UNDECIDED) | (one_of(FAILS) if hole else one_of()) if turns else one_of(UNDECIDED, FAILS)
    truths = {"published.theorem3": allowed}
    return Case(
        "reports, turns where Q is 0", "report", accepted(model), allowed, False, goal="published", truths=truths
    )


KINDS = (
    Kind(
        "labels beside a continuum",
        "|v - u|, sign, floor, Max, Piecewise of a label and of a continuum are polynomials on each label and piece: "
        "elimination on enough points of each knows the rank.",
        beside,
        3,
        symbolic=True,
    ),
    Kind(
        "folds on several intervals",
        "|z - m| and its like on two intervals, one mirrored just short of the other or just into it: ends irrational, "
        "up to 1e-80 apart.",
        folds,
        2,
        symbolic=True,
    ),
    Kind(
        "statistics on several intervals",
        "Piecewise polynomials on unions of intervals: elimination on enough points of each piece outside the gaps.",
        statistics,
        3,
        symbolic=True,
    ),
    Kind(
        "reports, turns where Q is 0",
        "The published Theorem 3 for statistics that turn where Q > 0, or only in a hole of Q, where it must not hold.",
        holes,
        1,
        symbolic=True,
    ),
)
