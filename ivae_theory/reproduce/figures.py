"""Run what a figure needs, draw it, and write it with its table and its numbers."""

from __future__ import annotations

import itertools
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.errors import InputError
from ivae_theory.reproduce.drawing import draw_comparison, draw_latents, draw_panels, draw_traces, matched
from ivae_theory.reproduce.grids import MODELS, Grid, blind_choice, full_grid, quick_grid, read_cell
from ivae_theory.reproduce.tables import comparison_table
from ivae_theory.training import IVAE, VAE, BetaTCVAE, CollapsedLatents, Schedule, simulate
from ivae_theory.training.store import Run, Store
from ivae_theory.training.sweep import sweep

__all__ = ["FIGURES", "reproduce"]

Array = NDArray[np.float64]
#: Rows of a data set that the latents' figures show.
_WINDOW = slice(0, 60)


def _save(figure: Any, out: Path, name: str) -> None:
    figure.savefig(out / f"{name}.png", dpi=150)
    figure.savefig(out / f"{name}.svg")


def _write(out: Path, name: str, numbers: dict[str, Any]) -> None:
    (out / f"{name}.json").write_text(json.dumps(numbers, indent=1) + "\n")


def figure1(out: Path, quick: bool, show: Callable[[Run], None] | None) -> dict[str, Any]:
    """Two latents with means in [-5, 5], five segments: sources, f(z), x, posterior draws, learned prior."""
    data = simulate("figure1", 0)
    schedule = Schedule(steps=3000 if quick else 8000)
    fitted = IVAE(2, family="gaussian", replicas=4 if quick else 8, schedule=schedule).fit(data.x, data.u)
    draws = fitted.posterior_draws(data.x, data.u)[0]
    panels = {
        "(a) sources z": data.z,
        "(b) f(z)": data.mixing(data.z),
        "(c) observations x": data.x,
        "(d) draws of q(z|x,u)": draws,
        "(e) learned prior": fitted.sample(data.u)[0],
    }
    _save(draw_panels(panels, data.u), out, "figure1")
    numbers = {"seed": data.seed, "correlations": matched(data.z, draws)[1].tolist(), "bounds": fitted.bounds_.tolist()}
    _write(out, "figure1", numbers)
    return numbers


def figure2(out: Path, quick: bool, show: Callable[[Run], None] | None) -> dict[str, Any]:
    """Four models, n = 2..5: MCC during training (n = 5) and against n. The runs live in ``figure2.sqlite``."""
    grid = quick_grid() if quick else full_grid()
    store = Store(out / ("figure2_quick.sqlite" if quick else "figure2.sqlite"))
    # data set by data set, so that a grid that was stopped has complete cells
    order = itertools.product(grid.seeds, grid.latents, MODELS)
    sweep([c for seed, n, model in order for c in grid.configurations(model, n, seed)], store, progress=show)
    cells = [read_cell(store, grid, model, n) for model in MODELS for n in grid.latents]
    _save(draw_comparison(cells), out, "figure2b")
    _save(draw_traces(_traces(store, grid, max(grid.latents))), out, "figure2a")
    table = comparison_table(cells)
    (out / "figure2.md").write_text(table)
    numbers = {"cells": [vars(cell) for cell in cells], "quick": quick}
    _write(out, "figure2", numbers)
    return numbers


def _traces(store: Store, grid: Grid, n: int) -> dict[str, tuple[list[int], Array]]:
    """Model -> steps and MCC of the runs chosen truth-blind."""
    result = {}
    for model in MODELS:
        chosen = [blind_choice(store, grid, model, n, seed) for seed in grid.seeds]
        traces = [run["trace"] for run in chosen if run is not None]
        if traces:
            result[model] = traces[0]["steps"], np.array([trace["mcc"] for trace in traces])
    return result


def _latents(out: Path, name: str, preset: str, models: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """One posterior draw of each model beside the truth, in a window of consecutive rows of one segment."""
    data = simulate(preset, 0, **changes)
    learned = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapsedLatents)  # a baseline's collapse is what the figure shows
        for model, estimator in models.items():
            learned[model] = estimator.fit(data.x, data.u).posterior_draws(data.x, data.u)[0]
    _save(draw_latents(data.z, learned, _WINDOW), out, name)
    correlations = {model: matched(data.z, latents)[1].tolist() for model, latents in learned.items()}
    numbers = {"seed": data.seed, "correlations": correlations}
    _write(out, name, numbers)
    return numbers


def figure3(out: Path, quick: bool, show: Callable[[Run], None] | None) -> dict[str, Any]:
    """n = d = 5: the latents of an iVAE and of a VAE."""
    schedule = Schedule(steps=4000 if quick else 8000)
    replicas = 4 if quick else 8
    models = {
        "iVAE": IVAE(5, replicas=replicas, schedule=schedule),
        "VAE": VAE(5, replicas=replicas, schedule=schedule),
    }
    return _latents(out, "figure3", "paper", models, {})


def figure4(out: Path, quick: bool, show: Callable[[Run], None] | None) -> dict[str, Any]:
    """Supplement G, d = 40 and n = 10: the latents of four models."""
    schedule = Schedule(steps=3000 if quick else 8000)
    replicas, width = (1, 50) if quick else (4, 100)
    settings: dict[str, Any] = {"replicas": replicas, "width": width, "schedule": schedule}
    models = {
        "iVAE": IVAE(10, **settings),
        "VAE": VAE(10, **settings),
        "beta-VAE": VAE(10, beta=4.0, **settings),
        "beta-TC-VAE": BetaTCVAE(10, beta=4.0, **settings),
    }
    return _latents(out, "figure4", "supplement_g", models, {"length": 250} if quick else {})


#: Name on the command line -> what makes it.
FIGURES: dict[str, Callable[[Path, bool, Callable[[Run], None] | None], dict[str, Any]]] = {
    "figure1": figure1,
    "figure2": figure2,
    "figure3": figure3,
    "figure4": figure4,
}


def reproduce(
    figure: str, out: str | Path, *, quick: bool = False, progress: Callable[[Run], None] | None = None
) -> dict[str, Any]:
    """Make one figure of the paper.

    Parameters
    ----------
    figure
        ``figure1`` to ``figure4``.
    out
        Folder for PNG, SVG, JSON and, for figure 2, a table in Markdown and the SQLite file from which it resumes.
    quick
        Smaller data, fewer runs: to see that it works, not to compare with the paper.
    progress
        Called with every run of figure 2 as it ends.

    Returns
    -------
    dict
        The numbers behind the figure, as in its JSON file.
    """
    if figure not in FIGURES:
        raise InputError("figure", f"one of {', '.join(FIGURES)}", repr(figure))
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    return FIGURES[figure](folder, quick, progress)
