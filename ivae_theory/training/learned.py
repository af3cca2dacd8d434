"""What one replica learned, back in the coordinates of x: posteriors, bounds, and the model that ``check`` reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import torch
from ivae_theory.training.modules import perceptron_module
from ivae_theory.training.natural import family_of, natural_parameters, table_prior
from ivae_theory.training.networks import Stack
from ivae_theory.training.objectives import Batch, ImportanceWeighted, draw, latent_divergence
from ivae_theory.training.problem import Rows, variational_rows

if TYPE_CHECKING:
    from ivae_theory.model import Model

__all__ = ["Learned"]

Array = NDArray[np.float64]

#: Rows that are worked on at once.
_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Learned:
    """One trained replica.

    Attributes
    ----------
    stack
        The replica by itself, in float64.
    whitening
        The coordinates in which it was trained.
    noise_variance
        sigma^2 of a Gaussian observation.
    support
        Values of u that occurred (M', m), for priors that are a network of a vector u; None otherwise.
    """

    stack: Stack
    whitening: Whitening
    noise_variance: float
    support: Array | None = None

    def _rows(self, x: Array, u: ArrayLike | None) -> Rows:
        architecture = self.stack.architecture
        if x.ndim != 2 or x.shape[1] != architecture.d:
            raise InputError("x", f"shape (N, {architecture.d})", f"shape {x.shape}")
        return variational_rows(x, u, self.whitening, self.stack, self.noise_variance)

    def posterior(self, x: Array, u: ArrayLike | None) -> Any:
        """q(z|x,u) as a torch distribution: ``Normal`` (N, n), or ``MultivariateNormal`` for a full covariance."""
        with torch.no_grad():
            mean, log_deviation, lower = self.stack.encode(self._rows(x, u).design)
        if lower is None:
            return torch.distributions.Normal(mean[0], log_deviation[0].exp())
        factor = torch.diag_embed(log_deviation[0].exp()) + lower[0]
        return torch.distributions.MultivariateNormal(mean[0], scale_tril=factor)

    def means(self, x: Array, u: ArrayLike | None) -> Array:
        """Posterior means (N, n)."""
        mean: Array = self.posterior(x, u).mean.numpy()
        return mean

    def draws(self, x: Array, u: ArrayLike | None, count: int, seed: int) -> Array:
        """``count`` independent draws of the posterior (count, N, n)."""
        with torch.no_grad():
            mean, log_deviation, lower = self.stack.encode(self._rows(x, u).design)
            noise = np.random.default_rng(seed).standard_normal((count, *mean.shape[1:]))
            z, _ = draw(mean, log_deviation, lower, torch.from_numpy(noise))
        return np.asarray(z.numpy(), dtype=np.float64)

    def log_likelihood_bound(self, x: Array, u: ArrayLike | None, count: int, seed: int) -> Array:
        """Importance-weighted bound of log p(x|u) (N,) from ``count`` draws a row; in expectation Eq. (8) for 1."""
        rows, rng = self._rows(x, u), np.random.default_rng(seed)
        bounds = []
        for batch in self._chunks(rows, max(1, _CHUNK // count)):
            size = (1, batch.design.shape[1] * count, self.stack.architecture.n)
            noise = torch.from_numpy(rng.standard_normal(size))
            with torch.no_grad():
                bounds.append(ImportanceWeighted(count).bound(self.stack, batch, noise)[0].numpy())
        return np.concatenate(bounds)

    def latent_information(self, x: Array, u: ArrayLike | None) -> Array:
        """Mean KL(q(z_i|x,u) || p(z_i|u)) of every latent (n,), in nats: 0 where x was ignored."""
        parts = [latent_divergence(self.stack, b)[0] for b in self._chunks(self._rows(x, u), _CHUNK)]
        return np.asarray(torch.cat(parts).mean(0).numpy())

    @staticmethod
    def _chunks(rows: Rows, size: int) -> list[Batch]:
        return [rows.batch(torch.arange(start, min(start + size, len(rows)))) for start in range(0, len(rows), size)]

    def mixing(self) -> Any:
        """f as a torch module in float64, (B, n) -> (B, d) in the coordinates of x (logits for Bernoulli).

        The way back from whitened coordinates is affine, and is folded into the last layer.
        """
        architecture = self.stack.architecture
        levels = [self.stack.weights[f"decoder.{level}"][0].detach() for level in range(architecture.layers)]
        skip = self.stack.weights["decoder.skip"][0].detach() if architecture.skip else None
        if architecture.observation == "gaussian":
            back = torch.from_numpy(self.whitening.scale[:, None] * self.whitening.basis.T)
            levels[-1] = levels[-1] @ back
            levels[-1][-1] += torch.from_numpy(self.whitening.mean)
            skip = None if skip is None else skip @ back
        return perceptron_module(levels, skip, architecture.activation, architecture.slope)

    def natural(self, columns: torch.Tensor) -> torch.Tensor:
        """Natural parameters (B, n) or (B, n, 2) from the columns (B, .) that stand for u."""
        return natural_parameters(self.stack, columns)

    def model(self, training: Any = None) -> Model:
        """theta = (f, T, lambda) with the noise and the posterior, for ``check``, ``posterior_gap`` and ``recover``.

        ``training`` is the history that a report shows.
        """
        from ivae_theory.domain import Observed
        from ivae_theory.model import Model, Prior
        from ivae_theory.noise import Discrete, Noise

        architecture = self.stack.architecture
        if architecture.auxiliary == "vector" and architecture.prior != "fixed":
            assert self.support is not None
            prior = Prior(family_of(architecture), _NaturalOfVector(self), u=Observed(self.support))
        else:
            count = max(architecture.size, 1) if architecture.prior != "fixed" else 1
            with torch.no_grad():
                table = self.natural(torch.eye(count, architecture.columns, dtype=torch.float64))
            prior = table_prior(architecture, table.numpy())
        noise: Any = Noise.gaussian(self.noise_variance)
        if architecture.observation == "bernoulli":
            noise = Discrete("bernoulli")
        return Model(prior, noise=noise, mixing=self.mixing(), posterior=self._posterior_of_tensors, training=training)

    def _posterior_of_tensors(self, x: Any, u: Any) -> Any:
        """The posterior for the model's callers, who may hand over tensors and points (B, 1)."""
        values = np.asarray(x, dtype=np.float64)
        points = None if self.stack.architecture.auxiliary == "none" else np.asarray(u)
        return self.posterior(values, points)


class _NaturalOfVector(torch.nn.Module):
    """lambda(u) for vectors u (B, m): the prior's network as a module that can be traced."""

    def __init__(self, learned: Learned) -> None:
        super().__init__()
        self.learned = learned
        self.weights = torch.nn.ParameterList(
            weight.detach() for name, weight in learned.stack.weights.items() if name.startswith("prior")
        )

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        """Natural parameters at u."""
        return self.learned.natural(torch.nn.functional.pad(u.double(), (0, 1), value=1.0))
