"""The progress line of training: step, best and median bound, model-steps a second, time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

__all__ = ["reporter"]


@contextmanager
def reporter(show: bool, steps: int, start: int, replicas: int) -> Iterator[Callable[[int, NDArray[np.float64]], None]]:
    """A function of (step, losses of all replicas) that updates the line on standard error, or does nothing."""
    if not show:
        yield lambda step, losses: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("bound {task.fields[best]} (median {task.fields[median]})"),
        TextColumn("{task.fields[rate]} model-steps/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("training", total=steps, completed=start, best="-", median="-", rate="-")
        began = time.perf_counter()

        def report(step: int, losses: NDArray[np.float64]) -> None:
            finite = -losses[np.isfinite(losses)]
            rate = replicas * (step - start) / max(time.perf_counter() - began, 1e-9)
            best, median = (f"{finite.max():.3f}", f"{np.median(finite):.3f}") if len(finite) else ("NaN", "NaN")
            bar.update(task, completed=step, best=best, median=median, rate=f"{rate:.0f}")

        yield report
