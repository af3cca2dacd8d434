"""Continuous u: the time index of a nonstationary series, through a tanh network.

u ranges over the interval [0, 10]. The natural parameters of T = z^2 are a network of time; hypothesis (iii) is decided
by evaluating it with enclosures at nk + 1 = 5 points that the check chooses.
"""

import torch
from torch import nn

from ivae_theory import Box, Model, Noise, Prior, families
from ivae_theory.mixing import mlp

N, HIDDEN = 4, 24


class TimeModulation(nn.Module):
    """Time -> natural parameters -1 / (2 variance), variances between .3 and 5."""

    def __init__(self):
        super().__init__()
        self.features = nn.Linear(1, HIDDEN)
        self.log_variance = nn.Linear(HIDDEN, N)
        with torch.no_grad():
            self.features.weight.uniform_(-1.5, 1.5)
            self.features.bias.uniform_(-7.5, 7.5)

    def forward(self, time):
        bounded = 1.5 * torch.tanh(self.log_variance(torch.tanh(self.features(time))))
        return -0.5 * torch.exp(-bounded)


with torch.random.fork_rng():
    torch.manual_seed(3)
    modulation = TimeModulation().double()
    mixing = [torch.linalg.qr(torch.randn(N, N).double())[0].numpy() for _ in range(2)]

model = Model(
    Prior(families.gaussian_scale(), modulation, u=Box(0.0, 10.0)),
    noise=Noise.gaussian(0.01),
    mixing=mlp(mixing, activation="leaky_relu", slope=0.2),
)
