"""Arrays of any kind as rows of floats that are read in chunks, and the groups of rows that the bootstrap resamples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.domain import refuse_masked, tensor_array
from ivae_theory.errors import InputError, InputTypeError

__all__ = ["Groups", "Rows", "as_array", "as_rows", "chunks", "contiguous", "group_rows", "sample_rows", "spread"]

Floats = NDArray[np.float64]
#: Numbers that one chunk may hold: 4 MiB of them stay in a processor's cache.
CHUNK_NUMBERS = 1 << 19
#: Bytes that the sums of all groups may take, and between how many groups that leaves the choice.
GROUP_BYTES, FEWEST_GROUPS, MOST_GROUPS = 8 << 20, 40, 200
#: With fewer segments than this, whole segments are too few to resample.
FEWEST_SEGMENTS = 20


def as_array(values: Any, argument: str) -> NDArray[Any]:
    """A real array of any kind (numpy, memory map, torch, pandas, list) as a numpy array, not copied if possible."""
    array = _plain(values, argument)
    if array.dtype.kind not in "fiub":
        raise InputTypeError(argument, "an array of real numbers", f"dtype {array.dtype}")
    return array


def _plain(values: Any, argument: str) -> NDArray[Any]:
    """An array of any library as a numpy array; masks are refused, also those of rows in a list."""
    if hasattr(values, "detach"):
        return tensor_array(values, argument)[0]
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    refuse_masked(values, argument)
    try:
        return np.asarray(values)
    except (RuntimeError, TypeError, ValueError) as error:
        raise InputTypeError(argument, "an array of numbers", str(error)[:80]) from None


@dataclass(frozen=True, eq=False)
class Rows:
    """An array of shape (N, ...) whose chunks come as finite float64; every complaint names ``argument``."""

    array: NDArray[Any]
    argument: str
    axis: int = 0

    def __len__(self) -> int:
        return int(self.array.shape[self.axis])

    def take(self, rows: slice | NDArray[np.intp]) -> Floats:
        """The given rows as float64.

        Raises
        ------
        InputError
            For NaN and infinities, with the row.
        """
        picked = self.array[rows] if self.axis == 0 else self.array[:, rows]
        values = np.asarray(picked, dtype=np.float64)
        # One pass: a sum is finite unless some entry is not, or it overflows, and then all entries are looked at.
        with np.errstate(over="ignore", invalid="ignore"):
            total = values.sum()
        if not np.isfinite(total) and not np.isfinite(values).all():
            where = int(np.argwhere(~np.isfinite(values))[0][self.axis])
            row = (rows.start or 0) + where if isinstance(rows, slice) else int(rows[where])
            raise InputError(self.argument, "finite numbers", f"NaN or infinity in row {row}")
        return values


def as_rows(values: Any, argument: str) -> Rows:
    """An array (N, n), or (N,) for one latent, as :class:`Rows`."""
    array = as_array(values, argument)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(argument, "an array of shape (N, n)", f"shape {array.shape}")
    return Rows(array, argument)


def chunks(count: int, columns: int) -> Iterator[slice]:
    """Slices of rows that cover ``range(count)``, each of a bounded number of numbers."""
    size = max(256, CHUNK_NUMBERS // max(1, columns))
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def spread(values: Floats) -> Floats:
    """Standard deviations of the columns, 1 for constant ones; squares are taken in units in which they are numbers."""
    centred = values - values.mean(axis=0)
    size = np.abs(centred).max(axis=0)
    constant = size <= 1e-12 * np.abs(values).max(axis=0)
    size[constant] = 1.0
    return np.where(constant, 1.0, size * (centred / size).std(axis=0))


def sample_rows(count: int, most: int) -> NDArray[np.intp]:
    """At most ``most`` rows, spread evenly over all: a pilot, not a random sample."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))


