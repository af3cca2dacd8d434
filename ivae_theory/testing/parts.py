"""Strategies for the parts of a model: families, natural parameters, noise laws, mixing functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import sympy
from hypothesis import strategies as st

from ivae_theory import families
from ivae_theory.errors import InputError
from ivae_theory.exact import rank
from ivae_theory.families import ExponentialFamily
from ivae_theory.noise import Noise

__all__ = [
    "exponential_families",
    "full_rank_tables",
    "invertible_matrices",
    "linear_mixings",
    "natural_parameters",
    "noise_laws",
    "small_fractions",
]

Rows = list[list[Fraction]]

#: The families that strategies draw from, the simplest first, with the half-lines of their natural parameters: each
#: entry is the largest (negative families) or smallest parameter that is drawn, and the direction away from it.
_FAMILIES: tuple[tuple[Callable[[], ExponentialFamily], tuple[tuple[Fraction, int], ...]], ...] = (
    (families.gaussian_scale, ((Fraction(-1, 4), -1),)),
    (families.laplace_scale, ((Fraction(-1, 4), -1),)),
    (families.exponential, ((Fraction(-1, 4), -1),)),
    (families.gaussian_location, ((Fraction(0), 0),)),
    (families.gaussian, ((Fraction(0), 0), (Fraction(-1, 4), -1))),
    (families.gamma, ((Fraction(-1, 2), 1), (Fraction(-1, 4), -1))),
    (families.beta, ((Fraction(-1, 2), 1), (Fraction(-1, 2), 1))),
)


def small_fractions(bound: int = 4) -> st.SearchStrategy[Fraction]:
    """Fractions with denominators 1, 2 and 4 in [-bound, bound]; they shrink to integers and to 0."""
    return st.builds(Fraction, st.integers(-bound, bound), st.sampled_from([1, 2, 4]))


@st.composite
def invertible_matrices(draw: st.DrawFn, size: int) -> Rows:
    """Invertible rational matrices (size x size): a product of triangles; they shrink to the identity."""
    entry = st.integers(-2, 2)
    diagonal = st.sampled_from([1, -1, 2, -2])
    lower = [[draw(entry) if j < i else int(i == j) for j in range(size)] for i in range(size)]
    upper = [[draw(entry) if j > i else draw(diagonal) if i == j else 0 for j in range(size)] for i in range(size)]
    return [[Fraction(sum(a[m] * upper[m][j] for m in range(size))) for j in range(size)] for a in lower]


@st.composite
def exponential_families(draw: st.DrawFn, k: int | None = None) -> ExponentialFamily:
    """Named families with minimal statistics; ``k`` restricts the number of statistics."""
    return _build(draw(st.sampled_from(_choices(k))))


def _choices(k: int | None) -> list[int]:
    return [i for i, (_, signs) in enumerate(_FAMILIES) if k is None or len(signs) == k]


@cache
def _build(index: int) -> ExponentialFamily:
    """A family validates its formulas when it is built: once is enough, since nothing changes it."""
    return _FAMILIES[index][0]()


def _signs(family: ExponentialFamily) -> tuple[tuple[Fraction, int], ...]:
    for index, (_, signs) in enumerate(_FAMILIES):
        if _build(index).name == family.name:
            return signs
    raise InputError("family", "one that exponential_families draws", repr(family))


def natural_parameters(family: ExponentialFamily) -> st.SearchStrategy[list[Fraction]]:
    """Natural parameters (k,) inside the range of a family that :func:`exponential_families` drew."""
    return st.tuples(*(_half_line(*sign) for sign in _signs(family))).map(list)


def _half_line(start: Fraction, direction: int) -> st.SearchStrategy[Fraction]:
    if direction == 0:
        return small_fractions()
    return st.integers(0, 12).map(lambda steps: start + direction * Fraction(steps, 4))


@st.composite
def full_rank_tables(draw: st.DrawFn, members: Sequence[ExponentialFamily], extra: int = 2) -> Rows:
    """Tables (M, nk) of natural parameters in range whose rows affinely span everything: (iii) holds.

    The first nk + 1 rows are a base point and one step along every coordinate, so that full rank needs no luck.
    """
    base = [value for family in members for value in draw(natural_parameters(family))]
    directions = [direction for family in members for direction in _directions(family)]
    rows = [base]
    for place, direction in enumerate(directions):
        step = Fraction(draw(st.integers(1, 4)), 2) * (direction or draw(st.sampled_from([1, -1])))
        rows.append([value + (step if i == place else 0) for i, value in enumerate(base)])
    for _ in range(draw(st.integers(0, extra))):
        rows.append([value for family in members for value in draw(natural_parameters(family))])
    order = draw(st.permutations(range(len(rows))))
    return [rows[i] for i in order]


def _directions(family: ExponentialFamily) -> list[int]:
    return [direction for _, direction in _signs(family)]


@st.composite
def noise_laws(draw: st.DrawFn, holds: bool = True) -> Noise:
    """Noise laws whose characteristic function is almost nowhere zero, or vanishes on an open set (``holds=False``).

    Composites of up to three laws: sums and scaled laws.
    """
    omega = sympy.Symbol("omega", real=True)
    law = _law(draw, omega) if holds else _band_limited()
    for _ in range(draw(st.integers(0, 2))):
        move = draw(st.sampled_from(["scale", "sum"]))
        law = law * draw(st.sampled_from([2, -1, Fraction(1, 2)])) if move == "scale" else law + _law(draw, omega)
    return law


@cache
def _band_limited() -> Noise:
    """The triangle: zero beyond 1."""
    omega = sympy.Symbol("omega", real=True)
    return Noise(cf=sympy.Max(1 - sympy.Abs(omega), 0), symbols=[omega])


def _law(draw: st.DrawFn, omega: sympy.Symbol) -> Noise:
    kind = draw(st.sampled_from(["gaussian", "none", "laplace", "cauchy"]))
    if kind == "gaussian":
        return Noise.gaussian(draw(st.sampled_from([Fraction(1, 100), Fraction(1), Fraction(9, 4)])))
    if kind == "none":
        return Noise.none()
    cf = 1 / (1 + omega**2) if kind == "laplace" else sympy.exp(-sympy.Abs(omega))
    return Noise(cf=cf, symbols=[omega])


@st.composite
def linear_mixings(draw: st.DrawFn, n: int, injective: bool = True) -> tuple[list[sympy.Symbol], list[Any]]:
    """Linear mixing functions R^n -> R^d, d in {n, n + 1}, as (symbols, expressions); not injective when asked."""
    symbols = list(sympy.symbols(f"z1:{n + 1}", real=True))
    rows = draw(invertible_matrices(n))
    if not injective:
        weights = draw(st.lists(st.integers(-2, 2), min_size=n - 1, max_size=n - 1))
        rows[-1] = [sum((w * row[j] for w, row in zip(weights, rows, strict=False)), Fraction(0)) for j in range(n)]
    if draw(st.booleans()):
        rows.append([sum((row[j] for row in rows), Fraction(0)) for j in range(n)])
    assert injective == (rank(rows) == n)
    return symbols, [sum(_rational(v) * s for v, s in zip(row, symbols, strict=True)) for row in rows]


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)
