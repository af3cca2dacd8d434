"""Eq. (9): the informal statement without noise."""

from __future__ import annotations

from ivae_theory.exact import rank
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed

#: T = z on both sides, z' = z + 1: the values of T and T' at four points.
TRUE = [[0], [1], [2], [5]]
LEARNED = [[1], [2], [3], [6]]


def _related(columns: list[list[int]]) -> bool:
    """Whether the true statistic lies in the span of the columns."""
    together = [[*row, *true] for row, true in zip(columns, TRUE, strict=True)]
    return rank(together) == rank(columns)


def without_constant() -> Outcome:
    """T* = A T: is the true statistic a multiple of the learned one?"""
    related = _related(LEARNED)
    detail = f"T = z and z' = z + 1 at z = 0, 1, 2, 5: rank [T'] = {rank(LEARNED)}, T in its span: {related}."
    return Outcome(Status.HOLDS if related else Status.FAILS, detail)


def with_constant() -> Outcome:
    """T* = A T + c: the same with a constant."""
    columns = [[1, *row] for row in LEARNED]
    related = _related(columns)
    detail = f"The same points: rank [1 T'] = {rank(columns)}, T in its span: {related}."
    return Outcome(Status.HOLDS if related else Status.FAILS, detail)


CLAIM = Claim(
    name="eq9",
    where="Eq. (9)",
    statement="Without noise, T*(z*) = A T(z): the statistics are recovered up to a linear map.",
    hypotheses=(printed("no noise"), printed("the hypotheses of Theorem 1")),
    uses=("theorem1.sharp",),
    verdict="misses + c",
    gap="A shift of a latent keeps the family and the law of x, and is no linear map of T = z.",
    counterexample="T = z, z' = z + 1.",
    repair="T*(z*) = A T(z) + c.",
    as_printed=Check(Method.EXACT, without_constant, Status.FAILS),
    as_repaired=Check(Method.EXACT, with_constant, Status.HOLDS),
)
