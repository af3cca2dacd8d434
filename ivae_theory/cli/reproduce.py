"""``ivae-theory reproduce``: the paper's figures."""

from __future__ import annotations

import time
from typing import Any

import click

__all__ = ["command"]


@click.command("reproduce", epilog="Example: ivae-theory reproduce figure1 --quick --out figures")
@click.argument("figure", type=click.Choice(["figure1", "figure2", "figure3", "figure4"]))
@click.option("--out", default="reproduced", show_default=True, help="Folder for figures, tables and finished runs.")
@click.option("--quick", is_flag=True, help="Small data and few runs: minutes on two cores.")
def command(figure: str, out: str, quick: bool) -> int:
    """Run what a figure of the paper needs, and draw it. A run that is stopped resumes where it was."""
    from ivae_theory.reproduce import reproduce
    from ivae_theory.training.extras import torch

    torch.set_num_threads(1)  # small networks: more threads wait for each other
    start = time.perf_counter()

    def show(run: Any) -> None:
        outcome = run.error if run.result is None else f"MCC {run.result['mcc_draw']:.3f}"
        data = run.configuration["data"]
        click.echo(f"{run.configuration['method']} n = {data['n']} seed {data['seed']}: {outcome}", err=True)

    numbers = reproduce(figure, out, quick=quick, progress=show)
    correlations = numbers.get("correlations", {})
    named = correlations if isinstance(correlations, dict) else {"iVAE": correlations}
    for model, values in named.items():
        click.echo(f"{model}: {', '.join(f'{value:.3f}' for value in values)}")
    click.echo(f"{figure} is in {out} ({time.perf_counter() - start:.0f} s)")
    return 0
