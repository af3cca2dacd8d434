"""What the paper could not show: A itself, and recovery as the assumption on lambda comes to fail."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ivae_theory.checking import check
from ivae_theory.files import write_text
from ivae_theory.recovery import Recovery, recover
from ivae_theory.reproduce.drawing_beyond import draw_distance, draw_heatmaps
from ivae_theory.reproduce.task import Task
from ivae_theory.training import IVAE, VAE, LinearControl, Schedule, recovery_limit, simulate, sweep
from ivae_theory.training.data import Dataset, true_prior
from ivae_theory.training.diagnostics import prior_distance
from ivae_theory.training.scores import mean_correlation
from ivae_theory.training.store import Store

__all__ = ["DistanceGrid", "distance", "full_distances", "heatmap", "quick_distances", "run_point"]

#: Middle of the law of variances on [.5, 3].
_MIDDLE, _HALF_WIDTH = 1.75, 1.25


def heatmap(task: Task) -> dict[str, Any]:
    """Whitened A of an iVAE, of the linear control and of a VAE on one data set, each with its verdict."""
    data = simulate("paper", 0)
    shared: dict[str, Any] = {"replicas": 4 if task.quick else 8, "schedule": Schedule(4000 if task.quick else 8000)}
    recoveries = {
        "iVAE": compare(data, IVAE(5, **shared)),
        "linear control": compare(data, LinearControl(5)),
        "VAE": compare(data, VAE(5, **shared)),
    }
    task.save(draw_heatmaps(recoveries), "heatmap")
    numbers = {
        name: {
            "status": found.status.word,
            "reason": found.verdict.reason,
            "mcc": float(found.mcc),
            "off_mass": list(found.off_mass),
            "whitened_A": found.S.tolist(),
        }
        for name, found in recoveries.items()
    }
    return task.write("heatmap", {"seed": data.seed, "models": numbers})


def compare(data: Dataset, estimator: Any) -> Recovery:
    """Fit an estimator, and ask whether its A is a scaled permutation."""
    estimator.fit(data.x, data.u)
    learned = (estimator.posterior if hasattr(estimator, "posterior") else estimator.transform)(data.x, data.u)
    return recover(data.z, learned, statistics=true_prior(data).families[0], u=data.u, seed=data.seed)


@dataclass(frozen=True)
class DistanceGrid:
    """Along which lines the distance to failure shrinks.

    Attributes
    ----------
    n, rows
        Latents (d = n), and rows of every data set, so that only the modulation changes.
    segments
        Values of M at full modulation; (iii) fails below nk + 1 = n + 1.
    modulations
        Half widths of the law of variances about 1.75, as fractions of the paper's, at the largest M; (iii) fails at 0.
    seeds, steps, replicas
        Of every point.
    """

    n: int
    rows: int
    segments: tuple[int, ...]
    modulations: tuple[float, ...]
    seeds: tuple[int, ...]
    steps: int
    replicas: int

    def lines(self) -> dict[str, list[tuple[int, float]]]:
        """Name of a line -> its points (M, modulation)."""
        most = max(self.segments)
        return {
            "fewer segments": [(m, 1.0) for m in self.segments],
            "weaker modulation": [(most, modulation) for modulation in self.modulations],
        }

    def configuration(self, segments: int, modulation: float, seed: int) -> dict[str, Any]:
        """One run of :func:`run_point`."""
        half = _HALF_WIDTH * modulation
        return {
            "method": "ivae",
            "data": {
                "seed": seed,
                "n": self.n,
                "d": self.n,
                "segments": segments,
                "length": self.rows // segments,
                "spread": [_MIDDLE - half, _MIDDLE + half],
            },
            "steps": self.steps,
            "replicas": self.replicas,
        }

    def runs(self) -> Iterator[dict[str, Any]]:
        """Everything, seed by seed."""
        for seed in self.seeds:
            for points in self.lines().values():
                for segments, modulation in points:
                    yield self.configuration(segments, modulation, seed)


def quick_distances() -> DistanceGrid:
    """Three latents, three data sets: a minute or two on two cores."""
    return DistanceGrid(3, 6000, (20, 6, 4, 3, 2), (0.5, 0.25, 0.1, 0.03, 0.0), (0, 1, 2), 2500, 4)


def full_distances() -> DistanceGrid:
    """The paper's n = 5 with its 40 000 rows, eight data sets."""
    return DistanceGrid(
        5, 40_000, (40, 20, 12, 8, 6, 5, 4, 2), (0.6, 0.3, 0.15, 0.08, 0.04, 0.02, 0.0), tuple(range(8)), 8000, 8
    )


