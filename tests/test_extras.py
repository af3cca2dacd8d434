"""Only what is truly not installed skips a test."""

import re
from pathlib import Path

import pytest

from ivae_theory.errors import CallableFailed, MissingExtra
from tests import extras


@pytest.fixture
def without(monkeypatch):
    """A function that says which modules are not installed."""

    def hide(*names):
        monkeypatch.setattr(extras, "find_spec", lambda name: None if name in names else object())

    return hide


def test_the_extra_is_named_where_it_is_missing(without):
    without("torch")
    assert extras.missing_extra(MissingExtra("a flow", "torch")) == "torch"
    assert extras.missing_extra(MissingExtra("a flow", "train")) == "train"
    assert extras.missing_extra(ModuleNotFoundError("no", name="torch.nn")) == "torch"
    wrapped = CallableFailed("file.py", "a file that runs", "ModuleNotFoundError")
    wrapped.__context__ = ModuleNotFoundError("no", name="torch")
    assert extras.missing_extra(wrapped) == "torch"


def test_other_errors_stay_errors(without):
    without()
    for error in (
        MissingExtra("a flow", "torch"),
        ModuleNotFoundError("no", name="torch"),
        ModuleNotFoundError("no", name="ivae_theory.absent"),
        ValueError("no"),
        None,
    ):
        assert extras.missing_extra(error) is None


def test_every_skip_names_its_extra():
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        for call in re.findall(r"importorskip\(([^)]*)\)", path.read_text(encoding="utf-8")):
            assert path == Path(__file__) or "needs the extra" in call, f"{path.name}: {call}"
