"""Section 5: what a high mean correlation coefficient says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy

from ivae_theory import equivalent, mcc
from ivae_theory.exact import rank
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.models import Pair, Z, latents, make_model, rational, same_law
from proofs_checks.steps.parameters import Matrix

HIGH = 0.9
#: The rational rotation by 20.02 degrees, and the normalised 4 x 4 Hadamard matrix.
TURN: Matrix = [[Fraction(140, 149), Fraction(51, 149)], [Fraction(-51, 149), Fraction(140, 149)]]
HADAMARD: Matrix = [[Fraction((-1) ** bin(i & j).count("1"), 2) for j in range(4)] for i in range(4)]
GAUSSIAN = sympy.exp(-(Z**2) / 2)


@dataclass(frozen=True)
class Case:
    """z' = M z for an orthogonal M, with the statistic T, and lambda at a few values of u."""

    name: str
    statistic: sympy.Expr
    base: sympy.Expr
    M: Matrix
    rows: list[list[Fraction]]


def _units(n: int) -> list[list[Fraction]]:
    """lambda = 0 and the unit vectors."""
    return [[Fraction(int(i == j)) for j in range(n)] for i in range(n + 1)]


CASES = (
    Case("T = z^2, rotation by 20 degrees", Z**2, sympy.Integer(1), TURN, [[Fraction(-1, 2)] * 2, [Fraction(-1)] * 2]),
    Case("T = z, Hadamard matrix, n = 4", Z, GAUSSIAN, HADAMARD, _units(4)),
    Case("T = z, swap", Z, GAUSSIAN, [[Fraction(0), Fraction(1)], [Fraction(1), Fraction(0)]], _units(2)),
)


def pair_of(case: Case) -> Pair:
    """theta with f the identity, and theta' with f'(z') = M^T z', lambda' = M lambda where T = z."""
    n = len(case.M)
    M = sympy.Matrix([[rational(v) for v in row] for row in case.M])
    rows = case.rows
    if case.statistic == Z:
        rows = [[sum((m * v for m, v in zip(line, row, strict=True)), Fraction(0)) for line in case.M] for row in rows]
    symbols = sympy.Matrix(sympy.symbols(f"z1:{n + 1}", real=True))
    theta = make_model([[case.statistic]] * n, case.rows, case.base)
    other = make_model([[case.statistic]] * n, rows, case.base, (list(symbols), list(M.T * symbols)))
    return Pair(theta, other, tuple(M * sympy.Matrix(latents(theta))))


def population_mcc(case: Case) -> float:
    """The library's MCC on a sample whose covariance is exactly the identity: all corners of the cube."""
    n = len(case.M)
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * n)).reshape(n, -1).T
    z = np.tile(corners, (4, 1))
    return float(mcc(z, z @ np.array(case.M, dtype=float).T))


def high_correlation(case: Case, pair: Pair) -> bool:
    """Section 5's criterion."""
    return population_mcc(case) > HIGH


def affine_in_statistics(case: Case, pair: Pair) -> bool:
    """Is T~ an invertible affine function of T~' at points, more than nk + 1 of them? Exact ranks."""
    n = len(case.M)
    points = [tuple(Fraction((3 * place + 1) ** power % 11) for power in range(1, n + 1)) for place in range(3 * n + 3)]
    value = sympy.lambdify(Z, case.statistic)
    true = [[value(z) for z in point] for point in points]
    learned = [[value(sum(m * z for m, z in zip(row, point, strict=True))) for row in case.M] for point in points]
    ones = [[Fraction(1)]] * len(points)
    ranks = {rank(_beside(ones, *tables)) for tables in ((true,), (learned,), (true, learned))}
    return len(ranks) == 1


def _beside(*tables: Sequence[Sequence[Fraction]]) -> Matrix:
    return [[value for row in rows for value in row] for rows in zip(*tables, strict=True)]


def says(criterion: Callable[[Case, Pair], bool]) -> Outcome:
    """Does the criterion say which models, all with the same law of x, are identified in the sense of Eq. (12)?"""
    wrong, values = [], []
    for case in CASES:
        pair = pair_of(case)
        verdict = equivalent(pair.theta, pair.other)
        if verdict.undecided or not same_law(pair):
            return Outcome(Status.UNDECIDED, f"{case.name}: {verdict.reason}")
        values.append(f"{case.name}: MCC {population_mcc(case):.2f}, {'~' if verdict.holds else 'not ~'}")
        if criterion(case, pair) is not verdict.holds:
            wrong.append(case.name)
    status = Status.FAILS if wrong else Status.HOLDS
    detail = (
        f"Same law of x given u, exactly. {'; '.join(values)}. The criterion is wrong for {len(wrong)} of {len(CASES)}."
    )
    return Outcome(status, detail, {"wrong": wrong})


CLAIM = Claim(
    name="section5.mcc",
    where="Section 5, performance metric",
    statement=(
        "A high MCC means that the true parameters were identified and the true sources recovered up to point-wise "
        "transformations."
    ),
    hypotheses=(printed("correlations of latents, best assignment, mean"),),
    uses=("theorem2.sharp",),
    verdict="false both ways",
    gap="A mixture of two latents by a small angle has a high MCC; an orthogonal A, which is ~ for T = z, a low one.",
    counterexample=(
        "T = z^2 with proportional variances, rotated by 20 degrees: MCC .94 and not ~. T = z under a Hadamard matrix: "
        "MCC n^-1/2 although ~."
    ),
    repair=(
        "Compare in the space of statistics: is T~ an invertible affine function of T~', and is A a scaled permutation?"
    ),
    as_printed=Check(Method.EXACT, lambda: says(high_correlation), Status.FAILS),
    as_repaired=Check(Method.EXACT, lambda: says(affine_in_statistics), Status.HOLDS),
)
