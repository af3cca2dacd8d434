"""The exact parts of the one decision, on rational and symbolic numbers, each against exact arithmetic."""

from fractions import Fraction as F

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory.span import (
    Decision,
    decide_floats,
    decide_rationals,
    rational,
    symbolic,
)
from ivae_theory.span.rational import direction_basis, exact_span, kernel
from ivae_theory.span.symbolic import Relation, common_relation, holds_identically, identities, nonzero
from ivae_theory.verdict import Status
from tests.test_span_parts import tables

u, v = sympy.symbols("u v", real=True)


def test_decisions_say_how_they_were_reached():
    simplex = np.array([[0.0, 0], [1, 0], [0, 1], [0, 1]])
    none = np.zeros(2)
    assert decide_floats(simplex, none) == Decision(Status.HOLDS, False, decide_floats(simplex, none).points, 2)
    assert set(decide_floats(simplex, none).points) in ({0, 1, 2}, {0, 1, 3})
    flat = np.array([[0.0, 0], [1, 2], [2, 4]])
    assert decide_floats(flat, none) == Decision(Status.FAILS, True, (0, 1), 1, ((F(-2), F(1)),))
    assert decide_floats(flat, none, as_given=False) == Decision(Status.UNDECIDED, False, (), None, ())
    nearly = np.array([[0.0, 0], [1, 2], [2, np.nextafter(4, 5)]])
    assert decide_floats(nearly, np.full(2, 1e-15)) == Decision(Status.UNDECIDED, False, (), None, ())
    few = np.array([[0.1, 0.2]])
    assert decide_floats(few, none).status is Status.FAILS
    assert decide_floats(few, none).rank == 0
    exact = decide_rationals([[F(0), F(0)], [F(1), F(0)], [F(1), F(0)], [F(0), F(1)]])
    assert exact == Decision(Status.HOLDS, True, (0, 1, 3), 2, ())
    assert decide_rationals([[F(1, 3), F(2, 3)], [F(2, 3), F(4, 3)]]).relations == ((F(-2), F(1)),)


def test_many_rationals_are_decided_by_a_part_or_by_all():
    rows = [[F(i), F(i * i)] for i in range(200)]
    found = decide_rationals(rows)
    assert (found.status, found.exact, found.rank) == (Status.HOLDS, True, 2)
    assert exact_span([rows[i] for i in found.points]).spans
    flat = [[F(i), F(3 * i + 1)] for i in range(200)]
    assert decide_rationals(flat).status is Status.FAILS
    hidden = [*flat, [F(0), F(0)], *flat]
    found = decide_rationals(hidden)
    assert found.status is Status.HOLDS
    assert 200 in found.points
    late = [[F(10) ** 400, F(0)] for _ in range(20)] + [[F(10) ** 400 * i, F(i * i)] for i in range(60)]
    assert decide_rationals(late).status is Status.HOLDS
    huge = [[F(10) ** 400 * i, F(10) ** 800 * i * i] for i in range(60)]
    found = decide_rationals(huge)
    assert found.status is Status.HOLDS
    assert exact_span([huge[i] for i in found.points]).spans


fractions = st.fractions(min_value=-3, max_value=3, max_denominator=5)


@given(tables(fractions, rows=(1, 5), columns=(1, 5)))
@settings(max_examples=20, deadline=None)
def test_the_kernel_is_sympys(rows):
    basis = kernel(rows)
    matrix = sympy.Matrix([[sympy.Rational(x.numerator, x.denominator) for x in row] for row in rows])
    assert len(basis) == len(rows[0]) - matrix.rank()
    assert all(sum(a * b for a, b in zip(w, row, strict=True)) == 0 for w in basis for row in rows)
    if basis:
        assert sympy.Matrix([[sympy.Rational(x.numerator, x.denominator) for x in w] for w in basis]).rank() == len(
            basis
        )


