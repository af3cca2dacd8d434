"""Many configurations, on any executor, each finished run stored as it ends."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from ivae_theory.errors import InputTypeError
from ivae_theory.training.experiments import run_experiment
from ivae_theory.training.store import Run, Store, configuration_key

__all__ = ["SweepReport", "sweep"]

Configuration = Mapping[str, Any]
Runner = Callable[[dict[str, Any]], dict[str, Any]]

#: How often the own pool is made anew after a worker died.
_REPAIRS = 3


@dataclass(frozen=True)
class SweepReport:
    """What a sweep did: numbers of configurations that were there already, ran, and failed."""

    found: int
    ran: int
    failed: int


def _timed(runner: Runner, configuration: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None, float]:
    """Result or error of one run, and its seconds; made in the worker."""
    start = time.perf_counter()
    try:
        result = runner(configuration)
    except Exception as error:  # noqa: BLE001 - whatever a run raises is its outcome, stored with its name
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

    def keep(key: str, outcome: tuple[dict[str, Any] | None, str | None, float]) -> None:
        configuration, (result, error, seconds) = todo.pop(key), outcome
        place.record(configuration, result=result, error=error, seconds=seconds)
        counts["ran" if error is None else "failed"] += 1
        if progress is not None:
            progress(Run(configuration, result, error, seconds, time.time()))

    if executor is not None:
        _drain(executor, runner, todo, keep)
        return SweepReport(len(found), **counts)
    for repair in range(_REPAIRS + 1):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers or _cores(), mp_context=context, initializer=_one_thread) as pool:
            try:
                _drain(pool, runner, todo, keep)
                break
            except BrokenProcessPool:
                if repair == _REPAIRS:
                    raise
    return SweepReport(len(found), **counts)


def _drain(
    executor: Executor,
    runner: Runner,
    todo: Mapping[str, dict[str, Any]],
    keep: Callable[[str, tuple[dict[str, Any] | None, str | None, float]], None],
) -> None:
    """Submit everything; store what ends. What has not begun is cancelled when this is interrupted."""
    futures: dict[Future[Any], str] = {executor.submit(_timed, runner, c): key for key, c in list(todo.items())}
    try:
        for future in as_completed(futures):
            keep(futures[future], future.result())
    finally:
        for future in futures:
            future.cancel()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _one_thread() -> None:
    """One thread a process: the processes are what runs in parallel."""
    from ivae_theory.training.extras import torch

    torch.set_num_threads(1)
