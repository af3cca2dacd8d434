"""Recheck what settles injectivity: every argument is derived again from the graph or the expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy

from ivae_theory.certificates.mixing_graph import mixing_graph
from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, binds, rechecks
from ivae_theory.enclosure.network.chain import NotProved, injective_links
from ivae_theory.enclosure.network.refutation import bottleneck, collides, continuous_on, determinant_sign
from ivae_theory.enclosure.network.supports import Supports, hulls_of, in_one_piece, inside, supports_of
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.network.triangular import recovers
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import decode_array, from_text, parse_fraction
from ivae_theory.verdict import Grade, Status

__all__: list[str] = []

CLAIMS = ("theorem1.injective", "published.theorem1", "published.theorem2", "published.theorem3")
Evidence = Mapping[str, Any]


def _supports(subject: Evidence, graph: Graph) -> Supports:
    supports = supports_of(subject["families"])
    if len(supports) != graph.m:
        raise InvalidCertificate(f"{graph.m} latents", f"{len(supports)} families")
    return supports


@rechecks("injectivity.links", "theorem1.injective")
def _links(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    graph = mixing_graph(evidence, subject)
    try:
        with precision(128):
            links = injective_links(graph, _supports(subject, graph))
    except NotProved as error:
        raise InvalidCertificate("links that are injective", error.why) from None
    if evidence["arguments"] != [link.argument for link in links]:
        raise InvalidCertificate("the arguments that were derived again", "others")
    return Rechecked(Status.HOLDS, Grade.EXACT if all(link.exact for link in links) else Grade.CERTIFIED)


@rechecks("injectivity.recovery", "theorem1.injective")
def _recovery(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Each component determines its symbol once the earlier symbols are known."""
    described = subject["mixing"].get("function") or subject["mixing"]
    if [evidence["symbols"], evidence["expressions"]] != [described["symbols"], described["expressions"]]:
        raise InvalidCertificate("the expressions of the model's mixing function", "others")
    symbols = {name: sympy.Symbol(name, real=True) for name in evidence["symbols"]}
    expressions = [from_text(text, symbols.values(), "expressions") for text in evidence["expressions"]]
    ranges = dict(zip(symbols.values(), hulls_of(supports_of(subject["families"])), strict=True))
    known: set[sympy.Symbol] = set()
    for component, name in evidence["order"]:
        symbol, expression = symbols[name], expressions[component]
        if (expression.free_symbols - known) != {symbol} or not recovers(expression, symbol, ranges):
            raise InvalidCertificate(f"x_{component + 1} to determine {name}", "an expression that does not")
        known.add(symbol)
    if known != set(symbols.values()):
        raise InvalidCertificate("every latent to be recovered", f"{len(known)} of {len(symbols)}")
    return Rechecked(Status.HOLDS, Grade.EXACT)


#: Layers that are injective by construction, with the argument: what the report may claim beyond the user's word.
_KNOWN = {
    "torch.distributions.transforms": "ExpTransform SigmoidTransform TanhTransform SoftplusTransform "
    "StickBreakingTransform AffineTransform ReshapeTransform ComposeTransform IndependentTransform "
    "_InverseTransform",
    "zuko.transforms": "AdditiveTransform MonotonicAffineTransform MonotonicRQSTransform SoftclipTransform "
    "SignedPowerTransform PermutationTransform ComposedTransform DependentTransform AutoregressiveTransform "
    "CouplingTransform",
    "torch.nn.modules.container": "Sequential",
    "ivae_theory.training.layered_modules": "InverseSplines",
}
_COMPOSITE = {"ComposeTransform", "IndependentTransform", "_InverseTransform", "ComposedTransform", "Sequential",
              "DependentTransform", "AutoregressiveTransform", "CouplingTransform"}  # fmt: skip


