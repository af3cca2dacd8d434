"""theorem1.iii: models whose L of Eq. (13) is known by an argument."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import sympy

from ivae_theory import Box, Model, Noise, Observed, Points, Prior, families
from tests.truth.row import FAILS, HOLDS, UNDECIDED, Row

CLAIM = "theorem1.iii"
U, V = sympy.symbols("u v", real=True)
INF = float("inf")


def row(name: str, expected: Any, natural: Any, because: str, u: Any = None, family: Any = None, **fields: Any) -> Row:
    """A row about a prior; T = z with unit variance unless a family is given (its natural parameter is any real)."""
    error, decidable = fields.pop("error", None), fields.pop("decidable", True)

    def model() -> Model:
        given = (
            natural()
            if getattr(natural, "__name__", "") == "<lambda>" and natural.__code__.co_argcount == 0
            else natural
        )
        chosen = families.gaussian_location() if family is None else family()
        return Model(Prior(chosen, given, u, error=error), noise=Noise.gaussian(0.01))

    return Row(f"variability/{name}", model, CLAIM, expected, because, decidable)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def generic(rows: int = 40, columns: int = 5, seed: int = 0) -> np.ndarray:
    return rng(seed).uniform(-1, 1, (rows, columns))


def additive() -> list[list[int]]:
    """lambda(a, b) = alpha(a) + beta(b), 3 x 3 labels, six natural parameters."""
    r = rng(3)
    alpha, beta = r.integers(-50, 50, (3, 6)), r.integers(-50, 50, (3, 6))
    return [(a + b).tolist() for a in alpha for b in beta]


def mlp(*widths: int, activation: str = "Tanh", seed: int = 0, dtype: str = "float64") -> Callable[[], Any]:
    def build() -> Any:
        import torch

        torch.manual_seed(seed)
        layers: list[Any] = []
        for a, b in pairwise(widths):
            layers += [torch.nn.Linear(a, b), getattr(torch.nn, activation)()]
        return torch.nn.Sequential(*layers[:-1]).to(getattr(torch, dtype))

    return build


def network(name: str, expected: Any, build: Callable[[], Any], u: Any, because: str, decidable: bool = True) -> Row:
    def model() -> Model:
        return Model(Prior(families.gaussian_location(), build(), u), noise=Noise.gaussian(0.01))

    return Row(f"variability/{name}", model, CLAIM, expected, because, decidable)


def outputs(dtype: str, seed: int) -> np.ndarray:
    """Float outputs of a width-2 bottleneck into five outputs: exact rank 5 as floats, true rank 2."""
    r = rng(seed)
    first, second = r.standard_normal((3, 2)).astype(dtype), r.standard_normal((2, 5)).astype(dtype)
    hidden = np.tanh(r.standard_normal((40, 3)).astype(dtype) @ first)
    return hidden @ second + r.standard_normal(5).astype(dtype)


def near(gap: float, columns: int = 3) -> np.ndarray:
    """A simplex whose last vertex is off the plane of the others by ``gap``."""
    table = np.vstack([np.zeros(columns), np.eye(columns)])
    table[-1] = 0.5
    table[-1, -1] = gap
    return table


def dead_units() -> Any:
    """Six of eight ReLU units are off over the whole box."""
    import torch

    net = mlp(3, 8, 5, activation="ReLU")()
    with torch.no_grad():
        net[0].bias[:6] = -50.0
    return net


def gaussians(mean: sympy.Expr, variance: sympy.Expr) -> sympy.Matrix:
    """Natural parameters of N(mean, variance) for T = (z, z**2)."""
    return sympy.Matrix([[mean / variance, -1 / (2 * variance)]])


CENTRE = np.full(5, 1e9)
SIMPLEX = "a simplex: the differences to its first vertex are the unit vectors times non-zero numbers"
GENERIC = "independent uniform entries: the centred table has its smallest singular value far above its rounding"
GAUSS = "theory, (V) facts: rank one per latent exactly when a mu + b = c sigma^2 for some (a, b, c) != 0"
NEURAL = "random weights into at least nk tanh units: shifts of tanh are linearly independent, and so are the outputs"

TABLES = [
    row("section5", HOLDS, -1 / (2 * rng(1).uniform(0.5, 3, (40, 5))), GENERIC, family=families.gaussian_scale),
    row("figure1-exactly-minimal", HOLDS, lambda: np.stack(
        [rng(2).uniform(-5, 5, (5, 2)), -rng(3).uniform(0.2, 1, (5, 2))], axis=-1), GENERIC, family=families.gaussian),
    row("integers", HOLDS, [[0, 0], [1, 0], [0, 1]], SIMPLEX),
    row("fractions", HOLDS, [[Fraction(1, 3), 0], [1, Fraction(1, 7)], [0, 1]],
        "differences (2/3, 1/7) and (-1/3, 1) have determinant 5/7"),
    row("fractions-collinear", FAILS, [[Fraction(1, 3), Fraction(2, 3)], [1, 2], [Fraction(1, 7), Fraction(2, 7)]],
        "the second parameter is twice the first at every u"),
    row("proportional-integers", FAILS, [[1, 2], [2, 4], [3, 6]],
        "the second parameter is twice the first at every u"),
    row("uncentred-rank-trap", FAILS, [[1, 1], [2, 3], [3, 5]],
        "the table has rank 2 but the centred table rank 1: the points are on the line 2 x - y = 1"),
    row("too-few-values", FAILS, generic(5, 5), "five values of u give rank at most four, nk = 5"),
    row("too-few-distinct", FAILS, np.vstack([generic(4, 4)] * 3), "twelve rows, four distinct: rank at most three"),
    row("one-value", FAILS, [[1.0, 2.0]], "a single u has no difference at all"),
    row("one-value-one-parameter", FAILS, [[1.0]], "a single u has no difference at all, nk = 1"),
    row("two-values-one-parameter", HOLDS, [[1.0], [2.0]], "nk = 1 and two different values"),
    row("same-value-twice", FAILS, [[1.5], [1.5]], "nk = 1 and lambda the same at both u"),
    row("observed-too-few", UNDECIDED, generic(5, 5), "five observed values of a larger support decide nothing",
        u=Observed(range(5))),
    row("observed-enough", HOLDS, generic(7, 5), GENERIC, u=Observed(range(7))),
    row("observed-dependent", UNDECIDED, [[1, 2], [2, 4], [3, 6]],
        "other values of u may leave the line on which the observed ones lie", u=Observed(range(3))),
    row("additive-3x3", FAILS, additive(), "theory, (V) facts: additive labels give at most 3 + 3 - 2 = 4, nk = 6"),
    row("shared-lambda", FAILS, [[t * t] * 3 for t in range(40)], "the three latents share one lambda: rank one"),
    row("affine-in-scalar", FAILS, [[3 * j + 1 + t * (j * j - 2) for j in range(5)] for t in range(50)],
        "theory, (V) facts: affine in a scalar gives rank at most one"),
    row("quadratic-in-scalar", FAILS, [[j + t * (j * j - 2) + t * t * (j**3 + 1) for j in range(5)] for t in range(50)],
        "theory, (V) facts: degree two in a scalar gives rank at most two, nk = 5"),
    row("quintic-in-scalar", HOLDS, [[t**j for j in range(1, 6)] for t in range(6)],
        "a Vandermonde determinant with distinct nodes"),
    row("constant-column", FAILS, np.column_stack([generic(20, 2), np.full(20, 0.1)]),
        "the third does not depend on u"),
    row("doubled-column", FAILS, np.column_stack([generic(20, 2), 2 * generic(20, 2)[:, 1]]),
        "doubling floats is exact: lambda_2 = 2 lambda_1 for the values as given"),
    row("rounded-sum-column", UNDECIDED, np.column_stack([generic(20, 2) / 3, (generic(20, 2) / 3).sum(axis=1)]),
        "a rounded sum: rank 3 as dyadic rationals only by rounding errors"),
    row("float32", HOLDS, generic(40, 5).astype(np.float32), GENERIC),
    row("float16", HOLDS, (np.vstack([np.zeros(3), np.eye(3)]) + 1).astype(np.float16), SIMPLEX),
    row("float32-gap-rounded-away", FAILS, near(1e-9).astype(np.float32) + np.float32(0.5),
        "0.5 + 1e-9 is 0.5 in float32: the last column as given is constant"),
    row("float32-gap-of-one-ulp", UNDECIDED, near(1.2e-7).astype(np.float32) + np.float32(1),
        "the last column varies by one unit in the last place of float32"),
    row("bottleneck-outputs-float64", UNDECIDED, outputs("float64", 0),
        "theory, (V) numbers: true rank 2, exact rank of the float outputs 5; floats alone cannot tell"),
    row("bottleneck-outputs-float32", UNDECIDED, outputs("float32", 1),
        "theory, (V) numbers: true rank 2, exact rank of the float outputs 5; floats alone cannot tell"),
    row("bottleneck-outputs-float64-again", UNDECIDED, outputs("float64", 2),
        "theory, (V) numbers: true rank 2, exact rank of the float outputs 5; floats alone cannot tell"),
    row("near-duplicate-1e-8", HOLDS, near(1e-8) , "gap 1e-8 against an error of about 1e-14"),
    row("near-duplicate-1e-12", HOLDS, near(1e-12) * np.array([1, 1, 1]),
        "columns scale freely: the last column is 1e-12"),
    row("near-duplicate-1e-300", HOLDS, near(1e-300), "the last column is (0, 0, 0, 1e-300): columns scale freely"),
    row("skewed-near-duplicate-1e-12", HOLDS, near(1e-12) @ np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1.0]]),
        "distance 1e-12 to a plane, error about 1e-14"),
    row("skewed-near-duplicate-1e-16", UNDECIDED, (near(0) @ np.array([[1, 0, 1 / 3], [0, 1, 1 / 7], [0, 0, 1.0]])
        + np.array([[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1e-16]])), "a gap below the rounding of the entries"),
    row("scaled-columns", HOLDS, generic(20, 3) * np.array([1e150, 1e-150, 1.0]),
        "columns in other units: rank does not depend on units"),
    row("scaled-columns-dependent", FAILS, np.column_stack([generic(20, 2), generic(20, 2)[:, 0] * 2.0**-900])[:, [0,
        2, 1]],
        "a power of two times a column is exact: proportional columns"),
    row("tiny", HOLDS, generic(20, 3) * 1e-300, "a positive factor does not change the rank"),
    row("huge", HOLDS, generic(20, 3) * 1e300, "a positive factor does not change the rank"),
    row("large-offset", HOLDS, generic(20, 5) + CENTRE, "differences of order 1 beside 1e9: error 1e-5 with slack"),
    row("huge-offset", UNDECIDED, generic(20, 5) * 1e-6 + CENTRE, "differences below the rounding of their entries"),
    row("declared-error-small", HOLDS, generic(20, 3), GENERIC, error=1e-6),
    row("declared-error-large", UNDECIDED, generic(20, 3), "every entry may be off by its own size: rank 0 is possible",
        error=2.0),
    row("declared-error-dependent", UNDECIDED, [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]],
        "dependent as given, but the true values may differ by 0.1", error=0.1),
    row("declared-error-too-few", FAILS, generic(3, 3), "three values of u cannot give rank three, whatever they are",
        error=0.5),
    row("square-roots", HOLDS, sympy.Matrix([[0, 0], [sympy.sqrt(2), 2], [sympy.sqrt(3), 3]]),
        "determinant 3 sqrt(2) - 2 sqrt(3) = 0.78"),
    row("square-roots-proportional", FAILS, sympy.Matrix([[sympy.sqrt(2), 2], [sympy.sqrt(3), sympy.sqrt(6)], [1,
        sympy.sqrt(2)]]),
        "the second column is sqrt(2) times the first; in floats it is not"),
    row("pi", HOLDS, sympy.Matrix([[0, 0], [sympy.pi, 1], [355, 113]]), "113 pi is not 355: determinant 3e-5"),
    row("mixed-families", HOLDS, [[1, -1, -1], [2, -1, -2], [1, -2, -3], [0, -1, -5]],
        "differences (1,0,-1), (0,-1,-2), (-1,0,-4): determinant 5",
        family=lambda: [families.gaussian(), families.gaussian_scale()]),
]  # fmt: skip

BLACK_BOXES = [
    row("black-box-rounded", UNDECIDED, lambda u: np.asarray(u)[:, :1] * np.array([1 / 3, 1 / 7, 1.0]),
        "true rank 1, which the rounding of its answers hides", u=Points(np.arange(9.0)[:, None] ** 2)),
    row("black-box-simplex", HOLDS, lambda u: np.vstack([np.zeros(3), np.eye(3)])[np.asarray(u)[:, 0].astype(int)],
        SIMPLEX, u=Points(np.arange(4.0)[:, None])),
]  # fmt: skip

SYMBOLIC = [
    row("moment-curve", HOLDS, sympy.Matrix([U, U**2, U**3]), "1, u, u^2, u^3 are linearly independent", u=[U]),
    row("nearly-tied", HOLDS, sympy.Matrix([U, U + sympy.Rational(1, 10**300) * U**2]),
        "1, u, u^2 are linearly independent, whatever the factor", u=[U]),
    row("nearly-tied-but-for-a-kink", HOLDS, sympy.Matrix([[2 * sympy.Abs(U), sympy.Abs(U - 1) - 2 * sympy.Abs(U),
        sympy.Abs(U - 1) + sympy.Rational(1, 10**86) * sympy.Max(U - 2, 0)]]), "kinks at 0, 1 and 2", u=[U]),
    row("log-of-a-square", FAILS, sympy.Matrix([sympy.log(1 + U**2), sympy.log((1 + U**2) ** 2)]),
        "log a^2 = 2 log |a|", u=[U]),
    row("log-of-a-square-of-any-sign", FAILS, sympy.Matrix([sympy.log(sympy.Abs(U - 1)), sympy.log((U - 1) ** 2)]),
        "log a^2 = 2 log |a|", u={U: sympy.Interval(2, 3)}),
    row("log-of-a-square-and-more", HOLDS, sympy.Matrix([sympy.log(1 + U**2), sympy.log((1 + U**2) ** 2 + 1)]),
        "at 0, 1, 2: (0, log 2), (log 2, log 5), (log 5, log 26), determinant 0.1", u=[U]),
    row("tied-by-sqrt2", FAILS, sympy.Matrix([U, sympy.sqrt(2) * U]), "lambda_1 = sqrt(2) lambda_0", u=[U]),
    row("affine", FAILS, sympy.Matrix([U + V, U - V, 3 * U + 1]), "affine in two coordinates, nk = 3", u=[U, V]),
    row("pythagoras", FAILS, sympy.Matrix([sympy.sin(U) ** 2, sympy.cos(U) ** 2]), "the sum is one", u=[U]),
    row("partial-fractions", FAILS, sympy.Matrix([1 / (1 + U**2), U**2 / (1 + U**2)]), "the sum is one", u=[U]),
    row("log-scale", FAILS, sympy.Matrix([sympy.log(U), sympy.log(2 * U)]), "the difference is log 2",
        u={U: sympy.Interval.open(0, 1)}),
    row("exponentials", FAILS, sympy.Matrix([sympy.exp(U), sympy.exp(U + 1)]), "the ratio is e", u=[U]),
    row("exponentials-of-different-rate", HOLDS, sympy.Matrix([sympy.exp(U), sympy.exp(2 * U)]),
        "1, x, x^2 are independent, x = exp(u)", u=[U]),
    row("two-point-set", FAILS, sympy.Matrix([U, U**2]), "two values of u give rank one", u={U: sympy.FiniteSet(0, 1)}),
    row("three-point-set", HOLDS, sympy.Matrix([U, U**2]), "0, 1, sqrt(2): determinant 2 - sqrt(2)",
        u={U: sympy.FiniteSet(0, 1, sympy.sqrt(2))}),
    row("square-is-identity-on-bits", FAILS, sympy.Matrix([U, U**2 + V, V]),
        "u^2 = u on {0, 1}: lambda_1 = lambda_0 + lambda_2", u={U: sympy.FiniteSet(0, 1), V: sympy.FiniteSet(0, 1, 2)}),
    row("absolute-value-on-a-half-line", FAILS, sympy.Matrix([sympy.Abs(U), U + 1]), "|u| = u for u >= 0",
        u={U: sympy.Interval(0, sympy.oo)}),
    row("absolute-value-on-the-line", HOLDS, sympy.Matrix([sympy.Abs(U), U + 1]), "1, u, |u| are independent", u=[U]),
    row("maximum-beyond-its-kink", FAILS, sympy.Matrix([sympy.Max(U, -2), U]), "max(u, -2) = u for u >= -1",
        u={U: sympy.Interval(-1, 1)}),
    row("maximum-up-to-its-kink", HOLDS, sympy.Matrix([sympy.Max(U, 0), U]), "a kink inside",
        u={U: sympy.Interval(-1, 1)}),
    row("a-label-with-two-values", FAILS, sympy.Matrix([U, V, V**2]), "v^2 = 3 v - 2 on {1, 2}",
        u={U: sympy.Interval(0, 1), V: sympy.FiniteSet(1, 2)}),
    row("a-label-with-three-values", HOLDS, sympy.Matrix([U, V, V**2]), "1, v, v^2 are independent on {1, 2, 3}",
        u={U: sympy.Interval(0, 1), V: sympy.FiniteSet(1, 2, 3)}),
    row("a-label-with-one-value", FAILS, sympy.Matrix([U * V, U]), "u v = 2 u",
        u={U: sympy.Interval(0, 1), V: sympy.FiniteSet(2)}),
    row("a-slope-for-each-label", HOLDS, sympy.Matrix([U * V, U]), "u and 2 u differ by u",
        u={U: sympy.Interval(0, 1), V: sympy.FiniteSet(1, 2)}),
    row("integers-set", HOLDS, sympy.Matrix([U, U**2]), "0, 1, 2 are integers", u={U: sympy.S.Integers}),
    row("floor", HOLDS, sympy.Matrix([sympy.floor(U), U]), "neighbourhoods of 1/4, 3/4, 3/2", u=[U]),
    row("one-point-bump", FAILS, sympy.Matrix([U, sympy.Piecewise((1, sympy.Eq(U, 0)), (0, True))]),
        "the second differs from zero at one point of a continuum only: a null set of u", u=[U],
        decidable=False),
    row("gaussian-constant-mean", FAILS, gaussians(sympy.Integer(1), sympy.exp(U)),
        GAUSS, u=[U], family=families.gaussian),
    row("gaussian-constant-variance", FAILS, gaussians(U, sympy.Integer(2)), GAUSS, u=[U], family=families.gaussian),
    row("gaussian-mean-is-variance", FAILS, gaussians(sympy.exp(U), sympy.exp(U)),
        GAUSS, u=[U], family=families.gaussian),
    row("gaussian-affine-relation", FAILS, gaussians(3 * U**2 + 2, 1 + U**2), GAUSS + ": mu = 3 sigma^2 - 1", u=[U],
        family=families.gaussian),
    row("gaussian-free", HOLDS, gaussians(U, 1 + U**2), "mu = u, sigma^2 = 1 + u^2: no affine relation", u=[U],
        family=families.gaussian),
    row("mu-log-variance-trap", FAILS, gaussians(1 + sympy.exp(U), sympy.exp(U)),
        GAUSS + ": mu - sigma^2 = 1, although (mu, log sigma^2) is a curve of affine rank 2", u=[U],
        family=families.gaussian),
    row("log-linear-trap", HOLDS, gaussians(U, sympy.exp(U)),
        "(mu, log sigma^2) is a line, of rank one; the natural parameters u exp(-u), exp(-u) are independent", u=[U],
        family=families.gaussian),
]  # fmt: skip

NETWORKS = [
    network("net-tanh-box", HOLDS, mlp(3, 16, 5), Box([-1] * 3, [1] * 3), NEURAL),
    network("net-tanh-unbounded", HOLDS, mlp(1, 16, 5), Box([-INF], [INF]), NEURAL),
    network("net-float32-box", HOLDS, mlp(2, 16, 4, dtype="float32"), Box([0, 0], [1, 1]), NEURAL),
    network("net-time-half-line", HOLDS, mlp(1, 16, 3, seed=4), Box([0], [INF]), NEURAL),
    network("net-observed", HOLDS, mlp(3, 16, 5), Observed(generic(40, 3)), NEURAL),
    network("net-points", HOLDS, mlp(3, 16, 5, activation="LeakyReLU"), Points(generic(40, 3)), NEURAL),
    network("net-one-hot", HOLDS, mlp(8, 16, 5, activation="ReLU"), np.eye(8), NEURAL),
    network("net-observed-too-few", UNDECIDED, mlp(3, 16, 5), Observed(generic(5, 3)),
            "five observed values of a larger support decide nothing"),
    network("net-points-too-few", FAILS, mlp(3, 16, 5), Points(generic(5, 3)), "five values in all, nk = 5"),
    network("net-width-2-box", FAILS, mlp(3, 16, 2, 5), Box([-1] * 3, [1] * 3),
            "theory, (V) facts: a last linear layer of input width 2 gives rank at most 2"),
    network("net-width-2-points", FAILS, mlp(3, 16, 2, 5, activation="LeakyReLU"), Points(generic(40, 3)),
            "theory, (V) facts: a last linear layer of input width 2 gives rank at most 2"),
    network("net-width-2-observed", FAILS, mlp(3, 16, 2, 5), Observed(generic(40, 3)),
            "the bound by the width holds for every u, observed or not"),
    network("net-affine-scalar", FAILS, mlp(1, 3), Box([0], [1]), "affine in one coordinate, nk = 3"),
    network("net-linear-enough", HOLDS, mlp(4, 3), Box([-1] * 4, [1] * 4), "an affine map of rank 3 from a box of R^4"),
    network("net-dead-units", FAILS, dead_units, Box([-1] * 3, [1] * 3), "two ReLU units are alive on the box, nk = 5"),
    network("net-embedding", HOLDS, lambda: _embedding(4), np.arange(9), "nine random rows of an embedding of width 4"),
    network("net-embedding-width-2", FAILS, lambda: _embedding(2), np.arange(9), "affine in an embedding of width 2"),
    network("net-tied-heads", FAILS, lambda: _tied(), Box([-1] * 3, [1] * 3), "the first two outputs are equal"),
    network("numpy-points", HOLDS, lambda: _numpy, Points(generic(20, 2)), "1, a, a^2, sin b on generic points"),
    network("numpy-points-tied", FAILS, lambda: _numpy_tied, Points(generic(20, 2)),
            "the second is twice the first at every value of a finite support"),
    network("numpy-box", UNDECIDED, lambda: _numpy, Box([0, 0], [1, 1]), "values at points enclose nothing"),
]  # fmt: skip

ROWS = TABLES + BLACK_BOXES + SYMBOLIC + NETWORKS


def _embedding(width: int) -> Any:
    import torch

    torch.manual_seed(1)
    layers = torch.nn.Embedding(9, width), torch.nn.Flatten(), torch.nn.Linear(width, 3)
    return torch.nn.Sequential(*layers).double()


def _tied() -> Any:
    import torch

    net = mlp(3, 16, 3)()
    return lambda u: torch.cat([net(u)[:, :1], net(u)], dim=1)


def _numpy(u: np.ndarray) -> np.ndarray:
    return np.column_stack([u[:, 0], u[:, 0] ** 2, np.sin(u[:, 1])])


def _numpy_tied(u: np.ndarray) -> np.ndarray:
    return np.column_stack([np.sin(u[:, 0]), 2 * np.sin(u[:, 0])])
