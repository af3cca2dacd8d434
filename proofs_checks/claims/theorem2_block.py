"""k >= 2 (Fig. 1): A is a block permutation, and no more."""

from __future__ import annotations

from fractions import Fraction

import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory import Model, equivalent, families
from ivae_theory.exact import parse_fraction
from ivae_theory.theorem2 import check_block_permutation, check_scaled_permutation
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.blocks import block_row_rank, forbidden_coefficients, square_leaves_span
from proofs_checks.steps.boxes import is_scaled_permutation
from proofs_checks.steps.models import Pair, Z, latents, make_model, same_law
from proofs_checks.steps.parameters import Matrix, random_invertible

EXAMPLES = 150
#: lambda = (mu / v, -1 / (2 v)) of two latents at five values of u.
ROWS = [[1, -1, 0, -2], [2, -2, 1, -1], [0, -3, 1, -4], [1, -1, 1, -1], [0, -1, 3, -2]]


def gaussian_model() -> Model:
    """Fig. 1: n = 2, T = (z, z^2), Q = 1."""
    return make_model([[Z, Z**2]] * 2, ROWS, base_measure=sympy.Integer(1))


def sheared() -> Pair:
    """The same model with T'_1 = (z + z^2, z^2) and lambda' to match."""
    rows = [[a, b - a, c, d] for a, b, c, d in ROWS]
    other = make_model([[Z + Z**2, Z**2], [Z, Z**2]], rows, base_measure=sympy.Integer(1))
    theta = gaussian_model()
    return Pair(theta, other, latents(theta))


def scaled_permutation() -> Outcome:
    """A scaled permutation, as for k = 1?"""
    pair = sheared()
    found = equivalent(pair.theta, pair.other)
    A = [[parse_fraction(value) for value in row] for row in found.evidence["A"]] if found.holds else []
    verdict = check_scaled_permutation(pair.theta)
    refuted = verdict.fails and same_law(pair) and found.holds and not is_scaled_permutation(A)
    detail = f"T' = (z + z^2, z^2) for latent 1, lambda' to match, is the same law of x, and A = {_text(A)}."
    status = Status.FAILS if refuted else Status.HOLDS if verdict.holds else Status.UNDECIDED
    return Outcome(status, detail, {"A": _text(A)})


def _text(A: Matrix) -> str:
    return "; ".join(" ".join(map(str, row)) for row in A)


def wrong_squares(examples: int = EXAMPLES) -> tuple[int, int]:
    """Hypothesis: ``z_i^2`` stays in the span exactly when one ``a_j`` is left and no ``b_j``; n up to 6."""
    counts = [0, 0]
    entries = st.integers(-2, 2).map(Fraction)

    @settings(max_examples=examples, derandomize=True, database=None, deadline=None)
    @given(
        st.lists(st.tuples(entries, st.sampled_from([Fraction(0), Fraction(0), Fraction(1)])), min_size=1, max_size=6),
        entries,
    )
    def look(terms: list[tuple[Fraction, Fraction]], constant: Fraction) -> None:
        linear, quadratic = [a for a, _ in terms], [b for _, b in terms]
        one = sum(a != 0 for a in linear) <= 1 and not any(quadratic)
        counts[0] += 1
        counts[1] += square_leaves_span(linear, quadratic, constant) is one

    look()
    return counts[0], counts[1]


def tangent_count() -> tuple[int, int]:
    """Rows of two blocks, exact and random: how many the tangents allow with both blocks non-zero and rank 2."""
    tangents = [[[Fraction(1), Fraction(2 * s)] for s in (0, 1, 3)]] * 2  # (1, 2s): the tangents of (z, z^2)
    zero = [[Fraction(0)] * 2] * 2
    seen = allowed = 0
    for seed in range(30):
        first, second = random_invertible(2, seed), random_invertible(2, 100 + seed)
        line = [[Fraction(1), Fraction(seed)], [Fraction(2), Fraction(2 * seed)]]
        for blocks in ((first, second), (line, line), (first, line)):
            seen += 1
            allowed += block_row_rank(blocks, tangents) == 2
        if block_row_rank((first, zero), tangents) != 2:
            return seen, -1
    return seen, allowed


