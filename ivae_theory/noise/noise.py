"""``Noise``: the law of ``eps``, declared by the user, with its algebra."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from ivae_theory.assumed import of_law
from ivae_theory.domain import tensor_array
from ivae_theory.enclosure.turn import turn
from ivae_theory.errors import CallableFailed, InputError, InputTypeError
from ivae_theory.exact import to_fraction
from ivae_theory.noise.composite import Affine, Iid, Mixture, Product, Sum
from ivae_theory.noise.gaussian import Gaussian, as_spread
from ivae_theory.noise.gradients import requires_gradient
from ivae_theory.noise.laws import Floats, Law, Opaque, PointMass, as_number

__all__ = ["Noise"]


@dataclass(frozen=True, eq=False, init=False)
class Noise:
    """The law of ``eps`` in ``x = f(z) + eps`` (Eq. 6), independent of ``(z, u)``.

    Parameters
    ----------
    density
        A density on R as a sympy expression in one real symbol (integrates to 1), or a black-box callable.
    cf
        A characteristic function as a sympy expression in ``symbols``.
    symbols
        The symbols of ``cf``: one for a law that all coordinates share, d for a law on R^d.
    support
        The set on which ``density`` lives (default: all reals; zero outside).
    law
        A ready :class:`~ivae_theory.noise.laws.Law`, for adapters.
    learned
        Whether the law's parameters are fitted together with the model: then it is not "the same known noise". A
        density that computes with a tensor that requires a gradient is.

    Raises
    ------
    InputError, InputTypeError
        For invalid parameters, with the argument's name.
    NotNormalizable
        For a density that is negative somewhere, or proved not to integrate to 1.
    """

    law: Law
    learned: bool

    @turn()
    def __init__(
        self,
        *,
        density: Any = None,
        cf: Any = None,
        symbols: Sequence[sympy.Symbol] | None = None,
        support: sympy.Set | None = None,
        law: Law | None = None,
        learned: bool = False,
    ) -> None:
        if sum(argument is not None for argument in (density, cf, law)) != 1:
            raise InputError("Noise", "exactly one of density=, cf=, law=", "none or several of them")
        if not isinstance(learned, (bool, np.bool_)):
            raise InputTypeError("learned", "True or False", repr(learned))
        if symbols is not None and cf is None:
            raise InputError("symbols", "symbols together with cf=", "symbols without cf=")
        if support is not None and density is None:
            raise InputError("support", "a support together with density=", "a support without density=")
        if density is not None:
            law = _from_density(density, support)
        elif cf is not None:
            from ivae_theory.noise.cf import characteristic_law

            law = characteristic_law(cf, symbols)
        if not isinstance(law, Law):
            raise InputTypeError("law", "a Law", type(law).__name__)
        object.__setattr__(self, "law", law)
        computed = callable(density) and not isinstance(density, sympy.Basic)
        object.__setattr__(self, "learned", bool(learned) or (computed and requires_gradient(density)))

    @classmethod
    def none(cls) -> Noise:
        """No noise: ``x = f(z)``, phi = 1."""
        return cls(law=PointMass())

    @classmethod
    def gaussian(cls, variance: Any, learned: bool = False) -> Noise:
        """Centred Gaussian noise.

        Parameters
        ----------
        variance
            The variance of every coordinate, or d variances, or a d x d covariance matrix (positive semi-definite).
        learned
            Whether the variance is fitted together with the model; a tensor that requires a gradient is.
        """
        fitted = learned or requires_gradient(variance)
        return cls(law=Gaussian(as_spread(_detached(variance, "variance"), "variance")), learned=fitted)

    @classmethod
    def product(cls, noises: Sequence[Any]) -> Noise:
        """Independent noises side by side: one coordinate for a scalar law, its own d for a law on R^d."""
        parts = _noises(noises, "product")
        return cls(law=Product(tuple(part.law for part in parts)), learned=any(part.learned for part in parts))

    @classmethod
    def mixture(cls, weights: Sequence[Any], noises: Sequence[Any]) -> Noise:
        """The law of ``noises[j]`` with probability ``weights[j]``. A mixture of admissible laws need not be
        admissible."""
        parts = _noises(noises, "mixture")
        exact = [to_fraction(weight, "weights") for weight in weights]
        if len(exact) != len(parts) or min(exact) < 0 or not 0.999999 <= sum(exact) <= 1.000001:
            raise InputError("weights", f"{len(parts)} weights that are not negative and sum to 1", str(list(weights)))
        laws = _same_dimension([part.law for part in parts], "mixture")
        kept = [(w, law) for w, law in zip(exact, laws, strict=True) if w]
        total = sum((w for w, _ in kept), Fraction(0))
        mixed = Mixture(tuple(w / total for w, _ in kept), tuple(law for _, law in kept))
        return cls(law=mixed, learned=any(part.learned for part in parts))

    @property
    def dimension(self) -> int | None:
        """d, or ``None`` for a scalar law that every coordinate shares, independently."""
        return self.law.dimension

    @property
    def text(self) -> str:
        """A short name for people."""
        return self.law.text + (" (learned)" if self.learned else "")

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the law takes for granted without a proof, one sentence each."""
        return tuple(dict.fromkeys(of_law(self.law.describe())))

    def describe(self) -> dict[str, Any]:
        """JSON values: ``text``, ``dimension``, ``learned`` and the ``law`` as a tree."""
        described = {"dimension": self.dimension, "learned": self.learned, "law": self.law.describe()}
        return {"text": self.text, **described}

    def __repr__(self) -> str:
        return f"Noise({self.text})"

    # numpy must leave ``B @ noise`` and ``array + noise`` to the methods below
    __array_ufunc__ = None

    def sample(self, size: tuple[int, int], rng: np.random.Generator) -> Floats:
        """Draws of shape (B, d) = ``size``."""
        count, d = size
        if self.dimension is None:
            return np.asarray(self.law.sample((count, d), rng), dtype=float).reshape(count, d)
        self._check_dimension(d)
        return np.asarray(self.law.sample((count,), rng), dtype=float).reshape(count, d)

    def observe(self, values: Floats, rng: np.random.Generator) -> Floats:
        """Draw ``x = f(z) + eps`` (B, d) given ``f(z)`` = ``values`` (B, d)."""
        values = np.asarray(values, dtype=float)
        return values + self.sample((values.shape[0], values.shape[1]), rng)

    def log_density(self, e: ArrayLike) -> Floats | None:
        """Log-density at ``e`` (B, d), shape (B,); ``None`` for a law without density or without a formula for it."""
        values = np.asarray(e, dtype=float)
        if self.dimension is None:
            inner = self.law.log_density(values)
            return None if inner is None else np.asarray(inner.sum(axis=-1))
        self._check_dimension(values.shape[-1])
        return self.law.log_density(values)

    def characteristic(self, t: ArrayLike) -> NDArray[np.complex128] | None:
        """Characteristic function at ``t`` (B, d), shape (B,); ``None`` where no closed form is known."""
        values = np.asarray(t, dtype=float)
        if self.dimension is None:
            inner = self.law.characteristic(values)
            return None if inner is None else np.asarray(inner.prod(axis=-1))
        self._check_dimension(values.shape[-1])
        return self.law.characteristic(values)

    def _check_dimension(self, d: int) -> None:
        if d != self.dimension:
            raise InputError("noise", f"{self.dimension} coordinates", f"{d}")

    def __add__(self, other: Any) -> Noise:
        """The sum of independent noises, or this noise shifted by a number or a vector."""
        if isinstance(other, Noise):
            laws = _same_dimension([self.law, other.law], "sum")
            flat = [part for law in laws for part in (law.laws if isinstance(law, Sum) else (law,))]
            return Noise(law=Sum(tuple(flat)), learned=self.learned or other.learned)
        shift = np.asarray(_detached(other, "shift"), dtype=object)
        if shift.ndim > 1:
            raise InputError("shift", "a number or a vector (d,)", f"shape {shift.shape}")
        entries = tuple(as_number(entry, "shift") for entry in shift.reshape(-1))
        law = self.law
        if shift.ndim == 1:
            law = Iid(law, len(entries)) if law.dimension is None else law
            if law.dimension != len(entries):
                raise InputError("shift", f"{law.dimension} entries", f"{len(entries)}")
        elif law.dimension is not None:
            entries = entries * law.dimension
        return Noise(law=Affine(law, Fraction(1), entries), learned=self.learned or requires_gradient(other))

    __radd__ = __add__

    def __mul__(self, scale: Any) -> Noise:
        """The noise times a number."""
        factor, learned = as_number(_detached(scale, "scale"), "scale"), self.learned or requires_gradient(scale)
        return Noise(law=Affine(self.law, factor, (Fraction(0),) * (self.dimension or 1)), learned=learned)

    __rmul__ = __mul__

    def __neg__(self) -> Noise:
        return self * -1

    def __sub__(self, other: Any) -> Noise:
        if isinstance(other, Noise):
            return self + -other
        shifted = self + -np.asarray(_detached(other, "shift"), dtype=object)
        return Noise(law=shifted.law, learned=self.learned or requires_gradient(other))

    def __rmatmul__(self, matrix: Any) -> Noise:
        """``B @ noise`` with ``B`` of shape (d', d): the law of ``B eps``."""
        array = np.asarray(_detached(matrix, "B"), dtype=object)
        if array.ndim != 2 or 0 in array.shape:
            raise InputError("B", "a matrix (d', d)", f"shape {array.shape}")
        columns = array.shape[1]
        law = Iid(self.law, columns) if self.dimension is None else self.law
        if law.dimension != columns:
            raise InputError("B", f"{law.dimension} columns", f"{columns}")
        rows = tuple(tuple(as_number(entry, "B") for entry in row) for row in array)
        learned = self.learned or requires_gradient(matrix)
        return Noise(law=Affine(law, rows, (Fraction(0),) * len(rows)), learned=learned)


