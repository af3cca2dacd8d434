"""Processes that train when they are told to, so that everything compared is warm and takes turns in one run."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

__all__ = ["BATCH", "Contender", "Turn", "make_loop"]

BATCH = 64


def make_loop(replicas: int, n: int = 5, width: int = 50, length: int = 1000, unrolled: int = 0) -> Any:
    """The trainer on Section 5's data, ready to step."""
    from ivae_theory.training import Schedule, simulate
    from ivae_theory.training.coordinates import Whitening
    from ivae_theory.training.loop import Loop
    from ivae_theory.training.networks import Architecture, Stack
    from ivae_theory.training.objectives import Bound
    from ivae_theory.training.problem import VariationalProblem, variational_rows

    data = simulate("paper", 0, n=n, d=n, length=length)
    stack = Stack(Architecture(n=n, d=n, size=40, width=width), range(replicas))
    rows = variational_rows(data.x, data.u, Whitening.fit(data.x), stack, 0.01)
    every = 10**6
    schedule = Schedule(steps=10**9, batch=BATCH, unrolled=unrolled)
    loop = Loop(VariationalProblem(stack, Bound(), rows), schedule, record_every=every, checkpoint_every=every)
    loop.problem.prepare(loop.rows)
    return loop


def _stack(replicas: int, unrolled: int = 0) -> tuple[Callable[[], int], dict[str, Any]]:
    loop = make_loop(replicas, unrolled=unrolled)

    def advance() -> int:
        before = loop.step
        for _ in range(10):
            loop._advance()
        return replicas * (loop.step - before)

    return advance, {}


def _plain(paper: bool) -> tuple[Callable[[], int], dict[str, Any]]:
    from benchmarks.plain_ivae import plain_steps

    steps = plain_steps(paper, BATCH)

    def advance() -> int:
        for _ in range(10):
            next(steps)
        return 10

    return advance, {}


def _jax(replicas: int) -> tuple[Callable[[], int], dict[str, Any]]:
    """The scan, and how far its first gradient is from ours at the same weights, rows and noise."""
    from benchmarks.jax_ivae import JaxIVAE

    loop = make_loop(replicas)
    problem = loop.problem
    weights = {name: weight.detach().numpy().copy() for name, weight in problem.stack.weights.items()}
    design, d = problem.data.design[0].numpy(), problem.stack.architecture.d
    other = JaxIVAE(
        weights,
        design[:, :d].copy(),
        design[:, d:].argmax(1),
        problem.data.precision[0, 0].numpy(),
        batch=BATCH,
        steps=max(20, 400 // replicas),
    )
    problem.write_gradient(loop.batch_rows(0), loop.noise(0))
    theirs = other.gradients(loop.batch_rows(0).numpy(), loop.noise(0).numpy())
    largest = max(float(np.abs(g).max()) for g in theirs.values())
    off = max(float(np.abs(g.numpy() - theirs[k]).max()) for k, g in problem.stack.gradients.items()) / largest

    def advance() -> int:
        other.run()
        return replicas * other.steps

    return advance, {"gradient_difference": off}


_MAKERS: dict[str, Callable[..., tuple[Callable[[], int], dict[str, Any]]]] = {
    "stack": _stack,
    "plain": _plain,
    "jax": _jax,
}


def _work(pipe: Connection, kind: str, arguments: dict[str, Any], cores: Sequence[int]) -> None:
    """A process's life: set up, report, then train for as long as each message says."""
    os.sched_setaffinity(0, cores)
    import torch

    torch.set_num_threads(len(cores))
    advance, facts = _MAKERS[kind](**arguments)
    start = time.perf_counter()
    advance()
    first = time.perf_counter() - start
    start = time.perf_counter()
    advance()
    facts["compile_seconds"] = max(0.0, first - (time.perf_counter() - start))
    pipe.send(facts)
    while (seconds := pipe.recv()) is not None:
        made, start, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - start < seconds:
            made += advance()
        pipe.send((made, time.perf_counter() - start, time.process_time() - cpu))
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


@dataclass(frozen=True)
class Turn:
    """Model-steps a second of one turn, by the clock and by CPU time."""

    by_clock: float
    by_cpu: float


class Contender:
    """One or several processes that train at the same time.

    Parameters
    ----------
    kind, arguments
        What they run; with several processes, each has an equal share of the ``replicas``.
    cores
        Cores that each process may use.
    """

    def __init__(self, kind: str, arguments: dict[str, Any], cores: Sequence[Sequence[int]]) -> None:
        context = multiprocessing.get_context("spawn")
        if len(cores) > 1:
            arguments = arguments | {"replicas": arguments["replicas"] // len(cores)}
        self.turns: list[Turn] = []
        self._pipes: list[Connection] = []
        for own in cores:
            mine, theirs = context.Pipe()
            context.Process(target=_work, args=(theirs, kind, arguments, own), daemon=True).start()
            theirs.close()
            self._pipes.append(mine)

    def ready(self) -> dict[str, Any]:
        """Wait until all are warm; what they found out."""
        found: list[dict[str, Any]] = [pipe.recv() for pipe in self._pipes]
        return found[0]

    def turn(self, seconds: float) -> None:
        """Train for so long, and keep how fast."""
        for pipe in self._pipes:
            pipe.send(seconds)
        answers = [pipe.recv() for pipe in self._pipes]
        by_clock = sum(made / wall for made, wall, _ in answers)
        self.turns.append(Turn(by_clock, sum(a[0] for a in answers) / sum(a[2] for a in answers)))

    def end(self) -> float:
        """Peak memory of all processes together, in MiB."""
        for pipe in self._pipes:
            pipe.send(None)
        return float(sum(pipe.recv() for pipe in self._pipes))
