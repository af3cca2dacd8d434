"""Collisions that are found, and that the verifier refuses."""

from fractions import Fraction

import pytest
import sympy

from ivae_theory import Model, Noise, Prior, families
from ivae_theory.enclosure.network.expressions import graph_of
from ivae_theory.enclosure.network.refutation import collides
from ivae_theory.enclosure.network.traced import Graph
from ivae_theory.hypotheses.injectivity import check_injective

X, Y = sympy.symbols("x y", real=True)
ONE, THREE = [Fraction(1)], [Fraction(3)]


def meets(expressions, first, second, symbols=(X,)):
    graph = graph_of(list(symbols), list(expressions))
    return collides(graph, first, second, graph.output["node"])


@pytest.mark.parametrize(
    "expressions",
    [
        [sympy.Abs(X - 2)],
        [sympy.cos(X - 2), sympy.exp(-((X - 2) ** 2))],
        [sympy.cosh(X - 2) * sympy.exp((X - 2) ** 4), sympy.sin((X - 2) ** 2)],
        [sympy.log((X - 2) ** 2), sympy.sqrt(sympy.Abs(X - 2))],
        [sympy.Piecewise((X, X < 2), (4 - X, True))],
        [sympy.tanh(sympy.Max(X, 7))],
    ],
)
def test_even_functions_collide_in_any_arithmetic(expressions):
    assert meets(expressions, ONE, THREE)


@pytest.mark.parametrize(
    "expressions",
    [
        [sympy.Abs(X - 2), X],
        [sympy.sin(X - 2)],
        [sympy.cos(X)],
        [sympy.cos(X - 2), sympy.exp(X)],
        [sympy.sinh(X - 2)],
        [sympy.log(sympy.Abs(X - 2)) + sympy.exp(X)],
        [sympy.Piecewise((X, X < 2), (5 - X, True))],
    ],
)
def test_other_functions_do_not(expressions):
    assert not meets(expressions, ONE, THREE)


def test_what_is_undefined_agrees_with_nothing():
    """log((x - 2)^2 - 5) is no real number at 1 and 3, 1 / ((x - 2)^2 - 1) none at all."""
    assert not meets([sympy.log((X - 2) ** 2 - 5)], ONE, THREE)
    assert not meets([1 / ((X - 2) ** 2 - 1)], ONE, THREE)
    assert meets([sympy.log((X - 2) ** 2 + 5)], ONE, THREE)


def test_an_operation_without_a_meaning_agrees_with_nothing():
    graph = graph_of([X], [sympy.exp((X - 2) ** 2)])
    document = graph.to_dict()
    for node in document["nodes"]:
        if node["op"] == "aten.exp.default":
            node["op"] = "aten.bernoulli.default"
    unknown = Graph.from_dict(document)
    assert collides(graph, ONE, THREE, graph.output["node"])
    assert not collides(unknown, ONE, THREE, unknown.output["node"])


def test_a_latent_that_does_not_enter():
    assert meets([sympy.exp(X), sympy.tanh(X)], [Fraction(1), Fraction(0)], [Fraction(1), Fraction(5)], (X, Y))
    assert not meets([sympy.exp(X), sympy.tanh(X + Y)], [Fraction(1), Fraction(0)], [Fraction(1), Fraction(5)], (X, Y))


def test_one_point_is_no_collision():
    assert not meets([sympy.Abs(X - 2)], ONE, ONE)
    graph = graph_of([X], [sympy.Abs(X - 2)])
    assert not collides(graph, ONE, THREE, -1)


@pytest.mark.parametrize("place", [0, 3, -(10**9), sympy.Rational(1, 7)])
def test_a_fold_is_found_wherever_it_is(place):
    prior = Prior(families.gaussian_location(), [[0], [1]])
    model = Model(prior, noise=Noise.none(), mixing=([X], [sympy.Abs(X - place), (X - place) ** 2]))
    assert check_injective(model).fails
    model = Model(prior, noise=Noise.none(), mixing=([X], [sympy.Abs(X - place), (X - place) ** 3]))
    assert check_injective(model).holds
