"""Graphs of sympy expressions enclose what the expressions say, without torch."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from ivae_theory.enclosure import precision
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.expressions import graph_of
from ivae_theory.enclosure.network.refutation import exact_value
from ivae_theory.enclosure.network.tensor import Machine

Z = sympy.Symbol("z", real=True)
#: Around what 64 bits hold, and far beyond.
LARGE = st.sampled_from([1, 2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**40])


@given(st.integers(1, 10**30), st.integers(1, 10**30), LARGE, LARGE, st.booleans())
def test_rational_coefficients_of_any_size_are_enclosed(p, q, above, below, negative):
    """Numbers beyond 64 bits are numbers like any other: nothing of them is rounded to a float."""
    rate, shift = Fraction(p + above, q + below) * (-1 if negative else 1), Fraction(above, below)
    expression = sympy.Rational(rate.numerator, rate.denominator) * Z + sympy.Rational(
        shift.numerator, shift.denominator
    )
    graph = graph_of([Z], [expression])
    with precision(512):
        slope = graph.derivative(np.array([0.5])).jacobian.item()
    with precision(4096):
        assert slope.contains(fmpq(rate.numerator, rate.denominator))
        assert slope.rad() < abs(rate) * 2.0**-400
    (found,) = exact_value(graph, [Fraction(1, 2)], graph.output["node"])
    exact = rate / 2 + shift
    assert found == fmpq(exact.numerator, exact.denominator)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
def test_whole_numbers_do_not_start_again_at_their_other_end(kind):
    largest, one = np.array([np.iinfo(kind).max], kind), np.array([1], kind)
    machine = Machine()
    assert machine.multiply(largest, one).value.tolist() == [np.iinfo(kind).max]
    for operation in (machine.add, machine.multiply):
        with pytest.raises(CannotEnclose, match="whole numbers beyond"):
            operation(largest, largest)
