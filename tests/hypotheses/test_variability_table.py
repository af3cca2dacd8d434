"""theorem1.iii for tables: what is said of few, large and irrational numbers."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
import sympy

from ivae_theory import Observed, Points, Prior, families
from ivae_theory.hypotheses.variability import check_variability
from ivae_theory.hypotheses.variability_rank import directions_text
from ivae_theory.hypotheses.variability_table import too_few
from ivae_theory.span import rational

LOCATION = families.gaussian_location()


def verdict(table, u=None):
    return check_variability(SimpleNamespace(prior=Prior(LOCATION, table, u)))


@pytest.mark.parametrize("distinct", [1, 2, 3])
def test_too_few_rows_are_counted(distinct):
    found = too_few(4, distinct)
    assert found.fails
    assert found.evidence == {"kind": "variability.too_few", "distinct": distinct, "needed": 5}
    assert ("All rows" in found.reason) is (distinct == 1)
    assert (f"The {distinct} distinct rows" in found.reason) is (distinct > 1)
    assert ("rank is 0" if distinct == 1 else f"rank at most {distinct - 1}") in found.reason


def test_numbers_too_large_for_elimination_are_said_to_be(monkeypatch):
    monkeypatch.setattr(rational, "_LARGEST_ELIMINATION", 0)
    slope = 2**40 + Fraction(1, 3)
    found = verdict([[Fraction(i), i * slope] for i in range(1, 5)])
    assert found.undecided
    assert found.reason == "The exact rank was not computed: the numbers are too large for exact elimination."
    assert (found.evidence["tried"], found.evidence["values_of_u"], found.evidence["needed"]) == ("exact rank", 4, 3)


def test_irrational_numbers_at_observed_values_are_not_called_rounded():
    table = sympy.Matrix([[i, i * sympy.sqrt(2)] for i in (1, 2, 3)])
    assert verdict(table, Points([0, 1, 2])).fails
    found = verdict(table, Observed([0, 1, 2]))
    assert found.undecided
    assert "No determinant of the numbers is proved not to vanish" in found.reason
    assert "error of the entries" not in found.reason
    assert found.evidence["values_of_u"] == 3


def test_directions_are_shown_as_long_as_they_can_be_read():
    assert directions_text([]) is None
    assert directions_text([[Fraction(1, 2), Fraction(3)]]) == [["1/2", "3"]]
    for digits, shown in ((40, True), (41, False)):
        assert (directions_text([[Fraction(10 ** (digits - 1))]]) is not None) is shown
    for numbers, shown in ((4000, True), (4001, False)):
        assert (directions_text([[Fraction(1)] * numbers]) is not None) is shown
