"""Hypothesis strategies for users' own suites, and for ours."""

from ivae_theory.testing.invariance import REPARAMETRISATIONS, reparametrisations
from ivae_theory.testing.maps import affine_maps, near_misses, scaled_permutations
from ivae_theory.testing.models import BREAKAGES, broken_models, models, priors
from ivae_theory.testing.parts import (
    exponential_families,
    full_rank_tables,
    invertible_matrices,
    linear_mixings,
    natural_parameters,
    noise_laws,
    small_fractions,
)

__all__ = [
    "BREAKAGES",
    "REPARAMETRISATIONS",
    "affine_maps",
    "broken_models",
    "exponential_families",
    "full_rank_tables",
    "invertible_matrices",
    "linear_mixings",
    "models",
    "natural_parameters",
    "near_misses",
    "noise_laws",
    "priors",
    "reparametrisations",
    "scaled_permutations",
    "small_fractions",
]
