"""Recheck what settles the noise hypotheses, from the law's description alone.

The table of conditions below is this module's own: it is organised by theorem, and shares nothing with the tables that
the search uses. Analytic cells, tails and exponential types are derived again from the expressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import sympy

from ivae_theory.certificates.noise_table import ALL, APPLIES, SAYS, exists
from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, binds, rechecks
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.analytic import is_zero_polynomial, never_zero, require_quotient, resolve
from ivae_theory.enclosure.formula.complexes import complex_ball
from ivae_theory.enclosure.formula.exponential_type import exponential_type
from ivae_theory.enclosure.formula.tails import decays_exponentially, order_at_infinity
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import from_text, parse_fraction, rank
from ivae_theory.verdict import Grade, Status

__all__ = ["recheck_theorems", "recheck_zero_set"]

Node = Mapping[str, Any]
P = dict[str, Any]
_INFINITY = {"oo": sympy.oo, "-oo": -sympy.oo}

_BOTH = {"right", "left"}


def _size(node: Node) -> int:
    """Number of coordinates; 1 for a scalar law."""
    match node["node"]:
        case "affine":
            return len(node["matrix"]) if isinstance(node["matrix"], list) else _size(node["law"])
        case "sum" | "mixture":
            return _size(node["laws"][0])
        case "product":
            return sum(_size(law) for law in node["laws"])
        case "iid":
            return int(node["count"])
        case "gaussian":
            return len(node["covariance"]) if isinstance(node["covariance"], list) else 1
        case "multivariate_t":
            return len(node["shape"])
        case "bounded":
            return len(node["low"])
        case "cf":
            return len(node["symbols"])
        case "opaque":
            return int(node["dimension"] or 1)
        case "none" | "named" | "density":
            return 1
    raise InvalidCertificate("a law of a known kind", repr(node["node"])[:40])


def _leaves(node: Node, path: str, matrix: list[list[Fraction]]) -> Iterator[tuple[str, Node, bool]]:
    """Path, law and "its coordinates enter injectively" of every independent part that is not a constant."""
    if not any(any(row) for row in matrix):
        return
    match node["node"]:
        case "none":
            return
        case "affine":
            own, width = node["matrix"], _size(node["law"])
            if isinstance(own, list):
                exact = [[parse_fraction(v) for v in row] for row in own]
            else:
                exact = [[parse_fraction(own) * (i == j) for j in range(width)] for i in range(width)]
            inner = [
                [sum((row[k] * exact[k][j] for k in range(len(exact))), Fraction(0)) for j in range(width)]
                for row in matrix
            ]
            yield from _leaves(node["law"], f"{path}.law", inner)
        case "sum":
            for index, law in enumerate(node["laws"]):
                yield from _leaves(law, f"{path}.laws[{index}]", matrix)
        case "product":
            start = 0
            for index, law in enumerate(node["laws"]):
                stop = start + _size(law)
                yield from _leaves(law, f"{path}.laws[{index}]", [row[start:stop] for row in matrix])
                start = stop
        case "iid":
            yield from _leaves(node["law"], f"{path}.law", [[Fraction(1)]])
        case _:
            yield path, node, rank(matrix) == _size(node)


def _identity(size: int) -> list[list[Fraction]]:
    return [[Fraction(i == j) for j in range(size)] for i in range(size)]


def _of(law: Node) -> list[tuple[str, Node, bool]]:
    """All independent parts; large laws without matrices are walked coordinate-free."""
    return list(_leaves(law, "law", _identity(_size(law)))) if _has_matrix(law) else list(_plain(law, "law"))


def _has_matrix(node: Node) -> bool:
    inner = [*node.get("laws", []), *([node["law"]] if "law" in node else [])]
    return isinstance(node.get("matrix"), list) or any(_has_matrix(law) for law in inner)


def _plain(node: Node, path: str) -> Iterator[tuple[str, Node, bool]]:
    kind = node["node"]
    if kind == "none" or (kind == "affine" and parse_fraction(node["matrix"]) == 0):
        return
    if kind in ("affine", "iid"):
        yield from _plain(node["law"], f"{path}.law")
    elif kind in ("sum", "product"):
        for index, law in enumerate(node["laws"]):
            yield from _plain(law, f"{path}.laws[{index}]")
    else:
        _size(node)
        yield path, node, True


def _parameters(node: Node) -> P:
    return {
        key: _INFINITY[text] if text in _INFINITY else sympy.Rational(*parse_fraction(text).as_integer_ratio())
        for key, text in node["parameters"].items()
    }


def _holds_of_leaf(theorem: str, node: Node) -> bool:
    """Whether a theorem applies to one leaf of a law, at its parameters."""
    match node["node"]:
        case "none":
            return theorem == "no_noise"
        case "gaussian":
            return theorem == "gaussian"
        case "multivariate_t":
            return theorem == "gaussian_scale_mixture" and parse_fraction(node["df"]) > 0
        case "named":
            p, name = _parameters(node), node["name"]
            condition = APPLIES.get(theorem, {}).get(name)
            return condition is not None and exists(name, p) and bool(condition(p))
        case "bounded":
            low, high = ("oo" not in "".join(node[side]) for side in ("low", "high"))
            one = len(node["low"]) == 1
            return (theorem, True) in (
                ("compact_support", low and high),
                ("half_line_right", low and one),
                ("half_line_left", high and one),
            )
        case "density":
            return _density(theorem, node)
        case "cf":
            symbols = [sympy.Symbol(name, real=True) for name in node["symbols"]]
            return theorem == "never_vanishing_form" and never_zero(from_text(node["expression"], symbols))
    return False


def _density(theorem: str, node: Node) -> bool:
    symbol = sympy.Symbol(node["symbol"], real=True)
    expression = from_text(node["expression"], [symbol])
    kinds: list[set[str]] = []
    for side, index in ((-1, 0), (1, 1)):
        if not any("oo" in piece[index] for piece in node["support"]):
            kinds.append({"bounded", "light", "sector"})
            continue
        with precision(160):
            try:
                order = order_at_infinity(expression, symbol, side)
            except CannotEnclose:
                kinds.append({"light"} if decays_exponentially(expression, symbol, side) else set())
                continue
        kind = {"bounded"} if order.zero else set()
        kind |= {"light"} if order.decays_exponentially else set()
        kinds.append(kind | ({"sector"} if order.vanishes else set()))
    left, right = kinds
    return {
        "compact_support": "bounded" in left & right,
        "half_line_right": "bounded" in left,
        "half_line_left": "bounded" in right,
        "exponential_moment": "light" in left & right,
        "right_exponential_moment": "light" in right,
        "left_exponential_moment": "light" in left,
        "analytic_tails": "sector" in left & right,
    }.get(theorem, False)


def _facts(node: Node) -> set[str]:
    """Facts about a law from its leaves, for members of mixtures."""
    kind = node["node"]
    if kind in ("sum", "product", "iid", "mixture"):
        shared = set.intersection(*(_facts(law) for law in ([node["law"]] if kind == "iid" else node["laws"])))
        if kind == "mixture" and "positive" not in shared:
            shared -= {"never_zero"}
        return shared if kind in ("sum", "mixture") else _linear(shared)
    if kind == "affine":
        facts, own = _facts(node["law"]), node["matrix"]
        if isinstance(own, list):
            facts = _linear(facts)
        elif parse_fraction(own) == 0:
            facts = set(ALL)
        elif parse_fraction(own) < 0:
            facts = {{"right": "left", "left": "right"}.get(fact, fact) for fact in facts}
        return facts - {"positive"} if any(parse_fraction(v) for v in node["shift"]) else facts
    facts = set()
    for theorem, says in SAYS.items():
        try:
            if _holds_of_leaf(theorem, node):
                facts |= says
        except CannotEnclose:
            continue
    return facts | {"off_zero"} if facts >= _BOTH else facts


def _linear(facts: set[str]) -> set[str]:
    return facts & ({"positive", "never_zero"} | (_BOTH if facts >= _BOTH else set()))


@rechecks("noise.theorems", "theorem1.i")
def recheck_theorems(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Rechecked:
    """Every independent part of the law is settled by the theorem that its step names."""
    parts, steps = _of(subject["noise"]["law"]), evidence["steps"]
    if [path for path, _, _ in parts] != [step["path"] for step in steps]:
        raise InvalidCertificate("one step for every part of the law", f"{len(steps)} steps for {len(parts)} parts")
    grade = Grade.EXACT
    for (path, node, injective), step in zip(parts, steps, strict=True):
        try:
            if step["theorem"] == "analytic_form":
                _recheck_cells(node, injective, step)
                grade = Grade.CERTIFIED
            elif step["theorem"] == "mixture":
                _recheck_mixture(node, step)
            else:
                _recheck_leaf(node, injective, step)
        except CannotEnclose as error:
            raise InvalidCertificate(f"{step['theorem']} to apply to {path}", str(error)) from None
    return Rechecked(Status.HOLDS, grade)


def _keys(step: Mapping[str, Any], *names: str) -> None:
    if set(step) != {"path", "theorem", "condition", *names}:
        raise InvalidCertificate("the fields of a step", str(sorted(step)))


def _recheck_leaf(node: Node, injective: bool, step: Mapping[str, Any]) -> None:
    _keys(step)
    theorem = step["theorem"]
    if theorem not in SAYS or not _holds_of_leaf(theorem, node):
        raise InvalidCertificate(f"a theorem that applies to {step['path']}", repr(theorem))
    if _size(node) > 1 and not injective and not _linear(SAYS[theorem]):
        raise InvalidCertificate("an injective map, or a theorem that survives every linear map", repr(theorem))
    if step["condition"] and node["node"] != "named":
        raise InvalidCertificate("no condition", repr(step["condition"])[:60])
    if step["condition"]:
        p = _parameters(node)
        symbols = {sympy.Symbol(name): value for name, value in p.items()}
        if from_text(step["condition"], symbols).subs(symbols) is not sympy.true:
            raise InvalidCertificate("a condition that the parameters satisfy", repr(step["condition"])[:60])


def _recheck_mixture(node: Node, step: Mapping[str, Any]) -> None:
    _keys(step)
    facts = _facts(node)
    useful = _linear(facts) if _size(node) > 1 else facts
    if node["node"] != "mixture" or step["condition"] not in useful:
        raise InvalidCertificate("a fact that all members of the mixture share", repr(step["condition"])[:60])


def _cell(texts: Mapping[str, Any], symbols: Sequence[sympy.Symbol]) -> list[tuple[sympy.Symbol, Any, Any]]:
    lows = [None if text == "-oo" else parse_fraction(text) for text in texts["low"]]
    highs = [None if text == "oo" else parse_fraction(text) for text in texts["high"]]
    cell = list(zip(symbols, lows, highs, strict=True))
    if any(low is not None and high is not None and low >= high for _, low, high in cell):
        raise InvalidCertificate("a cell with an interior", str(dict(texts))[:60])
    return cell


def _recheck_cells(node: Node, injective: bool, step: Mapping[str, Any]) -> None:
    """The cells cover R^d up to a null set; on each the function is analytic and not zero at the point given."""
    _keys(step, "cells")
    if node["node"] != "cf" or not injective or step["condition"]:
        raise InvalidCertificate("a characteristic function under an injective map", str(node["node"]))
    symbols = [sympy.Symbol(name, real=True) for name in node["symbols"]]
    expression = from_text(node["expression"], symbols)
    cells = []
    for texts in step["cells"]:
        if set(texts) != {"low", "high", "point"}:
            raise InvalidCertificate("low, high and point of a cell", str(sorted(texts)))
        cell = _cell(texts, symbols)
        point = [parse_fraction(value) for value in texts["point"]]
        for value, (_, low, high) in zip(point, cell, strict=True):
            if (low is not None and value <= low) or (high is not None and value >= high):
                raise InvalidCertificate("a point inside its cell", str(value))
        with precision(160):
            branch = resolve(expression, cell)
            require_quotient(branch, cell)
            if complex_ball(branch, dict(zip(symbols, point, strict=True))).contains(0):
                raise InvalidCertificate("a value that is not 0", f"a ball around 0 at {texts['point']}")
        cells.append(cell)
    _require_cover(cells, len(symbols))


def _require_cover(cells: Sequence[Sequence[tuple[Any, Any, Any]]], d: int) -> None:
    ends = [sorted({end for cell in cells for end in cell[j][1:] if end is not None}) for j in range(d)]
    gaps = [list(pairwise([None, *values, None])) for values in ends]
    for box in product(*gaps):
        inside = any(
            all(
                (low is None or (a is not None and a >= low)) and (high is None or (b is not None and b <= high))
                for (a, b), (_, low, high) in zip(box, cell, strict=True)
            )
            for cell in cells
        )
        if not inside:
            raise InvalidCertificate("cells that cover R^d up to a null set", f"nothing covers {box}")


@rechecks("noise.zero_set", "theorem1.i")
def recheck_zero_set(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Rechecked:
    """One part of the law enters injectively and has a characteristic function that is 0 on an open set."""
    found = {path: (node, injective) for path, node, injective in _of(subject["noise"]["law"])}
    node, injective = found[evidence["path"]]
    if not injective:
        raise InvalidCertificate("a part that enters injectively", evidence["path"])
    try:
        if evidence["theorem"] == "band_limited":
            _recheck_band(node, evidence)
        else:
            _recheck_zero_cell(node, evidence)
    except CannotEnclose as error:
        raise InvalidCertificate("an open set on which phi vanishes", str(error)) from None
    return Rechecked(Status.FAILS, Grade.EXACT)


def _recheck_band(node: Node, evidence: Mapping[str, Any]) -> None:
    if set(evidence) != {"kind", "path", "theorem", "type"} or node["node"] != "density":
        raise InvalidCertificate("a density and its exponential type", str(sorted(evidence)))
    symbol = sympy.Symbol(node["symbol"], real=True)
    with precision(128):
        bound = exponential_type(from_text(node["expression"], [symbol]), symbol)
    if node["support"] != [["-oo", "oo"]] or parse_fraction(evidence["type"]) != bound:
        raise InvalidCertificate(f"the exponential type {bound} on all of R", repr(evidence["type"])[:60])


def _recheck_zero_cell(node: Node, evidence: Mapping[str, Any]) -> None:
    if set(evidence) != {"kind", "path", "theorem", "cell"} or evidence["theorem"] != "analytic_form":
        raise InvalidCertificate("a cell on which phi is zero", str(sorted(evidence)))
    if node["node"] != "cf" or set(evidence["cell"]) != {"low", "high"}:
        raise InvalidCertificate("a characteristic function", str(node["node"]))
    symbols = [sympy.Symbol(name, real=True) for name in node["symbols"]]
    branch = resolve(from_text(node["expression"], symbols), _cell(evidence["cell"], symbols))
    if not is_zero_polynomial(sympy.expand(branch), symbols):
        raise InvalidCertificate("an expression that is identically zero on the cell", str(branch)[:60])


@rechecks("noise.not_additive", "theorem1.i", "theorem1.known_noise")
def recheck_not_additive(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Rechecked:
    """The observations are discrete: no translate of one law on the integers or on one-hot vectors fits two values of
    f(z)."""
    law = subject["noise"]["law"]
    if set(evidence) != {"kind", "name"} or law["node"] != "discrete" or law["name"] != evidence["name"]:
        raise InvalidCertificate("discrete observations", str(law)[:60])
    if evidence["name"] not in ("bernoulli", "categorical", "geometric", "poisson"):
        raise InvalidCertificate("a known discrete law", repr(evidence["name"])[:40])
    return Rechecked(Status.FAILS, Grade.EXACT)


@rechecks("noise.known", "theorem1.known_noise")
def recheck_known(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Rechecked:
    """The description fixes the noise's law."""
    noise = subject["noise"]
    if set(evidence) != {"kind", "learned"} or evidence["learned"] is not False or noise["learned"] is not False:
        raise InvalidCertificate("noise that is not learned", str(evidence.get("learned")))
    if noise["law"]["node"] == "discrete":
        raise InvalidCertificate("additive noise", "discrete observations")
    return Rechecked(Status.HOLDS, Grade.EXACT)


@rechecks("noise.learned", "theorem1.known_noise")
def recheck_learned(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Rechecked:
    """The description says that the noise's law is learned."""
    if (
        set(evidence) != {"kind", "learned"}
        or evidence["learned"] is not True
        or subject["noise"]["learned"] is not True
    ):
        raise InvalidCertificate("noise that is learned", str(evidence.get("learned")))
    return Rechecked(Status.FAILS, Grade.EXACT)


def _same_noise(claim: str, evidence: Mapping[str, Any], model: Any) -> None:
    """The model at hand carries the noise that the certificate is about."""
    from ivae_theory.certificates.registry import recheck_evidence

    recheck_evidence(claim, evidence, {"noise": model.noise.describe()})


for _kind in ("noise.theorems", "noise.zero_set", "noise.not_additive", "noise.known", "noise.learned"):
    binds(_kind)(_same_noise)
