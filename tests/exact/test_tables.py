"""Exact sums over tables of floats and integers, and their digests."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ivae_theory.exact import IntegerRows, array_digest, exact_row, first_other_row, largest_magnitudes

WEIGHTS = st.fractions(max_denominator=1000)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 5e-324, 0.1, 0.25, -3.0])
SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 4))
FEW_DIGITS = st.builds(lambda value, places: value * 2.0**places, st.integers(-99, 99), st.integers(-1074, 900))
TABLES = hnp.arrays(np.float64, SHAPES, elements=FLOATS | FEW_DIGITS) | hnp.arrays(
    np.int64, SHAPES, elements=st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5)
)

UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def oracle(rows: Any, weights: list[Fraction]) -> int | None:
    sums = [sum(w * v for w, v in zip(weights, exact_row(row), strict=True)) for row in rows]
    return next((number for number, value in enumerate(sums) if value != sums[0]), None)


@UNHURRIED
@given(TABLES, st.data())
def test_the_first_other_row_is_that_of_fractions(rows: Any, data: st.DataObject) -> None:
    weights = data.draw(st.lists(WEIGHTS, min_size=rows.shape[1], max_size=rows.shape[1]))
    assert first_other_row(rows, weights) == oracle(rows, weights)


@UNHURRIED
@given(hnp.arrays(np.float32, SHAPES, elements=st.floats(allow_nan=False, allow_infinity=False, width=32)), st.data())
def test_single_precision_is_read_as_it_is(rows: Any, data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(-3, 3).map(Fraction), min_size=rows.shape[1], max_size=rows.shape[1]))
    assert first_other_row(rows, weights) == oracle(rows, weights)


@UNHURRIED
@given(hnp.arrays(np.float64, (30, 2), elements=st.integers(-(2**20), 2**20).map(lambda v: v / 256)), st.data())
def test_a_relation_is_seen_and_so_is_the_row_that_breaks_it(rows: Any, data: st.DataObject) -> None:
    tied = np.column_stack([rows, 3 * rows[:, 0] - 2 * rows[:, 1] + 1])
    weights = [Fraction(3, 7), Fraction(-2, 7), Fraction(-1, 7)]
    assert first_other_row(tied, weights) is None
    where = data.draw(st.integers(1, 29))
    tied[where, 2] = np.nextafter(tied[where, 2], np.inf)
    assert first_other_row(tied, weights) == where


def test_blocks_are_compared_with_the_first_row_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivae_theory.exact.tables._BLOCK", 4)
    rows = np.repeat([[1.0, 2.0], [1.5, 1.5]], 5, axis=0)
    assert first_other_row(rows, [Fraction(1), Fraction(1)]) is None
    assert first_other_row(rows, [Fraction(1), Fraction(0)]) == 5
    assert first_other_row(rows * 2.0**-700, [Fraction(1), Fraction(0)]) == 5
    assert array_digest(rows)["sha256"] == hashlib.sha256(rows.tobytes()).hexdigest()


def test_rows_of_integers_are_fractions() -> None:
    rows = IntegerRows(np.array([[1, -(2**63)], [3, 4]]))
    assert list(rows) == [[1, Fraction(-(2**63))], [3, 4]]
    assert rows[0:1] == [rows[0]]
    assert isinstance(rows[1][0], Fraction)
    assert len(rows) == 2


@UNHURRIED
@given(hnp.arrays(np.float64, SHAPES, elements=FLOATS))
def test_largest_magnitudes(rows: Any) -> None:
    assert np.array_equal(largest_magnitudes(rows), np.abs(rows).max(axis=0))
