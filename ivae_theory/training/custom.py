"""A user's own encoder, decoder and prior in the same loop: checkpoints, resumption, progress, diagnosis."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.training.extras import torch
from ivae_theory.training.labels import observations

if TYPE_CHECKING:
    from ivae_theory.model import Model, Prior

__all__ = ["ModuleProblem"]

_LOG_2PI = math.log(2.0 * math.pi)


class ModuleProblem:
    """One iVAE made of modules, for :class:`~ivae_theory.training.loop.Loop`; the loss is minus Eq. (8).

    Parameters
    ----------
    encoder
        ``encoder(x, u)`` -> Normal with batch (B, n), or MultivariateNormal with batch (B,).
    decoder
        ``decoder(z)`` -> f(z), (B, n) -> (B, d).
    prior
        ``prior(u)`` -> a distribution with batch (B, n), factorised over the latents.
    x, u
        Observations (N, d); labels (N,), handed over as integers, or vectors (N, m).
    noise_variance
        sigma^2 of the observations, known.

    The modules' parameters become views of one vector and are trained in place. Modules that draw random numbers of
    their own (dropout) train, but do not resume bit for bit. Buffers are not part of a checkpoint.
    """

    replicas = 1
    tempers, factor = True, 1.0

    def __init__(
        self,
        encoder: torch.nn.Module,
        decoder: torch.nn.Module,
        prior: torch.nn.Module,
        x: ArrayLike,
        u: ArrayLike,
        *,
        noise_variance: float,
    ) -> None:
        for name, module in (("encoder", encoder), ("decoder", decoder), ("prior", prior)):
            if not isinstance(module, torch.nn.Module):
                raise InputTypeError(name, "an nn.Module", type(module).__name__)
        if not 0 < noise_variance < math.inf:
            raise InputError("noise_variance", "a finite number > 0", repr(noise_variance))
        self.encoder, self.decoder, self.prior, self.noise_variance = encoder, decoder, prior, float(noise_variance)
        self._flatten()
        values, points = observations(x), np.asarray(u)
        if len(points) != len(values):
            raise InputError("u", f"one row for each of {len(values)} rows of x", f"{len(points)} rows")
        self.x = torch.from_numpy(values).to(self.flat)
        whole = points.dtype.kind in "iub"
        self.u = torch.from_numpy(points.astype(np.int64 if whole else np.float64)).to(self.flat.device)
        self.u = self.u if whole else self.u.to(self.flat)
        self._points = np.unique(points.reshape(len(points), -1), axis=0)
        self.population = len(values)
        self._digest = hashlib.sha256(values.tobytes() + np.ascontiguousarray(points).tobytes()).hexdigest()
        self.noise_width = int(self._posterior(torch.arange(1)).mean.shape[-1])

    def _flatten(self) -> None:
        """Make all parameters views of one vector, with gradients that are views of another."""
        modules = torch.nn.ModuleList([self.encoder, self.decoder, self.prior])
        parameters = [p for p in modules.parameters() if p.requires_grad]
        kinds = {(p.dtype, p.device) for p in parameters}
        if len(kinds) != 1 or not next(iter(kinds))[0].is_floating_point:
            raise InputError("modules", "trainable parameters of one floating type on one device", f"{kinds or 'none'}")
        self.flat = torch.cat([p.detach().reshape(-1) for p in parameters])
        self.gradient = torch.zeros_like(self.flat)
        start = 0
        for parameter in parameters:
            stop = start + parameter.numel()
            parameter.data = self.flat[start:stop].view_as(parameter)
            parameter.grad = self.gradient[start:stop].view_as(parameter)
            start = stop
        self.parts = [self.gradient[None]]

    def prepare(self, rows: int) -> None:
        """Put the modules in training mode."""
        for module in (self.encoder, self.decoder, self.prior):
            module.train()

    def _posterior(self, rows: torch.Tensor) -> Any:
        law = self.encoder(self.x[rows], self.u[rows])
        normal = (torch.distributions.Normal, torch.distributions.MultivariateNormal)
        if not isinstance(law, normal):
            raise InputTypeError("encoder", "a Normal or MultivariateNormal", type(law).__name__)
        return law

    def _loss(self, rows: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Minus Eq. (8), with one draw for everything that has no closed form."""
        law: Any = self._posterior(rows)
        p: Any = self.prior(self.u[rows])
        if hasattr(law, "scale_tril"):
            z = law.loc + (law.scale_tril @ noise[0].unsqueeze(-1)).squeeze(-1)
            divergence = law.log_prob(z) - p.log_prob(z).sum(-1)
        else:
            z = law.loc + law.scale * noise[0]
            divergence = self._divergence(law, p, z)
        residual = self.x[rows] - self.decoder(z)
        variance = self.noise_variance * self.factor
        constant = 0.5 * residual.shape[-1] * (_LOG_2PI + math.log(variance))
        bound: torch.Tensor = 0.5 * (residual**2).sum(-1) / variance + constant + divergence
        return bound.mean()

    @staticmethod
    def _divergence(law: Any, p: Any, z: torch.Tensor) -> torch.Tensor:
        """KL in closed form where torch has one, otherwise at the draw z."""
        value: torch.Tensor
        try:
            value = torch.distributions.kl_divergence(law, p)
        except NotImplementedError:
            value = law.log_prob(z) - p.log_prob(z)
        return value.sum(-1)

    def write_gradient(self, rows: torch.Tensor, noise: torch.Tensor) -> None:
        """See :class:`~ivae_theory.training.problem.Problem`."""
        self.gradient.zero_()
        torch.autograd.backward(self._loss(rows, noise))

    @torch.no_grad()
    def loss(self, rows: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """See :class:`~ivae_theory.training.problem.Problem`."""
        return self._loss(rows, noise)[None]

    def describe(self) -> dict[str, Any]:
        """See :class:`~ivae_theory.training.problem.Problem`."""
        modules = [str(module) for module in (self.encoder, self.decoder, self.prior)]
        return {"kind": "modules", "modules": modules, "noise_variance": self.noise_variance, "data": self._digest}

    def diagnose(self, replica: int) -> tuple[Prior, Any, Any]:
        """See :class:`~ivae_theory.training.diagnostics.Monitor`."""
        return self.prior_model(), self._points, lambda z: self.decoder(z.to(self.flat)).to(z)

    def prior_model(self) -> Prior:
        """The prior as an :class:`ivae_theory.Prior` on the values of u that occurred."""
        from ivae_theory.domain import Observed, Points
        from ivae_theory.model import Prior

        whole = self._points.dtype.kind in "iub"
        return Prior.from_torch(self.prior, u=Points(self._points) if whole else Observed(self._points))

    def model(self) -> Model:
        """What was learned, for ``check``, ``posterior_gap`` and ``recover``; labels are the whole support of u."""
        from ivae_theory.model import Model
        from ivae_theory.noise import Noise

        noise = Noise.gaussian(self.noise_variance)
        return Model(self.prior_model(), noise=noise, mixing=self.decoder.eval(), posterior=self.encoder.eval())
