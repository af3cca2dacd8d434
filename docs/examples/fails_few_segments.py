"""Too few values of u: n = 3 latents with k = 2 need nk + 1 = 7 segments, here are 5.

Hypothesis (iii) of Theorem 1 fails; the witness is a combination of the natural parameters that is the same in all
segments.
"""

import numpy as np

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.mixing import mlp

rng = np.random.default_rng(4)
means, variances = rng.uniform(-3, 3, size=(5, 3)), rng.uniform(0.5, 3.0, size=(5, 3))

model = Model(
    Prior(families.gaussian(), np.stack([means / variances, -1 / (2 * variances)], axis=-1)),
    noise=Noise.gaussian(0.01),
    mixing=mlp([rng.normal(size=(3, 3)) for _ in range(2)], slope=0.2),
)
