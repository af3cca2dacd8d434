"""Section 5 of the iVAE paper: n = 5 Gaussian latents, variances modulated over M = 40 segments.

z_i | u ~ N(0, sigma_i^2(u)) with variances uniform on [.5, 3], so k = 1, T = z^2, lambda = -1 / (2 sigma^2); the
mixing is a leaky-ReLU network with three square layers; the noise has standard deviation .1. No torch.
"""

import numpy as np

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.mixing import mlp

N, SEGMENTS, LAYERS = 5, 40, 3

rng = np.random.default_rng(2020)
variances = rng.uniform(0.5, 3.0, size=(SEGMENTS, N))
layers = [np.linalg.qr(rng.normal(size=(N, N)))[0] for _ in range(LAYERS)]

model = Model(
    Prior(families.gaussian_scale(), -1 / (2 * variances)),
    noise=Noise.gaussian(0.1**2),
    mixing=mlp(layers, activation="leaky_relu", slope=0.2),
)
