"""Affine maps between statistics, ``T~ = A T~' + c`` (Eq. 12), and their group laws (Proposition 1)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import fmpq_mat
from numpy.typing import ArrayLike, NDArray

from ivae_theory.domain import refuse_masked
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.exact import determinant, to_fmpq, to_fraction, to_text
from ivae_theory.exact.identity import is_zero

__all__ = ["AffineMap"]


def _entries(values: Any, argument: str) -> NDArray[Any]:
    """Floats as float64; fractions, integers and sympy numbers exactly, as objects."""
    if isinstance(values, sympy.MatrixBase):
        values = values.tolist()
    refuse_masked(values, argument)
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(argument, "rows of one length", "rows of different lengths") from None
    if array.dtype.kind in "fiu":
        kept: NDArray[Any] = array.astype(np.float64) if array.dtype.kind == "f" else _objects(array, argument)
        if array.dtype.kind == "f" and not np.isfinite(kept).all():
            raise InputError(argument, "finite numbers", "NaN or infinity")
    elif array.dtype == object:
        kept = _objects(array, argument)
    else:
        raise InputTypeError(argument, "an array of numbers", f"dtype {array.dtype}")
    kept.setflags(write=False)
    return kept


def _objects(array: NDArray[Any], argument: str) -> NDArray[Any]:
    result = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(array):
        if isinstance(value, sympy.Expr) and not value.is_Rational and not value.is_Float:
            if value.free_symbols or value.is_extended_real is False or not value.is_finite:
                raise InputError(argument, "real numbers", str(value)[:60])
            result[index] = value
        else:
            result[index] = to_fraction(value, argument)
    return result


def _as_floats(values: NDArray[Any], argument: str) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64)
    except OverflowError:
        raise InputError(argument, "numbers below 1.8e308, where floats are needed", "a larger one") from None


def _times(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Matrix product of exact entries."""
    return _tidied(np.asarray(left.dot(right)))


def _tidied(values: NDArray[Any]) -> NDArray[Any]:
    """Sympy entries expanded, so that products of roots do not pile up."""
    result = np.empty(values.shape, dtype=object)
    for index, value in np.ndenumerate(values):
        result[index] = (
            value if isinstance(value, Fraction) else sympy.radsimp(sympy.expand(sympy.sympify(value, strict=True)))
        )
    return result


