"""Tables that a report does not carry whole: the same verdicts, and certificates that recheck."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from ivae_theory import Model, Noise, Observed, Prior, assume_injective, check, families, recheck, rival
from ivae_theory.certificates.registry import ModelNeeded
from ivae_theory.errors import CorruptReport
from ivae_theory.model import natural
from ivae_theory.span import decide
from ivae_theory.verdict import seal

LOCATION = families.gaussian_location()
RNG = np.random.default_rng(5)
FULL = RNG.standard_normal((400, 4))
TIED = np.column_stack([FULL[:, :3], FULL[:, 0] - 2 * FULL[:, 2]])
TIED[:, [0, 2]] = np.round(TIED[:, [0, 2]] * 64) / 64
TIED[:, 3] = TIED[:, 0] - 2 * TIED[:, 2]
RARE = TIED.copy()
RARE[123] = [1.0, 5.0, 2.0, 7.0]
INTEGERS = RNG.integers(-9, 9, (400, 4))
DEPENDENT = np.column_stack([INTEGERS[:, :3], INTEGERS[:, 0] + 3 * INTEGERS[:, 1] + 2])
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "floats": (FULL, {}),
    "float32": (FULL.astype(np.float32), {}),
    "observed": (FULL, {"u": Observed(np.arange(400))}),
    "declared": (FULL, {"error": 1e-6}),
    "declared too large": (FULL, {"error": np.full((400, 4), 9.0)}),
    "equal columns": (FULL[:, [0, 1, 2, 0]], {}),
    "relation": (TIED, {}),
    "relation broken by one row": (RARE, {}),
    "relation, more values exist": (TIED, {"u": Observed(np.arange(400))}),
    "constant": (np.ones((400, 4)), {}),
    "few rows, repeated": (np.repeat(FULL[:3], 100, axis=0), {}),
    "integers": (INTEGERS, {}),
    "integer relation": (DEPENDENT, {}),
}


def model(name: str) -> Model:
    table, options = CASES[name]
    prior = Prior(LOCATION, table, options.get("u"), error=options.get("error"))
    return Model(prior, noise=Noise.gaussian(1), mixing=assume_injective(4))


@pytest.fixture
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table above is a large one."""
    monkeypatch.setattr(natural, "LARGEST", 100)
    monkeypatch.setattr(decide, "_EXACT_ENTRIES", 100)


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_that_on_the_table_in_full(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small = check(model(name))["theorem1.iii"]
    monkeypatch.setattr(natural, "LARGEST", 100)
    monkeypatch.setattr(decide, "_EXACT_ENTRIES", 100)
    large = check(model(name))["theorem1.iii"]
    assert (large.status, large.grade, large.margin) == (small.status, small.grade, small.margin)
    assert large.evidence.get("rank") == small.evidence.get("rank")


@pytest.mark.usefixtures("_large")
@pytest.mark.parametrize("name", CASES)
def test_the_report_rechecks_and_carries_no_table(name: str) -> None:
    subject = model(name)
    report = check(subject)
    text = report.to_json()
    assert "base64" not in subject.describe()["natural"]["values"]
    assert recheck(text, subject).bound
    if report["theorem1.iii"].fails:
        with pytest.raises(ModelNeeded, match="the digest alone of a table of"):
            recheck(text)
    else:
        assert not recheck(text).bound
    with pytest.raises(CorruptReport, match="a report on the model with digest"):
        recheck(text, model("floats" if name != "floats" else "integers"))
    report.to_latex()
    assert str(report)
    assert rival(subject) is None


def changed(report: dict[str, Any], change: Any) -> str:
    document = copy.deepcopy(report)
    (verdict,) = (v for v in document["verdicts"] if v["claim"] == "theorem1.iii")
    change(document, verdict["evidence"])
    document["seal"] = seal(document)
    return json.dumps(document)


@pytest.mark.usefixtures("_large")
@pytest.mark.parametrize("name", ["floats", "integers"])
def test_rows_that_are_not_the_tables_are_refused(name: str) -> None:
    subject = model(name)
    report = check(subject).to_dict()

    def other_rows(document: dict[str, Any], evidence: dict[str, Any]) -> None:
        table, _ = CASES[name]
        evidence["rows"] = natural.encode_array(2 * table[evidence["points"]])

    def other_points(document: dict[str, Any], evidence: dict[str, Any]) -> None:
        evidence["points"][0] = next(i for i in range(400) if i not in evidence["points"])

    def no_rows(document: dict[str, Any], evidence: dict[str, Any]) -> None:
        del evidence["rows"]

    def singular_rows(document: dict[str, Any], evidence: dict[str, Any]) -> None:
        evidence["rows"] = natural.encode_array(np.ones_like(CASES[name][0][evidence["points"]]))

    for change in (other_rows, other_points):
        recheck(changed(report, change))  # valid certificates, of some other table
        with pytest.raises(CorruptReport, match="rows of the table"):
            recheck(changed(report, change), subject)
    with pytest.raises(ModelNeeded):
        recheck(changed(report, no_rows))
    assert recheck(changed(report, no_rows), subject).bound
    with pytest.raises(CorruptReport):
        recheck(changed(report, singular_rows))


@pytest.mark.usefixtures("_large")
def test_error_bounds_that_are_not_the_models_do_not_help() -> None:
    """A report that claims smaller errors than the table has is about another table."""
    subject = model("declared too large")
    assert check(subject)["theorem1.iii"].undecided
    report = check(model("declared")).to_dict()

    def smaller(document: dict[str, Any], evidence: dict[str, Any]) -> None:
        document["subject"]["digest"] = subject.digest

    with pytest.raises(CorruptReport):
        recheck(changed(report, smaller), subject)


def test_a_table_mapped_from_a_file_is_not_copied(tmp_path: Any) -> None:
    np.save(tmp_path / "table.npy", FULL)
    mapped = Prior(LOCATION, np.load(tmp_path / "table.npy", mmap_mode="r")).natural.values
    assert not mapped.flags.owndata
    assert not mapped.flags.writeable
    changeable = np.load(tmp_path / "table.npy", mmap_mode="r+")
    copied = Prior(LOCATION, changeable).natural.values
    changeable[0] = 9.0
    assert np.array_equal(copied, FULL)
    frozen = FULL.copy()
    frozen.setflags(write=False)
    view = Prior(LOCATION, frozen).natural.values
    frozen.setflags(write=True)
    frozen[:] = 0.0
    assert np.array_equal(view, FULL)
