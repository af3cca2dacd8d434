"""Cells on which a symbolic characteristic function is analytic: the evidence is geometry that anybody can check."""

import json
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy
from sympy import (
    Abs,
    Heaviside,
    I,
    Integer,
    Max,
    Min,
    Piecewise,
    Rational,
    atan,
    cos,
    cosh,
    exp,
    log,
    pi,
    sign,
    sin,
    sqrt,
    tan,
)

from ivae_theory import assume_injective, families
from ivae_theory.certificates import noise as _recheckers  # noqa: F401 - registers
from ivae_theory.certificates.registry import recheck_evidence
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact import to_text
from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Noise
from ivae_theory.noise.cf import Cells, cells_of
from ivae_theory.verdict import Status

t, s, r = sympy.symbols("t s r", real=True)
HOLDS, FAILS = Status.HOLDS, Status.FAILS
TRIANGLE = Max(1 - Abs(t), 0)

#: phi, its symbols, and the truth by looking at it.
CASES = {
    "a triangle": (TRIANGLE, [t], FAILS),
    "zero from 1/3 on": (Max(1 - 3 * Abs(t), 0), [t], FAILS),
    "zero from an irrational on": (TRIANGLE * Max(2 - t**2, 0) / 2, [t], FAILS),
    "zero from an irrational on, of degree 1/2": (Max(1 - sqrt(Abs(t)) / sqrt(2), 0), [t], FAILS),
    "written with min": (1 - Min(Abs(t), 1), [t], FAILS),
    "written with pieces": (Piecewise((1 - Abs(t), Abs(t) < 1), (0, True)), [t], FAILS),
    "written with a step": ((1 - Abs(t)) * Heaviside(1 - Abs(t)), [t], FAILS),
    "written with a sign": ((1 - Abs(t)) * (1 + sign(1 - Abs(t))) / 2, [t], FAILS),
    "a roof on a floor": (Max(1 - Abs(t) / 2, Rational(1, 2)), [t], HOLDS),
    "zero at the first points that are tried": (exp(-Abs(t)) * cos(pi * t / 2), [t], HOLDS),
    "zero at 8/7 as well": (exp(-Abs(t)) * cos(pi * t / 2) * cos(7 * pi * t / 16) * cos(7 * pi * t / 12), [t], HOLDS),
    "a quotient": (sin(t) / t, [t], HOLDS),
    "a kink": (exp(-Abs(t)), [t], HOLDS),
    "a smooth roof and a bell": (Max(1 - t**2, 0) / 2 + exp(-(t**2)) / 2, [t], HOLDS),
    "a strip": (TRIANGLE * exp(-(s**2)), [t, s], FAILS),
    "another strip": (exp(-(t**2)) * Max(1 - Abs(s), 0), [t, s], FAILS),
    "a falling strip": (Max(1 - Abs(t + s), 0) * exp(-(s**2)), [t, s], FAILS),
    "a rising strip": (Max(1 - Abs(t - s), 0) * exp(-(s**2)), [t, s], FAILS),
    "a rhombus": (Max(1 - Abs(t) - Abs(s), 0), [t, s], FAILS),
    "kinks along the axes": (exp(-Abs(t) - Abs(s)), [t, s], HOLDS),
    "a wave and a kink": (cos(t) * exp(-Abs(s)), [t, s], HOLDS),
    "three kinks": (exp(-Abs(t) - Abs(s) - Abs(r)), [t, s, r], HOLDS),
}  # fmt: skip


def number(text):
    return float(text.replace("oo", "inf")) if "oo" in text else Fraction(text)


def values(expression, symbols, points):
    function = sympy.lambdify(symbols, expression, "mpmath")
    return [complex(function(*map(float, point))) for point in points]


def settled(name):
    expression, symbols, truth = CASES[name]
    node = json.loads(json.dumps(Noise(cf=expression, symbols=symbols).describe()["law"]))
    assert node["node"] == "cf"
    return expression, symbols, truth, cells_of(node)


GAPS = [name for name, (_, _, truth) in CASES.items() if truth is FAILS]
COVERS = [name for name in CASES if name not in GAPS]


@pytest.mark.parametrize("name", CASES)
def test_the_truth_is_found_where_it_is_within_reach(name):
    _, _, truth, found = settled(name)
    assert isinstance(found, Cells)
    assert found.status is truth


@pytest.mark.parametrize("name", GAPS)
def test_a_zero_set_is_a_cell_with_room_on_which_the_function_is_zero(name):
    expression, symbols, _, found = settled(name)
    assert list(found.detail) == ["cell"]
    low, high = (list(map(number, found.detail["cell"][side])) for side in ("low", "high"))
    assert len(low) == len(high) == len(symbols)
    assert all(a < b for a, b in zip(low, high, strict=True))
    inside = [_some(a, b) for a, b in zip(low, high, strict=True)]
    assert all(value == 0 for value in values(expression, symbols, product(*inside)))


@pytest.mark.parametrize("name", COVERS)
def test_cells_cover_the_space_and_have_a_point_each_where_the_function_is_not_zero(name):
    expression, symbols, _, found = settled(name)
    cells = found.detail["cells"]
    for cell in cells:
        low, high, point = (list(map(number, cell[side])) for side in ("low", "high", "point"))
        assert all(a < v < b for a, v, b in zip(low, point, high, strict=True))
        assert abs(values(expression, symbols, [point])[0]) > 1e-9
    draws = np.random.default_rng(0).uniform(-4, 4, (300, len(symbols)))
    for draw in draws:
        around = [
            all(number(a) < v < number(b) for a, v, b in zip(c["low"], draw, c["high"], strict=True)) for c in cells
        ]
        assert sum(around) == 1


