"""theorem1.iii for symbolic natural parameters: what the verdicts say, seeds, isolated points, finite sets."""

from types import SimpleNamespace

import pytest
import sympy
from sympy import FiniteSet, Interval, Matrix, Union

from ivae_theory import Prior, families
from ivae_theory.hypotheses.variability import check_variability
from ivae_theory.hypotheses.variability_symbolic import _is_atom

LOCATION = families.gaussian_location()
u, v = sympy.symbols("u v", real=True)
UNIT = Interval.open(0, 1)


def verdict(natural, u, *seed):
    return check_variability(SimpleNamespace(prior=Prior(LOCATION, Matrix(natural), u)), *seed)


def test_an_identity_is_shown_with_what_is_still_identified():
    found = verdict([u, u**2, u + u**2], {u: UNIT})
    assert found.fails
    assert "The combination (-1) lambda_0 + (-1) lambda_1 + (1) lambda_2 is 0 identically" in found.reason
    assert "rank is at most 2" in found.reason
    assert found.evidence["rank"] == 2
    first, second = (Matrix([sympy.Rational(x) for x in row]) for row in found.evidence["identified_directions"])
    assert Matrix.hstack(first, second).rank() == 2
    assert all(Matrix([-1, -1, 1]).dot(direction) == 0 for direction in (first, second))


def test_the_rank_beside_an_identity_is_proved_at_the_precision_of_the_enclosures():
    """Two parameters that differ by 2^-52 of one another: more than the digits of a float are needed."""
    found = verdict([u, u + u**2 / sympy.Integer(2) ** 52, 2 * u], {u: UNIT})
    assert found.fails
    assert found.evidence["rank"] == 2


def test_parameters_that_an_identity_leaves_out_are_not_named():
    found = verdict([u, 2 * u + 1, u**2], {u: UNIT})
    assert "The combination (2) lambda_0 + (-1) lambda_1 is -1 identically" in found.reason


def test_the_seed_chooses_the_points():
    """The same seed gives the same points, others give others, also where an identity refutes."""
    for natural in ([u, v, u * v], [u, v, u + v]):
        found = [verdict(natural, {u: UNIT, v: UNIT}, seed).evidence["points"] for seed in (0, 0, 1, 2)]
        assert found[0] == found[1]
        assert found[0] != found[2] != found[3]


def test_an_isolated_point_is_not_widened():
    """floor jumps at 7, which is a value of u with positive probability by itself."""
    found = verdict([u, sympy.floor(u)], {u: Union(UNIT, FiniteSet(7))})
    assert found.holds
    assert ["7"] in found.evidence["points"]


@pytest.mark.parametrize(
    ("where", "value", "atom"),
    [
        (Union(UNIT, FiniteSet(7)), "7", True),
        (Union(UNIT, FiniteSet(7)), "1/7", False),
        (Union(UNIT, FiniteSet(7)), "1/2", False),
        (Union(UNIT, FiniteSet(sympy.Rational(5, 2))), "5/2", True),
        (sympy.S.Integers, "3", True),
        (sympy.Reals, "3", False),
        (FiniteSet(1, 3), "3", True),
        (FiniteSet(1, 3), "1/3", False),
    ],
)
def test_only_isolated_values_are_atoms(where, value, atom):
    from fractions import Fraction

    assert _is_atom(where, Fraction(value)) is atom


def test_finite_sets_are_read_at_all_combinations():
    found = verdict([u, v], {u: FiniteSet(1, 2), v: FiniteSet(5, sympy.sqrt(7))})
    assert found.holds
    assert "of 4 values of u" in found.reason
    assert verdict([u, v + u], {u: FiniteSet(1, 2), v: FiniteSet(5)}).fails


def test_where_a_finite_set_is_not_enclosed_is_said():
    found = verdict([u, sympy.zeta(u)], {u: FiniteSet(2, 3, 4)})
    assert found.undecided
    assert found.claim == "theorem1.iii"
    assert found.reason == "lambda could not be enclosed at u = [2]: the function zeta is not known."


@pytest.mark.parametrize(
    "entry", [sympy.Max(1 / u, 0), sympy.Min(1, sympy.Mod(1 / u, 2)), sympy.Piecewise((u, 1 / u > 1), (0, True))]
)
@pytest.mark.parametrize("values", [sympy.Interval(-1, 1), sympy.FiniteSet(0, 1, 2)])
def test_what_sympy_cannot_compare_where_it_has_no_value_ends_in_a_verdict(entry, values):
    """At u = 0, where sympy raises: those values cannot refute anything, nor show it."""
    assert not verdict([entry, u], {u: values}).fails
