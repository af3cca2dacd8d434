"""(V) for symbolic natural parameters: an identity refutes, one certified determinant proves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from flint import arb

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.cases import cases
from ivae_theory.enclosure.formula.symbolic import ball, number_ball
from ivae_theory.enclosure.invertible import differences, has_full_column_rank
from ivae_theory.enclosure.precision import around, precision
from ivae_theory.exact import fraction_text, to_text
from ivae_theory.hypotheses.distance import advice_on, distance_to_failure
from ivae_theory.hypotheses.variability_finite import check_finite_symbolic
from ivae_theory.hypotheses.variability_rank import rank_evidence
from ivae_theory.hypotheses.variability_table import ADVICE, CLAIM
from ivae_theory.model.natural import describe_set
from ivae_theory.span import choose_rows
from ivae_theory.span.symbolic import Relation, identities, nonzero
from ivae_theory.verdict import Grade, Verdict

__all__ = ["check_symbolic"]

#: Half width of the neighbourhoods in which u is varied, and the working precision of their enclosures.
_RADIUS, _BITS = Fraction(1, 1 << 60), 256
#: The same for natural parameters that are nearly dependent, where larger neighbourhoods prove nothing.
_COARSE, _FINE, _FINEST = (_RADIUS, _BITS), (Fraction(1, 1 << 1100), 2600), (Fraction(1, 1 << 2300), 4096)
#: Most combinations of finite sets that are enumerated, and how many points are tried beyond the nk + 1.
_MOST_COMBINATIONS, _EXTRA = 4096, 4

Point = tuple[Fraction, ...]


def check_symbolic(prior: Any, seed: int = 0) -> Verdict:
    """theorem1.iii for a prior whose natural parameters are sympy expressions."""
    natural = prior.natural
    unclear = _unclear(natural.sets)
    if unclear:
        return Verdict.unknown(CLAIM, unclear, advice="Say in u={symbol: set} where each symbol lies.")
    if all(isinstance(where, sympy.FiniteSet) for where in natural.sets.values()):
        return _finite(prior)
    described = [describe_set(where) for where in natural.sets.values()]
    # both readings are the same where no sign is settled: then it is looked at once
    for given, _ in itertools.groupby(cases(list(natural.matrix), list(natural.sets), described)):
        relations = identities(given, _nonnegative(natural.sets))
        if relations and nonzero(relations[0].weights):
            return _fails(natural, relations, seed)
    points, rows, tried = _candidates(natural, seed)
    verdict = _certify(prior, points, rows) if len(points) > natural.size else None
    return _undecided(prior, points, rows, tried) if verdict is None else verdict


def _unclear(sets: dict[sympy.Symbol, sympy.Set]) -> str:
    """Why it is not clear where u lies: sympy simplifies by a symbol's assumptions, whatever its set says."""
    if len({symbol.name for symbol in sets}) != len(sets):
        return "Two symbols of u have the same name."
    for symbol, where in sets.items():
        for assumed, allowed in _ASSUMPTIONS.items():
            if getattr(symbol, f"is_{assumed}") and where.is_subset(allowed) is not True:
                return f"The symbol {symbol} is declared {assumed} but ranges over {where}."
    return ""


#: What sympy may use about a symbol, and the set that it amounts to.
_ASSUMPTIONS = {
    "integer": sympy.S.Integers,
    "rational": sympy.S.Rationals,
    "positive": sympy.Interval.open(0, sympy.oo),
    "nonnegative": sympy.Interval(0, sympy.oo),
    "negative": sympy.Interval.open(-sympy.oo, 0),
    "nonpositive": sympy.Interval(-sympy.oo, 0),
    "nonzero": sympy.Complement(sympy.Reals, sympy.FiniteSet(0)),
}


def _nonnegative(sets: dict[sympy.Symbol, sympy.Set]) -> list[str]:
    found = []
    for symbol, where in sets.items():
        if where in (sympy.S.Naturals, sympy.S.Naturals0):
            found.append(symbol.name)
            continue
        lows = [piece.start if isinstance(piece, sympy.Interval) else min(piece.args, default=None, key=float)
                for piece in _pieces(where) or () if isinstance(piece, (sympy.Interval, sympy.FiniteSet))]  # fmt: skip
        if lows and len(lows) == len(_pieces(where) or ()) and all(_at_least_zero(low) for low in lows):
            found.append(symbol.name)
    return found


