"""Evidence about q and the true posterior (theorem3.i): stored terms and their interval, or one rational entry."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import fmpq_mat

from ivae_theory.certificates.mixing_graph import mixing_graph
from ivae_theory.certificates.registry import InvalidCertificate, Rechecked, binds, recheck_evidence, rechecks
from ivae_theory.enclosure.network.structure import affine_map
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.enclosure.rounding import gram_error
from ivae_theory.exact import decode_array, from_text, parse_fraction, to_fmpq, to_fraction
from ivae_theory.verdict import Grade, Status

CLAIM = "theorem3.i"


def _interval(evidence: Mapping[str, Any]) -> tuple[Any, float, float]:
    """The terms, and the one-sided bounds of their mean at half the level each."""
    terms = np.asarray(decode_array(evidence["terms"]), dtype=np.float64)
    level = evidence["level"]
    if terms.ndim != 1 or len(terms) < 20 or not np.isfinite(terms).all():
        raise InvalidCertificate("at least 20 finite terms", f"shape {terms.shape}")
    if not isinstance(level, float) or not 0 < level < 1 or evidence["observations"] != len(terms):
        raise InvalidCertificate("a level in (0, 1) and the number of terms", f"level {level!r}")
    if not isinstance(evidence["tolerance"], (int, float)) or not evidence["tolerance"] > 0:
        raise InvalidCertificate("a positive tolerance", repr(evidence["tolerance"]))
    from scipy import special

    reach = -float(special.stdtrit(len(terms) - 1, level / 2)) * float(np.std(terms, ddof=1)) / len(terms) ** 0.5
    mean = float(np.mean(terms))
    return terms, mean - reach, mean + reach


def _stated(evidence: Mapping[str, Any], key: str, value: float) -> None:
    if not abs(evidence[key] - value) <= 1e-9 * (1 + abs(value)):
        raise InvalidCertificate(f"{key} {value!r}", repr(evidence[key]))


@rechecks("posterior.gap_from_below", CLAIM)
def _below(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Rechecked:
    _, lower, _ = _interval(evidence)
    _stated(evidence, "lower", lower)
    if not lower > evidence["tolerance"]:
        raise InvalidCertificate("a lower bound above the tolerance", f"{lower}")
    return Rechecked(Status.FAILS, Grade.STATISTICAL)


@rechecks("posterior.gap_from_above", CLAIM)
def _above(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Rechecked:
    terms, _, upper = _interval(evidence)
    _stated(evidence, "upper", upper)
    if not upper <= evidence["tolerance"]:
        raise InvalidCertificate("an upper bound within the tolerance", f"{upper}")
    size = np.sort(np.abs(terms))[::-1]
    tenth = max(5, len(size) // 10)
    if size[0] > evidence["tolerance"]:
        if len(size) <= tenth or not size[tenth] > 0:
            raise InvalidCertificate("enough terms to judge their tail", f"{len(size)}")
        if not np.log(size[:tenth] / size[tenth]).mean() < 0.5:
            raise InvalidCertificate("terms whose variance is finite", "a heavy tail")
    return Rechecked(Status.HOLDS, Grade.STATISTICAL)


@rechecks("posterior.linear_gaussian", CLAIM)
def _linear(claim: str, evidence: Mapping[str, Any], subject: Mapping[str, Any]) -> Rechecked:
    """The entry of ``W^T Sigma^-1 W`` again, with the mixing function, the noise and the families of the subject."""
    graph = mixing_graph(evidence, subject)
    for family in subject["families"]:
        if not _gaussian(family):
            raise InvalidCertificate("Gaussian latents", str(family.get("name"))[:60])
    law = subject["noise"]["law"]
    if law.get("node") != "gaussian":
        raise InvalidCertificate("Gaussian noise", str(law.get("node"))[:60])
    rows = [[parse_fraction(value) for value in row] for row in evidence["matrix"]]
    part = affine_map(graph)
    if part is None or rows != [list(row) for row in part.W]:
        raise InvalidCertificate("the matrix of an affine mixing function", "another function")
    d, n = len(rows), len(subject["families"])
    i, j = evidence["row"], evidence["column"]
    if any(len(row) != n for row in rows) or not 0 <= j < i < n:
        raise InvalidCertificate(f"a matrix with {n} columns and an entry below its diagonal", f"({i}, {j})")
    sigma = fmpq_mat(d, d, [to_fmpq(_entry(law["covariance"], a, b)) for a in range(d) for b in range(d)])
    left = fmpq_mat(1, d, [to_fmpq(row[i]) for row in rows])
    right = fmpq_mat(d, 1, [to_fmpq(row[j]) for row in rows])
    inverse = sigma.inv()
    value = to_fraction((left * inverse * right)[0, 0])
    if value == 0 or value != parse_fraction(evidence["entry"]):
        raise InvalidCertificate("a non-zero entry of W^T Sigma^-1 W", str(value))
    precision = np.array([[float(to_fraction(inverse[a, b])) for b in range(d)] for a in range(d)])
    if not _by_formula(subject["mixing"]) and abs(value) <= _rounding(graph, rows, precision)[i, j]:
        raise InvalidCertificate("an entry that rounding of the weights does not explain", f"{float(value):.3g}")
    return Rechecked(Status.FAILS, Grade.EXACT)


def _by_formula(mixing: Mapping[str, Any]) -> bool:
    """Whether the weights are numbers of formulas, which nothing has rounded."""
    return bool(mixing["kind"] == "symbolic" or (mixing["kind"] == "vouched" and _by_formula(mixing["function"])))


def _rounding(graph: Graph, rows: list[list[Fraction]], precision: Any) -> Any:
    single = any(c.dtype.kind == "f" and np.array_equal(c, c.astype(np.float32)) for c in graph.constants)
    return gram_error(np.array([[float(value) for value in row] for row in rows]), precision, single)


def _entry(covariance: Any, i: int, j: int) -> Fraction:
    row = covariance if isinstance(covariance, str) else covariance[i]
    if isinstance(row, str):
        return parse_fraction(row) if i == j else Fraction(0)
    return parse_fraction(row[j])


def _gaussian(family: Mapping[str, Any]) -> bool:
    """log Q and T are polynomials of degree at most 2, on all of R."""
    if family["statistics"] is None or [row[:2] for row in family["support"]] != [["-oo", "oo"]]:
        return False
    variable = sympy.Symbol(family["variable"], real=True)
    measure = from_text(family["base_measure"], [variable])
    logarithm = measure.args[0] if isinstance(measure, sympy.exp) else sympy.Integer(0)
    if not isinstance(measure, sympy.exp) and (measure.free_symbols or not measure.is_positive):
        return False
    for expression in (*(from_text(text, [variable]) for text in family["statistics"]), logarithm):
        polynomial = expression.as_poly(variable)
        if polynomial is None or polynomial.free_symbols_in_domain or polynomial.degree() > 2:
            return False
    return True


@binds("posterior.linear_gaussian")
def _same_map(claim: str, evidence: Mapping[str, Any], model: Any) -> None:
    """The mixing function, the noise and the families are the model's, and it has a posterior."""
    _has_posterior(claim, evidence, model)
    recheck_evidence(claim, evidence, model.describe())


@binds("posterior.gap_from_below")
@binds("posterior.gap_from_above")
def _has_posterior(claim: str, evidence: Mapping[str, Any], model: Any) -> None:
    if model.posterior is None:
        raise InvalidCertificate("a model with a posterior", "a model without")
