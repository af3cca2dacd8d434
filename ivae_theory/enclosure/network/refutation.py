"""What refutes that a traced graph is injective on an open box: collisions, Jacobian signs, too few outputs.

These functions verify; they do not search.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial
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

    Then they have one image. Values that are not rational agree where an operation is given arguments that agree, or,
    for an even function, that are opposite.
    """
    if list(first) == list(second) or cut not in cuts_of(graph) or cut < 0:
        return False
    pair = _Pair(graph, first, second)
    return pair.agree(cut) and (pair.rational(cut) or all(_defined(graph, point, cut) for point in (first, second)))


def _defined(graph: Graph, point: Sequence[Fraction], cut: int) -> bool:
    """Whether the node certainly has a real value at the point: what is undefined agrees with nothing."""
    with precision(128):
        try:
            Tail(graph, -1, Tensor(balls([list(point)])), Machine()).result(cut)
        except (CannotEnclose, Sibling):
            return False
    return True


#: Operations of one argument with ``f(-x) = f(x)``.
_EVEN = frozenset({"abs", "cos", "cosh", "square"})


class _Pair:
    """The nodes of a graph at two points: in rationals where that is possible, and whether they agree."""

    def __init__(self, graph: Graph, first: Sequence[Fraction], second: Sequence[Fraction]) -> None:
        self.graph = graph
        self.machine = Machine(exact=True)
        self.inputs = []
        for point in (first, second):
            row = np.empty((1, graph.m), dtype=object)
            row[0] = [fmpq(x.numerator, x.denominator) for x in point]
            self.inputs.append(Tensor(row))
        self.values: list[tuple[Any, Any] | None] = []
        self.agreeing: list[bool] = []

    def agree(self, node: int) -> bool:
        """Whether the node has exactly one value at both points."""
        for index in range(len(self.values), node + 1):
            self.values.append(self._values(index))
            self.agreeing.append(self._agree(index))
        return self.agreeing[node]

    def rational(self, node: int) -> bool:
        """Whether the node was compared by its values."""
        return self.values[node] is not None

    def _values(self, index: int) -> tuple[Any, Any] | None:
        """What the node is at both points in rationals; ``None`` where it is not rational."""
        try:
            first, second = (self.graph.step(index, partial(self._read, side), self.machine) for side in (0, 1))
        except CannotEnclose:
            return None
        return first, second

    def _read(self, side: int, argument: Any) -> Any:
        if isinstance(argument, Mapping):
            (kind, what), *_ = argument.items()
            if kind == "node":
                known = self.values[what]
                if known is None:
                    raise CannotEnclose("a value that is not rational")
                return known[side]
            if kind == "constant":
                return self.graph.stored[what]
            if kind == "input":
                return self.inputs[side]
            return float(what) if kind == "float" else what
        return [self._read(side, item) for item in argument] if isinstance(argument, (list, tuple)) else argument

    def _agree(self, index: int) -> bool:
        known = self.values[index]
        if known is not None and all(isinstance(item, Tensor) for item in known):
            return self._equal(*known, sign=1)
        node = self.graph.nodes[index]
        if node.name in self.graph.unknown() or node.op in self.graph.unknown():
            return False  # it might not be a function of its arguments
        if node.name in _EVEN and len(node.args) == 1 and not node.kwargs and self._opposite(node.args[0]):
            return True
        return all(self._same(argument) for argument in (*node.args, *node.kwargs.values()))

    def _same(self, argument: Any) -> bool:
        if isinstance(argument, Mapping):
            if "node" in argument:
                return self.agreeing[argument["node"]]
            return "input" not in argument
        return all(map(self._same, argument)) if isinstance(argument, (list, tuple)) else True

    def _opposite(self, argument: Any) -> bool:
        known = self.values[argument["node"]] if isinstance(argument, Mapping) and "node" in argument else None
        return known is not None and all(isinstance(item, Tensor) for item in known) and self._equal(*known, sign=-1)

    def _equal(self, first: Tensor, second: Tensor, sign: int) -> bool:
        if first.shape != second.shape:
            return False
        if first.literal or second.literal:
            first, second = self.machine.lifted(first), self.machine.lifted(second)
        pairs = zip(first.value.reshape(-1), second.value.reshape(-1), strict=True)
        return all(bool(a == sign * b) for a, b in pairs)


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
