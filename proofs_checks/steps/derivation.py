"""The sharp Theorem 1, step by step, on one pair of models with the same law of x.

(1) deconvolution: hypothesis (N) takes the noise away; (2) density ratios: the base measures and Jacobians cancel, and
``L^T T~ = L'^T T~' + b``; (3) ``A = L^-T L'^T`` and c; (4) (M) makes A invertible. Each step is verified on the models
as an identity of functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import sympy

from ivae_theory import Model, Verdict, check, equivalent
from ivae_theory.enclosure.formula.functionals import is_relation
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import determinant, null_vector
from ivae_theory.exact.identity import is_zero
from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.hypotheses.statistics import check_minimal, check_printed
from ivae_theory.hypotheses.variability import check_variability
from ivae_theory.span import decide_rationals
from ivae_theory.verdict import Status
from proofs_checks.steps.models import (
    Pair,
    is_constant,
    latents,
    log_density,
    rational,
    rows_of,
    same_law,
    statistics,
)
from proofs_checks.steps.parameters import Matrix, affine_matrix, differences, multiply, transpose

__all__ = [
    "Derivation",
    "affine_basis",
    "dependence_from",
    "derive",
    "printed_hypotheses",
    "ratios_cancel",
    "related",
    "relation_on_lambda",
    "sharp_hypotheses",
]


@dataclass(frozen=True)
class Derivation:
    """What each step gives.

    Attributes
    ----------
    noise, minimal, minimal_other
        Verdicts of the library on (N) and on (M) of both models.
    same_law, ratios
        Whether the laws agree, and whether the log density ratios are ``T~ . (lambda(u_l) - lambda(u_0))`` alone.
    L, L_prime, A
        Matrices of rationals.
    identity
        Whether ``T~(z) = A T~'(h(z)) + c`` is an identity.
    on_lambda
        Whether ``lambda'(u) - lambda'(u_0) = A^T (lambda(u) - lambda(u_0))`` for every u of the table.
    """

    noise: Status
    minimal: Status
    minimal_other: Status
    same_law: bool
    ratios: bool
    L: Matrix
    L_prime: Matrix
    A: Matrix
    identity: bool
    on_lambda: bool

    @property
    def determinant(self) -> Fraction:
        """det A."""
        return determinant(self.A)

    @property
    def complete(self) -> bool:
        """Whether every step of the proof went through and its conclusions are true of the pair."""
        steps = self.same_law and self.ratios and self.identity and self.on_lambda
        proved = self.noise is self.minimal is self.minimal_other is Status.HOLDS
        return steps and proved and self.determinant != 0 and determinant(self.L_prime) != 0


def affine_basis(pair: Pair) -> tuple[int, ...]:
    """Points u_0, .., u_nk at which L is invertible (hypothesis (V), by the library's one decision).

    Raises
    ------
    ValueError
        When there are none.
    """
    found = decide_rationals(rows_of(pair.theta))
    if found.status is not Status.HOLDS:
        raise ValueError("(V) fails: lambda(u) does not affinely span R^nk")
    return found.points


def ratios_cancel(pair: Pair, points: tuple[int, ...]) -> bool:
    """Step (2): ``log p(z|u_l) - log p(z|u_0)`` is ``T~ . (lambda(u_l) - lambda(u_0))``, for both models.

    The base measures are in the densities and have cancelled; a Jacobian of h is the same for every u.
    """
    for model in (pair.theta, pair.other):
        table, first = rows_of(model), points[0]
        for point in points[1:]:
            exponent = sum(
                rational(a - b) * t for a, b, t in zip(table[point], table[first], statistics(model), strict=True)
            )
            if not is_zero(log_density(model, point) - log_density(model, first) - exponent):
                return False
    return True


@lru_cache(maxsize=64)
def derive(pair: Pair) -> Derivation:
    """All steps on one pair, once for all claims that use it.

    Raises
    ------
    ValueError
        When (V) fails, so that step (3) has no L to invert.
    """
    points = affine_basis(pair)
    tables = [[rows_of(model)[point] for point in points] for model in (pair.theta, pair.other)]
    L, L_prime = (differences(table) for table in tables)
    A = affine_matrix(L, L_prime)
    return Derivation(
        noise=check_noise(pair.theta).status,
        minimal=check_minimal(pair.theta).status,
        minimal_other=check_minimal(pair.other).status,
        same_law=same_law(pair),
        ratios=ratios_cancel(pair, points),
        L=L,
        L_prime=L_prime,
        A=A,
        identity=_affine_identity(pair, A),
        on_lambda=relation_on_lambda(pair, A),
    )


def _affine_identity(pair: Pair, A: Matrix) -> bool:
    """Whether ``T~(z) - A T~'(h(z))`` is constant."""
    own, other = statistics(pair.theta), sympy.Matrix(statistics(pair.other, pair.h))
    exact = sympy.Matrix([[rational(value) for value in row] for row in A])
    return all(is_constant(t - moved, latents(pair.theta)) for t, moved in zip(own, exact * other, strict=True))


def relation_on_lambda(pair: Pair, A: Matrix) -> bool:
    """Whether ``lambda'(u) - lambda'(u_0) = A^T (lambda(u) - lambda(u_0))`` at every row of the tables."""
    own, other = differences(rows_of(pair.theta)), differences(rows_of(pair.other))
    return multiply(transpose(A), own) == other


def printed_hypotheses(model: Model) -> dict[str, Status]:
    """(i) read as printed, (ii) and (iii), each by the library."""
    return {
        "theorem1.i as printed": noise_as_printed(model),
        "theorem1.ii": check_printed(model).status,
        "theorem1.iii": check_variability(model).status,
    }


def noise_as_printed(model: Model) -> Status:
    """(i) to the letter: the x **in X** with ``phi(x) = 0`` have measure zero. True of any noise when X is null.

    X is a Lebesgue null set of R^d when n < d and f is linear. Where X is all of R^d the reading does not matter.
    """
    jacobian = model.mixing.matrix.jacobian(latents(model))
    if not jacobian.free_symbols and jacobian.rank() < jacobian.rows:
        return Status.HOLDS
    return check_noise(model).status


def dependence_from(pair: Pair, A: Matrix) -> list[list[Fraction]] | None:
    """Step (4): a v with ``v^T A = 0``, a block a latent, when every ``v_i . T_i`` is proved constant; else ``None``.

    Each non-zero block contradicts (M). By Fubini there is no other way for ``sum_i v_i . T_i(z_i)`` to be constant.
    ``None`` for an invertible A, and where the relation is not proved.
    """
    weights = null_vector(transpose(A))
    if weights is None:
        return None
    blocks, start = [], 0
    for family in pair.theta.prior.families:
        block = weights[start : start + family.k]
        start += family.k
        with precision(128):
            exact = [rational(weight) for weight in block]
            if is_relation(family.statistics, family.variable, family.support, exact) is None:
                return None
        blocks.append(block)
    return blocks


@lru_cache(maxsize=64)
def related(pair: Pair) -> Verdict:
    """The library's decision of Eq. (12), once for all claims that use the pair."""
    return equivalent(pair.theta, pair.other)


@lru_cache(maxsize=64)
def sharp_hypotheses(model: Model) -> dict[str, Status]:
    """(N), (V), (M), (J), Q > 0 and one known noise, by the library's ``check``."""
    report = check(model, "affine")
    return {claim: report[claim].status for claim in report.conclusion.decisive}
