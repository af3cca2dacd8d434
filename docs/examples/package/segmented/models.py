"""The package's models, described for ivae_theory."""

import numpy as np
import sympy

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.mixing import mlp

#: Variances of the three sources in each of four segments.
VARIANCES = np.array([[1.0, 1.0, 1.0], [4.0, 1.0, 0.25], [0.5, 2.0, 1.0], [1.0, 3.0, 2.0]])


def prior(variances=VARIANCES):
    """Centred Gaussian sources; the natural parameter of z**2 is -1 / (2 variance)."""
    return Prior(families.gaussian_scale(), -1 / (2 * np.asarray(variances)))


def linear():
    """Three sources, mixed linearly, without noise."""
    z1, z2, z3 = sympy.symbols("z1:4", real=True)
    return Model(prior(), noise=Noise.none(), mixing=([z1, z2, z3], [z1 + z2, z2 - z3, z1 + 2 * z3]))


def network(segments=20, seed=0):
    """Three sources through a leaky-ReLU network into six noisy channels."""
    rng = np.random.default_rng(seed)
    variances = rng.uniform(0.5, 3.0, size=(segments, 3))
    return Model(
        prior(variances),
        noise=Noise.gaussian(0.01),
        mixing=mlp([rng.normal(size=(6, 3)), rng.normal(size=(6, 6))], slope=0.2),
    )
