"""Lemma 1: k points with linearly independent derivative vectors."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy

from ivae_theory.hypotheses.statistics import check_minimal, check_printed
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.derivatives import annihilator, independent_points, is_locally_lipschitz
from proofs_checks.steps.models import QUARTIC, Z, make_model, rational
from proofs_checks.steps.outcomes import proved_if, refuted_if

HALF, QUARTER = sympy.Rational(1, 2), sympy.Rational(1, 4)
#: The Cantor function on its first gaps (1/9, 2/9), (1/3, 2/3), (7/9, 8/9), where it is constant.
CANTOR = sympy.Piecewise((QUARTER, Z < QUARTER), (HALF, Z < 3 * QUARTER), (3 * QUARTER, True))
GAP_ENDS = tuple((Fraction(a, 9), Fraction(b, 9)) for a, b in ((1, 2), (3, 6), (7, 8)))
GAPS = sympy.Union(*(sympy.Interval.open(rational(a), rational(b)) for a, b in GAP_ENDS))


@dataclass(frozen=True)
class Example:
    """Statistics on a support; for the Cantor function, on gaps of it, which settle more than they have to.

    Independence on the gaps is independence on [0, 1]; all gaps together have length 1, and on each the derivative is
    that on these.
    """

    name: str
    statistics: tuple[sympy.Expr, ...]
    support: sympy.Set = sympy.Reals

    @property
    def hypothesis_as_printed(self) -> Status:
        """(ii): derivatives that are not zero almost everywhere."""
        return check_printed(self._model).status

    @property
    def minimal(self) -> Status:
        """(M)."""
        return check_minimal(self._model).status

    @property
    def absolutely_continuous(self) -> bool:
        """Whether every statistic is built from locally Lipschitz functions."""
        return all(is_locally_lipschitz(statistic, self.support) for statistic in self.statistics)

    @property
    def conclusion(self) -> Status:
        """HOLDS with k points; FAILS with a w such that ``w . T' = 0`` almost everywhere."""
        if independent_points(self.statistics, self.support) is not None:
            return Status.HOLDS
        return Status.FAILS if annihilator(self.statistics, self.support) is not None else Status.UNDECIDED

    @property
    def _model(self) -> object:
        return make_model([self.statistics], [[0] * len(self.statistics)], QUARTIC, support=self.support)


COUNTEREXAMPLES = (
    Example("(z, 2z)", (Z, 2 * Z)),
    Example("(z, z + floor z)", (Z, Z + sympy.floor(Z))),
    Example("(z, z + Cantor(z))", (Z, Z + CANTOR), GAPS),
)
#: Which of them are minimal.
MINIMAL = (False, True, True)
EXAMPLES = (
    Example("(z, z^2)", (Z, Z**2)),
    Example("(log z, z)", (sympy.log(Z), Z), sympy.Interval.open(0, sympy.oo)),
    Example("(z, exp z)", (Z, sympy.exp(Z))),
    Example("(z, |z|)", (Z, sympy.Abs(Z))),
    Example("(relu z, relu -z)", (sympy.Max(Z, 0), sympy.Max(-Z, 0))),
    Example("(z, z^2, z^3, z^4)", tuple(Z**power for power in range(1, 5))),
    Example("(z, sin z, cos z)", (Z, sympy.sin(Z), sympy.cos(Z))),
)


def cantor(value: Fraction, digits: int = 40) -> Fraction:
    """The Cantor function at a number in [0, 1] with a ternary expansion of at most so many digits."""
    total, weight = Fraction(0), Fraction(1, 2)
    for _ in range(digits):
        if value == 1:
            return total + 2 * weight
        value *= 3
        digit = value.numerator // value.denominator
        value -= digit
        if digit == 1:
            return total + weight
        total += weight * (digit // 2)
        weight /= 2
    return total


def gaps_are_right() -> bool:
    """Whether the Cantor function, which increases, has one value at both ends of each gap, the one that is used."""
    middle = [CANTOR.subs(Z, rational((a + b) / 2)) for a, b in GAP_ENDS]
    return all(
        rational(cantor(a)) == rational(cantor(b)) == value for (a, b), value in zip(GAP_ENDS, middle, strict=True)
    )


def gap_length(levels: int) -> Fraction:
    """Total length of the gaps that the Cantor set loses in so many steps: ``1 - (2/3)^levels``, which tends to 1."""
    return sum((Fraction(2**step, 3 ** (step + 1)) for step in range(levels)), Fraction(0))


def as_printed() -> Outcome:
    """The printed hypothesis, derivatives that are not zero almost everywhere, on the three counterexamples."""
    refuted = [
        example.hypothesis_as_printed is Status.HOLDS and example.conclusion is Status.FAILS
        for example in COUNTEREXAMPLES
    ]
    minimal = [example.minimal for example in COUNTEREXAMPLES]
    expected = [Status.HOLDS if own else Status.FAILS for own in MINIMAL]
    thin = gaps_are_right() and all(1 - gap_length(levels) == Fraction(2, 3) ** levels for levels in range(1, 30))
    detail = "; ".join(
        f"{example.name}: (ii) {example.hypothesis_as_printed.word}, (M) {own.word}, independent derivatives "
        f"{example.conclusion.word}"
        for example, own in zip(COUNTEREXAMPLES, minimal, strict=True)
    )
    return refuted_if(all(refuted) and minimal == expected and thin, f"{detail}.")


def as_repaired() -> Outcome:
    """Locally absolutely continuous and minimal statistics on an interval."""
    covered = [e for e in (*EXAMPLES, *COUNTEREXAMPLES) if e.minimal is Status.HOLDS and e.absolutely_continuous]
    found = [example.conclusion is Status.HOLDS for example in covered]
    names = ", ".join(example.name for example in covered)
    detail = f"k points with independent derivatives, certified in balls, for {names}."
    return proved_if(all(found) and len(covered) == len(EXAMPLES), detail, examples=len(covered))


CLAIM = Claim(
    name="lemma1",
    where="Supplement B, Lemma 1",
    statement="If dT_i/dx is not zero almost surely for all i, then k points have linearly independent vectors dT/dx.",
    hypotheses=(
        printed("dT_i/dx is not zero almost surely"),
        silent("T is minimal"),
        silent("the support is an interval and T is locally absolutely continuous on it"),
    ),
    uses=("eq15", "eq16", "eq17"),
    verdict="false; true on an interval for T locally absolutely continuous and minimal",
    gap="Neither minimality nor the fundamental theorem of calculus follows from derivatives that are not zero.",
    counterexample="(z, 2z); (z, z + floor z); (z, z + Cantor(z)): the derivative vectors are multiples of one vector. "
    "The last two are minimal.",
    repair="On an interval, for T locally absolutely continuous and minimal, k such points exist.",
    as_printed=Check(Method.BALL, as_printed, Status.FAILS),
    as_repaired=Check(Method.BALL, as_repaired, Status.HOLDS),
    proof=(
        "Let the vectors `T'(x)`, at the points where T is differentiable, span less than `R^k`: some `w != 0` has "
        "`w . T' = 0` almost everywhere. `w . T` is locally absolutely continuous, so it is the integral of its "
        "derivative: a constant. That contradicts (M)."
    ),
)
