"""Figure 1 of the iVAE paper: n = 2 Gaussian latents, means and variances modulated over M = 5 segments.

k = 2 and nk + 1 = 5: exactly as many segments as hypothesis (iii) of Theorem 1 needs.
"""

import numpy as np

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.mixing import mlp

N, SEGMENTS, LAYERS = 2, 5, 3

rng = np.random.default_rng(1)
means = rng.uniform(-5.0, 5.0, size=(SEGMENTS, N))
variances = rng.uniform(0.5, 3.0, size=(SEGMENTS, N))
layers = [np.linalg.qr(rng.normal(size=(N, N)))[0] for _ in range(LAYERS)]

model = Model(
    # Natural parameters of T = (z, z^2), shape (M, n, k): not means and log-variances.
    Prior(families.gaussian(), np.stack([means / variances, -1 / (2 * variances)], axis=-1)),
    noise=Noise.gaussian(0.1**2),
    mixing=mlp(layers, activation="leaky_relu", slope=0.2),
)
