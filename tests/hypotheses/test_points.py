"""Where searches look: inside the support, in every part of it, and the same for the same seed."""

import pytest
import sympy
from sympy import Interval, Rational

from ivae_theory.hypotheses.points import search_points

z = sympy.Symbol("z", real=True)


@pytest.mark.parametrize(
    "expression", [z, sympy.Max(z, Rational(1, 3)), sympy.zeta(z), sympy.floor(sympy.floor(z) / 2)]
)
@pytest.mark.parametrize(
    "support", [Interval(2, 3), Interval.open(0, sympy.oo), Interval(-2, -1) + Interval(Rational(5, 2), 3), sympy.Reals]
)
def test_points_lie_inside_and_in_every_part(expression, support):
    points = search_points([expression], z, support, 0)
    assert points == search_points([expression], z, support, 0)
    assert points != search_points([expression], z, support, 1)
    numbers = [Rational(point.numerator, point.denominator) for point in points]
    assert all(support.contains(number) == sympy.true for number in numbers)
    parts = support.args if isinstance(support, sympy.Union) else [support]
    assert all(any(part.contains(number) == sympy.true for number in numbers) for part in parts)
