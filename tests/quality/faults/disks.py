"""Disks that are full or cannot be written, clocks that jump, processes that die."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from ivae_theory.errors import IvaeTheoryError
from tests.quality.faults.children import full_disk, litter, read_only, require
from tests.quality.faults.killed import _loop, _recoveries, _state, _uninterrupted, reports

__all__ = ["full", "jumping_clock", "killed_workers", "unwritable"]


def _writing() -> dict[str, Callable[[Path, int], Any]]:
    """What writes files: called with a path and a size in numbers; refused with one clear error where it cannot."""
    from ivae_theory.files import write_text
    from ivae_theory.reporting.figures import save
    from ivae_theory.reproduce.task import Task
    from ivae_theory.training.checkpoints import write_checkpoint
    from ivae_theory.training.extras import torch
    from ivae_theory.training.store import Store

    return {
        "checkpoint": lambda path, size: write_checkpoint(path, {"a": torch.zeros(size)}, {"step": 1}),
        "report.json": lambda path, size: write_text(path, reports()[1].to_json() + " " * 8 * size, "--json"),
        "report.html": lambda path, size: reports()[1].to_html(path),
        "recovery.png": lambda path, size: save(_recoveries()[0].plot(), path),
        "numbers.json": lambda path, size: Task(path.parent).write(path.stem, {"cells": [0.5] * size}),
        "store": lambda path, size: Store(path).record({"a": size}, result={"cells": [0.5] * size}),
    }


def _refused(write: Callable[[], Any]) -> str:
    try:
        write()
    except IvaeTheoryError as error:
        message = str(error)
        require("\n" not in message, f"an error of several lines: {message!r}")
        return message
    return ""


def full(draw: Random, folder: Path) -> str:
    """No space left: one error that says so; the old file is as it was, and no temporary file is left."""
    kind = draw.choice([*_writing(), "training"])
    if kind == "training":
        return _training_on_a_full_disk(draw, folder)
    write = _writing()[kind]
    with full_disk(folder, 96 << 10) as place:
        path = place / (kind if "." in kind else f"{kind}.bin")
        if kind != "store":
            path.write_bytes(b"old")
        else:
            write(path, 10)
        old = path.read_bytes()
        filler = place / "filler"
        _fill(filler, draw.randrange(0, 4096))
        message = _refused(lambda: write(path, 40_000))
        require(message, f"{kind} was written to a full disk")
        require(kind in message or path.name in message or "out" in message, f"the file is not named: {message}")
        # SQLite calls it an I/O error where it is the shared memory of its journal that finds no space.
        reasons = ("space", "full", "large", "disk I/O error")
        require(any(reason in message for reason in reasons), f"the reason is not given: {message}")
        require(litter(place) == [], f"left behind: {litter(place)}")
        if kind != "store":
            require(path.read_bytes() == old, f"{kind} is not what it was")
        filler.unlink()
        if kind == "store":
            from ivae_theory.training.store import Store

            require([run.configuration for run in Store(path).runs()] == [{"a": 10}], "the store lost a run")
            Store(path).record({"a": 11}, result={})
    return kind


def _fill(path: Path, leave: int) -> None:
    """Write until the disk is full, then give some bytes back."""
    try:
        with path.open("wb", buffering=0) as stream:
            for _ in range(1 << 12):
                stream.write(b"x" * 4096)
    except OSError:
        pass
    os.truncate(path, max(0, path.stat().st_size - leave))


def _training_on_a_full_disk(draw: Random, folder: Path) -> str:
    """The disk fills up while training: an error, the last checkpoint whole; with space again the run is the same."""
    variant = draw.randrange(4)
    wanted, _ = _uninterrupted(variant)
    with full_disk(folder, 1 << 20) as place:
        path = place / "state.ckpt"
        _loop(variant, path, 10).run(draw.randrange(7, 105, 7))  # a step that is recorded in any case
        old = path.read_bytes()
        _fill(place / "filler", 0)
        message = _refused(lambda: _loop(variant, path, 10).run())
        require("checkpoint" in message and ("space" in message or "large" in message), f"training said {message!r}")
        require(path.read_bytes() == old, "the last checkpoint is gone")
        (place / "filler").unlink()
        resumed = _loop(variant, path, 10)
        resumed.run()
    require(_state(resumed) == wanted, "with space again it is another run")
    return "training"


def unwritable(draw: Random, folder: Path) -> str:
    """A read-only folder: one error with the reason, and nothing is changed."""
    place = folder / "kept"
    place.mkdir()
    kind = draw.choice(list(_writing()))
    write = _writing()[kind]
    path = place / (kind if "." in kind else f"{kind}.bin")
    if draw.random() < 0.5:
        write(path, 10)
    before = {name: (place / name).read_bytes() for name in os.listdir(place)}
    with read_only(place):
        message = _refused(lambda: write(path, 20))
    require(message, f"{kind} was written to a read-only folder")
    reasons = ("read-only", "readonly", "permission", "unable to open")
    require(any(reason in message.lower() for reason in reasons), f"the reason is not given: {message}")
    after = {name: (place / name).read_bytes() for name in os.listdir(place)}
    require(after == before, "the folder changed")
    return f"{kind}, {'over an old file' if before else 'a new file'}"


def jumping_clock(draw: Random, folder: Path) -> str:
    """The system's clock jumps back and forth: no crash, the same results, no negative seconds, the order kept."""
    from concurrent.futures import ThreadPoolExecutor

    from ivae_theory import recheck
    from ivae_theory.training.store import Store
    from ivae_theory.training.sweeps import sweep
    from tests.quality.faults.killed import _logged

    ends = []
    real = time.time

    def jumping() -> float:
        return real() + draw.choice([-1e9, -3600.0, -0.5, 0.0, 0.5, 86400.0, 1e9])

    with mock.patch("time.time", jumping):
        variant = draw.randrange(4)
        loop = _loop(variant, folder / "state.ckpt", 20)
        loop.progress = True
        history = loop.run()
        require(_state(loop) == _uninterrupted(variant)[0], "training depends on the clock")
        require(history.seconds >= 0, f"training took {history.seconds} s")
        grid = [{"value": v, "log": str(folder / "log"), "seconds": 0.0} for v in range(6)]
        with ThreadPoolExecutor(1) as pool:
            sweep(grid, folder / "s", runner=_logged, executor=pool, progress=lambda run: ends.append(run))
        stored = Store(folder / "s").runs()
        recheck(reports()[0])
    require([r.configuration for r in stored] == [r.configuration for r in ends], "the order of runs is the clock's")
    require(all(run.seconds >= 0 for run in stored), "a run took negative seconds")
    return f"variant {variant}"


