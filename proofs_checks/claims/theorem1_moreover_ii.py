"""Theorem 1, "moreover": does T' satisfy (ii)?"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import sympy

from ivae_theory import AffineMap
from ivae_theory.hypotheses.statistics import check_printed
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.derivation import derive, printed_hypotheses, related
from proofs_checks.steps.examples import square_of_relu
from proofs_checks.steps.models import QUARTIC, Pair, Z, latents, make_model
from proofs_checks.steps.outcomes import proved_if, refuted_if

#: The swap of binary digits 2j - 1 and 2j, as a map of digits in base 4.
SWAP = (0, 2, 1, 3)
STATISTICS = (Z, Z**3, sympy.exp(Z), sympy.Abs(Z), Z**2, Z + sympy.Max(Z, 0))
LEVELS = 12


def swapped(digits: tuple[int, ...]) -> Fraction:
    """The number whose digits in base 4 are the swapped ones."""
    return sum((Fraction(SWAP[digit], 4 ** (place + 1)) for place, digit in enumerate(digits)), Fraction(0))


def quotients(level: int) -> tuple[Fraction, Fraction]:
    """Difference quotients of the swap at numbers with digit 1 at a level, when that digit becomes 2 and 3."""
    before = (0, 3) * level
    here = (*before, 1)
    step = Fraction(1, 4 ** len(here))
    first, second = ((swapped((*before, digit)) - swapped(here)) / ((digit - 1) * step) for digit in (2, 3))
    return first, second


def keeps_measure(levels: int = 3) -> bool:
    """Whether the swap permutes the intervals of length 4^-levels, as a measure-preserving bijection does."""
    cells = [swapped(digits) for digits in product(range(4), repeat=levels)]
    return sorted(cells) == [Fraction(cell, 4**levels) for cell in range(4**levels)]


def flat_statistic() -> tuple[bool, str]:
    """k = 2: T' with a statistic that is constant on a half-line."""
    pair = square_of_relu()
    step = derive(pair)
    allowed = all(status is Status.HOLDS for status in printed_hypotheses(pair.theta).values())
    other, verdict = check_printed(pair.other), related(pair)
    found = allowed and step.complete and other.fails and verdict.holds
    return found, f"k = 2: det A = {step.determinant}, (ii) for T' {other.status.word}"


def as_printed() -> Outcome:
    """Both refutations: a flat statistic for k = 2, a nowhere differentiable one for k = 1."""
    flat, text = flat_statistic()
    pairs = {quotients(level) for level in range(1, LEVELS)}
    # infinitely many digits are 1 for almost every z: the quotients have two limits there
    jagged = len(pairs) == 1 and all(first != second for first, second in pairs) and keeps_measure()
    shown = " and ".join(map(str, sorted(next(iter(pairs)))))
    detail = (
        f"{text}. k = 1: T' = f' = the swap of binary digits 2j - 1 and 2j on [0, 1], T'(f'^-1(x)) = x = T(f^-1(x)); "
        f"at every level its difference quotients are {shown}."
    )
    return refuted_if(flat and jagged, detail)


def as_repaired() -> Outcome:
    """k = 1, T' differentiable almost everywhere: affine images of statistics with (ii) have (ii)."""
    held = []
    for place, statistic in enumerate(STATISTICS):
        theta = make_model([[statistic]], [[0], [Fraction(-1, 4)], [Fraction(-1, 3)]], QUARTIC)
        other = AffineMap([[Fraction((-1) ** place * (place + 2), 3)]], [Fraction(place)]).apply(theta)
        pair = Pair(theta, other, latents(theta))
        step = derive(pair)
        held.append(step.complete and check_printed(theta).holds and check_printed(other).holds)
    detail = (
        f"k = 1: T and T' = (T - c) / A satisfy (ii) with the same law of x in {sum(held)} of {len(held)} examples."
    )
    return proved_if(all(held), detail, examples=len(held))


CLAIM = Claim(
    name="theorem1.moreover.ii",
    where='Theorem 1, "moreover"',
    statement="If (f', T', lambda') has the same law of x, T' satisfies (ii).",
    hypotheses=(
        printed("(i), (ii), (iii) for (f, T, lambda)"),
        silent("k = 1, and T' is differentiable almost everywhere"),
    ),
    uses=("theorem1.sharp",),
    verdict="false for k >= 2; for k = 1 true if T' is differentiable almost everywhere",
    gap=(
        "A may combine statistics whose derivatives vanish on a set into ones whose do not; and f' is only bijective, "
        "so T' need not be differentiable at all."
    ),
    counterexample=(
        "T = (z, z + relu(z)^2), T' = (z, relu(z)^2), A = [[1, 0], [1, 1]]; for k = 1, T = z on [0, 1], f = z, and "
        "f' = T' = the measure-preserving swap of binary digits 2j - 1 and 2j, nowhere differentiable."
    ),
    repair="k = 1: if T' is differentiable almost everywhere, its derivative is not zero almost everywhere.",
    as_printed=Check(Method.EXACT, as_printed, Status.FAILS),
    as_repaired=Check(Method.EXACT, as_repaired, Status.HOLDS),
    proof=(
        "Let `T'` have derivative 0 on a set E. A function maps the points where its derivative is 0 to a null set, so "
        "`T'(E)` is null, and so is `N = A T'(E) + c`. T has a derivative that is not zero almost everywhere, so "
        "`T^-1(N)` is null. The law of `T(z)` given u is that of `A T'(z') + c`; it gives N the probability 0, and "
        "`z'` lies in E with probability 0 then. Since `Q' > 0`, E is null."
    ),
)
