"""Supports with irrational ends: what lies between such an end and the fraction that it is rounded to is outside."""

from fractions import Fraction

import pytest
import sympy

from ivae_theory.enclosure.formula.ranges import support_ranges
from ivae_theory.enclosure.network.supports import in_one_piece, inside


def beyond(supports):
    """A fraction between pi and the end that stands for it."""
    high = supports[0][0].high
    digits = Fraction(str(sympy.pi.evalf(130))) + Fraction(1, 10**120)
    assert digits < high
    return (digits + high) / 2


def test_a_point_beyond_an_irrational_end_is_not_inside():
    supports = [support_ranges([(sympy.Integer(0), sympy.pi, True, True)])]
    assert not inside(supports, [beyond(supports)])
    mirrored = [support_ranges([(-sympy.pi, sympy.Integer(0), True, True)])]
    assert not inside(mirrored, [-beyond(supports)])
    assert inside(supports, [Fraction(314159265, 10**8)])
    assert in_one_piece(supports, [1.0], [3.14159])


@pytest.mark.parametrize("x", [Fraction(1, 10**40), 1 - Fraction(1, 10**40)])
def test_rational_ends_are_exact(x):
    assert inside([support_ranges([(sympy.Integer(0), sympy.Integer(1), True, True)])], [x])
