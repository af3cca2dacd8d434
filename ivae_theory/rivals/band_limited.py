"""Noise with a characteristic function that vanishes on an open set (theory, section 5)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ivae_theory.enclosure.models.band_limited import cauchy_row, is_band_limited, is_no_affine_function, perturbed
from ivae_theory.enclosure.models.latent import read_formulas
from ivae_theory.enclosure.models.quadratic import rows_of
from ivae_theory.exact import fraction_text
from ivae_theory.rivals.rival import Rival, with_words

__all__ = ["cauchy"]

EPSILON = Fraction(1, 20)
POINTS = (Fraction(0), Fraction(1), Fraction(3))


def cauchy(model: Any) -> Rival | None:
    """Add to the Cauchy density what the noise hides: refutes ``~``."""
    from ivae_theory.families import ExponentialFamily
    from ivae_theory.model import Model, Prior

    if model.mixing is None or model.n != 1:
        return None
    described = model.describe()
    row = cauchy_row(described) if is_band_limited(described) else None
    if row is None:
        return None
    formulas, rows = read_formulas(described["families"][0]), rows_of(described["natural"])
    if rows is None:
        return None
    statistic, base = perturbed(formulas, rows, row, EPSILON)
    if not is_no_affine_function(formulas, statistic, POINTS):
        return None
    family = ExponentialFamily([statistic], base_measure=base, variable=formulas.symbol)
    prior = Prior(family, [[Fraction(int(r == row))] for r in range(2)])
    evidence = {
        "kind": "rival.band_limited",
        "row": row,
        "epsilon": fraction_text(EPSILON),
        "points": [fraction_text(point) for point in POINTS],
    }
    return Rival(Model(prior, noise=model.noise, mixing=model.mixing), "equivalence", with_words(evidence))
