"""Which combinations of a traced graph's outputs cannot vary: exact linear algebra on its last affine layers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import balls, between
from ivae_theory.enclosure.network.structure import AffinePart
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_fraction

__all__ = ["coefficients"]

_BITS = 128


def coefficients(graph: Graph, part: AffinePart, low: Any = None, high: Any = None) -> list[list[Fraction]]:
    """A matrix ``C`` (size, columns) with ``output = C h(u) + constant`` for some functions ``h``, exactly.

    ``w C = 0`` proves that ``w . output`` is constant: over all u, or over the box when its bounds are given.

    Parameters
    ----------
    graph, part
        The graph, and an inner node through which its outputs are affine.
    low, high
        Bounds of a box, shape (m,), infinite ones allowed. Coordinates of the inner node that are proved constant
        over the box (dead units) drop out, and those proved affine count for no more than the m coordinates of u.
    """
    weights: NDArray[Any] = part.W
    if low is None or part.node == -1 or graph.integer:
        return [list(row) for row in weights]
    try:
        curved, constant, slopes = _over_box(graph, part, np.asarray(low), np.asarray(high))
    except CannotEnclose:
        return [list(row) for row in weights]
    own = [c for c in range(part.width) if curved[c]]
    shared = [c for c in range(part.width) if not curved[c] and not constant[c]]
    if slopes is None:
        own, shared = sorted(own + shared), []
    joined: Any = weights[:, shared] @ slopes[shared] if slopes is not None and shared else None
    return [
        [weights[j, c] for c in own] + ([] if joined is None else [Fraction(value) for value in joined[j]])
        for j in range(graph.size)
    ]


def _over_box(graph: Graph, part: AffinePart, low: Any, high: Any) -> tuple[Any, Any, Any]:
    """Which coordinates of the inner node are curved or constant over the box, and the slopes of the affine ones."""
    with precision(_BITS):
        box = np.array([between(a, b) for a, b in zip(low, high, strict=True)], dtype=object)
        inner = _inner(graph, part, box, exact=False)
    slopes = np.asarray(inner.tangent).reshape(part.width, graph.m)
    constant = np.array([all(bool(x == 0) for x in row) for row in slopes])
    curved = np.zeros(part.width, bool) if inner.curved is None else np.asarray(inner.curved).reshape(-1) & ~constant
    if (curved | constant).all():
        return curved, constant, None
    return curved, constant, _slopes(graph, part, low, high)


def _inner(graph: Graph, part: AffinePart, point: Any, exact: bool) -> Tensor:
    machine = Machine(exact=exact, m=graph.m)
    seed = balls(np.eye(graph.m), exact=exact).reshape(1, graph.m, graph.m)
    first = Tensor(balls(point, exact=exact).reshape(1, graph.m), seed)
    results = graph.results(first, machine)
    result = results[part.node] if part.node < len(results) else None
    if not isinstance(result, Tensor):
        raise CannotEnclose("an inner node")
    if result.tangent is None:
        return Tensor(result.value, machine.zeros((*result.shape, graph.m)), result.curved)
    return result


def _slopes(graph: Graph, part: AffinePart, low: Any, high: Any) -> Any:
    """Exact slopes at a rational point of the box; those of affine coordinates are theirs on all of it."""
    finite = [_between(a, b) for a, b in zip(low, high, strict=True)]
    for shift in (0.5, 0.46875, 0.53125):
        point = np.array([a + (b - a) * shift for a, b in finite])
        try:
            tangent = _inner(graph, part, point, exact=True).tangent
        except CannotEnclose:
            continue
        return np.frompyfunc(to_fraction, 1, 1)(np.asarray(tangent).reshape(part.width, graph.m))
    return None


def _between(low: float, high: float) -> tuple[float, float]:
    """A finite part of an interval."""
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    if np.isfinite(low):
        return low, low + 1.0
    return (high - 1.0, high) if np.isfinite(high) else (-1.0, 1.0)
