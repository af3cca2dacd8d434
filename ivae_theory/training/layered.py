"""The layered identifiable flow: linear maps with increasing elementwise functions between, by exact likelihood.

The mixings of Section 5 are such maps, and so are their inverses; here ``z = h(x)`` is one with as many layers as asked
for and elementwise functions of any increasing shape (a spline for each coordinate of each layer), so that it does not
presuppose the activation that made the data:

    z = g_{L-1}( .. g_1(w B_1 + b_1) .. ) B_L + b_L,    log |det dz/dw| = sum log |det B_l| + sum log g_l'.

Both halves of the determinant are exact and cheap. Most random starts end in a local maximum of the likelihood, and
those that do not are recognised by it: many replicas are tried, and the best on held-out rows is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import torch
from ivae_theory.training.flow import FlowProblem, FlowStack
from ivae_theory.training.splines import REACH, splines

__all__ = ["LayeredArchitecture", "LayeredProblem", "LayeredStack"]

#: Logarithms of slopes are stored divided by this: Adam moves them as much faster than the linear maps.
SLOPE_SPEED = 3.0


@dataclass(frozen=True)
class LayeredArchitecture:
    """The shape that all replicas share.

    Attributes
    ----------
    n
        Latents, and coordinates of the data.
    labels
        Number M of labels u.
    layers
        Number L of linear maps.
    bins
        Even number K of pieces of each elementwise function.
    location
        Whether the prior's means depend on u (T = (z, z^2)) beside its variances (T = z^2).
    """

    n: int
    labels: int
    layers: int = 4
    bins: int = 24
    location: bool = False

    def __post_init__(self) -> None:
        for name in ("n", "labels", "layers"):
            if getattr(self, name) < 1:
                raise InputError(name, "a whole number >= 1", repr(getattr(self, name)))
        if self.bins < 2 or self.bins % 2:
            raise InputError("bins", "an even number >= 2", repr(self.bins))

    def shapes(self) -> dict[str, tuple[int, int]]:
        """Name and shape of every weight; the last row of a linear map is its shift."""
        result = {"prior": (self.labels, self.n * (2 if self.location else 1))}
        for layer in range(self.layers):
            result[f"linear.{layer}"] = (self.n + 1, self.n)
            if layer < self.layers - 1:
                result[f"slopes.{layer}"] = (self.n, self.bins + 1)
        return result


class LayeredStack(FlowStack):
    """S layered flows and their priors."""

    architecture: LayeredArchitecture  # type: ignore[assignment]

    def _initial(self, name: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
        """Orthogonal maps without shift, bent functions of random direction, unit prior variances.

        A start with straight functions is a saddle: nothing tells one bend from the opposite one.
        """
        if name == "prior":
            return np.zeros(shape)
        if name.startswith("linear"):
            return np.vstack([np.linalg.qr(rng.standard_normal((shape[1], shape[1])))[0], np.zeros(shape[1])])
        knots = np.linspace(-REACH, REACH, shape[1])
        odd, even = rng.standard_normal((2, shape[0], 1))
        logarithms = odd * np.tanh(2.0 * knots) + 0.5 * even * np.tanh(knots**2)
        density = np.exp(-0.5 * knots**2)
        return np.asarray(logarithms - logarithms @ density[:, None] / density.sum()) / SLOPE_SPEED

    def slopes(self, layer: int) -> torch.Tensor:
        """Slopes at the knots (S, n, K + 1) of a layer's functions."""
        return torch.exp(SLOPE_SPEED * self.weights[f"slopes.{layer}"])

    def forward(self, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents (S, B, n) and log |det dz/dw| (S, B) at whitened coordinates w (S or 1, B, n)."""
        layers = self.architecture.layers
        h = w.expand(self.replicas, -1, -1)
        maps = torch.stack([self.weights[f"linear.{layer}"] for layer in range(layers)])
        log_det = torch.linalg.slogdet(maps[..., :-1, :])[1].sum(0).unsqueeze(-1)
        for layer in range(layers):
            h = torch.baddbmm(maps[layer, :, -1:], h, maps[layer, :, :-1])
            if layer < layers - 1:
                h, logarithms = splines(h, self.slopes(layer))
                log_det = log_det + logarithms.sum(-1)
        return h, log_det.expand(-1, w.shape[1])


class LayeredProblem(FlowProblem):
    """A stack of layered flows with its data; the gradient is autograd's."""

    stack: LayeredStack

    def prepare(self, rows: int) -> None:
        """See :class:`~ivae_theory.training.problem.Problem`; nothing is preallocated."""

    def write_gradient(self, rows: torch.Tensor, noise: torch.Tensor) -> None:
        """See :class:`~ivae_theory.training.problem.Problem`; there is no noise."""
        self.gradient.zero_()
        loss = -self.stack.log_likelihood(self.data.design.index_select(1, rows)).mean(-1).sum()
        torch.autograd.backward(loss)

    def diagnose(self, replica: int) -> Any:
        """See :class:`~ivae_theory.training.problem.Problem`; the decoder leads to whitened coordinates."""
        from ivae_theory.training.flow import flow_prior
        from ivae_theory.training.layered_modules import layered_mixing

        alone, n = self.stack.single(replica), self.stack.architecture.n
        here = Whitening(np.zeros(n), np.eye(n), np.ones(n))
        return flow_prior(alone), np.arange(self.stack.architecture.labels), layered_mixing(alone, here)

    def describe(self) -> dict[str, Any]:
        """See :class:`~ivae_theory.training.problem.Problem`."""
        return super().describe() | {"kind": "layered flow"}
