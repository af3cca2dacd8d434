"""Named families against integrals and scipy, and what is refused."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Interval, Max, Piecewise, Rational, Reals, exp, log, oo, sqrt

from ivae_theory import families
from ivae_theory.errors import (
    CallableFailed,
    CorruptReport,
    InputError,
    InputTypeError,
    NaturalParameterError,
    NonDeterministic,
    NotNormalizable,
)
from ivae_theory.families import ExponentialFamily, family_from_description
from ivae_theory.families.numeric import Density
from ivae_theory.families.tails import normalisable
from ivae_theory.verdict import Status

z = sympy.Symbol("z", real=True)

NAMED = [
    (families.gaussian, [0.3, -0.7], lambda: scipy.stats.norm(0.3 / 1.4, 1.4**-0.5)),
    (lambda: families.gaussian_location(2), [0.5], lambda: scipy.stats.norm(1, 2**0.5)),
    (lambda: families.gaussian_scale(0.5), [-1.3], lambda: scipy.stats.norm(0.5, 2.6**-0.5)),
    (families.laplace_scale, [-2.0], lambda: scipy.stats.laplace(0, 0.5)),
    (families.gamma, [-0.5, -2.0], lambda: scipy.stats.gamma(0.5, scale=0.5)),
    (families.beta, [-0.7, 2.0], lambda: scipy.stats.beta(0.3, 3.0)),
    (families.exponential, [-3.0], lambda: scipy.stats.expon(scale=1 / 3)),
    (families.lognormal, [0.2, -0.5], lambda: scipy.stats.lognorm(1.0, scale=np.exp(0.2))),
    (families.half_normal, [-0.5], lambda: scipy.stats.halfnorm()),
    (families.inverse_gamma, [-3.0, -2.0], lambda: scipy.stats.invgamma(2.0, scale=2.0)),
    (families.inverse_gaussian, [-0.5, -1.0], lambda: scipy.stats.invgauss(2**0.5 / 2, scale=2.0)),
    (families.inverse_gaussian, [0.0, -1.0], lambda: scipy.stats.levy(scale=2.0)),
    (families.chi2, [-0.5], lambda: scipy.stats.chi2(1)),
    (families.von_mises, [1.0, 2.0], lambda: scipy.stats.vonmises(5**0.5, loc=np.arctan2(2, 1))),
    (lambda: families.weibull(1.5), [-0.8], lambda: scipy.stats.weibull_min(1.5, scale=0.8 ** (-1 / 1.5))),
    (lambda: families.pareto(2), [-3.5], lambda: scipy.stats.pareto(2.5, scale=2.0)),
    (families.rayleigh, [-0.4], lambda: scipy.stats.rayleigh(scale=0.8**-0.5)),
    (families.continuous_bernoulli, [-1.7], lambda: scipy.stats.truncexpon(1.7, scale=1 / 1.7)),
    (families.continuous_bernoulli, [-1e-9], lambda: scipy.stats.uniform()),
]
IDS = [f"{builder().name}-{index}" for index, (builder, _, _) in enumerate(NAMED)]
BUILDERS = [builder for index, (builder, _, _) in enumerate(NAMED) if index not in (11, 18)]


@pytest.mark.parametrize(("builder", "lam", "law"), NAMED, ids=IDS)
def test_densities_are_those_of_scipy(builder, lam, law):
    family, frozen = builder(), law()
    points = frozen.ppf(np.linspace(0.05, 0.95, 7))
    assert family.log_density(points, lam) == pytest.approx(frozen.logpdf(points), rel=1e-7, abs=1e-7)


def test_the_tilted_uniform_law_is_symmetric():
    family, points = families.continuous_bernoulli(), np.linspace(0, 1, 5)
    assert family.log_density(points, [1.7]) == pytest.approx(family.log_density(1 - points, [-1.7]))


@pytest.mark.parametrize(("builder", "lam", "law"), NAMED, ids=IDS)
def test_closed_forms_agree_with_the_integral(builder, lam, law):
    family = builder()
    density = Density(family, np.array(lam))
    assert density.log_mass == pytest.approx(float(family.log_partition([lam])[0]), abs=1e-8)


@pytest.mark.parametrize(("builder", "lam", "law"), NAMED, ids=IDS)
def test_samplers_and_the_numerical_inverse_draw_from_the_law(builder, lam, law):
    family, frozen = builder(), law()
    rng = np.random.default_rng(3)
    for draws in (family.sample(np.tile(lam, (4000, 1)), rng), Density(family, np.array(lam)).draw(4000, rng)):
        assert scipy.stats.kstest(draws, frozen.cdf).pvalue > 1e-4


@pytest.mark.parametrize("builder", BUILDERS)
def test_tail_comparison_finds_exactly_the_natural_range(builder):
    """The general theorem against the textbook range, on a grid that holds boundary points."""
    family = builder()
    grid = [Fraction(n, 2) for n in (-4, -3, -2, -1, 0, 1, 2)]
    for lam in itertools.product(grid, repeat=family.k):
        general = normalisable(family.statistics, family.base_measure, family.support, family.variable, lam)
        assert general is family.natural_range(lam), lam


@pytest.mark.parametrize(
    ("statistics", "measure", "support", "lam", "expected"),
    [
        ([z, 2 * z], exp(-(z**4)), Reals, [5, 3], Status.HOLDS),
        ([exp(z)], exp(z), Reals, [-1], Status.HOLDS),
        ([exp(z)], exp(z), Reals, [0], Status.FAILS),
        ([exp(z)], 1, Reals, [-1], Status.FAILS),
        ([log(1 + z**2)], 1, Reals, ["-1/2"], Status.FAILS),  # 1/sqrt(1 + z^2): logarithmic divergence
        ([log(1 + z**2)], 1, Reals, ["-51/100"], Status.HOLDS),
        ([sympy.sin(z)], 1, Reals, [-1], Status.FAILS),
        ([sympy.Abs(sympy.sin(z))], exp(-(z**2)), Reals, [-1], Status.HOLDS),
        ([1 / z], 1, Interval(-1, 1), [1], Status.FAILS),
        ([z**-2], 1, Interval(-1, 1), [-1], Status.HOLDS),
        ([z], 1 / sympy.cosh(z) ** 2, Reals, [2], Status.FAILS),
        ([z], 1 / sympy.cosh(z) ** 2, Reals, ["19/10"], Status.HOLDS),
        ([z], sympy.sin(z) ** 2 * exp(-z), Interval(0, oo), [0], Status.HOLDS),
        ([sympy.floor(z)], 1, Interval(0, oo), [-1], Status.HOLDS),
        ([Max(z, 0), Max(-z, 0)], 1, Reals, [-1, 0], Status.FAILS),
        ([log(z)], 1, Interval(0, 1), [-1], Status.FAILS),
        ([log(z)], 1, Interval(0, 1), ["-99/100"], Status.HOLDS),
        ([z], Piecewise((1, z < 1), (0, True)), Interval(0, oo), [7], Status.HOLDS),
        ([z, z * sympy.sin(z)], 1, Interval(0, oo), [-1, 1], Status.UNDECIDED),
    ],
)
def test_normalisability_of_general_families(statistics, measure, support, lam, expected):
    family = ExponentialFamily(statistics, support, measure)
    assert family.natural_range([Fraction(value) for value in lam]) is expected


def test_general_families_integrate_and_sample():
    family = ExponentialFamily([z, Max(z, 0)], Reals, exp(-(z**4)))
    lam = np.array([[0.3, -0.2]])
    value, _ = scipy.integrate.quad(lambda x: np.exp(0.3 * x - 0.2 * max(x, 0) - x**4), -6, 6, points=[0])
    assert float(family.log_partition(lam)[0]) == pytest.approx(np.log(value), abs=1e-8)
    mean, covariance = family.moments(lam[0])
    first, _ = scipy.integrate.quad(lambda x: x * np.exp(0.3 * x - 0.2 * max(x, 0) - x**4) / value, -6, 6, points=[0])
    assert mean[0] == pytest.approx(first, abs=1e-8)
    draws = family.sample(np.repeat(lam, 20000, axis=0), np.random.default_rng(0))
    assert np.cov(family.evaluate(draws).T) == pytest.approx(covariance, abs=0.02)


def test_narrow_members_are_not_missed():
    assert float(Density(families.gaussian_location(), np.array([1e4])).log_mass) == pytest.approx(5e7 + 0.9189385)


def test_a_union_of_intervals_keeps_both_parts():
    family = ExponentialFamily([z], Interval(0, 1) + Interval(5, 6))
    assert float(family.log_partition([[0.0]])[0]) == pytest.approx(np.log(2))
    draws = family.sample(np.zeros((2000, 1)), np.random.default_rng(1))
    assert 0.4 < float((draws > 3).mean()) < 0.6
    assert family.log_density(np.array([3.0]), [0.0])[0] == -np.inf


@pytest.mark.parametrize(("builder", "lam", "law"), NAMED, ids=IDS)
def test_descriptions_come_back(builder, lam, law):
    family = builder()
    again = family_from_description(family.describe())
    assert again.describe() == family.describe()
    assert again.log_partition([lam]) == pytest.approx(family.log_partition([lam]), abs=1e-7)


def test_the_same_formulas_are_recognised_whatever_the_variable():
    w = sympy.Symbol("w")
    assert ExponentialFamily([w, w**2]).name == "gaussian"
    assert ExponentialFamily(w**2, support=Interval(0, oo)).name == "half_normal"
    assert ExponentialFamily(w**2, support=Interval(-1, oo)).name == ""
    assert ExponentialFamily(w**2, support=Interval(-1, oo)).natural_range([0]) is Status.FAILS


@pytest.mark.parametrize(
    ("builder", "lam"),
    [(families.gaussian, [0.0, 0.0]), (families.gamma, [-1.0, -1.0]), (families.pareto, [-1.0]),
     (families.inverse_gaussian, [0.1, -1.0]), (families.exponential, [0.0])],
)  # fmt: skip
def test_parameters_outside_the_range_raise(builder, lam):
    family = builder()
    for use in (family.log_partition, family.moments, lambda v: family.sample(v, np.random.default_rng(0))):
        with pytest.raises(NaturalParameterError, match="lambda"):
            use(lam)


def test_what_does_not_integrate_says_so():
    family = ExponentialFamily([z, z * sympy.sin(z)], Interval(0, oo))
    with pytest.raises(NaturalParameterError):
        family.log_partition([1.0, 0.5])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([log(z)],), InputError),
        (([sqrt(z)], Interval(-1, 1)), InputError),
        (([z ** Rational(1, 3)],), InputError),
        (([z], Reals, -1), NotNormalizable),
        (([z], Reals, sympy.cos(z)), NotNormalizable),
        (([z], Reals, 0), NotNormalizable),
        (([z], Interval(0, 1), Max(-z, 0)), NotNormalizable),
        (([z, sympy.Symbol("w")],), InputError),
        (([],), InputError),
        (("z**2",), InputTypeError),
        (([z > 0],), InputTypeError),
        (([oo],), InputError),
        (([sympy.I * z],), InputError),
        (([sympy.Function("f")(z)],), InputError),
        (([z], Interval(1, 1)), InputError),
        (([z], sympy.FiniteSet(1, 2)), InputError),
        (([z], Interval(0, 10**400)), InputError),
        (([z], Interval(sympy.Symbol("a"), 2)), InputError),
        (([z], sympy.Integers), InputTypeError),
        (([z], "line"), InputTypeError),
        (([sympy.Symbol("p", positive=True)],), InputError),
        (([z, lambda v: v],), InputTypeError),
        ((lambda v: 1 / 0,), CallableFailed),
        ((lambda v: v[:2],), CallableFailed),
        ((lambda v: np.log(-1 - v**2 + 0 * v) if False else v * np.nan,), CallableFailed),
        (([z], Reals, 1, "z"), InputTypeError),
        (([z], Reals, 1, None, 5), InputTypeError),
    ],
)
def test_bad_input_is_one_clear_error(arguments, error):
    with pytest.raises(error):
        ExponentialFamily(*arguments)


def test_single_points_do_not_matter():
    assert ExponentialFamily([z], Reals, Piecewise((-1, sympy.Eq(z, 0)), (exp(-(z**2)), True))).k == 1
    assert ExponentialFamily([1 / z]).k == 1
    assert ExponentialFamily([log(z)], Interval(0, oo)).k == 1


def test_black_boxes_give_k_and_nothing_else():
    family = ExponentialFamily(lambda v: np.stack([v, np.sin(v)], axis=-1))
    assert family.k == 2
    assert family.statistics is None
    assert family.evaluate(np.zeros((3, 4))).shape == (3, 4, 2)
    assert family.natural_range([1, 1]) is Status.UNDECIDED
    with pytest.raises(CorruptReport):
        family_from_description(family.describe())


def test_black_boxes_that_change_their_mind_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(NonDeterministic):
        ExponentialFamily(lambda v: v + rng.random(len(v)))


@settings(max_examples=40, deadline=None)
@given(st.fractions(-3, 3, max_denominator=8), st.fractions(-3, 3, max_denominator=8))
def test_log_partition_is_refused_exactly_outside_the_range(a, b):
    """Numbers and theorem agree: outside the natural range the integral does not settle."""
    family = families.gamma()
    if family.natural_range([a, b]) is Status.HOLDS:
        assert np.isfinite(family.log_partition([[float(a), float(b)]])).all()
    else:
        with pytest.raises(NaturalParameterError):
            Density(family, np.array([float(a), float(b)]))


def test_a_root_of_a_polynomial_whose_denominator_is_no_square():
    radicand = z**2 - z / 10**9
    with pytest.raises(InputError, match=r"square root|fractional power|real"):
        ExponentialFamily(sqrt(radicand), Interval(-1, 1))
    assert ExponentialFamily(sqrt(radicand), Interval(1, 2)).k == 1
    assert ExponentialFamily(sqrt(z**2 / 3 + Rational(1, 7)), Reals).k == 1
