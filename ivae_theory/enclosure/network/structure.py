"""What the structure of a traced graph proves: constant outputs, and outputs affine in few inner coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import WHOLE, balls
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_fraction

__all__ = [
    "AffinePart",
    "Sibling",
    "Tail",
    "affine_map",
    "affine_part",
    "affine_parts",
    "depends_on_input",
    "is_affine",
    "shapes_of",
]


@dataclass(frozen=True, eq=False)
class AffinePart:
    """``output = W g + b`` with ``g`` the result of an inner node, exactly.

    Attributes
    ----------
    W, b
        Object arrays of fractions, shapes ``(size, width)`` and ``(size,)``; outputs flattened.
    width
        Number of coordinates of ``g``: the affine hull of the outputs has at most this dimension.
    node
        Index of the inner node, ``-1`` for the input itself (the graph is affine).
    """

    W: NDArray[Any]
    b: NDArray[Any]
    width: int
    node: int


def depends_on_input(graph: Graph) -> NDArray[np.bool_]:
    """Which outputs may vary; ``False`` proves an output constant on all of R^m."""
    if graph.integer:
        return np.ones(graph.size, dtype=bool)
    try:
        with precision(64):
            return ~graph.derivative(np.full(graph.m, WHOLE, dtype=object)).constant
    except CannotEnclose:
        return np.ones(graph.size, dtype=bool)


def affine_map(graph: Graph) -> AffinePart | None:
    """The graph as an affine function of its input, exactly; ``None`` where it is not certainly one on all of R^m."""
    return _cut_at(graph, -1, (1, graph.m))


def is_affine(graph: Graph) -> bool:
    """Whether the graph is certainly an affine function on all of R^m."""
    return affine_map(graph) is not None


def affine_part(graph: Graph) -> AffinePart | None:
    """The narrowest inner node through which the outputs are affine, or ``None`` when the last step is not affine."""
    return min(affine_parts(graph), key=lambda part: part.width, default=None)


def affine_parts(graph: Graph) -> Iterator[AffinePart]:
    """Every inner node through which the outputs are affine, the last one first."""
    varying, shapes = graph.varying, shapes_of(graph)
    if not isinstance(graph.output, Mapping) or "constant" in graph.output:
        return
    for cut in range(len(graph.nodes) - 1, -2, -1):
        if cut >= 0 and not varying[cut]:
            continue
        try:
            found = _cut_at(graph, cut, (1, graph.m) if cut < 0 else shapes[cut])
        except Sibling:
            continue
        except CannotEnclose:
            break
        if found is None:
            break
        yield found


class Sibling(Exception):
    """The outputs vary through something else than the node at which the graph was cut."""


def _cut_at(graph: Graph, cut: int, shape: tuple[int, ...] | None) -> AffinePart | None:
    """The map from node ``cut`` (-1: the input) to the output when it is affine, else ``None``."""
    if shape is None or (cut < 0 and graph.integer):
        return None
    width = int(np.prod(shape, dtype=int))
    machine = Machine(exact=True, m=width, generic=True)
    seed = Tensor(balls(np.zeros(shape), exact=True), balls(np.eye(width), exact=True).reshape((*shape, width)), None)
    try:
        result = Tail(graph, cut, seed, machine).run()
    except CannotEnclose:
        return None
    if result.tangent is None:
        tangent = machine.zeros((graph.size, width))
    elif result.curved is not None and result.curved.any():
        return None
    else:
        tangent = result.tangent.reshape(graph.size, width)
    fractions = np.frompyfunc(to_fraction, 1, 1)
    bias = balls(result.value, exact=True).reshape(graph.size)
    return AffinePart(fractions(tangent), fractions(bias), width, cut)


def shapes_of(graph: Graph) -> list[tuple[int, ...] | None]:
    """Shapes of the nodes' results (``None`` for nodes with several), found by running the graph where that works."""
    best: list[Any] = []
    uneven = 0.53125 + np.arange(graph.m) % 8 / 64  # equal coordinates could cancel where something is divided
    for point in (0 * uneven, *(scale * uneven for scale in (1, -1, 20, -20, 2000, -2000))):
        with precision(32):
            first = Tensor(point.astype(np.int64).reshape(1, -1) if graph.integer else balls(point[None]))
            found = graph.results(first, Machine())
        if len(found) > len(best):
            best = found
        if len(best) == len(graph.nodes):
            break
    shapes = [item.shape if isinstance(item, Tensor) else None for item in best]
    return shapes + [None] * (len(graph.nodes) - len(shapes))


class Tail:
    """Evaluates only what the output needs, with the cut node replaced by a free vector."""

    def __init__(self, graph: Graph, cut: int, seed: Tensor, machine: Machine) -> None:
        self.graph, self.cut, self.seed, self.machine = graph, cut, seed, machine
        self.results: dict[int, Any] = {}

    def run(self) -> Tensor:
        answer = self.read(self.graph.output)
        if not isinstance(answer, Tensor):
            raise CannotEnclose("an output that is not a tensor")
        return answer

    def read(self, argument: Any) -> Any:
        if isinstance(argument, Mapping):
            (kind, what), *_ = argument.items()
            if kind == "node":
                return self.result(what)
            if kind == "constant":
                return self.graph.stored[what]
            if kind == "input":
                if self.cut != -1:
                    raise Sibling
                return self.seed
            return float(what) if kind == "float" else what
        return [self.read(item) for item in argument] if isinstance(argument, (list, tuple)) else argument

    def result(self, index: int) -> Any:
        if index == self.cut:
            return self.seed
        if index not in self.results:
            self.results[index] = self.graph.step(index, self.read, self.machine)
        return self.results[index]
