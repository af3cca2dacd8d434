"""iMSDA: Kong et al., "Partial identifiability for domain adaptation" (ICML 2022).

Its generating process: z_c ~ p(z_c), the same in every domain u; z~_s ~ p(z~_s) and z_s = f_u(z~_s), a monotone map of
each component for each domain; x = g(z_c, z_s) with g smooth and invertible, no noise. The paper claims that the
changing part z_s is identified up to component-wise maps and order (with 2 n_s + 1 domains), and the invariant part z_c
as a block only.

Here: Gaussian z~_s and affine f_u, so that z_s | u is Gaussian with means and variances that depend on the domain, and
a standard Gaussian z_c; n_c = n_s = 2, T = (z, z^2), and 9 = nk + 1 domains.

The check says the same as the paper, by other means: (iii) fails, because lambda does not move for z_c; the directions
that do move (4 of 8) stay identified; and a rival that mixes the two invariant components has the same law of x in
every domain, so that no method can separate them.

``changing`` is the model of the changing part alone, with five domains: there everything holds.
"""

from fractions import Fraction

import numpy as np

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.mixing import mlp

CONTENT, STYLE, DOMAINS = 2, 2, 9

rng = np.random.default_rng(2022)
means = [[Fraction(int(v), 10) for v in row] for row in rng.integers(-40, 41, size=(DOMAINS, STYLE))]
variances = [[Fraction(int(v), 20) for v in row] for row in rng.integers(1, 21, size=(DOMAINS, STYLE))]
layers = [rng.integers(-3, 4, size=(4, 4)) + 5 * np.eye(4, dtype=int) for _ in range(2)]


def natural(domain, content):
    """(M, n, 2) natural parameters: z_c first, with mean 0 and variance 1 in every domain."""
    changing = [[m / v, -1 / (2 * v)] for m, v in zip(means[domain], variances[domain], strict=True)]
    return [[Fraction(0), Fraction(-1, 2)]] * content + changing


model = Model(
    Prior(families.gaussian(), [natural(u, CONTENT) for u in range(DOMAINS)]),
    noise=Noise.none(),
    mixing=mlp(layers, activation="leaky_relu", slope=0.2),
)


def changing():
    return Model(
        Prior(families.gaussian(), [natural(u, 0) for u in range(2 * STYLE + 1)]),
        noise=Noise.none(),
        mixing=mlp([layer[CONTENT:, CONTENT:] for layer in layers], activation="leaky_relu", slope=0.2),
    )
