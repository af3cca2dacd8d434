"""Which natural parameters are exactly the same at every u, from a model's description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.models.quadratic import rows_of
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import decode_array
from ivae_theory.exact.identity import is_zero

__all__ = ["constant_columns"]

Description = Mapping[str, Any]
#: Bits for traced callables, and how many values of u one is evaluated at: more are left open.
BITS, MOST_POINTS = 256, 2000


def constant_columns(natural: Description, domain: Description, graph: Graph | None = None) -> frozenset[int]:
    """The places in ``lambda(u)`` whose entries are proved to be the same at every u of the whole support.

    Parameters
    ----------
    natural, domain
        As :meth:`ivae_theory.Prior.describe` writes them.
    graph
        The traced computation, where ``natural`` is a callable.

    Returns
    -------
    frozenset
        A place that is missing may be constant all the same. Tables are taken as given; formulas are constant by an
        exact identity; a traced callable has values without any rounding that are equal at every point.
    """
    if natural["kind"] == "symbolic" and domain["kind"] == "symbolic":
        return _of_formulas(natural, [str(name) for name in domain["symbols"]])
    if domain["kind"] != "points":
        return frozenset()
    if natural["kind"] == "table":
        return _of_table(natural)
    return frozenset() if graph is None else _of_graph(graph, decode_array(domain["values"]).tolist())


def _of_table(natural: Description) -> frozenset[int]:
    if "sha256" in natural["values"]:
        return frozenset()
    if natural["entries"] == "floats":
        values = decode_array(natural["values"])
        return frozenset(np.flatnonzero((values == values[0]).all(axis=0)).tolist())
    rows = rows_of(natural) or [[]]
    return frozenset(place for place, first in enumerate(rows[0]) if all(_same(row[place], first) for row in rows[1:]))


def _same(value: Any, other: Any) -> bool:
    return bool(value == other) if not isinstance(value, sympy.Basic) else is_zero(value - other)


def _of_formulas(natural: Description, names: Sequence[str]) -> frozenset[int]:
    """``g(u) = g(v)`` as an identity in u and v: u at any place of its set, v at any other."""
    (row,) = rows_of(natural, names) or [[]]
    renamed = {
        sympy.Symbol(name, real=True): sympy.Symbol(f"{name}_{'x' * (1 + max(map(len, names)))}", real=True)
        for name in names
    }
    return frozenset(
        place for place, entry in enumerate(row) if not entry.free_symbols or is_zero(entry - entry.xreplace(renamed))
    )


def _of_graph(graph: Graph, points: Sequence[Sequence[Any]]) -> frozenset[int]:
    """Balls of radius 0 are the values themselves."""
    if len(points) > MOST_POINTS:
        return frozenset()
    with precision(BITS):
        try:
            rows = [np.asarray(graph.evaluate(np.array(point)), dtype=object).reshape(-1) for point in points]
        except CannotEnclose:
            return frozenset()
        return frozenset(
            place
            for place, first in enumerate(rows[0])
            if first.is_exact() and all(row[place].is_exact() and bool(row[place] == first) for row in rows)
        )
