"""(V) for a table of natural parameters: one row a value of u."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import arb
from numpy.typing import NDArray

from ivae_theory.domain import Observed
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.invertible import differences, has_full_column_rank
from ivae_theory.enclosure.precision import precision
from ivae_theory.enclosure.rounding import column_error
from ivae_theory.exact import IntegerRows, encode_array, exact_row, fraction_text, to_text
from ivae_theory.hypotheses.distance import advice_on, distance_to_failure
from ivae_theory.hypotheses.variability_rank import MOST_NUMBERS, directions_text
from ivae_theory.span import (
    Decision,
    choose_rows,
    count_distinct,
    decide_floats,
    decide_rationals,
    direction_basis,
)
from ivae_theory.span.symbolic import common_relation, nonzero
from ivae_theory.verdict import Grade, Status, Verdict

__all__ = ["ADVICE", "CLAIM", "check_table", "check_values", "refutation_evidence", "too_few"]

CLAIM = "theorem1.iii"

#: Most entries of the relations that show how large the rank is.
_MOST_RELATIONS = 20_000

ADVICE = (
    "Give lambda more freedom: natural parameters that vary independently over u, at no fewer than {needed} values."
)


def check_table(prior: Any) -> Verdict:
    """theorem1.iii for a prior whose natural parameters are a table."""
    natural = prior.natural
    whole = not isinstance(prior.domain, Observed)
    if natural.kind == "symbols":
        return _symbols(prior, whole)
    return check_values(prior, whole)


def check_values(prior: Any, whole: bool, assumes: tuple[str, ...] = ()) -> Verdict:
    """theorem1.iii for rational or float values of lambda, at all values of u (``whole``) or at some."""
    natural = prior.natural
    declared = natural.declared is not None and bool(np.any(natural.declared > 0))
    if natural.kind == "exact":
        decision = decide_rationals(natural.exact)
    else:
        decision = decide_floats(natural.values, _error(natural), as_given=not declared)
    if decision.status is Status.HOLDS:
        return _holds(prior, decision, assumes)
    if whole and decision.status is Status.FAILS:
        return _fails(prior, decision, _exact_rows(natural, decision.points), assumes)
    distinct = len(natural.values) if declared else _distinct(natural)
    if whole and distinct <= natural.size:
        return too_few(natural.size, distinct)
    return _undecided(prior, decision, whole)


def _distinct(natural: Any) -> int:
    """How many different rows the table has, as far as that matters: up to nk + 1."""
    if natural.kind == "exact" and not isinstance(natural.exact, IntegerRows):
        return len({tuple(row) for row in natural.exact})
    rows = natural.values if natural.kind == "floats" else natural.exact.array
    return count_distinct(rows, natural.size)


def _error(natural: Any) -> NDArray[np.float64]:
    """Error bound of each column: that of the dtype with its slack, or half of the digits for a callable's answers."""
    if hasattr(natural, "dtype"):
        return column_error(natural.values, natural.dtype, natural.declared)
    return np.asarray(natural.error, dtype=np.float64)


def _exact_rows(natural: Any, points: Sequence[int]) -> list[list[Fraction]]:
    if natural.kind == "exact":
        return [list(natural.exact[i]) for i in points]
    return [exact_row(natural.values[i]) for i in points]


def _holds(prior: Any, decision: Decision, assumes: tuple[str, ...] = ()) -> Verdict:
    natural = prior.natural
    margin, unit = distance_to_failure(prior, natural.values)
    points = decision.points
    evidence = {"kind": "variability.points", "points": list(points), "rank": natural.size, "margin_unit": unit}
    if getattr(natural, "large", False):
        rows = natural.values if natural.kind == "floats" else natural.exact.array
        evidence["rows"] = encode_array(rows[list(points)])
    settled = decision.exact
    how = "for every table within the error of the entries" if natural.kind == "floats" else "exactly"
    return Verdict.hold(
        CLAIM,
        Grade.EXACT if settled else Grade.CERTIFIED,
        f"The natural parameters at {len(points)} of {len(natural.values)} values of u have affine rank "
        f"nk = {natural.size}, {how}.",
        evidence=evidence,
        margin=margin,
        advice=advice_on(margin),
        assumes=assumes,
    )


def _fails(prior: Any, decision: Decision, rows: list[list[Fraction]], assumes: tuple[str, ...] = ()) -> Verdict:
    natural = prior.natural
    shown = refutation_evidence(natural.size, decision.relations, decision.rank)
    evidence = {
        "kind": "variability.relation",
        **shown,
        "points": list(decision.points),
        **identified(rows, shown.get("rank")),
    }
    return Verdict.fail(
        CLAIM,
        Grade.EXACT,
        _relation_sentence(natural.size, decision.relations[0], decision.rank, len(natural.values)),
        evidence=evidence,
        margin=0.0,
        advice=ADVICE.format(needed=natural.size + 1),
        assumes=assumes,
    )


def _relation_sentence(size: int, relation: Sequence[Fraction], rank: int | None, count: int) -> str:
    used = [j for j, value in enumerate(relation) if value]
    shown = " + ".join(f"({relation[j]}) lambda_{j}" for j in used[:4]) + (" + ..." if len(used) > 4 else "")
    few = f": {count} values of u give rank at most {count - 1}" if count <= size else ""
    of_rank = "" if rank is None else f", so that the rank is {rank} and not nk = {size}"
    shown = f"A combination of {len(used)} natural parameters" if len(shown) > 160 else f"The combination {shown}"
    return f"{shown} is the same at every value of u{of_rank}{few}."


