"""Graphs without repeated computations: equal operations on equal arguments are one node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ivae_theory.enclosure.network.traced import Graph, Node

__all__ = ["shared"]


def shared(graph: Graph) -> Graph:
    """The same function with every repeated node computed once, so that tied outputs meet in one node."""
    constants: dict[tuple[str, tuple[int, ...], bytes], int] = {}
    same = [constants.setdefault((c.dtype.str, c.shape, c.tobytes()), i) for i, c in enumerate(graph.constants)]
    nodes: list[Node] = []
    first: dict[str, int] = {}
    renamed: list[int] = []

    def rename(argument: Any) -> Any:
        if isinstance(argument, Mapping):
            if "node" in argument:
                return {"node": renamed[argument["node"]]}
            return {"constant": same[argument["constant"]]} if "constant" in argument else dict(argument)
        return [rename(item) for item in argument] if isinstance(argument, (list, tuple)) else argument

    for node in graph.nodes:
        args = tuple(rename(argument) for argument in node.args)
        kwargs = {key: rename(value) for key, value in node.kwargs.items()}
        key = json.dumps([node.op, args, kwargs], sort_keys=True)
        if key not in first:
            first[key] = len(nodes)
            nodes.append(Node(node.op, args, kwargs))
        renamed.append(first[key])
    return Graph(graph.m, graph.integer, tuple(nodes), graph.constants, rename(graph.output), graph.shape)
