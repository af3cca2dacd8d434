"""The action of affine maps on models: ``theta' = map . theta`` with ``theta ~ theta'`` by the map and the same law
of x.

``T~' = A^-1 (T~ - c)``, ``lambda' = A^T lambda`` and ``f'`` with the latents in their new order. For ``T~'`` to be of
the class (each statistic a function of one latent) A must be a block permutation; a general A would mix latents,
which only particular priors allow (a rotation of Gaussian latents, say).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.enclosure.rounding import column_error
from ivae_theory.equivalence.affine import AffineMap
from ivae_theory.errors import InputError, InputTypeError

__all__ = ["act"]


def act(map_: AffineMap, model: Any) -> Any:
    """The reparametrised model.

    Parameters
    ----------
    map_
        An invertible map whose A is a block permutation: block row i (latent i of ``model``) has one non-zero block, in
        the columns of latent ``s(i)`` of the new model.
    model
        A model with statistics by formulas and a table or symbolic lambda. Floats of the map are read as the dyadic
        rationals that they are.

    Raises
    ------
    InputError
        For sizes that differ, singular maps, maps that are no block permutations, and models without formulas.
    """
    if not hasattr(model, "prior"):
        raise InputTypeError("model", "a Model", type(model).__name__)
    prior = model.prior
    if map_.size != prior.size:
        raise InputError("map", f"a map of {prior.size} statistics", f"one of {map_.size}")
    if any(family.statistics is None for family in prior.families):
        raise InputError("model", "statistics by formulas", "callables")
    exact = AffineMap(_exact(map_.A), _exact(map_.c))
    permutation = _blocks(exact.A, prior.ks)
    inverse = exact.inverse()
    families, order = _families(prior, inverse, permutation)
    natural, u = _natural(prior, exact.A)
    from ivae_theory.model import Model, Prior

    moved = Prior(families, natural, u=u, error=_error(prior.natural, exact.A))
    return Model(moved, noise=model.noise, mixing=_mixing(model.mixing, order), posterior=None)


def _exact(values: NDArray[Any]) -> list[Any]:
    if values.dtype != object:
        values = np.vectorize(lambda value: Fraction(*float(value).as_integer_ratio()), otypes=[object])(values)
    return list(values.tolist())


def _slices(ks: tuple[int, ...]) -> list[slice]:
    ends = np.cumsum(ks)
    return [slice(int(end) - k, int(end)) for end, k in zip(ends, ks, strict=True)]


def _blocks(A: NDArray[Any], ks: tuple[int, ...]) -> list[int]:
    """For each latent i the new latent s(i); the new latents have the k_i of the old ones in the new order."""
    wanted = "a block permutation: each block row and column with one non-zero block of its size"
    size, equal = ks[0], len(set(ks)) == 1
    # With different k_i only maps that keep every latent in its place have well-defined blocks.
    columns = [slice(i * size, (i + 1) * size) for i in range(len(ks))] if equal else _slices(ks)
    found = []
    for span in _slices(ks):
        where = [j for j, column in enumerate(columns) if any(value != 0 for value in A[span, column].flat)]
        if len(where) != 1 or ks[where[0]] != span.stop - span.start:
            raise InputError("map", wanted, f"{len(where)} non-zero blocks in a row")
        found.append(where[0])
    if len(set(found)) != len(found):
        raise InputError("map", wanted, "two rows with the same block column")
    return found


def _families(prior: Any, inverse: AffineMap, permutation: list[int]) -> tuple[list[Any], list[int]]:
    """New families in their order, and ``order[j]``: the old latent that is the new latent j."""
    from ivae_theory.families import ExponentialFamily

    order = [permutation.index(j) for j in range(len(permutation))]
    spans = _slices(prior.ks)
    families = []
    for j, old in enumerate(order):
        family = prior.families[old]
        block = sympy.Matrix(inverse.A[spans[j], spans[old]])
        shift = sympy.Matrix(inverse.c[spans[j]])
        statistics = block * sympy.Matrix(family.statistics) + shift
        families.append(ExponentialFamily(list(statistics), family.support, family.base_measure, family.variable))
    return families, order


def _natural(prior: Any, A: NDArray[Any]) -> tuple[Any, Any]:
    """``lambda' = A^T lambda`` exactly, as a table or as a symbolic vector with its domain."""
    transposed = sympy.Matrix(A).T
    natural = prior.natural
    if hasattr(natural, "matrix"):
        return list(transposed * natural.matrix), dict(natural.sets)
    if not hasattr(natural, "values"):
        raise InputError("model", "lambda as a table or by formulas", "a callable")
    domain = prior.domain if type(prior.domain).__name__ == "Observed" else None
    if natural.kind == "symbols":
        return (sympy.Matrix(natural.exact) * transposed.T).tolist(), domain
    rows = natural.exact if natural.kind == "exact" else natural.values.tolist()
    moved = _moved([[Fraction(value) for value in row] for row in rows], A, transposed)
    if natural.kind != "floats":
        return moved, domain
    try:
        return np.array([[float(value) for value in row] for row in moved]), domain
    except OverflowError:
        raise InputError("map", "one that leaves lambda below 1.8e308", "larger natural parameters") from None


def _moved(rows: list[list[Fraction]], A: NDArray[Any], transposed: sympy.Matrix) -> list[list[Any]]:
    """``A^T lambda`` for each row: fractions, or sympy numbers when A has roots and the like."""
    if not all(isinstance(entry, Fraction) for entry in A.flat):
        return list((sympy.Matrix(rows) * transposed.T).tolist())
    return [
        [sum((a * value for a, value in zip(column, row, strict=True)), Fraction(0)) for column in A.T] for row in rows
    ]


def _error(natural: Any, A: NDArray[Any]) -> NDArray[np.float64] | None:
    """What is granted to the entries of a table of floats, carried along: they are no better known afterwards."""
    if getattr(natural, "kind", None) != "floats":
        return None
    granted = column_error(natural.values, natural.dtype, natural.declared)
    size = np.abs(np.asarray(A, dtype=np.float64))
    return np.broadcast_to(np.nextafter(granted @ size * (1 + 1e-9), np.inf), natural.values.shape)


def _mixing(mixing: Any, order: list[int]) -> Any:
    """``f'(z') = f(z)`` with ``z_old[order[j]] = z'_j``."""
    if mixing is None or order == list(range(len(order))):
        return mixing
    if hasattr(mixing, "matrix"):
        symbols = mixing.symbols
        return [symbols[old] for old in order], list(mixing.matrix)
    positions = np.argsort(order)
    return lambda z: mixing.evaluate(np.asarray(z)[:, positions])