def block_permutation() -> Outcome:
    """A block permutation."""
    model = gaussian_model()
    verdict = check_block_permutation(model)
    gamma = [families.gamma(), families.gamma()]
    curved = check_block_permutation(_with(gamma))
    quartic, product = forbidden_coefficients()
    a, b, c = sympy.symbols("a_j b_j a_l")
    identity = sympy.expand(quartic - b**2) == 0 and sympy.expand(product - 2 * a * c) == 0
    examples, wrong = wrong_squares()
    rows, allowed = tangent_count()
    holds = verdict.holds and curved.holds and identity and wrong == 0 and allowed == 0
    detail = (
        f"In (z_i)^2 the coefficient of w_j^4 is {quartic} and that of w_j w_l is {product}, for every n. Tangents: of "
        f"{rows} rows of two non-zero blocks, {allowed} are allowed with the rank k = 2 that an invertible A needs. "
        "(z, z^2) and (log z, z) are covered."
    )
    return Outcome(Status.HOLDS if holds else Status.FAILS, detail, {"hypothesis_examples": examples, "rows": rows})


def _with(members: list[families.ExponentialFamily]) -> Model:
    from ivae_theory import Noise, Prior

    rows = [[1, -1, 2, -2], [2, -2, 1, -1], [1, -3, 1, -4], [1, -1, 1, -1], [3, -1, 3, -2]]
    return Model(Prior(members, rows), noise=Noise.none(), mixing=tuple([list(sympy.symbols("z1 z2", real=True))] * 2))


CLAIM = Claim(
    name="theorem2.block",
    where="Theorem 2 and Fig. 1",
    statement="For k = 2, too (Fig. 1), what is left is scaling, sign and permutation: A is a scaled permutation.",
    hypotheses=(
        printed("k = 2, T = (z^2, z), Q = 1 (Fig. 1)"),
        silent("the hypotheses of the sharp Theorem 1"),
        silent("models that are compared have T' = (z, z^2) too, or f'^-1 o f is differentiable with its inverse"),
    ),
    uses=("theorem1.sharp",),
    verdict="A is a block permutation for k >= 2, and no more",
    gap="Theorem 2 is for k = 1. The statistics of one latent can be mixed among themselves by any invertible matrix.",
    counterexample="T' = (z + z^2, z^2) with lambda' to match is the same model of z.",
    repair=(
        "For k_i >= 2, A is a block permutation: with T = T' = (z, z^2) always, and then z_i = a z'_j + b; else for "
        "open intervals Z_i, differentiable T_i, and f'^-1 o f differentiable with its inverse."
    ),
    as_printed=Check(Method.EXACT, scaled_permutation, Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, block_permutation, Status.HOLDS),
    proof=(
        "*T = T' = (z, z^2), any n, no smoothness.* By Theorem 1 both `z_i = c + sum_j a_j w_j + b_j w_j^2` and "
        "`z_i^2` "
        "lie in `span{1, w_j, w_j^2}`, w = z', almost everywhere; a polynomial that vanishes on a set of positive "
        "measure is zero. In the square, `w_j^4` has the coefficient `b_j^2` and `w_j w_l` has `2 a_j a_l`, whatever "
        "the "
        "other terms are: no `b_j`, and one `a_j`. "
        "*Tangents.* Let `g = f^-1 o f'`. Differentiate `T~(g(z')) = A T~'(z') + c` (which makes T' differentiable): "
        "`T_i'(z_i) dz_i/dz'_j = A_ij T_j''(z'_j)` with T_j'' the derivative of T'_j. At one point these are "
        "multiples of "
        "one vector for all j. Suppose `A_ij` and `A_il` are not zero, j != l. By (M) for T', which Theorem 1 gives, "
        "the "
        "derivatives of T'_j span `R^k_j`, so `A_il T_l''(t)` is not zero for some t; as Z' is a box, s = z'_j is "
        "free, "
        "so every `A_ij T_j''(s)` lies on that vector's line, hence so does the range of `A_ij`, and in the same way "
        "that of "
        "every other block. The row of blocks would have rank 1 `< k_i`, and A is invertible. One non-zero block is "
        "left in each row; as A is invertible, they form a permutation. Nothing is asked of the image of T_i."
    ),
)
