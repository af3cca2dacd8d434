"""How far the entries of a float table may be from the numbers that were meant."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.exact import blocks, largest_magnitudes

__all__ = ["SLACK", "column_error", "gram_error", "unknown_error"]

#: Half units in the last place of a column's largest entry that a float table is never trusted beyond. Correct
#: rounding would leave one; but tables are computed, and accumulation errors of a few units gave full rank to the
#: outputs of networks with a bottleneck (measured over random networks: up to 15).
SLACK = 64

#: Unit roundoff and smallest step of the dtypes that tables come in.
_DTYPES = {
    "float64": (2.0**-53, 5e-324),
    "float32": (2.0**-24, 2.0**-149),
    "float16": (2.0**-11, 2.0**-24),
    "bfloat16": (2.0**-8, 2.0**-133),
}


def column_error(values: NDArray[np.float64], dtype: str, declared: NDArray[Any] | None = None) -> NDArray[np.float64]:
    """Error bound of every column of a float table, shape (r,): rounding with its slack, or what was declared.

    Parameters
    ----------
    values
        Shape (M, r).
    dtype
        The dtype in which the table came.
    declared
        An entrywise bound of shape (M, r) that the user declared; where it is larger it counts.
    """
    unit, smallest = _DTYPES[dtype]
    largest = largest_magnitudes(values)
    bound = SLACK * np.maximum(unit * largest, smallest)
    if declared is not None:
        bound = np.maximum(bound, largest_magnitudes(declared))
    return np.asarray(bound, dtype=np.float64)


def unknown_error(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Error granted to the answers of a callable that cannot be looked into: half of their digits.

    Answers that single precision can hold are taken to have been computed in it.
    """
    with np.errstate(over="ignore"):
        single = all((values[part].astype(np.float32) == values[part]).all() for part in blocks(len(values)))
    largest = largest_magnitudes(values)
    return np.asarray(np.maximum(largest * (2.0**-12 if single else 2.0**-26), 5e-324), dtype=np.float64)


def gram_error(weights: NDArray[np.float64], precision: NDArray[np.float64], single: bool) -> NDArray[np.float64]:
    """How far rounding of the weights W (d, n) may have moved the entries of ``W^T P W``, (n, n).

    A matrix that is orthogonal on paper has a product with itself that is diagonal up to rounding.
    """
    error = column_error(weights, "float32" if single else "float64")
    size = np.abs(precision)
    mixed = np.outer((np.abs(weights).T @ size).sum(axis=1), error)
    return np.asarray(mixed + mixed.T + size.sum() * np.outer(error, error), dtype=np.float64)
