"""What refutes that a traced graph is injective on an open box: collisions, Jacobian signs, too few outputs.

These functions verify; they do not search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb_mat, fmpq
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.chain import cuts_of
from ivae_theory.enclosure.network.intervals import balls, box_balls
from ivae_theory.enclosure.network.structure import Sibling, Tail
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.precision import precision

Side = Sequence[float] | NDArray[np.float64]

__all__ = ["bottleneck", "collides", "continuous_on", "determinant_sign", "exact_value"]


def exact_value(graph: Graph, point: Sequence[Fraction], cut: int) -> NDArray[Any]:
    """Rational values of an inner node at a rational point.

    Raises
    ------
    CannotEnclose
        When something before the node is not rational.
    """
    row = np.empty((1, graph.m), dtype=object)
    row[0] = [fmpq(x.numerator, x.denominator) for x in point]
    try:
        result = Tail(graph, -1, Tensor(row), Machine(exact=True)).result(cut)
    except Sibling:
        raise CannotEnclose("a node that does not depend on the input alone") from None
    if not isinstance(result, Tensor):
        raise CannotEnclose("a node with several results")
    return result.value.reshape(-1)


def collides(graph: Graph, first: Sequence[Fraction], second: Sequence[Fraction], cut: int) -> bool:
    """Whether two distinct points have exactly equal values at a node through which everything passes.

    Then they have one image.
    """
    if list(first) == list(second) or cut not in cuts_of(graph):
        return False
    try:
        pair = [exact_value(graph, point, cut) for point in (first, second)]
    except CannotEnclose:
        return False
    return all(bool(a == b) for a, b in zip(*pair, strict=True))


def continuous_on(graph: Graph, low: Side, high: Side) -> bool:
    """Whether the graph is certainly defined and continuous on the closed box.

    Every operation that has an enclosure is continuous where its enclosure is given: comparisons and steps are refused
    unless they are decided alike on the whole box, divisors and logarithms unless their domain is kept.
    """
    try:
        with precision(128):
            graph.evaluate(box_balls(low, high))
    except CannotEnclose:
        return False
    return True


def bottleneck(graph: Graph, low: Side, high: Side) -> tuple[int, int] | None:
    """A node through which everything passes that has fewer varying coordinates on the box than the input has.

    Returns the node and how many of its coordinates vary, or ``None``. Up to that node the function is continuous on
    the box, so by invariance of domain (Brouwer) it is not injective there, whatever follows.
    """
    with precision(128):
        box = box_balls(low, high).reshape(1, graph.m)
        for cut in cuts_of(graph)[1:]:
            found = _varying(graph, box, cut)
            if found is None:
                return None
            if found < graph.m:
                return cut, found
    return None


def _varying(graph: Graph, box: NDArray[Any], cut: int) -> int | None:
    """How many coordinates of a node are not proved constant on the box; ``None`` where continuity is not proved."""
    tangent = balls(np.eye(graph.m)).reshape(1, graph.m, graph.m)
    for first, machine in ((Tensor(box, tangent), Machine(m=graph.m)), (Tensor(box), Machine())):
        try:
            result = Tail(graph, -1, first, machine).result(cut)
        except (CannotEnclose, Sibling):
            continue
        if not isinstance(result, Tensor):
            return graph.m  # a node with several results: look at the next one
        rest = result.value.size - _dependent(graph, cut, result.shape)
        if result.tangent is None:
            return rest if machine.m is None else 0
        constant = sum(1 for row in result.tangent.reshape(-1, graph.m) if all(bool(v == 0) for v in row))
        return min(rest, result.value.size - constant)
    return None


def _dependent(graph: Graph, cut: int, shape: tuple[int, ...]) -> int:
    """Coordinates of a normalised node that the others determine: weights that sum to 1, deviations that sum to 0."""
    node = graph.nodes[cut]
    if node.name in ("_softmax", "softmax", "_log_softmax", "log_softmax"):
        return math.prod(shape) // shape[int(node.args[1])]
    if node.op == "getitem" and node.args[1] == 0 and "node" in node.args[0]:
        source = graph.nodes[node.args[0]["node"]]
        if source.name == "native_layer_norm":
            return math.prod(shape) // math.prod(int(side) for side in source.args[1])
    return 0


def determinant_sign(graph: Graph, point: Side, bits: int = 192) -> int:
    """1 or -1 when the Jacobian determinant at the point is certainly of that sign, else 0.

    At a kink the determinants of all sides (Clarke's generalised Jacobian) must have it.
    """
    if graph.size != graph.m:
        return 0
    try:
        with precision(bits):
            jacobian = graph.derivative(np.asarray(point, dtype=np.float64)).jacobian
            value = arb_mat(graph.m, graph.m, list(jacobian.reshape(-1))).det()
            return 1 if value > 0 else -1 if value < 0 else 0
    except CannotEnclose:
        return 0
