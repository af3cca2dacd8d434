"""Injectivity of a traced graph, link by link.

The graph is cut at the nodes through which everything passes. A composition is injective when every link is:
an affine map of full column rank (decided over the rationals), an elementwise map that is injective on the range at
hand, or a map whose Jacobian over a box that contains the range is invertible from the left, or triangular
with a diagonal of one sign.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.coordinatewise import Ranges, curves_between, intervals_of, moved
from ivae_theory.enclosure.network.curves import ABOVE, BELOW, Curve, End, Image, images, injective
from ivae_theory.enclosure.network.elementwise import defined_on, injective_on, maps_after, sides_after
from ivae_theory.enclosure.network.intervals import WHOLE, balls, between, rational
from ivae_theory.enclosure.network.jacobians import left_invertible, triangular
from ivae_theory.enclosure.network.structure import Sibling, Tail, shapes_of
from ivae_theory.enclosure.network.supports import Supports, rounded_down, rounded_up, sides_of
from ivae_theory.enclosure.network.tensor import Machine, Tensor
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.exact import rank, rank_modulo, to_fraction

__all__ = ["Link", "NotProved", "cuts_of", "injective_links"]

Sides = list[tuple[float, float]]
#: How many links a Jacobian argument may span.
REACH = 40


class NotProved(Exception):
    """No argument for some link.

    Attributes
    ----------
    after, why
        The node after which the chain stops (-1: the input), and why.
    """

    def __init__(self, after: int, why: str) -> None:
        super().__init__(why)
        self.after, self.why = after, why


@dataclass(frozen=True)
class Link:
    """The part of the graph from node ``start`` to node ``stop``, and the argument for its injectivity."""

    start: int
    stop: int
    argument: str
    exact: bool


def cuts_of(graph: Graph) -> list[int]:
    """The input (-1) and the nodes through which every path from it to the output passes."""
    if "node" not in graph.output:
        return [-1]
    parents = [_parents(node) for node in graph.nodes]
    last = int(graph.output["node"])
    return [-1] + [k for k in range(last + 1) if k == last or not _reaches(parents, last, k)]


def _parents(node: Any) -> list[int]:
    found: list[int] = []

    def visit(argument: Any) -> None:
        if isinstance(argument, dict):
            found.extend([-1] if "input" in argument else [argument["node"]] if "node" in argument else [])
        elif isinstance(argument, (list, tuple)):
            for item in argument:
                visit(item)

    for argument in (*node.args, *node.kwargs.values()):
        visit(argument)
    return found


def _reaches(parents: list[list[int]], last: int, without: int) -> bool:
    """Whether the output still depends on the input when node ``without`` is taken away."""
    reached = {-1}
    for index, above in enumerate(parents[: last + 1]):
        if index != without and any(p in reached for p in above):
            reached.add(index)
    return last in reached


def injective_links(graph: Graph, supports: Supports | None = None) -> list[Link]:
    """Arguments that make the graph injective on the product of the supports (default: all of R^m).

    Must run inside ``with precision(bits)``.

    Raises
    ------
    NotProved
        Where no argument was found; it never means that the function is not injective.
    """
    if graph.integer:
        raise NotProved(-1, "its input is an integer")
    return _Chain(graph, supports).links()


class _Chain:
    def __init__(self, graph: Graph, supports: Supports | None) -> None:
        self.graph = graph
        sides = [(-math.inf, math.inf)] * graph.m if supports is None else sides_of(supports)
        self.sides: Sides | None = sides
        # The same as the sides for supports of several intervals, while all links so far keep them apart.
        self.parts: Ranges | None = None if supports is None else [intervals_of(parts) for parts in supports]
        # Whether all links so far are affine, and whether every coordinate takes each value on a null set only.
        self.straight, self.thin = True, True
        found = shapes_of(graph)
        shapes = {cut: (1, graph.m) if cut < 0 else found[cut] for cut in cuts_of(graph)}
        self.cuts = [cut for cut, shape in shapes.items() if shape is not None]
        self.shapes = shapes
        self.box = np.array([between(low, high) for low, high in sides], dtype=object).reshape(1, graph.m)

    def links(self) -> list[Link]:
        found: list[Link] = []
        if not self.cuts or self.cuts[-1] != self.graph.output.get("node"):
            raise NotProved(-1, self._obstacle())
        place = 0
        while place < len(self.cuts) - 1:
            place, link = self.next(place)
            found.append(link)
        return found

    def _obstacle(self) -> str:
        """Why the output is not reached from the input."""
        unknown = ", ".join(self.graph.unknown())
        if unknown:
            return f"there is no meaning for {unknown}"
        try:
            self.graph.evaluate(np.full(self.graph.m, 0.53125))
        except CannotEnclose as error:
            return str(error)
        return "its output does not depend on its input"

    def next(self, place: int) -> tuple[int, Link]:
        for attempt in (self._affine, self._elementwise, self._jacobian, self._in_pieces):
            result = attempt(place)
            if result is not None:
                return result
        what = self.graph.nodes[self.cuts[place + 1]].name
        raise NotProved(self.cuts[place], f"no argument for the part that begins with {what}")

    def _segment(self, place: int, end: int, value: Any, machine: Machine, dual: bool) -> Tensor:
        start = self.cuts[place]
        shape = self.shapes[start]
        assert shape is not None
        width = math.prod(shape)
        tangent = balls(np.eye(width), exact=machine.exact).reshape((*shape, width)) if dual else None
        result = Tail(self.graph, start, Tensor(value.reshape(shape), tangent), machine).result(self.cuts[end])
        if not isinstance(result, Tensor):
            raise CannotEnclose("a node with several results")
        return result

    def _width(self, place: int) -> int:
        return math.prod(self.shapes[self.cuts[place]] or ())

    def _affine(self, place: int) -> tuple[int, Link] | None:
        """The longest affine part that begins here."""
        width, best = self._width(place), None
        machine = Machine(exact=True, m=width, generic=True)
        for end in range(place + 1, len(self.cuts)):
            try:
                result = self._segment(place, end, balls(np.zeros(width), exact=True), machine, True)
            except (CannotEnclose, Sibling):
                break
            if result.curved is not None and result.curved.any():
                break
            best = (end, result)
        if best is None:
            return None
        end, result = best
        matrix = machine.zeros((1, width)) if result.tangent is None else result.tangent.reshape(-1, width)
        rows = [[to_fraction(v) for v in row] for row in matrix]
        if rank_modulo(rows) < width and rank(rows) < width:
            raise NotProved(self.cuts[place], f"an affine part of rank {rank(rows)} on {width} coordinates")
        self._move_affine(rows, [to_fraction(v) for v in balls(result.value, exact=True).reshape(-1)])
        shape = f"{len(rows)} x {width}"
        return end, Link(self.cuts[place], self.cuts[end], f"affine, {shape} of full column rank", True)

    def _move_affine(self, rows: Sequence[Sequence[Any]], bias: Sequence[Any]) -> None:
        """Sides of the range where every row uses one coordinate; unknown otherwise."""
        counts = [sum(1 for v in row if v) for row in rows]
        self.thin = self.thin and all(count == 1 or (self.straight and count > 0) for count in counts)
        used = [[(j, v) for j, v in enumerate(row) if v] for row in rows]
        parts, self.parts, sides, self.sides = self.parts, None, self.sides, None
        if any(len(entries) != 1 for entries in used):
            return
        moves = [(*entries[0], shift) for entries, shift in zip(used, bias, strict=True)]
        if sides is not None:
            ends = [sorted(_scaled(end, v, shift) for end in sides[j]) for j, v, shift in moves]
            self.sides = [(rounded_down(low), rounded_up(high)) for low, high in ends]
        if parts is not None:
            self.parts = [moved(parts[j], v, shift) for j, v, shift in moves]

    def _elementwise(self, place: int) -> tuple[int, Link] | None:
        source, stop = self.cuts[place], self.cuts[place + 1]
        known = maps_after(self.graph, source, stop, self.shapes[source] or ())
        if known is None or self.shapes[source] != self.shapes[stop]:
            return None
        name, maps = known
        values = self._values(place)
        sides = self.sides or [(-math.inf, math.inf)] * len(maps)
        found = [
            injective_on(entry, value, side) if defined_on(entry, value, side, self.thin) else ""
            for entry, value, side in zip(maps, values, sides, strict=True)
        ]
        if not all(found):
            return None
        exact = "enclosed" not in found
        self.straight = False
        self.sides, self.parts = sides_after(maps, sides), None
        return place + 1, Link(source, stop, f"{name}, injective in each coordinate", exact)

    def _in_pieces(self, place: int) -> tuple[int, Link] | None:
        """A part that gives every coordinate back by an output that is a function of it alone."""
        source, stop = self.cuts[place], self.cuts[place + 1]
        try:
            entries = curves_between(self.graph, source, stop, self.shapes[source] or (), self._ranges(place))
            single = {k: injective(entry) for k, entry in enumerate(entries) if isinstance(entry, Curve)}
            if len({entries[k].variable for k, good in single.items() if good}) < self._width(place):
                return None
            self.sides, self.parts = _ends_of(entries), None
        except (CannotEnclose, Sibling):
            return None
        self.straight, self.thin = False, self.thin and len(single) == len(entries) and all(single.values())
        argument = f"{self.graph.nodes[stop].name}, rational in pieces and injective in each coordinate"
        return place + 1, Link(source, stop, argument, True)

    def _ranges(self, place: int) -> Ranges:
        """Closed intervals that contain the range of each coordinate at a cut."""
        if self.parts is not None:
            return self.parts
        values = self._values(place)
        sides = self.sides or [(-math.inf, math.inf)] * len(values)
        return [[_closed(side, value)] for side, value in zip(sides, values, strict=True)]

    def _values(self, place: int) -> list[arb]:
        """Enclosures of the values at a cut over the box."""
        try:
            result = Tail(self.graph, -1, Tensor(self.box), Machine()).result(self.cuts[place]) if place else None
        except (CannotEnclose, Sibling):
            return [WHOLE] * self._width(place)
        return list(balls(self.box if result is None else result.value).reshape(-1))

    def _jacobian(self, place: int) -> tuple[int, Link] | None:
        width = self._width(place)
        value = np.array(self._values(place), dtype=object)
        for end in range(place + 1, min(place + 1 + REACH, len(self.cuts))):
            if self._width(end) < width:
                continue
            try:
                result = self._segment(place, end, value, Machine(m=width), True)
            except (CannotEnclose, Sibling):
                continue
            if result.tangent is None:
                return None
            rows = result.tangent.reshape(-1, width)
            argument = None
            if triangular(rows):
                argument = "a triangular Jacobian with a diagonal of one sign over the range"
            elif left_invertible(rows):
                argument = "a Jacobian with a left factor P, |P J - 1| < 1 over the range"
            if argument is not None:
                self.sides, self.parts, self.straight, self.thin = None, None, False, False
                return end, Link(self.cuts[place], self.cuts[end], argument, False)
        return None


def _closed(side: tuple[float, float], value: arb) -> tuple[End, End]:
    """The part of an interval within a ball."""
    low: End = BELOW if side[0] == -math.inf else (0, rational(side[0]))
    high: End = ABOVE if side[1] == math.inf else (0, rational(side[1]))
    if not value.is_finite():
        return low, high
    return max(low, (0, value.lower().fmpq())), min(high, (0, value.upper().fmpq()))


def _ends_of(entries: NDArray[Any]) -> Sides | None:
    """The ends of what curves and constants take, rounded outwards; ``None`` where some are not known."""
    found: Sides = []
    for entry in entries:
        taken = images(entry) if isinstance(entry, Curve) else [Image(0, (0, entry), (0, entry))]
        if not taken:
            return None
        low, high = min(image.low for image in taken), max(image.high for image in taken)
        found.append(
            (
                -math.inf if low == BELOW else rounded_down(to_fraction(low[1])),
                math.inf if high == ABOVE else rounded_up(to_fraction(high[1])),
            )
        )
    return found


def _scaled(end: float, factor: Any, shift: Any) -> Any:
    if math.isinf(end):
        return end if factor > 0 else -end
    return to_fraction(end) * factor + shift