def _at_least_zero(value: sympy.Expr) -> bool:
    if value.is_Rational or value.is_infinite:
        return bool(value >= 0)
    with precision(_BITS):
        return bool(number_ball(value) > 0)


def _fails(natural: Any, relations: Sequence[Relation], seed: int) -> Verdict:
    shown = [
        {"weights": [to_text(weight) for weight in relation.weights], "constant": to_text(relation.constant)}
        for relation in relations
    ]
    first = relations[0]
    terms = [f"({w}) lambda_{j}" for j, w in enumerate(first.weights) if w != 0]
    sentence = " + ".join(terms[:4]) + (" + ..." if len(terms) > 4 else "")
    return Verdict.fail(
        CLAIM,
        Grade.EXACT,
        f"The combination {sentence} is {first.constant} identically in u, so that the rank is at most "
        f"{natural.size - len(relations)} and not nk = {natural.size}.",
        evidence={"kind": "variability.identity", "relations": shown, **_exact_rank(natural, relations, seed)},
        margin=0.0,
        advice=ADVICE.format(needed=natural.size + 1),
    )


def _exact_rank(natural: Any, relations: Sequence[Relation], seed: int) -> dict[str, Any]:
    """What shows that the rank is no smaller than relations with rational weights allow."""
    if not all(weight.is_Rational for relation in relations for weight in relation.weights):
        return {}
    weights = [[Fraction(int(w.p), int(w.q)) for w in relation.weights] for relation in relations]
    points, rows, _ = _candidates(natural, seed)

    def enclose(numbers: Sequence[int], bits: int) -> list[list[arb]]:
        return [_enclose(natural, points[i]) for i in numbers]

    evidence, chosen = rank_evidence(weights, rows, enclose, _BITS)
    if chosen:
        evidence["points"] = [[fraction_text(value) for value in points[i]] for i in chosen]
        evidence |= {"radius": fraction_text(_RADIUS), "bits": _BITS}
    return evidence


def _finite(prior: Any) -> Verdict:
    """Finite sets are a table: (V) at all of their combinations."""
    natural = prior.natural
    choices = [sorted(where.args, key=to_text) for where in natural.sets.values()]
    total = int(np.prod([len(choice) for choice in choices], dtype=object))
    if total > _MOST_COMBINATIONS:
        return Verdict.unknown(CLAIM, f"The {total} combinations of u are more than {_MOST_COMBINATIONS}.")
    return check_finite_symbolic(prior, list(itertools.product(*choices)))


def _pieces(where: sympy.Set) -> tuple[sympy.Set, ...] | None:
    parts = where.args if isinstance(where, sympy.Union) else (where,)
    parts = tuple(sympy.Interval(-sympy.oo, sympy.oo) if part == sympy.Reals else part for part in parts)
    return parts if all(isinstance(part, (sympy.Interval, sympy.FiniteSet)) for part in parts) else None


