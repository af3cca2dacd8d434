"""``ivae-theory claims``: the paper's ledger."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("claims", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> int:
    """Run every claim of the paper, as printed and as repaired."""
    from proofs_checks.__main__ import command as ledger

    status: int = ledger.main(list(arguments), prog_name="ivae-theory claims", standalone_mode=False)
    return status
