"""Recheck theorem1.iii: affine bases in balls or modulo a prime, relations exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import arb

from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, binds, recheck_evidence, rechecks
from ivae_theory.certificates.tables import Table, row_numbers, with_table_of
from ivae_theory.certificates.variability_rank import check_directions, check_rank
from ivae_theory.certificates.variability_symbolic import Symbolic, enclosed
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.cases import cases
from ivae_theory.enclosure.formula.symbolic import number_ball
from ivae_theory.enclosure.invertible import differences, has_full_column_rank
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import decode_array, from_text, parse_fraction, rank, rank_modulo
from ivae_theory.exact.generators import NotPolynomial, normal_form
from ivae_theory.verdict import Grade, Status

__all__: list[str] = []

_CLAIM = "theorem1.iii"
_BITS = (64, 256, 1024)
Evidence = Mapping[str, Any]


def _affinely_independent(rows: Sequence[Sequence[Fraction]]) -> bool:
    lifted = [[Fraction(1), *row] for row in rows]
    return rank_modulo(lifted) == len(rows) or rank(lifted) == len(rows)


@rechecks("variability.points", _CLAIM)
def _points(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """The rows named affinely span: exactly for exact tables, within the error for others."""
    table = Table(subject, evidence)
    points = row_numbers(evidence["points"], table.count)
    if len(points) <= table.size or evidence["rank"] != table.size:
        raise InvalidCertificate(f"at least {table.size + 1} rows and rank {table.size}", f"{len(points)} rows")
    if table.kind == "exact":
        lifted = [[Fraction(1), *table.exact(i)] for i in points]
        if len(points) != table.size + 1 or not _affinely_independent([row[1:] for row in lifted]):
            raise InvalidCertificate("affinely independent rows", "dependent ones")
        return Rechecked(Status.HOLDS, Grade.EXACT)
    for bits in _BITS:
        with precision(bits):
            lower = differences([table.balls(i) for i in points])
        if has_full_column_rank(lower, bits):
            return Rechecked(Status.HOLDS, Grade.CERTIFIED)
    raise InvalidCertificate("rows that affinely span within their error", "no proof of it")


@rechecks("variability.relation", _CLAIM)
def _relation(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Every relation is constant over all rows; with all of them the rank is what is said."""
    table = Table(subject, evidence)
    if not table.as_given:
        raise InvalidCertificate("the whole finite support with its values as given", "a larger support or an error")
    relations = [[parse_fraction(text) for text in w] for w in evidence["relations"]]
    for w in relations:
        _check_relation(w, table)
    if not relations:
        raise InvalidCertificate("a relation", "none")
    _check_rank(evidence, relations, table)
    return Rechecked(Status.FAILS, Grade.EXACT)


def _check_relation(w: Sequence[Fraction], table: Table) -> None:
    used = [j for j, value in enumerate(w) if value]
    if len(w) != table.size or not used:
        raise InvalidCertificate(f"{table.size} weights, not all zero", f"{len(w)} weights")
    other = table.first_other_row(w)
    if other is not None:
        raise InvalidCertificate("the same combination at every u", f"another one at row {other}")


def _check_rank(evidence: Evidence, relations: Sequence[Sequence[Fraction]], table: Table) -> None:
    points = row_numbers(evidence["points"], table.count)
    rows = [table.exact(i) for i in points]
    if points and not _affinely_independent(rows):
        raise InvalidCertificate("affinely independent rows", "dependent ones")
    if "rank" in evidence:
        claimed = evidence["rank"]
        if len(points) != claimed + 1 or len(relations) != table.size - claimed or rank(relations) != len(relations):
            raise InvalidCertificate("as many independent relations as the rank lacks", f"rank {claimed!r}")
    check_directions(evidence, relations)


