"""S replicas of one set of weights in one flat vector, for one optimiser step of all of them."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.extras import torch

__all__ = ["Replicas"]


class Replicas(abc.ABC):
    """Weights (S, inputs, outputs) that share one vector, and so do their gradients.

    Parameters
    ----------
    architecture
        What all replicas share; its ``shapes()`` maps the name of every weight to (inputs, outputs).
    seeds
        One seed a replica; its initial weights depend on nothing else.
    dtype, device
        Of all tensors.

    Attributes
    ----------
    flat, gradient
        All parameters, and their gradient, as two vectors.
    weights
        Name -> leaf tensor that shares ``flat``'s memory; its ``.grad`` shares ``gradient``'s.
    gradients
        Name -> that ``.grad``.
    """

    def __init__(
        self,
        architecture: Any,
        seeds: Sequence[int],
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        if not seeds:
            raise InputError("seeds", "at least one seed", "none")
        self.architecture, self.seeds = architecture, tuple(int(seed) for seed in seeds)
        self.dtype, self.device = dtype, _usable(device)
        shapes: dict[str, tuple[int, int]] = architecture.shapes()
        total = len(self.seeds) * sum(inputs * outputs for inputs, outputs in shapes.values())
        self.flat = torch.zeros(total, dtype=dtype, device=self.device)
        self.gradient = torch.zeros_like(self.flat)
        self.weights: dict[str, torch.Tensor] = {}
        self.gradients: dict[str, torch.Tensor] = {}
        start = 0
        for name, (inputs, outputs) in shapes.items():
            stop = start + len(self.seeds) * inputs * outputs
            weight = self.flat[start:stop].view(len(self.seeds), inputs, outputs).requires_grad_()
            gradient = self.gradient[start:stop].view_as(weight)
            weight.grad = gradient
            self.weights[name], self.gradients[name], start = weight, gradient, stop
        with torch.no_grad():
            for replica, seed in enumerate(self.seeds):
                rng = np.random.default_rng([seed, 0x1F4E])
                for name, weight in self.weights.items():
                    weight[replica] = torch.from_numpy(self._initial(name, shapes[name], rng))

    @abc.abstractmethod
    def _initial(self, name: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
        """Initial value of one replica's weight."""

    @property
    def replicas(self) -> int:
        """Number of replicas S."""
        return len(self.seeds)

    def single(self, index: int, dtype: torch.dtype = torch.float64) -> Self:
        """One replica by itself, on the CPU."""
        return self._copied([index], dtype, torch.device("cpu"))

    def select(self, indices: Sequence[int]) -> Self:
        """These replicas, where they are."""
        return self._copied(indices, self.dtype, self.device)

    def _copied(self, indices: Sequence[int], dtype: torch.dtype, device: torch.device) -> Self:
        chosen = type(self)(self.architecture, [self.seeds[i] for i in indices], dtype=dtype, device=device)
        with torch.no_grad():
            for name, weight in chosen.weights.items():
                weight.copy_(self.weights[name][list(indices)])
        return chosen


def _usable(device: torch.device | str) -> torch.device:
    """The device, if this installation of torch can use it."""
    try:
        chosen = torch.device(device)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:
        raise InputError("device", "a torch device of this machine", f"{device!r}: {str(error)[:80]}") from None
    return chosen
