"""The sharp Theorem 2: what it takes, for k = 1, that A is a scaled permutation."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.theorem2 import check_identical, check_minimum, check_scaled_permutation
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.boxes import is_scaled_permutation
from proofs_checks.steps.examples import rotated_gaussian
from proofs_checks.steps.independence import shared_gaussian, stays_independent
from proofs_checks.steps.models import Z, same_law
from proofs_checks.steps.parameters import Matrix

ROTATION: Matrix = [[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]]

#: (T, Q) of families in which T(z) has the named law at lambda = 0 (lambda = -1 for the last two), up to scale.
FAMILIES = {
    "gaussian": (Z, sympy.exp(-(Z**2) / 2)),
    "logistic": (Z, sympy.exp(Z) / (1 + sympy.exp(Z)) ** 2),
    "laplace": (Z, sympy.exp(-3 * sympy.Abs(Z))),
    "exponential": (sympy.Abs(Z), sympy.Integer(1)),
    "chi-squared": (Z**2, sympy.Integer(1)),
}
#: Pairs of latents that are looked at.
PAIRS = (
    ("chi-squared", "chi-squared"),
    ("exponential", "exponential"),
    ("logistic", "logistic"),
    ("laplace", "logistic"),
    ("gaussian", "logistic"),
    ("gaussian", "gaussian"),
)
#: lambda with which every family above is normalisable.
ROWS = [[Fraction(-1, 2), Fraction(-1, 2)], [Fraction(-1, 3), Fraction(-1, 2)], [Fraction(-1, 2), Fraction(-1, 3)]]


def model_of(pair: tuple[str, str]) -> Any:
    """Two latents of the named laws."""
    from ivae_theory import ExponentialFamily, Model, Noise, Prior

    families = [ExponentialFamily([FAMILIES[name][0]], sympy.Reals, FAMILIES[name][1], Z) for name in pair]
    symbols = list(sympy.symbols("z1 z2", real=True))
    return Model(Prior(families, ROWS), noise=Noise.none(), mixing=(symbols, symbols))


def unique_minimum(model: Any) -> Status:
    """The printed condition: (i) and (ii)."""
    return min(check_identical(model).status, check_minimum(model).status)


def at_most_one_gaussian(model: Any) -> Status:
    """The sharp condition."""
    return check_scaled_permutation(model).status


def decides(condition: Callable[[Any], Status]) -> Outcome:
    """Does the condition say when the standardised pair can be rotated, which characteristic functions show?"""
    wrong = []
    for pair in PAIRS:
        independent = stays_independent(ROTATION, pair)
        expected = {True: Status.FAILS, False: Status.HOLDS, None: Status.UNDECIDED}[independent]
        if condition(model_of(pair)) is not expected:
            wrong.append(" and ".join(pair))
    rival = rotated_gaussian()
    rotated = same_law(rival) and not is_scaled_permutation(ROTATION)
    left = shared_gaussian()
    b, c, s, sigma, t = sympy.symbols("b c s sigma t", real=True)
    consequence = sympy.expand(left + sigma**2 * b * c * s * t) == 0
    status = Status.HOLDS if not wrong and rotated and consequence else Status.FAILS
    differs = f"wrong for {'; '.join(wrong)}" if wrong else "right for all"
    detail = (
        f"{len(PAIRS)} pairs of laws rotated by (3/5, 4/5): the condition is {differs}. A Gaussian shared by two "
        f"components leaves log phi(bs + ct) - log phi(bs) - log phi(ct) = {left}. Rotated Gaussian pair in the class "
        f"with the same law of x: {rotated}."
    )
    return Outcome(status, detail, {"wrong": wrong, "pairs": len(PAIRS)})


CLAIM = Claim(
    name="theorem2.sharp",
    where="Section 4, before and in Theorem 2",
    statement="A non-negativity constraint, the same T with a unique minimum for all i, is what gets rid of A.",
    hypotheses=(
        printed("k = 1"),
        printed("T_i,1 the same for all i, with a unique minimum"),
        silent("the hypotheses of the sharp Theorem 1"),
    ),
    uses=("theorem1.sharp",),
    verdict="not what it takes: at most one T_i(z_i) given u is Gaussian is enough, and for injective T_i needed",
    gap=(
        "Statistics without a minimum and different ones work as well: T = z with any base measure that is not "
        "Gaussian. What has to be excluded is a pair of Gaussian T_i(z_i)."
    ),
    counterexample=(
        "T = z with the logistic base measure: no minimum, and no rotation keeps the components independent."
    ),
    repair=(
        "If for some u at most one T_i(z_i) given u is Gaussian, A is a scaled permutation; for injective T_i two "
        "Gaussians can be rotated."
    ),
    as_printed=Check(Method.BALL, lambda: decides(unique_minimum), Status.FAILS),
    as_repaired=Check(Method.BALL, lambda: decides(at_most_one_gaussian), Status.HOLDS),
    proof=(
        "Given `u`, `y = T~(z)` and `y' = T~'(z')` both have independent components, none constant (M), and "
        "`y = A y' + c`. By the theorem of Darmois and Skitovich a `y_i` that enters two components of `y'` is "
        "Gaussian, "
        "so at most one column of `A^-1` has more than one non-zero entry. If one had, two components `b y_i + r_1` "
        "and "
        "`c y_i + r_2` of `y'` would share that Gaussian `y_i`, with `r_1, r_2` made of different `y_j` and so "
        "independent of each other. Near 0 their characteristic functions do not vanish and cancel: independence gives "
        "`exp(-sigma^2 b c s t) = 1`, so `sigma = 0`, against (M). Every column of `A^-1` has one non-zero entry. "
        "*Sharp:* with two Gaussian `T_i(z_i)` and injective `T_i`, the rotation `z' = R S^-1/2 y` of the standardised "
        "components, `T' = z'`, `Q'` Gaussian, is in the class."
    ),
)
