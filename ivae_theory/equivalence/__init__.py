"""Equivalence of models (Eq. 12): affine maps, their group laws, and the decision for models that are known exactly."""

from ivae_theory.equivalence.affine import AffineMap
from ivae_theory.equivalence.relation import equivalent

__all__ = ["AffineMap", "equivalent"]