def _some(low, high):
    """Three points inside an interval that may be unbounded."""
    if np.isinf(float(low)) and np.isinf(float(high)):
        return [-5.25, 0.125, 7.5]
    if np.isinf(float(high)):
        return [low + Fraction(1, 100), low + 1, low + 50]
    if np.isinf(float(low)):
        return [high - Fraction(1, 100), high - 1, high - 50]
    return [low + (high - low) * Fraction(k, 100) for k in (1, 50, 99)]


@pytest.mark.parametrize("name", CASES)
def test_the_evidence_rechecks(name):
    expression, symbols, truth = CASES[name]
    n = len(symbols)
    table = np.vstack([np.zeros(n), np.eye(n)])
    noise = Noise(cf=expression, symbols=symbols)
    model = Model(Prior([families.gaussian_location()] * n, table), noise=noise, mixing=assume_injective(n))
    verdict = check_noise(model)
    evidence = json.loads(json.dumps(verdict.to_dict()["evidence"]))
    assert verdict.status is truth
    assert recheck_evidence("theorem1.i", evidence, json.loads(json.dumps(model.describe()))).status is truth


def test_a_gap_of_unknown_ends_between_cells_is_not_covered():
    """phi is not 0 beyond its kink at sqrt(2), but the cells leave out an interval around it: nothing is certified."""
    node = Noise(cf=Max(1 - Abs(t) / 2, 1 - sqrt(2) / 2)).describe()["law"]
    assert cells_of(node) is None


#: Analytic pieces on [t], [s], beside zeros that a careless search would miss or invent; and what can be certified.
NARROW = {
    "a kink at an irrational point": (Max(2 - t**2, 0) / 4 + exp(-(t**2)) / 2, None),
    "zeros in the gap around an irrational point": (Max(t**2 - 2, 0) + Max(2 - Rational(1, 10**8) - t**2, 0), None),
    "zeros between an irrational point and 3/2": (Max(2 - t**2, 0) + Max(Abs(t) - Rational(3, 2), 0), FAILS),
    "no zeros but for t = 0, undecided for 0 < t < 1": (
        (Max(t, 0) + Max(-t * (1 + s**2), 0)) * (1 + Abs(t - 1)) * (1 + Max(1 - s - t, 0)),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NARROW)
def test_nothing_is_certified_of_what_lies_between_cells_or_in_none(name):
    expression, truth = NARROW[name]
    symbols = sorted(symbol.name for symbol in expression.free_symbols)[::-1]
    found = cells_of({"node": "cf", "expression": to_text(expression), "symbols": symbols})
    assert (found and found.status) is truth


EXPRESSIONS = {str(e): e for e in (Max(1 + t * s, 0), Max(1 - t * s, 0), Max(9 + t * s, 0), Max(9 - t * s, 0))}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_zero_set_may_begin_far_out_along_every_axis(text):
    """1 + t s < 0 needs both |t| and |s| away from 0. (No characteristic function: only its zeros are asked for.)"""
    found = cells_of({"node": "cf", "expression": text, "symbols": ["t", "s"]})
    assert found.status is FAILS
    low, high = (list(map(number, found.detail["cell"][side])) for side in ("low", "high"))
    assert all(a < b for a, b in zip(low, high, strict=True))
    inside = [_some(a, b) for a, b in zip(low, high, strict=True)]
    assert all(value == 0 for value in values(EXPRESSIONS[text], [t, s], product(*inside)))


def test_the_precision_is_left_as_it_was():
    from flint import ctx

    before = ctx.prec
    with precision(77):
        cells_of(Noise(cf=TRIANGLE).describe()["law"])
        assert ctx.prec == 77
    assert ctx.prec == before


@pytest.mark.parametrize("cf", [exp(-(t**2)), exp(-Abs(t)), 1 / (1 + t**2), exp(I * t)])
def test_numbers_are_those_of_the_formula(cf):
    points = np.linspace(-2, 2, 5)
    expected = [complex(cf.subs(t, float(p))) for p in points]
    assert np.allclose(Noise(cf=cf).characteristic(points[:, None]), expected)
    assert Noise(cf=cf).characteristic(points[:, None]).dtype == complex


@pytest.mark.parametrize("way", ["root", "logarithm"])
def test_a_triangle_that_a_root_of_minus_1_cuts_off(way):
    """Polya: 1 - |t|/b up to b, and 0 beyond, where sqrt(exp(c atan t)) changes its branch: c is imaginary, in part."""
    turn = 4 * Integer(-1) ** Rational(1, 3) * atan(t)
    half = sqrt(exp(turn)) if way == "root" else exp(log(exp(turn)) / 2)
    phi = (1 - Abs(t) / tan(pi / (2 * sqrt(3)))) * (1 + half * exp(-turn / 2)) / 2
    assert abs(phi.subs(t, Rational(1, 2)).evalf()) > 0.5
    assert abs(phi.subs(t, 2).evalf()) < 1e-30
    model = Model(Prior(families.gaussian_scale(), [[-1.0], [-2.0]]), noise=Noise(cf=phi, symbols=[t]))
    assert not check_noise(model).holds


def test_a_cosine_that_is_written_as_a_cosh():
    """Convex and decreasing to 0 (Polya); a cosh has no zeros only where its argument is real."""
    noise = Noise(cf=cosh(pi / 2 * sqrt(Max(1 - Abs(t), 0) - 1)), symbols=[t])
    assert check_noise(Model(Prior(families.gaussian_scale(), [[-1.0], [-2.0]]), noise=noise)).status is FAILS