@dataclass(frozen=True, eq=False)
class Groups:
    """The group of every row, and how the groups came about.

    Attributes
    ----------
    codes
        (N,): the group of each row, from 0.
    count
        Number of groups G.
    segments, segment_count
        (N,) segment of each row, or ``None`` without segments; number of segments M (0 without).
    text
        How rows are resampled, for reports.
    """

    codes: NDArray[np.intp]
    count: int
    segments: NDArray[np.intp] | None
    segment_count: int
    text: str


def group_rows(u: Any, count: int, width: int) -> Groups:
    """Groups of whole segments; blocks of rows where there are no segments, or too few of them.

    Parameters
    ----------
    u
        The auxiliary variable: (N,) labels or numbers, (N, m) points, or ``None``.
    count
        Number of rows N.
    width
        Numbers that the sums of a group take.

    Raises
    ------
    InputError, InputTypeError
        When ``u`` cannot be read or has another length.
    """
    most = int(np.clip(GROUP_BYTES // (8 * width), FEWEST_GROUPS, MOST_GROUPS))
    if u is None:
        return _row_blocks(count, most, "no u given")
    labels = _labels(u, count)
    values, codes = _codes(labels)
    if values > count / 2:
        return _row_blocks(count, most, f"u takes {values} values in {count} rows")
    if values < FEWEST_SEGMENTS:
        per_segment = -(-most // (2 * values))
        blocks = codes * per_segment + _position(codes, values) * per_segment // np.bincount(codes)[codes]
        present, merged = _codes(blocks)
        text = f"{present} blocks of rows within {values} segments (fewer than {FEWEST_SEGMENTS}: too few to resample)"
        return Groups(merged, present, codes, values, text)
    if values <= most:
        return Groups(codes, values, codes, values, f"{values} whole segments")
    merged = (codes * most) // values
    return Groups(merged, most, codes, values, f"{values} whole segments in {most} groups")


def _row_blocks(count: int, most: int, why: str) -> Groups:
    blocks = min(most, count)
    codes = (np.arange(count) * blocks) // count
    return Groups(codes, blocks, None, 0, f"{blocks} blocks of consecutive rows ({why})")


def _labels(u: Any, count: int) -> NDArray[Any]:
    array = _plain(u, "u")
    if array.dtype == object and array.size and all(isinstance(value, str) for value in array.flat):
        array = array.astype(str)
    if array.dtype.kind not in "fiubUS":
        raise InputTypeError("u", "labels or numbers", f"dtype {array.dtype}")
    if array.ndim not in (1, 2) or len(array) != count:
        raise InputError("u", f"{count} rows, as many as z_true has", f"shape {array.shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise InputError("u", "finite numbers", f"NaN or infinity in row {row}")
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _codes(labels: NDArray[Any]) -> tuple[int, NDArray[np.intp]]:
    """Number of distinct labels, and their ranks (N,)."""
    if labels.ndim == 2:
        values, codes = np.unique(labels, axis=0, return_inverse=True)
        return len(values), codes.reshape(-1).astype(np.intp)
    if labels.dtype.kind in "iub":
        low, high = int(labels.min()), int(labels.max())
        if high - low < 4 * len(labels):  # counting is faster than sorting
            offset = labels.astype(np.intp) - low
            present = np.bincount(offset, minlength=high - low + 1) > 0
            return int(present.sum()), (np.cumsum(present) - 1)[offset]
    values, codes = np.unique(labels, return_inverse=True)
    return len(values), codes.astype(np.intp)


def _position(codes: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """How many earlier rows have the same code: (N,)."""
    order = np.argsort(codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=count))[:-1]])
    position = np.empty(len(codes), dtype=np.intp)
    position[order] = np.arange(len(codes)) - starts[codes[order]]
    return position


def contiguous(codes: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp] | None]:
    """Groups present, where each starts, and the order that makes them contiguous (None when they are)."""
    change = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    starts = np.concatenate([[0], change])
    present = codes[starts]
    if len(np.unique(present)) == len(present):
        return present, starts, None
    # Groups are few: 16 bits sort by counting.
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    ordered = codes[order]
    starts = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])
    return ordered[starts], starts, order
