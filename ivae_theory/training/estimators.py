"""Estimators shaped like scikit-learn's: iVAE, and the baselines of Section 5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.labels import as_labels, label_numbers
from ivae_theory.training.loop import Loop, Schedule
from ivae_theory.training.networks import Architecture, Stack
from ivae_theory.training.objectives import BetaTotalCorrelation, Bound, ImportanceWeighted, Objective
from ivae_theory.training.start import check_linear_start, start_linearly
from ivae_theory.training.variational import Array, VariationalEstimator

__all__ = ["IVAE", "VAE", "BetaTCVAE"]

#: Family -> what of the prior depends on u.
_FAMILIES: dict[str, dict[str, Any]] = {
    "gaussian_scale": {},
    "gaussian": {"location": True},
    "gaussian_location": {"location": True, "scale": False},
    "laplace_scale": {"law": "laplace"},
}


class IVAE(VariationalEstimator):
    """The identifiable VAE of Section 4: Eq. (8) with a prior that depends on u.

    Parameters
    ----------
    n_latents
        Number of latents n.
    family
        ``gaussian_scale`` (T = z^2, mean 0), ``gaussian`` (T = (z, z^2)), ``gaussian_location`` (T = z, variance 1) or
        ``laplace_scale`` (T = |z|).
    auxiliary, prior
        ``labels`` with a ``table`` or ``mlp`` for lambda, or ``vector`` with ``mlp``.
    covariance
        Of the posterior: ``full``, whose bound chooses replicas well, or ``diagonal``, the paper's.
    draws
        None: Eq. (8). A number: the importance-weighted bound with so many posterior draws.
    observation, noise_variance
        ``gaussian`` with this known variance sigma^2, or ``bernoulli``.
    width, layers, activation, slope
        Of encoder, decoder and an ``mlp`` prior.
    start
        ``random`` initial weights, or ``linear``: encoder and decoder have a linear part that begins at the linear
        control. Replicas then end closer to each other, not always better than the best random one: compare bounds.
    replicas, held_out
        Networks trained at once from different initial weights, and the fraction of rows that chooses among them.
    schedule
        Steps, batch, learning rate: a :class:`~ivae_theory.training.loop.Schedule`.
    seed
        Of everything random.
    dtype, device
        ``float32`` or ``float64``; a torch device.
    checkpoint, progress, callback
        A file from which an interrupted fit resumes; whether to show progress on standard error; a function that is
        called with the :class:`~ivae_theory.training.loop.Loop` every 100 steps, for instance a
        :class:`~ivae_theory.training.diagnostics.Monitor`.
    """

    def __init__(
        self,
        n_latents: int,
        *,
        family: str = "gaussian_scale",
        auxiliary: str = "labels",
        prior: str = "table",
        covariance: str = "full",
        draws: int | None = None,
        observation: str = "gaussian",
        noise_variance: float = 0.01,
        width: int = 50,
        layers: int = 3,
        activation: str = "leaky_relu",
        slope: float = 0.1,
        start: str = "random",
        replicas: int = 8,
        held_out: float = 0.1,
        schedule: Schedule | None = None,
        seed: int = 0,
        dtype: str = "float32",
        device: str = "cpu",
        checkpoint: str | None = None,
        progress: bool = False,
        callback: Callable[[Loop], None] | None = None,
    ) -> None:
        self.n_latents, self.family, self.auxiliary, self.prior = n_latents, family, auxiliary, prior
        self.covariance, self.draws, self.start = covariance, draws, start
        self.observation, self.noise_variance = observation, noise_variance
        self.width, self.layers, self.activation, self.slope = width, layers, activation, slope
        self.replicas, self.held_out, self.schedule, self.seed = replicas, held_out, schedule, seed
        self.dtype, self.device, self.checkpoint = dtype, device, checkpoint
        self.progress, self.callback = progress, callback

    def _read_auxiliary(self, u: ArrayLike | None, fitting: bool) -> NDArray[Any] | None:
        """Labels as their numbers in ``labels_``, vectors as floats (N, m)."""
        if u is None:
            raise InputError("u", "the auxiliary variable of every row", "None")
        if self.auxiliary == "vector":
            values = np.asarray(u, dtype=np.float64)
            return values.reshape(len(values), -1)
        if self.auxiliary != "labels":
            raise InputError("auxiliary", "'labels' or 'vector'", repr(self.auxiliary))
        if fitting:
            self.labels_ = np.unique(as_labels(u))
        return label_numbers(u, self.labels_)

    def _architecture(self, d: int, u: Array | None) -> Architecture:
        assert u is not None
        if self.family not in _FAMILIES:
            raise InputError("family", f"one of {', '.join(_FAMILIES)}", repr(self.family))
        if self.start not in ("random", "linear"):
            raise InputError("start", "'random' or 'linear'", repr(self.start))
        return Architecture(
            n=self.n_latents,
            d=d,
            auxiliary=self.auxiliary,
            size=len(self.labels_) if self.auxiliary == "labels" else u.shape[1],
            width=self.width,
            layers=self.layers,
            activation=self.activation,
            slope=self.slope,
            prior=self.prior,
            posterior=self.covariance,
            observation=self.observation,
            skip=self.start == "linear",
            **_FAMILIES[self.family],
        )

    def _begin(self, stack: Stack, x: Array, u: Array | None, whitening: Whitening) -> None:
        if self.start == "linear":
            check_linear_start(stack)
            assert u is not None
            start_linearly(stack, x, u.astype(np.int64), whitening, self.noise_variance)

    def _objective(self, rows: int) -> Objective:
        return Bound() if self.draws is None else ImportanceWeighted(self.draws)


class VAE(VariationalEstimator):
    """A VAE whose prior does not see u: the paper's baseline, and for ``beta`` other than 1 the beta-VAE.

    Parameters
    ----------
    n_latents
        Number of latents n.
    law
        Of the standard prior: ``gaussian`` or ``laplace``.
    beta
        Weight of the KL term; the paper takes it from [1, 45]. One value, or one for each replica.

    The other parameters are those of :class:`IVAE`. ``u`` is accepted and ignored.
    """

    def __init__(
        self,
        n_latents: int,
        *,
        law: str = "gaussian",
        beta: float | Sequence[float] = 1.0,
        observation: str = "gaussian",
        noise_variance: float = 0.01,
        width: int = 50,
        layers: int = 3,
        activation: str = "leaky_relu",
        slope: float = 0.1,
        replicas: int = 8,
        held_out: float = 0.1,
        schedule: Schedule | None = None,
        seed: int = 0,
        dtype: str = "float32",
        device: str = "cpu",
        checkpoint: str | None = None,
        progress: bool = False,
        callback: Callable[[Loop], None] | None = None,
    ) -> None:
        self.n_latents, self.law, self.beta = n_latents, law, beta
        self.observation, self.noise_variance = observation, noise_variance
        self.width, self.layers, self.activation, self.slope = width, layers, activation, slope
        self.replicas, self.held_out, self.schedule, self.seed = replicas, held_out, schedule, seed
        self.dtype, self.device, self.checkpoint = dtype, device, checkpoint
        self.progress, self.callback = progress, callback

    def _architecture(self, d: int, u: Array | None) -> Architecture:
        return Architecture(
            n=self.n_latents,
            d=d,
            auxiliary="none",
            width=self.width,
            layers=self.layers,
            activation=self.activation,
            slope=self.slope,
            prior="fixed",
            law=self.law,
            observation=self.observation,
        )

    def _objective(self, rows: int) -> Objective:
        return Bound(_betas(self.beta, self.replicas))


class BetaTCVAE(VAE):
    """The beta-TC-VAE with alpha = gamma = 1: ``beta`` weighs the total correlation (the paper: [1, 35])."""

    def _objective(self, rows: int) -> Objective:
        return BetaTotalCorrelation(_betas(self.beta, self.replicas), rows)


def _betas(beta: float | Sequence[float], replicas: int) -> float | tuple[float, ...]:
    """One weight for all replicas, or one for each."""
    values = np.asarray(beta, dtype=float)
    if values.shape not in ((), (replicas,)) or not (np.isfinite(values) & (values > 0)).all():
        raise InputError("beta", f"a number > 0, or one for each of {replicas} replicas", repr(beta))
    return float(values) if values.ndim == 0 else tuple(values.tolist())
