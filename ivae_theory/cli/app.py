"""The command group, and the one place where errors become one line and an exit status.

Exit status: 0 what was asked for holds, 1 it fails, 3 undecided, 2 bad usage or bad input, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from ivae_theory.errors import IvaeTheoryError
from ivae_theory.text import printable
from ivae_theory.verdict import Status

__all__ = ["EXIT", "cli", "main"]

#: Characters of a line that says what is wrong.
LONGEST = 1000
EXIT = {Status.HOLDS: 0, Status.FAILS: 1, Status.UNDECIDED: 3}

#: Where each command lives; a command's module is imported when the command is used.
COMMANDS = {
    "check": "ivae_theory.cli.check",
    "claims": "ivae_theory.cli.claims",
    "equivalent": "ivae_theory.cli.equivalent",
    "recheck": "ivae_theory.cli.recheck",
    "recover": "ivae_theory.cli.recover",
    "reproduce": "ivae_theory.cli.reproduce",
    "train": "ivae_theory.cli.train",
}


_EPILOG = """\b
Examples:
  ivae-theory check docs/examples/section5.py --goal permutation --html report.html
  ivae-theory recover latents.npz --statistics 'z**2'
  ivae-theory recheck report.json
  ivae-theory train paper --data n=2 --steps 4000 --out trained
  ivae-theory COMMAND --help

\b
Exit status: 0 it holds, 1 it fails, 3 undecided, 2 bad usage or bad input,
130 interrupted.
NO_COLOR=1 switches colours off.

\b
Shell completion, in the shell's start-up file:
  bash  eval "$(_IVAE_THEORY_COMPLETE=bash_source ivae-theory)"
  zsh   eval "$(_IVAE_THEORY_COMPLETE=zsh_source ivae-theory)"
  fish  _IVAE_THEORY_COMPLETE=fish_source ivae-theory | source
"""


class _LazyGroup(click.Group):
    """A group whose commands are imported one at a time: ``recheck`` must not wait for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"commands are {', '.join(sorted(COMMANDS))}"
            ctx.fail(f"no command {args[0]!r}: {meant}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(package_name="ivae_theory", prog_name="ivae-theory")
def cli() -> None:
    """Check a model against the identifiability theory, verify what was learned, recheck a report."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit; every bad input ends in one line on standard error."""
    try:
        status: Any = cli.main(args=arguments, prog_name="ivae-theory", standalone_mode=False)
    except click.exceptions.Abort:
        _stop("interrupted", 130)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" (see '{context.command_path} --help')" if context is not None else ""
        _stop(error.format_message() + hint, 2)
    except IvaeTheoryError as error:
        _stop(str(error), 2)
    except BrokenPipeError:
        # The reader of our output is gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        _stop(f"{name}{error.strerror or error}", 2)
    except MemoryError:
        _stop("there is not enough memory for this", 2)
    except RecursionError:
        _stop("the input is nested too deeply", 2)
    except Exception as error:  # noqa: BLE001 - Python's own status for it, 1, would say that something fails
        _stop(f"an error that is not expected, {type(error).__name__}: {error}{_place(error)}", 2)
    # Not sys.exit: a model's file may have replaced it.
    raise SystemExit(status if isinstance(status, int) else 0)


def _place(error: BaseException) -> str:
    """Where an unforeseen error arose, for whoever reports it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" ({trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno})"


def _stop(message: str, status: int) -> None:
    line = printable(" ".join(message.split()))
    if len(line) > LONGEST:
        line = f"{line[:LONGEST]}... {len(line) - LONGEST} more characters"
    click.echo(f"ivae-theory: {line}", err=True)
    raise SystemExit(status)
