"""Continuous u: the previous observation of a time series, u = x_{t-1} in R^3, through a tanh network.

Means and variances of the latents depend on the past; the function returns a torch distribution.
"""

import torch
from torch import nn
from torch.distributions import Normal

from ivae_theory import Box, Model, Noise, Prior
from ivae_theory.mixing import mlp

N, HIDDEN = 3, 20


class Transition(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Linear(N, HIDDEN)
        self.mean = nn.Linear(HIDDEN, N)
        self.log_scale = nn.Linear(HIDDEN, N)

    def forward(self, previous):
        h = torch.tanh(self.features(previous))
        return Normal(2 * self.mean(h), torch.exp(torch.tanh(self.log_scale(h))))


with torch.random.fork_rng():
    torch.manual_seed(5)
    transition = Transition().double()
    mixing = [torch.linalg.qr(torch.randn(N, N).double())[0].numpy() for _ in range(3)]

model = Model(
    Prior.from_torch(transition, u=Box([-float("inf")] * N, [float("inf")] * N)),
    noise=Noise.gaussian(0.01),
    mixing=mlp(mixing, activation="leaky_relu", slope=0.2),
)
