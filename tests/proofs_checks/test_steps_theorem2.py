"""The steps of the sharp Theorem 2: boxes, independence, blocks; each also fails on wrong input."""

from fractions import Fraction

import pytest
import sympy

from proofs_checks.steps import blocks, boxes, independence

F = Fraction
ROTATION = [[F(3, 5), F(-4, 5)], [F(4, 5), F(3, 5)]]
SHEAR = [[F(1), F(1)], [F(0), F(1)]]
SWAP = [[F(0), F(-2)], [F(1, 3), F(0)]]
QUADRANT = [(F(0), None), (F(0), None)]
MIXED = [(F(0), F(1)), (None, F(3))]


@pytest.mark.parametrize("box", [QUADRANT, MIXED])
@pytest.mark.parametrize(("matrix", "expected"), [(ROTATION, False), (SHEAR, False), (SWAP, True)])
def test_only_scaled_permutations_take_boxes_to_boxes(matrix, expected, box):
    assert boxes.hull_is_box(matrix, box) is expected
    assert boxes.is_scaled_permutation(matrix) is expected


def test_a_line_is_no_box_with_a_corner():
    with pytest.raises(ValueError, match="line"):
        boxes.hull_is_box(SWAP, [(None, None), (F(0), None)])


def test_a_repeated_column_is_no_permutation():
    assert not boxes.is_scaled_permutation([[F(1), F(0)], [F(2), F(0)]])


@pytest.mark.parametrize(("n", "permutations"), [(1, 1), (2, 2), (3, 6)])
def test_zero_patterns_without_negative_entries_are_permutations(n, permutations):
    assert boxes.monomial_patterns(n) == (permutations, 0)


def test_zero_patterns_with_signs_are_not():
    possible, other = boxes.monomial_patterns(2, non_negative=False)
    assert other == possible - 2 > 0


def test_z3_confirms_when_it_is_there():
    assert boxes.smt_counterexample(2) in ("unsat", "absent")


@pytest.mark.parametrize("law", sorted(independence.LAWS))
def test_a_rotation_keeps_gaussians_independent_and_nothing_else(law):
    assert independence.stays_independent(ROTATION, [law, law]) is (law == "gaussian")


def test_a_gaussian_stretched_before_it_is_rotated_does_not_stay_independent():
    stretched = [[3 * row[0], row[1]] for row in ROTATION]
    assert independence.stays_independent(stretched, ["gaussian", "gaussian"]) is False


@pytest.mark.parametrize("law", sorted(independence.LAWS))
def test_a_scaled_permutation_keeps_every_law_independent(law):
    assert independence.stays_independent(SWAP, [law, "logistic"]) is True


@pytest.mark.parametrize("law", sorted(independence.LAWS))
def test_laws_have_variance_one_and_are_1_at_0(law):
    w = sympy.Symbol("w", positive=True)
    series = sympy.series(independence.LAWS[law](w), w, 0, 3).removeO()
    assert sympy.expand(series + w**2 / 2) == 0


def test_a_shared_gaussian_leaves_its_variance():
    left = independence.shared_gaussian()
    b, sigma = sympy.symbols("b sigma", real=True)
    assert left != 0
    assert left.subs(sigma, 0) == 0 == left.subs(b, 0)


def test_coefficients_hold_for_every_n():
    quartic, product = blocks.forbidden_coefficients()
    rest = sympy.Symbol("r")
    assert not quartic.has(rest)
    assert not product.has(rest)


@pytest.mark.parametrize(
    ("linear", "quadratic", "leaves"),
    [
        ([1], [0], False),
        ([0, 2, 0], [0, 0, 0], False),
        ([1, 1], [0, 0], True),
        ([1], [1], True),
        ([0, 0], [0, 0], False),
    ],
)
def test_squares_leave_the_span_unless_one_variable_is_left(linear, quadratic, leaves):
    assert blocks.square_leaves_span([F(a) for a in linear], [F(b) for b in quadratic], F(3)) is leaves


def test_two_non_zero_blocks_have_no_rank_two():
    tangents = [[[F(1), F(0)], [F(1), F(2)]]] * 2
    unit, zero = [[F(1), F(0)], [F(0), F(1)]], [[F(0)] * 2] * 2
    line = [[F(1), F(1)], [F(2), F(2)]]
    assert blocks.block_row_rank((unit, unit), tangents) is None
    assert blocks.block_row_rank((line, line), tangents) == 1
    assert blocks.block_row_rank((unit, zero), tangents) == 2


def test_straight_tangents_allow_two_blocks():
    straight = [[[F(1), F(0)], [F(2), F(0)]]] * 2
    unit = [[F(1), F(0)], [F(0), F(1)]]
    assert blocks.block_row_rank((unit, unit), straight) == 1
