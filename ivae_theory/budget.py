"""Answers within a time budget, whatever computes them.

A signal handler of Python runs between two bytecodes: a power of two integers, a quadrature or a lock taken in C is
not interrupted by it. So on Linux what has a budget runs in a forked child, which the kernel ends when the time is
over; the answers come back through a pipe as JSON. One child answers one question after the other, and a new one goes
on where the last one ended. The child's memory is bounded by the machine's.

A forked child can use neither CUDA nor JAX. There, and on other systems, a timer interrupts Python code in the main
thread, and nothing is enforced inside C code or in other threads.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from ivae_theory import errors
from ivae_theory.errors import InputError, IvaeTheoryError
from ivae_theory.files import memory

__all__ = ["LONGEST", "NoAnswer", "answer", "answers", "require_seconds"]

#: Largest budget in seconds, a year: timers of the kernel overflow beyond.
LONGEST = 366 * 86400.0
#: Seconds after which a child that escaped its own timer is killed from outside.
_GRACE = 2.0
_CHUNK = 1 << 16

Task = tuple[str, Callable[[], Any]]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class NoAnswer:
    """A task without an answer: ``reason`` is a sentence, ``seconds`` what it took."""

    reason: str
    seconds: float


class _OutOfTime(BaseException):
    """Raised by the timer; not an Exception, so that nothing on the way takes it for a failed attempt."""


def require_seconds(seconds: float | None, argument: str = "timeout") -> None:
    """Raise :class:`InputError` unless ``seconds`` is a budget, or ``None`` for none."""
    if seconds is None:
        return
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= LONGEST:
        raise InputError(argument, f"a positive number of seconds, at most {LONGEST:.0f}", repr(seconds)[:40])


def answer(
    name: str,
    work: Callable[[], Any],
    seconds: float | None,
    *,
    encode: Callable[[Any], Any] = _same,
    decode: Callable[[Any], Any] = _same,
) -> Any:
    """The answer to one question, or :class:`NoAnswer`; see :func:`answers`."""
    return next(iter(answers([(name, work)], seconds, encode=encode, decode=decode)))


def answers(
    tasks: Sequence[Task],
    seconds: float | None,
    *,
    started: Callable[[str], None] | None = None,
    encode: Callable[[Any], Any] = _same,
    decode: Callable[[Any], Any] = _same,
) -> Iterator[Any]:
    """The answer to each task in turn, or :class:`NoAnswer` where it ran out of time or memory, or crashed.

    Parameters
    ----------
    tasks
        Names, and functions without arguments. A task may use what earlier ones left behind in this process or in a
        child; an answer is taken before the next task begins, or begins anew in another child.
    seconds
        For each task; ``None`` means that there is no bound, and that nothing is forked.
    started
        Called with the name of a task when it begins.
    encode, decode
        From an answer to JSON values and back, for answers that come from a child.

    Raises
    ------
    IvaeTheoryError
        What a task raises on purpose is raised here.
    """
    require_seconds(seconds)
    say = started or (lambda name: None)
    if seconds is not None and _forks():
        for found in _apart(tasks, seconds, say, encode):
            yield found if isinstance(found, NoAnswer) else decode(found)
        return
    for name, work in tasks:
        say(name)
        yield _here(work, seconds)


def _forks() -> bool:
    """Whether a forked child can do what this process can."""
    torch = sys.modules.get("torch")
    return sys.platform == "linux" and "jax" not in sys.modules and not (torch and torch.cuda.is_initialized())


def _here(work: Callable[[], Any], seconds: float | None) -> Any:
    start = time.monotonic()
    try:
        with _timer(seconds):
            return work()
    except _OutOfTime:
        return NoAnswer(_out_of_time(seconds or 0.0), time.monotonic() - start)
    except (IvaeTheoryError, Warning):  # a warning is an exception only where somebody asked for that
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a crash on one question must not take the other answers with it
        return NoAnswer(_crash(error), time.monotonic() - start)


def _out_of_time(seconds: float) -> str:
    return f"The time budget of {seconds:g} s for one verdict ran out."


def _crash(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "There was not enough memory."
    if isinstance(error, RecursionError):
        return "An expression is nested too deeply."
    text = " ".join(str(error).split())[:160]
    return f"The computation ended in an error that is not expected, {type(error).__name__}: {text}."


@contextmanager
def _timer(seconds: float | None) -> Iterator[None]:
    usable = seconds is not None and hasattr(signal, "SIGALRM")
    if not usable or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: Any) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    # It rings again and again: an exception in a callback or a finaliser is swallowed on its way.
    signal.setitimer(signal.ITIMER_REAL, float(seconds or 0), 0.25)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# -- in a child ----------------------------------------------------------------------------------------------------


def _apart(
    tasks: Sequence[Task], seconds: float, say: Callable[[str], None], encode: Callable[[Any], Any]
) -> Iterator[Any]:
    todo = list(tasks)
    while todo:
        child = _Child(todo, seconds, encode)
        try:
            found = None
            while todo and not isinstance(found, NoAnswer):
                say(todo.pop(0)[0])
                found = child.next()
                yield found
        finally:
            child.end()


class _Child:
    """A forked process that answers ``tasks`` in turn, one line of JSON each."""

    def __init__(self, tasks: Sequence[Task], seconds: float, encode: Callable[[Any], Any]) -> None:
        self.seconds, self.ended, self._buffer = seconds, False, b""
        self._answers, inner = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # 3.12: a child has none of its parent's threads
            self._pid = os.fork()
        if self._pid == 0:
            _answer_all(tasks, seconds, encode, inner)
        os.close(inner)

    def next(self) -> Any:
        """The next answer, or why there is none: then this child has ended."""
        start = time.monotonic()
        line = self._line(start + self.seconds + _GRACE)
        if line:
            message = json.loads(line)
            if "error" in message:
                raise _restored(*message["error"])
            return NoAnswer(*message["none"]) if "none" in message else message["value"]
        ended_by = self.end(kill=line is None)
        spent = time.monotonic() - start
        if line is None or ended_by == signal.SIGALRM:
            return NoAnswer(_out_of_time(self.seconds), spent)
        how = signal.Signals(ended_by).name if ended_by else "no answer"
        return NoAnswer(f"The process that computed it ended with {how}.", spent)

    def _line(self, deadline: float) -> bytes | None:
        """The next line; empty when the child has ended, ``None`` at the deadline."""
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                return None
            chunk = os.read(self._answers, _CHUNK)
            if not chunk:
                return b""
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def end(self, kill: bool = True) -> int:
        """Stop the child; the number of the signal that ended it, 0 for none."""
        if self.ended:
            return 0
        self.ended = True
        os.close(self._answers)
        if kill:
            os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _answer_all(tasks: Sequence[Task], seconds: float, encode: Callable[[Any], Any], out: int) -> NoReturn:
    """The life of a child, until a task has no answer; it leaves without what its parent planned for its own end."""
    status = 1
    try:
        gc.freeze()  # a collection would copy the parent's pages
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the kernel ends the process, also inside C code
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
        _bound_memory()
        _one_thread()
        for _, work in tasks:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            kind, message = _message(work, encode)
            signal.setitimer(signal.ITIMER_REAL, 0)
            line = message + b"\n"
            while line:
                line = line[os.write(out, line) :]
            if kind != "value":
                break
        status = 0
    finally:
        os._exit(status)


def _message(work: Callable[[], Any], encode: Callable[[Any], Any]) -> tuple[str, bytes]:
    """An answer, an error that was raised on purpose, or why there is no answer, as a line of JSON."""
    start = time.monotonic()
    content: Any
    try:
        return "value", json.dumps({"value": encode(work())}).encode()
    except (IvaeTheoryError, Warning) as error:
        kind, content = "error", _described(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a crash on one question must not take the other answers with it
        kind, content = "none", [_crash(error), time.monotonic() - start]
    return kind, json.dumps({kind: content}).encode()


def _described(error: Exception) -> list[Any]:
    """An error as JSON values: its class among those of :mod:`ivae_theory.errors`, its text, its fields."""
    known = (kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
    name = next(known, Warning.__name__)
    fields = ("feature", "extra") if isinstance(error, errors.MissingExtra) else ("argument", "expected", "got")
    return [name, str(error), [getattr(error, field, None) for field in fields]]


def _restored(name: str, text: str, fields: Sequence[Any]) -> Exception:
    """The error that a child described."""
    if name == Warning.__name__:
        return Warning(text)
    if name == IvaeTheoryError.__name__ or None in fields:
        return IvaeTheoryError(text)
    error: IvaeTheoryError = getattr(errors, name)(*fields)
    return error


def _bound_memory() -> None:
    """No more memory than the machine has: a request beyond is an error here, and not the end of another process."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = memory() if hard == resource.RLIM_INFINITY else min(hard, memory())
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _one_thread() -> None:
    """The worker threads of a parent do not exist in its child, which would wait for them."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
