"""An identifiable flow: n = d, additive coupling layers, exact likelihood, Laplace latents with modulated scales.

Each coupling layer adds a network of one half of the coordinates to the other half and swaps the halves, so it is
injective whatever the networks are. T = |z|, k = 1.
"""

import numpy as np
import torch
from torch import nn
from torch.distributions import Laplace

from ivae_theory import Model, Noise, Prior

N, SEGMENTS, DEPTH = 4, 12, 4


class Coupling(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = nn.Sequential(nn.Linear(N // 2, 16), nn.Tanh(), nn.Linear(16, N // 2))

    def forward(self, z):
        first, second = z[:, : N // 2], z[:, N // 2 :]
        return torch.cat([second + self.shift(first), first], dim=1)


class Scales(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_scale = nn.Embedding(SEGMENTS, N)

    def forward(self, u):
        return Laplace(torch.zeros(len(u), N), torch.exp(0.5 * self.log_scale(u[:, 0])))


with torch.random.fork_rng():
    torch.manual_seed(7)
    flow = nn.Sequential(*[Coupling() for _ in range(DEPTH)])
    scales = Scales()

model = Model(Prior.from_torch(scales, u=np.arange(SEGMENTS)), noise=Noise.none(), mixing=flow)
