"""What iVAE and its baselines share: replicas, held-out rows, the choice, and what sklearn's users expect.

An estimator trains several replicas at once and keeps the one with the best bound on held-out rows. The truth is never
looked at. ``model_`` is an :class:`ivae_theory.Model` of what was learned.
"""

from __future__ import annotations

import abc
import functools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.choice import best_replica, check_fitted
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import need
from ivae_theory.training.labels import observations
from ivae_theory.training.learned import Learned
from ivae_theory.training.loop import History, Loop, Schedule
from ivae_theory.training.networks import Architecture, Stack
from ivae_theory.training.objectives import Objective
from ivae_theory.training.together import fit_all

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from ivae_theory.model import Model
else:
    BaseEstimator = need("sklearn.base", "estimators").BaseEstimator

__all__ = ["CollapsedLatents", "VariationalEstimator"]

Array = NDArray[np.float64]

#: Nats below which a latent counts as collapsed.
_COLLAPSED = 0.01
#: Posterior draws a row with which replicas are compared.
_COMPARED_BY = 8


class CollapsedLatents(UserWarning):
    """Latents whose posterior ignores x."""


class VariationalEstimator(BaseEstimator, abc.ABC):  # type: ignore[misc]  # sklearn has no types
    """What iVAE and its baselines share; subclasses say which architecture and objective they are.

    Attributes after :meth:`fit`
    ----------------------------
    model_
        :class:`ivae_theory.Model` of the chosen replica.
    learned_
        The chosen replica as a :class:`~ivae_theory.training.learned.Learned`.
    replicas_
        All replicas as such.
    bounds_, chosen_
        Bound of every replica on held-out rows, in nats a row (NaN where lost), and the best one's number.
    history_
        Losses during training.
    information_
        Mean KL(q(z_i|x,u) || p(z_i|u)) of every latent on held-out rows: 0 for a collapsed latent.
    """

    observation: str
    noise_variance: float
    replicas: int
    held_out: float
    schedule: Schedule | None
    seed: int
    dtype: str
    device: str
    checkpoint: str | None
    progress: bool
    callback: Callable[[Loop], None] | None
    history_: History
    n_features_in_: int

    @abc.abstractmethod
    def _architecture(self, d: int, u: Array | None) -> Architecture:
        """The shape of the networks for observations of d coordinates."""

    @abc.abstractmethod
    def _objective(self, rows: int) -> Objective:
        """What is maximised, given the number of training rows."""

    def _read_auxiliary(self, u: ArrayLike | None, fitting: bool) -> NDArray[Any] | None:
        """u as the networks read it; baselines ignore it."""
        return None

    def _begin(self, stack: Stack, x: Array, u: Array | None, whitening: Whitening) -> None:
        """Change the initial weights, given the training rows; by default they are random."""
        return

    def fit(self, x: ArrayLike, u: ArrayLike | None = None) -> Self:
        """Train on observations (N, d) and their auxiliary variable (N,) or (N, m).

        Warns
        -----
        LostReplicas, CollapsedLatents
            With what to change.
        """
        settings: dict[str, Any] = {"checkpoint": self.checkpoint, "progress": self.progress, "callback": self.callback}
        fit_all([self], [(x, u)], **settings)
        return self

    def _choose(self, stack: Stack, whitening: Whitening, support: Array | None, x: Array, u: Array | None) -> None:
        """Keep the replica with the best bound on held-out rows, and look for what went wrong."""
        bounds = np.full(stack.replicas, np.nan)
        everyone = [Learned(stack.single(r), whitening, self.noise_variance, support) for r in range(stack.replicas)]
        for replica in set(range(stack.replicas)) - set(self.history_.lost):
            bounds[replica] = everyone[replica].log_likelihood_bound(x, u, _COMPARED_BY, self.seed).mean()
        self.bounds_, self.chosen_ = bounds, best_replica(bounds, self.history_)
        self.replicas_, self.learned_ = everyone, everyone[self.chosen_]
        self.__dict__.pop("model_", None)
        self.information_ = self.learned_.latent_information(x, u)
        collapsed = np.flatnonzero(self.information_ < _COLLAPSED)
        if len(collapsed):
            warnings.warn(
                f"latents {collapsed.tolist()} ignore x (KL to the prior below {_COLLAPSED} nats): use fewer latents, "
                "a smaller noise_variance or beta, or more replicas",
                CollapsedLatents,
                stacklevel=4,
            )

    @functools.cached_property
    def model_(self) -> Model:
        """The chosen replica as a :class:`ivae_theory.Model` (made on first use: its network is traced)."""
        return self._fitted.model(self.history_.record(self.chosen_))

    def _member(self, replica: int) -> Learned:
        """One replica by its number."""
        check_fitted(self, "replicas_")
        if not 0 <= replica < len(self.replicas_):
            raise InputError("replica", f"from 0 to {len(self.replicas_) - 1}", repr(replica))
        return self.replicas_[replica]

    @property
    def _fitted(self) -> Learned:
        """The chosen replica; sklearn's NotFittedError before fit."""
        check_fitted(self, "learned_")
        return self.learned_

    def _inputs(self, x: ArrayLike, u: ArrayLike | None) -> tuple[Array, Array | None]:
        return observations(x, self.observation), self._read_auxiliary(u, fitting=False)

    def transform(self, x: ArrayLike, u: ArrayLike | None = None) -> Array:
        """Posterior means (N, n)."""
        return self._fitted.means(*self._inputs(x, u))

    def transform_replica(self, replica: int, x: ArrayLike, u: ArrayLike | None = None) -> Array:
        """Posterior means (N, n) of another replica than the chosen one."""
        return self._member(replica).means(*self._inputs(x, u))

    def draws_replica(self, replica: int, x: ArrayLike, u: ArrayLike | None = None, *, seed: int = 0) -> Array:
        """One draw of the posterior (N, n) of another replica than the chosen one."""
        draws: Array = self._member(replica).draws(*self._inputs(x, u), 1, seed)[0]
        return draws

    def posterior(self, x: ArrayLike, u: ArrayLike | None = None) -> Any:
        """q(z|x,u) as a torch distribution, for :func:`ivae_theory.recover`."""
        return self._fitted.posterior(*self._inputs(x, u))

    def posterior_draws(self, x: ArrayLike, u: ArrayLike | None = None, *, count: int = 1, seed: int = 0) -> Array:
        """Independent draws of the posterior (count, N, n): the paper's MCC compares one with the truth."""
        return self._fitted.draws(*self._inputs(x, u), count, seed)

    def sample(self, u: ArrayLike | int, seed: int = 0) -> tuple[Array, Array]:
        """New latents (N, n) and observations (N, d) from the learned model, for rows u (baselines: or how many)."""
        if isinstance(u, (int, np.integer)):
            points: Any = np.zeros(int(u), dtype=np.int64)
            if self._fitted.stack.architecture.prior != "fixed":
                raise InputError("u", "the auxiliary variable of every row", repr(u))
        else:
            points = self._read_auxiliary(u, fitting=False)
            points = np.zeros(len(np.asarray(u)), dtype=np.int64) if points is None else points
        return self.model_.sample(points, seed)

    def score(self, x: ArrayLike, u: ArrayLike | None = None) -> float:
        """Mean bound of log p(x|u), in nats a row (importance-weighted, with fixed random numbers)."""
        return float(self._fitted.log_likelihood_bound(*self._inputs(x, u), _COMPARED_BY, self.seed).mean())
