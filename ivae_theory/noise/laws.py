"""The tree of laws: what ``eps`` of ``x = f(z) + eps`` (Eq. 6) is made of.

A law is *scalar* (``dimension is None``: a law on R, used independently in every coordinate) or a law on R^d.
Leaves are named laws with exact parameters, Gaussians, bounded laws, symbolic densities and characteristic
functions, and opaque laws of which nothing is known; inner nodes are affine images, independent sums,
products over coordinates and mixtures. ``describe()`` is the JSON tree that certificates are about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.exact import fraction_text

__all__ = ["Affine", "Bounded", "Floats", "Iid", "Law", "Mixture", "Named", "Opaque", "PointMass", "Product", "Sum"]

Floats = NDArray[np.float64]
Matrix = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, eq=False)
class Law:
    """A probability law; ``dimension`` is ``None`` for a law on R that every coordinate shares."""

    @property
    def dimension(self) -> int | None:
        """d, or ``None`` for a scalar law."""
        return None

    def describe(self) -> dict[str, Any]:
        """The law as a JSON tree with exact parameters as text."""
        raise InputError("law", "a law that can be described", type(self).__name__)

    @property
    def text(self) -> str:
        """A short name for people."""
        return type(self).__name__.lower()

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Independent draws: ``shape`` for a scalar law, ``shape + (d,)`` otherwise."""
        raise InputError("noise", "a law that can be sampled", self.text)

    def log_density(self, x: Floats) -> Floats | None:
        """Log-density at ``x`` (shape as :meth:`sample` returns), or ``None`` where no formula is at hand."""
        return None

    def characteristic(self, t: Floats) -> NDArray[np.complex128] | None:
        """Characteristic function ``E exp(i t.eps)`` by closed form, or ``None`` where there is none."""
        return None


@dataclass(frozen=True, eq=False)
class PointMass(Law):
    """The law of a constant 0: no noise, phi = 1."""

    def describe(self) -> dict[str, Any]:
        return {"node": "none"}

    @property
    def text(self) -> str:
        return "no noise"

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return np.zeros(shape)

    def characteristic(self, t: Floats) -> NDArray[np.complex128]:
        return np.ones(np.shape(t), dtype=complex)


@dataclass(frozen=True, eq=False)
class Named(Law):
    """A law of :mod:`scipy.stats` in standard form (loc 0, scale 1), parameters exact.

    ``parameters`` maps scipy's shape names to rationals, or to the texts ``"oo"`` and ``"-oo"``.
    """

    name: str
    parameters: Mapping[str, Fraction | str] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        return {"node": "named", "name": self.name, "parameters": {k: str(v) for k, v in self.parameters.items()}}

    @property
    def text(self) -> str:
        inner = ", ".join(f"{key}={_short(value)}" for key, value in self.parameters.items())
        return f"{self.name}({inner})"

    def frozen(self) -> Any:
        """scipy's frozen law, for numbers (sampling, densities); decisions never look at it."""
        import scipy.stats

        return getattr(scipy.stats, self.name)(**{k: _float(v) for k, v in self.parameters.items()})

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return np.asarray(self.frozen().rvs(size=shape, random_state=rng), dtype=float)

    def log_density(self, x: Floats) -> Floats:
        return np.asarray(self.frozen().logpdf(x), dtype=float)

    def characteristic(self, t: Floats) -> NDArray[np.complex128] | None:
        from ivae_theory.noise.characteristic import closed_form

        return closed_form(self.name, {k: _float(v) for k, v in self.parameters.items()}, t)


@dataclass(frozen=True, eq=False)
class Bounded(Law):
    """A law of a library that lies within given bounds; only the bounds are used to decide.

    ``low`` and ``high`` have one entry for a scalar law (``vector`` False), else d entries: rationals, ``"-oo"`` or ``"oo"``.
    """

    low: tuple[Fraction | str, ...]
    high: tuple[Fraction | str, ...]
    label: str
    sampler: Callable[[tuple[int, ...], np.random.Generator], Any] | None = None
    density: Callable[[Floats], Any] | None = None
    vector: bool = False

    @property
    def dimension(self) -> int | None:
        return len(self.low) if self.vector else None

    def describe(self) -> dict[str, Any]:
        bounds = {"low": [str(v) for v in self.low], "high": [str(v) for v in self.high]}
        return {"node": "bounded", "label": self.label, "vector": self.vector, **bounds}

    @property
    def text(self) -> str:
        return self.label

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        if self.sampler is None:
            return super().sample(shape, rng)
        return np.asarray(self.sampler(shape, rng), dtype=float)

    def log_density(self, x: Floats) -> Floats | None:
        return None if self.density is None else np.asarray(self.density(x), dtype=float)


@dataclass(frozen=True, eq=False)
class Opaque(Law):
    """A law of which nothing is known but how to draw from it or how dense it is: a black box."""

    label: str
    dim: int | None = None
    sampler: Callable[[tuple[int, ...], np.random.Generator], Any] | None = None
    density: Callable[[Floats], Any] | None = None

    @property
    def dimension(self) -> int | None:
        return self.dim

    def describe(self) -> dict[str, Any]:
        return {"node": "opaque", "label": self.label, "dimension": self.dim}

    @property
    def text(self) -> str:
        return self.label

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        if self.sampler is None:
            return super().sample(shape, rng)
        return np.asarray(self.sampler(shape, rng), dtype=float)

    def log_density(self, x: Floats) -> Floats | None:
        return None if self.density is None else np.asarray(self.density(x), dtype=float)


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
        scale = _short(self.matrix) if isinstance(self.matrix, Fraction) else "B"
        body = self.law.text if scale == "1" else f"{scale} * {self.law.text}"
        return f"{body} + {_short(self.shift[0]) if len(self.shift) == 1 else 'b'}" if any(self.shift) else body

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
        return np.asarray(np.logaddexp.reduce([w + p for w, p in zip(weights, parts, strict=True)]))  # type: ignore[operator]

    def characteristic(self, t: Floats) -> NDArray[np.complex128] | None:
        parts = [law.characteristic(t) for law in self.laws]
        if any(part is None for part in parts):
            return None
        return np.asarray(sum(w * p for w, p in zip(self._probabilities(), parts, strict=True)))  # type: ignore[operator]


def _multiplied(parts: Sequence[Any]) -> Any:
    return None if any(part is None for part in parts) else np.prod(np.broadcast_arrays(*parts), axis=0)


def _added(parts: Sequence[Any]) -> Any:
    return None if any(part is None for part in parts) else np.sum(np.broadcast_arrays(*parts), axis=0)


def _float(value: Fraction | str) -> float:
    return float(value.replace("oo", "inf")) if isinstance(value, str) else float(value)


def _short(value: Fraction | str) -> str:
    """A number as people read it: exact when short, else with six digits."""
    text = str(value)
    return text if len(text) <= 8 else f"{_float(value):.6g}"
