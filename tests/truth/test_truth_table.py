"""The truth table: models whose truth is known by an argument, never by what the checker said."""

import importlib
import pkgutil
from collections import Counter

import pytest

from ivae_theory.checking import _plan
from ivae_theory.verdict import Status
from tests import truth
from tests.sentences import faults

MODULES = [
    importlib.import_module(f"tests.truth.{m.name}")
    for m in pkgutil.iter_modules(truth.__path__)
    if m.name.startswith("rows_")
]
ROWS = [row for module in MODULES for row in module.ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_verdict_is_the_truth_or_undecided(row):
    verdict = decided(row)
    allowed = {row.expected} if row.decidable else {row.expected, Status.UNDECIDED}
    assert verdict.status in allowed, f"{verdict}\nexpected {row.expected.name} because {row.because}"
    assert not faults(verdict)


def decided(row):
    """The verdict on the row's claim alone; the published theorems are composed of all that comes before them."""
    found = {}
    for claim, decide in _plan(row.model(), 0, found):
        if claim == row.claim or row.claim.startswith("published."):
            found[claim] = decide()
        if claim == row.claim:
            return found[claim]
    raise AssertionError(f"no check decides {row.claim}")


def test_there_are_at_least_200_rows_with_distinct_names_and_an_argument_each():
    assert len(ROWS) >= 200
    assert not [name for name, times in Counter(row.id for row in ROWS).items() if times > 1]
    assert all(row.because.strip() for row in ROWS)


def test_at_least_nine_in_ten_rows_with_a_settled_truth_are_decided_in_every_class():
    """``decidable`` says what an implemented argument reaches; a class may not hide behind it."""
    classes = {row.claim if row.claim.startswith("theorem1.") else row.claim.split(".")[0] for row in ROWS}
    for name in classes:
        settled = [r for r in ROWS if r.claim.startswith(name) and r.expected is not Status.UNDECIDED]
        if settled:
            assert sum(row.decidable for row in settled) >= 0.9 * len(settled), name
