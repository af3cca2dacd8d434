"""``ivae-theory recheck``: verify the certificates of a report."""

from __future__ import annotations

from pathlib import Path

import click

from ivae_theory.cli.console import console, progress
from ivae_theory.errors import CorruptReport

__all__ = ["command"]


@click.command("recheck", epilog="Example: ivae-theory recheck report.json --model docs/examples/section5.py")
@click.argument("report", metavar="REPORT.json", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--model", "spec", metavar="FILE.py[:NAME]", help="The model that the report is about (this runs FILE.py)."
)
@click.option("--quiet", is_flag=True, help="Print nothing; the exit status is the answer.")
def command(report: str, spec: str | None, quiet: bool) -> int:
    """Verify every certificate and witness of REPORT.json by exact or ball arithmetic.

    Without --model the certificates are verified by themselves. Exit status 0 when all are valid, 2 when the
    report was changed or does not show what it says.
    """
    from ivae_theory.certificates.recheck import recheck

    try:
        text = Path(report).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CorruptReport("REPORT.json", "JSON text in UTF-8", "bytes that are not") from None
    with progress("verifying certificates", quiet):
        model = None
        if spec is not None:
            from ivae_theory.cli.loading import load_model

            model = load_model(spec)
        result = recheck(text, model)
    if not quiet:
        console().print(
            f"{result}. The goal {result.status.word}."
            if result.status.word != "undecided"
            else f"{result}. The goal is undecided."
        )
    return 0
