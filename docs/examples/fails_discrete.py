"""Bernoulli observations (Appendix E, withdrawn by the published version): x is not f(z) + eps.

Theorem 1 says nothing about the model, however many segments there are; the check says which hypothesis stops it.
"""

import numpy as np

from ivae_theory import Discrete, Model, Prior, families
from ivae_theory.mixing import mlp

rng = np.random.default_rng(9)
variances = rng.uniform(0.5, 3.0, size=(20, 3))

model = Model(
    Prior(families.gaussian_scale(), -1 / (2 * variances)),
    noise=Discrete("bernoulli"),
    mixing=mlp([rng.normal(size=(3, 3)) for _ in range(2)], slope=0.2),
)
