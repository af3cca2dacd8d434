"""(M): relations with irrational weights, and statistics that only high precision tells from dependent ones."""

from types import SimpleNamespace

import pytest
import sympy
from sympy import Rational, sqrt

from ivae_theory.families import ExponentialFamily
from ivae_theory.hypotheses.statistics import check_minimal

z = sympy.Symbol("z", real=True)


def minimal(statistics):
    return check_minimal(SimpleNamespace(prior=SimpleNamespace(families=[ExponentialFamily(statistics)])))


@pytest.mark.parametrize(
    ("first", "second"),
    [(3, sqrt(2) + 1), (6, 3 * sqrt(2) - 4), (5, 2 * sympy.pi - 3), (1, Rational(2, 3)), (1, 0), (2, sympy.E)],
)
def test_a_multiple_of_a_statistic_is_recognised(first, second):
    """``second * T_1 - first * T_2 = 0`` for ``T = (first z, second z)``, with z^3 between that is not involved."""
    found = minimal([first * z, z**3, sympy.expand(second * z) + z**3])
    assert found.fails
    weights = [sympy.sympify(text) for text in found.evidence["weights"]]
    assert sympy.simplify(weights[0] + Rational(1, first) * second) == 0
    assert weights[1:] == [-1, 1]
    assert found.advice.startswith("Drop a statistic with a non-zero weight")


@pytest.mark.parametrize(("exponent", "bits"), [(20, 128), (150, 1024), (1500, 4096)])
def test_nearly_dependent_statistics_hold_at_the_precision_that_shows_it(exponent, bits):
    found = minimal([z, z + z**2 / sympy.Integer(2) ** exponent])
    assert found.holds
    assert found.evidence["families"][0]["bits"] == bits
