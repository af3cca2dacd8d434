"""Many configurations, on any executor, each finished run stored as it ends."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

from ivae_theory.errors import InputTypeError
from ivae_theory.training.experiments import run_experiment
from ivae_theory.training.store import Run, Store, configuration_key
from ivae_theory.training.workers import Outcome, WorkersDied, cores, run_apart

__all__ = ["SweepReport", "sweep"]

Configuration = Mapping[str, Any]
Runner = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class SweepReport:
    """What a sweep did: numbers of configurations that were there already, ran, and failed."""

    found: int
    ran: int
    failed: int


def _timed(runner: Runner, configuration: dict[str, Any]) -> Outcome:
    """Result or error of one run, and its seconds; made in the worker."""
    start = time.perf_counter()
    try:
        result = runner(configuration)
        json.dumps(result)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a run raises is its outcome, stored with its name
        return None, f"{type(error).__name__}: {error}", time.perf_counter() - start
    return result, None, time.perf_counter() - start


def sweep(
    configurations: Iterable[Configuration],
    store: Store | str,
    *,
    runner: Runner = run_experiment,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Callable[[Run], None] | None = None,
) -> SweepReport:
    """Run every configuration that has no result in the store.

    Parameters
    ----------
    configurations
        JSON values; equal ones are run once.
    store
        A :class:`~ivae_theory.training.store.Store` or its path. Runs are written here as they end, so that a killed
        sweep resumes where it was; runs that failed are tried again by the next sweep.
    runner
        From a configuration to a result, both JSON values; picklable. By default
        :func:`~ivae_theory.training.experiments.run_experiment`.
    executor
        Any ``concurrent.futures.Executor``, for instance ``distributed.Client(...).get_executor()``; it stays open. By
        default processes of its own, remade where one dies.
    workers
        How many of those; None: one a core.
    progress
        Called with every run as it ends.

    Raises
    ------
    WorkersDied
        When the executor breaks, or processes die before any run has ended. What had ended is stored.
    """
    place = store if isinstance(store, Store) else Store(store)
    todo: dict[str, dict[str, Any]] = {}
    for configuration in configurations:
        if not isinstance(configuration, Mapping):
            raise InputTypeError("configurations", "mappings", type(configuration).__name__)
        todo[configuration_key(configuration)] = dict(configuration)
    found = place.finished() & todo.keys()
    for key in found:
        del todo[key]
    counts = {"ran": 0, "failed": 0}

    def keep(key: str, outcome: Outcome) -> None:
        configuration, (result, error, seconds) = todo.pop(key), outcome
        place.record(configuration, result=result, error=error, seconds=seconds)
        counts["ran" if error is None else "failed"] += 1
        if progress is not None:
            progress(Run(configuration, result, error, seconds, time.time()))

    if executor is None:
        run_apart(partial(_timed, runner), dict(todo), keep, workers or cores())
    else:
        _drain(executor, runner, todo, keep)
    return SweepReport(len(found), **counts)


def _drain(
    executor: Executor,
    runner: Runner,
    todo: Mapping[str, dict[str, Any]],
    keep: Callable[[str, Outcome], None],
) -> None:
    """Submit runs and store what ends. What has not begun is cancelled when this is interrupted.

    Executors that tell how many workers they have get two runs for each at a time: a run that has ended is not stored
    yet, and is lost to whoever kills this process.
    """
    waiting = iter(list(todo.items()))
    workers = getattr(executor, "_max_workers", None)
    futures: dict[Future[Any], str] = {}

    def submit(most: int | None) -> None:
        for key, configuration in itertools.islice(waiting, most):
            futures[executor.submit(_timed, runner, configuration)] = key

    try:
        submit(2 * workers if isinstance(workers, int) else None)
        while futures:
            for future in wait(futures, return_when=FIRST_COMPLETED).done:
                try:
                    outcome = future.result()
                except BrokenExecutor:
                    raise
                except Exception as error:  # noqa: BLE001 - what became of one run on its way ends no other
                    outcome = None, f"{type(error).__name__}: {error}", 0.0
                keep(futures.pop(future), outcome)
                submit(1)
    except BrokenExecutor:
        lost = ", ".join(json.dumps(configuration) for configuration in list(todo.values())[:3])
        raise WorkersDied(
            f"sweep: a worker of the executor died; {len(todo)} runs were lost with it or not begun ({lost:.300}), the "
            "others are stored; sweep again, with a new executor, to make them"
        ) from None
    finally:
        for future in futures:
            future.cancel()
