"""Arguments about all matrices that an enclosure of a Jacobian contains: triangular ones, and left inverses."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from ivae_theory.enclosure.invertible import has_full_column_rank

__all__ = ["left_invertible", "triangular"]


def triangular(rows: NDArray[Any]) -> bool:
    """Whether some rows and all columns can be ordered so that the Jacobian is triangular with a signed diagonal.

    Then the coordinates are recovered one after the other, each by strict monotonicity with the earlier ones fixed.
    """
    left = set(range(rows.shape[1]))
    # `x != 0` asks whether a ball certainly excludes 0; what is needed is "not certainly 0"
    supports = [{j for j in left if not rows[i, j] == 0} for i in range(rows.shape[0])]  # noqa: SIM201
    while left:
        found = None
        for i, support in enumerate(supports):
            rest = support & left
            if len(rest) == 1:
                (j,) = rest
                if rows[i, j] > 0 or rows[i, j] < 0:
                    found = j
                    break
        if found is None:
            return False
        left.remove(found)
    return True


def left_invertible(rows: NDArray[Any]) -> bool:
    """Whether every matrix in the enclosure is invertible from the left, from all rows or from the tightest ones."""
    width = rows.shape[1]
    finite = [list(row) for row in rows if all(v.is_finite() for v in row)]
    if len(finite) < width:
        return False
    slack = [max(float(v.rad()) for v in row) for row in finite]
    order = sorted(range(len(finite)), key=lambda i: slack[i])
    counts = sorted({width, min(2 * width, len(finite)), min(4 * width, len(finite))})
    return any(
        has_full_column_rank(rows)
        for rows in ([finite[i] for i in order[:count]] for count in counts)
        if _worth_trying(rows)
    )


def _worth_trying(rows: list[list[arb]]) -> bool:
    """Whether a left inverse of the midpoints, in floats, keeps the radii below 1: a cheap look before the proof."""
    middle = np.array([[float(v.mid()) for v in row] for row in rows])
    radius = np.array([[float(v.rad()) for v in row] for row in rows])
    if not (np.isfinite(middle).all() and np.isfinite(radius).all()):
        return False
    try:
        hint = np.linalg.pinv(middle)
    except np.linalg.LinAlgError:
        return False
    return bool((np.abs(hint) @ radius).sum(axis=1).max() < 1.01)
