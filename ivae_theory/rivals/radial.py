"""Two Gaussian latents that do not depend on u, T = z: a rotation by an angle that depends on the radius."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ivae_theory.enclosure.quadratic import is_zero, write_rows
from ivae_theory.enclosure.rotation import mixed_difference, radial
from ivae_theory.exact import fraction_text
from ivae_theory.rivals.build import Latents, evaluated, latents_of, pairs, prior_with, rows_with, whole_support
from ivae_theory.rivals.rival import Rival

__all__ = ["constant"]

COVERS = "two Gaussian latents with T = z that do not depend on u"
CORNERS = tuple((Fraction(a), Fraction(b)) for a, b in ((0, 0), (1, 0), (0, 1), (1, 1)))


def constant(model: Any) -> Rival | None:
    """Standardise, rotate by an angle that depends on the radius, and let ``T' = z'``: refutes ``~``."""
    latents = latents_of(model)
    if not latents.known or not whole_support(model):
        return None
    still = [latent for latent in latents.of_kind("location") if _is_constant(latents, latent)]
    if len(still) < 2 or mixed_difference([radial(*corner)[0] for corner in CORNERS]) == 0:
        return None
    pair = pairs(still)[0]
    return _assemble(model, latents, pair)


def _is_constant(latents: Latents, latent: int) -> bool:
    first = latents.block(0, latent)
    if any(isinstance(value, sympy.Basic) and value.free_symbols for value in first):
        return False
    others = (latents.block(row, latent) for row in range(1, latents.count))
    return all(is_zero(a - b) for block in others for a, b in zip(block, first, strict=True))


def _assemble(model: Any, latents: Latents, pair: tuple[int, int]) -> Rival:
    from ivae_theory.families import ExponentialFamily
    from ivae_theory.model import Model

    z = sympy.Symbol("z", real=True)
    standard = ExponentialFamily([z], base_measure=sympy.exp(-(z**2) / 2), variable=z)
    families = list(model.prior.families)
    rows = rows_with(latents, pair, [[[Fraction(0)], [Fraction(0)]]] * latents.count)
    for latent in pair:
        families[latent] = standard
    means, deviations = zip(*(_moments(latents, latent) for latent in pair), strict=True)
    prior = prior_with(model, families, rows)
    other = Model(prior, noise=model.noise, mixing=_mixing(model, pair, means, deviations))
    evidence = {
        "kind": "rival.radial_rotation",
        "covers": COVERS,
        "latents": list(pair),
        "map": "z' = h(y), y = (z - mean) / sd, h the rotation by the angle whose half has the tangent |y|**2",
        "corners": [[fraction_text(value) for value in corner] for corner in CORNERS],
        "natural": write_rows(rows),
    }
    return Rival(other, "equivalence", evidence)


def _moments(latents: Latents, latent: int) -> tuple[float, float]:
    alpha, beta = (float(value) for value in latents.coefficients(0, latent))
    return -beta / (2 * alpha), float(np.sqrt(-0.5 / alpha))


def _mixing(model: Any, pair: tuple[int, int], means: tuple[float, ...], deviations: tuple[float, ...]) -> Any:
    """f after undoing the rotation."""
    if model.mixing is None:
        return None
    mixing = model.mixing

    def composed(z: NDArray[Any]) -> NDArray[np.float64]:
        moved = np.array(z, dtype=float)
        rotated = moved[:, list(pair)]
        t = (rotated**2).sum(axis=1)
        cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
        undone = np.stack(
            [cosine * rotated[:, 0] + sine * rotated[:, 1], -sine * rotated[:, 0] + cosine * rotated[:, 1]], axis=1
        )
        moved[:, list(pair)] = undone * np.array(deviations) + np.array(means)
        return np.asarray(mixing.evaluate(moved), dtype=np.float64)

    return evaluated(mixing, composed)
