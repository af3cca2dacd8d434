"""Recovery (Proposition 1 and Theorem 2 on real outputs): is the learned A a scaled permutation?"""

from ivae_theory.recovery.dci import DCI, dci
from ivae_theory.recovery.estimate import recover
from ivae_theory.recovery.metrics import MCC, amari, chance_level, mcc, r2_score
from ivae_theory.recovery.models import recover_models
from ivae_theory.recovery.parameters import ParameterRoute, parameter_route
from ivae_theory.recovery.resolve import Resolution, resolve
from ivae_theory.recovery.result import Recovery

__all__ = [
    "DCI",
    "MCC",
    "ParameterRoute",
    "Recovery",
    "Resolution",
    "amari",
    "chance_level",
    "dci",
    "mcc",
    "parameter_route",
    "r2_score",
    "recover",
    "recover_models",
    "resolve",
]
