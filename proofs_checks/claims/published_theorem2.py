"""Theorem 2 of the published version: k >= 2, smooth T and f, block permutation."""

from __future__ import annotations

from typing import Any

import sympy

from ivae_theory import check
from ivae_theory.theorem2 import check_block_permutation
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.claims.theorem2_block import ROWS, tangent_count, wrong_squares
from proofs_checks.steps.models import Z, make_model

Z1, Z2 = sympy.symbols("z1 z2", real=True)


def models() -> dict[str, Any]:
    """n = 2, T = (z, z^2), Q = 1, with smooth and kinked mixing functions."""
    maps = {
        "f = id": [Z1, Z2],
        "f = (z1 + z2^3, z2)": [Z1 + Z2**3, Z2],
        "f = (z1 + |z2|, z2)": [Z1 + sympy.Abs(Z2), Z2],
    }
    return {
        name: make_model([[Z, Z**2]] * 2, ROWS, sympy.Integer(1), ([Z1, Z2], image)) for name, image in maps.items()
    }


def block(claim: str, least: int) -> Outcome:
    """For the models that satisfy the hypotheses: is A a block permutation? At least ``least`` have to be covered."""
    covered, open_ones = [], []
    for name, model in models().items():
        report = check(model, goal="published" if claim == "published.theorem2" else "permutation")
        if claim == "published.theorem2" and not report[claim].holds:
            continue
        if claim != "published.theorem2" and report.status is not Status.HOLDS:
            continue
        covered.append(name)
        if not check_block_permutation(model).holds:
            open_ones.append(name)
    _, allowed = tangent_count()
    _, wrong = wrong_squares(60)
    holds = len(covered) >= least and not open_ones and allowed == 0 and wrong == 0
    status = Status.HOLDS if holds else Status.UNDECIDED if not (allowed or wrong) else Status.FAILS
    detail = (
        f"Hypotheses hold for {'; '.join(covered) or 'none'}; in each A is a block permutation. Rows of two non-zero "
        "blocks "
        f"that the tangents allow: {allowed}."
    )
    return Outcome(status, detail, {"covered": covered})


CLAIM = Claim(
    name="published.theorem2",
    where="Published version, Theorem 2",
    statement=(
        "k >= 2: if besides Theorem 1's hypotheses T is twice differentiable and f has all second cross-derivatives, "
        "A is a "
        "block permutation."
    ),
    hypotheses=(
        printed("k >= 2; T twice differentiable; second cross-derivatives of f"),
        silent("the Z_i are open intervals, and f'^-1 o f is differentiable with its inverse"),
    ),
    uses=("published.theorem1", "theorem2.block"),
    verdict="true; one derivative is enough, and for T = T' = (z, z^2) none is needed",
    gap="",
    counterexample="",
    repair="theorem2.block: differentiable T and f'^-1 o f; T = T' = (z, z^2) for any injective f.",
    as_printed=Check(Method.EXACT, lambda: block("published.theorem2", 2), Status.HOLDS),
    as_repaired=Check(Method.EXACT, lambda: block("theorem2.block_permutation", 3), Status.HOLDS),
)