def refutation_evidence(size: int, relations: Sequence[Sequence[Fraction]], rank: int | None) -> dict[str, Any]:
    """Relations as text; with all of them the rank is shown too, otherwise it is left out."""
    every = rank is not None and len(relations) == size - rank and len(relations) * size <= _MOST_RELATIONS
    shown = relations if every else relations[:1]
    evidence: dict[str, Any] = {"relations": [[fraction_text(value) for value in w] for w in shown]}
    if every:
        evidence["rank"] = rank
    return evidence


def identified(rows: list[list[Fraction]], rank: int | None) -> dict[str, Any]:
    """A basis of the directions in which lambda does vary: their combinations of T~ are still identified."""
    if not rank or rank * len(rows[0]) > MOST_NUMBERS:
        return {}
    texts = directions_text(direction_basis(rows))
    return {} if texts is None else {"identified_directions": texts}


def too_few(size: int, distinct: int) -> Verdict:
    """The verdict on a finite support with at most nk distinct rows."""
    return Verdict.fail(
        CLAIM,
        Grade.EXACT,
        f"The {distinct} distinct rows of natural parameters give rank at most {distinct - 1}, below nk = {size}."
        if distinct > 1
        else f"All rows of natural parameters are the same, so that the rank is 0 and not nk = {size}.",
        evidence={"kind": "variability.too_few", "distinct": distinct, "needed": size + 1},
        margin=0.0,
        advice=ADVICE.format(needed=size + 1),
    )


def _undecided(prior: Any, decision: Decision, whole: bool) -> Verdict:
    natural = prior.natural
    margin, unit = distance_to_failure(prior, natural.values)
    count = len(natural.values)
    evidence: dict[str, Any] = {
        "tried": "certified rank of the table" if natural.kind == "floats" else "exact rank",
        "values_of_u": count,
        "needed": natural.size + 1,
        "smallest_singular_value": margin,
        "margin_unit": unit,
    }
    if natural.kind == "floats":
        error = _error(natural)
        evidence["largest_entry_error"] = float(error.max())
    if decision.status is Status.FAILS or count <= natural.size:
        reason = (
            f"The {count} observed values of u do not give rank nk = {natural.size}, "
            "and other values of u exist that were not observed."
        )
        return Verdict.unknown(CLAIM, reason, evidence=evidence, advice="Give lambda at more values of u.")
    if natural.kind == "exact":
        reason = "The exact rank was not computed: the numbers are too large for exact elimination."
        return Verdict.unknown(CLAIM, reason, evidence=evidence)
    if natural.kind == "symbols":
        reason = (
            f"No determinant of the numbers is proved not to vanish, so that rank nk = {natural.size} is not proved, "
            "and no relation is proved to hold at every value of u."
        )
        return Verdict.unknown(CLAIM, reason, evidence=evidence, margin=margin)
    reason = (
        f"Numerically singular: the smallest singular value, {margin:.3g}, is not shown to exceed what the error of "
        "the entries can explain."
    )
    advice = "Give the table in fractions or in more digits, or hand over the function that computed it."
    return Verdict.unknown(CLAIM, reason, evidence=evidence, margin=margin, advice=advice)


def _symbols(prior: Any, whole: bool) -> Verdict:
    """Numbers such as sqrt(2): a determinant in balls proves, an identity of the generators refutes."""
    natural = prior.natural
    matrix = sympy.Matrix(natural.exact)
    points = choose_rows(natural.values)
    if len(points) > natural.size:
        for bits in (64, 256, 1024):
            rows = _balls(matrix, points, bits)
            if rows is not None:
                with precision(bits):
                    lower = differences(rows)
                if has_full_column_rank(lower, bits):
                    return _holds(prior, Decision(Status.HOLDS, False, tuple(map(int, points)), natural.size))
    rows_of_expressions = [list(matrix.row(i)) for i in range(matrix.rows)]
    if whole and matrix.rows <= natural.size:
        return too_few(natural.size, matrix.rows)
    weights = common_relation(rows_of_expressions) if whole else None
    if weights is None or not nonzero(weights):
        return _undecided(prior, Decision(Status.UNDECIDED, False, (), None), whole)
    return Verdict.fail(
        CLAIM,
        Grade.EXACT,
        "A fixed combination of the natural parameters is the same at every value of u: "
        + " + ".join(f"({w}) lambda_{j}" for j, w in enumerate(weights) if w != 0)[:160]
        + ".",
        evidence={"kind": "variability.symbols", "relation": [to_text(weight) for weight in weights]},
        margin=0.0,
        advice=ADVICE.format(needed=natural.size + 1),
    )


def _balls(matrix: sympy.Matrix, points: NDArray[np.int64], bits: int) -> list[list[arb]] | None:
    from ivae_theory.enclosure.formula.symbolic import ball

    with precision(bits):
        try:
            return [[ball(matrix[int(i), j], {}) for j in range(matrix.cols)] for i in points]
        except CannotEnclose:
            return None
