"""``ivae-theory equivalent``: are two models that are given by formulas equivalent (Eq. 12)?"""

from __future__ import annotations

import textwrap

import click

from ivae_theory.budget import NoAnswer, answer
from ivae_theory.cli.app import EXIT
from ivae_theory.cli.console import progress
from ivae_theory.cli.options import MODEL_FILE, OUTPUT, SEED, examples, quiet_option
from ivae_theory.cli.watch import load_within, timeout_option
from ivae_theory.text import printable
from ivae_theory.verdict import Verdict

__all__ = ["command"]

SECONDS = 600


@click.command("equivalent", epilog=examples("ivae-theory equivalent a.py:model b.py:model --json certificate.json"))
@click.argument("first", metavar="A.py[:NAME]", type=MODEL_FILE)
@click.argument("second", metavar="B.py[:NAME]", type=MODEL_FILE)
@click.option(
    "--json", "json_path", metavar="PATH", type=OUTPUT, help="Write the verdict with its certificate as JSON."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the points that are tried.")
@timeout_option("the verdict", SECONDS, "each file")
@quiet_option()
def command(first: str, second: str, json_path: str | None, seed: int, timeout: float | None, quiet: bool) -> int:
    """Decide T~(f^-1(x)) = A T~'(f'^-1(x)) + c for two models (this runs both files)."""
    from ivae_theory.checking import decoded, encoded
    from ivae_theory.equivalence import equivalent
    from ivae_theory.equivalence.document import to_json
    from ivae_theory.equivalence.relation import CLAIM

    models = load_within(timeout, first, second, quiet=quiet)
    with progress("comparing the models", quiet):
        found = answer(
            CLAIM,
            lambda: equivalent(*models, seed=seed),
            timeout or SECONDS,
            encode=encoded,
            decode=decoded,
        )
    verdict = Verdict.unknown(CLAIM, found.reason, evidence={"kind": "tried"}) if isinstance(found, NoAnswer) else found
    if json_path is not None:
        from ivae_theory.files import write_text

        write_text(json_path, to_json(verdict, *models), "--json")
    if not quiet:
        click.echo("\n".join(textwrap.wrap(printable(str(verdict)), 80)))
        for row in verdict.evidence.get("A", ()):
            click.echo("  A  " + "  ".join(row))
        if "c" in verdict.evidence:
            click.echo("  c  " + "  ".join(verdict.evidence["c"]))
        for sentence in verdict.assumes:
            click.echo("\n".join(textwrap.wrap(printable(f"assumed: {sentence}"), 80, subsequent_indent="         ")))
    return EXIT[verdict.status]
