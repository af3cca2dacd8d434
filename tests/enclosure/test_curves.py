"""Functions in rational pieces against exact evaluation at points, and against values that interleave."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.coordinatewise import curves_between, intervals_of, moved
from ivae_theory.enclosure.network.curves import ABOVE, BELOW, Curve, identity, injective, meetings
from ivae_theory.enclosure.network.refutation import exact_value
from ivae_theory.enclosure.network.traced import Graph, Node
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_fraction

NUMBERS = [-2.0, -1.0, -0.5, 0.25, 0.5, 1.0, 3.0]
ONE = [("relu", ()), ("abs", ()), ("neg", ()), ("leaky_relu", (0.25,)), ("leaky_relu", (-0.5,)),
       ("hardtanh", (-1.0, 0.5)), ("clamp", (0.5, None)), ("softshrink", (0.5,)), ("square", ()),
       ("hardsigmoid", ()), ("hardswish", ()), ("pow", (3,)), ("reciprocal", ()), ("relu6", ())]  # fmt: skip
TWO = ["add", "sub", "mul", "div", "maximum", "minimum"]


@st.composite
def programs(draw):
    """A function of one number as a graph: operations on earlier results, with choices."""
    nodes: list[Node] = []
    values = [{"input": 0}]

    def operand():
        return draw(st.sampled_from(values) | st.sampled_from(NUMBERS))

    def add(name, *args):
        nodes.append(Node(f"aten.{name}", args))
        return {"node": len(nodes) - 1}

    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["one", "two", "where"]))
        if kind == "one":
            name, rest = draw(st.sampled_from(ONE))
            values.append(add(f"{name}.default", draw(st.sampled_from(values)), *rest))
        elif kind == "two":
            values.append(add(f"{draw(st.sampled_from(TWO))}.Tensor", draw(st.sampled_from(values)), operand()))
        else:
            test = add(f"{draw(st.sampled_from(['gt', 'ge', 'lt', 'le']))}.Tensor", draw(st.sampled_from(values)),
                       draw(st.sampled_from(NUMBERS)))  # fmt: skip
            values.append(add("where.self", test, operand(), draw(st.sampled_from(values))))
    return Graph(1, False, tuple(nodes), (), {"node": len(nodes) - 1}, (1,))


def curve_of(graph, ranges):
    with precision(128):
        (curve,) = curves_between(graph, -1, len(graph.nodes) - 1, (1, 1), [ranges])
    return curve


def at(curve, x):
    p, q = curve.over([x])[1]
    return to_fraction(p(x) / q(x))


def truth(graph, x):
    return to_fraction(exact_value(graph, [to_fraction(x)], len(graph.nodes) - 1)[0])


def places(curve, lowest, highest):
    """Knots, and points between and near them, cell by cell."""
    ends = sorted({fmpq(lowest), fmpq(highest), *(k for k in curve.knots if lowest <= k <= highest)})
    for knot in ends:
        yield [knot]
    for a, b in pairwise(ends):
        yield [a + (b - a) * fmpq(k, 64) for k in range(1, 64)] + [a + (b - a) / 2**40, b - (b - a) / 2**40]


RANGES = [[((0, fmpq(-3)), (0, fmpq(3)))], [((0, fmpq(-3)), (0, fmpq(-1))), ((0, fmpq(1, 2)), (0, fmpq(2)))]]


@pytest.mark.parametrize("ranges", RANGES, ids=["interval", "union"])
@settings(max_examples=150, deadline=None)
@given(graph=programs())
def test_a_curve_is_the_function_and_injective_only_if_no_values_interleave(graph, ranges):
    try:
        curve = curve_of(graph, ranges)
    except CannotEnclose:
        return
    if not isinstance(curve, Curve):
        return
    taken = []
    for cell in places(curve, -3, 3):
        inside = [x for x in cell if any(low[1] <= x <= high[1] for low, high in ranges)]
        values = [at(curve, x) for x in inside]
        if inside:
            assert values[0] == truth(graph, inside[0])
            assert values[-1] == truth(graph, inside[-1])
            taken.append(values)
    if injective(curve):
        assert all(len(set(values)) == len(values) for values in taken)
        spans = [(min(values), max(values)) for values in taken]
        assert all(max(a[0], b[0]) > min(a[1], b[1]) for a, b in combinations(spans, 2))
    for x, y in meetings(curve):
        assert x != y
        assert at(curve, x) == at(curve, y)


def by_hand(*nodes):
    return Graph(1, False, tuple(Node(op, args) for op, args in nodes), (), {"node": len(nodes) - 1}, (1,))


def test_knots_keep_their_own_value_after_a_division():
    """``1 / (x + 1)`` above 1/2, else ``x``: 1/2 and 1 have one image."""
    graph = by_hand(("aten.gt.Scalar", ({"input": 0}, 0.5)), ("aten.add.Tensor", ({"input": 0}, 1)),
                    ("aten.reciprocal.default", ({"node": 1},)),
                    ("aten.where.self", ({"node": 0}, {"node": 2}, {"input": 0})))  # fmt: skip
    curve = curve_of(graph, [((0, fmpq(0)), (0, fmpq(1)))])
    assert not injective(curve)
    assert list(meetings(curve)) == [(fmpq(1, 2), fmpq(1))]
    assert injective(curve_of(graph, [((0, fmpq(0)), (0, fmpq(3, 4)))]))


def test_a_divisor_that_vanishes_at_a_closed_end_is_refused():
    graph = by_hand(("aten.reciprocal.default", ({"input": 0},)))
    with pytest.raises(CannotEnclose, match="may be 0"):
        curve_of(graph, [((0, fmpq(0)), ABOVE)])
    assert injective(curve_of(graph, [((0, fmpq(1, 2**60)), ABOVE)]))


def test_a_sign_that_changes_at_an_irrational_number_is_refused():
    graph = by_hand(("aten.square.default", ({"input": 0},)), ("aten.gt.Scalar", ({"node": 0}, 2)),
                    ("aten.where.self", ({"node": 1}, {"input": 0}, 1.0)))  # fmt: skip
    with pytest.raises(CannotEnclose, match="irrational"):
        curve_of(graph, [(BELOW, ABOVE)])


def test_truth_values_are_no_numbers():
    """The sum of two truth values is "or" in torch, and a whole number times one is a whole number."""
    positive = ("aten.gt.Scalar", ({"input": 0}, 0))
    for op, args in (
        ("aten.add.Tensor", ({"node": 0}, {"node": 0})),
        ("aten.mul.Tensor", ({"node": 0}, 3)),
        ("aten.ones_like.default", ({"node": 0},)),
        ("aten.neg.default", ({"node": 0},)),
    ):
        with pytest.raises(CannotEnclose):
            curve_of(by_hand(positive, (op, args)), [(BELOW, ABOVE)])
    weighted = by_hand(positive, ("aten.mul.Tensor", ({"node": 0}, 0.5)),
                       ("aten.add.Tensor", ({"node": 1}, {"input": 0})))  # fmt: skip
    assert injective(curve_of(weighted, [(BELOW, ABOVE)]))


def test_overlapping_intervals_are_refused_and_touching_ones_are_one():
    with pytest.raises(CannotEnclose, match="overlap"):
        identity(0, [((0, fmpq(0)), (0, fmpq(2))), ((0, fmpq(1)), (0, fmpq(3)))])
    touching = identity(0, [((0, fmpq(1)), ABOVE), (BELOW, (0, fmpq(1)))])
    assert touching.parts.count(None) == 0


def test_intervals_are_moved_with_their_ends():
    assert moved([((0, fmpq(1)), ABOVE)], Fraction(-2), Fraction(1)) == [(BELOW, (0, fmpq(-1)))]
    assert intervals_of([]) == []
    assert np.shape(intervals_of([])) == (0,)


def test_fractions_are_read_exactly():
    graph = by_hand(("aten.add.Tensor", ({"input": 0}, 1)))
    assert graph.evaluate_exactly([Fraction(1, 2)])[0] == fmpq(3, 2)


@pytest.mark.parametrize("low", [-1, -2])
def test_a_piece_that_turns_between_its_knots_is_not_injective(low):
    graph = by_hand(("aten.square.default", ({"input": 0},)))
    assert not injective(curve_of(graph, [((0, fmpq(low)), (0, fmpq(3)))]))
    assert injective(curve_of(graph, [((0, fmpq(0)), (0, fmpq(3)))]))
    cube = by_hand(("aten.pow.Tensor_Scalar", ({"input": 0}, 3)))
    assert injective(curve_of(cube, [((0, fmpq(low)), (0, fmpq(3)))]))


def test_a_divisor_that_tends_to_0_beside_a_jump_is_refused():
    graph = by_hand(("aten.gt.Scalar", ({"input": 0}, 0)), ("aten.where.self", ({"node": 0}, {"input": 0}, 1.0)),
                    ("aten.div.Tensor", ({"input": 0}, {"node": 1})))  # fmt: skip
    with pytest.raises(CannotEnclose, match="may be 0"):
        curve_of(graph, [(BELOW, ABOVE)])
