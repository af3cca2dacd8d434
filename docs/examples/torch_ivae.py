"""An iVAE as people write it in torch, trained briefly, with each outcome of the injectivity check.

The prior's log-variances are an MLP of the one-hot segment label; the decoder is an MLP with two hidden layers of 50
leaky-ReLU units. What its injectivity check says depends on the number of observed coordinates:

- ``model``, d = 5 = n: refuted, by two points whose Jacobian determinants have opposite signs;
- ``wide``, d = 50: proved, every layer is injective;
- ``tall``, d = 20: undecided, the last layer alone is not injective and no collision is known.
"""

from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Normal, kl_divergence

from ivae_theory import Model, Noise, Prior

N, SEGMENTS, HIDDEN, SIGMA = 5, 40, 50, 0.1


class Decoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.first = nn.Linear(N, HIDDEN)
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, d)

    def forward(self, z):
        h = F.leaky_relu(self.first(z), 0.1)
        h = F.leaky_relu(self.second(h), 0.1)
        return self.last(h)


class IVAE(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.decoder = Decoder(d)
        self.log_variance = nn.Sequential(nn.Linear(SEGMENTS, HIDDEN), nn.LeakyReLU(0.1), nn.Linear(HIDDEN, N))
        self.encoder = nn.Sequential(nn.Linear(d + SEGMENTS, HIDDEN), nn.LeakyReLU(0.1), nn.Linear(HIDDEN, 2 * N))

    def prior(self, u):
        return Normal(torch.zeros(len(u), N), torch.exp(0.5 * self.log_variance(u)))

    def posterior(self, x, u):
        mean, log_scale = self.encoder(torch.cat([x, u], dim=1)).chunk(2, dim=1)
        return Normal(mean, torch.exp(log_scale))

    def elbo(self, x, u):
        q = self.posterior(x, u)
        likelihood = Normal(self.decoder(q.rsample()), SIGMA).log_prob(x).sum(1)
        return (likelihood - kl_divergence(q, self.prior(u)).sum(1)).mean()


def data(d, count, generator):
    """Section 5's sources, mixed by a fixed random network."""
    label = torch.randint(SEGMENTS, (count,), generator=generator)
    scale = torch.rand(SEGMENTS, N, generator=generator).mul(2.5).add(0.5).sqrt()
    z = scale[label] * torch.randn(count, N, generator=generator)
    first, second = torch.randn(N, N, generator=generator), torch.randn(N, d, generator=generator)
    x = F.leaky_relu(z @ first, 0.2) @ second / N
    return x + SIGMA * torch.randn(count, d, generator=generator), F.one_hot(label, SEGMENTS).float()


@cache
def trained(d, steps=100):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = IVAE(d)
        x, u = data(d, 3000, torch.Generator().manual_seed(1))
        optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
        for _ in range(steps):
            batch = torch.randint(len(x), (256,))
            optimiser.zero_grad()
            (-net.elbo(x[batch], u[batch])).backward()
            optimiser.step()
    net = net.eval()
    return Model(
        Prior.from_torch(net.prior, u=np.eye(SEGMENTS)),
        noise=Noise.gaussian(SIGMA**2),
        mixing=net.decoder,
        posterior=net.posterior,
    )


def model():
    return trained(5)


def wide():
    return trained(50)


def tall():
    return trained(20)
