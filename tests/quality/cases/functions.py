"""(iii) for natural parameters given as functions of u: sympy expressions, networks, black boxes."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from ivae_theory import Box, Model, Noise, Observed, Points, Prior, assume_injective
from tests.quality.cases.base import (
    FAILS,
    HOLDS,
    UNDECIDED,
    Case,
    Kind,
    Rows,
    invertible,
    location,
    named,
    one_of,
    rational,
    sample_distance,
    singular,
    truth,
)  # fmt: skip

CLAIM = "theorem1.iii"
U, V = sympy.symbols("u v", real=True)
_HALF = sympy.Interval.open(0, sympy.oo)
#: Sets of functions that are linearly independent together with 1, and where u lives: their ratios, poles, growth or
#: derivatives at a point differ.
_INDEPENDENT: tuple[tuple[tuple[Any, ...], Any], ...] = (
    ((U, U**2, U**3, U**5), [U]),
    ((U, sympy.sin(U), sympy.cos(U), sympy.exp(-(U**2))), [U]),
    ((sympy.exp(U), sympy.exp(2 * U), U, sympy.tanh(U)), {U: sympy.Interval(-1, 1)}),
    ((sympy.log(U), U, 1 / U, sympy.sqrt(U)), {U: sympy.Interval(1, 2)}),
    ((sympy.Abs(U), U, sympy.Abs(U - 1), sympy.Max(U - 2, 0)), [U]),
    ((U, V, U * V, U**2, V**2), [U, V]),
    ((sympy.atan(U), U / (1 + U**2), 1 / (1 + U**2)), [U]),
    ((U, U**2, U**3), {U: sympy.FiniteSet(*range(5))}),
    ((sympy.exp(U), sympy.exp(V), U * V, U), {U: sympy.Interval(0, 1), V: sympy.Interval(-1, 0)}),
    ((U, U**2, V), {U: sympy.FiniteSet(0, 1, 3), V: sympy.FiniteSet(0, 1)}),
    ((U, U**2, U**4), {U: sympy.S.Integers}),
)
#: Expressions that are 0 for every real u.
_ZEROS = (
    sympy.sin(U) ** 2 + sympy.cos(U) ** 2 - 1,
    sympy.cos(2 * U) - 1 + 2 * sympy.sin(U) ** 2,
    (U + 1) ** 3 - U**3 - 3 * U**2 - 3 * U - 1,
    sympy.cosh(U) ** 2 - sympy.sinh(U) ** 2 - 1,
    sympy.exp(U + 2) - sympy.E**2 * sympy.exp(U),
    sympy.Max(U, 0) + sympy.Min(U, 0) - U,
    U**2 / (1 + U**2) + 1 / (1 + U**2) - 1,
    sympy.log(1 + U**2) * 2 - sympy.log((1 + U**2) ** 2),
    sympy.tanh(U) - 1 + 2 / (sympy.exp(2 * U) + 1),
)


def combined(rows: Rows, functions: Any) -> list[Any]:
    """Linear combinations of functions."""
    return [sum((rational(v) * f for v, f in zip(row, functions, strict=True)), sympy.S.Zero) for row in rows]


def _prior(natural: list[Any], u: Any, member: Any = None) -> Model:
    prior = Prior(member or location(), sympy.Matrix(natural).T, u=u)
    return Model(prior, noise=Noise.gaussian(1), mixing=assume_injective(prior.n))


def symbolic(draw: random.Random) -> Case:
    """lambda = B (independent functions) + c."""
    functions, u = draw.choice(_INDEPENDENT)
    size = draw.randint(1, len(functions))
    full = draw.random() < 0.5
    rows = invertible(draw, size) if full else singular(draw, size)
    natural = [f + draw.randint(-3, 3) for f in combined(rows, draw.sample(functions, size))]
    return Case("symbolic lambda", CLAIM, _prior(natural, u), truth(full), True)


def disguised(draw: random.Random) -> Case:
    """The same with something that is identically 0 added."""
    functions, u = draw.choice([entry for entry in _INDEPENDENT if isinstance(entry[1], list)])
    size = draw.randint(1, 3)
    full = draw.random() < 0.4
    rows = invertible(draw, size) if full else singular(draw, size)
    natural = combined(rows, draw.sample(functions, size))
    natural[draw.randrange(size)] += draw.choice([1, -2]) * draw.choice(_ZEROS)
    return Case("disguised lambda", CLAIM, _prior(natural, u), truth(full), True)


def near(draw: random.Random) -> Case:
    """A combination of the others plus a further function times 1 to 1e-300, or 0."""
    functions, u = draw.choice(_INDEPENDENT)
    size = draw.randint(2, min(3, len(functions)))
    chosen = draw.sample(functions, size)
    gap = sample_distance(draw) if draw.random() < 0.6 else Fraction(0)
    natural = combined(invertible(draw, size - 1), chosen[:-1])
    natural.append(sum(natural, sympy.S.Zero) + rational(gap) * chosen[-1])
    return Case("nearly dependent lambda", CLAIM, _prior(natural, u), truth(gap != 0), True)


def gaussian(draw: random.Random) -> Case:
    """One Gaussian latent with k = 2: full rank unless a mu + b = c sigma^2 for all u."""
    variance = draw.choice([1 + U**2, sympy.exp(U), 2 + sympy.sin(U), sympy.exp(2 * U), 1 / (1 + U**2)])
    full = draw.random() < 0.5
    a, b = draw.choice([-2, -1, 1, 3]), draw.randint(-3, 3)
    if full:
        mean = draw.choice([U, U**3, U + b, sympy.exp(-U) + b])
    else:
        mean = draw.choice([a * variance + b, sympy.Integer(b)])
        if draw.random() < 0.2:
            mean, variance = U**3 + b, sympy.Integer(draw.randint(1, 5))
    natural = [mean / variance, -1 / (2 * variance)]
    return Case("Gaussian mean and variance", CLAIM, _prior(natural, [U], named("gaussian")), truth(full), True)


def too_few(draw: random.Random) -> Case:
    """Polynomials of degree r in a scalar, or finite sets of u."""
    size = draw.randint(2, 5)
    if draw.random() < 0.5:
        degree = draw.randint(1, size - 1)
        natural = [sum((draw.randint(-9, 9) * U**j for j in range(degree + 1)), sympy.S.Zero) for _ in range(size)]
        return Case("too little freedom", CLAIM, _prior(natural, [U]), truth(False), True)
    natural = [U ** (j + 1) + draw.randint(-3, 3) for j in range(size)]
    points = sympy.FiniteSet(*draw.sample([0, 1, -1, 2, sympy.sqrt(2), sympy.Rational(1, 3)], draw.randint(1, size)))
    return Case("too little freedom", CLAIM, _prior(natural, {U: points}), truth(False), True)


# -- callables


def network(draw: random.Random) -> Case:
    """lambda(u) = W tanh(a u + b) + c with positive, distinct slopes."""
    import torch

    hidden, size = draw.randint(3, 6), draw.randint(2, 3)
    full = draw.random() < 0.5
    weights = invertible(draw, size) if full else singular(draw, size)
    # Further columns are combinations of the first ones: they neither raise nor lower the rank.
    weights = [row + [row[0]] * (hidden - size) for row in weights]
    slopes = [draw.randint(1, 3) + Fraction(j, hidden) for j in range(hidden)]
    shifts = [Fraction(draw.randint(-8, 8), 4) for _ in range(hidden)]
    first, second = torch.nn.Linear(1, hidden).double(), torch.nn.Linear(hidden, size).double()
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[float(v)] for v in slopes]))
        first.bias.copy_(torch.tensor([float(v) for v in shifts]))
        second.weight.copy_(torch.tensor([[float(v) for v in row] for row in weights]))
    module = torch.nn.Sequential(first, torch.nn.Tanh(), second)
    grid = np.linspace(-2, 2, 24)[:, None]
    u: Any = draw.choice([Box([-1], [1]), Box([0], [float("inf")]), Observed(grid), Points(grid)])
    # Distinct shifted and scaled tanh are independent on every interval; distinct slopes or shifts make them distinct.
    distinct = len(set(zip(slopes, shifts, strict=True))) == hidden
    allowed = truth(full) if distinct else one_of(HOLDS, UNDECIDED)
    if full and not isinstance(u, Box):
        allowed |= one_of(HOLDS, UNDECIDED)
    return Case("network lambda", CLAIM, _callable(module, u), allowed, distinct and isinstance(u, Box))


def bottleneck(draw: random.Random) -> Case:
    """A layer narrower than nk: the affine rank is at most its width."""
    import torch

    size = draw.randint(2, 5)
    width = draw.randint(1, size - 1)
    torch.manual_seed(draw.getrandbits(31))
    module = torch.nn.Sequential(
        torch.nn.Linear(2, 8), draw.choice([torch.nn.Tanh(), torch.nn.LeakyReLU(0.1)]), torch.nn.Linear(8, width),
        *([torch.nn.Linear(width, size)] if draw.random() < 0.6 else [torch.nn.Tanh(), torch.nn.Linear(width, size)]),
    )  # fmt: skip
    if draw.random() < 0.5:
        module = module.double()
    grid = np.random.default_rng(draw.getrandbits(32)).standard_normal((20, 2))
    u: Any = draw.choice([Box([-1, -1], [1, 1]), Points(grid), Observed(grid)])
    return Case("bottleneck", CLAIM, _callable(module, u), truth(False), True)


def black_box(draw: random.Random) -> Case:
    """A numpy function on finitely many u: dependent rows must not hold, spanning rows must not fail."""
    n = draw.randint(1, 4)
    count = n + 2 + draw.randint(0, 6)
    rng = np.random.default_rng(draw.getrandbits(32))
    full = draw.random() < 0.5
    left = rng.standard_normal((count, n if full else max(n - 1, 1)))
    if not full and n == 1:
        left[:] = 0.0
    right = np.eye(n) if full else rng.standard_normal((left.shape[1], n))
    frequencies = left @ right

    def answers(u: Any) -> Any:
        return frequencies[np.asarray(u)[:, 0].astype(int)]

    model = _callable(answers, Points(np.arange(count)[:, None].astype(float)))
    allowed = one_of(HOLDS, UNDECIDED) if full else one_of(FAILS, UNDECIDED)
    return Case("black-box lambda", CLAIM, model, allowed, False)


def _callable(function: Any, u: Any) -> Model:
    prior = Prior(location(), function, u=u)
    return Model(prior, noise=Noise.gaussian(1), mixing=assume_injective(prior.n))


KINDS = (
    Kind(
        "symbolic lambda",
        "B times functions that are independent together with 1, plus constants: full rank exactly when B "
        "is invertible.",
        symbolic,
        6,
        symbolic=True,
    ),
    Kind(
        "disguised lambda",
        "The same plus an expression that is identically 0 (sin^2 + cos^2 - 1, cosh^2 - sinh^2 - 1, ..): "
        "nothing changes.",
        disguised,
        4,
        symbolic=True,
    ),
    Kind(
        "nearly dependent lambda",
        "A combination of the others plus 1 to 1e-300, or 0, times a further independent function.",
        near,
        4,
        symbolic=True,
    ),
    Kind(
        "Gaussian mean and variance",
        "T = (z, z^2): full rank unless a mu + b = c sigma^2 for every u.",
        gaussian,
        4,
        symbolic=True,
    ),
    Kind(
        "too little freedom",
        "Polynomials of degree below nk in one variable, or at most nk values of u.",
        too_few,
        4,
        symbolic=True,
    ),
    Kind(
        "network lambda",
        "W tanh(a u + b) + c with different positive slopes or shifts, which are independent functions: "
        "full rank exactly when W has full row rank.",
        network,
        2,
    ),
    Kind("bottleneck", "A random network through a layer narrower than nk, float32 and float64.", bottleneck, 3),
    Kind(
        "black-box lambda",
        "A look-up in numpy, rounded: dependent tables must not hold, independent ones not fail.",
        black_box,
        3,
    ),
)
