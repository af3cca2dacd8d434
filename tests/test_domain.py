"""Where u lives."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ivae_theory.domain import Box, Observed, Points, SymbolicDomain, as_domain
from ivae_theory.errors import InputError, InputTypeError

U, V = sympy.symbols("u v", real=True)


@given(npst.arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 3)), elements=st.integers(0, 2)))
def test_a_support_is_a_set_in_the_order_of_first_occurrence(array):
    kept = Points(array).values
    seen = list(dict.fromkeys(map(tuple, array.tolist())))
    assert list(map(tuple, kept.tolist())) == seen


def test_points_are_a_read_only_copy():
    array = np.zeros((2, 1))
    array[1] = 1
    points = Points(array)
    array[0] = 5
    assert points.values[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        points.values[0, 0] = 1


def test_a_vector_is_a_column():
    assert Points([3.0, 1.0]).values.shape == (2, 1)
    assert Observed([3, 1]).dimension == 1
    assert len(Points([1, 1, 2])) == 2


@pytest.mark.parametrize("bad", [[], [[]], [np.nan], [[np.inf]], np.zeros((1, 1, 1)), [[1], [1, 2]]])
def test_points_that_are_not_points_are_refused(bad):
    with pytest.raises(InputError, match="Points"):
        Points(bad)


@pytest.mark.parametrize("bad", [["a"], [object()], np.array([1j])])
def test_points_that_are_not_numbers_are_a_type_error(bad):
    with pytest.raises(InputTypeError):
        Points(bad)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 0), (1, 0), ([0, 0], [1, -1]), (np.nan, 1), ([[0]], [[1]]), ([0, 0], [1, 1, 1]), ("a", 1)]
)
def test_a_box_needs_low_below_high(low, high):
    with pytest.raises(InputError, match="Box"):
        Box(low, high)


BOUND = st.sampled_from([-np.inf, -2.0, 0.0, 1.5, np.inf])


@settings(deadline=None)  # the first draw imports scipy.stats
@given(
    st.lists(st.tuples(BOUND, BOUND).filter(lambda b: b[0] < b[1]), min_size=1, max_size=3),
    st.integers(1, 40),
    st.integers(0, 3),
)
def test_candidates_lie_in_the_box_and_depend_on_the_seed_alone(bounds, count, seed):
    low, high = zip(*bounds, strict=True)
    box = Box(low, high)
    points = box.candidates(count, seed)
    assert points.shape == (count, len(bounds))
    assert np.isfinite(points).all()
    assert (points >= box.low).all()
    assert (points <= box.high).all()
    assert np.array_equal(points, box.candidates(count, seed))


def test_symbols_live_on_the_reals_unless_said_otherwise():
    assert SymbolicDomain([U, V]).sets == {U: sympy.Reals, V: sympy.Reals}
    assert SymbolicDomain({U: sympy.Interval(0, 1)}).symbols == (U,)


@pytest.mark.parametrize("bad", [{}, {U: sympy.EmptySet}, {U: sympy.S.Complexes}, {"u": sympy.Reals}, {U: 3}])
def test_symbols_need_real_non_empty_sets(bad):
    with pytest.raises(InputError, match="u"):
        SymbolicDomain(bad)


def test_what_a_user_writes_means_a_domain():
    assert isinstance(as_domain(np.arange(3)), Points)
    assert isinstance(as_domain([U]), SymbolicDomain)
    assert isinstance(as_domain({U: sympy.Reals}), SymbolicDomain)
    box = Box(0, 1)
    assert as_domain(box) is box
    with pytest.raises(InputTypeError):
        as_domain(None)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([2**64 - 1, 5], dtype=np.uint64), "below 2\\*\\*63"),
        (np.array([1, 1 + np.finfo(np.longdouble).eps], dtype=np.longdouble), "double precision"),
    ],
)
def test_numbers_that_would_be_changed_silently_are_refused(values, words):
    with pytest.raises((InputError, InputTypeError), match=words):
        Points(values)


def test_long_doubles_that_are_doubles_are_read():
    assert Points(np.array([1, 2, 3], dtype=np.longdouble)).values.dtype == np.float64


@pytest.mark.parametrize(
    "bounds", [(1j, 2), ("0", "1"), (None, 2), ([], []), (np.bool_(False), np.bool_(True)), ({}, 1)]
)
def test_bounds_that_are_no_real_numbers_are_refused(bounds):
    with pytest.raises((InputError, InputTypeError), match="Box"):
        Box(*bounds)


def test_candidates_of_the_widest_box_are_spread_over_it():
    points = Box(-1e308, 1e308).candidates(64)
    assert np.isfinite(points).all()
    assert len(np.unique(points)) == 64
    assert (points < 0).any()
    assert (points > 0).any()


def test_boxes_of_more_dimensions_than_a_sobol_sequence_has():
    points = Box(np.zeros(25_000), np.ones(25_000)).candidates(4, seed=1)
    assert points.shape == (4, 25_000)
    assert 0.4 < points.mean() < 0.6


@pytest.mark.parametrize("assumption", ["even", "prime", "composite", "imaginary", "irrational", "transcendental"])
def test_assumptions_that_no_set_carries_are_refused(assumption):
    symbol = sympy.Symbol("u", **{assumption: True})
    for u in ([symbol], {symbol: sympy.S.Integers}):
        with pytest.raises(InputError, match=assumption):
            SymbolicDomain(u)
