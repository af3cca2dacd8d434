"""Smoothness of f from its formula, and what is said where it is not read."""

from types import SimpleNamespace

import pytest
import sympy

from ivae_theory import families
from ivae_theory.hypotheses.smoothness import decide_smooth
from ivae_theory.mixing import SymbolicMixing

a = sympy.Symbol("a", real=True)


def decided(expression):
    mixing = None if expression is None else SymbolicMixing([a], [expression])
    return decide_smooth(SimpleNamespace(mixing=mixing, prior=SimpleNamespace(families=[families.gaussian()])))


def test_formulas():
    assert decided(sympy.sinh(a) * a)["rule"] == "formula"


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (None, "no mixing function is given"),
        (sympy.Abs(a), "f is not proved smooth from a formula"),
        (sympy.airyai(a), "airyai"),
    ],
)
def test_what_is_not_proved_says_why(expression, why):
    found = decided(expression)
    assert found["rule"] == "undecided"
    assert why in found["why"]
