"""Working precision of ball arithmetic.

python-flint keeps one precision for the process. Changing it under another thread's feet would not be unsound
(balls stay enclosures) but would make verdicts depend on timing, so whoever has set it keeps the turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from flint import arb, ctx, fmpq

from ivae_theory.enclosure.turn import turn

__all__ = ["around", "precision"]


@contextmanager
def precision(bits: int = 128) -> Iterator[None]:
    """Compute with ``bits`` bits of precision inside the block, one thread at a time; blocks nest."""
    with turn():
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before


def around(centre: Fraction, radius: Fraction) -> arb:
    """A ball that contains every number within ``radius`` of the centre: a radius below what floats hold stays one."""
    widened: arb = arb(fmpq(centre.numerator, centre.denominator)) + arb(0, 1) * fmpq(
        radius.numerator, radius.denominator
    )
    return widened
