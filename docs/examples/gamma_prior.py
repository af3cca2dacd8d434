"""Gamma latents, described by frozen scipy laws: T = (log z, z), k = 2, shape and rate vary over M = 9 segments.

The observations are a linear image of the positive latents in more dimensions (d = 6 > n = 3), with Laplace noise.
"""

import numpy as np
from scipy import stats

from ivae_theory import Model, Prior
from ivae_theory.mixing import mlp

N, SEGMENTS, D = 3, 9, 6

rng = np.random.default_rng(11)
shapes = rng.uniform(0.8, 6.0, size=(SEGMENTS, N))
rates = rng.uniform(0.5, 3.0, size=(SEGMENTS, N))

model = Model(
    Prior.from_scipy([[stats.gamma(shapes[m, i], scale=1 / rates[m, i]) for i in range(N)] for m in range(SEGMENTS)]),
    noise=stats.laplace(scale=0.1),
    mixing=mlp([rng.normal(size=(D, N))]),
)
