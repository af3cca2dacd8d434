"""One row of the truth table: a model, a claim, and what is true of it, with the argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ivae_theory.verdict import Status

HOLDS, FAILS, UNDECIDED = Status.HOLDS, Status.FAILS, Status.UNDECIDED


@dataclass(frozen=True)
class Row:
    """``model()`` builds the model; ``because`` cites why ``expected`` is the truth, never what the checker said.

    ``decidable`` is False where the truth is ``expected`` but no argument that the package implements reaches
    it: the checker may answer UNDECIDED there, and never the opposite.
    """

    id: str
    model: Callable[[], Any]
    claim: str
    expected: Status
    because: str
    decidable: bool = True
