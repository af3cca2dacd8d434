"""Where ``u`` lives (the paper's ``U``, the support of the auxiliary variable).

What the support is decides what a failure means: too few values of a *finite* support refute (iii), too few
*observed* values of a larger one do not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError, InputTypeError

__all__ = [
    "Box",
    "Domain",
    "Observed",
    "Points",
    "SymbolicDomain",
    "as_domain",
    "as_points",
    "refuse_masked",
    "tensor_array",
]


def tensor_array(tensor: Any, argument: str) -> tuple[NDArray[Any], str]:
    """A torch tensor as a numpy array, and the name of the dtype whose rounding its entries carry."""
    name = str(tensor.dtype).removeprefix("torch.")
    plain = tensor.detach().cpu()
    try:
        return (plain.float() if name == "bfloat16" else plain).numpy(), name
    except (TypeError, RuntimeError) as problem:  # sparse tensors, eight-bit floats
        raise InputTypeError(argument, "a dense tensor of a dtype that numpy has", str(problem)[:80]) from None


def refuse_masked(values: Any, argument: str) -> None:
    """Refuse what a mask hides, also in the rows of a list: numpy forgets the mask where it copies them."""
    for part in values if isinstance(values, (list, tuple)) else [values]:
        if np.ma.is_masked(part):
            raise InputError(argument, "finite numbers", f"{int(np.ma.getmaskarray(part).sum())} masked entries")


def as_points(values: Any, argument: str) -> NDArray[Any]:
    """A copy of ``values`` as a finite real array of shape (M, m) with M >= 1, m >= 1."""
    if hasattr(values, "detach"):
        values = tensor_array(values, argument)[0]
    refuse_masked(values, argument)
    try:
        array = np.array(values)
    except ValueError as error:
        raise InputError(argument, "an array of shape (M, m)", str(error)) from None
    if array.dtype == object or array.dtype.kind not in "fiub":
        raise InputTypeError(argument, "an array of numbers", f"dtype {array.dtype}")
    if array.dtype.kind == "u" and array.size and int(array.max()) >= 1 << 63:
        raise InputError(argument, "integers below 2**63", str(array.max()))
    if array.dtype.kind in "bu":
        array = array.astype(np.int64)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        rounded = array.astype(np.float64)
        if not np.array_equal(rounded, array, equal_nan=True):
            raise InputTypeError(argument, "numbers of double precision", f"dtype {array.dtype} with more digits")
        array = rounded
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(argument, "an array of shape (M, m) with M, m >= 1", f"shape {array.shape}")
    if not np.isfinite(array).all():
        raise InputError(
            argument,
            "finite numbers",
            f"NaN or infinity in row {int(np.argwhere(~np.isfinite(array))[0, 0])}",
        )
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class _Values:
    """Distinct values of ``u``, shape (M, m), in the order of their first occurrence."""

    values: NDArray[Any]

    def __init__(self, values: ArrayLike) -> None:
        array = as_points(values, type(self).__name__)
        _, first = np.unique(array, axis=0, return_index=True)
        unique = array if len(first) == len(array) else np.ascontiguousarray(array[np.sort(first)])
        unique.setflags(write=False)
        object.__setattr__(self, "values", unique)

    @property
    def dimension(self) -> int:
        """Number of coordinates of ``u`` (m)."""
        return int(self.values.shape[1])

    def __len__(self) -> int:
        return len(self.values)


class Points(_Values):
    """The whole support of ``u`` when it is finite: ``values`` of shape (M, m) or (M,).

    Duplicated rows are one value of ``u``: the support is a set.
    """


class Observed(_Values):
    """Observed values of ``u`` from a larger support: they can prove (iii), never refute it by being few."""


def _as_bound(value: Any) -> NDArray[np.float64]:
    if hasattr(value, "detach"):
        value = tensor_array(value, "Box")[0]
    try:
        bound = np.atleast_1d(value)
    except ValueError as error:
        raise InputError("Box", "bounds of one shape (m,)", str(error)) from None
    if bound.size and bound.dtype.kind not in "fiu":
        raise InputTypeError("Box", "real bounds", f"dtype {bound.dtype}")
    return bound.astype(np.float64)


@dataclass(frozen=True, eq=False)
class Box:
    """A continuum: the product of the intervals ``[low_j, high_j]``; bounds may be infinite."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __init__(self, low: ArrayLike, high: ArrayLike) -> None:
        given = _as_bound(low), _as_bound(high)
        try:
            lower, upper = np.broadcast_arrays(*given)
        except ValueError as error:
            raise InputError("Box", "bounds of one shape (m,)", str(error)) from None
        if lower.ndim != 1 or not lower.size:
            raise InputError("Box", "bounds of shape (m,) with m >= 1", f"shape {lower.shape}")
        if np.isnan(lower).any() or np.isnan(upper).any() or not (lower < upper).all():
            raise InputError("Box", "low < high in every coordinate", f"low {lower.tolist()}, high {upper.tolist()}")
        for name, value in (("low", lower), ("high", upper)):
            bound = np.array(value)
            bound.setflags(write=False)
            object.__setattr__(self, name, bound)

    @property
    def dimension(self) -> int:
        """Number of coordinates of ``u`` (m)."""
        return len(self.low)

    def candidates(self, count: int, seed: int = 0) -> NDArray[np.float64]:
        """``count`` points inside the box (scrambled Sobol; unbounded sides through a logistic map)."""
        from scipy.stats import qmc

        unit: NDArray[np.float64]
        if self.dimension > qmc.Sobol.MAXDIM:
            unit = np.random.default_rng(seed).random((count, self.dimension))
        else:
            unit = qmc.Sobol(self.dimension, seed=seed).random_base2(max(1, math.ceil(math.log2(count))))[:count]
        unit = np.clip(unit, 1e-6, 1 - 1e-6)
        points = np.empty_like(unit)
        for j, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            points[:, j] = _spread(unit[:, j], low, high)
        return points


