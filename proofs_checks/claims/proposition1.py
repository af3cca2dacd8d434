"""Proposition 1: ~ is an equivalence relation."""

from __future__ import annotations

from fractions import Fraction

import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivae_theory import AffineMap, Model, equivalent
from ivae_theory.verdict import Status
from proofs_checks.claim import Check, Claim, Method, Outcome, printed, silent
from proofs_checks.steps.examples import VARIANCE, random_pair
from proofs_checks.steps.models import Z, make_model
from proofs_checks.steps.outcomes import proved_if, refuted_if
from proofs_checks.steps.parameters import random_invertible

UNIT = sympy.Interval.open(0, 1)
_Z1 = sympy.Symbol("z1", real=True)
#: Three mixing functions on (0, 1) with T = z, and their images.
FUNCTIONS = (_Z1, _Z1 + 2, _Z1**2)
IMAGES = ((0, 1), (2, 3), (0, 1))
EXAMPLES = 60


def model(f: sympy.Expr) -> Model:
    """T = z on (0, 1), and the mixing function f."""
    return make_model([[Z]], [[0], [1]], sympy.Integer(1), ([_Z1], [f]), support=UNIT)


def related_where_both_are(first: int, second: int) -> bool | None:
    """The relation "for all x in both images"; true of disjoint images, where there is no such x."""
    (a, b), (c, d) = IMAGES[first], IMAGES[second]
    if b <= c or d <= a:
        return True
    found = equivalent(model(FUNCTIONS[first]), model(FUNCTIONS[second]))
    return None if found.undecided else found.holds


def images_are_right() -> bool:
    """Whether the intervals are the images: the functions are increasing on (0, 1), and end there."""
    ends = all((f.subs(_Z1, 0), f.subs(_Z1, 1)) == image for f, image in zip(FUNCTIONS, IMAGES, strict=True))
    rising = all(sympy.Poly(sympy.diff(f, _Z1), _Z1).all_coeffs()[0] > 0 for f in FUNCTIONS)
    return ends and rising and all(len(sympy.Poly(sympy.diff(f, _Z1), _Z1).terms()) == 1 for f in FUNCTIONS)


def on_images_that_differ() -> Outcome:
    """Is the relation transitive when X and X' may differ?"""
    answers = [related_where_both_are(a, b) for a, b in ((0, 1), (1, 2), (0, 2))]
    refuted = images_are_right() and answers == [True, True, False]
    detail = (
        "f1 = z, f2 = z + 2, f3 = z^2 on (0, 1), T = z: 1 ~ 2 and 2 ~ 3 because the images are disjoint; 1 ~ 3 fails "
        "(1, x and sqrt(x) are independent)."
    )
    return refuted_if(refuted, detail)


def on_a_common_image() -> Outcome:
    """Group laws of the affine maps, exactly, and three models with the same image."""
    checked = {"laws": 0, "broken": 0}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),  # a slow machine is no finding
    )
    @given(st.integers(1, 3), st.integers(0, 10**6))
    def laws(size: int, seed: int) -> None:
        first, second = (
            AffineMap(random_invertible(size, seed + place), [Fraction(seed % 7 - place)] * size) for place in (0, 1)
        )
        one = AffineMap.identity(size)
        neutral, inverse = (first @ one).isclose(first), (first @ first.inverse()).isclose(one)
        undone = ((first @ second) @ second.inverse()).isclose(first)
        checked["laws"] += 1
        checked["broken"] += not (neutral and inverse and undone)

    laws()
    pair, verdicts = random_pair(7, 1, 2, VARIANCE), []
    third = AffineMap([[1, 2], [0, 3]], [1, -1]).apply(pair.other)
    for a, b in ((pair.theta, pair.theta), (pair.theta, pair.other), (pair.other, third), (pair.theta, third)):
        verdicts += [equivalent(a, b), equivalent(b, a)]
    held = all(verdict.holds for verdict in verdicts)
    _, _, there, back, on, _, through, _ = (_map_of(verdict) for verdict in verdicts)
    composed = held and (there @ on).isclose(through) and there.inverse().isclose(back)
    detail = (
        f"Identity, inverse and composition of invertible affine maps, exactly, in {checked['laws']} random cases; on "
        "three models with one image every pair is equivalent both ways, and the maps compose and invert."
    )
    return proved_if(composed and checked["broken"] == 0, detail, examples=checked["laws"])


def _map_of(verdict: object) -> AffineMap:
    evidence = verdict.evidence  # type: ignore[attr-defined]
    if "A" not in evidence:
        return AffineMap.identity(2)
    return AffineMap([[Fraction(v) for v in row] for row in evidence["A"]], [Fraction(v) for v in evidence["c"]])


CLAIM = Claim(
    name="proposition1",
    where="Proposition 1, Eq. (12)",
    statement="T~(f^-1(x)) = A T~'(f'^-1(x)) + c for all x in X, A invertible, is an equivalence relation on Theta.",
    hypotheses=(
        printed("A is an invertible nk x nk matrix"),
        silent("all f have the same image X"),
    ),
    uses=("eq14",),
    verdict="true on a common X",
    gap="On images that differ, 'for all x in both' is not transitive: disjoint images are related to everything.",
    counterexample="T = z on (0, 1); f1 = z, f2 = z + 2, f3 = z^2.",
    repair="On the models with one common image X it is an equivalence relation: the affine maps form a group.",
    as_printed=Check(Method.BALL, on_images_that_differ, Status.FAILS),
    as_repaired=Check(Method.PROPERTY, on_a_common_image, Status.HOLDS),
    proof=(
        "Identity map: reflexive. `T~' o f'^-1 = A^-1 T~ o f^-1 - A^-1 c`: symmetric. Composition of affine maps with "
        "invertible linear parts: transitive (Eq. 14)."
    ),
)
