"""A learned variance of Gaussian noise: part of the noise can be taken for signal (theory, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy

from ivae_theory.domain import Points
from ivae_theory.enclosure.models.diagonal import diagonal_slopes, gaussian_variance
from ivae_theory.enclosure.models.quadratic import write_rows
from ivae_theory.exact import fraction_text
from ivae_theory.rivals.build import Latents, latents_of, pairs, prior_with
from ivae_theory.rivals.rival import Rival, with_words

__all__ = ["learned_variance"]


def learned_variance(model: Any) -> Rival | None:
    """Move the noise variance by delta so that two coordinates get proportional variances, and rotate them."""
    described = model.describe()
    variance = gaussian_variance(described["noise"])
    if variance is None or not model.noise.learned or not isinstance(model.prior.domain, Points):
        return None
    latents = latents_of(model)
    slopes = diagonal_slopes(described["mixing"], model.n)
    if not latents.known or slopes is None or latents.of_kind("scale") != list(range(model.n)):
        return None
    signals = _signals(latents, slopes)
    if signals is None:
        return None
    for pair in pairs(range(model.n)):
        found = _shift(signals, pair, variance)
        if found is not None:
            return _assemble(model, signals, pair, *found, variance)
    return None


def _signals(latents: Latents, slopes: Sequence[Fraction]) -> list[list[Fraction]] | None:
    """Variances of the coordinates of f(z), (M, n), exactly; ``None`` unless all means are 0 and entries rational."""
    result = []
    for number, row in enumerate(latents.rows):
        if any(isinstance(value, sympy.Basic) for value in row):
            return None
        variances = []
        for latent, slope in enumerate(slopes):
            quadratic = latents.quadratics[latent]
            if quadratic is None or quadratic.centre != 0:
                return None
            alpha, _ = latents.coefficients(number, latent)
            variances.append(slope * slope / (-2 * alpha))
        result.append(variances)
    return result


def _shift(
    signals: list[list[Fraction]], pair: tuple[int, int], variance: Fraction
) -> tuple[Fraction, Fraction] | None:
    """``(rho, delta)`` with ``V_j - delta = rho (V_i - delta)`` on every row, all variances staying positive."""
    i, j = pair
    first = signals[0]
    other = next((row for row in signals if row[i] != first[i]), None)
    if other is None:
        return None
    ratio = (other[j] - first[j]) / (other[i] - first[i])
    if ratio <= 0 or ratio == 1:
        return None
    delta = (first[j] - ratio * first[i]) / (1 - ratio)
    proportional = all(row[j] - delta == ratio * (row[i] - delta) for row in signals)
    positive = variance + delta > 0 and all(value > delta for row in signals for value in row)
    return (ratio, delta) if proportional and positive and delta != 0 else None


def _assemble(
    model: Any,
    signals: list[list[Fraction]],
    pair: tuple[int, int],
    ratio: Fraction,
    delta: Fraction,
    variance: Fraction,
) -> Rival:
    from ivae_theory.families import gaussian_scale
    from ivae_theory.mixing import SymbolicMixing
    from ivae_theory.model import Model
    from ivae_theory.noise import Noise

    i, j = pair
    rows = []
    for row in signals:
        variances = [value - delta for value in row]
        base = variances[i]
        variances[i], variances[j] = base * (1 + ratio), base * ratio * (1 + ratio)
        rows.append([Fraction(-1, 2) / value for value in variances])
    prior = prior_with(model, [gaussian_scale()] * model.n, rows)
    symbols = sympy.symbols(f"z1:{model.n + 1}", real=True)
    rho = sympy.Rational(ratio.numerator, ratio.denominator)
    outputs: list[sympy.Expr] = list(symbols)
    outputs[i] = (symbols[i] + symbols[j]) / (1 + rho)  # the inverse of z' = (w_i + w_j, rho w_i - w_j)
    outputs[j] = (rho * symbols[i] - symbols[j]) / (1 + rho)
    noise = Noise.gaussian(variance + delta, learned=True)
    evidence = {
        "kind": "rival.learned_variance",
        "latents": list(pair),
        "ratio": fraction_text(ratio),
        "variance": fraction_text(variance + delta),
        "natural": write_rows(rows),
    }
    return Rival(
        Model(prior, noise=noise, mixing=SymbolicMixing(symbols, outputs)), "equivalence", with_words(evidence)
    )
