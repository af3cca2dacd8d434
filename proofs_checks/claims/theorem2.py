"""Theorem 2, as printed: k = 1, the same T for every latent, a unique minimum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.models.gaussianity import is_half_bounded
from ivae_theory.enclosure.models.latent import read_formulas
from ivae_theory.theorem2 import check_identical, check_minimum, check_scaled_permutation
from ivae_theory.verdict import Status, Verdict
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.boxes import (
    Interval,
    hull_is_box,
    is_scaled_permutation,
    monomial_patterns,
    smt_counterexample,
)
from proofs_checks.steps.models import Z, make_model
from proofs_checks.steps.parameters import random_invertible

#: Lambda at three values of u, in the natural range of every family below.
ROWS = [[-1, -2], [-2, -1], [-3, -3]]
TRIALS = 40

Test = Callable[[Any], Verdict]


def models() -> dict[str, Any]:
    """Two latents each: statistics with a unique minimum, and statistics that are only bounded on one side."""
    gaussian = sympy.exp(-(Z**2))
    pairs = {
        "z^2": [Z**2, Z**2],
        "|z|": [sympy.Abs(Z), sympy.Abs(Z)],
        "1 - exp(-z^2)": [1 - sympy.exp(-(Z**2))] * 2,
        "z^2 and |z|": [Z**2, sympy.Abs(Z)],
        "exp(z)": [sympy.exp(Z)] * 2,
        "|z| - 1 cut off at 0": [sympy.Max(sympy.Abs(Z) - 1, 0)] * 2,
    }
    return {name: make_model([[a], [b]], ROWS, base_measure=gaussian) for name, (a, b) in pairs.items()}


def concludes(hypotheses: Sequence[Test], box: Sequence[Interval]) -> Outcome:
    """Among the models that satisfy the hypotheses: is A a scaled permutation, and does the box step say so?"""
    covered, wrong = [], []
    for name, model in models().items():
        if all(test(model).holds for test in hypotheses):
            covered.append(name)
            if not check_scaled_permutation(model).holds:
                wrong.append(name)
    _, other = monomial_patterns(len(box))
    mixed = sum(
        hull_is_box(matrix, box) is not is_scaled_permutation(matrix)
        for seed in range(TRIALS)
        for matrix in (random_invertible(len(box), seed), _monomial(seed, len(box)))
    )
    smt = [smt_counterexample(n) for n in (2, 3)]
    refuted = bool(wrong) or mixed > 0 or other > 0 or "sat" in smt
    status = Status.FAILS if refuted else Status.HOLDS if covered else Status.UNDECIDED
    detail = (
        f"A is a scaled permutation for each of the {len(covered)} models that satisfy the hypotheses (T = "
        f"{'; '.join(covered)}). Box step: of the zero patterns that A, A^-1 >= 0 leave for n = {len(box)}, {other} "
        "are "
        f"no permutation, and {2 * TRIALS - mixed} of {2 * TRIALS} exact matrices take the box {_text(box)} onto a box "
        "exactly when they are scaled permutations"
    )
    return Outcome(status, detail, {"models": covered, "wrong": wrong, "z3": smt})


def _monomial(seed: int, n: int) -> list[list[Fraction]]:
    """A scaled permutation, with negative factors where a box allows them."""
    return [
        [Fraction((-1) ** (seed + i) * (seed + 1), i + 1) * ((i + seed) % n == j) for j in range(n)] for i in range(n)
    ]


def _text(box: Sequence[Interval]) -> str:
    return " x ".join(f"{'(-oo' if a is None else f'[{a}'}, {'oo)' if b is None else f'{b}]'}" for a, b in box)


def half_line_support(model: Any) -> bool:
    """Whether T of the first latent can have the half-line as the support of its law: not when it is bounded above."""
    latent = read_formulas(model.prior.families[0].describe()).latent()
    return not is_half_bounded(latent, 1, [])


def as_printed() -> Outcome:
    """(i) and (ii). The conclusion is true; the step "the support of T~ is the orthant" is not, and is not needed."""
    outcome = concludes([check_identical, check_minimum], [(Fraction(0), None)] * 3)
    shorter = [name for name in outcome.numbers["models"] if not half_line_support(models()[name])]
    text = f"The printed step 'the support is the half-line' fails for T = {'; '.join(shorter)}"
    return Outcome(outcome.status, f"{outcome.detail}. {text}.", {**outcome.numbers, "no_half_line": shorter})


def as_repaired() -> Outcome:
    """Every T_i bounded on one side; nothing else."""
    box = [(Fraction(0), None), (Fraction(0), Fraction(1)), (None, Fraction(-1))]
    outcome = concludes([check_scaled_permutation], box)
    return Outcome(outcome.status, f"{outcome.detail}.", outcome.numbers)


CLAIM = Claim(
    name="theorem2",
    where="Theorem 2 and Supplement C",
    statement=(
        "Under Theorem 1 with k = 1, if T_i,1 is the same function for all i and has a unique minimum, then A is a "
        "scaled permutation matrix."
    ),
    hypotheses=(
        printed("(i) k = 1 and T_i,1 is the same for all i"),
        printed("(ii) T_i,1 has a unique minimum"),
        silent("the hypotheses of the sharp Theorem 1; its conclusion alone is not enough"),
    ),
    uses=("theorem1.sharp",),
    verdict="conclusion true, proof incomplete, hypotheses too strong",
    gap=(
        "The printed proof takes the law of T~(z_i) to have the half-line as its support, and T~'(z') to have it as "
        "well: a T with a minimum can be bounded, and nothing is assumed of T'."
    ),
    counterexample="To the step: T = 1 - exp(-z^2) has the unique minimum 0 and its support is [0, 1].",
    repair="If every T_i is essentially bounded below or above, A is a scaled permutation, whatever T' is.",
    as_printed=Check(Method.BALL, as_printed, Status.HOLDS),
    as_repaired=Check(Method.BALL, as_repaired, Status.HOLDS),
    proof=(
        "The closed convex hull of the support of `T~(z)` is a box `B` without a line. `B = A B' + c`, and the hull "
        "`B'` "
        "is a box as well, line-free because `A` is invertible. An affine bijection carries corners to corners and the "
        "edges at a corner to edges. Edges of a box are coordinate directions, so every column of `A` has one non-zero "
        "entry. In numbers: at a corner both cones are orthants up to signs, so `D A D'` and its inverse have no "
        "negative entry, for diagonal `D, D'` of signs; in `A B = I` nothing can cancel, and enumerating the zero "
        "patterns leaves the permutations."
    ),
)
