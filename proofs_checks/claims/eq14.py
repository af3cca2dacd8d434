"""Eq. (14): composing two affine relations."""

from __future__ import annotations

import sympy

from ivae_theory import AffineMap
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.outcomes import proved_if
from proofs_checks.steps.parameters import random_invertible

SIZES, TRIALS = (2, 3), 20


def _generic(name: str, size: int) -> tuple[sympy.Matrix, sympy.Matrix]:
    return (
        sympy.Matrix(size, size, sympy.symbols(f"{name}:{size * size}")),
        sympy.Matrix(sympy.symbols(f"{name}c:{size}")),
    )


def composed(first: sympy.Matrix, c: sympy.Matrix, second: sympy.Matrix, d: sympy.Matrix) -> sympy.Matrix:
    """``A_3`` and ``c_3`` side by side, as printed: ``A_2 A_1`` and ``A_2 c_1 + c_2``."""
    return (second * first).row_join(second * c + d)


def symbolic() -> Outcome:
    """The displayed computation with free symbols as entries."""
    held = True
    for size in SIZES:
        (A1, c1), (A2, c2) = _generic("a", size), _generic("b", size)
        t = sympy.Matrix(sympy.symbols(f"t:{size}"))
        joined = composed(A1, c1, A2, c2)
        result = joined[:, :size] * t + joined[:, size]
        held &= all(entry == 0 for entry in (A2 * (A1 * t + c1) + c2 - result).expand())
    detail = f"A_2 (A_1 t + c_1) + c_2 = (A_2 A_1) t + A_2 c_1 + c_2 with free entries, nk in {SIZES}."
    return proved_if(held, detail)


def with_inverse() -> Outcome:
    """A_3 is invertible, with the library's maps."""
    held = total = 0
    for size in SIZES:
        for seed in range(TRIALS):
            first = AffineMap(random_invertible(size, 2 * seed), [seed] * size)
            second = AffineMap(random_invertible(size, 2 * seed + 1), [1 - seed] * size)
            joined = composed(*(sympy.Matrix(part) for part in (first.A, first.c, second.A, second.c)))
            both = second @ first
            same = both.isclose(AffineMap(joined[:, :size], joined[:, size]))
            held += same and (both @ both.inverse()).isclose(AffineMap.identity(size))
            total += 1
    detail = f"Of {total} exact random pairs of maps, A_3 and c_3 are the library's composition and invert in {held}."
    return proved_if(held == total, detail, trials=total)


CLAIM = Claim(
    name="eq14",
    where="Supplement A, Eq. (14)",
    statement=(
        "T~'' = A_2 T~ + c_2 and T~ = A_1 T~' + c_1 give T~'' = A_3 T~' + c_3 with A_3 = A_2 A_1 and "
        "c_3 = A_2 c_1 + c_2."
    ),
    hypotheses=(printed("both relations hold at the same x"), silent("A_3 is invertible because A_1 and A_2 are")),
    uses=(),
    verdict="true",
    gap="",
    counterexample="",
    repair="A_3 is invertible: det A_3 = det A_2 det A_1.",
    as_printed=Check(Method.SYMBOLIC, symbolic, Status.HOLDS),
    as_repaired=Check(Method.EXACT, with_inverse, Status.HOLDS),
)
