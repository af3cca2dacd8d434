"""Two models and the map between their latents: what Theorem 1 compares.

A :class:`Pair` is ``theta``, ``theta'`` and a formula ``z' = h(z)`` with ``f'(h(z)) = f(z)``. The step decides by
identities of functions whether both give the same law of x for every u.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior
from ivae_theory.exact import to_fraction
from ivae_theory.exact.identity import is_zero

__all__ = [
    "QUARTIC",
    "Pair",
    "Z",
    "is_constant",
    "latents",
    "log_density",
    "make_model",
    "rational",
    "rows_of",
    "same_law",
    "same_observation",
    "statistics",
]

Z = sympy.Symbol("z", real=True)
#: A base measure that every polynomial statistic of degree at most 3 can be tilted by.
QUARTIC = sympy.exp(-(Z**4))


@dataclass(frozen=True)
class Pair:
    """``theta``, ``theta'`` and ``z' = h(z)``, h in the symbols of ``theta``'s mixing function."""

    theta: Model
    other: Model
    h: tuple[sympy.Expr, ...]

    @property
    def identical_latents(self) -> bool:
        """Whether h is the identity."""
        return self.h == latents(self.theta)


def make_model(
    statistics: Sequence[Sequence[sympy.Expr]],
    rows: Sequence[Sequence[Any]],
    base_measure: sympy.Expr = QUARTIC,
    mixing: Any = None,
    noise: Any = None,
    support: Any = sympy.Reals,
) -> Model:
    """A model with one list of statistics in ``Z`` a latent, exact rows of lambda, and f = identity by default."""
    families = [ExponentialFamily(list(own), support, base_measure, Z) for own in statistics]
    exact = [[Fraction(value) for value in row] for row in rows]
    symbols = list(sympy.symbols(f"z1:{len(families) + 1}", real=True))
    return Model(Prior(families, exact), noise=noise or Noise.none(), mixing=mixing or (symbols, symbols))


def rational(value: Any) -> sympy.Rational:
    """A number as a sympy rational, without rounding."""
    exact = to_fraction(value)
    return sympy.Rational(exact.numerator, exact.denominator)


def latents(model: Model) -> tuple[sympy.Symbol, ...]:
    """The symbols of the latents in the mixing function."""
    return tuple(model.mixing.symbols)


def rows_of(model: Model) -> list[list[Fraction]]:
    """The exact table lambda(u), a row for each u."""
    return [[to_fraction(value) for value in row] for row in model.prior.natural.exact]


def statistics(model: Model, at: Sequence[sympy.Expr] | None = None) -> list[sympy.Expr]:
    """``T~`` stacked, at the latents given (default: the model's own symbols)."""
    where = latents(model) if at is None else at
    return [
        statistic.xreplace({family.variable: value})
        for family, value in zip(model.prior.families, where, strict=True)
        for statistic in family.statistics
    ]


def log_density(model: Model, row: int, at: Sequence[sympy.Expr] | None = None) -> sympy.Expr:
    """``log p(z|u)`` of Eq. (7) without ``- log Z(u)``, for positive base measures."""
    where = latents(model) if at is None else at
    base = sum(
        sympy.expand_log(sympy.log(family.base_measure), force=True).xreplace({family.variable: value})
        for family, value in zip(model.prior.families, where, strict=True)
    )
    weights = rows_of(model)[row]
    return base + sum(rational(w) * t for w, t in zip(weights, statistics(model, where), strict=True))


def is_constant(expression: sympy.Expr, symbols: Sequence[sympy.Symbol]) -> bool:
    """Whether an expression is proved to have one value for all values of the symbols."""
    here = {symbol: sympy.Rational(1, 3 + place) for place, symbol in enumerate(symbols)}
    return is_zero(sympy.expand(expression - expression.xreplace(here)))


def same_observation(pair: Pair) -> bool:
    """Whether ``f'(h(z)) = f(z)`` is an identity."""
    moved = dict(zip(latents(pair.other), pair.h, strict=True))
    images = pair.other.mixing.matrix.xreplace(moved)
    return all(is_zero(a - b) for a, b in zip(pair.theta.mixing.matrix, images, strict=True))


def same_law(pair: Pair) -> bool:
    """Whether both models are proved to have the same law of f(z), hence of x, for every u.

    ``log p(z|u) - log p'(h(z)|u) - log |det Jh|`` is constant in z: the two densities of z are proportional, and so
    equal. h is the identity, or an invertible affine map of all of R^n.
    """
    symbols = latents(pair.theta)
    if not same_observation(pair) or not _bijective(pair):
        return False
    if len(rows_of(pair.theta)) != len(rows_of(pair.other)):
        return False
    return all(
        is_constant(log_density(pair.theta, row) - log_density(pair.other, row, pair.h), symbols)
        for row in range(len(rows_of(pair.theta)))
    )


def _bijective(pair: Pair) -> bool:
    """Whether h is a bijection of the supports with a constant Jacobian."""
    if pair.identical_latents:
        return all(
            a.support == b.support for a, b in zip(pair.theta.prior.families, pair.other.prior.families, strict=True)
        )
    jacobian = sympy.Matrix(pair.h).jacobian(latents(pair.theta))
    whole = all(
        family.support == sympy.Reals or family.support == sympy.Interval(-sympy.oo, sympy.oo)
        for model in (pair.theta, pair.other)
        for family in model.prior.families
    )
    return whole and not jacobian.free_symbols and jacobian.det() != 0
