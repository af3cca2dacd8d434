"""Try mutants: ``python -m tests.quality.mutation run``, then ``... report``. Names of modules narrow it down."""

from __future__ import annotations

import os
import random
from pathlib import Path

import click

from tests.quality.mutation.mutants import ROOT, module_name, tried
from tests.quality.mutation.report import RESULT, equivalents, identity, summary, write
from tests.quality.mutation.store import Store

#: What can be tried, and what is tried by default: the one decision, the noise, and what composes the claims.
SCOPE = ("ivae_theory/span/*.py", "ivae_theory/noise/*.py", "ivae_theory/theorem[12].py", "ivae_theory/hypotheses/*.py")
DEFAULT = ("span", "noise", "theorem1", "theorem2")
#: The quick tests that concern them. The whole suite would notice at least as many mutants.
TESTS = (
    "tests/test_span.py", "tests/test_span_parts.py", "tests/test_span_exact.py", "tests/noise",
    "tests/test_theorem1.py", "tests/test_theorem2.py", "tests/test_theorem2_sentences.py", "tests/truth",
    "tests/hypotheses", "tests/certificates", "tests/adapters", "tests/model/test_large_tables.py",
    "tests/quality/test_campaign.py",
)  # fmt: skip
_WORK = click.option("--work", default=".mutation", show_default=True, help="Folder of the outcomes.")


@click.group()
def main() -> None:
    """Do the tests notice a changed line of the checker?"""


@main.command()
@_WORK
@click.option("--only", multiple=True, default=DEFAULT, show_default=True, help="Modules (or packages) to try.")
@click.option("--sample", default=75, show_default=True, help="Mutants drawn per module; all when there are fewer.")
@click.option("--text", default=10, show_default=True, help="Mutants of string literals drawn per module besides.")
@click.option("--seed", default=0, show_default=True)
@click.option("--children", default=1, show_default=True)
@click.option("--patience", default=15.0, show_default=True, help="Seconds of tests for a mutant that none notices.")
@click.option("--again", is_flag=True, help="Try once more what no test noticed and nobody listed as equivalent.")
def run(
    work: str, only: tuple[str, ...], sample: int, text: int, seed: int, children: int, patience: float, again: bool
) -> None:
    """Draw mutants and try those that have no outcome yet."""
    from tests.quality.mutation.runner import Runner, trial

    os.chdir(ROOT)
    store = Store(Path(work) / "outcomes.sqlite")
    paths = [path for pattern in SCOPE for path in sorted(ROOT.glob(pattern))]
    wanted = [p for p in paths if any(_inside(module_name(p), name) for name in only)]
    store.read(tried(wanted, click.echo), [module_name(path) for path in wanted])
    for path in wanted:
        store.draw(module_name(path), "code", sample, seed)
        store.draw(module_name(path), "text", text, seed)
    condition = "outcome in ('survived', 'unreached')" if again else "outcome is null"
    names = {module_name(path) for path in wanted}
    known = equivalents()
    todo = [m for m in store.select(f"drawn and ({condition})") if m.module in names and identity(m) not in known]
    random.Random(seed).shuffle(todo)  # an interrupted run has tried a sample, too
    click.echo(f"{len(todo)} mutants to try")
    trial(Runner(store, todo, Path(work).resolve(), children, patience), TESTS)


def _inside(module: str, name: str) -> bool:
    return f"{module}.".startswith(f"ivae_theory.{name.removeprefix('ivae_theory.')}.")


@main.command()
@_WORK
@click.option("--json", "path", default=str(RESULT), show_default="tests/quality/results/mutation.json")
def report(work: str, path: str) -> None:
    """Write the counts, and what no test noticed."""
    command = "python -m tests.quality.mutation run; python -m tests.quality.mutation report"
    result = write(Store(Path(work) / "outcomes.sqlite"), Path(path), TESTS, command)
    click.echo(summary(result))


if __name__ == "__main__":
    main()