def run_point(configuration: dict[str, Any]) -> dict[str, Any]:
    """One data set: the distance to failure of its lambda, and what an iVAE and the controls recover."""
    fields = configuration["data"]
    data = simulate("paper", **{**fields, "spread": tuple(fields["spread"])})
    estimator = IVAE(
        fields["n"],
        replicas=configuration["replicas"],
        schedule=Schedule(configuration["steps"]),
        seed=data.seed,
    )
    found = compare(data, estimator)
    linear = LinearControl(fields["n"]).fit(data.x, data.u)
    return {
        "distance": prior_distance(true_prior(data), np.arange(fields["segments"])),
        "variability": check(data.model)["theorem1.iii"].status.word,
        "mcc": float(found.mcc),
        "linear": mean_correlation(data.z, linear.transform(data.x)),
        "limit": recovery_limit(data, rows=1000, proposals=1000, seed=data.seed).mcc_mean,
        "off_mass": list(found.off_mass),
        "status": found.status.word,
        "bound": float(estimator.bounds_[estimator.chosen_]),
    }


def distance(task: Task) -> dict[str, Any]:
    """MCC and the error of A against the distance to failure of L. The runs live in ``distance.sqlite``."""
    grid = quick_distances() if task.quick else full_distances()
    seeds = grid.seeds[: task.seeds]
    grid = DistanceGrid(**{**vars(grid), "seeds": seeds})
    store = Store(task.out / ("distance_quick.sqlite" if task.quick else "distance.sqlite"))
    if task.run:
        sweep(grid.runs(), store, runner=run_point, workers=task.workers, progress=task.progress)
    lines: dict[str, Any] = {}
    for name, points in grid.lines().items():
        lines[name] = [
            {"segments": m, "modulation": modulation, "runs": _results(store, grid, m, modulation)}
            for m, modulation in points
        ]
    task.save(draw_distance(lines), "distance")
    write_text(task.out / "distance.md", distance_table(lines, len(seeds)), "out")
    return task.write("distance", {"quick": task.quick, "grid": vars(grid), "lines": lines})


def _results(store: Store, grid: DistanceGrid, segments: int, modulation: float) -> list[dict[str, Any]]:
    found = [store.find(grid.configuration(segments, modulation, seed)) for seed in grid.seeds]
    return [run.result for run in found if run is not None and run.result is not None]


def distance_table(lines: dict[str, Any], seeds: int) -> str:
    """Markdown: one row a point, empty where nothing has been run."""
    rows = [
        "| M | modulation | (iii) | distance | MCC | limit | linear | off mass of A | "
        "A holds / undecided / fails | runs |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for points in lines.values():
        for point in points:
            runs = point["runs"]
            cells = [""] * 7
            if runs:
                words = sorted({run["variability"] for run in runs})
                means = [
                    statistics.fmean(values)
                    for values in (
                        [run["distance"] for run in runs],
                        [run["mcc"] for run in runs],
                        [run["limit"] for run in runs],
                        [run["linear"] for run in runs],
                        [run["off_mass"][0] for run in runs],
                    )
                ]
                verdicts = [run["status"] for run in runs]
                counts = " / ".join(str(verdicts.count(word)) for word in ("holds", "undecided", "fails"))
                cells = [", ".join(words), *(f"{value:.3f}" for value in means), counts]
            shown = " | ".join(cells)
            rows.append(f"| {point['segments']} | {point['modulation']:g} | {shown} | {len(runs)} of {seeds} |")
    return "\n".join(rows) + "\n"
