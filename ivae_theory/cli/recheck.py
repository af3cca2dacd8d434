"""``ivae-theory recheck``: verify the certificates of a report."""

from __future__ import annotations

import textwrap

import click

from ivae_theory.cli.console import progress
from ivae_theory.cli.options import MODEL_FILE, examples, quiet_option
from ivae_theory.cli.watch import load_within, timeout_option, within

__all__ = ["command"]

SECONDS = 3600


@click.command(
    "recheck",
    epilog=examples(
        "ivae-theory recheck report.json",
        "ivae-theory recheck report.json --model docs/examples/section5.py",
    ),
)
@click.argument("report", metavar="REPORT.json", type=click.Path())
@click.option(
    "--model",
    "spec",
    metavar="FILE.py[:NAME]",
    type=MODEL_FILE,
    help="The model that the report is about (this runs FILE.py).",
)
@timeout_option("the verification", SECONDS, "FILE.py")
@quiet_option()
def command(report: str, spec: str | None, timeout: float | None, quiet: bool) -> int:
    """Verify every certificate and witness of REPORT.json by exact or ball arithmetic.

    Without --model the certificates are verified by themselves, and nothing is run. Exit status 0 when all are valid,
    2 when the report was changed or does not show what it says.
    """
    models = [] if spec is None else load_within(timeout, spec, quiet=quiet)

    def verified() -> dict[str, str]:
        from ivae_theory.certificates.recheck import MAX_CHARACTERS, recheck
        from ivae_theory.files import read_text

        result = recheck(read_text(report, MAX_CHARACTERS, "REPORT.json"), *models)
        return {"text": str(result), "status": result.status.word}

    with progress("verifying certificates", quiet):
        found = within(timeout or SECONDS, "REPORT.json", verified)
    if not quiet:
        goal = "is undecided" if found["status"] == "undecided" else found["status"]
        click.echo("\n".join(textwrap.wrap(f"{found['text']}. The goal {goal}.", 80)))
    return 0
