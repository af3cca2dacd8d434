"""Affine maps: Proposition 1 is their group laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ivae_theory import AffineMap
from ivae_theory.errors import InputError, InputTypeError

RATIONALS = st.fractions(min_value=-5, max_value=5, max_denominator=7)


@st.composite
def exact_maps(draw: st.DrawFn, size: int = 3) -> AffineMap:
    rows = [[draw(RATIONALS) for _ in range(size)] for _ in range(size)]
    assume(sympy.Matrix(rows).det() != 0)
    return AffineMap(rows, [draw(RATIONALS) for _ in range(size)])


@given(a=exact_maps(), b=exact_maps(), c=exact_maps())
@settings(max_examples=30, deadline=None)
def test_group_laws_exactly(a: AffineMap, b: AffineMap, c: AffineMap) -> None:
    one = AffineMap.identity(3)
    assert (one @ a).isclose(a)
    assert (a @ one).isclose(a)
    assert (a @ a.inverse()).isclose(one)
    assert (a.inverse() @ a).isclose(one)
    assert ((a @ b) @ c).isclose(a @ (b @ c))
    assert (a @ b).inverse().isclose(b.inverse() @ a.inverse())
    assert a.inverse().inverse().isclose(a)
    assert a.exact


@given(a=exact_maps(), b=exact_maps(), seed=st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_composition_is_composition_of_functions(a: AffineMap, b: AffineMap, seed: int) -> None:
    t = np.random.default_rng(seed).standard_normal((5, 3))
    np.testing.assert_allclose((a @ b)(t), a(b(t)), atol=1e-9)


def test_floats_stay_floats() -> None:
    rng = np.random.default_rng(0)
    a, b = (AffineMap(rng.standard_normal((4, 4)), rng.standard_normal(4)) for _ in range(2))
    assert not a.exact
    assert (a @ a.inverse()).isclose(AffineMap.identity(4), atol=1e-9)
    assert not (a @ b).isclose(b @ a)
    assert not (a @ AffineMap.identity(4)).exact
    assert a.describe()["A"] == a.A.tolist()


def test_irrational_entries_stay_exact() -> None:
    root = sympy.sqrt(2)
    m = AffineMap([[root, 0], [0, 1]])
    assert (m @ m).isclose(AffineMap([[2, 0], [0, 1]]))
    assert m.inverse().isclose(AffineMap([[root / 2, 0], [0, 1]]))
    assert m.describe()["A"][0][0] == "sqrt(2)"


@pytest.mark.parametrize(
    ("A", "c", "message"),
    [
        ([[1, 2]], None, "square matrix"),
        ([1, 2], None, "square matrix"),
        ([[1.0, np.nan], [0, 1]], None, "finite"),
        ([[1, 0], [0, 1]], [1], r"shape \(2,\)"),
        ([[sympy.Symbol("x"), 0], [0, 1]], None, "real numbers"),
        ([[sympy.I, 0], [0, 1]], None, "real numbers"),
        ([["a", "b"], ["c", "d"]], None, "an array of numbers"),
    ],
)
def test_what_is_no_map(A: object, c: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        AffineMap(A, c)


@pytest.mark.parametrize(
    "A", [[[1, 2], [2, 4]], [[Fraction(1, 3), 1], [1, 3]], [[1.0, 2], [2, 4]], [[sympy.sqrt(2), 2], [1, sympy.sqrt(2)]]]
)
def test_singular_maps_have_no_inverse(A: object) -> None:
    with pytest.raises(InputError, match="invertible"):
        AffineMap(A).inverse()


def test_sizes_must_agree() -> None:
    with pytest.raises(InputError, match="a map of 2 statistics"):
        AffineMap.identity(2) @ AffineMap.identity(3)
    with pytest.raises(InputError, match="shape"):
        AffineMap.identity(2)(np.zeros((3, 3)))
    with pytest.raises(InputTypeError):
        AffineMap.identity(2) @ np.eye(2)
    assert not AffineMap.identity(2).isclose(AffineMap.identity(3))
    with pytest.raises(InputTypeError):
        AffineMap([[True, False], [False, True]])


@pytest.mark.parametrize("values", [lambda hidden: hidden, list], ids=["array", "rows"])
def test_masked_entries_are_no_numbers(values: Any) -> None:
    """numpy forgets the mask where it copies them, and 999 would stand in A."""
    hidden = np.ma.masked_array([[1.0, 999.0], [0.0, 1.0]], mask=[[False, True], [False, False]])
    with pytest.raises(InputError, match="1 masked"):
        AffineMap(values(hidden))
    with pytest.raises(InputError, match="1 masked"):
        AffineMap(np.eye(2), hidden[0])
    with pytest.raises(InputError, match="1 masked"):
        AffineMap.identity(2)(values(hidden))