def _coordinates(where: sympy.Set, count: int, rng: np.random.Generator) -> list[Fraction]:
    """Rational points of a set: inside its intervals, or its isolated points."""
    least = {sympy.S.Naturals: 1, sympy.S.Naturals0: 0, sympy.S.Integers: -(count // 2)}
    if where in least:
        return [Fraction(least[where] + i) for i in range(count)]
    found: list[Fraction] = []
    for piece in _pieces(where) or ():
        if isinstance(piece, sympy.FiniteSet):
            found.extend(Fraction(int(p.p), int(p.q)) for p in piece.args if p.is_Rational)
            continue
        some = [_inside(piece, unit) for unit in rng.permutation((np.arange(count) + 0.5) / count)]
        found.extend(value for value in some if _proved_inside(piece, value))
    return found


def _inside(piece: sympy.Interval, unit: float) -> Fraction:
    """A rational inside an interval, by its position in (0, 1); near it where the ends are irrational."""
    low, high = piece.start, piece.end
    odds = Fraction(max(1, min(4095, round(unit * 4096))), 4096)
    if low.is_infinite and high.is_infinite:
        return Fraction(round((2 * odds - 1) / (4 * odds * (1 - odds)) * 64 + 1), 64)
    if low.is_infinite or high.is_infinite:
        end = Fraction(float(high if low.is_infinite else low))
        step = odds / (1 - odds) * 4
        return end - step if low.is_infinite else end + step
    a, b = Fraction(float(low)), Fraction(float(high))
    return a + (b - a) * odds


def _proved_inside(piece: sympy.Interval, value: Fraction) -> bool:
    """Whether a rational is proved to lie strictly inside an interval."""
    exact = sympy.Rational(value.numerator, value.denominator)
    with precision(_BITS):
        middle = number_ball(exact)
        above = piece.start.is_infinite or bool(number_ball(piece.start) < middle)
        return above and (piece.end.is_infinite or bool(middle < number_ball(piece.end)))


def _candidates(natural: Any, seed: int) -> tuple[list[Point], np.ndarray[Any, Any], str]:
    """Points of the support at which balls can be computed, with the midpoints of lambda, and why others were not."""
    rng = np.random.default_rng(seed)
    count = _EXTRA * (natural.size + 1) + 16
    columns = [_coordinates(where, count, rng) for where in natural.sets.values()]
    if not all(columns):
        return [], np.empty((0, natural.size)), "a set of u of a kind that is not known"
    points: list[Point] = []
    rows: list[list[float]] = []
    tried = ""
    for point in itertools.islice(_combine(columns, rng), count):
        try:
            with precision(_BITS):
                rows.append([float(value.mid()) for value in _enclose(natural, point)])
            points.append(point)
        except CannotEnclose as problem:
            tried = problem.what
    return points, np.array(rows).reshape(len(rows), natural.size), tried


def _combine(columns: Sequence[Sequence[Fraction]], rng: np.random.Generator) -> Iterator[Point]:
    """Distinct points whose coordinates run through the columns, each in a random order."""
    seen = set()
    for _ in range(4):
        length = max(map(len, columns))
        orders = [[column[i % len(column)] for i in rng.permutation(length)] for column in columns]
        for point in zip(*orders, strict=True):
            if point not in seen:
                seen.add(point)
                yield point


def _enclose(natural: Any, point: Point, radius: Fraction = _RADIUS) -> list[arb]:
    """lambda over a neighbourhood of the point; isolated points of the support are not widened."""
    values = {
        symbol: around(value, Fraction(0) if _is_atom(where, value) else radius)
        for (symbol, where), value in zip(natural.sets.items(), point, strict=True)
    }
    return [ball(entry, values) for entry in natural.matrix]


def _is_atom(where: sympy.Set, value: Fraction) -> bool:
    if where in (sympy.S.Naturals, sympy.S.Naturals0, sympy.S.Integers):
        return True
    exact = sympy.Rational(value.numerator, value.denominator)
    return any(isinstance(piece, sympy.FiniteSet) and exact in piece.args for piece in _pieces(where) or ())


def _certify(prior: Any, points: Sequence[Point], rows: np.ndarray[Any, Any]) -> Verdict | None:
    natural = prior.natural
    if not np.isfinite(rows).all():
        return None
    chosen = [int(i) for i in choose_rows(rows, careful=True)]
    # Floats may not choose the points that tell nearly dependent parameters apart: at last all of them are taken.
    attempts = ((chosen, *_COARSE), (chosen, *_FINE), ([*range(len(points))], *_FINEST))
    for chosen, radius, bits in attempts:
        with precision(bits):
            lower = differences([_enclose(natural, points[i], radius) for i in chosen])
        if has_full_column_rank(lower, bits):
            break
    else:
        return None
    margin, unit = distance_to_failure(prior, rows[chosen])
    evidence = {
        "kind": "variability.neighbourhoods",
        "points": [[fraction_text(value) for value in points[i]] for i in chosen],
        "radius": fraction_text(radius),
        "bits": bits,
        "rank": natural.size,
        "margin_unit": f"{unit}, at the {len(chosen)} points of the certificate",
    }
    return Verdict.hold(
        CLAIM,
        Grade.CERTIFIED,
        f"The matrix L of Eq. (13) is invertible for every choice of u in neighbourhoods of {len(chosen)} points.",
        evidence=evidence,
        margin=margin,
        advice=advice_on(margin),
    )


def _undecided(prior: Any, points: Sequence[Point], rows: np.ndarray[Any, Any], tried: str) -> Verdict:
    size = prior.natural.size
    evidence: dict[str, Any] = {"tried": "enclosures at points and identities", "points": len(points)}
    if tried:
        return Verdict.unknown(CLAIM, f"lambda could not be enclosed at enough points: {tried}.", evidence=evidence)
    if len(points) > size:
        margin, unit = distance_to_failure(prior, rows)
        evidence |= {"smallest_singular_value": margin, "margin_unit": unit}
    return Verdict.unknown(
        CLAIM,
        f"No identity between the natural parameters was found, and no determinant at {len(points)} points is proved "
        "not to vanish.",
        evidence=evidence,
    )
