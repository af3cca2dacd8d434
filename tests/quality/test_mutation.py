"""The tool that changes lines of the checker: what it makes, remembers and counts. (The long run is on demand.)"""

import inspect
import json
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.quality.mutation.mutants import Mutant, difference, module_name, mutants_of, switch_on, target
from tests.quality.mutation.report import EQUIVALENT, RESULT, collect, counts, equivalents, identity, interval
from tests.quality.mutation.store import Store

SOURCE = '''
def add(a, b=1):
    """Sum."""
    return a + b


class Box:
    def __init__(self, side):
        self.side = side

    @staticmethod
    def name():
        return "box"

    def volume(self):
        return self.side ** 3
'''


def mutant(**changes):
    fields = {"module": "m", "owner": "", "function": "add", "number": 1, "kind": "operator", "before": "return a + b",
              "after": "return a - b", "source": "def add(a, b=1):\n    return a - b\n"}  # fmt: skip
    return Mutant(**{**fields, **changes})


@pytest.fixture
def module():
    made = ModuleType("made")
    exec(SOURCE, vars(made))  # noqa: S102 - the text above
    return made


def test_a_mutant_replaces_the_function_wherever_it_was_imported_to(module):
    add, volume = module.add, module.Box.volume
    switch_on(mutant(source="def add(a, b=2):\n    return a * b\n"), module)
    assert (add(5), add(5, 3)) == (10, 15)
    switch_on(mutant(owner="Box", function="volume", source="def volume(self):\n    return self.side\n"), module)
    assert volume(module.Box(7)) == 7
    switch_on(mutant(owner="Box", function="name", source="def name():\n    return None\n"), module)
    assert module.Box.name() is None
    with pytest.raises(TypeError, match="Box"):
        target(module, "", "Box")


def test_what_changed_is_told_without_indentation():
    assert difference("def f():\n    a = 1\n    return a\n", "def f():\n    a = 2\n    return a\n") == (
        "a = 1",
        "a = 2",
    )
    assert module_name(Path("ivae_theory/span/floats.py")) == "ivae_theory.span.floats"


def test_mutants_are_those_of_the_library():
    pytest.importorskip("mutmut", reason="needs the extra 'mutation'")
    import ivae_theory.theorem1

    found = list(mutants_of(Path(ivae_theory.theorem1.__file__)))
    assert {one.function for one in found} == {"decisions"}
    assert len({one.key for one in found}) == len(found) > 30
    assert {one.kind for one in found} >= {"text", "argument", "lambda"}
    assert all(one.before != one.after for one in found)


def test_outcomes_are_kept_for_unchanged_functions_and_samples_are_repeatable(tmp_path):
    store = Store(tmp_path / "outcomes.sqlite")
    made = [mutant(number=n, source=f"def add(a, b=1):\n    return {n}\n") for n in range(30)]
    store.read(made, ["m"])
    store.draw("m", "code", 10, seed=0)
    drawn = store.select("drawn")
    assert len(drawn) == 10
    store.record(drawn[0], "killed", "a test", 0.5)
    again = Store(tmp_path / "outcomes.sqlite")
    again.read(made[:20], ["m"])
    again.draw("m", "code", 10, seed=0)
    assert len(again.outcomes()) == 20
    assert [row[2] for row in again.outcomes() if row[0] == drawn[0]] in ([], ["killed"])
    other = Store(tmp_path / "other.sqlite")
    other.read(made, ["m"])
    other.draw("m", "code", 10, seed=0)
    assert other.select("drawn") == drawn
    other.draw("m", "text", 10, seed=0)
    assert other.select("drawn") == drawn


def test_counts_leave_out_equivalent_mutants_and_say_when_they_are_a_sample():
    rows = [
        (mutant(number=1), 1, "killed", "t", 0.1),
        (mutant(number=2), 1, "timeout", "", 9.0),
        (mutant(number=3, after="return a"), 1, "survived", "", 1.0),
        (mutant(number=4), 1, "survived", "", 1.0),
        (mutant(number=5), 0, None, None, None),
        (mutant(number=6, after="return a"), 1, None, None, None),
        (mutant(number=7, after="return a"), 0, None, None, None),
    ]
    known = {identity(rows[2][0]): "the same"}
    found = counts(rows, known)
    assert found == {
        "mutants": 7, "drawn": 5, "noticed": 2, "timeout": 1, "equivalent": 2, "survived": 1, "share": 0.6667,
        "sample": True, "interval": interval(2, 3),
    }  # fmt: skip
    assert "interval" not in counts(rows[:4], known)
    assert counts([], known)["share"] is None


def test_intervals_are_exact():
    assert interval(0, 10) == [0.0, 0.3085]
    assert interval(10, 10) == [0.6915, 1.0]
    assert interval(0, 0) is None


def test_a_report_names_what_survived(tmp_path):
    store = Store(tmp_path / "outcomes.sqlite")
    made = [mutant(module="ivae_theory.span.x", number=n, kind=kind) for n, kind in enumerate(["operator", "text"])]
    store.read(made, ["ivae_theory.span.x"])
    store.record(made[0], "survived", "", 1.0)
    store.record(made[1], "killed", "t", 1.0)
    found = collect(store, ["tests"], "a command")
    assert found["survivors"] == [
        {"module": "ivae_theory.span.x", "function": "add", "before": "return a + b", "after": "return a - b"}
    ]
    assert set(found["groups"]) == {"all", "ivae_theory.span.*", "ivae_theory.span.x"}
    assert found["groups"]["all"]["text"]["share"] == 1.0
    assert found["groups"]["all"]["code"]["share"] == 0.0
    assert found["processor_seconds"] == 2.0


def test_every_equivalent_mutant_has_a_reason_and_is_a_change_of_a_line_that_exists():
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]
    assert len(equivalents()) == len(entries)
    for entry in entries:
        assert len(entry["reason"].split()) >= 4, entry
        assert entry["before"] != entry["after"]
        found = import_module(entry["module"])
        for name in entry["function"].split("."):
            found = inspect.getattr_static(found, name) if inspect.isclass(found) else getattr(found, name)
        assert entry["before"] in " ".join(line.strip() for line in inspect.getsource(found).splitlines()), entry


def test_the_committed_result_is_above_nine_in_ten_for_every_package():
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    for name in ("ivae_theory.span.*", "ivae_theory.noise.*", "ivae_theory.theorem*"):
        found = result["groups"][name]["code"]
        assert found["drawn"] == found["noticed"] + found["equivalent"] + found["survived"]
        assert found["share"] > 0.9, name
    assert len(result["survivors"]) == sum(result["groups"]["all"][aspect]["survived"] for aspect in ("code", "text"))
