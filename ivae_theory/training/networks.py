"""Stacked replicas: S networks of one shape whose parameters lie in one flat vector.

Replica s of every weight is a slice of one tensor (S, inputs + 1, outputs), the bias its last row, so that one layer of
all replicas is one batched matrix product and the number of kernels does not depend on S. The networks of Section 5:
the encoder ``g, sigma^2`` of ``(x, u)`` (one trunk, its heads one product), the decoder ``f`` of ``z``, the conditional
prior ``lambda`` of ``u``.

``u`` enters as columns beside x: one-hot labels, whose rows also serve as biases, or ``(u, 1)``, or a constant 1 where
the model does not see ``u``. A look-up table for lambda is a one-layer network of the one-hot columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.extras import torch
from ivae_theory.training.mixing import ACTIVATIONS
from ivae_theory.training.replicas import Replicas

__all__ = ["Architecture", "PriorValues", "Stack", "activate"]

_CHOICES = {
    "auxiliary": ("none", "labels", "vector"),
    "activation": ACTIVATIONS,
    "prior": ("fixed", "table", "mlp"),
    "law": ("gaussian", "laplace"),
    "posterior": ("diagonal", "full"),
    "observation": ("gaussian", "bernoulli"),
}


@dataclass(frozen=True)
class Architecture:
    """The shape that all replicas of a stack share.

    Attributes
    ----------
    n, d
        Latents and observed coordinates.
    auxiliary, size
        How the networks see u: ``labels`` (size M of them), ``vector`` (size m coordinates), ``none`` (size 0).
    width, layers, activation, slope
        Of encoder, decoder and an ``mlp`` prior.
    prior
        ``fixed``: the standard law, as in a VAE. ``table``: lambda by look-up, a row a label. ``mlp``: a network of u.
    law, location, scale
        The prior given u: Gaussian (mean where ``location``, variance where ``scale``) or Laplace (scale alone).
    posterior
        q(z|x,u) Gaussian with ``diagonal`` covariance (the paper) or ``full`` (Cholesky factor from the encoder).
    observation
        ``gaussian`` with a known variance, or ``bernoulli`` with the decoder's outputs as logits.
    skip
        A linear map beside encoder and decoder, added to their outputs.
    """

    n: int
    d: int
    auxiliary: str = "labels"
    size: int = 0
    width: int = 50
    layers: int = 3
    activation: str = "leaky_relu"
    slope: float = 0.1
    prior: str = "table"
    law: str = "gaussian"
    location: bool = False
    scale: bool = True
    posterior: str = "diagonal"
    observation: str = "gaussian"
    skip: bool = False

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise InputError(name, f"one of {', '.join(choices)}", repr(getattr(self, name)))
        for name in ("n", "d", "width", "layers"):
            if getattr(self, name) < 1:
                raise InputError(name, "a whole number >= 1", repr(getattr(self, name)))
        if (self.size >= 1) != (self.auxiliary != "none"):
            raise InputError("size", "0 without u, and at least 1 with it", f"{self.size} with {self.auxiliary!r}")
        if self.prior == "table" and self.auxiliary != "labels":
            raise InputError("prior", "'table' with labels alone (use 'mlp' for vectors)", repr(self.auxiliary))
        if self.prior == "mlp" and self.auxiliary == "none":
            raise InputError("prior", "'fixed' for a model that does not see u", "'mlp'")
        if self.prior != "fixed" and not (self.location or self.scale):
            raise InputError("prior", "location or scale to depend on u", "neither")
        if self.law == "laplace" and self.location:
            raise InputError("location", "False for Laplace (not an exponential family in its location)", "True")

    @property
    def columns(self) -> int:
        """Columns that stand for u in the encoder's input, biases included."""
        return {"none": 1, "labels": self.size, "vector": self.size + 1}[self.auxiliary]

    @property
    def encoder_outputs(self) -> int:
        """Means, log standard deviations and, for a full covariance, the entries below the Cholesky diagonal."""
        return 2 * self.n + (self.n * (self.n - 1) // 2 if self.posterior == "full" else 0)

    @property
    def prior_outputs(self) -> int:
        """Columns of the prior's network: means where they depend on u, then log variances (Laplace: log scales)."""
        return 0 if self.prior == "fixed" else self.n * (int(self.location) + int(self.scale))

    def shapes(self) -> dict[str, tuple[int, int]]:
        """Name and (inputs, outputs) of every weight; the inputs count the bias where there is one."""
        hidden = [self.width] * (self.layers - 1)
        result: dict[str, tuple[int, int]] = {}
        for name, first, last in (
            ("encoder", self.d + self.columns, self.encoder_outputs),
            ("decoder", self.n + 1, self.d),
        ):
            _chain(result, name, first, hidden, last)
            if self.skip:
                result[f"{name}.skip"] = (first, last)
        if self.prior != "fixed":
            _chain(result, "prior", self.columns, hidden if self.prior == "mlp" else [], self.prior_outputs)
        return result


def _chain(into: dict[str, tuple[int, int]], name: str, first: int, hidden: Sequence[int], last: int) -> None:
    """Shapes of a multilayer perceptron; hidden layers hand on one constant column, which carries the next bias."""
    inputs = first
    for level, outputs in enumerate([*hidden, last]):
        into[f"{name}.{level}"] = (inputs, outputs)
        inputs = outputs + 1


def activate(h: torch.Tensor, name: str, slope: float) -> torch.Tensor:
    """The activation of :mod:`ivae_theory.training.mixing`, on tensors."""
    return torch.nn.functional.leaky_relu(h, slope) if name == "leaky_relu" else torch.tanh(h) + slope * h


@dataclass(frozen=True, eq=False)
class PriorValues:
    """The prior at a batch: ``location`` and ``log_scale`` (S, B, n), or None where they are 0.

    ``log_scale`` is the log *variance* of a Gaussian and the log scale ``b`` of a Laplace law.
    """

    location: torch.Tensor | None
    log_scale: torch.Tensor | None


class Stack(Replicas):
    """S replicas of encoder, decoder and prior, as plain functions of the weights."""

    architecture: Architecture

    def _initial(self, name: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
        """Uniform on +-1/sqrt(inputs) as in ``torch.nn.Linear``; tables of lambda and skips start near 0."""
        table = name.startswith("prior") and self.architecture.prior == "table"
        bound = 0.01 if table or name.endswith("skip") else 1.0 / math.sqrt(shape[0])
        return rng.uniform(-bound, bound, shape)

    def network(self, name: str, inputs: torch.Tensor) -> torch.Tensor:
        """The network called ``name`` (encoder, decoder, prior) at ``inputs`` (S, B, columns), biases included."""
        architecture, h, level = self.architecture, inputs.expand(self.replicas, -1, -1), 0
        h = torch.bmm(h, self.weights[f"{name}.0"])
        while f"{name}.{level + 1}" in self.weights:
            level += 1
            weight = self.weights[f"{name}.{level}"]
            h = activate(h, architecture.activation, architecture.slope)
            h = torch.bmm(h, weight[:, :-1]) + weight[:, -1:]  # a compiler joins the sum to what comes next
        if f"{name}.skip" in self.weights:
            h = torch.baddbmm(h, inputs.expand(self.replicas, -1, -1), self.weights[f"{name}.skip"])
        return h

    def encode(self, design: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Mean, log standard deviations (log Cholesky diagonal), strict lower triangle (S, B, n, n) or None."""
        n, out = self.architecture.n, self.network("encoder", design)
        if self.architecture.posterior == "diagonal":
            return out[..., :n], out[..., n:], None
        rows, columns = torch.tril_indices(n, n, -1)
        lower = out.new_zeros(*out.shape[:-1], n, n)
        lower[..., rows, columns] = out[..., 2 * n :]
        return out[..., :n], out[..., n : 2 * n], lower

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """f(z) (S, B, d) at latents (S, B, n), in the coordinates in which the stack is trained."""
        return self.network("decoder", torch.nn.functional.pad(z, (0, 1), value=1.0))

    def prior(self, design: torch.Tensor) -> PriorValues:
        """The prior at a batch of the encoder's inputs."""
        architecture = self.architecture
        if architecture.prior == "fixed":
            return PriorValues(None, None)
        out = self.network("prior", design[..., architecture.d :])
        location = out[..., : architecture.n] if architecture.location else None
        return PriorValues(location, out[..., -architecture.n :] if architecture.scale else None)
