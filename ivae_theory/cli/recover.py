"""``ivae-theory recover``: is what was learned the truth up to a scaled permutation?"""

from __future__ import annotations

import click

from ivae_theory.cli.app import EXIT
from ivae_theory.cli.console import progress
from ivae_theory.cli.options import OUTPUT, SEED, different, examples, quiet_option
from ivae_theory.cli.watch import timeout_option, within
from ivae_theory.errors import InputError
from ivae_theory.text import printable
from ivae_theory.verdict import Status

__all__ = ["command"]

SECONDS = 3600


@click.command(
    "recover",
    epilog=examples(
        "ivae-theory recover latents.npz --statistics 'z**2' --html recovery.html",
        "ivae-theory recover latents.npz --statistics 'z, z**2' --tolerance 0.01 --json recovery.json",
    ),
)
@click.argument("file", metavar="FILE.npz", type=click.Path())
@click.option("--statistics", default="z", show_default=True, help="T as text in z, e.g. 'z**2' or 'z, z**2'.")
@click.option("--learned-statistics", help="T' as text in z; by default the same as T.")
@click.option("--tolerance", type=float, default=0.05, show_default=True, help="Largest off-permutation mass.")
@click.option("--level", type=float, default=0.05, show_default=True, help="Probability of a wrong answer, at most.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the bootstrap.")
@click.option("--json", "json_path", metavar="PATH", type=OUTPUT, help="Write the recovery with its evidence as JSON.")
@click.option("--html", "html_path", metavar="PATH", type=OUTPUT, help="Write the recovery as one HTML file.")
@click.option("--plot", "plot_path", metavar="PATH", type=OUTPUT, help="Draw A before and after the permutation.")
@timeout_option("the comparison", SECONDS)
@quiet_option()
def command(
    file: str,
    statistics: str,
    learned_statistics: str | None,
    tolerance: float,
    level: float,
    seed: int,
    json_path: str | None,
    html_path: str | None,
    plot_path: str | None,
    timeout: float | None,
    quiet: bool,
) -> int:
    """Compare the arrays z_true (N, n) and z_learned of FILE.npz.

    z_learned is (N, n) exact latents or (S, N, n) posterior draws. Optional arrays: u (N,), and natural with
    learned_natural, the natural parameters of both models at the same values of u. Object arrays are refused.
    """

    different({"--json": json_path, "--html": html_path, "--plot": plot_path})

    def compared() -> dict[str, str]:
        from ivae_theory.files import write_text
        from ivae_theory.recovery import recover
        from ivae_theory.recovery.files import read_npz

        arrays = read_npz(file)
        pair = [arrays.get("natural"), arrays.get("learned_natural")]
        if (pair[0] is None) != (pair[1] is None):
            raise InputError("FILE", "natural and learned_natural together or not at all", "one of them")
        recovery = recover(
            arrays["z_true"],
            arrays["z_learned"],
            statistics=statistics,
            learned_statistics=learned_statistics,
            u=arrays.get("u"),
            tolerance=tolerance,
            level=level,
            seed=seed,
            natural=None if pair[0] is None else pair,
        )
        if json_path is not None:
            write_text(json_path, recovery.to_json(), "--json")
        if html_path is not None:
            recovery.to_html(html_path)
        if plot_path is not None:
            recovery.plot(plot_path)
        return {"text": str(recovery), "status": recovery.status.name}

    with progress("comparing samples", quiet):
        found = within(timeout or SECONDS, "FILE", compared)
    if not quiet:
        click.echo(printable(found["text"]))
    return EXIT[Status[found["status"]]]
