"""The graph of a model's mixing function, which evidence brings along and the description only names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivae_theory.certificates.registry import InvalidCertificate
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.expressions import graph_of_texts
from ivae_theory.enclosure.network.traced import Graph

__all__ = ["mixing_graph"]


def mixing_graph(evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Graph:
    """The evidence's graph, which must be the one that the description of the model names.

    Formulas say which graph is theirs: it is built again, so that nothing is shown of a graph that is not.
    """
    graph, mixing = Graph.from_dict(evidence["graph"], "evidence.graph"), subject["mixing"]
    digest = graph.digest()
    if mixing is None or digest != mixing["graph"]:
        raise InvalidCertificate("the graph of the model's mixing function", "another graph")
    while mixing["kind"] == "vouched":
        mixing = mixing["function"]
    if digest != mixing["graph"] or (mixing["kind"] == "symbolic" and digest != _of_formulas(mixing)):
        raise InvalidCertificate("the graph of the formulas of the mixing function", "another graph")
    return graph


def _of_formulas(mixing: Mapping[str, Any]) -> str:
    try:
        return graph_of_texts(mixing["symbols"], mixing["expressions"]).digest()
    except CannotEnclose as error:
        raise InvalidCertificate("formulas that have a graph", error.what) from None
