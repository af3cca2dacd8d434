"""Theorem 2: Gaussian statistics in disguise, nearly Gaussian ones, minima, and blocks."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior, assume_injective
from tests.quality.cases.base import (
    HOLDS,
    UNDECIDED,
    Case,
    Kind,
    Z,
    named,
    one_of,
    rational,
    sample_distance,
    truth,
)

SCALED, BLOCK = "theorem2.scaled_permutation", "theorem2.block_permutation"
SAME, MINIMUM = "theorem2.i", "theorem2.ii"
_HALF = sympy.Interval.open(0, sympy.oo)
#: Increasing maps onto R with a closed derivative, and their domains.
_ONTO: tuple[tuple[Any, Any], ...] = (
    (Z, sympy.Reals),
    (Z**3, sympy.Reals),
    (Z**3 + Z, sympy.Reals),
    (sympy.asinh(Z), sympy.Reals),
    (sympy.sinh(Z), sympy.Reals),
    (sympy.log(Z), _HALF),
    (2 * Z + 1, sympy.Reals),
    (-Z, sympy.Reals),
    (sympy.log(Z / (1 - Z)), sympy.Interval.open(0, 1)),
    (Z**5, sympy.Reals),
)


def _family(statistic: Any, support: Any = sympy.Reals, measure: Any = 1) -> ExponentialFamily:
    return ExponentialFamily([statistic], support, measure, Z)


@cache
def _disguised(index: int, expand: bool) -> ExponentialFamily:
    """y = T(z) with the density exp(-y^2 / 2 + y / 3): Q = |T'| exp(-T^2 / 2 + T / 3)."""
    statistic, support = _ONTO[index]
    slope = sympy.diff(statistic, Z)
    slope = -slope if slope.is_negative else slope
    exponent = -(statistic**2) / 2 + statistic / 3
    return _family(statistic, support, slope * sympy.exp(sympy.expand(exponent) if expand else exponent))


def _gaussian(draw: random.Random) -> ExponentialFamily:
    if draw.random() < 0.3:
        return named("gaussian_location")
    return _disguised(draw.randrange(len(_ONTO)), draw.random() < 0.5)


@cache
def _plain(index: int) -> ExponentialFamily:
    """Statistics without a Gaussian law: half-bounded, with gaps, with other tails or kinks."""
    gap = sympy.Union(sympy.Interval.open(-sympy.oo, 0), sympy.Interval.open(1, sympy.oo))
    return (
        lambda: named("gaussian_scale"),
        lambda: named("laplace_scale"),
        lambda: named("exponential"),
        lambda: named("half_normal"),
        lambda: _family(Z, sympy.Reals, 1 / sympy.cosh(Z) ** 8),
        lambda: _family(Z, sympy.Reals, sympy.exp(-5 * sympy.Abs(Z))),
        lambda: _family(Z, sympy.Reals, sympy.exp(-(Z**4))),
        lambda: _family(Z, gap, sympy.exp(-(Z**2))),
        lambda: _family(Z, sympy.Interval(0, 1)),
        lambda: _family(1 - sympy.exp(-(Z**2)), sympy.Reals, sympy.exp(-(Z**2))),
        lambda: _family(sympy.Max(Z, 0), sympy.Reals, sympy.exp(-(Z**2))),
        lambda: _family(Z, sympy.Reals, sympy.exp(-(Z**2)) + sympy.exp(-((Z - 3) ** 2))),
    )[index]()


def _model(members: list[Any], draw: random.Random) -> Model:
    size = sum(member.k for member in members)
    rows = [[-Fraction(1 + draw.randint(0, 4), 5) for _ in range(size)] for _ in range(size + 2)]
    return Model(Prior(members, rows), noise=Noise.gaussian(1), mixing=assume_injective(len(members)))


def standard(draw: random.Random) -> Case:
    """Named families: one statistic each."""
    n = draw.randint(1, 4)
    names = [
        "gaussian_location" if draw.random() < 0.5 else draw.choice(["gaussian_scale", "laplace_scale", "exponential"])
        for _ in range(n)
    ]
    model = _model([named(name) for name in names], draw)
    return Case("permutation", SCALED, model, truth(names.count("gaussian_location") < 2), True)


def disguises(draw: random.Random) -> Case:
    """Two to four latents, Gaussian in disguise or not Gaussian."""
    n = draw.randint(2, 4)
    gaussian = [draw.random() < 0.5 for _ in range(n)]
    members = [_gaussian(draw) if g else _plain(draw.randrange(12)) for g in gaussian]
    return Case("Gaussian in disguise", SCALED, _model(members, draw), truth(sum(gaussian) < 2), True)


def near_gaussian(draw: random.Random) -> Case:
    """Q = exp(-z^2 / 2 - c z^4), c from 1 to 1e-300, or c = 0: Gaussian exactly when c = 0."""
    gap = sample_distance(draw) if draw.random() < 0.7 else Fraction(0)
    member = _family(Z, sympy.Reals, sympy.exp(-(Z**2) / 2 - rational(gap) * Z**4))
    model = _model([member, _gaussian(draw)], draw)
    return Case("nearly Gaussian", SCALED, model, truth(gap != 0), True)