def killed_workers(draw: Random, folder: Path) -> str:
    """A worker dies: the run that it took along is named, all others are stored, the next sweep makes what is left."""
    from ivae_theory.training.store import Store
    from ivae_theory.training.sweeps import sweep
    from ivae_theory.training.workers import WorkersDied
    from tests.training import runners

    count, store = draw.randint(3, 6), folder / "runs.sqlite"
    grid = [{"value": value, "log": str(folder / "log")} for value in range(count)]
    if draw.random() < 0.5:
        report = sweep(grid, store, runner=runners.deadly, workers=2)
        require((report.ran, report.failed) == (count - 1, 1), f"the own pool made {report}")
        (failed,) = [run for run in Store(store).runs() if run.error]
        require(failed.configuration["value"] == 2, "another run is blamed")
        require("killed" in (failed.error or ""), f"its error is {failed.error}")
    else:
        with ProcessPoolExecutor(1) as pool:
            try:
                sweep(grid, store, runner=runners.deadly, executor=pool)
            except WorkersDied as error:
                require(json.dumps(grid[2])[:30] in str(error), f"the lost run is not named: {error}")
            else:
                require(False, "a broken executor went unnoticed")
        require(len(Store(store).finished()) == 2, "what had ended is not stored")
    left = sweep(grid, store, runner=runners.log, workers=2) if draw.random() < 0.3 else _in_threads(grid, store)
    require(left.found + left.ran == count and left.failed == 0, f"the next sweep made {left}")
    return f"{count} runs"


def _in_threads(grid: list[dict[str, Any]], store: Path) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    from ivae_theory.training.sweeps import sweep
    from tests.training import runners

    with ThreadPoolExecutor(2) as pool:
        return sweep(grid, store, runner=runners.log, executor=pool)
