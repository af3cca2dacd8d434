"""For users' own suites, and for ours: assertions, Hypothesis strategies and a pytest plugin.

The plugin (:mod:`ivae_theory.testing.plugin`) is found by pytest without an import. Names load lazily, so that suites
which use nothing of this pay nothing for it.
"""

import lazy_loader as _lazy

# No name may be that of a submodule: importing the submodule would put it in the name's place.
__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "assertions": ["assert_identifiable", "assert_scaled_permutation"],
        "invariance": ["REPARAMETRISATIONS", "reparametrisations"],
        "maps": ["affine_maps", "near_misses", "scaled_permutations"],
        "parts": [
            "exponential_families",
            "full_rank_tables",
            "invertible_matrices",
            "linear_mixings",
            "natural_parameters",
            "noise_laws",
            "small_fractions",
        ],
        "whole": ["BREAKAGES", "broken_models", "models", "priors"],
    },
)
