"""Explicit rivals: proofs of non-identifiability (theory, section 5)."""

from ivae_theory.rivals.rival import Rival
from ivae_theory.rivals.search import rival

__all__ = ["Rival", "rival"]
