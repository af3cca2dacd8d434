"""Which runs the comparison of Section 5 consists of, and how one run a cell is chosen.

The paper states sets of hyperparameters and reports the best performance among them, chosen with the truth at hand.
Here the choice is truth-blind, by the bound on held-out rows; the paper's optimal choice is shown beside it as such.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ivae_theory.training.store import Store

__all__ = ["MODELS", "Cell", "Grid", "blind_choice", "full_grid", "quick_grid", "read_cell"]

#: Name in figures and tables -> method of :func:`ivae_theory.training.run_experiment` and its fixed parameters.
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "iVAE": ("ivae", {"covariance": "diagonal"}),
    "VAE": ("vae", {}),
    "beta-VAE": ("vae", {}),
    "beta-TC-VAE": ("beta_tc_vae", {}),
}


@dataclass(frozen=True)
class Grid:
    """Everything that is varied.

    Attributes
    ----------
    latents, seeds
        n, and the seeds of the data sets.
    widths, layers, activations, rates
        Hyperparameters of all models.
    betas
        Model -> values of beta, one for each replica of a run; the other models' replicas differ in their initial
        weights alone, so that a run is the same number of networks for every model.
    steps, replicas
        Of every run.
    data
        Changes to the preset ``paper``; d = 5 throughout, as in the paper.
    sets
        How many sets of hyperparameters, the smallest networks first; None: all.
    """

    latents: tuple[int, ...]
    seeds: tuple[int, ...]
    widths: tuple[int, ...]
    layers: tuple[int, ...]
    activations: tuple[str, ...]
    rates: tuple[float, ...]
    betas: tuple[tuple[str, tuple[float, ...]], ...]
    steps: int
    replicas: int
    data: tuple[tuple[str, Any], ...] = ()
    sets: int | None = None

    @property
    def hyperparameters(self) -> list[tuple[int, int, str, float]]:
        """The sets (width, layers, activation, learning rate) that are run, in this order."""
        return list(itertools.product(self.widths, self.layers, self.activations, self.rates))[: self.sets]

    def runs(self) -> Iterator[dict[str, Any]]:
        """Everything, ordered so that a grid that was stopped has as many complete cells as can be."""
        order = itertools.product(range(len(self.hyperparameters)), self.seeds, self.latents, MODELS)
        for number, seed, n, model in order:
            yield next(itertools.islice(self.configurations(model, n, seed), number, None))

    def configurations(self, model: str, n: int, seed: int) -> Iterator[dict[str, Any]]:
        """All runs of one model at one n on one data set; those at the largest n record the MCC as they train."""
        method, fixed = MODELS[model]
        betas = dict(self.betas).get(model)
        for width, layers, activation, rate in self.hyperparameters:
            parameters = {**fixed, "replicas": self.replicas, "width": width, "layers": layers}
            parameters |= {"activation": activation, "noise_variance": 0.01}
            parameters |= {} if betas is None else {"beta": list(betas)}
            yield {
                "method": method,
                "data": {"simulation": "paper", "n": n, "seed": seed, **dict(self.data)},
                "parameters": parameters,
                "schedule": {"steps": self.steps, "learning_rate": rate},
                **({"trace": True} if n == max(self.latents) else {}),
            }


def full_grid() -> Grid:
    """The sets that Section 5 states; beta from the stated ranges; five data sets."""
    return Grid(
        latents=(2, 3, 4, 5),
        seeds=(0, 1, 2, 3, 4),
        widths=(50, 100, 200),
        layers=(3, 4, 5, 6),
        activations=("leaky_relu", "xtanh"),
        rates=(0.01, 0.001),
        betas=(("beta-VAE", (2.0, 5.0, 15.0, 45.0)), ("beta-TC-VAE", (2.0, 5.0, 15.0, 35.0))),
        steps=8000,
        replicas=4,
    )


def quick_grid() -> Grid:
    """One hyperparameter set, two seeds, short runs: minutes on two cores."""
    return Grid(
        latents=(2, 5),
        seeds=(0, 1),
        widths=(50,),
        layers=(3,),
        activations=("leaky_relu",),
        rates=(0.01,),
        betas=(("beta-VAE", (2.0, 8.0, 45.0)), ("beta-TC-VAE", (2.0, 8.0, 35.0))),
        steps=3000,
        replicas=3,
    )


@dataclass(frozen=True)
class Cell:
    """One model at one n over the data sets; numbers are means over the data sets whose runs are complete.

    Attributes
    ----------
    model, n
        Which.
    blind, blind_means
        MCC of one posterior draw (the paper's metric), and of posterior means, of the run with the best held-out bound.
    optimal
        The best MCC of a posterior draw among all networks: the paper's choice, which looks at the truth.
    values
        ``blind`` for every complete data set.
    missing
        Runs that have not been made.
    """

    model: str
    n: int
    blind: float | None
    blind_means: float | None
    optimal: float | None
    values: tuple[float, ...]
    missing: int


def blind_choice(store: Store, grid: Grid, model: str, n: int, seed: int) -> dict[str, Any] | None:
    """The result with the best held-out bound among the complete runs of one data set; None while runs are missing."""
    found = [store.find(configuration) for configuration in grid.configurations(model, n, seed)]
    results = [run.result for run in found if run is not None and run.result is not None]
    return max(results, key=_held_out_bound) if len(results) == len(found) else None


def read_cell(store: Store, grid: Grid, model: str, n: int) -> Cell:
    """What the store says about a cell; data sets with runs missing do not count."""
    blind, means, optimal, missing = list[float](), list[float](), list[float](), 0
    for seed in grid.seeds:
        found = [store.find(configuration) for configuration in grid.configurations(model, n, seed)]
        results = [run.result for run in found if run is not None and run.result is not None]
        missing += len(found) - len(results)
        if len(results) < len(found):
            continue
        best = max(results, key=_held_out_bound)
        blind.append(best["mcc_draw"])
        means.append(best["mcc"])
        optimal.append(max(draw for result in results for draw in result["replica_mcc_draw"] if draw is not None))

    def mean(values: list[float]) -> float | None:
        return statistics.fmean(values) if values else None

    return Cell(model, n, mean(blind), mean(means), mean(optimal), tuple(blind), missing)


def _held_out_bound(result: dict[str, Any]) -> float:
    bounds: list[float] = [bound for bound in result["replica_bounds"] if bound is not None]
    return max(bounds)
