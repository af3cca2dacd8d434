"""What is asked of a figure, and where its files go."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivae_theory.files import write_text
from ivae_theory.reporting.figures import save
from ivae_theory.training.store import Run

__all__ = ["Task"]


@dataclass(frozen=True)
class Task:
    """One request for a figure.

    Attributes
    ----------
    out
        Folder for PNG, SVG, JSON, tables and the SQLite files from which grids resume.
    quick
        Smaller data and fewer runs: to see that it works, not to compare with the paper.
    progress
        Called with every run of a grid as it ends.
    sets, seeds
        How many sets of hyperparameters and data sets of a grid are run, from the first; None: all.
    workers
        Processes that make the runs; None: one a core.
    run
        False: draw what has been run, and run nothing.
    """

    out: Path
    quick: bool = False
    progress: Callable[[Run], None] | None = None
    sets: int | None = None
    seeds: int | None = None
    workers: int | None = None
    run: bool = True

    def save(self, figure: Any, name: str) -> None:
        """Write a matplotlib figure as PNG and SVG."""
        save(figure, self.out / f"{name}.png", dpi=150)
        save(figure, self.out / f"{name}.svg")

    def write(self, name: str, numbers: dict[str, Any]) -> dict[str, Any]:
        """Write the numbers behind a figure as JSON, and return them."""
        write_text(self.out / f"{name}.json", json.dumps(numbers, indent=1, allow_nan=False) + "\n", "out")
        return numbers
