"""Recheck an equivalence, or its refutation, from the formulas in the certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, binds, rechecks
from ivae_theory.certificates.transitions import (
    Side,
    is_map,
    is_relation,
    is_transition,
    leaves_image,
    nonzero_minor,
    read_side,
)
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import from_text, parse_fraction, rank
from ivae_theory.verdict import Grade, Status

CLAIM = "equivalence"
BITS = 256
Evidence = Mapping[str, Any]


def _require(condition: bool, expected: str) -> None:
    if not condition:
        raise InvalidCertificate(expected, "evidence that does not show it")


def _field(evidence: Evidence, name: str) -> Any:
    if name not in evidence:
        raise InvalidCertificate(f"a certificate with {name!r}", "one without")
    return evidence[name]


def _sides(evidence: Evidence) -> tuple[Side, Side]:
    models = _field(evidence, "models")
    _require(isinstance(models, Mapping) and set(models) == {"a", "b"}, "two models")
    return read_side(models["a"], "z"), read_side(models["b"], "w")


def _expressions(texts: Any, symbols: Sequence[sympy.Symbol], name: str) -> list[sympy.Expr]:
    _require(isinstance(texts, Sequence) and not isinstance(texts, str), f"{name} as a list of expressions")
    return [sympy.sympify(from_text(text, symbols, name), strict=True) for text in texts]


def _transition(evidence: Evidence, a: Side, b: Side) -> list[sympy.Expr]:
    h = _expressions(_field(evidence, "h"), a.symbols, "h")
    _require(is_transition(a, b, h), "h = f'^-1 o f as an identity that maps one support into the other")
    return h


@rechecks("equivalence.sizes", CLAIM)
def recheck_sizes(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """Different numbers of statistics or of observed coordinates: of the digests' models, which binding compares."""
    _require(evidence.get("name") in ("nk", "d"), "the number of statistics or of coordinates")
    _require(isinstance(evidence.get("a"), int) and isinstance(evidence.get("b"), int), "two numbers")
    _require(evidence["a"] != evidence["b"], "two different numbers")
    return Rechecked(Status.FAILS, Grade.EXACT)


@rechecks("equivalence.map", CLAIM)
def recheck_map(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """The map is an identity of functions; the images are the same when the inverse transition is there, too."""
    a, b = _sides(evidence)
    with precision(BITS):
        h = _transition(evidence, a, b)
        rows = [_expressions(row, (), "A") for row in _field(evidence, "A")]
        shift = _expressions(_field(evidence, "c"), (), "c")
        _require(bool(rows) and len({len(row) for row in rows}) == 1, "A as a matrix")
        _require(is_map(a, b, h, sympy.Matrix(rows), sympy.Matrix(shift)), "T~ = A T~' + c with det A not 0")
        if evidence.get("g") is None:
            return Rechecked(Status.HOLDS, Grade.ASSUMED)
        g = _expressions(evidence["g"], b.symbols, "g")
        _require(is_transition(b, a, g), "g = f^-1 o f' as an identity that maps one support into the other")
    return Rechecked(Status.HOLDS, Grade.EXACT)


@rechecks("equivalence.rank", CLAIM)
def recheck_rank(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """More independent functions among ``1, T, T'`` than ``span{1, T}`` (or ``span{1, T'}``) has room for."""
    a, b = _sides(evidence)
    with precision(BITS):
        h = _transition(evidence, a, b)
        side = {"a": a, "b": b}.get(_field(evidence, "side"))
        _require(side is not None, "side 'a' or 'b'")
        assert side is not None
        relations = [_fractions(row) for row in _field(evidence, "relations")]
        for relation in relations:
            _require(is_relation(side, relation), "relations that are identities")
        _require(not relations or rank(relations) == len(relations), "independent relations")
        functions = [*a.stacked, *b.at(b.stacked, h)]
        points = [_fractions(row) for row in _field(evidence, "points")]
        columns = _field(evidence, "columns")
        _require(all(type(column) is int for column in columns), "column numbers")
        _require(len(columns) > 1 + len(side.stacked) - len(relations), "more functions than the span has dimensions")
        _require(nonzero_minor(a, functions, columns, points), "a minor that is not zero")
    return Rechecked(Status.FAILS, Grade.CERTIFIED)


@rechecks("equivalence.images", CLAIM)
def recheck_images(claim: str, evidence: Evidence, subject: Mapping[str, Any]) -> Rechecked:
    """A value of ``w . f`` near a point of one support that ``w . f'`` never takes on the other."""
    sides = _sides(evidence)
    order = _field(evidence, "order")
    _require(order in ("ab", "ba"), "an order of the models")
    first, second = sides if order == "ab" else sides[::-1]
    with precision(BITS):
        reduced = sympy.sympify(from_text(_field(evidence, "reduced"), second.symbols, "reduced"), strict=True)
        weights, point = _fractions(_field(evidence, "weights")), _fractions(_field(evidence, "point"))
        _require(leaves_image(first, second, weights, point, reduced), "a point outside of the other image")
    return Rechecked(Status.FAILS, Grade.CERTIFIED)


def _fractions(values: Any) -> list[Fraction]:
    _require(isinstance(values, Sequence) and not isinstance(values, str), "a list of rationals")
    return [parse_fraction(value) for value in values]


def _is_of(evidence: Evidence, model: Any) -> None:
    models = evidence.get("models")
    digests = evidence.get("digests") if models is None else [models[key].get("digest") for key in ("a", "b")]
    if not digests or model.digest not in digests:
        raise InvalidCertificate("a certificate about this model", "one about other models")
    if models is None:
        return
    own = models["ab"[list(digests).index(model.digest)]]
    same = [family.describe() for family in model.prior.families] == list(own["families"])
    _require(same, "the families of the model")
    mixing = getattr(model.mixing, "inner", None) or model.mixing
    _require(mixing.describe().get("expressions") == list(own["mixing"]["expressions"]), "the mixing of the model")
    _require(mixing.describe().get("symbols") == list(own["mixing"]["symbols"]), "the symbols of the mixing")


@binds("equivalence.map")
def bind_map(claim: str, evidence: Evidence, model: Any) -> None:
    """The certificate is about this model and another."""
    _is_of(evidence, model)


@binds("equivalence.rank")
def bind_rank(claim: str, evidence: Evidence, model: Any) -> None:
    """The certificate is about this model and another."""
    _is_of(evidence, model)


@binds("equivalence.images")
def bind_images(claim: str, evidence: Evidence, model: Any) -> None:
    """The certificate is about this model and another."""
    _is_of(evidence, model)


@binds("equivalence.sizes")
def bind_sizes(claim: str, evidence: Evidence, model: Any) -> None:
    """The certificate is about this model and another, and the number is the model's."""
    _is_of(evidence, model)
    own = model.prior.size if evidence["name"] == "nk" else model.d
    named = [evidence[key] for key, digest in zip("ab", evidence["digests"], strict=True) if digest == model.digest]
    _require(all(number == own for number in named), f"the model's own {evidence['name']}")
