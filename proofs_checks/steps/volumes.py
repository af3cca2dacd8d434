"""Volumes of Jacobians, lines 3 and 4 of Eq. (18) and Eq. (19), exactly for linear f.

``vol W = sqrt(det W^T W)`` for a d x n matrix with independent columns; everything here is squared, so rational.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ivae_theory.exact import determinant, rank
from proofs_checks.steps.parameters import Matrix, invert, multiply, transpose

__all__ = ["is_left_inverse", "lebesgue_mass", "pseudo_inverse", "volume_squared"]

Rows = Sequence[Sequence[Fraction]]


def volume_squared(rows: Rows) -> Fraction:
    """The squared volume: ``det W^T W`` for a tall matrix, ``det G G^T`` for a wide one."""
    tall = len(rows) >= len(rows[0])
    gram = multiply(transpose(rows), rows) if tall else multiply(rows, transpose(rows))
    return determinant(gram)


def pseudo_inverse(rows: Rows) -> Matrix:
    """``(W^T W)^-1 W^T``: the left inverse that is the Jacobian of f^-1 along X."""
    return multiply(invert(multiply(transpose(rows), rows)), transpose(rows))


def is_left_inverse(left: Rows, rows: Rows) -> bool:
    """Whether ``G W = 1``."""
    size = len(rows[0])
    return multiply(left, rows) == [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]


def lebesgue_mass(rows: Rows) -> Fraction:
    """The integral over R^d of the density ``p~`` of Eq. (19) for ``f(z) = W z``: 1 when n = d, 0 when X is null.

    For n = d the substitution ``x = W z`` gives ``vol(W) vol(W^-1)`` times 1; for n < d the image is a proper
    subspace, a Lebesgue null set, outside of which ``p~`` is 0.
    """
    if rank(rows) < len(rows):
        return Fraction(0)
    return volume_squared(rows) * volume_squared(invert(rows))
