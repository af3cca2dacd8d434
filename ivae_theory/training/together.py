"""Several estimators in one loop: initial weights, data sets and values of beta are replicas of one stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.training.choice import floating, replica_seeds, split_rows
from ivae_theory.training.coordinates import Whitening
from ivae_theory.training.extras import torch
from ivae_theory.training.labels import observations
from ivae_theory.training.loop import History, Loop, Schedule
from ivae_theory.training.networks import Stack
from ivae_theory.training.objectives import Objective, weights
from ivae_theory.training.problem import Rows, VariationalProblem, auxiliary_columns

if TYPE_CHECKING:
    from ivae_theory.training.variational import VariationalEstimator

__all__ = ["fit_all", "fit_together"]

Array = NDArray[np.float64]
Estimator = TypeVar("Estimator", bound="VariationalEstimator")
Data = tuple[ArrayLike, ArrayLike | None]
#: Parameters in which estimators that are fitted together may differ.
_FREE = ("seed", "beta")


def fit_together(
    estimators: Sequence[Estimator],
    data: Sequence[Data],
    *,
    checkpoint: str | None = None,
    progress: bool = False,
    callback: Callable[[Loop], None] | None = None,
) -> list[Estimator]:
    """Fit estimators of one shape, each to its own data set, in one loop.

    A step of all of them is one set of batched matrix products: for small networks they together take little longer
    than one. Each still chooses its best replica by its own held-out rows. The noise of the draws and the order of the
    rows are those of the common loop, so that one fitted alone comes out a little different.

    Parameters
    ----------
    estimators
        Of one class, with the same parameters but for ``seed`` and ``beta``.
    data
        ``(x, u)`` for each: x (N, d) with the same N and d for all, u (None for baselines) with as many labels.
    checkpoint, progress, callback
        As the estimators' own, for the common loop; their own must not be set.

    Returns
    -------
    list
        The estimators, fitted.
    """
    members = list(estimators)
    if not members or len(members) != len(data):
        raise InputError("data", f"one data set for each of {len(members)} estimators, at least one", f"{len(data)}")
    if len({id(member) for member in members}) < len(members):
        raise InputError("estimators", "estimators that differ", "one of them twice")
    first = members[0]
    for member in members:
        if type(member) is not type(first):
            raise InputTypeError("estimators", f"{type(first).__name__} throughout", type(member).__name__)
        own = member.get_params(deep=False)
        for name, value in first.get_params(deep=False).items():
            if name in ("checkpoint", "progress", "callback"):
                if own[name]:
                    raise InputError(name, "none of an estimator's own: it is given here", repr(own[name]))
            elif name not in _FREE and own[name] != value:
                raise InputError(name, f"{value!r} throughout", repr(own[name]))
    fit_all(members, data, checkpoint=checkpoint, progress=progress, callback=callback)
    return members


@dataclass(frozen=True, eq=False)
class _Part:
    """What one estimator brings: its stack as it begins, its data, and which rows are trained on."""

    stack: Stack
    whitening: Whitening
    x: Array
    points: NDArray[Any] | None
    train: NDArray[np.int64]
    held: NDArray[np.int64]

    def columns(self) -> Array:
        """What stands for u in the rows that are trained on."""
        return auxiliary_columns(self.rows_of_u(self.train), self.stack.architecture, len(self.train))

    def rows_of_u(self, rows: NDArray[np.int64]) -> NDArray[Any] | None:
        """u at some rows."""
        return None if self.points is None else self.points[rows]


def fit_all(
    estimators: Sequence[VariationalEstimator],
    data: Sequence[Data],
    *,
    checkpoint: str | None,
    progress: bool,
    callback: Callable[[Loop], None] | None,
) -> None:
    """What ``fit`` of one, and :func:`fit_together` of several, do."""
    parts = [_prepare(estimator, x, u) for estimator, (x, u) in zip(estimators, data, strict=True)]
    first = estimators[0]
    stack = _joined([part.stack for part in parts])
    problem = VariationalProblem(stack, _objective(estimators, parts), _rows(parts, stack, first.noise_variance))
    schedule = Schedule() if first.schedule is None else first.schedule
    seeds = [estimator.seed for estimator in estimators]
    seed = seeds[0] if len(seeds) == 1 else int(np.random.SeedSequence(seeds).generate_state(1)[0])
    history = Loop(problem, schedule, seed=seed, checkpoint=checkpoint, progress=progress, callback=callback).run()
    start = 0
    for estimator, part in zip(estimators, parts, strict=True):
        stop = start + part.stack.replicas
        estimator.history_ = _slice(history, start, stop)
        trained = stack if len(parts) == 1 else stack.select(range(start, stop))
        support = None if part.points is None else np.unique(part.points.reshape(len(part.x), -1), axis=0)
        estimator._choose(trained, part.whitening, support, part.x[part.held], part.rows_of_u(part.held))
        estimator.n_features_in_, start = part.x.shape[1], stop


def _prepare(estimator: VariationalEstimator, x: ArrayLike, u: ArrayLike | None) -> _Part:
    values = observations(x, estimator.observation)
    points = estimator._read_auxiliary(u, fitting=True)
    if points is not None and len(points) != len(values):
        raise InputError("u", f"one row for each of {len(values)} rows of x", f"{len(points)} rows")
    train, held = split_rows(len(values), estimator.held_out, estimator.seed)
    architecture = estimator._architecture(values.shape[1], points)
    seeds = replica_seeds(estimator.seed, estimator.replicas)
    stack = Stack(architecture, seeds, dtype=floating(estimator.dtype), device=estimator.device)
    part = _Part(stack, Whitening.fit(values[train]), values, points, train, held)
    estimator._begin(stack, values[train], part.rows_of_u(train), part.whitening)
    return part


def _joined(stacks: Sequence[Stack]) -> Stack:
    """All replicas in one stack."""
    if len(stacks) == 1:
        return stacks[0]
    first = stacks[0]
    for stack in stacks:
        if stack.architecture != first.architecture:
            raise InputError("data", "x of one width, and as many labels, throughout", "networks of different shapes")
    joined = Stack(
        first.architecture, [seed for stack in stacks for seed in stack.seeds], dtype=first.dtype, device=first.device
    )
    with torch.no_grad():
        for name, weight in joined.weights.items():
            weight.copy_(torch.cat([stack.weights[name] for stack in stacks]))
    return joined


def _rows(parts: Sequence[_Part], stack: Stack, noise_variance: float) -> Rows:
    """The training rows: one data set that all replicas share, or one for each replica."""
    if len({len(part.train) for part in parts}) > 1:
        raise InputError("data", "x with the same number of rows throughout", "different numbers")
    each = parts if len(parts) == 1 else [part for part in parts for _ in range(part.stack.replicas)]
    columns = {id(part): part.columns() for part in parts}
    return Rows.gather(
        [part.x[part.train] for part in each],
        np.stack([columns[id(part)] for part in each]) if len(parts) > 1 else columns[id(parts[0])],
        [part.whitening for part in each],
        stack.flat,
        noise_variance=noise_variance,
        bits=stack.architecture.observation == "bernoulli",
    )


def _objective(estimators: Sequence[VariationalEstimator], parts: Sequence[_Part]) -> Objective:
    """The common objective, with one beta for each replica where it has any."""
    found = [estimator._objective(len(part.train)) for estimator, part in zip(estimators, parts, strict=True)]
    if len(found) == 1 or not hasattr(found[0], "beta"):
        return found[0]
    betas = [
        value
        for objective, part in zip(found, parts, strict=True)
        for value in weights(objective.beta, part.stack).expand(part.stack.replicas, 1)[:, 0].tolist()  # type: ignore[attr-defined]
    ]
    return replace(found[0], beta=betas[0] if len(set(betas)) == 1 else tuple(betas))  # type: ignore[type-var]


def _slice(history: History, start: int, stop: int) -> History:
    """The part of one estimator's replicas; the seconds are those of the whole loop."""
    lost = {replica - start: step for replica, step in history.lost.items() if start <= replica < stop}
    return History(history.steps, [losses[start:stop] for losses in history.losses], lost, history.seconds)
