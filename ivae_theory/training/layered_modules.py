"""A trained layered flow run backwards, z -> y, as torch modules that the checker can read."""

from __future__ import annotations

from ivae_theory.mixing.registry import Construction, register_injective
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import torch
from ivae_theory.training.layered import LayeredStack
from ivae_theory.training.modules import affine_module
from ivae_theory.training.splines import invert_splines

__all__ = ["InverseSplines", "layered_mixing"]


class InverseSplines(torch.nn.Module):
    """The inverses of :func:`~ivae_theory.training.splines.splines` with slopes (n, K + 1) at the knots."""

    slopes: torch.Tensor

    def __init__(self, slopes: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("slopes", slopes)

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        """Rows (B, n) to rows (B, n)."""
        return invert_splines(y[None], self.slopes[None].to(y))[0]


def _increasing(layer: InverseSplines) -> Construction | None:
    """The argument, where all slopes are positive."""
    if not bool((torch.isfinite(layer.slopes) & (layer.slopes > 0)).all()):
        return None
    argument = "each coordinate goes through the inverse of a function whose slope is positive everywhere"
    return Construction(f"{InverseSplines.__module__}.{InverseSplines.__qualname__}", argument)


register_injective(InverseSplines, _increasing)


def layered_mixing(stack: LayeredStack, whitening: Whitening) -> torch.nn.Sequential:
    """The inverse of a single replica's flow, back to the coordinates of y, in float64."""
    layers = list[torch.nn.Module]()
    for layer in reversed(range(stack.architecture.layers)):
        weight = stack.weights[f"linear.{layer}"][0].detach()
        matrix = torch.linalg.inv(weight[:-1])
        shift = -weight[-1:] @ matrix
        if layer == 0:
            back = torch.from_numpy(whitening.scale[:, None] * whitening.basis.T)
            matrix, shift = matrix @ back, shift @ back + torch.from_numpy(whitening.mean)
        layers.append(affine_module(torch.cat([matrix, shift])))
        if layer:
            layers.append(InverseSplines(stack.slopes(layer - 1)[0].detach()))
    return torch.nn.Sequential(*layers).eval()
