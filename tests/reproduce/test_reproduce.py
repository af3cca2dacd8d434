"""The paper's figures: runs, choices, tables and drawings."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra 'torch'")
pytest.importorskip("sklearn", reason="needs the extra 'train'")
pytest.importorskip("matplotlib", reason="needs the extra 'plot'")

from ivae_theory.errors import InputError
from ivae_theory.reproduce import figures, reproduce
from ivae_theory.reproduce.drawing import draw_comparison, draw_latents, draw_panels, draw_traces, matched
from ivae_theory.reproduce.grids import MODELS, Grid, blind_choice, full_grid, quick_grid, read_cell
from ivae_theory.reproduce.tables import comparison_table
from ivae_theory.training.store import Store, configuration_key

TINY = Grid(
    latents=(1, 2),
    seeds=(0, 1),
    widths=(6, 8),
    layers=(2,),
    activations=("leaky_relu",),
    rates=(0.01,),
    betas=(("beta-VAE", (3.0, 9.0)), ("beta-TC-VAE", (3.0, 9.0))),
    steps=120,
    replicas=2,
    data=(("length", 20), ("segments", 6), ("d", 3)),
)


def result(bound: float, draw: float, means: float) -> dict[str, Any]:
    return {
        "replica_bounds": [None, bound],
        "replica_mcc_draw": [None, draw],
        "mcc_draw": draw,
        "mcc": means,
        "trace": {"steps": [100], "mcc": [means]},
    }


@pytest.mark.parametrize("grid", [quick_grid(), full_grid()])
def test_grids_are_distinct_runs_of_the_stated_sets(grid: Grid) -> None:
    runs = [c for m in MODELS for n in grid.latents for s in grid.seeds for c in grid.configurations(m, n, s)]
    assert len({configuration_key(run) for run in runs}) == len(runs)
    for run in runs:
        assert run["parameters"]["width"] in (50, 100, 200)
        assert run["parameters"]["layers"] in (3, 4, 5, 6)
        assert run["schedule"]["learning_rate"] in (0.01, 0.001)
        assert run["parameters"]["noise_variance"] == 0.01
        betas, method = run["parameters"].get("beta", [1.0]), run["method"]
        assert all(1 <= beta <= (35 if method == "beta_tc_vae" else 45) for beta in betas)
        assert run.get("trace", False) == (run["data"]["n"] == 5)
    assert set(full_grid().widths) == {50, 100, 200}
    assert set(full_grid().layers) == {3, 4, 5, 6}
    assert full_grid().latents == (2, 3, 4, 5)


def test_the_blind_choice_does_not_look_at_the_truth(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    first, second = TINY.configurations("iVAE", 2, 0)
    store.record(first, result=result(-5.0, 0.9, 0.95))
    assert blind_choice(store, TINY, "iVAE", 2, 0) is None  # a run is missing
    store.record(second, result=result(-4.0, 0.7, 0.8))
    cell = read_cell(store, TINY, "iVAE", 2)
    assert (cell.blind, cell.blind_means, cell.optimal, cell.missing) == (0.7, 0.8, 0.9, 2)
    empty = read_cell(store, TINY, "VAE", 2)
    assert (empty.blind, empty.optimal, empty.missing, empty.values) == (None, None, 4, ())
    table = comparison_table([cell, empty], TINY)
    assert table.startswith("2 of 2 sets")
    assert "| iVAE | 2 | 0.700 | 0.800 | 0.900 | 1 | 2 |  |" in table
    assert "| VAE | 2 |  |  |  | 0 | 4 |  |" in table
    draw_comparison([cell, empty])


def test_matching_undoes_order_sign_and_scale() -> None:
    z = np.random.default_rng(0).standard_normal((200, 3)) * [1, 2, 3] + [0, 5, 0]
    back, correlations = matched(z, z[:, [2, 0, 1]] * [-2.0, 0.5, 3.0] + 1)
    np.testing.assert_allclose(back, z, atol=1e-9)
    np.testing.assert_allclose(correlations, 1)


def test_drawings_have_their_panels() -> None:
    rng = np.random.default_rng(0)
    z = rng.standard_normal((80, 2))
    panels = draw_panels({"a": z, "b": z}, np.repeat([0, 1], 40))
    assert [axis.get_title() for axis in panels.axes] == ["a", "b"]
    latents = draw_latents(z, {"iVAE": z, "VAE": rng.standard_normal((80, 2))}, slice(0, 30))
    assert len(latents.axes) == 4
    assert latents.axes[0].get_title() == "1.00"
    traces = draw_traces({"iVAE": ([100, 200], np.array([[0.5, 0.9], [0.4, 0.8]]))})
    np.testing.assert_allclose(traces.axes[0].lines[0].get_ydata(), [0.45, 0.85])


def test_figure_2_runs_draws_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from ivae_theory.training import sweep

    ended: list[object] = []

    def in_threads(configurations: Any, store: Any, workers: Any, progress: Any) -> object:
        with ThreadPoolExecutor(1) as pool:
            return sweep(configurations, store, executor=pool, progress=progress)

    monkeypatch.setattr(figures, "sweep", in_threads)
    monkeypatch.setattr(figures, "quick_grid", lambda: TINY)
    numbers = reproduce("figure2", tmp_path, quick=True, progress=ended.append)
    assert len(ended) == 4 * 2 * 2 * 2  # models, n, data sets, widths
    assert all(cell["missing"] == 0 and 0 < cell["blind"] <= cell["optimal"] <= 1 for cell in numbers["cells"])
    assert json.loads((tmp_path / "figure2.json").read_text())["quick"] is True
    for name in ("figure2a.png", "figure2a.svg", "figure2b.png", "figure2.md"):
        assert (tmp_path / name).stat().st_size > 200
    again = reproduce("figure2", tmp_path, quick=True, progress=ended.append)
    assert len(ended) == 32
    assert again["cells"][0]["values"] == numbers["cells"][0]["values"]


def test_unknown_figures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^figure:"):
        reproduce("figure9", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("figure", ["figure1", "figure2", "figure3", "figure4"])
def test_quick_figures(figure: str, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from ivae_theory.cli.app import cli

    outcome = CliRunner().invoke(cli, ["reproduce", figure, "--quick", "--out", str(tmp_path)])
    assert outcome.exit_code == 0, outcome.output
    name = "figure2b" if figure == "figure2" else figure
    assert (tmp_path / f"{name}.png").stat().st_size > 5000
    assert json.loads((tmp_path / f"{figure}.json").read_text())
