"""Torch modules that stand for what was generated or learned, so that the checker can read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ivae_theory.training.extras import torch

if TYPE_CHECKING:
    from ivae_theory.training.mixing import MixingNetwork

__all__ = ["LeakyTanh", "Residual", "activation_module", "mixing_module", "perceptron_module"]


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


class Residual(torch.nn.Module):
    """A network plus an affine map of the same inputs."""

    def __init__(self, network: torch.nn.Module, affine: torch.nn.Linear) -> None:
        super().__init__()
        self.network, self.affine = network, affine

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Sum of both; shape (B, outputs)."""
        total: torch.Tensor = self.network(x) + self.affine(x)
        return total


def affine_module(weight: torch.Tensor) -> torch.nn.Linear:
    """``x -> x @ weight[:-1] + weight[-1]`` as a ``Linear`` in float64."""
    linear = torch.nn.Linear(weight.shape[0] - 1, weight.shape[1], dtype=torch.float64)
    with torch.no_grad():
        linear.weight.copy_(weight[:-1].mT)
        linear.bias.copy_(weight[-1])
    return linear


def perceptron_module(
    weights: Sequence[torch.Tensor], skip: torch.Tensor | None, activation: str, slope: float
) -> torch.nn.Module:
    """A multilayer perceptron from matrices (inputs + 1, outputs) whose last rows are biases, in float64."""
    layers: list[torch.nn.Module] = []
    for level, weight in enumerate(weights):
        layers += [activation_module(activation, slope)] if level else []
        layers.append(affine_module(weight))
    network = torch.nn.Sequential(*layers)
    return (network if skip is None else Residual(network, affine_module(skip))).eval()
