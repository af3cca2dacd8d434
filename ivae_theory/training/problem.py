"""What the loop minimises: something with flat parameters, a gradient at rows of the data, and a loss."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import torch
from ivae_theory.training.gradients import BoundGradient, covers
from ivae_theory.training.natural import natural_parameters, table_prior
from ivae_theory.training.networks import Architecture, Stack
from ivae_theory.training.objectives import Batch, Bound, Objective

if TYPE_CHECKING:
    from ivae_theory.model import Prior

__all__ = ["Problem", "Rows", "VariationalProblem", "auxiliary_columns", "variational_rows"]


class Problem(Protocol):
    """S replicas of something that :class:`~ivae_theory.training.loop.Loop` can train.

    Attributes
    ----------
    flat, gradient
        Parameters and their gradient, one vector each.
    parts
        Views that together make up ``gradient``, the first axis of each being the replica.
    replicas, population, noise_width
        S, number of rows of the data, standard normal numbers that a row needs at each step.
    tempers, factor
        Whether there is a variance of Gaussian observations, and what multiplies it in :meth:`write_gradient`.
    """

    flat: torch.Tensor
    gradient: torch.Tensor
    parts: list[torch.Tensor]
    replicas: int
    population: int
    noise_width: int
    tempers: bool
    factor: float

    def prepare(self, rows: int) -> None:
        """Announce the number of rows of every batch that :meth:`write_gradient` will see."""
        ...

    def write_gradient(self, rows: torch.Tensor, noise: torch.Tensor) -> None:
        """Gradient of the losses' sum at these row numbers, into ``gradient``; ``noise`` (S, rows, noise_width)."""
        ...

    def loss(self, rows: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """(S,) losses, without a graph."""
        ...

    def diagnose(self, replica: int) -> tuple[Prior, NDArray[Any], Callable[[torch.Tensor], torch.Tensor]]:
        """Prior, points u and decoder (B, n) -> (B, d) of a replica, for a Monitor."""
        ...

    def describe(self) -> dict[str, Any]:
        """JSON values that say what is trained on what: a checkpoint of something else is refused."""
        ...


def auxiliary_columns(u: ArrayLike | None, architecture: Architecture, rows: int) -> NDArray[np.float64]:
    """The columns that stand for u in a design (rows, columns): one-hot, ``(u, 1)`` or a constant."""
    if architecture.auxiliary == "none":
        return np.ones((rows, 1))
    if u is None:
        raise InputError("u", f"the auxiliary variable of {rows} rows", "None")
    values = np.asarray(u)
    if len(values) != rows:
        raise InputError("u", f"one row for each of {rows} rows of x", f"{len(values)} rows")
    if architecture.auxiliary == "labels":
        labels = values.reshape(rows, -1)[:, 0]
        numbers = labels.astype(np.int64)
        if (
            values.size != rows
            or (numbers != labels).any()
            or (numbers.min() < 0 or numbers.max() >= architecture.size)
        ):
            raise InputError("u", f"whole numbers from 0 to {architecture.size - 1}", f"shape {values.shape}")
        return np.eye(architecture.size)[numbers]
    vectors = values.reshape(rows, -1).astype(np.float64)
    if vectors.shape[1] != architecture.size:
        raise InputError("u", f"vectors of {architecture.size} coordinates", f"{vectors.shape[1]} coordinates")
    if not np.isfinite(vectors).all():
        raise InputError("u", "finite numbers", "NaN or infinity")
    return np.concatenate([vectors, np.ones((rows, 1))], 1)


@dataclass(frozen=True, eq=False)
class Rows:
    """Data sets as tensors: one that all replicas share, or one for each replica.

    Attributes
    ----------
    design, target, precision, noise_variance
        As in :class:`~ivae_theory.training.objectives.Batch`, for all N rows.
    digest
        SHA-256 of what was given.
    """

    design: torch.Tensor
    target: torch.Tensor
    precision: torch.Tensor | None
    noise_variance: float
    digest: str

    @classmethod
    def gather(
        cls,
        sets: Sequence[NDArray[np.float64]],
        columns: NDArray[np.float64],
        whitenings: Sequence[Whitening],
        like: torch.Tensor,
        *,
        noise_variance: float = 1.0,
        bits: bool = False,
    ) -> Rows:
        """Data sets (N, d), each in its own whitened coordinates.

        ``columns`` stand for u: (N, c) common to all, or (sets, N, c). The decoder's target is x itself where it
        consists of ``bits``.
        """
        if not 0 < noise_variance < np.inf:
            raise InputError("noise_variance", "a finite number > 0", repr(noise_variance))
        each = np.broadcast_to(columns, (len(sets), *columns.shape[-2:]))
        designs = [np.concatenate([w.apply(x), c], 1) for x, c, w in zip(sets, each, whitenings, strict=True)]
        design = torch.from_numpy(np.stack(designs)).to(like)
        digest = hashlib.sha256(columns.tobytes())
        for x in sets:
            digest.update(np.ascontiguousarray(x, np.float64).tobytes())
        if bits:
            target = torch.from_numpy(np.stack(sets)).to(like)
            return cls(design, target, None, noise_variance, digest.hexdigest())
        precision = np.stack([w.scale**2 / noise_variance for w in whitenings])[:, None]
        target = design[..., : sets[0].shape[1]]
        return cls(design, target, torch.from_numpy(precision).to(like), noise_variance, digest.hexdigest())

    def __len__(self) -> int:
        return int(self.design.shape[1])

    def batch(self, rows: torch.Tensor) -> Batch:
        """These rows."""
        design = self.design.index_select(1, rows)
        if self.precision is None:
            return Batch(design, self.target.index_select(1, rows), None, self.noise_variance)
        return Batch(design, design[..., : self.target.shape[-1]], self.precision, self.noise_variance)


def variational_rows(
    x: NDArray[np.float64], u: ArrayLike | None, whitening: Whitening, stack: Stack, noise_variance: float
) -> Rows:
    """One data set for a stack of (i)VAEs."""
    architecture = stack.architecture
    columns = auxiliary_columns(u, architecture, len(x))
    bits = architecture.observation == "bernoulli"
    return Rows.gather([x], columns, [whitening], stack.flat, noise_variance=noise_variance, bits=bits)


class VariationalProblem:
    """A stack of (i)VAEs with its objective and data.

    The gradient is the hand-derived one where there is one, and autograd's otherwise. ``capturable`` says that a step
    may be captured as a CUDA graph.
    """

    capturable = True

    def __init__(self, stack: Stack, objective: Objective, data: Rows) -> None:
        self.stack, self.objective, self.data = stack, objective, data
        self.flat, self.gradient = stack.flat, stack.gradient
        self.parts = list(stack.gradients.values())
        self.replicas, self.population = stack.replicas, len(data)
        self.noise_width = stack.architecture.n * objective.draws
        self.tempers, self.factor = data.precision is not None, 1.0
        self._fast: BoundGradient | None = None

    def prepare(self, rows: int) -> None:
        """Allocate what the hand-derived gradient needs for batches of this size."""
        if covers(self.stack, self.objective) and (self._fast is None or self._fast.rows != rows):
            assert isinstance(self.objective, Bound)
            self._fast = BoundGradient(self.stack, self.objective, rows)

    def write_gradient(self, rows: torch.Tensor, noise: torch.Tensor) -> None:
        """See :class:`Problem`."""
        batch = self.data.batch(rows)
        if self.factor != 1.0 and batch.precision is not None:
            batch = replace(
                batch, precision=batch.precision / self.factor, noise_variance=batch.noise_variance * self.factor
            )
        if self._fast is not None:
            self._fast(batch, noise)
            return
        self.gradient.zero_()
        torch.autograd.backward(self.objective.loss(self.stack, batch, self._shaped(noise)).sum())

    @torch.no_grad()
    def loss(self, rows: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """See :class:`Problem`."""
        return self.objective.loss(self.stack, self.data.batch(rows), self._shaped(noise))

    def losses_at(
        self, weights: Mapping[str, torch.Tensor], rows: torch.Tensor, noise: torch.Tensor, factor: torch.Tensor
    ) -> torch.Tensor:
        """(S,) losses as a function of the weights, up to a constant; ``factor`` multiplies the variance."""
        stack = copy.copy(self.stack)
        stack.weights = dict(weights)
        batch = self.data.batch(rows)
        if batch.precision is not None:
            batch = Batch(batch.design, batch.target, batch.precision / factor, batch.noise_variance)
        return self.objective.loss(stack, batch, self._shaped(noise))

    def _shaped(self, noise: torch.Tensor) -> torch.Tensor:
        """(S, B, draws * n) as (S, B * draws, n)."""
        return noise.reshape(noise.shape[0], -1, self.stack.architecture.n)

    def diagnose(self, replica: int) -> tuple[Prior, NDArray[Any], Callable[[torch.Tensor], torch.Tensor]]:
        """See :class:`Problem`; the decoder is in whitened coordinates, which changes all signs or none."""
        alone = self.stack.single(replica)
        architecture = self.stack.architecture
        if architecture.auxiliary == "vector":
            raise InputError("u", "labels (or none) for a diagnosis", "vectors")
        count = architecture.size if architecture.prior != "fixed" else 1
        table = natural_parameters(alone, torch.eye(count, architecture.columns, dtype=alone.dtype)).detach()
        prior = table_prior(architecture, table.numpy())
        return prior, np.arange(count), lambda z: alone.decode(z[None])[0]

    def describe(self) -> dict[str, Any]:
        """See :class:`Problem`."""
        return {
            "kind": "variational",
            "architecture": asdict(self.stack.architecture),
            "seeds": list(self.stack.seeds),
            "dtype": str(self.stack.dtype),
            "objective": {"name": type(self.objective).__name__, **asdict(self.objective)},  # type: ignore[call-overload]
            "noise_variance": self.data.noise_variance,
            "data": self.data.digest,
        }
