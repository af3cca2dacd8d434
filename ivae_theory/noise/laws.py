"""The tree of laws: what ``eps`` of ``x = f(z) + eps`` (Eq. 6) is made of.

A law is *scalar* (``dimension is None``: a law on R, used independently in every coordinate) or a law on R^d.
Leaves are named laws with exact parameters, Gaussians, bounded laws, symbolic densities and characteristic
functions, and opaque laws of which nothing is known; inner nodes are affine images, independent sums,
products over coordinates and mixtures. ``describe()`` is the JSON tree that certificates are about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.exact import to_fraction

__all__ = ["Bounded", "Floats", "Law", "Named", "Opaque", "PointMass", "as_number", "short"]

Floats = NDArray[np.float64]


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
        inner = ", ".join(f"{key}={short(value)}" for key, value in self.parameters.items())
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


class _Foreign(Law):
    """A law that draws and weighs through functions of the package that it came from."""

    label: str
    sampler: Callable[[tuple[int, ...], np.random.Generator], Any] | None
    density: Callable[[Floats], Any] | None

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
class Bounded(_Foreign):
    """A law of a library that lies within given bounds; only the bounds are used to decide.

    ``low`` and ``high`` have one entry for a scalar law (``vector`` False), else d entries: rationals, ``"-oo"`` or
    ``"oo"``.
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


@dataclass(frozen=True, eq=False)
class Opaque(_Foreign):
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


def as_number(value: Any, argument: str) -> Fraction:
    """The rational number that ``value`` is, exactly, of a size that a float can hold: laws are drawn in floats.

    Raises
    ------
    InputError
        For NaN, infinities and numbers beyond the floats.
    InputTypeError
        For anything that is not a number.
    """
    exact = to_fraction(value, argument)
    try:
        float(exact)
    except OverflowError:
        raise InputError(argument, "a number that a float can hold", "a larger one") from None
    return exact


def _float(value: Fraction | str) -> float:
    return float(value.replace("oo", "inf")) if isinstance(value, str) else float(value)


def short(value: Fraction | str) -> str:
    """A number as people read it: exact when short, else with six digits."""
    text = str(value)
    return text if len(text) <= 8 else f"{_float(value):.6g}"
