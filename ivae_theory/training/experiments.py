"""One experiment from JSON values: simulate, train, compare with the truth, and with the honest controls."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.training.choice import split_rows
from ivae_theory.training.data import Dataset, simulate
from ivae_theory.training.extras import need
from ivae_theory.training.limit import recovery_limit, truth_as_flow
from ivae_theory.training.loop import Schedule
from ivae_theory.training.scores import mean_correlation

__all__ = ["METHODS", "run_experiment"]

#: Method -> the estimator's module and name; ``limit`` is no estimator.
METHODS: dict[str, tuple[str, str]] = {
    "ivae": ("ivae_theory.training.estimators", "IVAE"),
    "vae": ("ivae_theory.training.estimators", "VAE"),
    "beta_tc_vae": ("ivae_theory.training.estimators", "BetaTCVAE"),
    "flow": ("ivae_theory.training.flow_estimator", "IdentifiableFlow"),
    "layered": ("ivae_theory.training.layered_estimator", "LayeredFlow"),
    "linear": ("ivae_theory.training.linear", "LinearControl"),
}

#: Fields of a configuration that are schedules.
_STAGES = {"schedule", "exploration"}


def run_experiment(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Make one run.

    Parameters
    ----------
    configuration
        ``{"method": m, "data": {"simulation": preset, "seed": s, ...changes}, "parameters": {...}, "schedule": {...}}``
        with a method of :data:`METHODS` or ``"limit"``. ``parameters`` are those of the estimator (of
        :func:`~ivae_theory.training.limit.recovery_limit` for the limit); ``schedule`` replaces fields of its own.
        ``exploration`` does for the layered flow. With ``"trace": true`` the MCC is recorded every 100 steps, for VAEs.

    Returns
    -------
    dict
        ``mcc`` of posterior means with the true z over all rows, ``mcc_draw`` of one posterior draw (the paper's
        metric), ``bound`` in nats a row; ``replica_bounds`` (held out), ``replica_mcc`` and ``replica_mcc_draw`` say
        what a choice that looks at the truth would have gained.
    """
    unknown = set(configuration) - {"method", "data", "parameters", "trace", *_STAGES}
    if unknown:
        expected = "method, data, parameters, schedule, exploration and trace"
        raise InputError("configuration", expected, ", ".join(sorted(unknown)))
    method = configuration.get("method")
    if method != "limit" and method not in METHODS:
        raise InputError("method", f"one of limit, {', '.join(METHODS)}", repr(method))
    data = simulate(**_tuples(configuration.get("data", {})))
    parameters = dict(configuration.get("parameters", {}))
    if method == "limit":
        return _limit(data, parameters)
    module, name = METHODS[str(method)]
    if "exploration" in configuration and method != "layered":
        raise InputError("exploration", "nothing for other methods than layered", repr(configuration["exploration"]))
    for stage in _STAGES & set(configuration):
        parameters[stage] = Schedule(**configuration[stage])
    if method != "linear":
        parameters.setdefault("seed", data.seed)
    latents = parameters.pop("n_latents", data.mixing.n)
    trace = _Trace(data) if configuration.get("trace", False) else None
    if trace is not None:
        if method in ("flow", "layered", "linear"):
            raise InputError("trace", "nothing for flows and linear", repr(configuration["trace"]))
        parameters["callback"] = trace
    estimator = getattr(need(module, "experiments"), name)(latents, **parameters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator.fit(data.x, data.u)
    traced = {} if trace is None else {"trace": trace.of_replica(estimator.chosen_)}
    return _scores(estimator, data) | traced | {"warnings": [str(w.message) for w in caught]}


class _Trace:
    """A callback that records the MCC of posterior means at some training rows."""

    rows = 2000

    def __init__(self, data: Dataset) -> None:
        self.data, self.steps = data, list[int]()
        self.scores: list[list[float]] = []

    def __call__(self, loop: Any) -> None:
        """Score all replicas."""
        problem = loop.problem
        batch = problem.data.batch(problem.flat.new_tensor(range(0, len(problem.data), self._stride(problem))).long())
        mean = problem.stack.encode(batch.design)[0].detach().double().cpu().numpy()
        # the rows that were trained on are a function of the seed
        train, _ = split_rows(len(self.data.x), 1.0 - len(problem.data) / len(self.data.x), loop.seed)
        truth = self.data.z[train[:: self._stride(problem)]]
        self.steps.append(loop.step)
        self.scores.append([mean_correlation(truth, member) for member in mean])

    def _stride(self, problem: Any) -> int:
        return max(1, len(problem.data) // self.rows)

    def of_replica(self, replica: int) -> dict[str, Any]:
        """Steps and scores of one replica."""
        return {"steps": self.steps, "mcc": [scores[replica] for scores in self.scores]}


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples that a Simulation has."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _limit(data: Dataset, parameters: dict[str, Any]) -> dict[str, Any]:
    found = recovery_limit(data, **{"seed": data.seed} | parameters)
    likelihood = None if found.log_likelihood is None else float(found.log_likelihood.mean())
    effective = sorted(value if math.isfinite(value) else -1.0 for value in found.effective.tolist())
    return {
        "mcc": found.mcc_mean,
        "mcc_draw": found.mcc_draw,
        "log_likelihood": likelihood,
        "effective_median": effective[len(effective) // 2] if effective[0] >= 0 else None,
        "flow": list(truth_as_flow(data)) if data.mixing.n == data.mixing.d else None,
    }


def _of_replicas(
    data: Dataset, latents: Callable[..., NDArray[np.float64]], finite: list[int], count: int
) -> list[float | None]:
    """MCC of every replica, None where it was lost."""
    scores: list[float | None] = [None] * count
    for replica in finite:
        learned = latents(replica, data.x, data.u)
        scores[replica] = mean_correlation(data.z, learned)
    return scores


def _scores(estimator: Any, data: Dataset) -> dict[str, Any]:
    """How the trained estimator did."""
    result: dict[str, Any] = {
        "mcc": mean_correlation(data.z, estimator.transform(data.x, data.u)),
        "bound": float(estimator.score(data.x, data.u)),
    }
    if hasattr(estimator, "posterior_draws"):
        draw = estimator.posterior_draws(data.x, data.u, seed=data.seed)[0]
        result["mcc_draw"] = mean_correlation(data.z, draw)
        result["information"] = estimator.information_.tolist()
    for name in ("bounds_", "likelihoods_"):
        if hasattr(estimator, name):
            bounds = getattr(estimator, name).tolist()
            result["replica_bounds"] = [value if math.isfinite(value) else None for value in bounds]
            finite = [replica for replica, bound in enumerate(bounds) if math.isfinite(bound)]
            result["replica_mcc"] = _of_replicas(data, estimator.transform_replica, finite, len(bounds))
            if name == "bounds_":
                draws = functools.partial(estimator.draws_replica, seed=data.seed)
                result["replica_mcc_draw"] = _of_replicas(data, draws, finite, len(bounds))
    if hasattr(estimator, "history_"):
        result["training_seconds"] = estimator.history_.seconds
    return result
