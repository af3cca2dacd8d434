"""F.1: factorial priors that do not depend on u."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory import Model, Noise, Prior, families, rival
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.transport import LAWS, Point, bijections, cayley, pushed_ratio

TILT = [[Fraction(0), Fraction(1, 2)], [Fraction(-1, 2), Fraction(0)]]
POINTS = ((Fraction(1, 3), Fraction(6, 5)), (Fraction(2), Fraction(1, 10)), (Fraction(4, 5), Fraction(9, 10)))
BERNOULLI = {0: Fraction(7, 10), 1: Fraction(3, 10)}


def mixes_continuous() -> bool:
    """Whether F^-1 o Phi o M o Phi^-1 o F keeps each law, M a rotation that mixes both coordinates."""
    M = cayley(TILT)
    mixing = all(value != 0 for row in M for value in row)
    ratios = [pushed_ratio(law, point, M) for law in LAWS for point in POINTS]
    return mixing and all(ratio.contains(1) and float(ratio.rad()) < 1e-20 for ratio in ratios)


def mixes_atoms() -> list[int]:
    """For n = 1 and 2 coordinates Bernoulli(.3): bijections that keep the law and are no permutation of coordinates."""
    single: dict[Point, Fraction] = {(a,): p for a, p in BERNOULLI.items()}
    double: dict[Point, Fraction] = {(a, b): p * q for a, p in BERNOULLI.items() for b, q in BERNOULLI.items()}
    found = []
    for pmf in (single, double):
        points = list(pmf)
        trivial = {tuple(points), tuple(point[::-1] for point in points)}
        found.append(sum(images not in trivial for images in bijections(pmf)))
    return found


def gaussian_rival() -> bool:
    """The library's rival of a Gaussian prior that does not depend on u."""
    symbols = list(sympy.symbols("z1 z2", real=True))
    prior = Prior([families.gaussian_location()] * 2, [[Fraction(0)] * 2] * 3)
    found = rival(Model(prior, noise=Noise.gaussian(Fraction(1)), mixing=(symbols, symbols)))
    return found is not None and found.refutes == "equivalence"


def unidentifiable(any_distribution: bool) -> Outcome:
    """Does every factorial prior of the class have a map that keeps it and mixes the coordinates?"""
    continuous, gaussian = mixes_continuous(), gaussian_rival()
    atoms = mixes_atoms()
    status = Status.HOLDS if continuous and gaussian and (not any_distribution or all(atoms)) else Status.FAILS
    text = (
        f"Gaussian: rival found and verified: {gaussian}. Exponential and logistic: the rotated law is the same: "
        f"{continuous}"
    )
    if any_distribution:
        text += (
            f". Coordinates Bernoulli(.3): {atoms[0]} and {atoms[1]} bijections for n = 1, 2 keep the law, besides "
            "permutations of the coordinates"
        )
    return Outcome(status, f"{text}.", {"atoms": atoms})


CLAIM = Claim(
    name="appendixF.1",
    where="Appendix F.1, after Eq. (30)",
    statement=(
        "Any factorial prior: z_i of any distribution becomes uniform by F_i, Gaussian by Phi^-1, can be rotated, and "
        "brought back, so the original latents are not identifiable."
    ),
    hypotheses=(printed("a factorial prior that does not depend on u"), silent("continuous increasing F_i, n >= 2")),
    uses=("eq30",),
    verdict="true for continuous increasing distribution functions, can fail with atoms",
    gap="F_i(z_i) is uniform only for a continuous F_i, and F_i is invertible only where it increases.",
    counterexample="Coordinates Bernoulli(.3), n = 1 or 2: only the identity and the swap of coordinates keep the law.",
    repair="For n >= 2 and continuous increasing F_i the rotation keeps the law, and no latent is identified.",
    as_printed=Check(Method.BALL, lambda: unidentifiable(True), Status.FAILS),
    as_repaired=Check(Method.BALL, lambda: unidentifiable(False), Status.HOLDS),
    proof=(
        "`F_i(z_i)` is uniform on (0, 1) because F_i is continuous, and the map is invertible because F_i increases; "
        "so "
        "`g = Phi^-1 o F` is an invertible map to N(0, I), which M keeps (Eq. 30). `g^-1 o M o g` keeps the law of z."
    ),
)
