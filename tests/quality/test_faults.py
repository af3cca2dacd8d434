"""A few trials of faults; the campaign is ``python -m tests.quality.faults``."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra 'torch'")
pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
pytest.importorskip("sklearn", reason="needs the extra 'train'")
if not hasattr(os, "fork"):
    pytest.skip("no fork on this system", allow_module_level=True)

from tests.quality.faults.campaign import KINDS, kind_of, trial
from tests.quality.faults.children import Broken, in_child, intact
from tests.quality.faults.functions import FAULTS, broken_function

#: Kinds whose trials take seconds.
SLOW = {"worker killed", "huge answers", "blocking function", "training interrupted", "clock jumps"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in sorted(KINDS)])
def test_a_trial_of_every_kind(name: str) -> None:
    assert trial(7, name)["broken"] == ""


@pytest.mark.parametrize(("name", "role"), [(name, role) for name, fault in FAULTS.items() for role in fault.roles])
def test_every_fault_of_a_function_in_every_role(name: str, role: str, tmp_path: Path) -> None:
    broken_function(random.Random(3), tmp_path, name, role)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(500, 540))
def test_forty_trials(seed: int) -> None:
    assert trial(seed)["broken"] == ""


def test_the_campaign_has_every_kind_and_notices_what_breaks(tmp_path: Path) -> None:
    assert {kind_of(seed) for seed in range(40)} == set(KINDS)
    (tmp_path / "half").write_bytes(b"whol")
    with pytest.raises(Broken, match="4 bytes that nobody wrote"):
        intact(tmp_path / "half", [b"whole", b""])
    ended = in_child(lambda: 1 / 0, tmp_path)
    assert ended.status == 70
    assert "ZeroDivisionError" in ended.errors