@rechecks("injectivity.construction", "theorem1.injective")
def _construction(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    built = evidence["construction"]
    described = subject["mixing"].get("function") or subject["mixing"]
    if built != described["construction"]:
        raise InvalidCertificate("the construction of the model's mixing function", "another")
    return Rechecked(Status.HOLDS, _grade_of_layer(built, 0))


def _grade_of_layer(built: Evidence, depth: int) -> Grade:
    if depth > 100:
        raise InvalidCertificate("at most 100 nested layers", "more")
    if built["declared"]:
        return Grade.ASSUMED
    parts = [_grade_of_layer(part, depth + 1) for part in built["parts"]]
    if built["graph"] is not None:
        graph = Graph.from_dict(built["graph"], "construction.graph")
        try:
            with precision(96):
                links = injective_links(graph)
        except NotProved as error:
            raise InvalidCertificate("a layer that is injective", error.why) from None
        return Grade.EXACT if all(link.exact for link in links) else Grade.CERTIFIED
    module, _, name = str(built["layer"]).rpartition(".")
    if name not in _KNOWN.get(module, "").split() or (name in _COMPOSITE and not parts):
        raise InvalidCertificate("a layer that is injective by construction", str(built["layer"])[:60])
    return min(parts, default=Grade.EXACT)


@rechecks("injectivity.collision", "theorem1.injective")
def _collision(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    graph = mixing_graph(evidence, subject)
    points = [[parse_fraction(text, f"evidence.{name}") for text in evidence[name]] for name in ("first", "second")]
    supports = _supports(subject, graph)
    if not all(len(z) == graph.m and inside(supports, z) for z in points):
        raise InvalidCertificate("two points of Z", "points outside")
    if not collides(graph, points[0], points[1], evidence["node"]):
        raise InvalidCertificate("two points with one image", "points that do not collide")
    return Rechecked(Status.FAILS, Grade.EXACT)


def _box(evidence: Evidence, subject: Evidence, graph: Graph) -> tuple[Any, Any]:
    low, high = (decode_array(evidence[name], f"evidence.{name}") for name in ("low", "high"))
    if low.shape != (graph.m,) or high.shape != (graph.m,) or not np.isfinite([low, high]).all():
        raise InvalidCertificate(f"a box in R^{graph.m}", f"shapes {low.shape}, {high.shape}")
    if not in_one_piece(_supports(subject, graph), low.tolist(), high.tolist()):
        raise InvalidCertificate("a box inside Z", "a box outside")
    return low, high


@rechecks("injectivity.dimension", "theorem1.injective")
def _dimension(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    graph = mixing_graph(evidence, subject)
    found = bottleneck(graph, *_box(evidence, subject, graph))
    if found is None or found[0] != evidence["node"]:
        raise InvalidCertificate("a node with fewer coordinates than latents", f"node {evidence['node']!r:.20}")
    return Rechecked(Status.FAILS, Grade.EXACT)


@rechecks("injectivity.jacobian_signs", "theorem1.injective")
def _jacobian_signs(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    graph = mixing_graph(evidence, subject)
    low, high = _box(evidence, subject, graph)
    if not continuous_on(graph, low, high):
        raise InvalidCertificate("a function continuous on the box", "one that may not be")
    points = decode_array(evidence["points"], "evidence.points")
    if points.shape != (2, graph.m) or not all((low < z).all() and (z < high).all() for z in points):
        raise InvalidCertificate("two points inside the box", f"shape {points.shape}")
    signs = [determinant_sign(graph, z) for z in points]
    if signs[0] * signs[1] != -1:
        raise InvalidCertificate("Jacobian determinants of opposite sign", f"signs {signs}")
    return Rechecked(Status.FAILS, Grade.CERTIFIED)


def _bind_graph(claim: str, evidence: Evidence, model: Any) -> None:
    graph = None if model.mixing is None else model.mixing.graph
    if graph is None or Graph.from_dict(evidence["graph"], "evidence.graph").digest() != graph.digest():
        raise InvalidCertificate("evidence about the model's mixing function", "evidence about another")


for _kind in ("links", "collision", "dimension", "jacobian_signs"):
    binds(f"injectivity.{_kind}")(_bind_graph)


@binds("injectivity.construction")
def _bind_construction(claim: str, evidence: Evidence, model: Any) -> None:
    built = None if model.mixing is None else model.mixing.construction
    if built is None or built.to_dict() != evidence["construction"]:
        raise InvalidCertificate("evidence about the model's mixing function", "evidence about another")


@binds("injectivity.recovery")
def _bind_recovery(claim: str, evidence: Evidence, model: Any) -> None:
    inner = getattr(model.mixing, "inner", None) or model.mixing
    matrix = getattr(inner, "matrix", None)
    if matrix is None or inner.describe()["expressions"] != evidence["expressions"]:
        raise InvalidCertificate("evidence about the model's mixing function", "evidence about another")