def same(draw: random.Random) -> Case:
    """The same polynomial written differently, or moved by 1 to 1e-300."""
    a = draw.randint(-4, 4)
    first, second = (Z - a) ** 2 + 1, sympy.expand((Z - a) ** 2) + sympy.sin(Z) ** 2 + sympy.cos(Z) ** 2
    equal = draw.random() < 0.5
    if not equal:
        second = sympy.expand((Z - a) ** 2) + 1 + rational(sample_distance(draw)) * draw.choice([Z, Z**2, 1])
    model = _model([_family(first), _family(second)], draw)
    return Case("the same statistic", SAME, model, truth(equal), True)


def minimum(draw: random.Random) -> Case:
    """(z^2 - 1)^2 + c z has one minimum exactly when c is not 0; convex and periodic ones."""
    a = draw.randint(-3, 3)
    light = sympy.exp(-(Z**2))
    move = draw.random()
    if move < 0.4:
        gap = sample_distance(draw) * draw.choice([-1, 1]) if draw.random() < 0.6 else Fraction(0)
        member = _family(sympy.expand(((Z - a) ** 2 - 1) ** 2) + rational(gap) * Z)
        # f'' has one sign change a side, so that each side has at most one minimum, and they differ by about 2 c.
        return Case("unique minimum", MINIMUM, _model([member], draw), truth(gap != 0), True)
    if move < 0.7:
        unique = [
            (Z - a) ** 2,
            (Z - a) ** 4 + (Z - a) ** 2,
            sympy.Abs(Z - a),
            sympy.cosh(Z - a),
            sympy.log(1 + (Z - a) ** 2),
            1 - sympy.exp(-((Z - a) ** 2)),
            (Z - a) ** 4,
        ]
        return Case(
            "unique minimum", MINIMUM, _model([_family(draw.choice(unique), measure=light)], draw), truth(True), True
        )
    none = [
        Z - a,
        sympy.cos(Z),
        sympy.Max(sympy.Abs(Z - a) - 1, 0),
        sympy.exp(-((Z - a) ** 2)),
        (Z - a) ** 3,
        sympy.atan(Z),
        sympy.floor(Z) ** 2,
        sympy.sin(Z) ** 2,
    ]
    statistic = draw.choice(none)
    model = _model([_family(statistic, measure=sympy.exp(-(Z**4)))], draw)
    # The minima of sin^2 are multiples of pi, where no exact value is known.
    return Case("unique minimum", MINIMUM, model, truth(False), statistic != none[-1])


def blocks(draw: random.Random) -> Case:
    """Curved analytic families with k = 2; with one that is straight on an interval nothing is claimed."""
    n = draw.randint(1, 3)
    curved: list[Callable[[], Any]] = [
        lambda: named("gaussian"),
        lambda: named("gamma"),
        lambda: named("beta"),
        _quartic,
    ]
    members = [draw.choice(curved)() for _ in range(n)]
    known = draw.random() < 0.7 or n == 1
    if not known:
        members[draw.randrange(n)] = _straight()
    rows = [[_inside(member.name, j, draw) for member in members for j in range(2)] for _ in range(2 * n + 2)]
    model = Model(Prior(members, rows), noise=Noise.gaussian(1), mixing=assume_injective(n))
    return Case("blocks", BLOCK, model, one_of(HOLDS) if known else one_of(UNDECIDED), known)


@cache
def _quartic() -> ExponentialFamily:
    return ExponentialFamily([Z, Z**3], sympy.Reals, sympy.exp(-(Z**4)), Z)


@cache
def _straight() -> ExponentialFamily:
    return ExponentialFamily([Z, sympy.Max(Z, 0) ** 2], sympy.Reals, sympy.exp(-(Z**4)), Z)


def _inside(name: str, place: int, draw: random.Random) -> Fraction:
    """Natural parameters in the range of every family above: -1/2 < lambda_1, lambda_2 < 0, and above -1 for beta."""
    del name
    return -Fraction(draw.randint(1, 4), 10) if place else Fraction(draw.randint(-4, 4), 10)


def unknown(draw: random.Random) -> Case:
    """Two black boxes: neither answer can be known."""
    box = _box()
    members = [box, draw.choice([box, named("gaussian_location")])]
    return Case("black-box permutation", SCALED, _model(members, draw), one_of(HOLDS, UNDECIDED), False)


@cache
def _box() -> ExponentialFamily:
    return ExponentialFamily(lambda values: values**2, sympy.Interval(-1, 1), 1)


KINDS = (
    Kind(
        "permutation", "Half-bounded statistics are never Gaussian; two Gaussian locations can be rotated.", standard, 8
    ),
    Kind(
        "Gaussian in disguise",
        "T increasing onto the line with Q = T' exp(-T^2/2 + T/3) is Gaussian; half-bounded statistics, "
        "gaps and other tails are not: FAILS with two Gaussian members.",
        disguises,
        3,
        symbolic=True,
    ),
    Kind(
        "nearly Gaussian",
        "Q = exp(-z^2/2 - c z^4), c = 0 or 1 to 1e-300, beside a Gaussian latent.",
        near_gaussian,
        2,
        symbolic=True,
    ),
    Kind(
        "the same statistic",
        "One polynomial written twice, or with 1 to 1e-300 times another function added.",
        same,
        2,
        symbolic=True,
    ),
    Kind(
        "unique minimum",
        "Tilted double wells, whose two minima differ unless the tilt is 0; convex, periodic and flat functions.",
        minimum,
        3,
        symbolic=True,
    ),
    Kind(
        "blocks",
        "Analytic statistics whose image lies in no line on any interval hold; one that does is open.",
        blocks,
        2,
    ),
    Kind("black-box permutation", "Statistics that cannot be read: FAILS would be a guess.", unknown, 1),
)
