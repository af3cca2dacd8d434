"""Searching for refutations of injectivity; what is found is verified elsewhere."""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.chain import cuts_of
from ivae_theory.enclosure.network.coordinatewise import one_value
from ivae_theory.enclosure.network.intervals import balls, rational
from ivae_theory.enclosure.network.refutation import collides
from ivae_theory.enclosure.network.structure import Sibling, Tail
from ivae_theory.enclosure.network.supports import Supports, inside
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import CallableFailed
from ivae_theory.exact import null_vector, to_fraction

__all__ = ["Collision", "find_collision", "jacobians", "last_rational_cut", "latents", "spread_points"]

Floats = NDArray[np.float64]
#: Two rational points and the node at which they meet.
Collision = tuple[list[Fraction], list[Fraction], int]
Pair = tuple[list[Fraction], list[Fraction]]
#: Pairs that each search compares exactly before it gives up, and places that a formula may fold at.
ATTEMPTS, MOST_CENTRES = 40, 24


def latents(model: Any, count: int, seed: int) -> tuple[Floats, bool]:
    """Draws of z from the prior, with u over its domain; or spread points of Z (then the second value is False)."""
    rng = np.random.default_rng(seed)
    domain = model.prior.domain
    values = getattr(domain, "values", None)
    try:
        if values is not None:
            u = values[rng.integers(len(values), size=count)]
        elif hasattr(domain, "candidates"):
            u = domain.candidates(count, seed)
        else:
            return spread_points(model, count, rng), False
        z = np.asarray(model.prior.sample(u, rng), dtype=np.float64)
    except (ValueError, TypeError, ArithmeticError):  # a family without a sampler, or natural parameters out of range
        return spread_points(model, count, rng), False
    good = np.isfinite(z).all(axis=1)
    return z[good], True


def spread_points(model: Any, count: int, rng: np.random.Generator) -> Floats:
    """Points inside the supports, normal or uniform or exponential from a side."""
    columns = []
    for family in model.prior.families:
        parts = family.support.args if hasattr(family.support, "start") is False else (family.support,)
        part = parts[int(rng.integers(len(parts)))]
        low, high = float(part.start), float(part.end)
        if np.isfinite(low) and np.isfinite(high):
            columns.append(rng.uniform(low, high, size=count))
        elif np.isfinite(low):
            columns.append(low + rng.exponential(size=count))
        elif np.isfinite(high):
            columns.append(high - rng.exponential(size=count))
        else:
            columns.append(rng.normal(size=count))
    return np.stack(columns, axis=1)


def jacobians(mixing: Any, points: Floats) -> Floats:
    """Jacobians in floats, (B, d, n): by torch where the function is torch's, else by differences."""
    inner = getattr(mixing, "inner", None) or mixing
    function = getattr(inner, "function", None)
    if "torch" in sys.modules and function is not None and not isinstance(getattr(function, "graph", None), Graph):
        found = _torch_jacobians(function, points, forward=mixing.n < mixing.d)
        if found is not None:
            return found
    step = 1e-5 * (1 + np.abs(points))
    columns = []
    for j in range(points.shape[1]):
        shift = np.zeros_like(points)
        shift[:, j] = step[:, j]
        with np.errstate(all="ignore"):
            above, below = mixing.evaluate(points + shift), mixing.evaluate(points - shift)
        columns.append((above - below) / (2 * step[:, j : j + 1]))
    return np.stack(columns, axis=2)


def _torch_jacobians(function: Callable[..., Any], points: Floats, forward: bool) -> Floats | None:
    import torch

    from ivae_theory.mixing.evaluation import quiet_module, to_tensor

    try:
        with quiet_module(function), torch.enable_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own deprecations
            z = to_tensor(function, points)
            if forward:
                units = torch.eye(z.shape[1], dtype=z.dtype, device=z.device)
                columns = [torch.func.jvp(function, (z,), (unit.expand_as(z),))[1] for unit in units]
                stacked = torch.stack(columns, dim=2)
            else:
                z.requires_grad_(True)
                image = function(z)
                every = range(image.shape[1])
                rows = [torch.autograd.grad(image[:, k].sum(), z, retain_graph=True)[0] for k in every]
                stacked = torch.stack(rows, dim=1)
    except (RuntimeError, NotImplementedError, TypeError, ValueError, IndexError, AttributeError):
        return None  # not differentiable by torch, for instance because it computes with numpy
    result = stacked.detach().cpu().double().numpy()
    return result if np.isfinite(result).all() else None


