"""pi-VAE: Zhou and Wei, "Learning identifiable and interpretable latent models of high-dimensional neural activity
using pi-VAE" (2020): spike counts, z | u Gaussian, x | z Poisson with rates f(z), f an injective flow.

As in its first simulation there are n = 2 latents and five discrete labels with their own means and variances:
exactly the nk + 1 = 5 values of u that hypothesis (iii) needs for T = (z, z^2).

- ``model``: the model as published. Poisson counts are not f(z) + eps with eps independent of z, so hypothesis (i)
  fails: the iVAE theorem does not apply. That is not the end of it; ``docs/examples/gallery.md`` proves that the law of
  Poisson counts determines the law of the rates, which replaces the one step of the proof that is missing.
- ``rates``: the rates as if they were observed, without noise. By that argument the hypotheses of this model are what
  identifies the published one, and they hold.
"""

import numpy as np
import torch
from torch import nn

from ivae_theory import Discrete, Model, Noise, Prior, families

N, LABELS, NEURONS, DEPTH = 2, 5, 10, 2

rng = np.random.default_rng(2020)
means = rng.uniform(-2.0, 2.0, size=(LABELS, N))
variances = rng.uniform(0.2, 1.0, size=(LABELS, N))


class Coupling(nn.Module):
    """Adds a network of the first half to the second and swaps the halves: invertible, volume-preserving (GIN)."""

    def __init__(self, first, second):
        super().__init__()
        self.first = first
        self.shift = nn.Sequential(nn.Linear(first, 16), nn.Tanh(), nn.Linear(16, second))

    def forward(self, y):
        left, right = y[:, : self.first], y[:, self.first :]
        return torch.cat([right + self.shift(left), left], dim=1)


class LogRates(nn.Module):
    """z -> (z, 0) -> coupling layers: the logarithms of the firing rates."""

    def __init__(self):
        super().__init__()
        half = NEURONS // 2
        self.layers = nn.Sequential(*[Coupling(half, half) for _ in range(DEPTH)])

    def forward(self, z):
        padded = torch.cat([z, torch.zeros(len(z), NEURONS - N, dtype=z.dtype)], dim=1)
        return self.layers(padded)


with torch.random.fork_rng():
    torch.manual_seed(1)
    log_rates = LogRates().double()

prior = Prior(families.gaussian(), np.stack([means / variances, -1 / (2 * variances)], axis=-1))

#: The published model: counts. f is the logarithm of the mean, as Discrete("poisson") reads it.
model = Model(prior, noise=Discrete("poisson"), mixing=log_rates)


def rates():
    """The rates themselves, exp(log-rates), observed without noise."""
    return Model(prior, noise=Noise.none(), mixing=nn.Sequential(log_rates, Exp()))


class Exp(nn.Module):
    def forward(self, y):
        return torch.exp(y)
