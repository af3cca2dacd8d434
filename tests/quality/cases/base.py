"""What a generated case is, and what its generators share."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior, assume_injective, families
from ivae_theory.errors import InputError
from ivae_theory.verdict import Status

HOLDS, FAILS, UNDECIDED = Status.HOLDS, Status.FAILS, Status.UNDECIDED
Z = sympy.Symbol("z", real=True)
#: A base measure under which every statistic that is drawn has every natural parameter in its range.
LIGHT = sympy.exp(-(Z**4))
Rows = list[list[Fraction]]


@dataclass(frozen=True)
class Case:
    """A model, a claim, the statuses that are not wrong, and whether the truth is within reach.

    Attributes
    ----------
    kind
        The class in which the case is counted.
    claim
        Name of the claim, or ``"report"`` for a whole report.
    model
        ``None`` where the package refused it with one of its errors: that settles nothing, and counts as undecided.
    not_wrong
        Every other status is a wrong verdict (of the goal, for a report).
    decidable
        Whether an implemented argument reaches the truth: an undecided verdict is then counted as missed.
    goal, truths
        Of a report: its goal, and for claims of it what is not wrong.
    sigma
        The distance to failure where the construction knows it.
    """

    kind: str
    claim: str
    model: Any
    not_wrong: frozenset[Status]
    decidable: bool
    goal: str = ""
    truths: Mapping[str, frozenset[Status]] = field(default_factory=dict)
    sigma: float | None = None


@dataclass(frozen=True)
class Kind:
    """A class of cases.

    Attributes
    ----------
    name, because
        The name of the class, and why the truth of its cases is what it is.
    draw
        The case of a random state.
    share
        How many of every thousand cases are of this kind.
    symbolic
        Whether natural parameters, statistics, noise or mixing are sympy expressions.
    slow
        Whether a case takes some 50 ms or more, so that short runs check one of the class.
    """

    name: str
    because: str
    draw: Callable[[random.Random], Case]
    share: int
    symbolic: bool = False
    slow: bool = False


def one_of(*statuses: Status) -> frozenset[Status]:
    """Statuses that are not wrong."""
    return frozenset(statuses)


def truth(holds: bool) -> frozenset[Status]:
    """The one settled status that is not wrong; undecided verdicts are counted apart."""
    return one_of(HOLDS if holds else FAILS)


def rational(value: Fraction | int) -> sympy.Rational:
    """A fraction for sympy."""
    return sympy.Rational(value.numerator, value.denominator)


def accepted(build: Callable[[], Model]) -> Model | None:
    """The model, or ``None`` where the package refuses it as bad input."""
    try:
        return build()
    except InputError:
        return None


def invertible(draw: random.Random, size: int) -> Rows:
    """An invertible integer matrix: unit lower times upper with a non-zero diagonal."""
    lower = [[draw.randint(-3, 3) if j < i else int(i == j) for j in range(size)] for i in range(size)]
    upper = [
        [draw.randint(-3, 3) if j > i else draw.choice([-2, -1, 1, 2]) if i == j else 0 for j in range(size)]
        for i in range(size)
    ]
    return [[Fraction(sum(a[m] * upper[m][j] for m in range(size))) for j in range(size)] for a in lower]


def singular(draw: random.Random, size: int) -> Rows:
    """A square integer matrix whose last row is a combination of the others."""
    rows = invertible(draw, size)
    weights = [draw.randint(-2, 2) for _ in range(size - 1)]
    rows[-1] = [sum((w * rows[i][j] for i, w in enumerate(weights)), Fraction(0)) for j in range(size)]
    return rows


def rank(rows: Sequence[Sequence[Fraction]]) -> int:
    """Exact rank by elimination, written for the campaign: an oracle of its own."""
    left = [[Fraction(value) for value in row] for row in rows]
    found = 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((i for i in range(found, len(left)) if left[i][column]), None)
        if pivot is None:
            continue
        left[found], left[pivot] = left[pivot], left[found]
        for i in range(found + 1, len(left)):
            factor = left[i][column] / left[found][column]
            if factor:
                left[i] = [a - factor * b for a, b in zip(left[i], left[found], strict=True)]
        found += 1
    return found


def affine_rank(rows: Sequence[Sequence[Any]]) -> int:
    """Dimension of the affine hull of exact rows (floats are dyadic rationals)."""
    exact = [[Fraction(value) for value in row] for row in rows]
    return rank([[a - b for a, b in zip(row, exact[0], strict=True)] for row in exact[1:]])


def sample_distance(draw: random.Random) -> Fraction:
    """A distance to failure between 1 and 1e-300, evenly over the decades."""
    return Fraction(1, 10 ** draw.randint(0, 300)) * draw.choice([1, 3, 7])


@cache
def location(variance: int = 1) -> ExponentialFamily:
    """T = z with any natural parameter; built once, since building validates and nothing changes it."""
    return families.gaussian_location(variance)


@cache
def named(name: str) -> ExponentialFamily:
    """A named family, built once."""
    family: ExponentialFamily = getattr(families, name)()
    return family


def vouched(table: Any, members: Sequence[Any] | None = None, **prior: Any) -> Model:
    """A model of which only the prior matters; without ``members`` every T_i is z."""
    if members is None:
        count = len(table[0]) if isinstance(table, list) else table.shape[1]
        members = [location()] * count
    return Model(Prior(list(members), table, **prior), noise=Noise.gaussian(1), mixing=assume_injective(len(members)))


def plain(mixing: Any, n: int, support: Any = None, noise: Any = None) -> Model:
    """A model of which only the mixing (or the noise) matters: n latents with T = z."""
    member = location() if support is None else on_support(support)
    table = [[Fraction(int(i == j + 1)) for j in range(n)] for i in range(n + 1)]
    return Model(Prior([member] * n, table), noise=Noise.none() if noise is None else noise, mixing=mixing)


@cache
def on_support(support: sympy.Set) -> ExponentialFamily:
    """T = z with a fast-decaying base measure on a support."""
    return ExponentialFamily([Z], support, LIGHT, variable=Z)
