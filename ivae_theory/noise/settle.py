"""From the tree of a law to a verdict on hypothesis (i): which theorem settles each independent part.

A law built from sums, products over coordinates and affine maps is ``eps = b + sum_j A_j xi_j`` with independent
``xi_j``, so ``phi(w) = exp(i b.w) prod_j phi_j(A_j^T w)``. Where ``A_j^T`` is onto (``A_j`` injective) the zeros of a
factor are the preimage of those of ``phi_j`` under a linear map onto R^m: null when those are null, with an interior
point when those have one. A
scalar ``xi_j`` enters through one column: either zero (a constant) or injective. So the whole law satisfies (i) exactly
when every part does. For a part on R^m, m > 1, whose map is not injective only facts that survive every
linear map count: a characteristic function that never vanishes, or an exponential moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ivae_theory.exact import parse_fraction, rank
from ivae_theory.noise.named import NAMED, condition_holds
from ivae_theory.noise.theorems import FACTS, THEOREMS
from ivae_theory.verdict import Status

__all__ = ["Part", "Step", "dimension_of", "facts", "parts", "settle"]

Node = Mapping[str, Any]
Matrix = list[list[Fraction]]
BOTH = frozenset({"right", "left"})


@dataclass(frozen=True)
class Part:
    """An independent part ``A xi`` of a law: where it stands in the tree, its law, whether ``A`` is injective (always
    so for a scalar ``xi``)."""

    path: str
    node: Node
    injective: bool


@dataclass(frozen=True)
class Step:
    """How one part was settled: by which theorem, under which condition; ``detail`` goes into the evidence."""

    path: str
    status: Status
    theorem: str = ""
    condition: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def dimension_of(node: Node) -> int:
    """Number of coordinates of a described law; 1 for a scalar one."""
    kind = node["node"]
    if kind == "affine":
        return len(node["matrix"]) if isinstance(node["matrix"], list) else dimension_of(node["law"])
    if kind in ("sum", "mixture"):
        return dimension_of(node["laws"][0])
    if kind == "product":
        return sum(dimension_of(law) for law in node["laws"])
    if kind == "gaussian":
        return len(node["covariance"]) if isinstance(node["covariance"], list) else 1
    sizes = {"iid": "count", "opaque": "dimension"}
    if kind in sizes:
        return int(node[sizes[kind]] or 1)
    lists = {"multivariate_t": "shape", "bounded": "low", "cf": "symbols"}
    return len(node[lists[kind]]) if kind in lists else 1


def parts(node: Node, path: str = "law", matrix: Matrix | None = None) -> Iterator[Part]:
    """The independent parts of a law that are not constants; ``matrix`` (``None`` for the identity) maps its
    coordinates."""
    kind = node["node"]
    if kind == "none" or (matrix is not None and not any(map(any, matrix))):
        return
    if kind == "affine":
        yield from _affine_parts(node, path, matrix)
    elif kind == "sum":
        for index, law in enumerate(node["laws"]):
            yield from parts(law, f"{path}.laws[{index}]", matrix)
    elif kind == "product":
        start = 0
        for index, law in enumerate(node["laws"]):
            width = dimension_of(law)
            block = None if matrix is None else [row[start : start + width] for row in matrix]
            yield from parts(law, f"{path}.laws[{index}]", block)
            start += width
    elif kind == "iid":
        # every coordinate has the same law, and some column of the matrix is not zero
        yield from parts(node["law"], f"{path}.law")
    else:
        width = dimension_of(node)
        yield Part(path, node, matrix is None or width == 1 or rank(matrix) == width)


def _affine_parts(node: Node, path: str, matrix: Matrix | None) -> Iterator[Part]:
    inner, own = node["law"], node["matrix"]
    if not isinstance(own, list):
        if parse_fraction(own):
            yield from parts(inner, f"{path}.law", matrix)
        return
    exact = [[parse_fraction(entry) for entry in row] for row in own]
    if matrix is not None:
        exact = _product(matrix, exact)
    yield from parts(inner, f"{path}.law", exact)


def _product(left: Matrix, right: Matrix) -> Matrix:
    columns = list(zip(*right, strict=True))
    return [[sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in columns] for row in left]


def facts(node: Node) -> frozenset[str]:
    """Facts (:mod:`.theorems`) about a law that follow from those of its leaves; for laws on R^m, m > 1, ``right``
    and ``left`` occur together and mean ``E exp(a|eps|) < oo``."""
    kind = node["node"]
    if kind in ("sum", "mixture"):
        common = frozenset.intersection(*(facts(law) for law in node["laws"]))
        return common - {"never_zero"} | (common & {"positive"} and {"never_zero"}) if kind == "mixture" else common
    if kind in ("product", "iid"):
        laws = node["laws"] if kind == "product" else [node["law"]]
        return _on_vectors(frozenset.intersection(*(facts(law) for law in laws)))
    if kind == "affine":
        return _affine_facts(node)
    return frozenset().union(*(THEOREMS[name].facts for name, _ in leaf_theorems(node)))


def _affine_facts(node: Node) -> frozenset[str]:
    own, shifted = node["matrix"], any(parse_fraction(entry) for entry in node["shift"])
    found = facts(node["law"])
    if isinstance(own, list):
        found = _on_vectors(found)
    elif parse_fraction(own) == 0:
        found = frozenset(FACTS)
    elif parse_fraction(own) < 0:
        swapped = {"right": "left", "left": "right"}
        found = frozenset(swapped.get(fact, fact) for fact in found)
    return found - {"positive"} if shifted else found


def _on_vectors(found: frozenset[str]) -> frozenset[str]:
    """Facts on R that mean something on R^m and survive every linear map."""
    return found & ({"positive", "never_zero"} | (BOTH if found >= BOTH else frozenset()))


def leaf_theorems(node: Node) -> list[tuple[str, str]]:
    """The theorems (with the conditions that hold) that apply to a leaf."""
    kind = node["node"]
    if kind == "none":
        return [("no_noise", "")]
    if kind == "gaussian":
        return [("gaussian", "")]
    if kind == "multivariate_t":
        return [("gaussian_scale_mixture", "")]
    if kind == "named":
        entry = NAMED[node["name"]]
        values = {key: text if "oo" in text else parse_fraction(text) for key, text in node["parameters"].items()}
        applies = [(name, condition) for name, condition in entry.theorems if condition_holds(condition, values)]
        return sorted(applies, key=lambda pair: list(THEOREMS).index(pair[0]))
    if kind == "bounded":
        finite_low, finite_high = (all("oo" not in entry for entry in node[side]) for side in ("low", "high"))
        if finite_low and finite_high:
            return [("compact_support", "")]
        if len(node["low"]) > 1:
            return []
        return [("half_line_right", "")] if finite_low else [("half_line_left", "")] if finite_high else []
    if kind == "density":
        from ivae_theory.noise.density import density_theorems

        return [(name, "") for name in density_theorems(node)]
    if kind == "cf":
        from ivae_theory.noise.cf import form_theorems

        return [(name, "") for name in form_theorems(node)]
    return []


def settle(node: Node) -> list[Step]:
    """One step for every part of the law; (i) holds exactly when every step's status is HOLDS."""
    return [_settle_part(part) for part in parts(node)]


def _settle_part(part: Part) -> Step:
    node, kind = part.node, part.node["node"]
    if kind == "mixture":
        return _settle_mixture(part)
    for name, condition in leaf_theorems(node):
        given = THEOREMS[name].facts
        if part.injective or _on_vectors(given):
            return Step(part.path, Status.HOLDS, name, condition)
    if kind == "cf" and part.injective:
        from ivae_theory.noise.cf import cells_of

        cells = cells_of(node)
        if cells is not None:
            return Step(part.path, cells.status, "analytic_form", "", cells.detail)
    if kind == "density":
        from ivae_theory.noise.density import band_limit

        limit = band_limit(node)
        if limit is not None:
            return Step(part.path, Status.FAILS, "band_limited", "", {"type": limit})
    return Step(part.path, Status.UNDECIDED)


def _settle_mixture(part: Part) -> Step:
    shared = facts(part.node)
    useful = _on_vectors(shared) if dimension_of(part.node) > 1 else shared
    for fact in FACTS:
        if fact in useful:
            return Step(part.path, Status.HOLDS, "mixture", fact)
    return Step(part.path, Status.UNDECIDED)