def _exact_jacobian(graph: Graph, point: list[Fraction], cut: int) -> list[list[Fraction]] | None:
    row = np.empty((1, graph.m), dtype=object)
    row[0] = [rational(x) for x in point]
    tangent = balls(np.eye(graph.m), exact=True).reshape(1, graph.m, graph.m)
    try:
        result = Tail(graph, -1, Tensor(row, tangent), Machine(exact=True, m=graph.m)).result(cut)
    except (CannotEnclose, Sibling):
        return None
    if not isinstance(result, Tensor):
        return None
    if result.tangent is None:
        return [[Fraction(0)] * graph.m]
    return [[to_fraction(v) for v in line] for line in result.tangent.reshape(-1, graph.m)]


def last_rational_cut(graph: Graph, point: list[Fraction]) -> int | None:
    """The last node through which everything passes whose value is rational at rational points."""
    best = None
    for cut in cuts_of(graph)[1:]:
        row = np.empty((1, graph.m), dtype=object)
        row[0] = [rational(x) for x in point]
        try:
            result = Tail(graph, -1, Tensor(row), Machine(exact=True)).result(cut)
        except (CannotEnclose, Sibling):
            break
        if isinstance(result, Tensor):
            best = cut
    return best


def find_collision(mixing: Any, graph: Graph, supports: Supports, points: Floats) -> Collision | None:
    """Two rational points of Z with exactly one image: by symmetry, or along a null direction of the Jacobian.

    Floats say where to look: images that agree, Jacobians whose rank is deficient up to rounding.
    """
    candidates = [z for z in ([_rounded(x) for x in row] for row in points) if inside(supports, z)]
    if not candidates:
        return None
    cut = cuts_of(graph)[-1]
    places = np.array([[float(x) for x in z] for z in candidates])
    pairs = list(_folded(mixing, candidates[0]))
    pairs += [(z, w) for z in candidates[:8] for w in _mirrored(z)]
    pairs = [(z, w) for z, w in pairs if w != z and inside(supports, z) and inside(supports, w)]
    searches = (
        _bent(graph, supports, candidates[0]),
        _with_one_image(mixing, pairs),
        _deficient(mixing, graph, candidates, places),
    )
    for z, w in itertools.chain(*(itertools.islice(search, ATTEMPTS) for search in searches)):
        if inside(supports, z) and inside(supports, w) and collides(graph, z, w, cut):
            return z, w, cut
    return None


def _folded(mixing: Any, z: list[Fraction]) -> Iterator[Pair]:
    """Pairs on both sides of places where a formula may fold: zeros of what stands in Abs, Max, Min, even powers, .."""
    symbols = list(getattr(getattr(mixing, "inner", None) or mixing, "symbols", ()))
    for symbol, centre in itertools.islice(_centres(mixing, symbols), MOST_CENTRES):
        j = symbols.index(symbol)
        for step in (Fraction(1), Fraction(1, 8), Fraction(5)):
            yield (
                [centre - step if k == j else x for k, x in enumerate(z)],
                [centre + step if k == j else x for k, x in enumerate(z)],
            )


def _bent(graph: Graph, supports: Supports, z: list[Fraction]) -> Iterator[Pair]:
    """Pairs that differ in one coordinate, of which a part in rational pieces makes one value; within the floats."""
    with precision(128):
        found = list(itertools.islice(one_value(graph, cuts_of(graph)[1:], supports), MOST_CENTRES))
    for j, *places in found:
        if max(map(abs, places)) <= sys.float_info.max:
            first, second = ([place if k == j else x for k, x in enumerate(z)] for place in places)
            yield first, second


