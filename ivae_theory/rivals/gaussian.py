"""Rivals that rotate two Gaussian latents.

``z' = M z`` with ``M = [[1, 1], [rho, -1]]`` has independent components exactly when ``v_j = rho v_i``; everything is
rational, and no standard deviation is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.enclosure.quadratic import Quadratic, is_zero
from ivae_theory.enclosure.rotation import is_same_law, rotated_statistics
from ivae_theory.exact import fraction_text, to_fraction
from ivae_theory.rivals.build import Latents, inverse, latents_of, mixing_after, pairs, prior_with, whole_support
from ivae_theory.rivals.rival import Rival

__all__ = ["location", "proportional"]

CORNERS = tuple((Fraction(a), Fraction(b)) for a, b in ((0, 0), (1, 0), (0, 1), (1, 1)))
COVERS = {
    "scale": "two Gaussian latents with fixed means, T = z**2, whose variances are proportional over all u",
    "both": "two Gaussian latents, T = (z, z**2), whose variances are proportional over all u",
    "location": "two Gaussian latents of fixed variance, T = z",
}


def proportional(model: Any) -> Rival | None:
    """Two Gaussian latents whose variances are proportional over all u, with T containing z**2: refutes ``~``."""
    return _search(model, ("scale", "both"), "equivalence")


def location(model: Any) -> Rival | None:
    """Two Gaussian latents of fixed variance, T = z: refutes only that A is a scaled permutation."""
    return _search(model, ("location",), "scaled permutation")


def _search(model: Any, kinds: Sequence[str], refutes: str) -> Rival | None:
    latents = latents_of(model)
    if latents.rows is None or not whole_support(model):
        return None
    for kind in kinds:
        for pair in pairs(latents.of_kind(kind)):
            ratio = _ratio(latents, pair)
            if ratio is None:
                continue
            found = _rotate(model, latents, pair, ratio, kind, refutes)
            if found is not None:
                return found
    return None


def _quadratic(latents: Latents, latent: int) -> Quadratic:
    found = latents.quadratics[latent]
    assert found is not None
    return found


def _coefficients(latents: Latents, row: Sequence[Any], latent: int) -> tuple[Any, Any]:
    return _quadratic(latents, latent).at(latents.block(row, latent))


def _ratio(latents: Latents, pair: tuple[int, int]) -> Fraction | None:
    """rho with ``alpha_i = rho alpha_j`` on every row (``alpha = -1 / (2 v)``), positive."""
    assert latents.rows is not None
    ratio: Fraction | None = None
    for row in latents.rows:
        (first, _), (second, _) = (_coefficients(latents, row, latent) for latent in pair)
        if ratio is None:
            ratio = _quotient(first, second)
            if ratio is None or ratio <= 0:
                return None
        scale = sympy.Rational(ratio.numerator, ratio.denominator) if isinstance(second, sympy.Basic) else ratio
        if not is_zero(first - scale * second):
            return None
    return ratio


def _quotient(first: Any, second: Any) -> Fraction | None:
    """A rational quotient, as a candidate."""
    if not isinstance(first, sympy.Basic) and not isinstance(second, sympy.Basic):
        return Fraction(first / second) if second else None
    quotient = sympy.cancel(sympy.sympify(first) / sympy.sympify(second)) if not is_zero(second) else sympy.nan
    return to_fraction(quotient) if isinstance(quotient, sympy.Rational) else None


def _rotate(
    model: Any, latents: Latents, pair: tuple[int, int], ratio: Fraction, kind: str, refutes: str
) -> Rival | None:
    assert latents.rows is not None
    matrix = [[Fraction(1), Fraction(1)], [ratio, Fraction(-1)]]
    centres = [_quadratic(latents, latent).centre if kind == "scale" else Fraction(0) for latent in pair]
    shift = [-sum((m * c for m, c in zip(row, centres, strict=True)), Fraction(0)) for row in matrix]
    families, blocks = _rival_blocks(latents, pair, ratio, kind, matrix)
    quadratics = [_quadratic_of_rival(kind, family) for family in families]
    rows = []
    for row, new in zip(latents.rows, blocks, strict=True):
        before = [_coefficients(latents, row, latent) for latent in pair]
        after = [q.at(block) for q, block in zip(quadratics, new, strict=True)]
        if not is_same_law(before, after, matrix, shift):
            return None
        parts = [list(latents.block(row, latent)) for latent in range(len(latents.ks))]
        for latent, block in zip(pair, new, strict=True):
            parts[latent] = list(block)
        rows.append([entry for part in parts for entry in part])
    if refutes == "equivalence" and not any(rotated_statistics(quadratics, matrix, shift, CORNERS)):
        return None
    return _assemble(model, pair, matrix, shift, families, rows, kind, refutes)


def _rival_blocks(
    latents: Latents, pair: tuple[int, int], ratio: Fraction, kind: str, matrix: list[list[Fraction]]
) -> tuple[list[Any], list[list[list[Any]]]]:
    """The families of z'_1, z'_2, and their natural parameters on every row."""
    from ivae_theory.families import ExponentialFamily

    assert latents.rows is not None
    z = sympy.Symbol("z", real=True)
    # alpha' = alpha_i v_i / v'_k: the variances of z'_1 and z'_2 are v_i (1 + rho) and v_i rho (1 + rho)
    shrink = [1 / (1 + ratio), 1 / (ratio * (1 + ratio))]
    blocks: list[list[list[Any]]] = []
    for row in latents.rows:
        (alpha_1, beta_1), (_, beta_2) = (_coefficients(latents, row, latent) for latent in pair)
        exact = [_like(value, alpha_1, beta_1, beta_2) for value in shrink]
        alphas = [alpha_1 * value for value in exact]
        # beta' solves M^T beta' = beta (no shift where beta matters)
        back = inverse([[matrix[0][0], matrix[1][0]], [matrix[0][1], matrix[1][1]]])
        betas = [
            _like(r[0], alpha_1, beta_1, beta_2) * beta_1 + _like(r[1], alpha_1, beta_1, beta_2) * beta_2 for r in back
        ]
        new = {"scale": [[a] for a in alphas], "location": [[b] for b in betas]}
        blocks.append(new.get(kind, [[b, a] for a, b in zip(alphas, betas, strict=True)]))
    if kind == "scale":
        return [ExponentialFamily([z**2], variable=z)] * 2, blocks
    if kind == "both":
        return [ExponentialFamily([z, z**2], variable=z)] * 2, blocks
    alpha, _ = _coefficients(latents, latents.rows[0], pair[0])
    return [
        ExponentialFamily([z], base_measure=sympy.exp(_rational(alpha * value) * z**2), variable=z) for value in shrink
    ], blocks


def _like(value: Fraction, *entries: Any) -> Any:
    return _rational(value) if any(isinstance(entry, sympy.Basic) for entry in entries) else value


def _rational(value: Any) -> sympy.Expr:
    return value if isinstance(value, sympy.Basic) else sympy.Rational(value.numerator, value.denominator)


def _quadratic_of_rival(kind: str, family: Any) -> Quadratic:
    from ivae_theory.enclosure.latent import read_formulas
    from ivae_theory.enclosure.quadratic import quadratic_of

    found = quadratic_of(read_formulas(family.describe()))
    if found is None:
        raise AssertionError(f"a rival family of kind {kind} is Gaussian")
    return found


def _assemble(
    model: Any,
    pair: tuple[int, int],
    matrix: list[list[Fraction]],
    shift: list[Fraction],
    families: list[Any],
    rows: list[list[Any]],
    kind: str,
    refutes: str,
) -> Rival:
    from ivae_theory.model import Model

    everyone = list(model.prior.families)
    for latent, family in zip(pair, families, strict=True):
        everyone[latent] = family
    prior = prior_with(model, everyone, rows)
    back = inverse(matrix)
    offset = [-sum((m * s for m, s in zip(row, shift, strict=True)), Fraction(0)) for row in back]
    other = Model(prior, noise=model.noise, mixing=mixing_after(model, pair, back, offset))
    described = prior.describe()
    evidence = {
        "kind": "rival.rotated_pair",
        "covers": COVERS[kind],
        "latents": list(pair),
        "matrix": [[fraction_text(value) for value in row] for row in matrix],
        "shift": [fraction_text(value) for value in shift],
        "corners": [[fraction_text(value) for value in corner] for corner in CORNERS],
        "families": [described["families"][latent] for latent in pair],
        "natural": described["natural"],
    }
    return Rival(other, refutes, evidence)
