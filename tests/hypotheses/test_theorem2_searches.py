"""The searches behind Theorem 2 and the published version: nothing crashes, and disguises do not fool them."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from sympy import Abs, Heaviside, Interval, Max, Min, Mod, Piecewise, Rational, exp, floor, log, oo, sign, sqrt, tan

from ivae_theory.enclosure.formula.ranges import INFINITY, Range
from ivae_theory.families import ExponentialFamily
from ivae_theory.hypotheses.blocks import decide_curved, decide_spans_everywhere
from ivae_theory.hypotheses.dependence import decide_dependent_somewhere
from ivae_theory.hypotheses.gaussianity import _place, decide_gaussian
from ivae_theory.hypotheses.identical import decide_identical
from ivae_theory.hypotheses.minimum import decide_minimum
from ivae_theory.hypotheses.monotone import decide_monotone

z = sympy.Symbol("z", real=True)


def described(statistics: object, support: object = sympy.Reals, base: object = None) -> dict:
    measure = exp(-(z**8)) if base is None else base
    return ExponentialFamily(statistics, support, measure, variable=z).describe()


AWKWARD = [
    [Abs(z - sqrt(2))],
    [z + floor(z)],
    [z, floor(z)],
    [Heaviside(z), z],
    [sign(z), z],
    [Max(z, 0) - Max(-z, 0), z],
    [Piecewise((z**2, z < 1), (-5, True))],
    [Min(0, log(Abs(z)))],  # sympy raises where it has to compare what has no value
    [Piecewise((z, 1 / z > 1), (0, True))],
    [Max(z, sympy.gamma(z)), z],
    [Max(Mod(1 / z, 2), z)],
]


@pytest.mark.parametrize("statistics", AWKWARD, ids=str)
def test_every_search_answers(statistics: list) -> None:
    description = described(statistics)
    for decide in (decide_curved, decide_spans_everywhere, decide_dependent_somewhere, decide_minimum, decide_monotone):
        assert isinstance(decide(description)["rule"], str)


DISGUISED = [
    (z**3 + z, sympy.Reals),
    (sympy.sinh(z), sympy.Reals),
    (z * Abs(z), sympy.Reals),
    (Max(z, z / 10), sympy.Reals),
    (Piecewise((z, z > 0), (z / 2, True)), sympy.Reals),
    (log(z) - log(1 - z), Interval.open(0, 1)),
    (log(exp(z) - 1), Interval.open(0, oo)),
    (z - 1 / z, Interval.open(0, oo)),
    (tan(z), Interval.open(-sympy.pi / 2, sympy.pi / 2)),
    (sympy.atanh(z), Interval.open(-1, 1)),
    (z + sympy.sin(z) / 2, sympy.Reals),
    (z**5, sympy.Reals),
]


@pytest.mark.parametrize(("statistic", "support"), DISGUISED, ids=str)
def test_a_gaussian_law_is_never_refuted(statistic: sympy.Expr, support: sympy.Set) -> None:
    """With ``Q = |T'| exp(-T**2 / 2)``, T(z) is standard Gaussian by the change of variables."""
    base = Abs(sympy.diff(statistic, z)) * exp(-(statistic**2) / 2)
    assert decide_gaussian(described([statistic], support, base))["rule"] in ("gaussian", "undecided")


def test_folded_gaussians_are_not_called_gaussian() -> None:
    """log|z| is Gaussian here without being injective, which a rotation would need."""
    base = exp(-(log(Abs(z)) ** 2) / 2) / Abs(z)
    assert decide_gaussian(described([log(Abs(z))], sympy.Reals, base))["rule"] == "undecided"


def test_dependence_is_linear() -> None:
    rule = decide_dependent_somewhere(described([z, Abs(z)]))
    assert rule["rule"] == "dependent"
    assert decide_dependent_somewhere(described([z, z * Abs(z)]))["rule"] == "undecided"


@pytest.mark.parametrize(
    ("statistic", "support"),
    [
        (exp(z) - 3 * z, sympy.Reals),
        (z**2 * log(1 + z**2) - z, sympy.Reals),
        ((3 - z) * log(z), Interval.open(0, oo)),
        (z - 5 * log(z), Interval.open(0, oo)),
        ((z + 1) * log(z), Interval.open(0, oo)),
        (z**2 - 3 * z + log(z), Interval.open(0, oo)),
        (z - 1 / z, Interval.open(0, oo)),
    ],
    ids=str,
)
def test_what_settles_a_law_settles_its_mirror_image(statistic: sympy.Expr, support: sympy.Set) -> None:
    """z -> -z changes no law of T; cuts, tails and starts are mirrored."""
    flipped = sympy.Interval.open(-oo, 0) if support != sympy.Reals else support
    base = exp(-(z**8))
    here = decide_gaussian(described([statistic], support, base))
    there = decide_gaussian(described([statistic.subs(z, -z)], flipped, base))
    assert here["rule"] == there["rule"] != "undecided"
    if here["rule"] == "half-bounded":
        assert here["side"] == there["side"]
        assert [Fraction(cut) for cut in here["cuts"]] == [-Fraction(cut) for cut in reversed(there["cuts"])]
    else:
        assert {here["tail"], there["tail"]} in ({"none"}, {"left", "right"})
        if here["start"] is not None:
            assert Fraction(here["start"]) == -Fraction(there["start"])


