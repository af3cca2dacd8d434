"""Whitened coordinates in which the networks are trained, without changing the model.

With ``x = m + (w * s) V^T`` for orthogonal ``V`` and scales ``s > 0``, isotropic noise of variance ``sigma^2`` on x is
noise with the precisions ``s^2 / sigma^2`` on the coordinates of w. Likelihoods below are therefore those of x itself;
only the numbers that the networks read and write are well scaled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Whitening"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Whitening:
    """``w = (x - mean) V / scale`` has covariance 1 (principal components).

    Attributes
    ----------
    mean, scale
        Shape (d,). Scales below 1e-6 of the largest are raised to it: the map stays invertible on degenerate data.
    basis
        Orthogonal matrix V (d, d).
    """

    mean: Array
    basis: Array
    scale: Array

    @classmethod
    def fit(cls, x: Array) -> Whitening:
        """The whitening of the rows of ``x`` (N, d)."""
        mean = x.mean(0)
        eigenvalues, basis = np.linalg.eigh(np.atleast_2d(np.cov(x, rowvar=False, bias=True)))
        scale = np.sqrt(np.clip(eigenvalues[::-1], 0.0, None))
        largest = float(scale.max())
        return cls(
            mean, np.ascontiguousarray(basis[:, ::-1]), np.maximum(scale, 1e-6 * largest if largest > 0 else 1.0)
        )

    def apply(self, x: Array) -> Array:
        """Rows of ``x`` (N, d) in whitened coordinates."""
        return np.asarray((x - self.mean) @ self.basis / self.scale)

    def invert(self, w: Array) -> Array:
        """Whitened coordinates (N, d) back to rows of x."""
        return np.asarray((w * self.scale) @ self.basis.T + self.mean)

    def to_dict(self) -> dict[str, Array]:
        """The arrays by name, for checkpoints."""
        return {"mean": self.mean, "basis": self.basis, "scale": self.scale}
