"""Strategies for what is learned: affine maps, scaled permutations and near-misses."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ivae_theory.equivalence import AffineMap
from ivae_theory.testing.parts import invertible_matrices

__all__ = ["affine_maps", "near_misses", "scaled_permutations"]

Floats = NDArray[np.float64]


@st.composite
def affine_maps(draw: st.DrawFn, size: int) -> AffineMap:
    """Invertible affine maps of R^size; they shrink to the identity."""
    matrix = np.array([[float(v) for v in row] for row in draw(invertible_matrices(size))])
    shift = np.array(draw(st.lists(st.integers(-4, 4), min_size=size, max_size=size)), dtype=float)
    return AffineMap(matrix, shift)


@st.composite
def scaled_permutations(draw: st.DrawFn, n: int) -> Floats:
    """Matrices with one non-zero entry in every row and column, of size 1/4 to 4."""
    order = draw(st.permutations(range(n)))
    matrix = np.zeros((n, n))
    for i, j in enumerate(order):
        matrix[i, j] = draw(st.sampled_from([1.0, -1.0, 0.25, 4.0]))
    return matrix


@st.composite
def near_misses(draw: st.DrawFn, n: int, degrees: float = 10.0) -> Floats:
    """Scaled permutations after a rotation of two latents by ``degrees``: close to right, and wrong."""
    first, second = draw(st.permutations(range(n)))[:2]
    angle = math.radians(degrees)
    rotation = np.eye(n)
    rotation[[first, second], [first, second]] = math.cos(angle)
    rotation[first, second], rotation[second, first] = -math.sin(angle), math.sin(angle)
    return rotation @ draw(scaled_permutations(n))
