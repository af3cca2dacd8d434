"""``python -m proofs_checks``: run the ledger; exit status 1 when a status differs from what is expected."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console
from rich.table import Table

from ivae_theory.cli.console import progress
from ivae_theory.cli.options import OUTPUT, examples, quiet_option
from ivae_theory.errors import IvaeTheoryError
from proofs_checks import ledger, page
from proofs_checks.claim import Check, Outcome

__all__ = ["main"]


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples("ivae-theory claims", "ivae-theory claims theorem1 lemma1 --details --json ledger.json"),
)
@click.argument("claims", nargs=-1, metavar="[CLAIM]...")
@click.option("--json", "json_path", metavar="PATH", type=OUTPUT, help="Write the ledger as JSON.")
@click.option("--page", "page_path", metavar="PATH", type=OUTPUT, help="Write the page docs/explanation/ledger.md.")
@click.option("--details", is_flag=True, help="Print what each check computed.")
@quiet_option()
def command(claims: tuple[str, ...], json_path: str | None, page_path: str | None, details: bool, quiet: bool) -> int:
    """Run every claim of the paper, or those named, as printed and as repaired.

    Exit status 0 when every status is the expected one, 1 when one differs.
    """
    from ivae_theory.files import write_text

    chosen = ledger.find(claims)
    with progress("running the ledger", quiet) as said:
        rows = ledger.run(chosen, said)
    if json_path is not None:
        write_text(json_path, json.dumps(ledger.to_dict(rows), indent=1, allow_nan=False) + "\n", "--json")
    if page_path is not None:
        write_text(page_path, page.markdown(rows), "--page")
    if not quiet:
        _print(rows, details)
    return 0 if all(row.as_expected for row in rows) else 1


def _print(rows: tuple[ledger.Row, ...], details: bool) -> None:
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    table = Table(box=None, pad_edge=False)
    for title in ("claim", "as printed", "as repaired", "method"):
        table.add_column(title, overflow="fold")
    table.add_column("s", justify="right")
    for row in rows:
        method = max(row.claim.as_printed.method, row.claim.as_repaired.method)
        table.add_row(
            row.claim.name,
            _word(row.printed, row.claim.as_printed),
            _word(row.repaired, row.claim.as_repaired),
            method.words,
            f"{row.seconds:.2f}",
        )
        if details:
            table.add_row("", f"printed: {row.printed.detail}", f"repaired: {row.repaired.detail}", "", "")
    console.print(table)
    differ = [row.claim.name for row in rows if not row.as_expected]
    total = sum(row.seconds for row in rows)
    outcome = f"{len(differ)} not as expected: {', '.join(differ)}" if differ else "all as expected"
    console.print(f"{len(rows)} claims in {total:.1f} s, {outcome}")


def _word(outcome: Outcome, check: Check) -> str:
    word = outcome.status.word
    return word if outcome.status is check.expected else f"{word} (expected {check.expected.word})"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 when a status differs, 2 for bad usage."""
    try:
        status = command.main(args=arguments, prog_name="python -m proofs_checks", standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"proofs_checks: {error.format_message()}", err=True)
        return 2
    except IvaeTheoryError as error:
        click.echo(f"proofs_checks: {error}", err=True)
        return 2
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    sys.exit(main())
