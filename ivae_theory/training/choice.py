"""Held-out rows, and the truth-blind choice among replicas."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.extras import need, torch
from ivae_theory.training.loop import History, TrainingFailed

__all__ = ["LostReplicas", "best_replica", "check_fitted", "floating", "replica_seeds", "split_rows"]


class LostReplicas(UserWarning):
    """Replicas that became NaN or infinite, and were left out of the choice."""


def split_rows(count: int, held_out: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to train on, and rows held out for the choice among replicas, both sorted."""
    if not 0 < held_out < 1:
        raise InputError("held_out", "a fraction in (0, 1)", repr(held_out))
    kept = count - max(1, round(held_out * count))
    if kept < 2:
        raise InputError("x", "at least 3 rows, and 2 that are not held out", f"{count} rows, {count - kept} held out")
    order = np.random.default_rng([seed, 0x5EED]).permutation(count)
    return np.sort(order[:kept]), np.sort(order[kept:])


def replica_seeds(seed: int, count: int) -> list[int]:
    """One seed a replica."""
    if count < 1:
        raise InputError("replicas", "a whole number >= 1", repr(count))
    return [int(state) for state in np.random.SeedSequence(seed).generate_state(count, np.uint32)]


def best_replica(bounds: NDArray[np.float64], history: History) -> int:
    """The replica with the best bound on held-out rows.

    Raises
    ------
    TrainingFailed
        None has a finite one.

    Warns
    -----
    LostReplicas
        Some have none, with advice.
    """
    if not np.isfinite(bounds).any():
        raise TrainingFailed("training: no replica has a finite bound on held-out rows; lower the learning rate")
    if history.lost:
        warnings.warn("; ".join(history.advice()), LostReplicas, stacklevel=4)
    return int(np.argmax(np.where(np.isfinite(bounds), bounds, -np.inf)))


def floating(name: str) -> torch.dtype:
    """The floating type called ``float32`` or ``float64``."""
    if name not in ("float32", "float64"):
        raise InputError("dtype", "'float32' or 'float64'", repr(name))
    return torch.float32 if name == "float32" else torch.float64


def check_fitted(estimator: Any, attribute: str) -> None:
    """sklearn's NotFittedError unless ``fit`` has set the attribute."""
    need("sklearn.utils.validation", "estimators").check_is_fitted(estimator, attribute)
