"""Numbers without rounding."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ivae_theory.enclosure import precision
from ivae_theory.errors import CorruptReport, InputError, InputTypeError
from ivae_theory.exact import (
    decode_array,
    encode_array,
    fraction_text,
    parse_fraction,
    rationalised,
    to_arb,
    to_fmpq,
    to_fraction,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE)
def test_a_float_is_the_dyadic_rational_that_it_is(value):
    exact = to_fraction(value)
    assert float(exact) == value
    assert exact == Fraction(value)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float32_and_sympy_floats_agree_with_the_python_float(value):
    assert to_fraction(np.float32(value)) == to_fraction(float(value))
    assert to_fraction(sympy.Float(value)) == to_fraction(float(value))


def test_the_float_point_one_is_not_one_tenth():
    assert to_fraction(0.1) != Fraction(1, 10)
    assert to_fraction(sympy.Rational(1, 10)) == Fraction(1, 10) == to_fraction(fmpq(1, 10))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.float32("inf"), sympy.pi, sympy.Symbol("x"), sympy.oo])
def test_what_is_not_a_finite_rational_is_refused_by_name(bad):
    with pytest.raises(InputError, match="variance"):
        to_fraction(bad, "variance")


@pytest.mark.parametrize("bad", ["1", True, np.bool_(True), None, 1j, [1]])
def test_what_is_not_a_number_is_a_type_error(bad):
    with pytest.raises(InputTypeError):
        to_fraction(bad)


@given(FINITE)
def test_the_ball_of_a_float_contains_it(value):
    with precision(64):
        ball = to_arb(value)
        assert ball.contains(arb(to_fmpq(value)))


@given(st.fractions())
def test_fractions_survive_their_text(value):
    assert parse_fraction(fraction_text(value)) == value


@pytest.mark.parametrize("bad", ["", "1/0", "x", None, [1], {}, True, float("nan"), float("inf")])
def test_a_corrupt_rational_is_a_corrupt_report(bad):
    with pytest.raises(CorruptReport):
        parse_fraction(bad)


@given(
    npst.arrays(
        st.sampled_from(["<f8", "<f4", "<i8"]), npst.array_shapes(min_dims=1, max_dims=3), elements={"allow_nan": False}
    )
)
def test_arrays_survive_json_without_loss(array):
    back = decode_array(encode_array(array))
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes()
    assert back.shape == array.shape


@pytest.mark.parametrize(
    "bad",
    [
        None,
        {},
        {"dtype": "O", "shape": [1], "base64": ""},
        {"dtype": "<f8", "shape": [2], "base64": "AAAA"},
        {"dtype": "<f8", "shape": [-1], "base64": "AAAAAAAAAAA="},
        {"dtype": "<f8", "shape": [1], "base64": "?"},
        {"dtype": "nonsense", "shape": [1], "base64": ""},
    ],
)
def test_a_corrupt_array_is_a_corrupt_report(bad):
    with pytest.raises(CorruptReport):
        decode_array(bad)


def test_objects_are_never_encoded():
    with pytest.raises(InputTypeError):
        encode_array(np.array([object()]))


def test_floats_inside_an_expression_become_the_rationals_that_they_are():
    z = sympy.Symbol("z")
    assert rationalised(0.5 * z + 0.1) == z / 2 + sympy.Rational(*(0.1).as_integer_ratio())