@rechecks("variability.too_few", _CLAIM)
def _too_few(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Fewer distinct rows than nk + 1 over a finite support."""
    if subject["natural"]["kind"] == "callable":
        return _too_few_points(evidence, subject)
    table = Table(subject, evidence)
    distinct = table.count
    if table.as_given:
        distinct = table.count_distinct()
    if not table.whole or distinct > table.size or evidence["distinct"] != distinct:
        raise InvalidCertificate(f"at most {table.size} rows in all", f"{distinct}")
    if evidence["needed"] != table.size + 1:
        raise InvalidCertificate(f"{table.size + 1} needed", repr(evidence["needed"]))
    return Rechecked(Status.FAILS, Grade.EXACT)


def _too_few_points(evidence: Evidence, subject: Evidence) -> Rechecked:
    """A finite support of at most nk values, whatever the callable does there."""
    size = sum(int(k) for k in subject["ks"])
    values = decode_array(subject["domain"]["values"]) if subject["domain"]["kind"] == "points" else None
    if values is None or len(values) > size or (evidence["distinct"], evidence["needed"]) != (len(values), size + 1):
        raise InvalidCertificate(f"a finite support of at most {size} values", "another domain")
    return Rechecked(Status.FAILS, Grade.EXACT)


def _weights(texts: Any, size: int) -> list[sympy.Expr]:
    """Weights as expressions, one of them proved not to be zero."""
    weights = [from_text(str(text), [], "weights") for text in texts]
    if len(weights) != size:
        raise InvalidCertificate(f"{size} weights", f"{len(weights)}")
    with precision(256):
        for weight in weights:
            try:
                if not number_ball(weight).contains(0):
                    return weights
            except CannotEnclose:
                continue
    raise InvalidCertificate("weights that are not all zero", "no proof of it")


def _combination(weights: Sequence[sympy.Expr], entries: Sequence[sympy.Expr], nonnegative: frozenset[str]) -> Any:
    try:
        terms = [
            normal_form(w, nonnegative) * normal_form(e, nonnegative)
            for w, e in zip(weights, entries, strict=True)
            if w != 0
        ]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
    except NotPolynomial as problem:
        raise InvalidCertificate("a relation with a normal form", str(problem)) from None
    return total


@rechecks("variability.symbols", _CLAIM)
def _symbols(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """A relation with symbolic weights between the rows of a table of symbolic numbers."""
    table = Table(subject, evidence)
    if not table.whole or table.kind != "symbols":
        raise InvalidCertificate("a whole table of symbolic numbers", table.kind)
    weights = _weights(evidence["relation"], table.size)
    first = _combination(weights, table.symbols(0), frozenset())
    for number in range(1, table.count):
        if not (_combination(weights, table.symbols(number), frozenset()) - first).is_zero:
            raise InvalidCertificate("the same combination at every u", f"no proof of it at row {number}")
    return Rechecked(Status.FAILS, Grade.EXACT)


def _is_constant(
    weights: Sequence[sympy.Expr], entries: Sequence[sympy.Expr], constant: Any, known: frozenset[str]
) -> bool:
    try:
        return bool((_combination(weights, entries, known) - constant).is_zero)
    except InvalidCertificate:
        return False


@rechecks("variability.identity", _CLAIM)
def _identity(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Combinations of the natural parameters that are constant identically in u."""
    model = Symbolic(subject)
    if not evidence["relations"]:
        raise InvalidCertificate("a relation", "none")
    for relation in evidence["relations"]:
        weights = _weights(relation["weights"], model.size)
        constant = normal_form(from_text(str(relation["constant"]), [], "constant"))
        if not any(
            all(_is_constant(weights, case, constant, model.nonnegative) for case in given)
            for given in cases(model.entries, model.symbols, model.sets)
        ):
            raise InvalidCertificate("an identity", "no proof of it")
    if "rank" in evidence or "identified_directions" in evidence:
        relations = [[parse_fraction(text) for text in relation["weights"]] for relation in evidence["relations"]]

        def rows(bits: int) -> list[list[arb]]:
            radius = parse_fraction(evidence["radius"])
            if radius <= 0:
                raise InvalidCertificate("a positive radius", str(radius))
            points = [[parse_fraction(text) for text in point] for point in evidence["points"]]
            return [enclosed(model, point, radius) for point in points]

        check_rank(evidence, relations, rows)
    return Rechecked(Status.FAILS, Grade.EXACT)


@rechecks("variability.neighbourhoods", _CLAIM)
def _neighbourhoods(claim: str, evidence: Evidence, subject: Evidence) -> Rechecked:
    """Neighbourhoods of points of the support such that any choice of one u in each gives full rank."""
    model = Symbolic(subject)
    points = [[parse_fraction(text) for text in point] for point in evidence["points"]]
    radius = parse_fraction(evidence["radius"])
    bits = int(evidence["bits"])
    if len(points) <= model.size or radius <= 0 or not 32 <= bits <= 4096 or evidence["rank"] != model.size:
        raise InvalidCertificate(f"more than {model.size} points and a positive radius", f"{len(points)}, {radius}")
    with precision(bits):
        rows = [enclosed(model, point, radius) for point in points]
        lower = differences(rows)
    if not has_full_column_rank(lower, bits):
        raise InvalidCertificate("neighbourhoods that affinely span", "no proof of it")
    return Rechecked(Status.HOLDS, Grade.CERTIFIED)


def _bound_by_description(claim: str, evidence: Evidence, model: Any) -> None:
    """These certificates speak of the subject's own numbers: recheck them with the model's description."""
    recheck_evidence(claim, evidence, with_table_of(model, model.describe()))


for _kind in ("points", "relation", "too_few", "symbols", "identity", "neighbourhoods"):
    binds(f"variability.{_kind}")(_bound_by_description)