@given(tables(fractions, rows=(1, 5), columns=(1, 4)))
@settings(max_examples=20, deadline=None)
def test_the_basis_of_directions_is_the_reduced_echelon_form(rows):
    gaps = [[a - b for a, b in zip(row, rows[0], strict=True)] for row in rows[1:]]
    expected = []
    if gaps:
        matrix = sympy.Matrix([[sympy.Rational(x.numerator, x.denominator) for x in row] for row in gaps])
        reduced, pivots = matrix.rref()
        expected = [[F(int(x.p), int(x.q)) for x in reduced.row(i)] for i in range(len(pivots))]
    assert direction_basis(rows) == expected


def test_relations_beyond_what_residues_show_are_found_by_elimination_or_left_open():
    big = F(10**40 + 7, 10**39 + 9)
    rows = [[F(i), F(i) * big + j, F(j)] for i, j in ((0, 0), (1, 0), (0, 1), (2, 5), (7, 3))]
    span = exact_span(rows)
    assert (span.size, span.rank, span.points) == (3, 2, (0, 1, 2))
    (w,) = span.relations
    assert len({sum(a * b for a, b in zip(w, row, strict=True)) for row in rows}) == 1


def test_numbers_too_large_for_elimination_leave_it_open(monkeypatch):
    big = F(10**40 + 7, 10**39 + 9)
    rows = [[F(0), F(1)], [F(1), big + 1], [F(2), 2 * big + 1]]
    assert exact_span(rows).rank == 1
    monkeypatch.setattr(rational, "_LARGEST_ELIMINATION", 1000)
    span = exact_span(rows)
    assert (span.rank, span.points, span.relations) == (None, (0, 1), ())
    assert not span.spans
    assert decide_rationals(rows) == Decision(Status.UNDECIDED, True, (0, 1), None, ())
    monkeypatch.setattr(rational, "_LARGEST_ELIMINATION", 100)
    table = np.array([[0.0, 0.0], [1.0, 2.0**45 + 1], [2.0, 2.0**46 + 2], [4.0, 2.0**47 + 4]])
    assert decide_floats(table, np.full(2, 1e-3)) == Decision(Status.UNDECIDED, False, (), None, ())


def test_small_relations_are_read_back_without_elimination(monkeypatch):
    monkeypatch.setattr(rational, "_LARGEST_ELIMINATION", 0)
    rows = [[F(0), F(1), F(5)], [F(1), F(3), F(5)], [F(2), F(5), F(5)]]
    span = exact_span(rows)
    assert span.rank == 1
    assert set(span.relations) == {(F(0), F(0), F(1)), (F(-2), F(1), F(0))}
    fine = exact_span([[F(0), F(0)], [F(7, 3), F(5, 11)], [F(14, 3), F(10, 11)]])
    assert len(fine.relations) == 1
    assert fine.relations[0][0] * F(7, 3) + fine.relations[0][1] * F(5, 11) == 0


def test_a_row_that_is_independent_only_beyond_the_prime_is_found():
    """Modulo the prime the third row is the first: elimination over the integers adds it."""
    from ivae_theory.exact.linear import PRIME

    rows = [[F(0), F(0)], [F(1), F(0)], [F(0), F(PRIME)]]
    span = exact_span(rows)
    assert span.spans
    assert sorted(span.points) == [0, 1, 2]
    flat = [[F(0), F(0), F(0)], [F(1), F(0), F(1)], [F(0), F(PRIME), F(2 * PRIME)]]
    span = exact_span(flat)
    assert span.rank == 2
    assert sorted(span.points) == [0, 1, 2]
    assert len(span.relations) == 1


def relation(*weights, constant=0):
    return Relation(tuple(map(sympy.sympify, weights)), sympy.sympify(constant))


def test_identities_are_proved_and_nothing_else_is():
    sine, cosine = sympy.sin(u) ** 2, sympy.cos(u) ** 2
    assert holds_identically([sine, cosine], relation(1, 1, constant=1))
    assert not holds_identically([sine, cosine], relation(1, 1))
    assert not holds_identically([sine, cosine], relation(1, 2, constant=1))
    assert not holds_identically([sympy.Abs(u) ** sympy.pi], relation(1))
    assert not holds_identically([u**100_000], relation(1)), "too large to multiply out"
    power = sympy.log(u**2) - 2 * sympy.log(u)
    assert holds_identically([power], relation(1), nonnegative=["u"])
    assert not holds_identically([power], relation(1))
    with pytest.raises(ValueError, match="zip"):
        holds_identically([sine], relation(1, 1))


