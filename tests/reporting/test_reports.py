"""Reports for people: 80 columns, every verdict, nothing of the model unescaped."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivae_theory.errors import InputError
from ivae_theory.reporting import html_fragment, latex, terminal
from ivae_theory.reporting.evidence import as_text, shortened
from ivae_theory.reporting.html import write_text
from ivae_theory.verdict import Conclusion, Grade, Report, Status, Verdict

HOLDS = Verdict.hold(
    "theorem1.i", Grade.EXACT, "It holds.", evidence={"kind": "k", "points": list(range(50))}, margin=0.125
)
FAILS = Verdict.fail("theorem1.iii", Grade.CERTIFIED, "It fails.", evidence={"kind": "k"}, advice="Change lambda.")
OPEN = Verdict.unknown("theorem1.ii", "Open.", evidence={"tried": 7}, assumes=("f is measurable",))


def report(**changes):
    conclusion = Conclusion(
        Status.FAILS, Grade.CERTIFIED, "The theorem does not apply.", ("one thing",), ("theorem1.i", "theorem1.iii")
    )
    return replace(Report({"text": "a model", "digest": "00"}, "affine", (HOLDS, FAILS, OPEN), conclusion), **changes)


def test_the_terminal_shows_everything_in_80_plain_columns():
    text = terminal(report())
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert not re.search(r" $", text, re.MULTILINE)
    for word in (
        "HOLDS",
        "FAILS",
        "UNDECIDED",
        "It fails.",
        "Change lambda.",
        "f is measurable",
        "margin 0.125",
        "one thing",
        "a model",
    ):
        assert word in text
    assert text.index("theorem1.iii") < text.index("does not count") < text.index("theorem1.ii\n")
    assert str(report()) == text


def test_latex_has_one_row_a_verdict_and_escapes():
    hostile = replace(HOLDS, reason=r"\input{/etc/passwd} 100% $x_1^2$ & ~ #")
    text = latex(report(verdicts=(hostile, FAILS, OPEN)))
    assert text.count(r"\texttt{") == 3
    assert r"\input" not in text
    assert r"100\% \$x\_1" in text


def test_latex_says_what_the_conclusion_takes_for_granted():
    """A table for a paper that leaves it out says more than the verdict."""
    rival = {"refutes": "equivalence", "evidence": {"text": "z' = M z"}}
    text = latex(report(conclusion=replace(report().conclusion, rival=rival)))
    for word in ("a model", "Goal affine: FAILS (certified)", "The theorem does not apply.", "one thing", "z' = M z"):
        assert word in text


TAGS = re.compile(r"<\s*(script|img|iframe|svg/onload)", re.IGNORECASE)


@given(
    st.sampled_from(["<script>alert(1)</script>", "<img src=x onerror=y>", "'\"><script>", "{{ 7*7 }}", "{% raw %}"])
)
def test_html_escapes_everything_that_comes_from_a_model(hostile):
    bad = replace(
        HOLDS, reason=hostile, advice=hostile, assumes=(hostile,), evidence={"kind": hostile, hostile: [hostile]}
    )
    conclusion = replace(
        report().conclusion, statement=hostile, assumptions=(hostile,), rival={"refutes": hostile, "evidence": {}}
    )
    changed = report(subject={"text": hostile, "digest": hostile}, verdicts=(bad, FAILS, OPEN), conclusion=conclusion)
    text = html_fragment(changed)
    assert (hostile in text) == hostile.startswith("{"), "templates are data, markup is escaped"
    assert not TAGS.search(text)


def test_a_notebook_shows_the_fragment():
    assert report()._repr_html_() == html_fragment(report())
    for word in ("It fails.", "witness", "certificate", "what was tried"):
        assert word in html_fragment(report())


def test_html_is_one_file_without_network(tmp_path):
    path = tmp_path / "report.html"
    report().to_html(path)
    text = path.read_text()
    assert text.startswith("<!doctype html>")
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?http", text)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match="html"):
        write_text(tmp_path / "absent" / "report.html", "x", "html")


def test_a_failed_write_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    path.write_text("old")
    monkeypatch.setattr("os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(InputError, match="No space left"):
        write_text(path, "new", "json")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_long_evidence_is_cut_and_says_so():
    cut = shortened(
        {"list": list(range(50)), "text": "x" * 500, "array": {"dtype": "<f8", "shape": [2, 3], "base64": "AA"}}
    )
    assert cut["list"][-1] == "... 38 more"
    assert cut["text"].endswith("340 more characters")
    assert cut["array"] == "array of shape (2, 3), <f8"


@given(
    st.recursive(
        st.integers() | st.text(max_size=20) | st.none(),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    )
)
def test_evidence_as_text_is_json_and_short_parts_stay_on_one_line(value):
    text = as_text(value)
    assert json.loads(text) == shortened(value)
    assert as_text([1, 2, [3]]) == "[1, 2, [3]]"
