"""The layered flow as an estimator: many short runs, then a long one of the best."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.choice import best_replica, floating
from ivae_theory.training.extras import torch
from ivae_theory.training.flow import FlowStack
from ivae_theory.training.flow_estimator import IdentifiableFlow
from ivae_theory.training.layered import LayeredArchitecture, LayeredProblem, LayeredStack
from ivae_theory.training.layered_modules import layered_mixing
from ivae_theory.training.loop import Loop, Schedule
from ivae_theory.training.problem import Rows

__all__ = ["EXPLORATION", "LAYERED_SCHEDULE", "LayeredFlow"]

Array = NDArray[np.float64]

#: What works for n = d = 5: a short cycle for all replicas, and a long one for those that it leaves in front.
EXPLORATION = Schedule(steps=600, batch=256, learning_rate=1e-2, warmup=60, clip=50.0)
LAYERED_SCHEDULE = Schedule(steps=2500, batch=512, learning_rate=1e-2, warmup=250, clip=50.0)


class LayeredFlow(IdentifiableFlow):
    """Maximum likelihood for ``y = f(z)``, f a composition of linear maps and increasing elementwise functions.

    The elementwise functions have any increasing shape; which one made the data is not presupposed. ``y`` is x, or its
    projection for n < d, exactly as in :class:`~ivae_theory.training.IdentifiableFlow`, and the attributes after
    :meth:`fit` are the same.

    Parameters
    ----------
    n_latents, family, held_out, seed, dtype, device, progress, callback
        As in :class:`~ivae_theory.training.IdentifiableFlow`.
    layers, bins
        Number of linear maps, and of pieces of every elementwise function between them.
    replicas, finalists
        How many random starts are explored, and how many of them (all, where there are fewer), chosen by likelihood
        on held-out rows, go on.
    exploration, schedule
        Of all replicas (default :data:`EXPLORATION`), then of the finalists (default :data:`LAYERED_SCHEDULE`).
    checkpoint
        File of the finalists' run; that of the exploration stands beside it, its name followed by ``.exploration``.

    Further attributes after :meth:`fit`
    ------------------------------------
    exploration_history_, exploration_likelihoods_
        Losses and held-out likelihoods of all replicas that were explored.
    finalists_
        Numbers of those that went on, the best first; ``replicas_`` and ``likelihoods_`` are theirs, in this order.
    """

    def __init__(
        self,
        n_latents: int | None = None,
        *,
        family: str = "gaussian_scale",
        layers: int = 4,
        bins: int = 24,
        replicas: int = 16,
        finalists: int = 5,
        held_out: float = 0.1,
        exploration: Schedule | None = None,
        schedule: Schedule | None = None,
        seed: int = 0,
        dtype: str = "float32",
        device: str = "cpu",
        checkpoint: str | None = None,
        progress: bool = False,
        callback: Callable[[Loop], None] | None = None,
    ) -> None:
        self.n_latents, self.family, self.layers, self.bins = n_latents, family, layers, bins
        self.replicas, self.finalists, self.held_out = replicas, finalists, held_out
        self.exploration, self.schedule, self.seed = exploration, schedule, seed
        self.dtype, self.device, self.checkpoint = dtype, device, checkpoint
        self.progress, self.callback = progress, callback

    def fit(self, x: ArrayLike, u: ArrayLike) -> Self:
        """Train on observations (N, d) and labels (N,)."""
        if self.finalists < 1:
            raise InputError("finalists", "a whole number >= 1", repr(self.finalists))
        return super().fit(x, u)

    def _untrained(self, n: int, seeds: list[int]) -> FlowStack:
        architecture = LayeredArchitecture(n, len(self.labels_), self.layers, self.bins, self._location())
        return LayeredStack(architecture, seeds, dtype=floating(self.dtype), device=self.device)

    def _train(self, stack: FlowStack, rows: Rows, y: Array, columns: Array) -> FlowStack:
        path = None if self.checkpoint is None else Path(self.checkpoint)
        beside = None if path is None else str(path.with_name(path.name + ".exploration"))
        exploration = EXPLORATION if self.exploration is None else self.exploration
        history = self._run(LayeredProblem(stack, rows), exploration, beside)
        likelihoods = self._likelihoods(stack, history, y, columns)
        best_replica(likelihoods, history)  # one must be finite; lost ones are reported
        order = np.argsort(-np.nan_to_num(likelihoods, nan=-np.inf), kind="stable")
        self.finalists_ = order[: min(self.finalists, int(np.isfinite(likelihoods).sum()))]
        self.exploration_history_, self.exploration_likelihoods_ = history, likelihoods
        finalists = stack.select(self.finalists_.tolist())
        schedule = LAYERED_SCHEDULE if self.schedule is None else self.schedule
        self.history_ = self._run(LayeredProblem(finalists, rows), schedule, self.checkpoint)
        self.likelihoods_ = self._likelihoods(finalists, self.history_, y, columns)
        return finalists

    def _mixing(self, stack: FlowStack) -> torch.nn.Module:
        assert isinstance(stack, LayeredStack)
        return layered_mixing(stack, self.whitening_)
