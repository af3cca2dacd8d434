"""Every figure by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ivae_theory.errors import InputError
from ivae_theory.files import make_folder
from ivae_theory.reproduce.distance import distance, heatmap
from ivae_theory.reproduce.figures import figure1, figure2, figure3, figure4
from ivae_theory.reproduce.task import Task
from ivae_theory.reproduce.violations import violations
from ivae_theory.training.store import Run

__all__ = ["FIGURES", "reproduce"]

#: Name on the command line -> what makes it.
FIGURES: dict[str, Callable[[Task], dict[str, Any]]] = {
    "figure1": figure1,
    "figure2": figure2,
    "figure3": figure3,
    "figure4": figure4,
    "heatmap": heatmap,
    "distance": distance,
    "violations": violations,
}


def reproduce(
    figure: str,
    out: str | Path,
    *,
    quick: bool = False,
    sets: int | None = None,
    seeds: int | None = None,
    workers: int | None = None,
    run: bool = True,
    progress: Callable[[Run], None] | None = None,
) -> dict[str, Any]:
    """Make one figure of the paper, or one that it could not show.

    Parameters
    ----------
    figure
        One of :data:`FIGURES`.
    out
        Folder for PNG, SVG, JSON and, where there are grids, tables in Markdown and the SQLite files from which they
        resume.
    quick
        Smaller data, fewer runs: to see that it works, not to compare with the paper.
    sets, seeds
        How many sets of hyperparameters and data sets of a grid are run, from the first; None: all.
    workers
        Processes that make a grid's runs; None: one a core.
    run
        False: draw what has been run, and run nothing.
    progress
        Called with every run of a grid as it ends.

    Returns
    -------
    dict
        The numbers behind the figure, as in its JSON file.
    """
    if figure not in FIGURES:
        raise InputError("figure", f"one of {', '.join(FIGURES)}", repr(figure))
    for name, value in (("sets", sets), ("seeds", seeds), ("workers", workers)):
        if value is not None and value < 1:
            raise InputError(name, "a whole number >= 1, or None", repr(value))
    return FIGURES[figure](Task(make_folder(out, "out"), quick, progress, sets, seeds, workers, run))
