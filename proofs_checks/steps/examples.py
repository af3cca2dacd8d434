"""Pairs of models with the same law of x: random ones, exact, and the counterexamples of the theory."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import sympy

from ivae_theory import AffineMap, ExponentialFamily, Model, Noise, Prior, rival
from proofs_checks.steps.deconvolution import HOLE, OMEGA
from proofs_checks.steps.models import QUARTIC, Pair, Z, latents, make_model, rational, rows_of
from proofs_checks.steps.parameters import random_invertible, transpose

__all__ = [
    "VARIANCE",
    "half_minimal",
    "hidden_wave",
    "non_minimal",
    "random_pair",
    "random_pairs",
    "rotated_gaussian",
    "square_of_relu",
    "vanishing_base",
]

#: Rows of lambda beyond the nk + 1 that (V) needs: the relation on lambda is tested there.
EXTRA_ROWS = 2
#: Of the noise of the random pairs.
VARIANCE = Fraction(1, 2)


@lru_cache(maxsize=8)
def non_minimal(rows: tuple[tuple[int, int], ...] = ((0, 0), (1, 2), (3, -1))) -> Pair:
    """``T = (z, 2z)`` against ``T' = (z, z^3)``, ``lambda' = (lambda_1 + 2 lambda_2, 0)``, ``Q = exp(-z^4)``."""
    theta = make_model([[Z, 2 * Z]], rows)
    other = make_model([[Z, Z**3]], [[a + 2 * b, 0] for a, b in rows])
    return Pair(theta, other, latents(theta))


@lru_cache(maxsize=1)
def half_minimal() -> Pair:
    """n = 2: the first latent has ``T_1 = (z, 2z)``, ``T_1' = (z, z^3)``, the second ``T_2 = T_2' = (z, z^2)``."""
    rows = [[0, 0, 0, 0], [1, 2, 0, 1], [3, -1, 1, 0], [0, 1, 1, 1], [1, 0, -2, 1]]
    theta = make_model([[Z, 2 * Z], [Z, Z**2]], rows)
    other = make_model([[Z, Z**3], [Z, Z**2]], [[a + 2 * b, 0, c, d] for a, b, c, d in rows])
    return Pair(theta, other, latents(theta))


@lru_cache(maxsize=8)
def square_of_relu(rows: tuple[tuple[int, int], ...] = ((0, 0), (1, 2), (3, -1))) -> Pair:
    """``T = (z, z + relu(z)^2)`` against ``T' = (z, relu(z)^2)``, ``lambda' = A^T lambda``, ``A = [[1,0],[1,1]]``."""
    square = sympy.Max(Z, 0) ** 2
    theta = make_model([[Z, Z + square]], rows)
    other = make_model([[Z, square]], [[a + b, b] for a, b in rows])
    return Pair(theta, other, latents(theta))


@lru_cache(maxsize=8)
def rotated_gaussian(seed: int = 0) -> Pair:
    """``T = z``, ``Q = exp(-z^2/2)``, n = 2, d = 3, Gaussian noise; ``z' = R z`` with a rational rotation R."""
    c, s = rational(Fraction(3, 5)), rational(Fraction(4, 5))
    draw = random.Random(seed)
    rows = [[draw.randint(-3, 3) for _ in range(2)] for _ in range(2)]
    rows += [[rows[0][0] + 1, rows[0][1]], [rows[0][0] + 2, rows[0][1] + 3]]
    weights = [[draw.randint(-3, 3) for _ in range(2)] for _ in range(3)]
    weights[0], weights[1] = [1, weights[0][1]], [0, 1]
    symbols = sympy.symbols("z1 z2", real=True)
    f = sympy.Matrix(weights) * sympy.Matrix(symbols)
    base, noise = sympy.exp(-(Z**2) / 2), Noise.gaussian(VARIANCE)
    theta = make_model([[Z], [Z]], rows, base, (list(symbols), list(f)), noise)
    rotation = sympy.Matrix([[c, -s], [s, c]])
    turned = [list(rotation * sympy.Matrix(row)) for row in rows]
    back = dict(zip(symbols, rotation.T * sympy.Matrix(symbols), strict=True))
    exact = [[Fraction(int(v.p), int(v.q)) for v in row] for row in turned]
    other = make_model([[Z], [Z]], exact, base, (list(symbols), list(f.xreplace(back))), noise)
    return Pair(theta, other, tuple(rotation * sympy.Matrix(latents(theta))))


def random_pair(seed: int, n: int, k: int, variance: Fraction | None = None) -> Pair:
    """A random exact model, n < d, with polynomial statistics, and a random reparametrisation of it.

    Each latent gets its own scale and shift (so that base measures change and a Jacobian appears); then the library's
    action of an affine map, a random block permutation, gives ``theta'``.
    """
    draw = random.Random(seed)
    noise = Noise.none() if variance is None else Noise.gaussian(variance)
    theta = _random_model(draw, seed, n, k, noise)
    scales = [Fraction(draw.choice([-2, -1, 1, 2, 3]), draw.choice([1, 2])) for _ in range(n)]
    shifts = [Fraction(draw.randint(-2, 2)) for _ in range(n)]
    order = draw.sample(range(n), n)
    moved = _rescaled(theta, scales, shifts)
    other = _block_map(draw, seed, order, k).apply(moved)
    symbols = latents(theta)
    scaled = {
        symbol: rational(scale) * symbol + rational(shift)
        for symbol, scale, shift in zip(symbols, scales, shifts, strict=True)
    }
    return Pair(theta, other, tuple(scaled[symbol] for symbol in latents(other)))


