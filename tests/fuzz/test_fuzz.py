"""Whatever comes in, a target returns: seeds and regressions, bytes of Hypothesis, and long runs on demand."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivae_theory import recheck
from tests.fuzz.targets import SEEDS, TARGETS, documents, edited, watch

pytest.importorskip("safetensors", reason="needs the extra 'train'")

KNOWN = sorted(path for name in TARGETS for path in (SEEDS / name).glob("*"))
QUICK = ("grammar", "raw_report", "forged_report", "npz", "store", "settings")


def changed(seed: bytes) -> st.SearchStrategy[bytes]:
    """A seed with a few bytes replaced, put in, taken out or written twice."""
    place = st.integers(0, len(seed))

    def apply(edits):
        found = bytearray(seed)
        for kind, where, other, new in edits:
            if kind == "replace":
                found[where : where + len(new)] = new
            elif kind == "insert":
                found[where:where] = new
            elif kind == "delete":
                del found[where : where + len(new)]
            else:
                found[where:where] = found[other : other + 30]
        return bytes(found)

    kinds = st.sampled_from(["replace", "insert", "delete", "copy"])
    edit = st.tuples(kinds, place, place, st.binary(min_size=1, max_size=6))
    return st.lists(edit, max_size=4).map(apply)


def inputs(target: str) -> st.SearchStrategy[bytes]:
    if target == "forged_report":
        return st.binary(min_size=8, max_size=48)
    seeds = [path.read_bytes() for path in sorted((SEEDS / target).glob("*"))]
    return st.sampled_from(seeds).flatmap(changed) | st.binary(max_size=60)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", KNOWN, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_seed_and_everything_that_once_went_wrong(path):
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("target", QUICK)
def test_a_few_inputs_of_every_kind(target):
    @settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck), database=None)
    @given(inputs(target))
    def run(data):
        TARGETS[target](data)

    run()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("target", TARGETS)
def test_many_inputs_of_every_kind(target):
    @settings(deadline=None, max_examples=5000, suppress_health_check=list(HealthCheck), database=None)
    @given(inputs(target))
    def run(data):
        TARGETS[target](data)

    run()


def test_what_is_honest_is_not_refused():
    """The targets are no test if everything is refused at the door."""
    for number in range(len(documents())):
        data = bytes([0, number])
        original, same = edited(data)
        assert same == original
        recheck(json.dumps(same))


def test_the_watch_sees_code_that_is_run():
    with pytest.raises(AssertionError, match="input was run"), watch().nothing_runs():
        eval("1 + 1")  # noqa: S307 - the point
