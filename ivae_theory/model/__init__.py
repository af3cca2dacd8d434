"""Models theta = (f, T, lambda) with their noise: the prior of Eq. (7) and the observation of Eq. (6)."""

from ivae_theory.model.model import Model
from ivae_theory.model.natural import CallableNatural, SymbolicNatural, TableNatural
from ivae_theory.model.prior import Prior

__all__ = ["CallableNatural", "Model", "Prior", "SymbolicNatural", "TableNatural"]
