"""The noise ``eps`` of ``x = f(z) + eps`` (Eq. 6): laws, what settles hypothesis (i) for them, and their algebra."""

from ivae_theory.noise.discrete import Discrete
from ivae_theory.noise.noise import Noise
from ivae_theory.noise.registry import as_noise

__all__ = ["Discrete", "Noise", "as_noise"]