@lru_cache(maxsize=8)
def random_pairs(count: int, seed: int = 0) -> tuple[Pair, ...]:
    """Random pairs with (n, k) in turn and Gaussian noise of variance 1/2."""
    shapes = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1))
    return tuple(random_pair(seed + place, *shapes[place % len(shapes)], VARIANCE) for place in range(count))


def _random_model(draw: random.Random, seed: int, n: int, k: int, noise: Noise) -> Model:
    powers = sympy.Matrix([Z, Z**2, Z**3])
    statistics = []
    for latent in range(n):
        rows = random_invertible(3, 1000 + 10 * seed + latent)[:k]
        statistics.append([sum(rational(c) * p for c, p in zip(row, powers, strict=True)) for row in rows])
    first = [Fraction(draw.randint(-3, 3)) for _ in range(n * k)]
    steps = transpose(random_invertible(n * k, 2000 + seed))
    table = [first, *([a + b for a, b in zip(first, step, strict=True)] for step in steps)]
    table += [[Fraction(draw.randint(-5, 5)) for _ in range(n * k)] for _ in range(EXTRA_ROWS)]
    symbols = sympy.symbols(f"z1:{n + 1}", real=True)
    weights = [*random_invertible(n, 3000 + seed), [Fraction(draw.randint(-3, 3)) for _ in range(n)]]
    images = [sum(rational(w) * symbol for w, symbol in zip(row, symbols, strict=True)) for row in weights]
    return make_model(statistics, table, QUARTIC, (list(symbols), images), noise)


def _rescaled(model: Model, scales: Sequence[Fraction], shifts: Sequence[Fraction]) -> Model:
    """The same model in the latents ``scale_i z_i + shift_i``."""
    families, back = [], {}
    for family, symbol, scale, shift in zip(model.prior.families, latents(model), scales, shifts, strict=True):
        inner = (Z - rational(shift)) / rational(scale)
        own = [statistic.xreplace({family.variable: inner}) for statistic in family.statistics]
        base = family.base_measure.xreplace({family.variable: inner})
        families.append(ExponentialFamily(own, family.support, base, Z))
        back[symbol] = inner.xreplace({Z: symbol})
    mixing = (list(latents(model)), list(model.mixing.matrix.xreplace(back)))
    return Model(Prior(families, rows_of(model)), noise=model.noise, mixing=mixing)


def _block_map(draw: random.Random, seed: int, order: Sequence[int], k: int) -> AffineMap:
    size = len(order) * k
    A = [[Fraction(0)] * size for _ in range(size)]
    for old, new in enumerate(order):
        block = random_invertible(k, 4000 + 10 * seed + old)
        for i in range(k):
            A[old * k + i][new * k : new * k + k] = block[i]
    return AffineMap(A, [Fraction(draw.randint(-3, 3)) for _ in range(size)])


@lru_cache(maxsize=1)
def vanishing_base() -> Pair:
    """``Q = 1`` on [0, 1] and 0 elsewhere, T = z; ``f(z) = z`` against ``f'(z) = z + relu(z - 1)``, both onto R."""
    base = sympy.Piecewise((1, (Z >= 0) & (Z <= 1)), (0, True))
    noise = Noise.gaussian(VARIANCE)
    (symbol,) = sympy.symbols("z1:2", real=True)
    theta = make_model([[Z]], [[0], [1]], base, ([symbol], [symbol]), noise)
    other = make_model([[Z]], [[0], [1]], base, ([symbol], [symbol + sympy.Max(symbol - 1, 0)]), noise)
    return Pair(theta, other, (symbol - sympy.Max(symbol - 1, 0) / 2,))


@lru_cache(maxsize=1)
def hidden_wave() -> Pair:
    """n = 1, d = 2, ``f(z) = (z, 0)``, noise whose first coordinate hides frequencies above 1; T = log(1 + z^2).

    The rival of ``p(z|u_0) = 1 / (pi (1 + z^2))`` is the library's; the second coordinate is noise alone.
    """
    scalar = Noise(cf=HOLE, symbols=[OMEGA[0]])
    line = make_model([[sympy.log(1 + Z**2)]], [[-1], [-2]], sympy.Integer(1), None, scalar)
    found = rival(line)
    if found is None:
        raise ValueError("no rival for a Cauchy density behind band-limited noise")
    (family,) = found.model.prior.families
    noise = Noise.product([scalar, Noise.gaussian(1)])
    (symbol,) = sympy.symbols("z1:2", real=True)
    mixing = ([symbol], [symbol, sympy.Integer(0)])
    theta = Model(line.prior, noise=noise, mixing=mixing)
    other = Model(Prior([family], rows_of(found.model)), noise=noise, mixing=mixing)
    return Pair(theta, other, (symbol,))
