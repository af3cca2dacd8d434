"""Eq. (30): a rotation keeps the standard Gaussian law."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory.exact import determinant
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed
from proofs_checks.steps.parameters import Matrix, multiply, transpose
from proofs_checks.steps.transport import cayley, mass

SIZES, TRIALS = (2, 3, 5), 20
#: n latents and d observed coordinates.
SHAPES = ((2, 2), (2, 3), (1, 2))


def rotations(n: int) -> list[Matrix]:
    """Random rational orthogonal matrices."""
    import random

    found = []
    for seed in range(TRIALS):
        draw = random.Random(seed)
        skew = [[Fraction(0)] * n for _ in range(n)]
        for i in range(n):
            for j in range(i):
                skew[i][j] = Fraction(draw.randint(-5, 5), draw.randint(1, 4))
                skew[j][i] = -skew[i][j]
        found.append(cayley(skew))
    return found


def keeps_norm(M: Matrix) -> bool:
    """``|M^T xi| = |xi|`` for all xi, as ``M M^T = I``, and ``|det M| = 1``."""
    n = len(M)
    unit = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    return multiply(M, transpose(M)) == unit and abs(determinant(M)) == 1


def is_density(exponent: str) -> Outcome:
    """Is (2 pi)^(-exponent/2) exp(-|xi|^2/2) a density on R^n, and does M keep it?"""
    invariant = all(keeps_norm(M) for n in SIZES for M in rotations(n))
    masses = {(n, d): mass(d if exponent == "d" else n, n) for n, d in SHAPES}
    total = all(sympy.simplify(value - 1) == 0 for value in masses.values())
    shown = ", ".join(f"n = {n}, d = {d}: {value}" for (n, d), value in masses.items())
    detail = (
        f"Factor (2 pi)^(-{exponent}/2): total mass {shown}. {TRIALS * len(SIZES)} exact rotations keep it: "
        f"{invariant}."
    )
    return Outcome(Status.HOLDS if invariant and total else Status.FAILS, detail, {"rotations": TRIALS * len(SIZES)})


CLAIM = Claim(
    name="eq30",
    where="Eq. (30)",
    statement="p_z'(xi) = p_z(M^T xi) |det M| = (2 pi)^(-d/2) exp(-|M^T xi|^2/2) = p_z(xi) for orthogonal M.",
    hypotheses=(printed("z ~ N(0, I) on R^n"), printed("z' = M z, M orthogonal")),
    uses=(),
    verdict="true; d should be n",
    gap="The latent z is in R^n; with the exponent d the factor normalises only when n = d.",
    counterexample="n = 1, d = 2: total mass (2 pi)^(-1/2).",
    repair="The same with (2 pi)^(-n/2).",
    as_printed=Check(Method.SYMBOLIC, lambda: is_density("d"), Status.FAILS),
    as_repaired=Check(Method.SYMBOLIC, lambda: is_density("n"), Status.HOLDS),
    proof="`M M^T = I` gives `|M^T xi| = |xi|` and `|det M| = 1`.",
)
