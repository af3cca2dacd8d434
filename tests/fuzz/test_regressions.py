"""What hostile input once did, by the argument that did it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest
import sympy

from ivae_theory import ExponentialFamily, Model, Noise, Prior, families, recover
from ivae_theory.errors import CorruptReport, InputError
from ivae_theory.exact import from_text
from ivae_theory.exact.numbers import decode_array, parse_fraction
from ivae_theory.files import read_json, read_text
from ivae_theory.recovery.statistics import as_statistics
from ivae_theory.reporting import latex, terminal
from ivae_theory.text import printable
from ivae_theory.training.store import Store
from ivae_theory.verdict import Conclusion, Grade, Report, Status, Verdict
from tests.reporting.hostile import ATTACKS

Z = sympy.Symbol("z", real=True)

ENDLESS = (
    "gamma(10**9)", "zeta(-1000001)", "zeta(10**6)", "digamma(1000000)", "polygamma(3, 1000000)", "polygamma(1000, 99)",
    "floor(exp(10**9))", "exp(exp(exp(99)))", "sqrt(" + "9" * 3000 + ")", "(" + "7" * 3000 + ")**(1/3)",
    "((((2**64)**64)**64)**64)**64", "lowergamma(2000, z)", "Max(" + ",".join(f"z*{i}" for i in range(300)) + ")",
    "9**9**9", "z**(10**6)", "Mod(9**9**9, 7)", "+".join(["gamma(z)"] * 3000), "besselj(10**300*10**300, z)",
)  # fmt: skip


@pytest.mark.parametrize("text", ENDLESS, ids=lambda text: text[:30])
def test_no_text_keeps_sympy_busy(text):
    with pytest.raises(InputError, match="T: expected"):
        from_text(text, [Z], "T")


@pytest.mark.parametrize("text", ["1e999", "-1e400*z", "1e-400*z", "0.1e-999"])
def test_a_number_that_no_double_holds_is_refused(text):
    with pytest.raises(InputError, match="numbers that a double can hold"):
        from_text(text, [Z])


@pytest.mark.parametrize("text", ["0.0*z", "0e-999 + z", "1e-300*z", "2**0.5*z", "gamma(1000)*z", "z**10000"])
def test_numbers_within_the_bounds_are_read(text):
    assert isinstance(from_text(text, [Z]), sympy.Expr)


@pytest.mark.parametrize("text", ["1e999999999", "1e3", ".5", "1_0", "1/3/5", " 1", "nan", "1/0", "9" * 200_000])
def test_a_rational_of_a_certificate_has_no_exponent(text):
    with pytest.raises(CorruptReport):
        parse_fraction(text)


def test_an_array_without_elements_has_no_endless_rows():
    with pytest.raises(CorruptReport):
        decode_array({"dtype": "<f8", "shape": [10**15, 0], "base64": ""})
    assert decode_array({"dtype": "<f8", "shape": [3, 0], "base64": ""}).shape == (3, 0)


@pytest.mark.parametrize(
    "text", ["lowergamma(2, z)*meijerg(((1,), ()), ((), (0,)), z)", "I*z", "z + I", "gamma((1, 2))*z"]
)
def test_statistics_that_numbers_cannot_be_had_of_are_refused(text):
    with pytest.raises(InputError):
        as_statistics(text, 1).evaluate(np.array([[0.5], [2.0]]))


def test_functions_of_scipy_are_statistics():
    values = as_statistics("besselj(0, z)", 1).evaluate(np.array([[0.0]]))
    assert values == [[1.0]]


def test_a_statistic_that_is_zero_is_an_error_of_the_input():
    z = np.random.default_rng(0).standard_normal((200, 2))
    with pytest.raises(InputError):
        recover(z, z, statistics="z, 0")


HARM = "__import__('pathlib').Path('harm').touch()"


def test_text_is_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prior = Prior(families.gaussian_scale(), [[-1], [-2], [-3]])
    for attempt in (
        lambda: Model(prior, noise=Noise.none(), mixing=([Z], [HARM])),
        lambda: Model(prior, noise=Noise.none(), mixing=HARM),
        lambda: Model(prior, noise=HARM),
        lambda: Noise(density=HARM),
        lambda: Noise(cf=HARM, symbols=[Z]),
        lambda: ExponentialFamily([HARM]),
        lambda: ExponentialFamily([Z], support=("0", HARM)),
        lambda: ExponentialFamily([Z], base_measure=HARM),
        lambda: Prior(families.gaussian_scale(), [[HARM], ["-2"]]),
        lambda: Prior(families.gaussian_scale(), sympy.Matrix([[Z]]), u={Z: HARM}),
        lambda: recover(np.eye(4), np.eye(4), statistics=HARM),
    ):
        with pytest.raises((InputError, TypeError)):
            attempt()
    assert not list(tmp_path.iterdir())


HOSTILE_SQL = {
    "a view": "CREATE VIEW runs AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    "a trigger": "CREATE TABLE t (a); CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t; END",
    "other columns": "CREATE TABLE runs (key TEXT)",
    "a computed column": "CREATE TABLE runs (key TEXT PRIMARY KEY, result TEXT AS (hex(zeroblob(99999999))))",
}


@pytest.mark.parametrize("sql", HOSTILE_SQL)
def test_a_database_with_anything_else_is_refused(tmp_path, sql):
    path = tmp_path / "runs.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(HOSTILE_SQL[sql])
    with pytest.raises(CorruptReport):
        Store(path)


@pytest.mark.parametrize(
    "row",
    [
        ("k", "[]", None, None, 1.0, 1.0),
        ("k", "{", None, None, 1.0, 1.0),
        ("k", "[" * 10_000, None, None, 1.0, 1.0),
        ("k", b"{}", None, None, 1.0, 1.0),
        ("k", "{}", "3", None, 1.0, 1.0),
        ("k", "{}", "{}", b"x", 1.0, 1.0),
        ("k", "{}", "{}", None, "soon", 1.0),
        ("k", '{"a": 1, "a": 2}', "{}", None, 1.0, 1.0),
    ],
)
def test_a_row_that_no_sweep_wrote_is_refused(tmp_path, row):
    place = Store(tmp_path / "runs.sqlite")
    with closing(sqlite3.connect(place.path)) as connection, connection:
        connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)", row)
    with pytest.raises(CorruptReport):
        place.runs()


def test_files_are_regular_and_bounded(tmp_path):
    path = tmp_path / "text"
    path.write_text("x" * 100)
    assert read_text(path, 100, "FILE") == "x" * 100
    with pytest.raises(CorruptReport, match="at most 99"):
        read_text(path, 99, "FILE")
    for other in ("/dev/zero", tmp_path, tmp_path / "absent", "\0"):
        with pytest.raises(InputError):
            read_text(other, 100, "FILE")


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1}', "NaN", "[Infinity]", "1e999", "9" * 5000, "[" * 201 + "]" * 201, "", "\ufeff1"]
)
def test_json_is_strict(text):
    with pytest.raises(CorruptReport):
        read_json(text, "text")


def example(text):
    """A report with the text wherever one may come from a model."""
    verdict = Verdict.fail(
        text, Grade.EXACT, text, evidence={"kind": text, "margin_unit": text}, advice=text, assumes=(text,), margin=1.0
    )
    rival = {"refutes": text, "evidence": {"kind": text, "text": text, text: text}}
    conclusion = Conclusion(Status.FAILS, Grade.EXACT, text, (text,), (text,), rival)
    return Report({"text": text, "digest": text}, text, [verdict], conclusion)


@pytest.mark.parametrize(
    "attack", [*ATTACKS, "[red]x[/red]", "\x9b31m", "\x1b]8;;javascript:x\x07", "\u2066a\u2069", "\x7f"]
)
def test_terminals_and_latex_show_what_a_name_says(attack):
    report = example(attack)
    for text in (terminal(report), latex(report)):
        assert all(character.isprintable() or character in "\n\u00a0" for character in text)
    if attack.isprintable():
        assert "".join(attack.split()) in "".join(terminal(report).split())
    assert printable(attack).replace("\n", "").isprintable()