def _spread(unit: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """(0, 1) onto the interval between two possibly infinite bounds."""
    if math.isfinite(low) and math.isfinite(high) and high / 2 - low / 2 > np.finfo(float).max / 2:
        return low * (1 - unit) + high * unit
    if math.isfinite(low) and math.isfinite(high):
        return np.asarray(np.clip(low + unit * (high - low), low, high), dtype=np.float64)
    if math.isfinite(low):
        return low - np.log1p(-unit)
    if math.isfinite(high):
        return high + np.log1p(-unit)
    return 2 * np.log(unit / (1 - unit))


#: Assumptions that sympy simplifies by, and that are none of the sets in which u is said to lie.
_NARROW = ("even", "odd", "prime", "composite", "imaginary", "irrational", "transcendental", "noninteger", "infinite")


def _default_set(symbol: Any) -> sympy.Set:
    """All reals that the symbol's assumptions allow: sympy simplifies by them."""
    if getattr(symbol, "is_integer", False):
        whole = sympy.S.Naturals0 if symbol.is_nonnegative else sympy.S.Integers
        return sympy.S.Naturals if symbol.is_positive else whole
    if getattr(symbol, "is_positive", False):
        return sympy.Interval.open(0, sympy.oo)
    if getattr(symbol, "is_negative", False):
        return sympy.Interval.open(-sympy.oo, 0)
    if getattr(symbol, "is_nonnegative", False):
        return sympy.Interval(0, sympy.oo)
    return sympy.Interval(-sympy.oo, 0) if getattr(symbol, "is_nonpositive", False) else sympy.Reals


@dataclass(frozen=True, eq=False)
class SymbolicDomain:
    """Symbols of ``u`` with the real set in which each lies, independently of the others."""

    sets: Mapping[sympy.Symbol, sympy.Set]

    def __init__(self, sets: Mapping[sympy.Symbol, sympy.Set] | Sequence[sympy.Symbol]) -> None:
        pairs = dict(sets) if isinstance(sets, Mapping) else {symbol: _default_set(symbol) for symbol in sets}
        if not pairs:
            raise InputError("u", "at least one symbol", "none")
        for symbol, where in pairs.items():
            if not isinstance(symbol, sympy.Symbol):
                raise InputTypeError("u", "sympy symbols", repr(symbol))
            narrow = [name for name in _NARROW if symbol.assumptions0.get(name)]
            if narrow:
                raise InputError(
                    "u", f"a symbol {symbol} that is real, and a set for more", f"one declared {narrow[0]}"
                )
            if not isinstance(where, sympy.Set):
                raise InputTypeError("u", f"a sympy set for {symbol}", repr(where))
            if where.is_empty or where.is_subset(sympy.Reals) is False:
                raise InputError("u", f"a non-empty set of reals for {symbol}", str(where))
        object.__setattr__(self, "sets", pairs)

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """The symbols, in the order in which they were given: the coordinates of ``u``."""
        return tuple(self.sets)

    @property
    def dimension(self) -> int:
        """Number of coordinates of ``u`` (m)."""
        return len(self.sets)

    def __iter__(self) -> Iterator[sympy.Symbol]:
        return iter(self.sets)


Domain = Points | Observed | Box | SymbolicDomain


def as_domain(u: Any) -> Domain:
    """The domain that a user's ``u=`` means: an array is the whole finite support."""
    if isinstance(u, (Points, Observed, Box, SymbolicDomain)):
        return u
    if isinstance(u, Mapping) or (isinstance(u, (list, tuple)) and u and all(isinstance(s, sympy.Symbol) for s in u)):
        return SymbolicDomain(u)
    if isinstance(u, sympy.Symbol):
        return SymbolicDomain([u])
    if u is None:
        raise InputTypeError("u", "an array, Points, Observed, Box or sympy symbols", "None")
    return Points(u)
