"""Large tables of numbers as they are: a digest instead of the entries, and exact sums without a list of fractions."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["IntegerRows", "array_digest", "blocks", "exact_row", "first_other_row", "largest_magnitudes"]

#: Rows that are looked at together.
_BLOCK = 8192
#: Bits that sums of 64-bit integers may have.
_BITS = 62


class IntegerRows(Sequence[list[Fraction]]):
    """An array of 64-bit integers (M, r), read row by row as fractions."""

    def __init__(self, array: NDArray[np.int64]) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, index: int) -> list[Fraction]: ...
    @overload
    def __getitem__(self, index: slice) -> list[list[Fraction]]: ...
    def __getitem__(self, index: int | slice) -> list[Fraction] | list[list[Fraction]]:
        if isinstance(index, slice):
            return [[Fraction(value) for value in row] for row in self.array[index].tolist()]
        return exact_row(self.array[index])


def exact_row(row: NDArray[Any]) -> list[Fraction]:
    """Floats as the dyadic rationals that they are; integers."""
    return [Fraction(*value.as_integer_ratio()) for value in row.tolist()]


def blocks(count: int) -> Iterator[slice]:
    """Slices that cover ``range(count)``."""
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))


def array_digest(array: NDArray[Any]) -> dict[str, Any]:
    """dtype, shape and SHA-256 of the little-endian bytes of an array, row after row: what stands for a large one."""
    digest = hashlib.sha256()
    little = array.dtype.newbyteorder("<")
    for part in blocks(len(array)):
        digest.update(np.ascontiguousarray(array[part], dtype=little).data)
    return {"dtype": little.str, "shape": list(array.shape), "sha256": digest.hexdigest()}


def largest_magnitudes(values: NDArray[Any]) -> NDArray[Any]:
    """Largest magnitude of each column, without a copy of the table."""
    return np.asarray(np.maximum(values.max(axis=0), -values.min(axis=0)))


def first_other_row(rows: NDArray[Any], weights: Sequence[Fraction]) -> int | None:
    """The first row whose sum with the weights differs, exactly, from that of row 0; ``None`` when all are the same.

    Parameters
    ----------
    rows
        Floats, read as dyadic rationals, or integers, shape (M, r).
    weights
        r rational numbers.
    """
    used = [j for j, weight in enumerate(weights) if weight]
    common = math.lcm(*(weights[j].denominator for j in used)) if used else 1
    whole = [int(weights[j] * common) for j in used]
    if not used:
        return None
    level: Fraction | None = None
    for part in blocks(len(rows)):
        start = int(part.start)
        sums, exponent = _sums(np.asarray(rows[part][:, used]), whole)
        scale = Fraction(2) ** exponent
        if level is None:
            level = int(sums[0]) * scale
        wanted = level / scale
        if wanted.denominator != 1:
            return start
        other = np.flatnonzero(sums != int(wanted))
        if len(other):
            return start + int(other[0])
    return None


def _sums(block: NDArray[Any], weights: Sequence[int]) -> tuple[NDArray[Any], int]:
    """``block @ weights`` in integers times ``2**exponent``: in 64 bits where that is enough, else without bounds."""
    exponent, floats = 0, block.dtype.kind == "f"
    if floats:
        odd, places = _odd_parts(block)
        used = places[odd != 0]
        exponent = int(used.min()) if used.size else 0
        bits = int(np.frexp(np.abs(block).max())[1]) - exponent
    else:
        bits = max(abs(int(block.max())), abs(int(block.min()))).bit_length()
    if bits + sum(map(abs, weights)).bit_length() <= _BITS:
        whole = np.ldexp(block, -exponent) if floats else block
        return whole.astype(np.int64) @ np.array(weights, dtype=np.int64), exponent
    if floats:
        large = odd.astype(object) << np.where(odd != 0, places - exponent, 0).astype(object)
    else:
        large = block.astype(object)
    total = large[:, 0] * weights[0]
    for column, weight in zip(large.T[1:], weights[1:], strict=True):
        total = total + column * weight
    return total, exponent


def _odd_parts(block: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Odd integers and exponents of two whose products are the floats; 0 for zeros."""
    mantissas, exponents = np.frexp(block)
    numbers = np.ldexp(mantissas, 53).astype(np.int64)
    zeros = np.where(numbers != 0, np.frexp((numbers & -numbers).astype(float))[1] - 1, 0)
    return numbers >> zeros, np.asarray(exponents - 53 + zeros, dtype=np.int64)
