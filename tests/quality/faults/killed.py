"""kill -9 and Ctrl-C at random moments: nothing is lost, nothing is repeated, no file is half of one."""

from __future__ import annotations

import itertools
import json
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from ivae_theory import Model, Noise, Prior, Report, assume_injective, check, families, recheck, recover
from tests.quality.faults.children import in_child, intact, moment, require

__all__ = ["interrupted_command", "interrupted_training", "killed_recovery", "killed_report", "killed_reproduction",
           "killed_sweep", "killed_training", "reports"]  # fmt: skip

_STEPS = 120


def _loop(variant: int, path: Path | None, every: int = 1000) -> Any:
    from ivae_theory.training.loop import Loop, Schedule
    from ivae_theory.training.objectives import Bound, ImportanceWeighted
    from tests.training.test_loop import make_problem

    problem = make_problem(Bound() if variant % 2 else ImportanceWeighted(2), replicas=1 + variant % 3)
    schedule = Schedule(steps=_STEPS, batch=16, warmup=5)
    return Loop(problem, schedule, seed=variant, checkpoint=path, checkpoint_every=every, record_every=7)


def _state(loop: Any) -> tuple[bytes, ...]:
    """Everything that training comes to, but the seconds that it took."""
    tensors = [np.asarray(t.detach()).tobytes() for t in (loop.problem.flat, loop.first, loop.second)]
    history = [loop.step, loop.history.steps, loop.history.losses, loop.history.lost]
    return (*tensors, json.dumps(history).encode())


@cache
def _uninterrupted(variant: int) -> tuple[tuple[bytes, ...], float]:
    loop = _loop(variant, None)
    began = time.perf_counter()
    loop.run()
    return _state(loop), time.perf_counter() - began


def _until_it_ends(draw: Random, folder: Path, send: int, allowed: tuple[int, ...]) -> str:
    """Stop a training once or several times; the resumed run must be the uninterrupted one, bit for bit."""
    variant, every = draw.randrange(4), draw.choice([1, 1, 3, 20])
    wanted, seconds = _uninterrupted(variant)
    path = folder / "state.ckpt"
    times = draw.randint(1, 3)
    for _ in range(times):
        ended = in_child(
            lambda: _loop(variant, path, every).run(), folder, after=moment(draw, 2 * seconds + 0.1), send=send
        )
        require(ended.status in allowed, f"status {ended.status}: {ended.errors[-300:]}")
    resumed = _loop(variant, path, every)
    begun = resumed.step
    resumed.run()
    require(_state(resumed) == wanted, f"resumed at step {begun} it is another run")
    return f"stopped {times} times, resumed at step {begun} of {_STEPS}, checkpoints every {every}"


def killed_training(draw: Random, folder: Path) -> str:
    """kill -9 while training: the resumed run equals the uninterrupted one bit for bit."""
    return _until_it_ends(draw, folder, signal.SIGKILL, (0, -signal.SIGKILL))


def interrupted_training(draw: Random, folder: Path) -> str:
    """Ctrl-C while training: the state is saved, and the resumed run equals the uninterrupted one bit for bit."""
    return _until_it_ends(draw, folder, signal.SIGINT, (0, 130))


def _logged(configuration: dict[str, Any]) -> dict[str, Any]:
    time.sleep(configuration["seconds"])
    with Path(configuration["log"]).open("a") as stream:
        stream.write(f"{configuration['value']}\n")
    return {"square": configuration["value"] ** 2}


