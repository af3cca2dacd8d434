"""Recheck theorem1.iii for traced natural parameters: the graph is in the evidence, its digest in the subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, binds, recheck_evidence, rechecks
from ivae_theory.certificates.variability_rank import check_rank
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.invertible import differences, has_full_column_rank
from ivae_theory.enclosure.network.bottleneck import coefficients
from ivae_theory.enclosure.network.sharing import shared
from ivae_theory.enclosure.network.structure import affine_parts
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.precision import around, precision
from ivae_theory.exact import decode_array, parse_fraction
from ivae_theory.verdict import Grade, Status

__all__: list[str] = []

_CLAIM = "theorem1.iii"
Evidence = Mapping[str, Any]


def _graph(evidence: Evidence, subject: Evidence) -> tuple[Graph, int]:
    """The graph of the evidence, when it is the subject's; and nk."""
    size = sum(int(k) for k in subject["ks"])
    graph = Graph.from_dict(evidence["graph"])
    if subject["natural"]["kind"] != "callable" or graph.digest() != subject["natural"]["graph"]:
        raise InvalidCertificate("the graph of the subject's natural parameters", "another one")
    if graph.size != size:
        raise InvalidCertificate(f"{size} outputs", f"{graph.size}")
    return graph, size


@rechecks("variability.graph", _CLAIM)
def _points(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Enclosures of lambda at (or in neighbourhoods of) points of the support affinely span."""
    graph, size = _graph(evidence, subject)
    points = decode_array(evidence["points"])
    radius, bits = parse_fraction(evidence["radius"]), int(evidence["bits"])
    if points.ndim != 2 or len(points) <= size or not 32 <= bits <= 4096 or evidence["rank"] != size:
        raise InvalidCertificate(f"at least {size + 1} points", f"shape {points.shape}")
    _check_support(points, radius, graph, subject["domain"])
    with precision(bits):
        try:
            rows = [_enclosed(graph, point, radius) for point in points]
        except CannotEnclose as problem:
            raise InvalidCertificate("an enclosure at every point", problem.what) from None
        lower = differences(rows)
    if not has_full_column_rank(lower, bits):
        raise InvalidCertificate("points that affinely span", "no proof of it")
    return Rechecked(Status.HOLDS, Grade.CERTIFIED)


def _check_support(points: NDArray[Any], radius: Fraction, graph: Graph, domain: Evidence) -> None:
    """Points of a finite or observed support, or inside the box; neighbourhoods wherever u may be continuous."""
    kind = domain["kind"]
    discrete = kind == "points" or (kind == "observed" and graph.integer)
    if radius < 0 or (radius == 0 and not discrete) or not np.isfinite(points).all():
        raise InvalidCertificate("neighbourhoods of positive radius", f"radius {radius}")
    if kind in ("points", "observed"):
        known = {tuple(row) for row in decode_array(domain["values"]).tolist()}
        inside = all(tuple(point) in known for point in points.tolist())
    elif kind == "box":
        low, high = ([float.fromhex(text) for text in domain[name]] for name in ("low", "high"))
        inside = bool((points >= np.array(low)).all() and (points <= np.array(high)).all())
    else:
        inside = False
    if not inside:
        raise InvalidCertificate("points of the support", "others")


def _enclosed(graph: Graph, point: NDArray[Any], radius: Fraction) -> list[arb]:
    if radius == 0:
        return list(np.asarray(graph.evaluate(point), dtype=object).reshape(-1))
    wide = np.empty(len(point), dtype=object)
    wide[:] = [around(Fraction(float(value)), radius) for value in point]
    return list(np.asarray(graph.evaluate(wide), dtype=object).reshape(-1))


def _relations(evidence: Evidence, size: int) -> list[list[Fraction]]:
    relations = [[parse_fraction(text) for text in w] for w in evidence["relations"]]
    if not relations or any(len(w) != size or not any(w) for w in relations):
        raise InvalidCertificate(f"relations of {size} weights, not all zero", "others")
    return relations


@rechecks("variability.structure", _CLAIM)
def _structure(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """The outputs are affine in an inner node, and the relations vanish on its coefficients."""
    graph, size = _graph(evidence, subject)
    graph = shared(graph)
    relations = _relations(evidence, size)
    domain = subject["domain"]
    low = high = None
    if domain["kind"] == "box":
        low, high = (np.array([float.fromhex(text) for text in domain[name]]) for name in ("low", "high"))
    part = next((part for part in affine_parts(graph) if part.node == evidence["node"]), None)
    if part is None:
        raise InvalidCertificate("outputs that are affine in the node named", f"node {evidence['node']!r}")
    matrix = coefficients(graph, part, low, high)
    for w in relations:
        for column in zip(*matrix, strict=True):
            if sum(a * b for a, b in zip(w, column, strict=True) if a) != 0:
                raise InvalidCertificate("relations that vanish on the coefficients", "others")
    if "rank" in evidence or "identified_directions" in evidence:

        def rows(bits: int) -> list[list[arb]]:
            points, radius = decode_array(evidence["points"]), parse_fraction(evidence["radius"])
            _check_support(points, radius, graph, domain)
            return [_enclosed(graph, point, radius) for point in points]

        check_rank(evidence, relations, rows)
    return Rechecked(Status.FAILS, Grade.EXACT)


@rechecks("variability.graph_relation", _CLAIM)
def _graph_relation(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Relations between the graph's exact values at all points of a finite support."""
    graph, size = _graph(evidence, subject)
    relations = _relations(evidence, size)
    if subject["domain"]["kind"] != "points":
        raise InvalidCertificate("a finite support", "another domain")
    try:
        rows = [_rational(graph, point) for point in decode_array(subject["domain"]["values"]).tolist()]
    except CannotEnclose as problem:
        raise InvalidCertificate("a graph of rational operations", problem.what) from None
    for w in relations:
        levels = {sum((a * b for a, b in zip(w, row, strict=True) if a), Fraction(0)) for row in rows}
        if len(levels) != 1:
            raise InvalidCertificate("the same combination at every u", f"{len(levels)} values")
    return Rechecked(Status.FAILS, Grade.EXACT)


def _rational(graph: Graph, point: Sequence[Any]) -> list[Fraction]:
    values = np.asarray(graph.evaluate_exactly(point), dtype=object).reshape(-1)
    return [Fraction(int(value.p), int(value.q)) for value in values]


def _bound_by_description(claim: str, evidence: Evidence, model: Any) -> None:
    """The subject knows the graph by its digest: recheck with the description of the model at hand."""
    recheck_evidence(claim, evidence, model.describe())


for _kind in ("graph", "structure", "graph_relation"):
    binds(f"variability.{_kind}")(_bound_by_description)
