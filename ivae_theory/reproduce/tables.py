"""Tables of reproduced figures beside what the paper says."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ivae_theory.reproduce.grids import Cell, Grid

__all__ = ["PAPER", "comparison_table"]

#: What the paper's text says about a cell; the other values are drawn in Fig. 2b and printed nowhere.
PAPER: dict[tuple[str, int], str] = {("iVAE", 5): "above .95"}


def comparison_table(cells: Sequence[Cell], grid: Grid) -> str:
    """Markdown: one row a cell, empty where nothing complete has been run."""
    sets, stated = len(grid.hyperparameters), len(dataclasses.replace(grid, sets=None).hyperparameters)
    lines = [
        f"{sets} of {stated} sets of hyperparameters, {grid.replicas} networks each, {grid.steps} steps; a data set "
        "counts when all of its runs are there.",
        "",
        "| model | n | draw, truth-blind | means, truth-blind | draw, best of all (looks at the truth) | data sets | "
        "runs missing | paper |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for cell in cells:
        numbers = [_number(value) for value in (cell.blind, cell.blind_means, cell.optimal)]
        paper = PAPER.get((cell.model, cell.n), "")
        lines.append(
            f"| {cell.model} | {cell.n} | {' | '.join(numbers)} | {len(cell.values)} | {cell.missing} | {paper} |"
        )
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
