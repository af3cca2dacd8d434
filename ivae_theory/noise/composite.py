"""Inner nodes of the tree of laws: affine images, independent sums, products over coordinates, mixtures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.exact import fraction_text
from ivae_theory.noise.laws import Floats, Law, short

__all__ = ["Affine", "Iid", "Mixture", "Product", "Sum"]

Matrix = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, eq=False)
class Affine(Law):
    """``B eps + b``. A number ``matrix`` scales and keeps the dimension; a matrix has d' rows."""

    law: Law
    matrix: Fraction | Matrix
    shift: tuple[Fraction, ...] = (Fraction(0),)

    @property
    def dimension(self) -> int | None:
        return self.law.dimension if isinstance(self.matrix, Fraction) else len(self.matrix)

    def describe(self) -> dict[str, Any]:
        scalar = isinstance(self.matrix, Fraction)
        rows: Any = str(self.matrix) if scalar else [[str(v) for v in row] for row in self.matrix]  # type: ignore[union-attr]
        return {"node": "affine", "matrix": rows, "shift": [str(v) for v in self.shift], "law": self.law.describe()}

    @property
    def text(self) -> str:
        scale = short(self.matrix) if isinstance(self.matrix, Fraction) else "B"
        body = self.law.text if scale == "1" else f"{scale} * {self.law.text}"
        return f"{body} + {short(self.shift[0]) if len(self.shift) == 1 else 'b'}" if any(self.shift) else body

    def _numbers(self) -> tuple[Any, Floats]:
        shift = np.array([float(v) for v in self.shift])
        if self.dimension is None:
            shift = shift[0]
        scalar = isinstance(self.matrix, Fraction)
        return (float(self.matrix) if scalar else np.array(self.matrix, dtype=float)), shift  # type: ignore[arg-type]

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        matrix, shift = self._numbers()
        draws = self.law.sample(shape, rng)
        return np.asarray((draws * matrix if np.ndim(matrix) == 0 else draws @ matrix.T) + shift)

    def log_density(self, x: Floats) -> Floats | None:
        matrix, shift = self._numbers()
        if np.ndim(matrix) == 0:
            inner = self.law.log_density((x - shift) / matrix) if matrix else None
            return None if inner is None else inner - (self.dimension or 1) * np.log(abs(matrix))
        if matrix.shape[0] != matrix.shape[1] or np.linalg.slogdet(matrix)[0] == 0:
            return None
        inner = self.law.log_density(np.linalg.solve(matrix, (x - shift)[..., None])[..., 0])
        return None if inner is None else inner - np.linalg.slogdet(matrix)[1]

    def characteristic(self, t: Floats) -> NDArray[np.complex128] | None:
        matrix, shift = self._numbers()
        inner = self.law.characteristic(t * matrix if np.ndim(matrix) == 0 else t @ matrix)
        phase = t * shift if self.dimension is None else (t * shift).sum(axis=-1)
        return None if inner is None else inner * np.exp(1j * phase)


@dataclass(frozen=True, eq=False)
class Sum(Law):
    """Sum of independent laws of one dimension (all scalar, or all on R^d)."""

    laws: tuple[Law, ...]

    @property
    def dimension(self) -> int | None:
        return self.laws[0].dimension

    def describe(self) -> dict[str, Any]:
        return {"node": "sum", "laws": [law.describe() for law in self.laws]}

    @property
    def text(self) -> str:
        return " + ".join(law.text for law in self.laws)

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return np.asarray(sum(law.sample(shape, rng) for law in self.laws))

    def characteristic(self, t: Floats) -> NDArray[np.complex128] | None:
        return _multiplied([law.characteristic(t) for law in self.laws])


