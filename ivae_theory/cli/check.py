"""``ivae-theory check``: every hypothesis of a model, with certificates."""

from __future__ import annotations

import sys

import click

from ivae_theory.cli.app import EXIT
from ivae_theory.cli.console import console, progress
from ivae_theory.cli.options import MODEL_FILE, OUTPUT, SEED, different, examples, quiet_option
from ivae_theory.cli.watch import load_within, timeout_option, within
from ivae_theory.verdict import GOALS, Report

__all__ = ["command"]

SECONDS = 600


@click.command(
    "check",
    epilog=examples(
        "ivae-theory check docs/examples/section5.py --goal permutation --html report.html",
        "ivae-theory check model.py:build --assume theorem1.injective --timeout 60 --json report.json",
    ),
)
@click.argument("file", metavar="FILE.py[:NAME]", type=MODEL_FILE)
@click.option("--goal", type=click.Choice(GOALS), default="affine", show_default=True, help="What is to be identified.")
@click.option(
    "--assume", metavar="CLAIM", multiple=True, help="A claim to vouch for where it is undecided; repeatable."
)
@click.option(
    "--json", "json_path", metavar="PATH", type=OUTPUT, help="Write the report with all certificates as JSON."
)
@click.option("--html", "html_path", metavar="PATH", type=OUTPUT, help="Write the report as one HTML file.")
@click.option("--latex", "latex_path", metavar="PATH", type=OUTPUT, help="Write the verdict table as LaTeX.")
@timeout_option("each verdict", SECONDS, "FILE.py")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of every random choice.")
@quiet_option()
def command(
    file: str,
    goal: str,
    assume: tuple[str, ...],
    json_path: str | None,
    html_path: str | None,
    latex_path: str | None,
    timeout: float | None,
    seed: int,
    quiet: bool,
) -> int:
    """Check the model that FILE.py defines (this runs FILE.py).

    Check only files that you would run. NAME defaults to `model`: a Model, or a function without arguments that
    returns one.
    """
    from ivae_theory.checking import check

    different({"--json": json_path, "--html": html_path, "--latex": latex_path})
    (model,) = load_within(timeout, file, quiet=quiet)
    seconds = timeout or SECONDS
    with progress("checking the model", quiet) as said:
        report = check(model, goal, assume=assume, seed=seed, timeout=seconds, progress=said)
    with progress("writing the report", quiet):
        within(seconds, "report", lambda: _write(report, json_path, html_path, latex_path))
    if not quiet:
        _show(report)
    return EXIT[report.status]


def _show(report: Report) -> None:
    """In colour for people; as plain lines of 80 columns, without padding, for files and pipes."""
    from ivae_theory.reporting import renderable, terminal

    if sys.stdout.isatty():
        console().print(renderable(report))
    else:
        click.echo(terminal(report))


def _write(report: Report, json_path: str | None, html_path: str | None, latex_path: str | None) -> None:
    if json_path is None and html_path is None and latex_path is None:
        return
    from ivae_theory.files import write_text

    if json_path is not None:
        write_text(json_path, report.to_json(), "--json")
    if html_path is not None:
        report.to_html(html_path)
    if latex_path is not None:
        write_text(latex_path, report.to_latex(), "--latex")
