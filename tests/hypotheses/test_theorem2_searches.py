"""The searches behind Theorem 2 and the published version: nothing crashes, and disguises do not fool them."""

from __future__ import annotations

import pytest
import sympy
from sympy import Abs, Heaviside, Interval, Max, Piecewise, exp, floor, log, oo, sign, sqrt, tan

from ivae_theory.families import ExponentialFamily
from ivae_theory.hypotheses.blocks import decide_curved, decide_spans_everywhere
from ivae_theory.hypotheses.dependence import decide_dependent_somewhere
from ivae_theory.hypotheses.gaussianity import decide_gaussian
from ivae_theory.hypotheses.minimum import decide_minimum
from ivae_theory.hypotheses.monotone import decide_monotone

z = sympy.Symbol("z", real=True)


def described(statistics: object, support: object = sympy.Reals, base: object = None) -> dict:
    measure = exp(-(z**8)) if base is None else base
    return ExponentialFamily(statistics, support, measure, variable=z).describe()


AWKWARD = [
    [Abs(z - sqrt(2))],
    [z + floor(z)],
    [z, floor(z)],
    [Heaviside(z), z],
    [sign(z), z],
    [Max(z, 0) - Max(-z, 0), z],
    [Piecewise((z**2, z < 1), (-5, True))],
]


@pytest.mark.parametrize("statistics", AWKWARD, ids=str)
def test_every_search_answers(statistics: list) -> None:
    description = described(statistics)
    for decide in (decide_curved, decide_spans_everywhere, decide_dependent_somewhere, decide_minimum, decide_monotone):
        assert isinstance(decide(description)["rule"], str)


DISGUISED = [
    (z**3 + z, sympy.Reals),
    (sympy.sinh(z), sympy.Reals),
    (z * Abs(z), sympy.Reals),
    (Max(z, z / 10), sympy.Reals),
    (Piecewise((z, z > 0), (z / 2, True)), sympy.Reals),
    (log(z) - log(1 - z), Interval.open(0, 1)),
    (log(exp(z) - 1), Interval.open(0, oo)),
    (z - 1 / z, Interval.open(0, oo)),
    (tan(z), Interval.open(-sympy.pi / 2, sympy.pi / 2)),
    (sympy.atanh(z), Interval.open(-1, 1)),
    (z + sympy.sin(z) / 2, sympy.Reals),
    (z**5, sympy.Reals),
]


@pytest.mark.parametrize(("statistic", "support"), DISGUISED, ids=str)
def test_a_gaussian_law_is_never_refuted(statistic: sympy.Expr, support: sympy.Set) -> None:
    """With ``Q = |T'| exp(-T**2 / 2)``, T(z) is standard Gaussian by the change of variables."""
    base = Abs(sympy.diff(statistic, z)) * exp(-(statistic**2) / 2)
    assert decide_gaussian(described([statistic], support, base))["rule"] in ("gaussian", "undecided")


def test_folded_gaussians_are_not_called_gaussian() -> None:
    """log|z| is Gaussian here without being injective, which a rotation would need."""
    base = exp(-(log(Abs(z)) ** 2) / 2) / Abs(z)
    assert decide_gaussian(described([log(Abs(z))], sympy.Reals, base))["rule"] == "undecided"


def test_dependence_is_linear() -> None:
    rule = decide_dependent_somewhere(described([z, Abs(z)]))
    assert rule["rule"] == "dependent"
    assert decide_dependent_somewhere(described([z, z * Abs(z)]))["rule"] == "undecided"
