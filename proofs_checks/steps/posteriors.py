"""Posteriors of two models with the same law of x: exactly for linear Gaussian models, and as identities."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from ivae_theory import Model
from ivae_theory.exact import to_fraction
from proofs_checks.steps.models import Pair, is_constant, latents, log_density, rational, rows_of, same_observation
from proofs_checks.steps.parameters import Matrix, invert, multiply, transpose

__all__ = ["gaussian_posterior", "log_joint", "moved_moments", "same_posteriors"]


def gaussian_posterior(model: Model, row: int, x: Sequence[Fraction], variance: Fraction) -> tuple[Matrix, Matrix]:
    """Mean (n, 1) and covariance of ``p(z|x,u)`` for ``T = z``, ``Q = exp(-z^2/2)``, linear f, noise N(0, variance).

    Raises
    ------
    ValueError
        When f is not linear.
    """
    jacobian = model.mixing.matrix.jacobian(latents(model))
    if jacobian.free_symbols or any(image.subs(dict.fromkeys(latents(model), 0)) != 0 for image in model.mixing.matrix):
        raise ValueError("f is not linear")
    W = [[to_fraction(jacobian[i, j]) for j in range(model.n)] for i in range(jacobian.rows)]
    gram = multiply(transpose(W), W)
    n = model.n
    covariance = invert([[int(i == j) + gram[i][j] / variance for j in range(n)] for i in range(n)])
    data = multiply(transpose(W), [[value] for value in x])
    total = [[a + b[0] / variance] for a, b in zip(rows_of(model)[row], data, strict=True)]
    return multiply(covariance, total), covariance


def moved_moments(A: Matrix, mean: Matrix, covariance: Matrix) -> tuple[Matrix, Matrix]:
    """Mean and covariance of ``A y``."""
    return multiply(A, mean), multiply(A, covariance, transpose(A))


def log_joint(
    model: Model, row: int, x: Sequence[sympy.Symbol], variance: Fraction, at: Sequence[sympy.Expr] | None = None
) -> sympy.Expr:
    """``log p(x, z|u)`` up to terms without x and z, for noise N(0, variance I)."""
    where = latents(model) if at is None else at
    image = model.mixing.matrix.xreplace(dict(zip(latents(model), where, strict=True)))
    residual = sum((a - b) ** 2 for a, b in zip(x, image, strict=True))
    return log_density(model, row, where) - residual / (2 * rational(variance))


def same_posteriors(pair: Pair, variance: Fraction) -> bool:
    """Whether h carries ``p(z|x,u)`` to ``p'(z'|x,u)`` for every x and u: ``log p - log p' o h`` is constant in (x, z).

    The Jacobian of a pair's affine h is constant, so for fixed x the two densities are proportional.
    """
    x = sympy.symbols(f"x1:{pair.theta.mixing.d + 1}", real=True)
    symbols = [*latents(pair.theta), *x]
    return same_observation(pair) and all(
        is_constant(log_joint(pair.theta, row, x, variance) - log_joint(pair.other, row, x, variance, pair.h), symbols)
        for row in range(len(rows_of(pair.theta)))
    )
