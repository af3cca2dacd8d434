"""The plain PyTorch loop: one iVAE, DataLoader, torch.optim.Adam, a step at a time, as people write it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from ivae_theory.training import simulate

__all__ = ["PlainIVAE", "plain_steps"]


def perceptron(inputs: int, outputs: int, width: int = 50) -> torch.nn.Sequential:
    """Three layers with leaky ReLU."""
    first, second, last = (torch.nn.Linear(i, o) for i, o in ((inputs, width), (width, width), (width, outputs)))
    return torch.nn.Sequential(first, torch.nn.LeakyReLU(0.1), second, torch.nn.LeakyReLU(0.1), last)


class PlainIVAE(torch.nn.Module):
    """u one-hot beside x, Eq. (8) with the KL term in closed form.

    With ``paper``, separate perceptrons for g, sigma^2 and lambda as in the paper; otherwise the stack's architecture.
    """

    def __init__(self, n: int, d: int, labels: int, paper: bool) -> None:
        super().__init__()
        self.n, self.paper = n, paper
        self.decoder = perceptron(n, d)
        if paper:
            self.mean, self.log_variance = perceptron(d + labels, n), perceptron(d + labels, n)
            self.prior = perceptron(labels, n)
        else:
            self.encoder = perceptron(d + labels, 2 * n)
            self.prior = torch.nn.Sequential(torch.nn.Linear(labels, n, bias=False))

    def forward(self, x: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        """Minus the bound of a batch."""
        both = torch.cat([x, u], 1)
        if self.paper:
            mean, log_variance = self.mean(both), self.log_variance(both)
        else:
            mean, log_variance = self.encoder(both).chunk(2, 1)
        z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        prior = self.prior(u)
        divergence = 0.5 * (prior - log_variance - 1 + (log_variance.exp() + mean**2) * (-prior).exp()).sum(1)
        error = ((x - self.decoder(z)) ** 2).sum(1) / 0.01
        loss: torch.Tensor = (0.5 * error + 0.5 * x.shape[1] * math.log(2 * math.pi * 0.01) + divergence).mean()
        return loss


def plain_steps(paper: bool, batch: int) -> Iterator[None]:
    """Training on Section 5's data for ever; a step between two items."""
    torch.manual_seed(0)
    data = simulate("paper", 0)
    x = torch.from_numpy(data.x).float()
    u = torch.nn.functional.one_hot(torch.from_numpy(data.u), 40).float()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, u), batch_size=batch, shuffle=True)
    model = PlainIVAE(5, 5, 40, paper)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    while True:
        for batch_x, batch_u in loader:
            loss = model(batch_x, batch_u)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            yield