@pytest.mark.parametrize("part", [Range(0, INFINITY), Range(-INFINITY, 3), Range(-INFINITY, INFINITY), Range(1, 2)])
def test_places_keep_the_order_and_come_near_both_ends(part: Range) -> None:
    places = [_place(part, Fraction(step)) for step in (-(10**9), -3, 0, Fraction(1, 2), 10**9)]
    assert places == sorted(set(places))
    assert all(part.low < place < part.high for place in places)
    for end, place in ((part.low, places[0]), (part.high, places[-1])):
        assert abs(place) > 10**8 if abs(end) == INFINITY else abs(place - end) < Fraction(1, 10**6)


@pytest.mark.parametrize(
    ("statistic", "weights", "interval"),
    [
        (Max(z, 5), ["1", "-1"], (5, oo)),
        (Max(-z, 5), ["1", "1"], (-oo, -5)),
        (Max(2 * z, 9), ["1", "-1/2"], (Rational(9, 2), oo)),
        (Min(-2 * z, -9) / 3, ["1", "3/2"], (Rational(9, 2), oo)),
        (Max(z - 1, 0), ["0", "1"], (-oo, 1)),
    ],
    ids=str,
)
def test_a_relation_on_one_side_of_a_bend_is_found(statistic: sympy.Expr, weights: list, interval: tuple) -> None:
    found = decide_dependent_somewhere(described([z, statistic]))
    assert found["weights"] == weights
    low, high = (Rational(end) for end in found["interval"])
    assert interval[0] <= low < high <= interval[1]


def test_every_part_of_the_support_is_looked_at() -> None:
    ends = ((-5, -4), (1, 2), (7, 8))
    parts = sympy.Union(*(Interval.open(*pair) for pair in ends))
    for low, high in ends:
        found = decide_dependent_somewhere(described([z, Min(Max(z, low), high)], parts))
        assert (found["interval"], found["weights"]) == ([str(low), str(high)], ["1", "-1"])


def test_the_unit_interval_is_looked_at_where_bends_are_irrational() -> None:
    kept = Max(-sqrt(2) / 2, Min(z, sqrt(2)))
    found = decide_dependent_somewhere(described([z, kept], Interval.open(-1, 3)))
    assert (found["interval"], found["weights"]) == (["0", "1"], ["1", "-1"])


LINE, HALF_LINE = sympy.Reals, Interval.open(0, oo)


@pytest.mark.parametrize(
    ("low", "high", "support"),
    [
        *((low, low + 1, LINE) for low in (-7, -3, -2, 1, 2, 5)),
        (-1, -Rational(1, 2), LINE),
        (Rational(3, 10), Rational(9, 10), LINE),
        *((low, low + 1, HALF_LINE) for low in (0, 1, 2, 3, 8)),
    ],
)
def test_a_difference_is_found_near_and_far(low: object, high: object, support: sympy.Set) -> None:
    other = z + Max(0, (z - low) * (high - z))
    for pair in ((z, other), (other, z)):
        found = decide_identical(*(described([statistic], support) for statistic in pair))
        assert (found["status"], found["rule"]) == ("fails", "value")
        assert low < Fraction(found["point"]) < high
        assert found["text"] == f"they differ at z = {found['point']}"


def test_the_side_whose_support_has_the_point_is_named() -> None:
    for supports, side in (((LINE, HALF_LINE), "first"), ((HALF_LINE, LINE), "second")):
        found = decide_identical(*(described([z], support) for support in supports))
        assert (found["status"], found["rule"]) == ("fails", "domain")
        assert Fraction(found["point"]) <= 0
        assert found["text"] == f"z = {found['point']} is in the support of the {side} only"


@pytest.mark.parametrize("scale", [1, 400])
def test_irrational_critical_points_are_bracketed(scale: int) -> None:
    """sin has its one minimum on (-3, 3) at -pi/2, also where the support is narrow."""
    end = Rational(3, scale)
    found = decide_minimum(described([sympy.sin(scale * z)], Interval.open(-end, end)))
    assert found["status"] == "holds"
    low, high = (Fraction(cut) * scale for cut in found["cuts"][:2])
    assert low < Fraction(-1.5707963267948966) < high < 0
    assert low < scale * Fraction(found["in_pieces_of"][0]) < high


@pytest.mark.parametrize("statistic", [exp(z**4 - 2 * z**2 + 800), exp(z**4) * sympy.sin(z), 1 / z + sympy.sin(z)])
def test_overflow_on_the_grid_warns_of_nothing(statistic: sympy.Expr) -> None:
    assert decide_minimum(described([statistic]))["rule"]


def test_a_turn_is_found_on_every_kind_of_support() -> None:
    for support, statistic in (
        (sympy.Reals, (z - 1) ** 2),
        (Interval.open(0, oo), (z - 1) ** 2),
        (Interval.open(-oo, 0), (z + 1) ** 2),
        (Interval.open(3, oo), (z - 4) ** 2),
        (Interval.open(0, 4), sympy.sin(z)),
    ):
        found = decide_monotone(described([statistic], support))
        assert found["rule"] == "not monotonic"
        left, middle, right = (statistic.subs(z, Rational(point)) for point in found["points"])
        assert (middle - left) * (middle - right) > 0


def test_a_pole_between_points_of_the_grid_is_no_error() -> None:
    statistic = Piecewise((1 / z, z > 0), (z, True))
    assert decide_minimum(ExponentialFamily(statistic, variable=z).describe())["rule"] in (
        "undecided",
        "unbounded below",
    )
