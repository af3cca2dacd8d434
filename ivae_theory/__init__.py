"""Verify identifiability theory on your own models.

Describe a model, :func:`check` it, and read which hypotheses of the iVAE theorems hold, fail or stay undecided,
each with a certificate or a witness that :func:`recheck` verifies; :func:`recover` says whether what was learned
is the truth up to a scaled permutation. Names load lazily: importing the package loads neither torch nor
scipy.stats.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["families", "errors"],
    submod_attrs={
        "certificates.recheck": ["RecheckResult", "recheck"],
        "checking": ["check"],
        "domain": ["Box", "Observed", "Points", "SymbolicDomain"],
        "equivalence": ["AffineMap", "equivalent"],
        "families": ["ExponentialFamily"],
        "hypotheses.variability": ["plan"],
        "mixing": ["assume_injective"],
        "model": ["Model", "Prior"],
        "noise": ["Discrete", "Noise"],
        "posterior": ["posterior_gap"],
        "recovery": ["Recovery", "mcc", "recover", "recover_models"],
        "rivals": ["Rival", "rival"],
        "verdict": ["Grade", "Report", "Status", "Verdict"],
    },
)
