"""Rivals that rotate two Gaussian latents.

``z' = M z`` with ``M = [[1, 1], [rho, -1]]`` has independent components exactly when ``v_j = rho v_i``; everything is
rational, and no standard deviation is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.models.quadratic import RIVAL_STATISTICS, Quadratic, is_zero, write_rows
from ivae_theory.enclosure.models.rotation import is_same_law, rotated_statistics
from ivae_theory.exact import fraction_text, to_fraction
from ivae_theory.rivals.build import (
    Latents,
    inverse,
    latents_of,
    mixing_after,
    prior_with,
    rows_with,
    whole_support,
)
from ivae_theory.rivals.rival import Rival, with_words

__all__ = ["location", "proportional"]

CORNERS = tuple((Fraction(a), Fraction(b)) for a, b in ((0, 0), (1, 0), (0, 1), (1, 1)))


def proportional(model: Any) -> Rival | None:
    """Two Gaussian latents whose variances are proportional over all u, with T containing z**2: refutes ``~``."""
    return _search(model, ("scale", "both"), "equivalence")


def location(model: Any) -> Rival | None:
    """Two Gaussian latents of fixed variance, T = z: refutes only that A is a scaled permutation."""
    return _search(model, ("location",), "scaled permutation")


def _search(model: Any, kinds: Sequence[str], refutes: str) -> Rival | None:
    latents = latents_of(model)
    if not latents.known or not whole_support(model):
        return None
    for kind in kinds:
        for pair in latents.tied(latents.of_kind(kind)):
            ratio = _ratio(latents, pair)
            if ratio is None:
                continue
            found = _rotate(model, latents, pair, ratio, kind, refutes)
            if found is not None:
                return found
    return None


def _ratio(latents: Latents, pair: tuple[int, int]) -> Fraction | None:
    """rho with ``alpha_i = rho alpha_j`` on every row (``alpha = -1 / (2 v)``), positive."""
    ratio: Fraction | None = None
    for row in range(latents.count):
        (first, _), (second, _) = (latents.coefficients(row, latent) for latent in pair)
        if ratio is None:
            ratio = _quotient(first, second)
            if ratio is None or ratio <= 0:
                return None
        if not is_zero(first - _like(ratio, second) * second):
            return None
    return ratio


def _quotient(first: Any, second: Any) -> Fraction | None:
    """A rational quotient, as a candidate."""
    if not isinstance(first, sympy.Basic) and not isinstance(second, sympy.Basic):
        return Fraction(first / second) if second else None
    quotient = (
        sympy.cancel(sympy.sympify(first, strict=True) / sympy.sympify(second, strict=True))
        if not is_zero(second)
        else sympy.nan
    )
    return to_fraction(quotient) if isinstance(quotient, sympy.Rational) else None


def _rotate(
    model: Any, latents: Latents, pair: tuple[int, int], ratio: Fraction, kind: str, refutes: str
) -> Rival | None:
    matrix = [[Fraction(1), Fraction(1)], [ratio, Fraction(-1)]]
    centres = [latents.quadratic(latent).centre if kind == "scale" else Fraction(0) for latent in pair]
    shift = [-sum((m * c for m, c in zip(row, centres, strict=True)), Fraction(0)) for row in matrix]
    blocks = _rival_blocks(latents, ratio, pair, kind, matrix)
    base = _base_measures(latents, pair, ratio, kind)
    quadratics = [Quadratic(RIVAL_STATISTICS[kind], (value, Fraction(0))) for value in base]
    for row, new in enumerate(blocks):
        before = [latents.coefficients(row, latent) for latent in pair]
        after = [q.at(block) for q, block in zip(quadratics, new, strict=True)]
        if not is_same_law(before, after, matrix, shift):
            return None
    if refutes == "equivalence" and not any(rotated_statistics(quadratics, matrix, shift, CORNERS)):
        return None
    rows = rows_with(latents, pair, blocks)
    return _assemble(model, pair, matrix, shift, base, rows, kind, refutes)


def _shrink(ratio: Fraction) -> list[Fraction]:
    """``alpha'_k / alpha_i``: the variances of z'_1 and z'_2 are v_i (1 + rho) and v_i rho (1 + rho)."""
    return [1 / (1 + ratio), 1 / (ratio * (1 + ratio))]


def _base_measures(latents: Latents, pair: tuple[int, int], ratio: Fraction, kind: str) -> list[Fraction]:
    """The coefficients of z**2 in log Q' of the two latents: 0 unless T = z."""
    if kind != "location":
        return [Fraction(0), Fraction(0)]
    return [latents.quadratic(pair[0]).base[0] * value for value in _shrink(ratio)]


def _rival_blocks(
    latents: Latents, ratio: Fraction, pair: tuple[int, int], kind: str, matrix: list[list[Fraction]]
) -> list[list[list[Any]]]:
    """The natural parameters of z'_1 and z'_2 on every row."""
    back = inverse([[matrix[0][0], matrix[1][0]], [matrix[0][1], matrix[1][1]]])
    blocks: list[list[list[Any]]] = []
    for row in range(latents.count):
        (alpha, first), (_, second) = (latents.coefficients(row, latent) for latent in pair)
        alphas = [_like(value, alpha) * alpha for value in _shrink(ratio)]
        # beta' solves M^T beta' = beta; where there is a shift, T = z**2 alone and beta' is not needed
        betas = [_like(a, first, second) * first + _like(b, first, second) * second for a, b in back]
        new = {"scale": [[value] for value in alphas], "location": [[value] for value in betas]}
        blocks.append(new.get(kind, [[b, a] for a, b in zip(alphas, betas, strict=True)]))
    return blocks


def _like(value: Fraction, *entries: Any) -> Any:
    return _rational(value) if any(isinstance(entry, sympy.Basic) for entry in entries) else value


def _rational(value: Any) -> sympy.Expr:
    return value if isinstance(value, sympy.Basic) else sympy.Rational(value.numerator, value.denominator)


def _family(kind: str, base: Fraction) -> Any:
    """The family of one of the rival's two latents."""
    from ivae_theory.families import ExponentialFamily

    z = sympy.Symbol("z", real=True)
    statistics = {"scale": [z**2], "both": [z, z**2], "location": [z]}[kind]
    return ExponentialFamily(statistics, base_measure=sympy.exp(_rational(base) * z**2), variable=z)


def _assemble(
    model: Any,
    pair: tuple[int, int],
    matrix: list[list[Fraction]],
    shift: list[Fraction],
    base: list[Fraction],
    rows: list[list[Any]],
    kind: str,
    refutes: str,
) -> Rival:
    from ivae_theory.model import Model

    everyone = list(model.prior.families)
    for latent, value in zip(pair, base, strict=True):
        everyone[latent] = _family(kind, value)
    prior = prior_with(model, everyone, rows)
    back = inverse(matrix)
    offset = [-sum((m * s for m, s in zip(row, shift, strict=True)), Fraction(0)) for row in back]
    other = Model(prior, noise=model.noise, mixing=mixing_after(model, pair, back, offset))
    evidence = {
        "kind": "rival.rotated_pair",
        "latents": list(pair),
        "matrix": [[fraction_text(value) for value in row] for row in matrix],
        "shift": [fraction_text(value) for value in shift],
        "corners": [[fraction_text(value) for value in corner] for corner in CORNERS],
        "base_measures": [fraction_text(value) for value in base],
        "natural": write_rows(rows),
    }
    return Rival(other, refutes, with_words(evidence, kind))
