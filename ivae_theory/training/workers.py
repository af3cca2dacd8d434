"""A sweep's own processes. Each makes one run at a time, so that one that dies says which run it took along."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import Any

from ivae_theory.errors import IvaeTheoryError

__all__ = ["Outcome", "WorkersDied", "cores", "run_apart"]

#: Result or None, error or None, seconds.
Outcome = tuple[dict[str, Any] | None, str | None, float]

#: How often a run is tried whose process dies, and how many may die before any run has ended.
_TRIES, _FRUITLESS = 2, 4


class WorkersDied(IvaeTheoryError, ValueError):
    """Processes that make runs died; what had ended is stored, and the next sweep makes the others."""


def run_apart(
    work: Callable[[dict[str, Any]], Outcome],
    todo: Mapping[str, dict[str, Any]],
    keep: Callable[[str, Outcome], None],
    count: int,
) -> None:
    """Make every run in one of ``count`` processes and keep what it came to; a run that kills two of them has failed.

    Raises
    ------
    WorkersDied
        When processes die before any run has ended: then it is not the runs.
    """
    waiting, tries, ended = deque(todo.items()), Counter[str](), 0
    pools: list[ProcessPoolExecutor | None] = [None] * max(1, min(count, len(todo)))
    busy: dict[Future[Outcome], tuple[int, str, dict[str, Any]]] = {}
    free = list(range(len(pools)))
    try:
        while waiting or busy:
            while waiting and free:
                slot, (key, configuration) = free.pop(), waiting.popleft()
                pool = pools[slot] = pools[slot] or _pool()
                busy[pool.submit(work, configuration)] = slot, key, configuration
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                slot, key, configuration = busy.pop(future)
                free.append(slot)
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    pools[slot] = None
                    tries[key] += 1
                    if not ended and tries.total() >= _FRUITLESS:
                        raise WorkersDied(
                            f"sweep: {tries.total()} processes died before any of {len(todo)} runs ended; is there "
                            "enough memory, and is the script that calls it guarded by if __name__ == '__main__'?"
                        ) from None
                    if tries[key] < _TRIES:
                        waiting.append((key, configuration))
                        continue
                    outcome = None, f"WorkersDied: its process was killed, {_TRIES} times", 0.0
                except Exception as error:  # noqa: BLE001 - what cannot be sent to a process or back is the run's outcome
                    outcome = None, f"{type(error).__name__}: {error}", 0.0
                keep(key, outcome)
                ended += 1
    except BaseException:
        for pool in filter(None, pools):
            _stop(pool)
        raise
    for pool in filter(None, pools):
        pool.shutdown()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End a pool at once: waiting for its run would take as long as the run."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _prepare() -> None:
    """One thread a process, since processes are what runs in parallel; whoever started it ends it, also by dying."""
    from ivae_theory.training.extras import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