def _centres(mixing: Any, symbols: list[sympy.Symbol]) -> Iterator[tuple[sympy.Symbol, Fraction]]:
    """Rational zeros of the linear arguments of functions that may be even there, each once."""
    seen = set()
    for node in sympy.preorder_traversal(getattr(getattr(mixing, "inner", None) or mixing, "matrix", sympy.S.Zero)):
        for symbol, centre in _zeros(node, symbols):
            if (symbol, centre) not in seen:
                seen.add((symbol, centre))
                yield symbol, centre


def _zeros(node: Any, symbols: list[sympy.Symbol]) -> Iterator[tuple[sympy.Symbol, Fraction]]:
    inner: list[Any] = []
    if isinstance(node, (sympy.Abs, sympy.cos, sympy.cosh)) or (isinstance(node, sympy.Pow) and node.exp.is_Integer):
        inner = [node.args[0]]
    elif isinstance(node, (sympy.Max, sympy.Min)):
        inner = [a - b for a, b in itertools.combinations(node.args, 2)]
    elif isinstance(node, sympy.core.relational.Relational):
        inner = [node.lhs - node.rhs]
    for expression in inner:
        for symbol in expression.free_symbols & set(symbols):
            rate = sympy.diff(expression, symbol)
            start = expression.subs(symbol, 0)
            if rate.is_Rational and rate != 0 and start.is_Rational:
                yield symbol, to_fraction(-start / rate)


def _with_one_image(mixing: Any, pairs: list[Pair]) -> Iterator[Pair]:
    """The pairs whose images agree in floats."""
    if not pairs:
        return
    points = np.array([[[float(x) for x in z] for z in pair] for pair in pairs])
    try:
        images = [mixing.evaluate(points[:, side]) for side in (0, 1)]
    except CallableFailed:
        return
    with np.errstate(all="ignore"):
        near = (np.abs(images[0] - images[1]) <= 1e-5 * (1 + np.abs(images[0]))).all(axis=1)
    yield from (pair for pair, agree in zip(pairs, near, strict=True) if agree)


def _deficient(mixing: Any, graph: Graph, candidates: list[list[Fraction]], places: Floats) -> Iterator[Pair]:
    """Points whose Jacobian is deficient in floats, with points along an exact null direction of its rational part."""
    try:
        found = jacobians(mixing, places)
    except CallableFailed:
        return
    for z, matrix in zip(candidates, found, strict=True):
        if not np.isfinite(matrix).all():
            continue
        sizes = np.linalg.svd(matrix, compute_uv=False)
        if len(sizes) == graph.m and sizes[-1] > 1e-6 * max(sizes[0], 1e-300):
            continue
        cut = last_rational_cut(graph, z)
        if cut is not None:
            yield from ((z, w) for w in _along_null(graph, z, cut))


def _rounded(value: float) -> Fraction:
    return Fraction(round(float(value) * 1024), 1024)


def _mirrored(z: list[Fraction]) -> Iterator[list[Fraction]]:
    """Images of a point under sign changes, exchanges of coordinates and shifts by whole numbers."""
    yield [-x for x in z]
    for j in range(min(len(z), 8)):
        yield [-x if k == j else x for k, x in enumerate(z)]
        for shift in (-2, -1, 1, 2):
            yield [x + shift if k == j else x for k, x in enumerate(z)]
    for i, j in itertools.combinations(range(min(len(z), 6)), 2):
        swapped = list(z)
        swapped[i], swapped[j] = swapped[j], swapped[i]
        yield swapped


def _along_null(graph: Graph, z: list[Fraction], cut: int) -> Iterator[list[Fraction]]:
    matrix = _exact_jacobian(graph, z, cut)
    direction = None if matrix is None else null_vector(matrix)
    if direction is None:
        return
    largest = max(abs(v) for v in direction)
    for power in (0, 4, 10, 20, 40):
        step = Fraction(1, 2**power) / largest
        yield [x + step * v for x, v in zip(z, direction, strict=True)]
