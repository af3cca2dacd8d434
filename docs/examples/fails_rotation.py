"""Two Gaussian latents whose variances are proportional in every segment: not identifiable, and a rival shows it.

Variance 2 of the second latent is always twice that of the first. Standardise both and rotate them by any angle: the
observations have the same law for every u, and the rotated squares are no affine function of the squares.
"""

from fractions import Fraction

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.mixing import mlp

variances = [Fraction(1, 2), Fraction(1), Fraction(2), Fraction(3)]
table = [[-1 / (2 * v), -1 / (2 * (2 * v))] for v in variances]

model = Model(
    Prior(families.gaussian_scale(), table),
    noise=Noise.gaussian(Fraction(1, 100)),
    mixing=mlp([[[1, 0], [0, 1]]]),
)
