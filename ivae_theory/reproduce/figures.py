"""The paper's figures: run what each needs, draw it, and write it with its table and its numbers."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivae_theory.files import write_text
from ivae_theory.reproduce.drawing import draw_comparison, draw_latents, draw_panels, draw_traces, matched
from ivae_theory.reproduce.grids import MODELS, Grid, blind_choice, full_grid, quick_grid, read_cell
from ivae_theory.reproduce.tables import comparison_table
from ivae_theory.reproduce.task import Task
from ivae_theory.training import IVAE, VAE, BetaTCVAE, CollapsedLatents, Schedule, simulate, sweep
from ivae_theory.training.store import Store

__all__ = ["figure1", "figure2", "figure3", "figure4"]

Array = NDArray[np.float64]
#: Rows of a data set that the latents' figures show.
_WINDOW = slice(0, 60)


def figure1(task: Task) -> dict[str, Any]:
    """Two latents with means in [-5, 5], five segments: sources, f(z), x, posterior draws, learned prior."""
    data = simulate("figure1", 0)
    schedule = Schedule(steps=3000 if task.quick else 8000)
    fitted = IVAE(2, family="gaussian", replicas=4 if task.quick else 8, schedule=schedule).fit(data.x, data.u)
    draws = fitted.posterior_draws(data.x, data.u)[0]
    panels = {
        "(a) sources z": data.z,
        "(b) f(z)": data.mixing(data.z),
        "(c) observations x": data.x,
        "(d) draws of q(z|x,u)": draws,
        "(e) learned prior": fitted.sample(data.u)[0],
    }
    task.save(draw_panels(panels, data.u), "figure1")
    correlations = {"iVAE": matched(data.z, draws)[1].tolist()}
    return task.write("figure1", {"seed": data.seed, "correlations": correlations, "bounds": fitted.bounds_.tolist()})


def figure2(task: Task) -> dict[str, Any]:
    """Four models, n = 2..5: MCC during training (n = 5) and against n. The runs live in ``figure2.sqlite``."""
    grid = quick_grid() if task.quick else full_grid()
    grid = dataclasses.replace(grid, sets=task.sets, seeds=grid.seeds[: task.seeds])
    store = Store(task.out / ("figure2_quick.sqlite" if task.quick else "figure2.sqlite"))
    if task.run:
        sweep(grid.runs(), store, workers=task.workers, progress=task.progress)
    cells = [read_cell(store, grid, model, n) for model in MODELS for n in grid.latents]
    task.save(draw_comparison(cells), "figure2b")
    task.save(draw_traces(_traces(store, grid, max(grid.latents))), "figure2a")
    write_text(task.out / "figure2.md", comparison_table(cells, grid), "out")
    seconds = sum(run.seconds for run in map(store.find, grid.runs()) if run is not None)
    numbers = {"grid": dataclasses.asdict(grid), "cells": [vars(cell) for cell in cells], "seconds": seconds}
    return task.write("figure2", {"quick": task.quick, **numbers})


def _traces(store: Store, grid: Grid, n: int) -> dict[str, tuple[list[int], Array]]:
    """Model -> steps and MCC of the runs chosen truth-blind."""
    result = {}
    for model in MODELS:
        chosen = [blind_choice(store, grid, model, n, seed) for seed in grid.seeds]
        traces = [run["trace"] for run in chosen if run is not None]
        if traces:
            result[model] = traces[0]["steps"], np.array([trace["mcc"] for trace in traces])
    return result


def _latents(task: Task, name: str, preset: str, models: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """One posterior draw of each model beside the truth, in a window of consecutive rows of one segment."""
    data = simulate(preset, 0, **changes)
    learned = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapsedLatents)  # a baseline's collapse is what the figure shows
        for model, estimator in models.items():
            learned[model] = estimator.fit(data.x, data.u).posterior_draws(data.x, data.u)[0]
    task.save(draw_latents(data.z, learned, _WINDOW), name)
    correlations = {model: matched(data.z, latents)[1].tolist() for model, latents in learned.items()}
    return task.write(name, {"seed": data.seed, "correlations": correlations})


def figure3(task: Task) -> dict[str, Any]:
    """n = d = 5: the latents of an iVAE and of a VAE."""
    schedule = Schedule(steps=4000 if task.quick else 8000)
    replicas = 4 if task.quick else 8
    models = {
        "iVAE": IVAE(5, replicas=replicas, schedule=schedule),
        "VAE": VAE(5, replicas=replicas, schedule=schedule),
    }
    return _latents(task, "figure3", "paper", models, {})


def figure4(task: Task) -> dict[str, Any]:
    """Supplement G, d = 40 and n = 10: the latents of four models."""
    schedule = Schedule(steps=3000 if task.quick else 8000)
    replicas, width = (1, 50) if task.quick else (4, 100)
    settings: dict[str, Any] = {"replicas": replicas, "width": width, "schedule": schedule}
    models = {
        "iVAE": IVAE(10, **settings),
        "VAE": VAE(10, **settings),
        "beta-VAE": VAE(10, beta=4.0, **settings),
        "beta-TC-VAE": BetaTCVAE(10, beta=4.0, **settings),
    }
    return _latents(task, "figure4", "supplement_g", models, {"length": 250} if task.quick else {})
