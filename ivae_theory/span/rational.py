"""Do vectors of rationals affinely span R^r? Exactly, with the points that show it or the relation that refutes it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq_mat, fmpz_mat, nmod_mat

from ivae_theory.exact import to_fmpq
from ivae_theory.exact.linear import PRIME

__all__ = ["ExactSpan", "direction_basis", "exact_span", "kernel"]

Rows = Sequence[Sequence[Fraction]]

#: Largest numerator and denominator that are read back from a residue, and largest exact elimination (in bits).
_RECONSTRUCT, _LARGEST_ELIMINATION = 1 << 29, 8_000_000


@dataclass(frozen=True)
class ExactSpan:
    """What exact algebra says about ``v_0 .. v_{M-1}`` in R^r.

    Attributes
    ----------
    size
        r.
    rank
        Dimension of the affine hull; ``None`` when the numbers are too large for exact elimination.
    points
        Indices of ``rank + 1`` rows with the same affine hull (affinely independent); when ``rank`` is ``None``,
        rows that are affinely independent, without a claim that they are enough.
    relations
        Independent ``w`` with ``w . v`` the same for every row: ``size - rank`` of them when ``rank`` is known,
        sparsest first, and those that were found otherwise.
    """

    size: int
    rank: int | None
    points: tuple[int, ...]
    relations: tuple[tuple[Fraction, ...], ...]

    @property
    def spans(self) -> bool:
        """Whether the affine hull is all of R^r."""
        return self.rank == self.size


def exact_span(rows: Rows) -> ExactSpan:
    """Decide whether ``rows`` (M of length r) affinely span R^r.

    The rank modulo a prime bounds the rank from below; relations that are read back from the residues and verified
    with every row bound it from above. Where these do not meet, elimination over the integers decides.
    """
    size = len(rows[0])
    lifted = _lift(rows)
    points, residues = _modulo(lifted)
    if len(points) == size + 1:
        return ExactSpan(size, size, tuple(points), ())
    relations = [w for w in map(_reconstruct, residues) if w is not None and _vanishes(w, lifted)]
    if len(relations) == len(residues):
        return ExactSpan(size, len(points) - 1, tuple(points), _without_constant(relations))
    basis = _eliminate(lifted, points)
    if basis is None:
        return ExactSpan(size, None, tuple(points), _without_constant(relations))
    if not basis:
        return ExactSpan(size, size, tuple(points), ())
    return ExactSpan(size, len(points) - 1, tuple(points), _without_constant(basis))


def direction_basis(rows: Rows) -> list[list[Fraction]]:
    """The reduced row echelon basis of the span of ``row - rows[0]``: unique, so that it can be compared."""
    first = rows[0]
    others = [[a - b for a, b in zip(row, first, strict=True)] for row in rows[1:]]
    if not others:
        return []
    reduced, rank = fmpq_mat(len(others), len(first), [to_fmpq(v) for row in others for v in row]).rref()
    return [[Fraction(int(v.p), int(v.q)) for v in (reduced[i, j] for j in range(len(first)))] for i in range(rank)]


def kernel(rows: Rows) -> list[list[Fraction]]:
    """A basis of the ``w`` with ``row . w = 0`` for every row."""
    columns = len(rows[0])
    reduced, rank = fmpq_mat(len(rows), columns, [to_fmpq(value) for row in rows for value in row]).rref()
    pivots = [next(j for j in range(columns) if reduced[i, j] != 0) for i in range(rank)]
    basis = []
    for free in (j for j in range(columns) if j not in set(pivots)):
        vector = [Fraction(0)] * columns
        vector[free] = Fraction(1)
        for i, j in enumerate(pivots):
            vector[j] = -Fraction(int(reduced[i, free].p), int(reduced[i, free].q))
        basis.append(vector)
    return basis


def _lift(rows: Rows) -> list[list[int]]:
    """``[1 row]`` times the row's common denominator."""
    lifted = []
    for row in rows:
        common = math.lcm(*(value.denominator for value in row))
        lifted.append([common, *(value.numerator * (common // value.denominator) for value in row)])
    return lifted


def _modulo(lifted: list[list[int]]) -> tuple[list[int], list[list[int]]]:
    """Rows that are independent modulo the prime (so over the rationals), and a basis of the kernel modulo it."""
    columns = len(lifted[0])
    entries = [value % PRIME for row in lifted for value in row]
    matrix = nmod_mat(len(lifted), columns, entries, PRIME)
    transposed, rank = matrix.transpose().rref()
    points = _leading(transposed, rank, len(lifted))
    if rank == columns:
        return points, []
    reduced, _ = nmod_mat(rank, columns, [value % PRIME for i in points for value in lifted[i]], PRIME).rref()
    pivots = _leading(reduced, rank, columns)
    kernel = []
    for free in (j for j in range(columns) if j not in set(pivots)):
        vector = [0] * columns
        vector[free] = 1
        for i, j in enumerate(pivots):
            vector[j] = -int(reduced[i, free]) % PRIME
        kernel.append(vector)
    return points, kernel


def _leading(reduced: nmod_mat, rank: int, columns: int) -> list[int]:
    pivots: list[int] = []
    for i in range(rank):
        start = pivots[-1] + 1 if pivots else 0
        pivots.append(next(j for j in range(start, columns) if int(reduced[i, j]) != 0))
    return pivots


def _reconstruct(residues: list[int]) -> list[Fraction] | None:
    """The vector of small fractions with these residues, or ``None`` when there is none."""
    found = []
    for residue in residues:
        old, new, s_old, s_new = PRIME, residue, 0, 1
        while new > _RECONSTRUCT:
            quotient = old // new
            old, new, s_old, s_new = new, old - quotient * new, s_new, s_old - quotient * s_new
        if s_new == 0 or abs(s_new) > _RECONSTRUCT:
            return None
        found.append(Fraction(new, s_new))
    return found


def _vanishes(relation: Sequence[Fraction], lifted: list[list[int]]) -> bool:
    common = math.lcm(*(value.denominator for value in relation))
    used = [(j, int(value * common)) for j, value in enumerate(relation) if value]
    return all(sum(factor * row[j] for j, factor in used) == 0 for row in lifted)


def _without_constant(relations: list[list[Fraction]]) -> tuple[tuple[Fraction, ...], ...]:
    """Relations ``w0 + w . v = 0`` as ``w`` (never zero: ``w0`` alone vanishes nowhere), sparsest first."""
    return tuple(sorted((tuple(w[1:]) for w in relations), key=lambda w: sum(1 for value in w if value)))


def _eliminate(lifted: list[list[int]], points: list[int]) -> list[list[Fraction]] | None:
    """A basis of the kernel by elimination over the integers; ``points`` grows to a full set of independent rows.

    ``None`` when the numbers are too large: a row has about ``rank`` times the bits of the input after elimination.
    """
    columns = len(lifted[0])
    while True:
        bits = max(abs(value).bit_length() for i in points for value in lifted[i])
        if bits * len(points) ** 2 * columns > _LARGEST_ELIMINATION:
            return None
        reduced, denominator, rank = fmpz_mat([lifted[i] for i in points]).rref()
        pivots = [next(j for j in range(columns) if reduced[i, j] != 0) for i in range(rank)]
        kernel = []
        for free in (j for j in range(columns) if j not in set(pivots)):
            vector = [Fraction(0)] * columns
            vector[free] = Fraction(1)
            for i, j in enumerate(pivots):
                vector[j] = Fraction(-int(reduced[i, free]), int(denominator))
            kernel.append(vector)
        outside = next((i for i, row in enumerate(lifted) if not all(_vanishes(w, [row]) for w in kernel)), None)
        if outside is None:
            return kernel
        points.append(outside)
