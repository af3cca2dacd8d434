"""One thread at a time.

python-flint's precision, torch's tracer and random state, a module's training mode, warnings filters and sympy's caches
belong to the process. A thread that changed them under another's feet would make verdicts depend on timing, and could
evaluate a network in training mode that another one has just switched back. So whatever touches them takes its turn:
checks in threads follow one another (processes run at the same time), and answer as if they had been alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flint import ctx

__all__ = ["turn"]

_LOCK = threading.RLock()
_PRECISION = ctx.prec


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other thread is inside such a block; blocks nest. Also a decorator: ``@turn()``."""
    with _LOCK:
        yield


def _after_fork() -> None:
    """A child of a process in which another thread had its turn: that thread is gone, and so is its precision."""
    global _LOCK
    if _LOCK.acquire(blocking=False):
        _LOCK.release()
        return
    _LOCK = threading.RLock()
    ctx.prec = _PRECISION


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
