"""The figures themselves, as matplotlib figures; nothing here trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ivae_theory.reporting.figures import canvas
from ivae_theory.reproduce.grids import Cell

__all__ = ["draw_comparison", "draw_latents", "draw_panels", "draw_traces", "matched"]

Array = NDArray[np.float64]


def matched(true: Array, learned: Array) -> tuple[Array, Array]:
    """Learned latents in the true order, with the true sign, mean and scale; and their correlations (n,)."""
    n = true.shape[1]
    table = np.corrcoef(true.T, learned.T)[:n, n:]
    _, order = linear_sum_assignment(np.abs(table), maximize=True)
    signed = table[np.arange(n), order]
    standard = (learned[:, order] - learned[:, order].mean(0)) / learned[:, order].std(0)
    return standard * np.sign(signed) * true.std(0) + true.mean(0), np.abs(signed)


def draw_panels(panels: Mapping[str, Array], u: NDArray[np.int64]) -> Any:
    """Fig. 1: clouds (N, 2) side by side, coloured by segment."""
    figure, axes = canvas(1, len(panels), (3.0 * len(panels), 3.0))
    for axis, (title, points) in zip(axes[0], panels.items(), strict=True):
        axis.scatter(points[:, 0], points[:, 1], c=u, s=2, cmap="tab10")
        axis.set_title(title, fontsize=9)
    return figure


def draw_traces(traces: Mapping[str, tuple[Sequence[int], Array]]) -> Any:
    """Fig. 2a: model -> steps and MCC (runs, steps); the mean, and the range over runs."""
    figure, axes = canvas(1, 1, (5.0, 3.5))
    for model, (steps, scores) in traces.items():
        (line,) = axes[0, 0].plot(steps, scores.mean(0), label=model)
        axes[0, 0].fill_between(steps, scores.min(0), scores.max(0), alpha=0.2, color=line.get_color())
    axes[0, 0].set(xlabel="optimiser step", ylabel="MCC of posterior means", ylim=(0, 1))
    if traces:
        axes[0, 0].legend(fontsize=8)
    return figure


def draw_comparison(cells: Sequence[Cell]) -> Any:
    """Fig. 2b: MCC of a posterior draw against n; cells without complete runs are left empty."""
    figure, axes = canvas(1, 1, (5.0, 3.5))
    for model in dict.fromkeys(cell.model for cell in cells):
        mine = [cell for cell in cells if cell.model == model and cell.blind is not None]
        heights = np.array([cell.blind for cell in mine], dtype=float)
        below = heights - np.array([min(cell.values) for cell in mine])
        above = np.array([max(cell.values) for cell in mine]) - heights
        axes[0, 0].errorbar([cell.n for cell in mine], heights, [below, above], marker="o", capsize=3, label=model)
    axes[0, 0].set(xlabel="number of latents n", ylabel="MCC of a posterior draw", ylim=(0, 1))
    axes[0, 0].set_xticks(sorted({cell.n for cell in cells}))
    axes[0, 0].legend(fontsize=8)
    return figure


def draw_latents(true: Array, learned: Mapping[str, Array], window: slice) -> Any:
    """Figs. 3 and 4: the true sources (dashed) and each model's, matched, in a window of consecutive rows."""
    figure, axes = canvas(len(learned), true.shape[1], (2.2 * true.shape[1], 1.6 * len(learned)))
    for row, (model, latents) in enumerate(learned.items()):
        shown, correlations = matched(true, latents)
        for i, axis in enumerate(axes[row]):
            axis.plot(true[window, i], "--", color="tab:blue", linewidth=0.8)
            axis.plot(shown[window, i], color="tab:red", linewidth=0.8)
            axis.set_title(f"{correlations[i]:.2f}", fontsize=8)
            axis.set_xticks([])
            axis.set_yticks([])
        axes[row, 0].set_ylabel(model, fontsize=8)
    return figure
