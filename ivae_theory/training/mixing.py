"""The mixing networks of Section 5 in NumPy: forward, exact inverse, Jacobian.

Rows are samples: layer ``l`` maps ``h`` to ``h @ weights[l]``, with the activation between layers and none after the
last. The first matrix may be wide (n < d), the others are square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError

__all__ = ["ACTIVATIONS", "MixingNetwork", "activation", "activation_slope", "inverse_activation"]

Array = NDArray[np.float64]

#: ``leaky_relu``: x for x > 0, slope * x otherwise; ``xtanh``: tanh(x) + slope * x.
ACTIVATIONS = ("leaky_relu", "xtanh")


def activation(x: Array, name: str, slope: float) -> Array:
    """The activation, elementwise."""
    if name == "leaky_relu":
        return np.where(x > 0, x, slope * x)
    return np.tanh(x) + slope * x


def activation_slope(x: Array, name: str, slope: float) -> Array:
    """Derivative of the activation at ``x``, elementwise (at the kink: the left derivative)."""
    if name == "leaky_relu":
        return np.where(x > 0, 1.0, slope)
    return np.asarray(1.0 - np.tanh(x) ** 2 + slope)


def inverse_activation(y: Array, name: str, slope: float) -> Array:
    """The ``x`` with ``activation(x) = y``, elementwise, to rounding.

    ``tanh(x) + slope x`` is concave on x >= 0, so Newton's method started at a lower bound of the root climbs to it
    without overshooting; negative ``y`` follow by symmetry.
    """
    if name == "leaky_relu":
        return np.where(y > 0, y, y / slope)
    target = np.abs(y)
    x = np.maximum(target / (1.0 + slope), (target - 1.0) / slope)
    for _ in range(100):
        step = (target - np.tanh(x) - slope * x) / activation_slope(x, name, slope)
        x = x + step
        if np.max(np.abs(step), initial=0.0) <= 1e-15 * (1.0 + np.max(x, initial=0.0)):
            break
    return np.copysign(x, y)


@dataclass(frozen=True, eq=False)
class MixingNetwork:
    """An injective multilayer perceptron ``f``: matrices of full row rank, a strictly increasing activation between.

    Attributes
    ----------
    weights
        One matrix a layer: the first of shape (n, d), the others (d, d).
    activation, slope
        One of :data:`ACTIVATIONS` and its slope > 0.
    """

    weights: tuple[Array, ...]
    activation: str
    slope: float

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise InputError("activation", f"one of {', '.join(ACTIVATIONS)}", repr(self.activation))
        if not self.slope > 0:
            raise InputError("slope", "a number > 0: otherwise the network is not injective", repr(self.slope))
        for level, matrix in enumerate(self.weights):
            if np.linalg.matrix_rank(matrix) < matrix.shape[0]:
                raise InputError("weights", "matrices of full row rank", f"a singular one in layer {level}")

    @property
    def n(self) -> int:
        """Number of latents."""
        return int(self.weights[0].shape[0])

    @property
    def d(self) -> int:
        """Number of observed coordinates."""
        return int(self.weights[-1].shape[1])

    def __call__(self, z: Array) -> Array:
        """``f(z)`` for ``z`` of shape (..., n); the result has shape (..., d)."""
        h = z @ self.weights[0]
        for matrix in self.weights[1:]:
            h = activation(h, self.activation, self.slope) @ matrix
        return h

    def inverse(self, x: Array) -> Array:
        """``f^-1(x)`` of shape (..., n) for ``x`` of shape (..., d).

        For n < d and ``x`` off the image: the least-squares solution in the first layer, which is *a* left inverse of
        ``f`` and not the nearest point of the image.
        """
        h = x
        for matrix in reversed(self.weights[1:]):
            h = inverse_activation(h @ np.linalg.inv(matrix), self.activation, self.slope)
        return h @ np.linalg.pinv(self.weights[0])

    def jacobian(self, z: Array) -> Array:
        """Derivative of ``f`` at ``z`` (..., n) as an array (..., n, d): row i is the derivative by ``z_i``."""
        h = z @ self.weights[0]
        result = np.broadcast_to(self.weights[0], (*h.shape[:-1], *self.weights[0].shape))
        for matrix in self.weights[1:]:
            result = (result * activation_slope(h, self.activation, self.slope)[..., None, :]) @ matrix
            h = activation(h, self.activation, self.slope) @ matrix
        return np.array(result)

    def log_abs_det_inverse(self, x: Array) -> tuple[Array, Array]:
        """``f^-1(x)`` and ``log |det d f^-1 / d x|`` for n = d; shapes (..., n) and (...)."""
        if self.n != self.d:
            raise InputError("mixing", "n = d (a determinant needs a square Jacobian)", f"n = {self.n}, d = {self.d}")
        h = x
        log_det: Array = np.zeros(x.shape[:-1])
        for matrix in reversed(self.weights[1:]):
            h = inverse_activation(h @ np.linalg.inv(matrix), self.activation, self.slope)
            log_det = log_det - np.linalg.slogdet(matrix)[1]
            log_det = log_det - np.log(activation_slope(h, self.activation, self.slope)).sum(-1)
        return h @ np.linalg.inv(self.weights[0]), log_det - np.linalg.slogdet(self.weights[0])[1]

    def to_torch(self) -> Any:
        """The same function as a ``torch.nn.Sequential`` in float64, without biases."""
        from ivae_theory.training.modules import mixing_module

        return mixing_module(self)