@pytest.mark.parametrize(
    ("expressions", "count"),
    [
        ([u, u**2], 0), ([u, 2 * u], 1), ([u, 2 * u, 3 * u + 1], 2), ([u, 2 * u / 3, 5 * u / 7 + 1], 2),
        ([1 / u, 2 / u, 1 / (u + 1)], 1), ([1 / u, 1 / (u + 1), 1 / (u * (u + 1)), u], 1),
        ([sympy.sin(u) ** 2, sympy.cos(u) ** 2, u], 1),
        ([u / (1 + u**2), 1 / (1 + u**2), u**2 / (1 + u**2)], 1), ([sympy.sqrt(2) * u, u], 1),
        ([sympy.sqrt(2) * u, sympy.sqrt(3) * u, v], 1), ([sympy.sqrt(2) * u + u, u], 1),
        ([sympy.sqrt(2) * u, sympy.sqrt(3) * u, u], 1),
        ([3 * sympy.sqrt(2) * u, 5 * u / 7], 1),
        ([sympy.exp(u), sympy.exp(u + 1)], 1), ([sympy.S(3)], 1),
        ([u, v, u + v], 1), ([u, v, u * v], 0),
    ],
)  # fmt: skip
def test_independent_relations_between_functions(expressions, count):
    found = identities([expressions])
    assert len(found) == count
    for one in found:
        assert len(one.weights) == len(expressions)
        total = sum(w * e for w, e in zip(one.weights, expressions, strict=True)) - one.constant
        assert sympy.simplify(sympy.expand(total.rewrite(sympy.exp))) == 0
        assert nonzero(one.weights)
    if found and all(w.is_Rational for one in found for w in one.weights):
        assert sympy.Matrix([one.weights for one in found]).rank() == count


def test_identities_may_need_the_sign_of_a_symbol():
    expressions = [sympy.log(u**2), sympy.log(u)]
    assert identities([expressions]) == []
    (found,) = identities([expressions], ["u"])
    assert found.weights[0] * 2 + found.weights[1] == 0
    assert len(identities([[*expressions, sympy.log(u**3)]], ["u"])) == 2


def test_large_matrices_of_symbolic_numbers_are_left_alone():
    assert len(symbolic._nullspace(sympy.zeros(50, 50))) == 50
    assert symbolic._nullspace(sympy.zeros(51, 50)) == []


def test_one_relation_for_every_row_of_symbolic_numbers():
    root = sympy.sqrt(2)
    assert common_relation([[root, sympy.S(2)]]) == (1, 0)
    found = common_relation([[sympy.S(0), sympy.S(0)], [root, sympy.S(2)], [sympy.S(1), root]])
    assert sympy.simplify(found[0] * root + found[1] * 2) == 0
    assert nonzero(found)
    shifted = [[root, sympy.S(3)], [2 * root, sympy.S(5)], [root + 1, root + 3]]
    weights = common_relation(shifted)
    assert len({sympy.expand(weights[0] * a + weights[1] * b) for a, b in shifted}) == 1
    assert common_relation([[sympy.S(0), sympy.S(0)], [root, sympy.S(2)], [sympy.S(1), sympy.S(1)]]) is None
    with pytest.raises(ValueError, match="zip"):
        common_relation([[root, sympy.S(2)], [root]])


def test_a_weight_that_cannot_be_told_from_zero_is_not_said_to_differ():
    tiny = sympy.sqrt(2) ** 2 - 2 + sympy.sin(1) ** 2 + sympy.cos(1) ** 2 - 1
    assert not nonzero([sympy.S(0), tiny])
    assert nonzero([sympy.S(0), sympy.S(10) ** -60])
    assert not nonzero([])
    assert nonzero([sympy.Symbol("q"), sympy.S(1)])
    assert not nonzero([sympy.Symbol("q")])
