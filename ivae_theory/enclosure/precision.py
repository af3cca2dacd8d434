"""Working precision of ball arithmetic.

python-flint keeps one precision for the process. Changing it under another thread's feet would not be unsound
(balls stay enclosures) but would make verdicts depend on timing, so precision is held under a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flint import ctx

__all__ = ["precision"]

_LOCK = threading.RLock()


@contextmanager
def precision(bits: int = 128) -> Iterator[None]:
    """Compute with ``bits`` bits of precision inside the block, one thread at a time; blocks nest."""
    with _LOCK:
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before
