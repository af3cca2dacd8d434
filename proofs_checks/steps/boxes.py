"""The elementary case of the sharp Theorem 2: a matrix that takes one box onto another, exactly.

The closed convex hull of the support of ``T~(z)`` is a box, a product of intervals, some of them half-lines. Its cone
at a corner is an orthant up to signs. ``y = A y' + c`` carries corners to corners, so ``A`` takes one orthant onto
another: up to signs ``A`` and its inverse have no negative entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product

from proofs_checks.steps.parameters import invert

__all__ = ["hull_is_box", "is_scaled_permutation", "monomial_patterns", "smt_counterexample"]

Rows = Sequence[Sequence[Fraction]]
#: Ends of an interval; None stands for no end on that side.
Interval = tuple[Fraction | None, Fraction | None]


def is_scaled_permutation(A: Rows) -> bool:
    """Whether every row and every column of a square matrix has exactly one non-zero entry."""
    columns = [[j for j, value in enumerate(row) if value != 0] for row in A]
    return all(len(found) == 1 for found in columns) and len({found[0] for found in columns}) == len(A)


def _corner(box: Sequence[Interval]) -> list[int]:
    """Directions of the edges at a corner of a box without a line: +1 from a lower end, -1 from an upper one."""
    if any(low is None and high is None for low, high in box):
        raise ValueError("box: expected an end on some side of every interval, got a whole line")
    return [1 if low is not None else -1 for low, _ in box]


def hull_is_box(A: Rows, box: Sequence[Interval]) -> bool:
    """Whether ``A`` maps the box onto a box: at a corner, the image cone is an orthant up to signs.

    The cone at the corner is ``{sum_j t_j e_j A_j, t >= 0}``. It is an orthant exactly when, for the signs of some
    corner of the image, the signed matrix and its inverse have no negative entry.
    """
    signs = _corner(box)
    signed = [[value * sign for value, sign in zip(row, signs, strict=True)] for row in A]
    for outer in product((1, -1), repeat=len(A)):
        turned = [[sign * value for value in row] for sign, row in zip(outer, signed, strict=True)]
        if _non_negative(turned) and _non_negative(invert(turned)):
            return True
    return False


def _non_negative(rows: Rows) -> bool:
    return all(value >= 0 for row in rows for value in row)


def monomial_patterns(n: int, non_negative: bool = True) -> tuple[int, int]:
    """Enumerate the zero patterns of ``A`` and ``B = A^-1``, both without negative entries.

    Products of entries cannot cancel, so ``(A B)_ik = 0`` for i != k says that every ``A_ij B_jk`` is zero, and
    ``(A B)_ii = 1`` that some ``A_ij B_ji`` is not. Without the sign condition only the second is left.

    Returns
    -------
    tuple
        How many patterns of A are possible, and how many of these are no permutation pattern.
    """
    size = (1 << n) - 1
    possible = other = 0
    for rows in product(range(1, size + 1), repeat=n):
        if not any(True for _ in _inverse_patterns(rows, n, non_negative)):
            continue
        possible += 1
        single = all(row & (row - 1) == 0 for row in rows)
        other += not (single and len(set(rows)) == n)
    return possible, other


def _inverse_patterns(rows: Sequence[int], n: int, non_negative: bool) -> Iterator[tuple[int, ...]]:
    """Patterns of the columns of B (as sets of rows) that ``A B = I`` leaves for these patterns of the rows of A."""
    choices = []
    for k in range(n):
        fitting = [
            column
            for column in range(1, 1 << n)
            if column & rows[k] and not (non_negative and any(column & rows[i] for i in range(n) if i != k))
        ]
        if not fitting:
            return
        choices.append(fitting)
    yield from product(*choices)


def smt_counterexample(n: int) -> str:
    """z3's answer to "is there a matrix with ``A, A^-1 >= 0`` that is no scaled permutation", or why it was not asked.

    An optional cross-check: ``unsat`` confirms the enumeration, ``absent`` says that z3 is not installed.
    """
    try:
        import z3  # type: ignore[import-untyped]
    except ImportError:
        return "absent"
    A = [[z3.Real(f"a{i}{j}") for j in range(n)] for i in range(n)]
    B = [[z3.Real(f"b{i}{j}") for j in range(n)] for i in range(n)]
    solver = z3.SolverFor("QF_NRA")
    solver.set("timeout", 10_000)
    for i, j in product(range(n), repeat=2):
        solver.add(z3.Sum([A[i][k] * B[k][j] for k in range(n)]) == int(i == j), A[i][j] >= 0, B[i][j] >= 0)
    pairs = [(i, j, k) for i in range(n) for j in range(n) for k in range(j)]
    solver.add(z3.Or([z3.And(A[i][j] != 0, A[i][k] != 0) for i, j, k in pairs]))
    return str(solver.check())
