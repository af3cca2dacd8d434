"""Gaussians and multivariate Student laws, degenerate covariances included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.noise.laws import Floats, Law, as_number, short

__all__ = ["Gaussian", "MultivariateStudent", "Spread", "as_spread"]

#: A variance, a vector of variances (diagonal) or a covariance matrix.
Spread = Fraction | tuple[Fraction, ...] | tuple[tuple[Fraction, ...], ...]

#: How far below 0, relative to the largest, an eigenvalue may fall that rounding is allowed to explain.
ROUNDING = 1e-9


def as_spread(value: Any, argument: str) -> Spread:
    """A variance (scalar, vector d, or d x d positive semi-definite matrix) as exact rationals.

    Raises
    ------
    InputError
        For negative variances, NaN, asymmetric or indefinite matrices.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value, dtype=object)
    if array.ndim > 2 or array.size == 0:
        raise InputError(argument, "a variance, a vector (d,) or a matrix (d, d)", f"shape {array.shape}")
    if array.ndim == 2:
        return _matrix([[as_number(entry, argument) for entry in row] for row in array], argument)
    entries = [as_number(entry, argument) for entry in array.reshape(-1)]
    for entry in entries:
        if entry < 0:
            raise InputError(argument, "variances that are not negative", str(float(entry)))
    return entries[0] if array.ndim == 0 else tuple(entries)


def _matrix(rows: Sequence[Sequence[Fraction]], argument: str) -> Spread:
    """The symmetric matrix that ``rows`` is, up to rounding; refuses indefinite ones."""
    size = len(rows)
    if any(len(row) != size for row in rows):
        raise InputError(argument, "a square covariance matrix", f"shape ({size}, {len(rows[0])})")
    # divided exactly by the largest entry, so that neither large nor small ones leave the range of floats
    scale = max(abs(entry) for row in rows for entry in row) or Fraction(1)
    numbers = np.array([[float(entry / scale) for entry in row] for row in rows])
    if np.abs(numbers - numbers.T).max() > ROUNDING:
        raise InputError(argument, "a symmetric covariance matrix", "an asymmetric one")
    symmetric = tuple(tuple((rows[i][j] + rows[j][i]) / 2 for j in range(size)) for i in range(size))
    lowest = float(np.linalg.eigvalsh((numbers + numbers.T) / 2)[0])
    if lowest < -ROUNDING:
        shown = f"the eigenvalue {lowest * float(scale):.6g}"
        raise InputError(argument, "a positive semi-definite covariance matrix", shown)
    if any(symmetric[i][i] < 0 for i in range(size)):
        raise InputError(argument, "variances that are not negative", "a negative diagonal entry")
    return symmetric


def _spread_texts(spread: Spread) -> Any:
    if isinstance(spread, Fraction):
        return str(spread)
    return [[str(v) for v in row] if isinstance(row, tuple) else str(row) for row in spread]


def _spread_matrix(spread: Spread) -> Floats:
    """The covariance of a law on R^d as a float matrix."""
    numbers = np.array(spread, dtype=float)
    return np.diag(numbers) if numbers.ndim == 1 else numbers


def _root(spread: Spread) -> Floats:
    """A matrix ``R`` with ``R R^T`` the covariance; works for degenerate ones."""
    values, vectors = np.linalg.eigh(_spread_matrix(spread))
    return np.asarray(vectors * np.sqrt(np.clip(values, 0, None)))


def _quadratic(spread: Spread, t: Floats) -> Floats:
    """``t . Sigma t`` along the last axis, or ``sigma^2 t^2`` for a scalar law."""
    if isinstance(spread, Fraction):
        return np.asarray(float(spread) * t**2)
    numbers = np.array(spread, dtype=float)
    return np.asarray((t**2 * numbers).sum(-1) if numbers.ndim == 1 else np.einsum("...i,ij,...j->...", t, numbers, t))


def _mahalanobis(spread: Spread, x: Floats) -> tuple[Floats, float, int] | None:
    """``x . Sigma^-1 x``, ``log det Sigma`` and d; ``None`` for a degenerate covariance."""
    if isinstance(spread, Fraction):
        return (x**2 / float(spread), float(np.log(float(spread))), 1) if spread else None
    matrix = _spread_matrix(spread)
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None
    white = np.linalg.solve(factor, x[..., None])[..., 0]
    return (white**2).sum(-1), 2 * float(np.log(np.diag(factor)).sum()), len(matrix)


@dataclass(frozen=True, eq=False)
class _Elliptic(Law):
    spread: Spread

    @property
    def dimension(self) -> int | None:
        return None if isinstance(self.spread, Fraction) else len(self.spread)

    def _normal(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        if isinstance(self.spread, Fraction):
            return np.asarray(np.sqrt(float(self.spread)) * rng.standard_normal(shape))
        return np.asarray(rng.standard_normal((*shape, len(self.spread))) @ _root(self.spread).T)


@dataclass(frozen=True, eq=False)
class Gaussian(_Elliptic):
    """Centred Gaussian; ``spread`` is its variance, its variances, or its covariance matrix."""

    def describe(self) -> dict[str, Any]:
        return {"node": "gaussian", "covariance": _spread_texts(self.spread)}

    @property
    def text(self) -> str:
        if isinstance(self.spread, Fraction):
            return f"Gaussian with variance {short(self.spread)}"
        return f"Gaussian on R^{len(self.spread)}"

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return self._normal(shape, rng)

    def log_density(self, x: Floats) -> Floats | None:
        found = _mahalanobis(self.spread, x)
        return None if found is None else -0.5 * (found[0] + found[1] + found[2] * np.log(2 * np.pi))

    def characteristic(self, t: Floats) -> NDArray[np.complex128]:
        return np.exp(-0.5 * _quadratic(self.spread, t)).astype(complex)


@dataclass(frozen=True, eq=False)
class MultivariateStudent(_Elliptic):
    """``G / sqrt(W / df)`` with ``G`` centred Gaussian and ``W`` chi-squared with ``df`` degrees, independent."""

    df: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        if isinstance(self.spread, Fraction):
            raise InputTypeError("shape", "a matrix (d, d)", "a number")
        if self.df <= 0:
            raise InputError("df", "a positive number", str(self.df))

    def describe(self) -> dict[str, Any]:
        return {"node": "multivariate_t", "df": str(self.df), "shape": _spread_texts(self.spread)}

    @property
    def text(self) -> str:
        return f"Student law with {short(self.df)} degrees of freedom on R^{self.dimension}"

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        df = float(self.df)
        return np.asarray(self._normal(shape, rng) / np.sqrt(rng.chisquare(df, shape) / df)[..., None])

    def log_density(self, x: Floats) -> Floats | None:
        from math import lgamma

        found = _mahalanobis(self.spread, x)
        if found is None:
            return None
        square, logdet, d = found
        df = float(self.df)
        constant = lgamma((df + d) / 2) - lgamma(df / 2) - 0.5 * (d * np.log(df * np.pi) + logdet)
        return np.asarray(constant - 0.5 * (df + d) * np.log1p(square / df))

    def characteristic(self, t: Floats) -> NDArray[np.complex128]:
        from ivae_theory.noise.characteristic import closed_form

        found = closed_form("t", {"df": float(self.df)}, np.sqrt(_quadratic(self.spread, t)))
        assert found is not None
        return found
