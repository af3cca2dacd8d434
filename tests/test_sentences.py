"""Every reason and every advice that is shown is a sentence; the truth table asserts the same of each of its rows."""

import numpy as np
import pytest
import sympy

from ivae_theory import Model, Noise, Prior, check, families, recover
from ivae_theory.verdict import GOALS, Verdict
from tests.sentences import faults
from tests.test_examples import TABLE, report

z1, z2, u = sympy.symbols("z1 z2 u", real=True)


@pytest.mark.parametrize("index", range(len(TABLE)), ids=[example.name for example in TABLE])
def test_of_every_example(index):
    found = report(index)
    assert [text for verdict in found.verdicts for text in faults(verdict)] == []
    sentences = [found.conclusion.statement]
    if found.conclusion.rival is not None:
        sentences.append(found.conclusion.rival["evidence"]["text"])
    assert all(text[0].isupper() and text.endswith(".") for text in sentences)


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize(
    "natural",
    [
        [[-1, -2]] * 4,
        [[-1.0, -2.0]],
        [[-1.0, -2.0], [-3.0, -1.0], [-1.0, -2.0 - 1e-15]],
        lambda u: -1 - u**2 * [[1.0, 2.0]],
    ],
    ids=["constant", "one row", "almost dependent", "a callable"],
)
def test_where_little_is_known(natural, goal):
    points = {"u": np.array([[0.5], [1.0], [2.0]])} if callable(natural) else {}
    for noise in (Noise.none(), Noise.gaussian(0.25, learned=True), Noise(cf=sympy.Max(1 - sympy.Abs(u), 0))):
        for mixing in (None, sympy.Matrix([z1 * z2, z1 + z2])):
            model = Model(Prior([families.exponential()] * 2, natural, **points), noise=noise, mixing=mixing)
            found = check(model, goal)
            assert [text for verdict in found.verdicts for text in faults(verdict)] == []
            assert found.conclusion.statement.endswith(".")


@pytest.mark.parametrize("rows", [150, 4000])
@pytest.mark.parametrize("angle", [0.0, 0.2, 0.8])
def test_of_recoveries(rows, angle):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(rows, 2)) * rng.uniform(0.5, 2, size=(rows, 2))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = recover(z, z @ rotation.T, statistics="z**2")
    assert [text for verdict in (found.verdict, *found.parts) for text in faults(verdict)] == []


def test_fragments_are_noticed():
    assert faults(Verdict.unknown("c", "the table is singular"))
    assert faults(Verdict.unknown("c", "The table is singular.", advice="give more"))
    assert not faults(Verdict.unknown("c", "lambda is constant.", advice="Give more."))
