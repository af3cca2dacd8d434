"""Section 5: do the simulated data satisfy the hypotheses?"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ivae_theory import Model, Noise, Prior, check, families
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent

SEEDS = range(4)
SEGMENTS, SIZES = 40, (2, 3, 4, 5)
#: Fig. 1: five segments, n = 2, k = 2.
FIGURE_SEGMENTS, FIGURE_LATENTS = 5, 2


def draw(seed: int, segments: int, n: int, k: int) -> list[list[Fraction]]:
    """Natural parameters of Section 5's law: variances uniform on [.5, 3], for k = 2 means uniform on [-5, 5].

    The floats drawn are taken as the exact numbers that they are.
    """
    rng = np.random.default_rng(seed)
    variances = [[Fraction(float(v)) for v in row] for row in rng.uniform(0.5, 3, (segments, n))]
    if k == 1:
        return [[-1 / (2 * v) for v in row] for row in variances]
    means = [[Fraction(float(m)) for m in row] for row in rng.uniform(-5, 5, (segments, n))]
    return [
        [value for m, v in zip(mean, row, strict=True) for value in (m / v, -1 / (2 * v))]
        for mean, row in zip(means, variances, strict=True)
    ]


def variability(seed: int, segments: int, n: int, k: int) -> tuple[Status, Status]:
    """(iii), and the goal "affine" with f vouched for as injective, of one draw."""
    family = families.gaussian_scale() if k == 1 else families.gaussian()
    prior = Prior([family] * n, draw(seed, segments, n, k))
    report = check(Model(prior, noise=Noise.gaussian(Fraction(1, 100))), assume=["theorem1.injective"])
    return report["theorem1.iii"].status, report.status


def all_hold(cases: Sequence[tuple[int, int, int, int]]) -> tuple[bool, int]:
    """Whether (iii) and the goal hold in every case, and in how many (iii) does."""
    found = [variability(*case) for case in cases]
    return all(pair == (Status.HOLDS, Status.HOLDS) for pair in found), sum(pair[0] is Status.HOLDS for pair in found)


def main_data() -> Outcome:
    """The data of Fig. 2: M = 40, n = 2..5, T = z^2."""
    cases = [(seed, SEGMENTS, n, 1) for seed in SEEDS for n in SIZES]
    holds, count = all_hold(cases)
    detail = f"M = {SEGMENTS}, n = 2..5, T = z^2: (iii) holds exactly in {count} of {len(cases)} draws (seeds 0..3)."
    return Outcome(Status.HOLDS if holds else Status.FAILS, detail, {"draws": len(cases)})


def figure_data() -> Outcome:
    """The data of Fig. 1, n = 2, k = 2; and that one segment fewer is too few."""
    segments = FIGURE_SEGMENTS
    cases = [(seed, segments, FIGURE_LATENTS, 2) for seed in SEEDS]
    holds, count = all_hold(cases)
    _, fewer = all_hold([(seed, segments - 1, FIGURE_LATENTS, 2) for seed in SEEDS])
    minimal = segments == 2 * FIGURE_LATENTS + 1 and fewer == 0
    detail = (
        f"Fig. 1, n = 2, k = 2, M = {segments}: (iii) holds exactly in {count} of {len(cases)} draws; with M = "
        f"{segments - 1} "
        f"in {fewer}. nk + 1 = {2 * FIGURE_LATENTS + 1}."
    )
    return Outcome(Status.HOLDS if holds and minimal else Status.FAILS, detail, {"draws": 2 * len(cases)})


CLAIM = Claim(
    name="section5.data",
    where="Section 5, dataset, and Fig. 1",
    statement=(
        "Segments are values of u; variances are drawn uniformly on [.5, 3] (Fig. 1: means on [-5, 5] besides), so "
        "that "
        "Theorem 1 applies."
    ),
    hypotheses=(
        printed("M = 40, n = 2..5, k = 1, T = z^2; Fig. 1: M = 5, n = 2, k = 2"),
        silent("the MLP f is injective"),
    ),
    uses=("remark.iii", "theorem1.sharp"),
    verdict="its (iii) holds; Fig. 1 uses exactly the minimum M = nk + 1",
    gap="",
    counterexample="",
    repair="(iii) holds almost surely for M >= nk + 1 draws, and never for fewer; Fig. 1 has M = 5 = nk + 1.",
    as_printed=Check(Method.EXACT, main_data, Status.HOLDS),
    as_repaired=Check(Method.EXACT, figure_data, Status.HOLDS),
    proof="The law of lambda has a density and det L is a polynomial that is not zero: see remark.iii.",
)