@dataclass(frozen=True, eq=False)
class AffineMap:
    """``T~ = A T~' + c``: from the learned statistics to the true ones.

    Floats stay floats; integers, fractions and sympy numbers are kept exactly, and then composition, inverse and
    comparison are exact. ``theta ~ theta'`` by ``m`` and ``theta' ~ theta''`` by ``m'`` give ``theta ~ theta''`` by
    ``m @ m'``: Proposition 1 is these group laws.

    Parameters
    ----------
    A
        (nk, nk).
    c
        (nk,); zero by default.

    Raises
    ------
    InputError, InputTypeError
        For shapes that do not fit and entries that are no real numbers.
    """

    A: NDArray[Any]
    c: NDArray[Any]

    def __init__(self, A: Any, c: Any = None) -> None:
        matrix = _entries(A, "A")
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or 0 in matrix.shape:
            raise InputError("A", "a square matrix", f"shape {matrix.shape}")
        if c is None:
            c = [0] * len(matrix) if matrix.dtype == object else np.zeros(len(matrix))
        if isinstance(c, sympy.MatrixBase):
            c = list(c)
        shift = _entries(c, "c")
        if shift.shape != (len(matrix),):
            raise InputError("c", f"shape ({len(matrix)},)", f"shape {shift.shape}")
        if matrix.dtype != shift.dtype:
            matrix, shift = _as_floats(matrix, "A"), _as_floats(shift, "c")
        object.__setattr__(self, "A", matrix)
        object.__setattr__(self, "c", shift)

    @classmethod
    def identity(cls, size: int) -> AffineMap:
        """The identity on ``size`` statistics, exactly."""
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise InputError("size", "a number of statistics", repr(size)[:40])
        return cls([[int(i == j) for j in range(size)] for i in range(size)])

    @property
    def exact(self) -> bool:
        """Whether the entries are exact numbers and no floats."""
        return bool(self.A.dtype == object)

    @property
    def size(self) -> int:
        """Number of statistics ``nk``."""
        return len(self.A)

    def __call__(self, statistics: ArrayLike) -> NDArray[np.float64]:
        """``A t + c`` for values ``t`` of shape (..., nk), in floats."""
        refuse_masked(statistics, "statistics")
        try:
            values = np.asarray(statistics, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputTypeError("statistics", f"an array of shape (..., {self.size})", repr(statistics)[:40]) from None
        if values.shape[-1:] != (self.size,):
            raise InputError("statistics", f"shape (..., {self.size})", f"shape {values.shape}")
        matrix, shift = self._floats()
        return np.asarray(values @ matrix.T + shift)

    def __matmul__(self, other: AffineMap) -> AffineMap:
        """First ``other``, then this: ``A (A' t + c') + c``."""
        if not isinstance(other, AffineMap):
            raise InputTypeError("other", "an AffineMap", type(other).__name__)
        if other.size != self.size:
            raise InputError("other", f"a map of {self.size} statistics", f"one of {other.size}")
        if self.exact and other.exact:
            shift = [value + own for value, own in zip(_times(self.A, other.c[:, None])[:, 0], self.c, strict=True)]
            return AffineMap(_times(self.A, other.A), _tidied(np.array(shift, dtype=object)))
        (left_matrix, left_shift), (right_matrix, right_shift) = self._floats(), other._floats()
        return AffineMap(left_matrix @ right_matrix, left_matrix @ right_shift + left_shift)

    def inverse(self) -> AffineMap:
        """``t -> A^-1 (t - c)``.

        Raises
        ------
        InputError
            When ``A`` is singular: exactly, or to the last digits of its floats.
        """
        if self.exact:
            if self._determinant_is_zero():
                raise InputError("A", "an invertible matrix", "a singular one")
            inverse = self._exact_inverse()
            return AffineMap(inverse, [-value for value in _times(inverse, self.c[:, None])[:, 0]])
        matrix_floats, shift = self._floats()
        values = np.linalg.svd(matrix_floats, compute_uv=False)
        if values[-1] <= len(values) * np.finfo(float).eps * values[0]:
            raise InputError("A", "an invertible matrix", f"one with smallest singular value {values[-1]:.2e}")
        inverted = np.linalg.inv(matrix_floats)
        return AffineMap(inverted, -inverted @ shift)

    def isclose(self, other: AffineMap, rtol: float = 1e-9, atol: float = 1e-12) -> bool:
        """Whether all entries agree: exactly equal when both are exact, within tolerances otherwise."""
        if not isinstance(other, AffineMap):
            raise InputTypeError("other", "an AffineMap", type(other).__name__)
        if other.size != self.size:
            return False
        if self.exact and other.exact:
            return all(
                is_zero(sympy.sympify(a - b, strict=True))
                for a, b in zip([*self.A.flat, *self.c], [*other.A.flat, *other.c], strict=True)
            )
        (a, c), (b, d) = self._floats(), other._floats()
        return bool(np.allclose(a, b, rtol, atol) and np.allclose(c, d, rtol, atol))

    def apply(self, model: Any) -> Any:
        """``theta'`` with ``theta ~ theta'`` by this map and the same law of x: see :func:`.action.act`."""
        from ivae_theory.equivalence.action import act

        return act(self, model)

    def describe(self) -> dict[str, Any]:
        """JSON values: exact entries as text, floats as numbers."""
        if self.exact:
            return {
                "exact": True,
                "A": [[to_text(sympy.sympify(v, strict=True)) for v in row] for row in self.A],
                "c": [to_text(sympy.sympify(v, strict=True)) for v in self.c],
            }
        return {"exact": False, "A": self.A.tolist(), "c": self.c.tolist()}

    def _floats(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return _as_floats(self.A, "A"), _as_floats(self.c, "c")

    @property
    def _rational(self) -> bool:
        return all(isinstance(value, Fraction) for value in self.A.flat)

    def _exact_inverse(self) -> NDArray[Any]:
        if self._rational:
            solved = fmpq_mat(self.size, self.size, [to_fmpq(value) for value in self.A.flat]).inv()
            entries = [to_fraction(solved[i, j]) for i in range(self.size) for j in range(self.size)]
            return np.array(entries, dtype=object).reshape(self.A.shape)
        try:
            solved = sympy.Matrix(self.A).inv()
        except sympy.matrices.exceptions.NonInvertibleMatrixError:
            raise InputError("A", "an invertible matrix", "a singular one") from None
        return _tidied(np.array(solved.tolist(), dtype=object))

    def _determinant_is_zero(self) -> bool:
        if self._rational:
            return determinant(self.A.tolist()) == 0
        return is_zero(sympy.expand(sympy.Matrix(self.A).det()))

    def __repr__(self) -> str:
        kind = "exact" if self.exact else "floats"
        return f"AffineMap({self.size} statistics, {kind})"
