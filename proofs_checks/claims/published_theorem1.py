"""Theorem 1 of the published version (AISTATS 2020)."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ivae_theory import check, equivalent
from ivae_theory.exact import rank
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.models import Pair, Z, latents, make_model, same_law

ROWS = ((0, 0), (1, 2), (3, -1))
POINTS = [0, 1, 2, 5]


def pairs() -> dict[str, Pair]:
    """Pairs with the same law of x, Q = exp(-z^4), f = id: T' with lambda' to match."""
    dependent = make_model([[Z, 1 + Z]], ROWS)
    cubic = make_model([[Z, Z**3]], [[a + b, 0] for a, b in ROWS])
    square = make_model([[Z, Z**2]], ROWS)
    mixed = make_model([[Z + Z**2, Z**2 - 1]], [[a, b - a] for a, b in ROWS])
    return {
        "T = (z, 1 + z), T' = (z, z^3)": Pair(dependent, cubic, latents(dependent)),
        "T = (z, z^2), T' = (z + z^2, z^2 - 1)": Pair(square, mixed, latents(square)),
    }


def independent(statistics: tuple[sympy.Expr, ...], with_constant: bool) -> bool:
    """Whether polynomial statistics (and 1) are independent: then they are on every set of positive measure."""
    values = [
        [*([Fraction(1)] if with_constant else []), *(Fraction(int(t.subs(Z, z))) for t in statistics)] for z in POINTS
    ]
    return rank(values) == len(values[0])


def identifiable(with_constant: bool) -> Outcome:
    """The published hypotheses with (M) read with or without the constant: are pairs with equal laws equivalent?"""
    covered, wrong = [], []
    for name, pair in pairs().items():
        report = check(pair.theta, goal="published")
        others = all(report[claim].holds for claim in ("theorem1.i", "theorem1.iii", "theorem1.injective"))
        if not (others and same_law(pair)):
            return Outcome(Status.UNDECIDED, f"{name}: a hypothesis is open.")
        sharp = report["published.theorem1"]
        if with_constant and sharp.holds is not independent(pair.theta.prior.families[0].statistics, True):
            return Outcome(Status.UNDECIDED, f"{name}: {sharp.reason}")
        if independent(pair.theta.prior.families[0].statistics, with_constant):
            covered.append(name)
            verdict = equivalent(pair.theta, pair.other)
            if verdict.fails:
                wrong.append(name)
            elif verdict.undecided:
                return Outcome(Status.UNDECIDED, f"{name}: {verdict.reason}")
    what = "1, T_i1, .., T_ik" if with_constant else "T_i1, .., T_ik"
    detail = f"{what} independent: {'; '.join(covered)}. Same law of x and not ~: {'; '.join(wrong) or 'none'}."
    return Outcome(Status.FAILS if wrong else Status.HOLDS, detail, {"covered": covered, "wrong": wrong})


CLAIM = Claim(
    name="published.theorem1",
    where="Published version, Theorem 1",
    statement=(
        "With zeros of phi of measure zero, f injective, T_i differentiable almost everywhere, T_i1, .., T_ik linearly "
        "independent on every set of positive measure, and (iii), the parameters are ~-identifiable."
    ),
    hypotheses=(
        printed("(i) and (iii) of Theorem 1; f injective"),
        printed("T_i1, .., T_ik linearly independent on every subset of positive measure"),
        silent("independence modulo constants: 1, T_i1, .., T_ik (strongly exponential, as its appendix defines)"),
        silent("the noise is the same known law; (i) read on R^d; Q > 0"),
    ),
    uses=("theorem1.sharp",),
    verdict="true when independence is read modulo constants",
    gap="Independence without the constant is too weak: lambda can move along a statistic that only changes Z(u).",
    counterexample="n = 1, Q = exp(-z^4), T = (z, 1 + z), T' = (z, z^3), lambda' = (lambda_1 + lambda_2, 0).",
    repair=(
        "With 1, T_i1, .., T_ik independent (M) the sharp Theorem 1 applies; positive-measure subsets are not needed."
    ),
    as_printed=Check(Method.EXACT, lambda: identifiable(False), Status.FAILS),
    as_repaired=Check(Method.EXACT, lambda: identifiable(True), Status.HOLDS),
)