def _detached(value: Any, argument: str) -> Any:
    """Tensors, also in lists, as numpy numbers of their own precision."""
    if hasattr(value, "detach"):
        return tensor_array(value, argument)[0][()]
    return [_detached(item, argument) for item in value] if isinstance(value, (list, tuple)) else value


def _from_density(density: Any, support: sympy.Set | None) -> Law:
    if callable(density) and not isinstance(density, sympy.Basic):
        return _black_box(density)
    from ivae_theory.noise.density import density_law

    return density_law(density, support)


def _black_box(function: Callable[[Floats], Any]) -> Law:
    name = getattr(function, "__name__", type(function).__name__)

    def log_density(x: Floats) -> Floats:
        try:
            values = np.asarray(function(x), dtype=float)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the user's function raises is reported as its failure
            raise CallableFailed("density", "a function of an array that returns its density", repr(error)) from None
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(values))

    return Opaque(f"black-box density {name}", None, None, log_density)


def _noises(noises: Sequence[Any], argument: str) -> list[Noise]:
    from ivae_theory.noise.registry import as_noise

    converted = [as_noise(item) for item in noises]
    if not converted:
        raise InputError(argument, "at least one noise", "none")
    for item in converted:
        if not isinstance(item, Noise):
            raise InputTypeError(argument, "additive noises", type(item).__name__)
    return [item for item in converted if isinstance(item, Noise)]


def _same_dimension(laws: Sequence[Law], argument: str) -> list[Law]:
    """Scalar laws become i.i.d. coordinates where another law fixes d."""
    fixed = {law.dimension for law in laws} - {None}
    if len(fixed) > 1:
        raise InputError(argument, "laws of one dimension", f"dimensions {sorted(d for d in fixed if d)}")
    d = next(iter(fixed), None)
    return [law if d is None or law.dimension is not None else Iid(law, d) for law in laws]
