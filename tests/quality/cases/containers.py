"""(iii) for tables that come in other things than one array: lists, frames, tensors, masked arrays, mixed numbers."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from tests.quality.cases.base import (
    FAILS,
    HOLDS,
    UNDECIDED,
    Case,
    Kind,
    Rows,
    accepted,
    affine_rank,
    one_of,
    rational,
    truth,
    vouched,
)
from tests.quality.cases.tables import dependent_rows, full_rows

CLAIM = "theorem1.iii"


class Foreign:
    """An array of another library: a dtype, and what numpy asks for."""

    def __init__(self, values: Any) -> None:
        self.values, self.dtype, self.shape = values, values.dtype, values.shape

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.values if dtype is None else self.values.astype(dtype)

    def __len__(self) -> int:
        return len(self.values)


def wrapped(draw: random.Random, table: Any) -> Any:
    """A float array in something else; no number and no precision changes."""
    import torch

    dtype = {"float64": torch.float64, "float32": torch.float32, "float16": torch.float16}[str(table.dtype)]
    ways = [
        lambda: [list(row) for row in table],
        lambda: tuple(map(tuple, table)),
        lambda: list(table),
        lambda: [torch.tensor(row) for row in table],
        lambda: [[torch.tensor(v.item(), dtype=dtype) for v in row] for row in table],
        lambda: torch.tensor(table, requires_grad=True),
        lambda: np.ma.masked_array(table, mask=np.zeros(table.shape, dtype=bool)),
        lambda: list(np.ma.masked_array(table, mask=False)),
        lambda: Foreign(table),
        lambda: np.asfortranarray(table),
        lambda: table[::-1][::-1],
        lambda: table.astype(table.dtype.newbyteorder()),
        lambda: np.array([list(row) for row in table], dtype=object),
        lambda: _frame(table),
    ]
    return draw.choice(ways)()


def _frame(table: Any) -> Any:
    try:
        import pandas
    except ImportError:
        return [list(row) for row in table]
    return pandas.DataFrame(table)


def _third(draw: random.Random, dtype: str) -> Any:
    """A table whose last column is a third of the first, rounded in its dtype, and possibly moved by a whole number."""
    count, n = draw.randint(6, 10), draw.randint(2, 3)
    rng = np.random.default_rng(draw.getrandbits(32))
    table = -rng.uniform(0.5, 2, (count, n)).astype(dtype)
    divisor = np.dtype(dtype).type(draw.choice([3, 7, 10, 1.1]))
    table[:, -1] = table[:, 0] / divisor
    return table


def held(draw: random.Random) -> Case:
    """Small whole numbers in any container decide exactly; a rounded third in single or half precision decides
    nothing, unless it is dependent as given."""
    dtype = draw.choice(["float64", "float32", "float16"])
    if draw.random() < 0.5:
        n, count = draw.randint(1, 3), draw.randint(5, 8)
        full = draw.random() < 0.5
        rows = (full_rows if full else dependent_rows)(draw, n, count)
        table = np.array([[float(v) for v in row] for row in rows]).astype(dtype)
        exact = dtype != "float16"
        # Half precision has few digits: rounding may explain away small whole numbers.
        model = accepted(lambda: vouched(wrapped(draw, table), _members(n)))
        return Case("tables in containers", CLAIM, model, truth(full), exact)
    table = _third(draw, dtype)
    given = affine_rank(table.astype(np.float64).tolist())
    allowed = one_of(UNDECIDED) if given == table.shape[1] else one_of(FAILS, UNDECIDED)
    model = accepted(lambda: vouched(wrapped(draw, table), _members(table.shape[1])))
    return Case("tables in containers", CLAIM, model, allowed, False)


def _members(n: int) -> list[Any]:
    from tests.quality.cases.base import location

    return [location()] * n


def _exact(draw: random.Random, value: Fraction) -> Any:
    """A number in one of the exact types."""
    return draw.choice([
        lambda: value,
        lambda: rational(value),
        lambda: int(value) if value.denominator == 1 else value,
        lambda: np.int64(value.numerator) if value.denominator == 1 and abs(value) < 2**60 else value,
        lambda: sympy.Integer(value.numerator) / value.denominator,
    ])()  # fmt: skip


def mixed(draw: random.Random) -> Case:
    """Whole numbers, fractions and sympy numbers side by side are exact; beside floats, what is no float is rounded."""
    n, count = draw.randint(1, 3), draw.randint(5, 8)
    full = draw.random() < 0.5
    rows: Rows = (full_rows if full else dependent_rows)(draw, n, count)
    factor = Fraction(draw.choice([1, 1, 3, 7]), draw.choice([1, 2, 3, 5, 7, 10**30]))
    rows = [[value * factor for value in row] for row in rows]
    move = draw.random()
    if move < 0.5:
        table: Any = [[_exact(draw, v) for v in row] for row in rows]
        return Case("mixed numbers", CLAIM, accepted(lambda: vouched(table, _members(n))), truth(full), True)
    if move < 0.6:
        table = [[Decimal(v.numerator) for v in row] for row in rows]
        full = affine_rank([[v.numerator for v in row] for row in rows]) == n
        return Case("mixed numbers", CLAIM, accepted(lambda: vouched(table, _members(n))), truth(full), False)
    place = draw.randrange(n)
    whole = all(Fraction(float(v)) == v for row in rows for v in row)
    single = draw.random() < 0.3
    number = np.float32 if single else draw.choice([float, np.float64])
    table = [[number(float(v)) if j == place else _exact(draw, v) for j, v in enumerate(row)] for row in rows]
    if whole:
        kept = not single or all(Fraction(float(np.float32(float(v)))) == v for row in rows for v in row)
        allowed = truth(full) if kept else one_of(HOLDS, FAILS)
    else:  # a relation between the numbers that were meant is within the rounding; one between those given is exact
        given = [[Fraction(float(v)) if j == place else w for j, (v, w) in enumerate(zip(row, fractions, strict=True))]
                 for row, fractions in zip(table, rows, strict=True)]  # fmt: skip
        tied = affine_rank(given) < n
        allowed = one_of(HOLDS) if full else one_of(UNDECIDED, FAILS) if tied else one_of(UNDECIDED)
    return Case("mixed numbers", CLAIM, accepted(lambda: vouched(table, _members(n))), allowed, False)


def masked(draw: random.Random) -> Case:
    """A masked entry is no number, whatever lies below the mask: the table is refused."""
    n, count = draw.randint(1, 3), draw.randint(4, 8)
    table = np.array([[float(v) for v in row] for row in full_rows(draw, n, count)])
    mask = np.zeros(table.shape, dtype=bool)
    mask[draw.randrange(count), draw.randrange(n)] = True
    array = np.ma.masked_array(table, mask=mask)
    built = draw.choice([
        lambda: array, lambda: list(array), lambda: [list(row) for row in array], lambda: tuple(array),
        lambda: np.ma.masked_array(table.astype(np.float32), mask=mask), lambda: [array[i] for i in range(count)],
        lambda: array.astype(int), lambda: _missing(array),
    ])()  # fmt: skip
    return Case("masked tables", CLAIM, accepted(lambda: vouched(built, _members(n))), one_of(UNDECIDED), False)


def _missing(array: Any) -> Any:
    """A data frame with the missing entry that the mask stands for."""
    return _frame(array.filled(np.nan))


KINDS = (
    Kind(
        "tables in containers",
        "Lists, frames, tensors, masked and foreign arrays of float64, float32, float16: small whole numbers decide, a "
        "column that is a rounded third of another must not, unless it is dependent as given.",
        held,
        12,
    ),
    Kind(
        "mixed numbers",
        "Integers, fractions and sympy numbers side by side are exact; beside floats their relations are rounded ones.",
        mixed,
        8,
    ),
    Kind("masked tables", "A masked or missing entry is no number: refused, never settled.", masked, 3),
)
