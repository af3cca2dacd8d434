"""iVAE: Khemakhem, Kingma, Monti, Hyvarinen, "Variational autoencoders and nonlinear ICA" (2020), Section 5.

Equations (5)-(7): z_i | u ~ N(0, sigma_i^2(u)), x = f(z) + eps. Two models stand here.

- ``model``: what generates the data. Variances uniform on [.5, 3] in M = 40 segments, leaky-ReLU mixing with square
  layers. The affine and the permutation statement both hold.
- ``learned``: the network that is fitted to such data, at its random start. Its prior is a free network of the segment,
  and its decoder an MLP n -> 50 -> 50 -> n with leaky ReLU: nothing makes that decoder injective, and with n = d it is
  not. The theorem speaks about pairs of models that are both injective, so this hypothesis is about the fit too.
"""

import numpy as np
import torch
from torch import nn
from torch.distributions import Normal

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.mixing import mlp

N, SEGMENTS, LAYERS, HIDDEN, SIGMA = 5, 40, 3, 50, 0.1

rng = np.random.default_rng(0)
variances = rng.uniform(0.5, 3.0, size=(SEGMENTS, N))
layers = [np.linalg.qr(rng.normal(size=(N, N)))[0] for _ in range(LAYERS)]

model = Model(
    Prior(families.gaussian_scale(), -1 / (2 * variances)),
    noise=Noise.gaussian(SIGMA**2),
    mixing=mlp(layers, activation="leaky_relu", slope=0.1),
)


class ModulatedPrior(nn.Module):
    """One-hot segment label -> N(0, exp(log-variance))."""

    def __init__(self):
        super().__init__()
        self.log_variance = nn.Sequential(nn.Linear(SEGMENTS, HIDDEN), nn.LeakyReLU(0.1), nn.Linear(HIDDEN, N))

    def forward(self, u):
        return Normal(torch.zeros(len(u), N), torch.exp(0.5 * self.log_variance(u)))


def learned():
    """The network before training; ``torch_ivae.py`` trains one."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        prior = ModulatedPrior()
        decoder = nn.Sequential(
            nn.Linear(N, HIDDEN),
            nn.LeakyReLU(0.1),
            nn.Linear(HIDDEN, HIDDEN),
            nn.LeakyReLU(0.1),
            nn.Linear(HIDDEN, N),
        )
    return Model(
        Prior.from_torch(prior, u=np.eye(SEGMENTS)),
        noise=Noise.gaussian(SIGMA**2),
        mixing=decoder,
    )
