"""A trained flow run backwards, z -> y, as torch modules that the checker can read."""

from __future__ import annotations

from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import torch
from ivae_theory.training.flow import FlowStack
from ivae_theory.training.modules import affine_module, perceptron_module

__all__ = ["InverseCoupling", "flow_mixing"]


class InverseCoupling(torch.nn.Module):
    """``(a, b) -> (a, (b - t(a)) exp(-s(a)))``, the inverse of an affine coupling; ``|s| <= 2``."""

    def __init__(self, network: torch.nn.Module, kept: int, moved: int) -> None:
        super().__init__()
        self.network, self.kept, self.moved = network, kept, moved

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Rows (B, n) to rows (B, n)."""
        a, b = h[..., : self.kept], h[..., self.kept :]
        raw = self.network(a)
        s, t = 2.0 * torch.tanh(0.5 * raw[..., : self.moved]), raw[..., self.moved :]
        return torch.cat([a, (b - t) * torch.exp(-s)], -1)


def flow_mixing(stack: FlowStack, whitening: Whitening) -> torch.nn.Sequential:
    """The inverse of a single replica's flow, back to the coordinates of y, in float64."""
    architecture, weights = stack.architecture, {k: w[0].detach() for k, w in stack.weights.items()}
    kept, moved = architecture.kept, architecture.n - architecture.kept

    def linear(matrix: torch.Tensor, shift: torch.Tensor | None = None) -> torch.nn.Linear:
        row = matrix.new_zeros(1, matrix.shape[1]) if shift is None else shift[None]
        return affine_module(torch.cat([matrix, row]))

    back = torch.from_numpy(whitening.scale[:, None] * whitening.basis.T)
    mean = torch.from_numpy(whitening.mean)
    matrix, layers = torch.linalg.inv(weights["linear.last"]), list[torch.nn.Module]()
    for level in reversed(range(architecture.couplings)):
        network = perceptron_module(
            [weights[f"coupling.{level}.{k}"] for k in range(3)], None, "leaky_relu", architecture.slope
        )
        layers += [linear(matrix), InverseCoupling(network, kept, moved)]
        matrix = torch.linalg.inv(weights[f"linear.{level}"])
    return torch.nn.Sequential(*layers, linear(matrix @ back, mean)).eval()
