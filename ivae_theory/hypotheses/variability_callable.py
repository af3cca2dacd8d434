"""(V) for natural parameters given as a callable: enclosures of the traced network prove, its structure refutes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from ivae_theory.assumed import HALF_OF_THE_DIGITS, OBSERVED_LABELS
from ivae_theory.domain import Box, Observed, Points
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.invertible import differences, has_full_column_rank
from ivae_theory.enclosure.network.bottleneck import coefficients
from ivae_theory.enclosure.network.sharing import shared
from ivae_theory.enclosure.network.structure import affine_parts, is_affine
from ivae_theory.enclosure.precision import around, precision
from ivae_theory.enclosure.rounding import column_error, unknown_error
from ivae_theory.errors import CallableFailed, NonDeterministic
from ivae_theory.exact import encode_array, fraction_text
from ivae_theory.hypotheses.distance import advice_on, distance_to_failure
from ivae_theory.hypotheses.variability_rank import rank_evidence
from ivae_theory.hypotheses.variability_table import ADVICE, CLAIM, check_values, refutation_evidence, too_few
from ivae_theory.mixing.evaluation import as_received
from ivae_theory.mixing.halves import HALF_PRECISION
from ivae_theory.span import choose_rows, decide_rationals
from ivae_theory.span.floats import spans_within_error
from ivae_theory.span.rational import kernel
from ivae_theory.verdict import Grade, Status, Verdict

__all__ = ["check_callable"]

#: Working precisions that are tried, and the relative half width of the neighbourhoods in which continuous u varies.
_BITS, _RADIUS = (128, 384), 2.0**-60
#: Candidates of u for each of the nk + 1 that are needed.
_CANDIDATES = 8
#: Most evaluations of the graph in rationals, which are slow, and most outputs times points.
_RATIONAL_POINTS, _RATIONAL_ENTRIES = 256, 20_000

Floats = NDArray[np.float64]


def check_callable(prior: Any, seed: int = 0) -> Verdict:
    """theorem1.iii for a prior whose natural parameters are a callable."""
    natural, domain = prior.natural, prior.domain
    size = natural.size
    if isinstance(domain, Points) and len(domain) <= size:
        return too_few(size, len(domain))
    if natural.graph is None:
        return _black_box(prior)
    refuted = _structure(natural, domain, seed)
    if refuted is not None:
        return refuted
    last: tuple[Floats, str] | None = None
    for points in _choices(natural, domain, seed):
        rows = natural.evaluate(points)
        chosen = choose_rows(rows, careful=True)
        verdict, why = _enclose(prior, points[chosen], rows)
        if verdict is not None and not _only_by_rounding(natural, domain, rows):
            return verdict
        if verdict is not None:
            why = "numerically singular: the rounding of the floats that lambda is made of can explain the rank"
        last = (rows, why)
    if isinstance(domain, Points):
        exact = _rationally(prior)
        if exact is not None:
            return exact
    return _undecided(prior, *(last or (np.empty((0, size)), "")))


def _only_by_rounding(natural: Any, domain: Any, rows: Floats) -> bool:
    """Whether the rounding of what lambda is made of could have made it regular.

    Enclosures take floats for the numbers that were meant. Those of a table in disguise (a look-up, or affine in a
    finite u) are not known better than floats are, nor is the pi of sin(u + pi), for which double precision speaks.
    """
    looked_up = natural.graph.integer or (not isinstance(domain, Box) and is_affine(natural.graph))
    if not looked_up:
        return not spans_within_error(rows, column_error(rows, "float64"))
    floats = [rows, *(c for c in natural.graph.constants if c.dtype.kind == "f")]
    single = any(bool((c.astype(np.float32) == c).all()) for c in floats if c.size)
    return not spans_within_error(rows, column_error(rows, "float32" if single else "float64"))


def _choices(natural: Any, domain: Any, seed: int, lacking: int = 0) -> Iterator[NDArray[Any]]:
    """Points of the support to choose from, where they are enough for rank ``nk - lacking``."""
    if not isinstance(domain, Box):
        if len(domain) > natural.size - lacking:
            yield domain.values
        return
    count = max(64, _CANDIDATES * (natural.size + 1))
    yield domain.candidates(count, seed=seed)
    yield domain.candidates(4 * count, seed=seed + 1)


def _radius(natural: Any, domain: Any, points: NDArray[Any]) -> Fraction:
    """Half width of the neighbourhoods: of a discrete u what it is rounded by before lambda is given it."""
    if natural.graph.integer:
        return Fraction(0)
    received = as_received(natural.function, points)
    rounded = max(abs(Fraction(a) - Fraction(b)) for a, b in zip(points.flat, received.flat, strict=True))
    if isinstance(domain, Points):
        return rounded
    least = Fraction(_RADIUS) * Fraction(2) ** max(0, int(np.ceil(np.log2(np.abs(points).max() + 1))))
    return max(least, rounded)


def _enclose(prior: Any, points: NDArray[Any], rows: Floats) -> tuple[Verdict | None, str]:
    """A certificate at the points chosen, or why there is none."""
    natural = prior.natural
    radius = _radius(natural, prior.domain, points)
    why = "no determinant is proved not to vanish"
    for bits in _BITS:
        with precision(bits):
            try:
                values = [enclosed(natural.graph, point, radius) for point in points]
            except CannotEnclose as problem:
                return None, problem.what
            lower = differences(values)
        if has_full_column_rank(lower, bits):
            return _holds(prior, points, rows, radius, bits), ""
    return None, why


def enclosed(graph: Any, point: Sequence[Any], radius: Fraction) -> list[arb]:
    """lambda over the neighbourhood of a point (the point itself for radius zero)."""
    if radius == 0:
        row = graph.evaluate(np.asarray(point))
    else:
        wide = np.empty(len(point), dtype=object)
        wide[:] = [around(Fraction(float(value)), radius) for value in point]
        row = graph.evaluate(wide)
    return list(np.asarray(row, dtype=object).reshape(-1))


def _holds(prior: Any, points: NDArray[Any], rows: Floats, radius: Fraction, bits: int) -> Verdict:
    natural = prior.natural
    finite = isinstance(prior.domain, Points)
    margin, unit = distance_to_failure(prior, rows)
    evidence = {
        "kind": "variability.graph",
        "graph": natural.graph.to_dict(),
        "points": encode_array(points),
        "radius": fraction_text(radius),
        "bits": bits,
        "rank": natural.size,
        "margin_unit": unit if finite else f"{unit}, over the {len(rows)} values of u that were tried",
    }
    where = "at" if radius == 0 else "for every choice of u in neighbourhoods of"
    assumes: tuple[str, ...] = ()
    if isinstance(prior.domain, Observed) and natural.graph.integer:
        assumes = (OBSERVED_LABELS,)
    return Verdict.hold(
        CLAIM,
        Grade.CERTIFIED,
        f"Enclosures of the traced network: the matrix L of Eq. (13) is invertible {where} {len(points)} values of u.",
        evidence=evidence,
        margin=margin,
        advice=advice_on(margin),
        assumes=assumes,
    )


def _structure(natural: Any, domain: Any, seed: int) -> Verdict | None:
    """Outputs that are affine in too little: bottlenecks, tied and constant outputs, dead units."""
    low, high = (domain.low, domain.high) if isinstance(domain, Box) else (None, None)
    size = natural.size
    graph = shared(natural.graph)
    for part in affine_parts(graph):
        matrix = coefficients(graph, part, low, high)
        columns = len(matrix[0])
        relations = kernel([list(column) for column in zip(*matrix, strict=True)]) if columns else _units(size)
        if not relations or not _borne_out(natural, relations):
            continue
        evidence = {
            "kind": "variability.structure",
            "graph": natural.graph.to_dict(),
            "node": part.node,
            "relations": [[fraction_text(value) for value in w] for w in _shown(relations, size)],
            **_exact_rank(natural, domain, relations, seed),
        }
        return Verdict.fail(
            CLAIM,
            Grade.EXACT,
            f"The {size} natural parameters are affine in {min(columns, size - len(relations))} functions of u, so "
            f"that the rank is at most {size - len(relations)} and not nk = {size}, for any values of u.",
            evidence=evidence,
            margin=0.0,
            advice=f"Widen the layers before the last to at least {size} units, and untie the outputs.",
        )
    return None


def _exact_rank(natural: Any, domain: Any, relations: Sequence[Sequence[Fraction]], seed: int) -> dict[str, Any]:
    """What shows that the rank is no smaller than the relations allow, where enclosures do."""
    points = next(_choices(natural, domain, seed, len(relations)), None)
    if points is None:
        return {}
    radius = _radius(natural, domain, points)

    def enclose(numbers: Sequence[int], bits: int) -> list[list[arb]]:
        return [enclosed(natural.graph, points[i], radius) for i in numbers]

    evidence, chosen = rank_evidence(relations, natural.evaluate(points), enclose, _BITS[0])
    if chosen:
        evidence |= {"points": encode_array(points[chosen]), "radius": fraction_text(radius), "bits": _BITS[0]}
    return evidence


def _borne_out(natural: Any, relations: Sequence[Sequence[Fraction]]) -> bool:
    """Whether lambda itself answered with constant combinations, to a few digits.

    The graph is without rounding and tracing compares it with lambda at few points: what a cast to half precision, or a
    whole number that starts again, does at one u alone is no relation of the lambda that the user has.
    """
    for w in relations:
        largest = max(map(abs, w))
        weights = np.array([float(value / largest) for value in w])
        levels, scale = natural.answers @ weights, np.abs(natural.answers) @ np.abs(weights)
        if np.ptp(levels) > 1e-3 * scale.max() + 1e-5:
            return False
    return True


def _units(size: int) -> list[list[Fraction]]:
    return [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]


def _shown(relations: Sequence[Sequence[Fraction]], size: int) -> Sequence[Sequence[Fraction]]:
    """As many relations as a report should carry, simplest first."""
    ordered = sorted(relations, key=lambda w: sum(len(fraction_text(value)) for value in w if value))
    return ordered[: max(1, 20_000 // size)]


def _rationally(prior: Any) -> Verdict | None:
    """Exact values at all points of a finite support, for networks of rational operations."""
    natural, domain = prior.natural, prior.domain
    if len(domain) > _RATIONAL_POINTS or len(domain) * natural.size > _RATIONAL_ENTRIES:
        return None
    try:
        rows = [rational_row(natural.graph, point) for point in domain.values]
    except CannotEnclose:
        return None
    decision = decide_rationals(rows)
    if decision.status is not Status.FAILS or not _borne_out(natural, decision.relations):
        return None
    evidence = {
        "kind": "variability.graph_relation",
        "graph": natural.graph.to_dict(),
        **refutation_evidence(natural.size, decision.relations, None),
    }
    return Verdict.fail(
        CLAIM,
        Grade.EXACT,
        f"The traced network, evaluated in rationals at all {len(domain)} values of u, has affine rank "
        f"{decision.rank if decision.rank is not None else 'below nk'} and not nk = {natural.size}.",
        evidence=evidence,
        margin=0.0,
        advice=ADVICE.format(needed=natural.size + 1),
    )


def rational_row(graph: Any, point: Sequence[Any]) -> list[Fraction]:
    """lambda(u) without rounding."""
    return [Fraction(int(v.p), int(v.q)) for v in np.asarray(graph.evaluate_exactly(list(point))).reshape(-1)]


def _black_box(prior: Any) -> Verdict:
    """A callable that cannot be looked into: its answers are a table of floats with half of their digits."""
    natural, domain = prior.natural, prior.domain
    whole = isinstance(domain, Points)
    discrete = not isinstance(domain, Box) and domain.values.dtype.kind in "iu"
    if not (whole or discrete):
        margin = distance_to_failure(prior, natural.answers)
        return Verdict.unknown(
            CLAIM,
            f"lambda cannot be enclosed on a continuum: {natural.untraceable or 'it is not traced'}.",
            evidence={"tried": "its values", "smallest_singular_value": margin[0], "margin_unit": margin[1]},
            advice="Write lambda with torch operations, or symbolically.",
        )
    if HALF_PRECISION in natural.untraceable:  # then fewer digits are right than are granted below
        return _undecided(prior, natural.answers, f"lambda has no graph, and {natural.untraceable}")
    assumes = [HALF_OF_THE_DIGITS]
    if not whole:
        assumes.append(OBSERVED_LABELS)
    table = SimpleNamespace(
        values=natural.answers, exact=None, kind="floats", size=natural.size, declared=None,
        error=unknown_error(natural.answers),
    )  # fmt: skip
    settled = check_values(SimpleNamespace(natural=table, families=prior.families), whole, tuple(assumes))
    if settled.fails and len(domain) > natural.size and not _answers_alone(natural):
        return _undecided(prior, natural.answers, "lambda answers a value of u otherwise when it is asked for it alone")
    return settled


def _answers_alone(natural: Any) -> bool:
    """Whether the relation between the answers is one between values of a function of u, not of the whole batch."""
    from ivae_theory.mixing.tracing import acts_on_rows

    try:
        return acts_on_rows(natural.function, natural.points)
    except (CallableFailed, NonDeterministic):  # it takes batches of one size alone
        return True


def _undecided(prior: Any, rows: Floats, why: str) -> Verdict:
    size = prior.natural.size
    evidence: dict[str, Any] = {"tried": "enclosures of the traced network", "values_of_u": len(rows)}
    if len(rows) > size:
        margin, unit = distance_to_failure(prior, rows)
        evidence |= {"smallest_singular_value": margin, "margin_unit": unit}
    if len(rows) <= size:
        why = f"{len(prior.domain)} observed values of u are fewer than nk + 1 = {size + 1}"
    return Verdict.unknown(CLAIM, f"Rank nk = {size} is neither proved nor refuted: {why}.", evidence=evidence)
