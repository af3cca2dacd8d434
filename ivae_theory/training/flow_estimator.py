"""The identifiable flow as an estimator."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.choice import best_replica, check_fitted, floating, replica_seeds, split_rows
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import need, torch
from ivae_theory.training.flow import FlowArchitecture, FlowProblem, FlowStack, flow_prior
from ivae_theory.training.flow_modules import flow_mixing
from ivae_theory.training.labels import as_labels, label_numbers, observations
from ivae_theory.training.loop import History, Loop, Schedule
from ivae_theory.training.problem import Rows

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from ivae_theory.model import Model
else:
    BaseEstimator = need("sklearn.base", "estimators").BaseEstimator

__all__ = ["FLOW_SCHEDULE", "IdentifiableFlow"]

Array = NDArray[np.float64]

#: What works for n = d = 5: one cycle up to 2e-3, gradients clipped.
FLOW_SCHEDULE = Schedule(steps=12_000, batch=512, learning_rate=2e-3, warmup=1200, clip=50.0)
_CHUNK = 8192


class IdentifiableFlow(BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Maximum likelihood for ``y = f(z)`` with invertible f and the conditional prior of Eq. (7).

    ``y`` is x itself for n = d. For n < d it is the projection of x on its first n principal components (``y = (x -
    mean_) @ projection_``), and everything below is about y: the likelihood, ``model_`` and ``sample``. What x has
    beside these components is left out.

    Parameters
    ----------
    n_latents
        Number of latents n; None: as many as x has coordinates.
    family
        ``gaussian_scale`` (T = z^2, mean 0) or ``gaussian`` (T = (z, z^2)).
    couplings, width
        Of the flow: coupling layers (None: 10, or 0 for one latent), and units of their networks' two hidden layers.
    replicas, held_out, schedule, seed, dtype, device, checkpoint, progress, callback
        As in :class:`~ivae_theory.training.IVAE`; the default schedule is :data:`FLOW_SCHEDULE`.

    Attributes after :meth:`fit`
    ----------------------------
    model_
        :class:`ivae_theory.Model` of y, without noise.
    replicas_
        All replicas, each a stack of its own.
    likelihoods_, chosen_
        Mean log p(y|u) of every replica on held-out rows (NaN where lost), and the best one's number.
    history_
        Losses during training, in whitened coordinates.
    """

    def __init__(
        self,
        n_latents: int | None = None,
        *,
        family: str = "gaussian_scale",
        couplings: int | None = None,
        width: int = 64,
        replicas: int = 2,
        held_out: float = 0.1,
        schedule: Schedule | None = None,
        seed: int = 0,
        dtype: str = "float32",
        device: str = "cpu",
        checkpoint: str | None = None,
        progress: bool = False,
        callback: Callable[[Loop], None] | None = None,
    ) -> None:
        self.n_latents, self.family, self.couplings, self.width = n_latents, family, couplings, width
        self.replicas, self.held_out, self.schedule, self.seed = replicas, held_out, schedule, seed
        self.dtype, self.device, self.checkpoint = dtype, device, checkpoint
        self.progress, self.callback = progress, callback

    def fit(self, x: ArrayLike, u: ArrayLike) -> Self:
        """Train on observations (N, d) and labels (N,)."""
        values, labels = observations(x), as_labels(u)
        if len(labels) != len(values):
            raise InputError("u", f"one label for each of {len(values)} rows", f"{len(labels)}")
        self.labels_ = np.unique(labels)
        columns = np.eye(len(self.labels_))[label_numbers(u, self.labels_)]
        train, held = split_rows(len(values), self.held_out, self.seed)
        self._project(values[train])
        y = self._projected(values)
        self.whitening_ = Whitening.fit(y[train])
        stack = self._untrained(y.shape[1], replica_seeds(self.seed, self.replicas))
        rows = Rows.gather([y[train]], columns[train], [self.whitening_], stack.flat)
        stack = self._train(stack, rows, y[held], columns[held])
        self.chosen_ = best_replica(self.likelihoods_, self.history_)
        self.replicas_ = [stack.single(replica) for replica in range(stack.replicas)]
        self.stack_ = self.replicas_[self.chosen_]
        self.__dict__.pop("model_", None)
        self.n_features_in_ = values.shape[1]
        return self

    def _untrained(self, n: int, seeds: list[int]) -> FlowStack:
        """Replicas at their start."""
        couplings = (10 if n > 1 else 0) if self.couplings is None else self.couplings
        architecture = FlowArchitecture(n, len(self.labels_), couplings, self.width, self._location())
        return FlowStack(architecture, seeds, dtype=floating(self.dtype), device=self.device)

    def _location(self) -> bool:
        if self.family not in ("gaussian_scale", "gaussian"):
            raise InputError("family", "'gaussian_scale' or 'gaussian'", repr(self.family))
        return bool(self.family == "gaussian")

    def _train(self, stack: FlowStack, rows: Rows, y: Array, columns: Array) -> FlowStack:
        """Train on ``rows``, compare on held-out ones, and return the trained replicas."""
        schedule = FLOW_SCHEDULE if self.schedule is None else self.schedule
        self.history_ = self._run(FlowProblem(stack, rows), schedule, self.checkpoint)
        self.likelihoods_ = self._likelihoods(stack, self.history_, y, columns)
        return stack

    def _run(self, problem: FlowProblem, schedule: Schedule, checkpoint: str | None) -> History:
        settings: dict[str, Any] = {"checkpoint": checkpoint, "progress": self.progress, "callback": self.callback}
        return Loop(problem, schedule, seed=self.seed, **settings).run()

    def _likelihoods(self, stack: FlowStack, history: History, y: Array, columns: Array) -> Array:
        """Mean log p(y|u) of every replica, NaN for those that were lost."""
        result = np.full(stack.replicas, np.nan)
        for replica in set(range(stack.replicas)) - set(history.lost):
            result[replica] = self._log_likelihood(stack.single(replica), y, columns).mean()
        return result

    def _mixing(self, stack: FlowStack) -> torch.nn.Module:
        return flow_mixing(stack, self.whitening_)

    def _project(self, x: Array) -> None:
        """Principal components for n < d; the identity for n = d."""
        d = x.shape[1]
        n = d if self.n_latents is None else self.n_latents
        if not 1 <= n <= d:
            raise InputError("n_latents", f"from 1 to {d}", repr(n))
        self.mean_, self.projection_ = np.zeros(d), np.eye(d)
        if n < d:
            whitening = Whitening.fit(x)
            self.mean_, self.projection_ = whitening.mean, whitening.basis[:, :n]

    def _projected(self, x: Array) -> Array:
        return np.asarray((x - self.mean_) @ self.projection_)

    def _log_likelihood(self, stack: FlowStack, y: Array, columns: Array) -> Array:
        """log p(y|u) (N,) of one replica."""
        rows = Rows.gather([y], columns, [self.whitening_], stack.flat)
        with torch.no_grad():
            parts = [stack.log_likelihood(part)[0] for part in torch.split(rows.design, _CHUNK, 1)]
        return np.asarray(torch.cat(parts).numpy() - np.log(self.whitening_.scale).sum(), dtype=np.float64)

    @property
    def _fitted(self) -> FlowStack:
        check_fitted(self, "stack_")
        return self.stack_

    def transform(self, x: ArrayLike, u: ArrayLike | None = None) -> Array:
        """Latents (N, n); ``u`` is not needed."""
        return self._latents(self._fitted, x)

    def transform_replica(self, replica: int, x: ArrayLike, u: ArrayLike | None = None) -> Array:
        """Latents (N, n) of another replica than the chosen one."""
        check_fitted(self, "replicas_")
        if not 0 <= replica < len(self.replicas_):
            raise InputError("replica", f"from 0 to {len(self.replicas_) - 1}", repr(replica))
        return self._latents(self.replicas_[replica], x)

    def _latents(self, stack: FlowStack, x: ArrayLike) -> Array:
        w = torch.from_numpy(self.whitening_.apply(self._projected(observations(x, d=self.n_features_in_))))[None]
        with torch.no_grad():
            return np.concatenate([stack.forward(part)[0][0].numpy() for part in torch.split(w, _CHUNK, 1)])

    def score(self, x: ArrayLike, u: ArrayLike) -> float:
        """Mean log p(y|u), in nats a row."""
        stack, values = self._fitted, observations(x, d=self.n_features_in_)
        columns = np.eye(len(self.labels_))[label_numbers(u, self.labels_)]
        if len(columns) != len(values):
            raise InputError("u", f"one label for each of {len(values)} rows", f"{len(columns)}")
        return float(self._log_likelihood(stack, self._projected(values), columns).mean())

    @functools.cached_property
    def model_(self) -> Model:
        """The model of y without noise, for :func:`ivae_theory.check`."""
        from ivae_theory.model import Model
        from ivae_theory.noise import Noise

        stack = self._fitted
        mixing, training = self._mixing(stack), self.history_.record(self.chosen_)
        return Model(flow_prior(stack), noise=Noise.none(), mixing=mixing, training=training)

    def sample(self, u: ArrayLike, seed: int = 0) -> tuple[Array, Array]:
        """New latents (N, n) and projected observations y (N, n) at these labels."""
        model = self.model_
        return model.sample(label_numbers(u, self.labels_), seed)