def killed_sweep(draw: Random, folder: Path) -> str:
    """kill -9 while sweeping: a run that was stored is never repeated, every run is made, the file is sound."""
    from ivae_theory.training.store import Store
    from ivae_theory.training.sweeps import sweep

    threads, count, store = draw.randint(1, 3), draw.randint(5, 25), folder / "runs.sqlite"
    grid = [{"value": v, "log": str(folder / "log"), "seconds": draw.uniform(0, 0.02)} for v in range(count)]

    def work() -> None:
        with ThreadPoolExecutor(threads) as pool:
            sweep(grid, store, runner=_logged, executor=pool)

    before = set[str]()
    times = draw.randint(1, 3)
    for _ in range(times):
        in_child(work, folder, after=moment(draw, 0.02 * count))
        done = Store(store).finished()
        require(before <= done, "a stored run is gone")
        before = done
    work()
    with sqlite3.connect(store) as connection:
        require(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the store is corrupt")
    runs = Store(store).runs()
    require(sorted(run.configuration["value"] for run in runs) == list(range(count)), "runs are lost")
    require(all(run.result == {"square": run.configuration["value"] ** 2} for run in runs), "a result is another's")
    made = Counter((folder / "log").read_text().split())
    # What was between its end and its record when the process was killed is made again: at most two runs a thread.
    require(sum(made.values()) - count <= times * 2 * threads, f"{sum(made.values()) - count} runs repeated")
    return f"{count} runs, {threads} threads, killed {times} times"


@cache
def reports() -> tuple[Report, Report]:
    """Two reports of different length."""
    found = []
    for n in (2, 9):
        table = np.vstack([np.zeros(n), np.eye(n)])
        model = Model(Prior(families.gaussian_location(), table), noise=Noise.gaussian(1), mixing=assume_injective(n))
        found.append(check(model))
    return found[0], found[1]


@cache
def _writers() -> dict[str, list[Callable[[Path], None]]]:
    from ivae_theory.files import write_text

    return {
        "report.json": [lambda path, r=r: write_text(path, r.to_json(), "--json") for r in reports()],
        "report.html": [lambda path, r=r: r.to_html(path) for r in reports()],
        "report.tex": [lambda path, r=r: write_text(path, r.to_latex(), "--latex") for r in reports()],
    }


def _killed_writer(draw: Random, folder: Path, name: str, writers: list[Callable[[Path], None]]) -> str:
    """Write one file after the other over the same name until the child is killed."""
    whole = [b""]
    once = (folder / "once").with_suffix(Path(name).suffix)
    for write in writers:
        write(once)
        whole.append(once.read_bytes())
    target = folder / name
    existed = draw.random() < 0.5
    if existed:
        writers[0](target)
        whole.remove(b"")

    def work() -> None:
        for write in itertools.islice(itertools.cycle(writers), 2000):
            write(target)

    ended = in_child(work, folder, after=draw.uniform(0, 0.3))
    require(ended.status in (0, -signal.SIGKILL), ended.errors[-300:])
    intact(target, whole)
    for write in writers[::-1]:
        write(target)
    intact(target, whole[-2:])
    return f"{name}, {'over an old file' if existed else 'a new file'}"


def killed_report(draw: Random, folder: Path) -> str:
    """kill -9 while a report is written as JSON, HTML or LaTeX: the old file or the new one, and JSON that rechecks."""
    name = draw.choice(sorted(_writers()))
    found = _killed_writer(draw, folder, name, _writers()[name])
    if name == "report.json":
        recheck((folder / name).read_text())
    return found


@cache
def _recoveries() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    z = rng.standard_normal((400, 3))
    return recover(z, 2 * z[:, ::-1], statistics="z"), recover(z[:, :2], z[:, :2] ** 3, statistics="z")


def killed_recovery(draw: Random, folder: Path) -> str:
    """kill -9 while ``recover --json`` or ``--plot`` writes: the old file or the new one."""
    from ivae_theory.files import write_text
    from ivae_theory.reporting.figures import save

    if draw.random() < 0.6:
        writers = [lambda path, r=r: write_text(path, r.to_json(), "--json") for r in _recoveries()]
        return _killed_writer(draw, folder, "recovery.json", writers)
    figures = [r.plot() for r in _recoveries()]
    for figure in figures:  # drawing settles the layout: the first file of a figure may differ from later ones
        save(figure, folder / "first.png", dpi=40)
    return _killed_writer(draw, folder, "recovery.png", [lambda path, f=f: save(f, path, dpi=40) for f in figures])


def killed_reproduction(draw: Random, folder: Path) -> str:
    """kill -9 while a reproduced figure's numbers are written: the old file or the new one."""
    from ivae_theory.reproduce.task import Task

    def writer(numbers: dict[str, Any]) -> Callable[[Path], None]:
        return lambda path: (Task(path.parent).write(path.stem, numbers), None)[1]

    return _killed_writer(draw, folder, "numbers.json", [writer({"cells": list(range(n))}) for n in (5, 30_000)])


_MODEL = """
import numpy as np, time
from ivae_theory import Model, Noise, Points, Prior, assume_injective, families
def natural(u):
    time.sleep({pause})
    return np.asarray(u)
model = lambda: Model(Prior(families.gaussian_location(), natural, Points(np.vstack([np.zeros(2), np.eye(2)]))),
                      noise=Noise.gaussian(1), mixing=assume_injective(2))
"""


def interrupted_command(draw: Random, folder: Path) -> str:
    """Ctrl-C during ``ivae-theory check``: status 130 and one line, or the answer; no traceback, no half report."""
    from ivae_theory.cli.app import main

    (folder / "model.py").write_text(_MODEL.format(pause=draw.choice([0.0, 0.02, 0.2])))
    target = folder / "report.json"
    arguments = ["check", str(folder / "model.py"), "--json", str(target)]
    ended = in_child(lambda: main(arguments), folder, after=0.02 + draw.uniform(0, 0.6), send=signal.SIGINT)
    require("Traceback" not in ended.errors, ended.errors[-500:])
    require(ended.status in (0, 130), f"status {ended.status}: {ended.errors[-300:]}")
    if ended.status == 130:
        require("ivae-theory: interrupted" in ended.errors.splitlines(), ended.errors[-300:])
    if target.exists():
        recheck(target.read_text())
    return f"status {ended.status}"
