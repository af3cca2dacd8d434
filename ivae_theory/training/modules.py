"""Torch modules that stand for what was generated or learned, so that the checker can read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivae_theory.training.extras import torch

if TYPE_CHECKING:
    from ivae_theory.training.mixing import MixingNetwork

__all__ = ["LeakyTanh", "activation_module", "mixing_module"]


class LeakyTanh(torch.nn.Module):
    """``tanh(x) + slope * x``, elementwise: the leaky hyperbolic tangent of Section 5, strictly increasing."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The activation; same shape as ``x``."""
        return torch.tanh(x) + self.slope * x


def activation_module(name: str, slope: float) -> torch.nn.Module:
    """The activation called ``name`` (see :data:`ivae_theory.training.mixing.ACTIVATIONS`) as a module."""
    return torch.nn.LeakyReLU(slope) if name == "leaky_relu" else LeakyTanh(slope)


def mixing_module(network: MixingNetwork) -> torch.nn.Sequential:
    """A :class:`MixingNetwork` as a ``Sequential`` of ``Linear`` (no bias) and activations, in float64."""
    layers: list[torch.nn.Module] = []
    for level, matrix in enumerate(network.weights):
        if level:
            layers.append(activation_module(network.activation, network.slope))
        linear = torch.nn.Linear(matrix.shape[0], matrix.shape[1], bias=False, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(matrix.T))
        layers.append(linear)
    return torch.nn.Sequential(*layers).eval()
