"""Mixing functions f (Eq. 6): what users hand over, tracing, evaluation, and what makes them injective."""

from ivae_theory.mixing.network import Network, mlp
from ivae_theory.mixing.objects import (
    CallableMixing,
    Mixing,
    SymbolicMixing,
    Vouched,
    as_mixing,
    assume_injective,
)
from ivae_theory.mixing.registry import Construction, construction_of, register_injective

__all__ = [
    "CallableMixing",
    "Construction",
    "Mixing",
    "Network",
    "SymbolicMixing",
    "Vouched",
    "as_mixing",
    "assume_injective",
    "construction_of",
    "mlp",
    "register_injective",
]
