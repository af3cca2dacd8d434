"""From what a prior's network puts out, means and log variances, to families and natural parameters (Eq. 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.training.extras import torch
from ivae_theory.training.networks import Architecture, Stack

if TYPE_CHECKING:
    from ivae_theory.model import Prior

__all__ = ["family_of", "natural_parameters", "table_prior"]


def natural_parameters(stack: Stack, columns: torch.Tensor) -> torch.Tensor:
    """lambda (B, n), or (B, n, 2) for T = (z, z^2), of a single replica at the columns (B, .) that stand for u."""
    architecture = stack.architecture
    prior = stack.prior(torch.nn.functional.pad(columns, (architecture.d, 0))[None])
    shape = (len(columns), architecture.n)
    log_scale = columns.new_zeros(shape) if prior.log_scale is None else prior.log_scale[0]
    if architecture.law == "laplace":
        return -torch.exp(-log_scale)
    precision = torch.exp(-log_scale)
    if prior.location is None:
        return -0.5 * precision
    if prior.log_scale is None:
        return prior.location[0]
    return torch.stack([prior.location[0] * precision, -0.5 * precision], -1)


def family_of(architecture: Architecture) -> Any:
    """The exponential family of the prior, as :mod:`ivae_theory.families` names it."""
    from ivae_theory import families

    if architecture.law == "laplace":
        return families.laplace_scale()
    if not architecture.location:
        return families.gaussian_scale()
    return families.gaussian() if architecture.scale else families.gaussian_location()


def table_prior(architecture: Architecture, table: NDArray[np.floating]) -> Prior:
    """The prior with these natural parameters, one row a label."""
    from ivae_theory.model import Prior

    return Prior(family_of(architecture), table)
