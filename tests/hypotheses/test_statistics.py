"""Printed (ii), (M) and positivity: metamorphic properties, witnesses, and a random search that tries to contradict."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Heaviside,
    Interval,
    Max,
    Min,
    Piecewise,
    Rational,
    Reals,
    atan,
    ceiling,
    cos,
    cosh,
    erf,
    exp,
    floor,
    log,
    oo,
    sign,
    sin,
    tanh,
)  # fmt: skip

from ivae_theory import families
from ivae_theory.families import ExponentialFamily
from ivae_theory.hypotheses.positivity import check_positive
from ivae_theory.hypotheses.statistics import check_minimal, check_printed
from ivae_theory.verdict import Grade, Status

z = sympy.Symbol("z", real=True)
HALF = Interval.open(0, oo)


def model(*members):
    """All that these checks read of a model: the families of its prior."""
    return SimpleNamespace(prior=SimpleNamespace(families=members))


def minimal(statistics, support=Reals):
    return check_minimal(model(ExponentialFamily(statistics, support)))


# -- the truth is known by linear algebra: T = B g + b with g = pieces known to be independent

GENERATORS = [z, z**2, sin(z), exp(z), Abs(z), Max(z - 1, 0), floor(z), tanh(z), sign(z)]


@st.composite
def combinations(draw):
    """Generators, and statistics ``B g + b`` with the rank of ``B``."""
    chosen = draw(st.lists(st.sampled_from(GENERATORS), min_size=1, max_size=3, unique=True))
    k = draw(st.integers(1, 3))
    entries = st.sampled_from([-2, -1, 0, 1, 3, Rational(1, 2)])
    matrix = sympy.Matrix(k, len(chosen), draw(st.lists(entries, min_size=k * len(chosen), max_size=k * len(chosen))))
    shift = sympy.Matrix(k, 1, draw(st.lists(entries, min_size=k, max_size=k)))
    return list(matrix * sympy.Matrix(chosen) + shift), matrix.rank() == k


@settings(max_examples=25, deadline=None)
@given(combinations())
@example(([-2 * z - 2 * exp(z) - 2 * floor(z), -z - 2 * exp(z) - 2 * floor(z), -z - 2 * exp(z) - floor(z)], True))
def test_linear_images_of_independent_functions_are_minimal_exactly_when_the_matrix_has_full_rank(case):
    statistics, full = case
    verdict = minimal(statistics)
    assert verdict.status is (Status.HOLDS if full else Status.FAILS), verdict


@settings(max_examples=8, deadline=None)
@given(
    st.sampled_from(
        [[z, z**2], [z, 2 * z], [z, Abs(z)], [Max(z, 0), Max(-z, 0), z], [sin(z), cos(z)], [z, z + floor(z)]]
    ),
    st.sampled_from([Rational(1), Rational(-2), Rational(3, 7)]),
    st.sampled_from([Rational(0), Rational(1, 3), Rational(-5)]),
)
def test_a_reparametrised_coordinate_changes_nothing(statistics, slope, shift):
    """``z -> a z + b`` on the line, with any base measure."""
    before = minimal(statistics)
    after = minimal([t.subs(z, slope * z + shift) for t in statistics])
    assert before.status is after.status


@settings(max_examples=8, deadline=None)
@given(
    st.permutations(range(3)),
    st.sampled_from([([z, z**2], [z], [Abs(z)]), ([z, 2 * z], [z], [z**3]), ([z], [z], [Max(z, 0), Max(-z, 0), z])]),
)
def test_the_order_of_latents_changes_nothing(order, statistics):
    members = [ExponentialFamily(t, Reals) for t in statistics]
    for check in (check_minimal, check_printed, check_positive):
        before, after = check(model(*members)), check(model(*(members[i] for i in order)))
        assert before.status is after.status
        assert before.grade is after.grade


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_printed_ii_is_never_contradicted_by_differences(data):
    """Random trees of switches: where HOLDS, no interval is flat; where FAILS, the witness is."""
    leaf = st.sampled_from([z, 2 * z - 1, z**2, sin(z), sympy.Integer(1), -z, sympy.Rational(1, 2) * z])
    tree = st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda p: Max(p[0], p[1])),
            st.tuples(inner, inner).map(lambda p: Min(p[0], p[1])),
            st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
            inner.map(Abs),
            inner.map(floor),
            inner.map(Heaviside),
            st.tuples(inner, inner).map(lambda p: Piecewise((p[0], z > 0), (p[1], True))),
        ),
        max_leaves=5,
    )
    statistic = sympy.sympify(data.draw(tree))
    family = ExponentialFamily([statistic], Interval(-3, 3), variable=z)
    verdict = check_printed(model(family))
    points = np.linspace(-2.99, 2.99, 4001) + 1e-4 * np.sqrt(2)
    if verdict.fails:
        low, high = (float(Fraction(end)) for end in verdict.evidence["interval"])
        inside = family.evaluate(np.linspace(low, high, 400)[1:-1])[:, 0]  # finer than the steps of a floor
        steps = np.abs(np.diff(inside))
        assert (steps < 1e-9).any()
    elif verdict.holds:
        near = family.evaluate(points)[:, 0]
        nearby = family.evaluate(points + 1e-5)[:, 0]
        flat = np.abs(near - nearby) < 1e-13
        assert flat.mean() < 0.02
        assert len(np.unique(np.round(near, 9))) > 1


# -- witnesses say what they mean


def test_the_relation_is_reported_with_its_latents():
    verdict = check_minimal(model(families.gaussian(), ExponentialFamily([z, 2 * z]), ExponentialFamily([z, 2 * z])))
    assert verdict.fails
    assert verdict.grade is Grade.EXACT
    assert verdict.evidence["latents"] == [1, 2]
    assert verdict.evidence["weights"] == ["-2", "1"]
    assert "z_2, z_3" in verdict.reason


@pytest.mark.parametrize(
    ("statistics", "support", "constant"),
    [
        ([floor(z), ceiling(z)], Reals, "1"),
        ([atan(z), atan(1 / z)], HALF, "pi/2"),
        ([log(z), log(3 * z)], HALF, "log(3)"),
    ],
)
def test_the_constant_of_a_relation_is_exact(statistics, support, constant):
    assert minimal(statistics, support).evidence["constant"] == constant


def test_points_and_neighbourhoods_lie_inside_the_support():
    verdict = check_minimal(model(ExponentialFamily([z, z**2], Interval(0, Rational(1, 1000)) + Interval(5, 6))))
    radius = Fraction(verdict.evidence["families"][0]["radius"])
    for text in verdict.evidence["families"][0]["points"]:
        point = Fraction(text)
        assert any(low <= point - radius < point + radius <= high for low, high in [(0, Fraction(1, 1000)), (5, 6)])


def test_equal_families_are_checked_once():
    verdict = check_minimal(model(*[families.gaussian()] * 50))
    assert [member["latents"] for member in verdict.evidence["families"]] == [list(range(50))]


def test_black_boxes_are_undecided_and_a_certain_failure_elsewhere_still_fails():
    box = ExponentialFamily(lambda v: v**2)
    for check in (check_minimal, check_printed):
        assert check(model(box)).undecided
        assert "black box" in check(model(box)).reason
    assert check_positive(model(box)).holds
    assert check_minimal(model(box, ExponentialFamily([z, 2 * z]))).fails
    assert check_printed(model(box, ExponentialFamily([Max(z, 0)]))).fails
    assert check_minimal(model(box, families.gaussian())).undecided


def test_functions_without_an_enclosure_are_undecided():
    family = ExponentialFamily([sympy.zeta(z)], Interval(2, 3))
    assert check_minimal(model(family)).undecided
    assert check_printed(model(family)).undecided


def test_the_flat_interval_is_named():
    verdict = check_printed(model(ExponentialFamily([z, Piecewise((z, z < 1), (1, z < 2), (z - 1, True))])))
    assert verdict.fails
    assert verdict.evidence["statistic"] == 1
    assert verdict.evidence["interval"] == ["1", "2"]


def test_every_zero_interval_of_the_base_measure_is_named():
    verdict = check_positive(model(ExponentialFamily([z], Interval(-3, 3), Max(1 - Abs(z), 0))))
    assert verdict.fails
    assert verdict.evidence["intervals"] == [["-3", "-1"], ["1", "3"]]


@pytest.mark.parametrize(
    "name", "gaussian gamma beta von_mises lognormal inverse_gaussian laplace_scale chi2 exponential rayleigh".split()
)
def test_named_families_satisfy_everything(name):
    builder = getattr(families, name)
    for check in (check_minimal, check_printed, check_positive):
        assert check(model(builder())).holds


def test_seeds_change_points_and_not_verdicts():
    family = model(ExponentialFamily([z, cosh(z), erf(z)]))
    assert {check_minimal(family, seed).status for seed in range(5)} == {Status.HOLDS}


# -- what is said where nothing is settled


def test_base_measures_that_are_not_settled_are_named_with_the_reason():
    settled, zeta = ExponentialFamily([z], Interval(2, 3)), ExponentialFamily([z], Interval(2, 3), sympy.zeta(z))
    unreadable = ExponentialFamily([z], Interval(2, 3), sympy.airyai(z))
    found = check_positive(model(settled, zeta, unreadable, zeta))
    whys = [
        "Q = zeta(z) is not proved non-negative on one interval",
        "a function in the family's formulas is not one that the enclosures know",
    ]
    assert found.undecided
    assert found.claim == "theorem1.positive"
    assert found.reason == f"Not settled for z_2, z_4: {whys[0]}."
    assert "--assume theorem1.positive" in found.advice
    assert found.evidence["families"] == [
        {"latents": [1, 3], "base_measure": "zeta(z)", "why": whys[0]},
        {"latents": [2], "base_measure": "airyai(z)", "why": whys[1]},
    ]
    assert check_positive(model(settled, unreadable)).reason == f"Not settled for z_2: {whys[1]}."


@pytest.mark.parametrize(
    "base", [Max(exp(z) - 3 * z, 0), Max(cos(z) - z, 0), Max(atan(z) - 1, 0), Heaviside(log(z + 1) - z / 2)], ids=str
)
def test_a_base_measure_that_vanishes_between_irrational_ends_is_refuted(base):
    found = check_positive(model(ExponentialFamily([z], Interval(0, 10), base)))
    assert found.fails
    ((low, high),) = found.evidence["intervals"]
    assert all(base.subs(z, point) == 0 for point in (Rational(low), Rational(high)))
    assert f"zero on [{low}, {high}]" in found.reason


def test_statistics_that_are_not_settled_say_why():
    searched = "no determinant stayed away from zero at up to 4096 bits, and no relation was verified"
    unreadable = "a function in the family's formulas is not one that the enclosures know"
    for statistic, why in ((sympy.zeta(z), searched), (sympy.airyai(z), unreadable)):
        found = check_minimal(model(ExponentialFamily([statistic], Interval(2, 3))))
        assert found.reason == f"Not settled for z_1: {why}."
