"""What sympy knows of symbols: whole numbers, parity, assumptions, two symbols of one name."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory import Model, Noise, Prior, assume_injective
from tests.quality.cases.base import (
    FAILS,
    HOLDS,
    UNDECIDED,
    Case,
    Kind,
    accepted,
    invertible,
    location,
    one_of,
    plain,
    rank,
    rational,
    sample_distance,
    singular,
    truth,
)

FULL, INJECTIVE = "theorem1.iii", "theorem1.injective"
#: Functions that are independent, together with 1, on all integers, on those from 0 on, and on any twenty in a row:
#: polynomials, polynomials times (-1)^u, and cos(pi u / 2), sin(pi u / 2).
_BASIS = ("u", "u^2", "(-1)^u", "u (-1)^u", "cos", "sin")


def _on_integers(u: Any) -> list[tuple[Any, dict[str, Fraction]]]:
    """Expressions in a whole number u with their coefficients in the basis; constants are left out."""
    one, half = Fraction(1), Fraction(1, 2)
    return [
        (u, {"u": one}),
        (u**2, {"u^2": one}),
        ((-1) ** u, {"(-1)^u": one}),
        (sympy.cos(sympy.pi * u), {"(-1)^u": one}),
        (sympy.sin(sympy.pi * u), {}),
        (sympy.Mod(u, 2), {"(-1)^u": -half}),
        (sympy.floor(u / 2), {"u": half, "(-1)^u": half / 2}),
        (sympy.ceiling(u / 2), {"u": half, "(-1)^u": -half / 2}),
        (u * (-1) ** u, {"u (-1)^u": one}),
        (u * sympy.cos(sympy.pi * u) + u, {"u (-1)^u": one, "u": one}),
        (sympy.cos(sympy.pi * u / 2), {"cos": one}),
        (sympy.sin(sympy.pi * u / 2), {"sin": one}),
        (sympy.sin(sympy.pi * u / 2) ** 2, {"(-1)^u": -half}),
        (sympy.floor(u), {"u": one}),
        (u - sympy.floor(u), {}),
        (sympy.floor(u + sympy.Rational(1, 2)) - u, {}),
        ((-1) ** (u * (u + 1)), {}),
        (sympy.cos(2 * sympy.pi * u) * u**2, {"u^2": one}),
        (sympy.Abs(u) ** 2, {"u^2": one}),
        (u * (u + 1) / 2 + sympy.sin(2 * sympy.pi * u), {"u": half, "u^2": half}),
        (sympy.sign(u) ** 2 * u, {"u": one}),
    ]


def integers(draw: random.Random) -> Case:
    """lambda(u) for whole numbers u, with or without the symbol saying so."""
    declared: dict[str, Any] = draw.choice(
        [{}, {"real": True}, {"integer": True}, {"integer": True, "nonnegative": True}]
    )
    where: Any = draw.choice([sympy.S.Integers, sympy.S.Naturals0, sympy.S.Naturals, sympy.FiniteSet(*range(20))])
    u = sympy.Symbol("u", **declared)
    if draw.random() < 0.1:
        u = sympy.Symbol("u", **draw.choice([{"even": True}, {"odd": True}, {"prime": True}, {"positive": True}]))
    entries = draw.sample(_on_integers(u), draw.randint(1, 3))
    size = len(entries)
    rows = invertible(draw, size)
    vectors = []
    for row in rows:
        vectors.append([sum((w * e[1].get(name, 0) for w, e in zip(row, entries, strict=True)), Fraction(0))
                        for name in _BASIS])  # fmt: skip
    full = rank(vectors) == size
    natural = [sum((rational(w) * e[0] for w, e in zip(row, entries, strict=True)), sympy.S.Zero) for row in rows]
    model = accepted(lambda: _model(natural, {u: where}))
    fits = not declared.get("nonnegative") or where != sympy.S.Integers
    special = u.assumptions0.get("even") or u.assumptions0.get("odd") or u.is_prime
    if model is not None and (special or not fits or (u.is_positive and where != sympy.S.Naturals)):
        # Accepted although the symbol says more than the set: what sympy made of it must still be true of the set.
        full = full and affine_values(natural, u, where)
    return Case("whole numbers and parity", FULL, model, truth(full), False)


def affine_values(natural: list[Any], u: Any, where: Any) -> bool:
    """The rank of the expressions, as sympy left them, at whole numbers."""
    from tests.quality.cases.base import affine_rank

    start = 1 if where == sympy.S.Naturals else 0
    free = sympy.Symbol("n")
    rows = [[Fraction(str(sympy.nsimplify(e.subs(u, free).subs(free, k)))) for e in natural] for k in range(start, 12)]
    return affine_rank(rows) == len(natural)


def _model(natural: list[Any], u: Any) -> Model:
    prior = Prior(location(), sympy.Matrix(natural).T, u=u)
    return Model(prior, noise=Noise.gaussian(1), mixing=assume_injective(prior.n))


#: Assumptions and a set on which they are true, and one on which they are not.
_ASSUMED: tuple[tuple[dict[str, bool], Any, Any], ...] = (
    ({"positive": True}, sympy.Interval.open(0, sympy.oo), sympy.Reals),
    ({"nonnegative": True}, sympy.Interval(0, 3), sympy.Interval(-1, 3)),
    ({"negative": True}, sympy.Interval.open(-2, 0), sympy.Interval.open(-2, sympy.Rational(1, 10**30))),
    ({"positive": True}, sympy.Interval(1, 2), sympy.Interval(-sympy.Rational(1, 10**60), 2)),
    ({"real": True}, sympy.Reals, sympy.Reals),
    ({"nonpositive": True}, sympy.Interval(-4, 0), sympy.Interval(-4, 1)),
)


def _folded(x: Any) -> list[Any]:
    """Functions that sympy simplifies by the sign of x."""
    return [sympy.Abs(x), sympy.sqrt(x**2), sympy.Max(x, 0) + sympy.Max(-x, 0), sympy.sign(x) * x]


def assumed(draw: random.Random) -> Case:
    """|x| for a symbol declared positive is x: right where it is positive, and to be refused where it need not be."""
    declared, right, wrong = draw.choice(_ASSUMED)
    fits = draw.random() < 0.5 or right == wrong
    where = right if fits else wrong
    x = sympy.Symbol("x", **declared)
    signed = "real" not in declared
    f = draw.choice(_folded(x))
    if draw.random() < 0.5:  # the mixing: |x| is injective on one side of 0 alone
        good = one_of(HOLDS) if signed else one_of(FAILS)
        model = accepted(lambda: plain(([x], [2 * f + 1]), 1, where))
        return Case("symbols with assumptions", INJECTIVE, model, good if fits else one_of(UNDECIDED, FAILS), False)
    # lambda = (x, |x|): of rank 1 on one side of 0, of rank 2 on both
    model = accepted(lambda: _model([x + 1, f - 2 * x], {x: where}))
    good = one_of(FAILS) if signed and fits else one_of(HOLDS)
    return Case("symbols with assumptions", FULL, model, good if fits else one_of(UNDECIDED, HOLDS), False)


def namesakes(draw: random.Random) -> Case:
    """Two latents, or two coordinates of u, whose symbols share a name: kept apart, or refused."""
    pairs: list[Callable[[], tuple[Any, Any]]] = [
        lambda: (sympy.Dummy("a", real=True), sympy.Dummy("a", real=True)),
        lambda: (sympy.Symbol("a"), sympy.Symbol("a", real=True)),
        lambda: (sympy.Symbol("a", real=True), sympy.Dummy("a", real=True)),
        lambda: (sympy.Symbol("a", real=True), sympy.Symbol("a", extended_real=True)),
        lambda: (sympy.Symbol("a", real=True), sympy.Symbol("b", real=True)),
        lambda: (sympy.Symbol("oo", real=True), sympy.Symbol("pi", real=True)),
        lambda: (sympy.Symbol("z 1", real=True), sympy.Symbol("z  1", real=True)),
        lambda: (sympy.Symbol("E", real=True), sympy.Symbol("I", real=True)),
        lambda: (sympy.Symbol("lambda", real=True), sympy.Symbol("x_1", real=True)),
    ]
    a, b = draw.choice(pairs)()
    full = draw.random() < 0.5
    rows = invertible(draw, 2) if full else singular(draw, 2)
    if draw.random() < 0.3:
        rows[0][0] += sample_distance(draw)
        full = rank(rows) == 2
    entries = [rational(row[0]) * a + rational(row[1]) * b for row in rows]
    if draw.random() < 0.5:
        model = accepted(lambda: plain(([a, b], entries), 2))
        return Case("symbols of one name", INJECTIVE, model, truth(full), False)
    model = accepted(lambda: _model(entries, draw.choice([[a, b], {a: sympy.Interval(0, 1), b: sympy.Reals}])))
    return Case("symbols of one name", FULL, model, truth(full), False)


KINDS = (
    Kind(
        "whole numbers and parity",
        "u, u^2, (-1)^u, u (-1)^u, cos and sin of pi u/2 are independent on whole numbers; Mod, floor, cos(pi u), .. "
        "are combinations of them there.",
        integers,
        3,
        symbolic=True,
    ),
    Kind(
        "symbols with assumptions",
        "|x|, sqrt(x^2), sign(x) x of a symbol with a declared sign: x or -x where that is true; elsewhere refused, or "
        "judged as the fold that they are.",
        assumed,
        2,
        symbolic=True,
    ),
    Kind(
        "symbols of one name",
        "Linear maps of two symbols that look alike: the rank of the coefficients, or refused.",
        namesakes,
        2,
        symbolic=True,
    ),
)
