"""What training does to the hypotheses: distance to failure of lambda, and folds of the decoder, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ivae_theory.errors import InputError
from ivae_theory.training.extras import torch
from ivae_theory.training.loop import Loop

__all__ = ["Diagnosis", "Monitor", "minority_sign_mass", "prior_distance"]


@dataclass(frozen=True)
class Diagnosis:
    """One replica at one step.

    Attributes
    ----------
    step, replica
        When, and which.
    distance
        Smallest singular value of the centred, whitened natural parameters: 0 where (iii) fails.
    minority
        Share of prior draws at which the decoder's Jacobian determinant has the rarer sign; above 0 the decoder folds,
        and is not injective (n = d). None for n < d.
    """

    step: int
    replica: int
    distance: float
    minority: float | None


def prior_distance(prior: Any, u: Any) -> float:
    """Distance to failure of variability of an :class:`ivae_theory.Prior` over the points u."""
    from ivae_theory.hypotheses.distance import distance_to_failure

    return float(distance_to_failure(prior, prior.evaluate(u))[0])


def minority_sign_mass(decoder: Callable[[torch.Tensor], torch.Tensor], z: torch.Tensor) -> float:
    """Share of the rows of z (B, n) at which det of the Jacobian of ``decoder`` has the rarer sign (n = d)."""
    with torch.enable_grad():
        points = z.detach().clone().requires_grad_()
        out = decoder(points)
        if out.shape != z.shape:
            raise InputError("decoder", f"values of shape {tuple(z.shape)}", f"shape {tuple(out.shape)}")
        # rows do not interact, so that the gradient of a column's sum is that column's gradient at every row
        columns = [torch.autograd.grad(out[:, j].sum(), points, retain_graph=True)[0] for j in range(z.shape[1])]
    signs = torch.linalg.slogdet(torch.stack(columns, 1))[0]
    positive = float((signs > 0).double().mean())
    return min(positive, 1.0 - positive)


@dataclass(eq=False)
class Monitor:
    """A callback for :class:`~ivae_theory.training.loop.Loop` that records a :class:`Diagnosis` for every replica.

    The problem says how, through ``diagnose(replica) -> (prior, points u, decoder)``.

    Attributes
    ----------
    draws
        Latents at which the decoder is looked at.
    seed
        Of these draws.
    records
        What was found so far.
    """

    draws: int = 1000
    seed: int = 0
    records: list[Diagnosis] = field(default_factory=list)

    def __call__(self, loop: Loop) -> None:
        """Diagnose all replicas that are not lost."""
        for replica in set(range(loop.problem.replicas)) - set(loop.history.lost):
            prior, points, decoder = loop.problem.diagnose(replica)
            rng = np.random.default_rng([self.seed, replica])
            z = torch.from_numpy(prior.sample(points[rng.integers(0, len(points), self.draws)], rng))
            with torch.no_grad():
                square = decoder(z[:2]).shape[1] == prior.n
            minority = minority_sign_mass(decoder, z) if square else None
            self.records.append(Diagnosis(loop.step, replica, prior_distance(prior, points), minority))
