"""``ivae-theory reproduce``: the paper's figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click

from ivae_theory.cli.console import progress
from ivae_theory.cli.options import examples, quiet_option
from ivae_theory.text import printable

__all__ = ["command"]


#: The names of :data:`ivae_theory.reproduce.FIGURES`, here so that ``--help`` imports no torch.
FIGURES = ("figure1", "figure2", "figure3", "figure4", "heatmap", "distance", "violations")


@click.command(
    "reproduce",
    epilog=examples(
        "ivae-theory reproduce figure1 --quick --out figures",
        "ivae-theory reproduce figure2 --sets 4 --seeds 3 --workers 2 2>> runs.log",
    ),
)
@click.argument("figure", type=click.Choice(FIGURES))
@click.option("--out", default="reproduced", show_default=True, help="Folder for figures, tables and finished runs.")
@click.option("--quick", is_flag=True, help="Small data and few runs: minutes on two cores.")
@click.option(
    "--sets", type=click.IntRange(1), help="Sets of hyperparameters, the smallest networks first; default all."
)
@click.option("--seeds", type=click.IntRange(1), help="Data sets of a grid; default all.")
@click.option("--workers", type=click.IntRange(1), help="Processes for a grid; default one a core.")
@click.option("--draw", "draw_only", is_flag=True, help="Draw what has been run so far, and run nothing.")
@quiet_option()
def command(
    figure: str,
    out: str,
    quick: bool,
    sets: int | None,
    seeds: int | None,
    workers: int | None,
    draw_only: bool,
    quiet: bool,
) -> int:
    """Run what a figure needs, and draw it. A grid that is stopped resumes where it was.

    figure1 to figure4 are the paper's. The full grid of figure2 takes days on two cores: --sets and --seeds take a
    part, and what has not been run is shown empty.
    """
    from ivae_theory.reproduce import reproduce
    from ivae_theory.training.extras import torch

    torch.set_num_threads(1)  # small networks: more threads wait for each other
    start = time.perf_counter()
    with progress(f"running {figure}", quiet) as said:
        numbers = reproduce(
            figure,
            out,
            quick=quick,
            sets=sets,
            seeds=seeds,
            workers=workers,
            run=not draw_only,
            progress=_Runs(figure, quiet, said),
        )
    if quiet:
        return 0
    for name, values in numbers.get("correlations", {}).items():
        click.echo(f"{name}: {', '.join(f'{value:.3f}' for value in values)}")
    click.echo(f"{figure} is in {out} ({time.perf_counter() - start:.0f} s)")
    return 0


class _Runs:
    """One line for a run of a grid as it ends, and on a terminal what has been done so far."""

    def __init__(self, figure: str, quiet: bool, said: Callable[[str], None]) -> None:
        self.figure, self.quiet, self.said, self.finished = figure, quiet, said, 0

    def __call__(self, run: Any) -> None:
        self.finished += 1
        if not self.quiet:
            outcome = printable(str(run.error)) if run.result is None else _mcc(run.result["mcc"])
            data = ", ".join(f"{name} {value}" for name, value in run.configuration["data"].items())
            click.echo(f"{run.configuration['method']} ({data}): {outcome}, {run.seconds:.0f} s", err=True)
        self.said(f"running {self.figure}: {self.finished} runs finished")


def _mcc(value: float | None) -> str:
    return "nothing to train on" if value is None else f"MCC {value:.3f}"
