"""The range check of symbolic natural parameters: by balls at points, and over bounded boxes of u by subdivision."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import arb

from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import InputError, NaturalParameterError
from ivae_theory.exact import to_arb, to_fraction, value_at
from ivae_theory.model.natural import SymbolicNatural
from ivae_theory.model.ranges import bounds_of, corner_statuses
from ivae_theory.verdict import Status

__all__ = ["check_symbolic"]

POINTS_PER_SYMBOL, POINTS = 9, 64
#: Pieces into which a bounded box of u is cut before the range over all of it is given up.
PIECES = 256
BITS = 128
#: Relative width up to which the ends of an enclosure stand for the number inside.
THIN = Fraction(1, 10**15)


def check_symbolic(families: Sequence[Any], natural: SymbolicNatural) -> tuple[str, ...]:
    """Raise where the natural parameters are proved outside at some u; return what remains assumed."""
    from ivae_theory.enclosure.failure import CannotEnclose

    count = 0
    for point in sample_points(natural.sets):
        with precision(BITS):
            try:
                boxes = enclose(natural, {symbol: to_arb(value) for symbol, value in point.items()})
            except CannotEnclose:
                _refuse_unreal(natural, point)
                continue
            _refuse_outside(families, boxes, point)
        count += 1
    if _proved_everywhere(families, natural):
        return ()
    return (f"the natural parameters stay in the families' range for every u, not only at the {count} that were tried",)


def enclose(natural: SymbolicNatural, where: dict[sympy.Symbol, arb]) -> list[tuple[Fraction, Fraction] | None]:
    """Rational bounds of every entry of lambda over the balls; ``None`` where there is no finite enclosure."""
    from ivae_theory.enclosure.formula.symbolic import ball

    bounds: list[tuple[Fraction, Fraction] | None] = []
    for entry in natural.matrix:
        value = ball(entry, where)
        bounds.append(bounds_of(value))
    return bounds


def _refuse_unreal(natural: SymbolicNatural, point: dict[sympy.Symbol, Fraction]) -> None:
    """Raise where sympy knows that lambda is a finite number and not real, such as sqrt(u) at u = -1."""
    values = {symbol: sympy.Rational(value.numerator, value.denominator) for symbol, value in point.items()}
    for entry in natural.matrix:
        value = value_at(entry, values)
        if value.is_finite and value.is_real is False:
            where = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
            got = f"{str(entry)[:60]}, not real at {where}"
            raise InputError("lambda(u)", "real natural parameters at every u", got)


def _refuse_outside(families: Sequence[Any], bounds: Sequence[Any], point: dict[sympy.Symbol, Fraction]) -> None:
    """Raise when lambda is outside; only thin enclosures say so: the range may lie between the ends of wide ones."""
    if any(pair is None or pair[1] - pair[0] > THIN * (1 + abs(pair[0])) for pair in bounds):
        return
    for latent, statuses in enumerate(corner_statuses(families, bounds)):
        if statuses and all(status is Status.FAILS for status in statuses):
            where = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
            name = families[latent].name or "given"
            raise NaturalParameterError(
                "natural parameters",
                f"values at which the {name} density of latent {latent + 1} can be normalised",
                f"values outside at {where}",
            )


def _proved_everywhere(families: Sequence[Any], natural: SymbolicNatural) -> bool:
    """Whether enclosures over the pieces of a bounded box of u prove the range on all of it."""
    from ivae_theory.enclosure.failure import CannotEnclose

    cuts = max(1, int(PIECES ** (1 / len(natural.sets))))
    sides = []
    for where in natural.sets.values():
        pieces = _pieces(where, cuts)
        if pieces is None:
            return False
        sides.append(pieces)
    with precision(BITS):
        for piece in itertools.product(*sides):
            try:
                bounds = enclose(natural, dict(zip(natural.sets, piece, strict=True)))
            except CannotEnclose:
                return False
            for statuses in corner_statuses(families, bounds):
                if not statuses or any(status is not Status.HOLDS for status in statuses):
                    return False
    return True


def _pieces(where: sympy.Set, cuts: int) -> list[arb] | None:
    """Balls that cover a bounded interval with rational ends, or ``None``."""
    if isinstance(where, sympy.FiniteSet) and all(value.is_Rational for value in where.args):
        return [to_arb(value) for value in where.args]
    if not isinstance(where, sympy.Interval) or not (where.start.is_Rational and where.end.is_Rational):
        return None
    low, high = to_fraction(where.start), to_fraction(where.end)
    edges = [low + (high - low) * Fraction(i, cuts) for i in range(cuts + 1)]
    return [to_arb(a).union(to_arb(b)) for a, b in itertools.pairwise(edges)]


def sample_points(sets: dict[sympy.Symbol, sympy.Set]) -> Iterable[dict[sympy.Symbol, Fraction]]:
    """Rational points inside the sets: a grid, thinned to ``POINTS``."""
    axes = [list(_inside(where)) for where in sets.values()]
    grid = list(itertools.islice(itertools.product(*axes), 100_000))
    step = max(1, len(grid) // POINTS)
    for values in grid[::step]:
        yield dict(zip(sets, values, strict=True))


def _inside(where: sympy.Set) -> Iterable[Fraction]:
    """Up to ``POINTS_PER_SYMBOL`` rational members of a set."""
    candidates: list[sympy.Basic] = [sympy.Rational(p, 7) for p in (0, 1, -1, 3, -4, 9, -13, 24, -31, 7, -7, 70, -70)]
    for part in where.args if isinstance(where, sympy.Union) else (where,):
        if isinstance(part, sympy.Interval) and part.start.is_Rational and part.end.is_Rational:
            width = part.end - part.start
            candidates = [part.start + width * sympy.Rational(i, 10) for i in range(11)] + candidates
        elif isinstance(part, sympy.Interval):
            finite = [end for end in (part.start, part.end) if end.is_Rational]
            candidates = [end + shift for end in finite for shift in candidates] + candidates
        elif isinstance(part, sympy.FiniteSet):
            candidates = [value for value in part.args if value.is_Rational] + candidates
    members: list[Fraction] = []
    for value in dict.fromkeys(candidates):
        if where.contains(value) == sympy.true:
            members.append(to_fraction(value))
        if len(members) == POINTS_PER_SYMBOL:
            break
    return members