@dataclass(frozen=True, eq=False)
class Product(Law):
    """Independent laws side by side: a scalar law fills one coordinate, a law on R^m fills m."""

    laws: tuple[Law, ...]

    @property
    def dimension(self) -> int:
        return sum(law.dimension or 1 for law in self.laws)

    def describe(self) -> dict[str, Any]:
        return {"node": "product", "laws": [law.describe() for law in self.laws]}

    @property
    def text(self) -> str:
        names = [law.text for law in self.laws]
        return f"product of {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}"

    def _slices(self, x: Floats) -> list[Floats]:
        parts, start = [], 0
        for law in self.laws:
            width = law.dimension or 1
            block = x[..., start : start + width]
            parts.append(block[..., 0] if law.dimension is None else block)
            start += width
        return parts

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        draws = [law.sample(shape, rng) for law in self.laws]
        return np.concatenate(
            [d[..., None] if law.dimension is None else d for law, d in zip(self.laws, draws, strict=True)], axis=-1
        )

    def log_density(self, x: Floats) -> Floats | None:
        return _added([law.log_density(part) for law, part in zip(self.laws, self._slices(x), strict=True)])

    def characteristic(self, t: Floats) -> NDArray[np.complex128] | None:
        return _multiplied([law.characteristic(part) for law, part in zip(self.laws, self._slices(t), strict=True)])


@dataclass(frozen=True, eq=False)
class Iid(Law):
    """``count`` independent coordinates that share one scalar law."""

    law: Law
    count: int

    @property
    def dimension(self) -> int:
        return self.count

    def describe(self) -> dict[str, Any]:
        return {"node": "iid", "law": self.law.describe(), "count": self.count}

    @property
    def text(self) -> str:
        return f"{self.law.text} in each of {self.count} coordinates"

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return self.law.sample((*shape, self.count), rng)

    def log_density(self, x: Floats) -> Floats | None:
        inner = self.law.log_density(x)
        return None if inner is None else np.asarray(inner.sum(axis=-1))

    def characteristic(self, t: Floats) -> NDArray[np.complex128] | None:
        inner = self.law.characteristic(t)
        return None if inner is None else np.asarray(inner.prod(axis=-1))


@dataclass(frozen=True, eq=False)
class Mixture(Law):
    """The law that follows ``laws[j]`` with probability ``weights[j]``; (N) is not closed under mixtures."""

    weights: tuple[Fraction, ...]
    laws: tuple[Law, ...]

    @property
    def dimension(self) -> int | None:
        return self.laws[0].dimension

    def describe(self) -> dict[str, Any]:
        weights = [fraction_text(weight) for weight in self.weights]
        return {"node": "mixture", "weights": weights, "laws": [law.describe() for law in self.laws]}

    @property
    def text(self) -> str:
        return f"mixture of {', '.join(law.text for law in self.laws)}"

    def _probabilities(self) -> Floats:
        weights = np.array([float(weight) for weight in self.weights])
        return np.asarray(weights / weights.sum())

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        which = rng.choice(len(self.laws), size=shape, p=self._probabilities())
        draws = np.stack([law.sample(shape, rng) for law in self.laws])
        index = which[None] if self.dimension is None else which[None, ..., None]
        return np.asarray(np.take_along_axis(draws, index, axis=0)[0])

    def log_density(self, x: Floats) -> Floats | None:
        parts = [law.log_density(x) for law in self.laws]
        if any(part is None for part in parts):
            return None
        weights = np.log(self._probabilities())
        return np.asarray(np.logaddexp.reduce([w + p for w, p in zip(weights, parts, strict=True)]))

    def characteristic(self, t: Floats) -> NDArray[np.complex128] | None:
        parts = [law.characteristic(t) for law in self.laws]
        if any(part is None for part in parts):
            return None
        return np.asarray(sum(w * p for w, p in zip(self._probabilities(), parts, strict=True)))


def _multiplied(parts: Sequence[Any]) -> NDArray[np.complex128] | None:
    return None if any(part is None for part in parts) else np.asarray(np.prod(np.broadcast_arrays(*parts), axis=0))


def _added(parts: Sequence[Any]) -> Floats | None:
    return None if any(part is None for part in parts) else np.asarray(np.sum(np.broadcast_arrays(*parts), axis=0))
