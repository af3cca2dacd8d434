"""Elementwise operations of a graph: which maps they are, and where those are injective."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import arb

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.intervals import contains_zero
from ivae_theory.enclosure.network.library import FIXED, WITH_PARAMETERS, integer_power, leaky_relu
from ivae_theory.enclosure.network.maps import Map
from ivae_theory.enclosure.network.traced import Graph, Node

__all__ = ["defined_on", "injective_on", "maps_after", "sides_after"]

Side = tuple[float, float]
#: Maps without a value below a number.
_STARTS = {"log": 0, "log2": 0, "log10": 0, "sqrt": 0, "rsqrt": 0, "log1p": -1}
#: Maps that take half-lines from 0 to half-lines from 0, and ends between which the values of a map lie.
_KEEP = ("pow", "relu", "abs", "leaky_relu", "sqrt", "expm1", "tanh", "sinh", "tanhshrink")
_LIMITS = {
    "exp": (0.0, math.inf),
    "softplus": (0.0, math.inf),
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "log_sigmoid_forward": (-math.inf, 0.0),
}


def maps_after(graph: Graph, source: int, stop: int, shape: tuple[int, ...]) -> tuple[str, list[Map]] | None:
    """The operation's name and its elementwise maps, one an entry, when node ``stop`` is such a map of ``source``."""
    expected = {"input": 0} if source == -1 else {"node": source}
    count = math.prod(shape)
    node = graph.nodes[stop]
    if _is_tanhshrink(graph, node, expected):
        return "x - tanh x", [FIXED["tanhshrink"]] * count
    if node.op == "getitem" and node.args[1:] == (0,) and isinstance(node.args[0], dict) and "node" in node.args[0]:
        inner = graph.nodes[node.args[0]["node"]]
        node = inner if inner.name == "log_sigmoid_forward" else node
    if not node.args or node.args[0] != expected or any(_varies(a) for a in node.args[1:]):
        return None
    maps = _maps(node, graph, shape)
    return None if maps is None else (node.name, maps)


def _is_tanhshrink(graph: Graph, node: Node, expected: dict[str, int]) -> bool:
    """Whether the node is ``x - tanh(x)``."""
    if node.name != "sub" or len(node.args) != 2 or node.args[0] != expected or node.kwargs.get("alpha", 1) != 1:
        return False
    second = node.args[1]
    if not (isinstance(second, dict) and "node" in second):
        return False
    inner = graph.nodes[second["node"]]
    return inner.name == "tanh" and inner.args == (expected,)


def _varies(argument: Any) -> bool:
    if isinstance(argument, dict):
        return "node" in argument or "input" in argument
    return isinstance(argument, (list, tuple)) and any(_varies(item) for item in argument)


def _maps(node: Node, graph: Graph, shape: tuple[int, ...]) -> list[Map] | None:
    count = math.prod(shape)
    if node.name in ("_prelu_kernel", "prelu"):
        weight = node.args[1]
        if not (isinstance(weight, dict) and "constant" in weight):
            return None
        rates = graph.constants[weight["constant"]]
        rates = rates.reshape((1, -1) + (1,) * (len(shape) - 2)) if rates.ndim == 1 and rates.size > 1 else rates
        return [leaky_relu(float(v)) for v in np.broadcast_to(rates, shape).reshape(-1)]
    rest = list(node.args[1:])
    plain = all(a is None or isinstance(a, (bool, int, float, str)) for a in (*rest, *node.kwargs.values()))
    if node.name == "pow" and plain and len(rest) == 1 and float(rest[0]).is_integer() and 0 < rest[0] <= 64:
        return [integer_power(int(rest[0]))] * count
    if node.name in FIXED and not rest and node.name != "pow":
        return [FIXED[node.name]] * count
    if node.name in WITH_PARAMETERS and plain and "Tensor" not in node.op:
        return [WITH_PARAMETERS[node.name](*rest, **node.kwargs)] * count
    return None


def injective_on(entry: Map, value: arb, side: Side) -> str:
    """How an elementwise map is injective on the range of its entry: "exact", "enclosed", or "" for unknown."""
    if entry.injective:
        return "exact"
    if entry.name in ("pow", "abs", "relu") and (side[0] >= 0 or (side[1] <= 0 and entry.name != "relu")):
        return "exact"
    try:
        slope = entry.slope(value)
    except CannotEnclose:
        return ""
    return "enclosed" if slope > 0 or slope < 0 else ""


def defined_on(entry: Map, value: arb, side: Side, thin: bool) -> bool:
    """Whether the map has a value on the range of its entry, up to a null set of latents."""
    if entry.name == "reciprocal":
        return thin or not contains_zero(value) or side[0] > 0 or side[1] < 0
    start = _STARTS.get(entry.name)
    return start is None or bool(value > start) or side[0] > start or (thin and side[0] >= start)


def sides_after(maps: Sequence[Map], sides: Sequence[Side]) -> list[Side]:
    """Intervals of the values: the limits of the maps, and half-lines from 0 under the maps that keep them so."""
    found = []
    for entry, side in zip(maps, sides, strict=True):
        low, high = _LIMITS.get(entry.name, (-math.inf, math.inf))
        found.append((max(low, 0.0) if side[0] >= 0 and entry.name in _KEEP else low, high))
    return found
