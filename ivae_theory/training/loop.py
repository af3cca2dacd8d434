"""The training loop: Adam with a cosine schedule, one step of all replicas at a time.

Nothing random is carried from step to step: the order of an epoch and the noise of a block of steps are functions of
the seed and of the step's number. A run resumed from step t is therefore the uninterrupted run, bit for bit, once
parameters, both Adam moments and t are back.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import CorruptReport, InputError, IvaeTheoryError
from ivae_theory.training.checkpoints import read_checkpoint, write_checkpoint
from ivae_theory.training.extras import torch
from ivae_theory.training.problem import Problem
from ivae_theory.training.progress import reporter
from ivae_theory.training.stepping import stepper

__all__ = ["History", "Loop", "Schedule", "TrainingFailed"]

#: Steps whose noise is drawn at once.
_BLOCK = 32
_ORDER, _NOISE = 1, 2


class TrainingFailed(IvaeTheoryError, ValueError):
    """Every replica became NaN or infinite; the message says when, and what to change."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Attributes
    ----------
    steps, batch
        Optimiser steps, and rows a step (fewer where the data have fewer).
    learning_rate, floor, warmup
        Adam's rate rises linearly over the first ``warmup`` steps, then falls along a cosine to ``floor`` times itself.
    clip
        Largest Euclidean norm of a replica's gradient; None for no limit.
    temper
        Factor on the variance of Gaussian observations at the start, which falls geometrically to 1 over the first half
        of the steps: a smoother problem first, the model itself in the end. 1 for none.
    unrolled
        Steps that are compiled together as one function (a VAE on a CPU, with a C++ compiler there); 0 to make one
        step at a time, which needs no compiler. Pays for few replicas and many steps: see the how-to on training.
    """

    steps: int = 8000
    batch: int = 64
    learning_rate: float = 1e-2
    floor: float = 1e-3
    warmup: int = 0
    clip: float | None = None
    temper: float = 1.0
    unrolled: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch"):
            if getattr(self, name) < 1:
                raise InputError(name, "a whole number >= 1", repr(getattr(self, name)))
        if not 0 < self.learning_rate < math.inf:
            raise InputError("learning_rate", "a finite number > 0", repr(self.learning_rate))
        if not 0 <= self.floor <= 1:
            raise InputError("floor", "a number in [0, 1]", repr(self.floor))
        if not 0 <= self.warmup < self.steps:
            raise InputError("warmup", "fewer steps than steps", repr(self.warmup))
        if self.clip is not None and not self.clip > 0:
            raise InputError("clip", "a number > 0, or None", repr(self.clip))
        if not 1 <= self.temper < math.inf:
            raise InputError("temper", "a finite number >= 1", repr(self.temper))
        if self.unrolled < 0 or (self.unrolled and self.steps % self.unrolled):
            raise InputError("unrolled", f"0, or a divisor of steps = {self.steps}", repr(self.unrolled))

    def factor(self, step: int) -> float:
        """What multiplies the variance of the observations at this step."""
        return float(self.temper ** max(0.0, 1.0 - 2.0 * step / self.steps))

    def rate(self, step: int) -> float:
        """Adam's learning rate at this step."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        cosine = 0.5 * (1.0 + math.cos(math.pi * (step - self.warmup) / (self.steps - self.warmup)))
        return self.learning_rate * max(cosine, self.floor)


@dataclass(eq=False)
class History:
    """What happened: the batch losses of all replicas at some steps, and which replicas were lost.

    Attributes
    ----------
    steps, losses
        Step numbers, and lists of S losses each (None where not finite).
    lost
        Replica -> first recorded step at which its loss or a parameter was not finite.
    seconds
        Time spent training, over all resumptions.
    """

    steps: list[int] = field(default_factory=list)
    losses: list[list[float | None]] = field(default_factory=list)
    lost: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    def array(self) -> NDArray[np.float64]:
        """Losses as an array (records, S), NaN where not finite."""
        return np.array(self.losses, dtype=float)

    def record(self, chosen: int) -> dict[str, Any]:
        """What a report shows of it: steps, losses, and which replica was chosen."""
        return {"steps": self.steps, "losses": self.losses, "chosen": int(chosen)}

    def advice(self) -> list[str]:
        """One sentence for every replica that was lost."""
        return [
            f"replica {replica}: not finite at step {step}; lower the learning rate, raise the noise variance or "
            "look for outliers in x"
            for replica, step in sorted(self.lost.items())
        ]


