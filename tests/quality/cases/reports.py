"""Whole reports: models in which every hypothesis holds, and models broken in exactly one named way."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior
from ivae_theory.verdict import Status
from tests.quality.cases.base import (
    FAILS,
    HOLDS,
    LIGHT,
    UNDECIDED,
    Case,
    Kind,
    Z,
    invertible,
    named,
    one_of,
    rational,
    singular,
)

SHARP = (
    "theorem1.i", "theorem1.iii", "theorem1.minimal", "theorem1.injective", "theorem1.positive", "theorem1.known_noise",
)  # fmt: skip
SCALED, BLOCK = "theorem2.scaled_permutation", "theorem2.block_permutation"
T = sympy.Symbol("t", real=True)


def _members(draw: random.Random, k: int, n: int) -> list[Any]:
    one = ["gaussian_scale", "laplace_scale", "exponential", "half_normal", "gaussian_location"]
    two = ["gaussian", "gamma", "beta"]
    return [named(draw.choice(one if k == 1 else two)) for _ in range(n)]


def _table(draw: random.Random, size: int, full: bool) -> list[list[Fraction]]:
    """Natural parameters in [-9/10, -1/10], which every family above allows, at size + 2 values of u."""
    rows = [[-Fraction(draw.randint(3, 7), 10) for _ in range(size)]]
    step = Fraction(1, 10)
    rows += [[v + (step if i == j else 0) for j, v in enumerate(rows[0])] for i in range(size)]
    rows.append([-Fraction(draw.randint(1, 9), 10) for _ in range(size)])
    if not full:  # the last column is the first, or a constant when it is the only one
        rows = [[*row[:-1], row[0] if size > 1 else rows[0][0]] for row in rows]
    return rows


def _noise(draw: random.Random, broken: str) -> Noise:
    if broken == "theorem1.known_noise":
        return Noise.gaussian(1, learned=True)
    law = draw.choice(
        [Noise.none, lambda: Noise.gaussian(Fraction(1, 100)), lambda: Noise(cf=1 / (1 + T**2), symbols=[T])]
    )()
    if broken == "theorem1.i":
        law = Noise(cf=sympy.Max(1 - sympy.Abs(T), 0), symbols=[T]) + law
    return law


def _mixing(draw: random.Random, n: int, injective: bool) -> Any:
    symbols = list(sympy.symbols(f"z1:{n + 1}", real=True))
    if injective and n > 1 and draw.random() < 0.4:
        shear = [draw.choice([1, -2]) * z + draw.randint(-3, 3) * symbols[0] ** 2 for z in symbols[1:]]
        return symbols, [2 * symbols[0] + 1, *shear]
    rows = invertible(draw, n) if injective else singular(draw, n)
    return symbols, [sum((rational(v) * z for v, z in zip(row, symbols, strict=True)), sympy.S.Zero) for row in rows]


def _build(draw: random.Random, broken: str, k: int) -> tuple[Model, list[Any]]:
    n = draw.randint(1, 3 if k == 1 else 2)
    members = _members(draw, k, n)
    if broken == "theorem1.minimal":
        slope = rational(draw.choice([1, 2, -1]))
        members = [ExponentialFamily([Z, slope * Z + draw.randint(-2, 2)], sympy.Reals, LIGHT, Z)]
    if broken == "theorem1.positive":
        edge = draw.randint(-1, 1)
        measure = sympy.Piecewise((0, edge >= Z), (sympy.exp(-(Z**4)), True))
        members[-1] = ExponentialFamily([Z] if k == 1 else [Z, Z**2], sympy.Reals, measure, Z)
    n = len(members)
    table = _table(draw, sum(member.k for member in members), broken != "theorem1.iii")
    mixing = _mixing(draw, n, broken != "theorem1.injective")
    return Model(Prior(members, table), noise=_noise(draw, broken), mixing=mixing), members


def _truths(broken: str) -> dict[str, frozenset[Status]]:
    return {claim: one_of(FAILS if claim == broken else HOLDS) for claim in SHARP}


def affine(draw: random.Random) -> Case:
    """goal="affine"."""
    broken = draw.choice(["", "", "", *SHARP])
    model, _ = _build(draw, broken, draw.choice([1, 1, 2]))
    goal = one_of(FAILS if broken else HOLDS)
    return Case("reports, affine", "report", model, goal, True, goal="affine", truths=_truths(broken))


def permutation(draw: random.Random) -> Case:
    """goal="permutation": two Gaussian locations break it for k = 1."""
    broken = draw.choice(["", "", "", *SHARP])
    k = 1 if broken == "theorem1.minimal" else draw.choice([1, 1, 2])
    model, members = _build(draw, broken, k)
    truths = _truths(broken)
    if broken == "theorem1.minimal":  # one latent with two statistics: A is one block
        truths[BLOCK] = one_of(HOLDS)
        mixed = False
    elif k == 1:
        mixed = sum(member.name == "gaussian_location" for member in members) > 1
        truths[SCALED] = one_of(FAILS if mixed else HOLDS)
    else:
        mixed = False
        truths[BLOCK] = one_of(HOLDS, UNDECIDED) if broken == "theorem1.positive" else one_of(HOLDS)
    goal = one_of(FAILS if broken or mixed else HOLDS)
    return Case("reports, permutation", "report", model, goal, True, goal="permutation", truths=truths)


def published(draw: random.Random) -> Case:
    """goal="published", T = z^2 on the line (which turns) or the exponential on the half-line (which does not)."""
    n = draw.randint(1, 3)
    turning = draw.random() < 0.6
    member = named("gaussian_scale" if turning else "exponential")
    full = draw.random() < 0.7
    symbols = list(sympy.symbols(f"z1:{n + 1}", real=True))
    rows = invertible(draw, n)
    mixing = symbols, [sum((rational(v) * e for v, e in zip(row, symbols, strict=True)), sympy.S.Zero) for row in rows]
    model = Model(Prior([member] * n, _table(draw, n, full)), noise=_noise(draw, ""), mixing=mixing)
    truths = {
        "published.theorem1": one_of(HOLDS if full else FAILS),
        "published.theorem3": one_of(HOLDS if turning else FAILS),
    }
    if not full:  # Theorem 3 needs Theorem 1's hypotheses
        truths["published.theorem3"] = one_of(FAILS)
    goal = one_of(HOLDS if full and turning else FAILS)
    return Case("reports, published", "report", model, goal, True, goal="published", truths=truths)


_BROKEN = "each hypothesis of the sharp Theorem 1 holds by construction, or exactly one is broken"
KINDS = (
    Kind(
        "reports, affine",
        f"`check` with every claim: {_BROKEN}; the report is rechecked against its model.",
        affine,
        4,
        symbolic=True,
    ),
    Kind(
        "reports, permutation",
        f"The same with the sharp Theorem 2: {_BROKEN}, or two latents are Gaussian locations.",
        permutation,
        2,
        symbolic=True,
    ),
    Kind(
        "reports, published",
        "z^2 turns on the line and is monotonic on a half-line, where the published Theorem 3 does not apply.",
        published,
        1,
        symbolic=True,
    ),
)
