"""Random models whose truth is known by construction: what the soundness campaign checks.

Every generator draws a model and says which statuses are *not wrong*; ``decidable`` marks the cases whose truth an
implemented argument reaches, so that the rate of undecided verdicts means something.
"""

from __future__ import annotations

import random

from tests.quality.cases import (
    activations,
    containers,
    families,
    flows,
    functions,
    labels,
    mixings,
    noises,
    pieces,
    reports,
    several,
    symbols,
    tables,
    theorem2s,
)
from tests.quality.cases.base import Case, Kind

__all__ = ["KINDS", "SCHEDULE", "Case", "Kind", "case"]

_MODULES = (
    tables, containers, functions, labels, symbols, several, families, noises, mixings, pieces, activations, flows,
    theorem2s, reports,
)  # fmt: skip
KINDS: tuple[Kind, ...] = tuple(kind for module in _MODULES for kind in module.KINDS)


def _schedule() -> tuple[Kind, ...]:
    """The kinds in turn, each as often as its share and spread evenly: any stretch of seeds meets most of them."""
    places = [((i + 0.5) / kind.share, number) for number, kind in enumerate(KINDS) for i in range(kind.share)]
    return tuple(KINDS[number] for _, number in sorted(places))


SCHEDULE = _schedule()


def case(seed: int) -> Case:
    """The case of one seed."""
    return SCHEDULE[seed % len(SCHEDULE)].draw(random.Random(seed))