@contextmanager
def _deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Ctrl-C asks the loop to stop after its step; a second one interrupts at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    previous = signal.getsignal(signal.SIGINT)

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, previous)


class Loop:
    """Trains a :class:`~ivae_theory.training.problem.Problem`.

    Parameters
    ----------
    problem, schedule
        What and how.
    seed
        Of the data order and the noise, shared by all replicas.
    checkpoint, checkpoint_every
        File that holds the state, written every so many steps, at the end and on Ctrl-C. If it exists at the start,
        training resumes from it.
    record_every
        Steps between two records of the losses.
    callback
        Called with the loop after each record; the state it sees is that after ``loop.step`` steps.
    progress
        Whether to show bound, rate and time left.
    """

    def __init__(
        self,
        problem: Problem,
        schedule: Schedule,
        *,
        seed: int = 0,
        checkpoint: str | Path | None = None,
        checkpoint_every: int = 1000,
        record_every: int = 100,
        callback: Callable[[Loop], None] | None = None,
        progress: bool = False,
    ) -> None:
        for name, value in (("checkpoint_every", checkpoint_every), ("record_every", record_every)):
            if value < 1:
                raise InputError(name, "a whole number >= 1", repr(value))
        self.problem, self.schedule, self.seed, self.callback = problem, schedule, int(seed), callback
        self.record_every, self.checkpoint_every, self.progress = record_every, checkpoint_every, progress
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.rows = min(schedule.batch, problem.population)
        self.batches = problem.population // self.rows
        if schedule.temper != 1.0 and not problem.tempers:
            raise InputError("temper", "1 for problems without Gaussian observations", repr(schedule.temper))
        self.step, self.history = 0, History()
        self.first = torch.zeros_like(problem.flat)
        self.second = torch.zeros_like(problem.flat)
        self._steps = stepper(self)
        self._order: tuple[int, Sequence[torch.Tensor]] | None = None
        self._noise: tuple[int, Sequence[torch.Tensor]] | None = None
        if self.checkpoint is not None and self.checkpoint.exists():
            self._restore(self.checkpoint)

    def _generator(self, stream: int, index: int) -> torch.Generator:
        """The generator of one epoch's order or one block's noise."""
        entropy = np.random.SeedSequence([self.seed, stream, index]).generate_state(1, np.uint64)[0]
        return torch.Generator(self.problem.flat.device).manual_seed(int(entropy))

    def batch_rows(self, step: int) -> torch.Tensor:
        """Row numbers of the batch of this step: every epoch passes once through its own permutation."""
        epoch, position = divmod(step, self.batches)
        if self._order is None or self._order[0] != epoch:
            generator, device = self._generator(_ORDER, epoch), self.problem.flat.device
            order = torch.randperm(self.problem.population, generator=generator, device=device)
            self._order = epoch, torch.split(order, self.rows)
        return self._order[1][position]

    def noise(self, step: int) -> torch.Tensor:
        """Standard normal noise (S, rows, noise width) of this step."""
        block, position = divmod(step, _BLOCK)
        if self._noise is None or self._noise[0] != block:
            flat, problem = self.problem.flat, self.problem
            shape = (_BLOCK, problem.replicas, self.rows, problem.noise_width)
            drawn = torch.randn(shape, generator=self._generator(_NOISE, block), dtype=flat.dtype, device=flat.device)
            # in memory rows come last, as hand-derived gradients read it
            self._noise = block, drawn.mT.contiguous().mT.unbind()
        return self._noise[1][position]

    def run(self, until: int | None = None) -> History:
        """Train up to step ``until`` (the schedule's end by default) and return the history.

        Raises
        ------
        TrainingFailed
            No replica is finite any more.
        KeyboardInterrupt
            After Ctrl-C, once the step is complete and the checkpoint written.
        """
        goal = self.schedule.steps if until is None else min(until, self.schedule.steps)
        if (goal - self.step) % self._steps.stride:
            raise InputError("until", f"a multiple of unrolled = {self._steps.stride}", repr(goal))
        self.problem.prepare(self.rows)
        with _deferred_interrupt() as interrupted, self._reporter() as report:
            since = time.perf_counter()
            while self.step < goal:
                self._advance()
                stop = interrupted()
                now = time.perf_counter()
                self.history.seconds += now - since
                since = now
                # Ctrl-C makes no record: the history of the resumed run is that of the uninterrupted one.
                if self.step % self.record_every == 0 or self.step == goal:
                    self._record()
                    report(self.step, self.history.array()[-1])
                    if self.callback is not None:
                        self.callback(self)
                if self.checkpoint is not None and (
                    self.step % self.checkpoint_every == 0 or self.step == goal or stop
                ):
                    self.save(self.checkpoint)
                if stop:
                    raise KeyboardInterrupt
        return self.history

    def _reporter(self) -> AbstractContextManager[Callable[[int, NDArray[np.float64]], None]]:
        return reporter(self.progress, self.schedule.steps, self.step, self.problem.replicas)

    def _advance(self) -> None:
        """The next step of all replicas, or the next few where they are compiled together."""
        self._steps()
        self.step += self._steps.stride

    def _record(self) -> None:
        """Losses at the batch of the last step; find replicas that are not finite."""
        last = self.step - 1
        losses = self.problem.loss(self.batch_rows(last), self.noise(last)).double().cpu().numpy()
        self.history.steps.append(self.step)
        self.history.losses.append([float(v) if math.isfinite(v) else None for v in losses])
        for replica in np.flatnonzero(~np.isfinite(losses)):
            self.history.lost.setdefault(int(replica), self.step)
        if len(self.history.lost) == self.problem.replicas:
            raise TrainingFailed("training: no replica is finite any more; " + "; ".join(self.history.advice()))

    def _identity(self) -> dict[str, Any]:
        """What must be the same for a checkpoint to be this run's."""
        schedule = asdict(self.schedule)
        if not self.schedule.unrolled:
            del schedule["unrolled"]
        return {"problem": self.problem.describe(), "schedule": schedule, "seed": self.seed}

    def save(self, path: str | Path) -> None:
        """Write the state to a checkpoint."""
        tensors = {"parameters": self.problem.flat, "first": self.first, "second": self.second}
        lost = {str(replica): step for replica, step in self.history.lost.items()}
        history = asdict(self.history) | {"lost": lost}
        write_checkpoint(path, tensors, {"identity": self._identity(), "step": self.step, "history": history})

    def _restore(self, path: Path) -> None:
        """Continue from a checkpoint of this very run."""
        tensors, state = read_checkpoint(path)
        try:
            self._require_mine(state["identity"], path)
            lost = {int(replica): step for replica, step in state["history"]["lost"].items()}
            history, step = History(**{**state["history"], "lost": lost}), int(state["step"])
            parts = [(self.problem.flat, tensors["parameters"]), (self.first, tensors["first"])]
            parts.append((self.second, tensors["second"]))
            if any(mine.shape != theirs.shape for mine, theirs in parts):
                raise ValueError("tensors of other shapes")
        except InputError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            got = f"{path} with {type(error).__name__}: {error}"
            raise CorruptReport("checkpoint", "the state of a run of this loop", got) from None
        with torch.no_grad():
            for mine, theirs in parts:
                mine.copy_(theirs)
        self.step, self.history = step, history

    def _require_mine(self, identity: dict[str, Any], path: Path) -> None:
        for part, expected in self._identity().items():
            found = identity.get(part)
            if found != _as_json(expected):
                raise InputError("checkpoint", f"a file of this run's {part}: {expected}", f"{found} in {path}")


def _as_json(value: Any) -> Any:
    """Tuples as the lists that JSON reads back."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, (list, tuple)) else value
