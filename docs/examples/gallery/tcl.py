"""TCL: Hyvarinen and Morioka, "Unsupervised feature extraction by time-contrastive learning" (2016).

Its model is x = f(s) without noise, f smooth and invertible, and in segment t every source has the density
log p_t(s_i) = lambda_i(t) q(s_i) - log Z (one statistic). Its Theorem 1 asks that the matrix of
lambda_i(t) - lambda_i(1) have full column rank: hypothesis (iii) of the iVAE theorem with k = 1. Its own conclusion is
q(s) = A h(x) + d with an unspecified A, which linear ICA is then to resolve.

Here: n = 20 Laplace sources whose scales change over 64 segments, q(s) = |s|, and a mixing network with square
leaky-ReLU layers. |s| is bounded below, so the sharp Theorem 2 says that A is a scaled permutation already.

``too_few`` has 16 segments for 20 sources: the matrix cannot have rank 20.
"""

import numpy as np

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.mixing import mlp

N, SEGMENTS, LAYERS = 20, 64, 3

rng = np.random.default_rng(2016)
scales = rng.uniform(0.3, 3.0, size=(SEGMENTS, N))
layers = [np.linalg.qr(rng.normal(size=(N, N)))[0] for _ in range(LAYERS)]


def with_segments(count):
    """The model of the first ``count`` segments; lambda = -1 / scale is the natural parameter of |s|."""
    return Model(
        Prior(families.laplace_scale(), -1 / scales[:count]),
        noise=Noise.none(),
        mixing=mlp(layers, activation="leaky_relu", slope=0.2),
    )


model = with_segments(SEGMENTS)


def too_few():
    return with_segments(16)
