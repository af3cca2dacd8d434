"""Rivals of priors that do not depend on u, of any law: found, rechecked, and against independent samples and laws."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction as F
from typing import Any

import numpy as np
import pytest
import sympy
from scipy import special, stats

from ivae_theory import families
from ivae_theory.certificates import rivals_factorial  # noqa: F401  registers
from ivae_theory.certificates.registry import InvalidCertificate, recheck_evidence
from ivae_theory.checking import check
from ivae_theory.domain import Box, Observed, Points
from ivae_theory.families import ExponentialFamily
from ivae_theory.families.numeric import Density
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Noise
from ivae_theory.rivals import Rival, rival
from ivae_theory.verdict import Status

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
z, u, v = sympy.symbols("z u v", real=True)
z1, z2, z3 = sympy.symbols("z1:4", real=True)
NOISE = Noise.gaussian(F(1, 10))
BENT = sympy.Matrix([z1 + z2**3 / 9, z2])
EXP, GAMMA, BETA, LAPLACE = families.exponential(), families.gamma(), families.beta(), families.laplace_scale()


def model(prior: Prior, mixing: Any = BENT) -> Model:
    return Model(prior, noise=NOISE, mixing=mixing)


def _callable(u: Any) -> Any:
    ones = torch.ones_like(u[:, 0])
    return torch.stack([-ones, u[:, 0] * 0 - 2, -1 - u[:, 0] ** 2], dim=1)


COVERED: dict[str, Callable[[], Model]] = {
    "exponential, a table": lambda: model(Prior([EXP, EXP], [[-1, -2]] * 4)),
    "floats": lambda: model(Prior([EXP, EXP], [[-0.1, -0.3]] * 3)),
    "surds": lambda: model(Prior([EXP, EXP], sympy.Matrix([[-sympy.sqrt(8), -1], [-2 * sympy.sqrt(2), -1]]))),
    "gamma and beta, k = 2": lambda: model(Prior([GAMMA, BETA], [[1, -2, 2, 1]] * 2)),
    "Laplace, T not monotone": lambda: model(Prior([LAPLACE, families.half_normal()], [[-1, F(-1, 2)]] * 2)),
    "no closed form": lambda: model(
        Prior(ExponentialFamily([z], base_measure=sympy.exp(-(z**4))), [[F(1, 2), -1], [F(1, 2), -1]])
    ),
    "the left half-line": lambda: model(
        Prior([ExponentialFamily([z], support=sympy.Interval(-sympy.oo, 0)), EXP], [[2, -1], [2, -1]])
    ),
    "isolated zeros of Q": lambda: model(
        Prior(ExponentialFamily([z], base_measure=z**2 * sympy.exp(-(z**2))), [[1, -1], [1, -1]])
    ),
    "a third latent varies": lambda: model(
        Prior([GAMMA, EXP, BETA], [[1, -2, -1, 2, 1], [2, -1, -1, 2, 1], [5, -1, -1, 2, 1]]),
        sympy.Matrix([z1 + z2, z2, z3 + z1**2]),
    ),
    "formulas": lambda: model(Prior([EXP, EXP], sympy.Matrix([-1, -2]), u={u: sympy.Interval(0, 1)})),
    "formulas that cancel": lambda: model(
        Prior([EXP, EXP], sympy.Matrix([-(sympy.sin(u) ** 2) - sympy.cos(u) ** 2, u**2 - 1 - u * u]), u=[u])
    ),
    "a callable": lambda: model(
        Prior([EXP, EXP, EXP], _callable, u=Points([[0.1], [0.7], [3.0]])), sympy.Matrix([z1 + z2**2, z2, z3])
    ),
    "no mixing": lambda: Model(Prior([EXP, EXP], [[-1, -2]] * 2), noise=NOISE),
}

UNCOVERED: dict[str, Callable[[], Model]] = {
    "both vary": lambda: model(Prior([EXP, EXP], [[-1, -2], [-2, -4]])),
    "one constant latent of two": lambda: model(Prior([EXP, EXP], [[-1, -2], [-1, -3]])),
    "nearly constant": lambda: model(Prior([EXP, EXP], [[-1, -2], [-1, F(-2) - F(1, 10**50)]])),
    "one statistic of a latent varies": lambda: model(Prior([GAMMA, EXP], [[1, -2, -1], [1, -3, -1]])),
    "observed labels only": lambda: model(Prior([EXP, EXP], [[-1, -2]] * 2, Observed([0, 1]))),
    "one latent": lambda: model(Prior([EXP], [[-1], [-1]]), sympy.Matrix([z1])),
    "a gap in the support": lambda: model(
        Prior(
            [ExponentialFamily([z], support=sympy.Union(sympy.Interval(0, 1), sympy.Interval(2, 3))), EXP],
            [[-1, -2]] * 2,
        )
    ),
    "Q = 0 on an interval": lambda: model(
        Prior(
            [ExponentialFamily([z], support=sympy.Interval(0, 3), base_measure=sympy.Heaviside(z - 1)), EXP],
            [[-1, -2]] * 2,
        )
    ),
    "a black box": lambda: model(Prior([ExponentialFamily(lambda z: -np.abs(z), support=(-1, 1)), EXP], [[1, -2]] * 2)),
    "formulas that vary slowly": lambda: model(
        Prior([EXP, EXP], sympy.Matrix([-1 - u**2 / 10**40, -2]), u={u: sympy.Interval(0, 1)})
    ),
    "two symbols": lambda: model(
        Prior([EXP, EXP], sympy.Matrix([-2 - sympy.sin(u - v), -2]), u={u: sympy.Reals, v: sympy.Reals})
    ),
    "a switch": lambda: model(
        Prior([EXP, EXP], sympy.Matrix([sympy.Piecewise((-1, u < 0), (-2, True)), -2]), u={u: sympy.Reals})
    ),
    "a callable on a box": lambda: model(
        Prior([EXP, EXP, EXP], _callable, u=Box([0.0], [1.0])), sympy.Matrix([z1, z2, z3])
    ),
    "a callable whose constancy rests on rounding": lambda: model(
        Prior([EXP, EXP], lambda u: -1 - 1e-30 * np.stack([u[:, 0], u[:, 0]], axis=1) ** 2, u=Points([[0.5], [2.0]]))
    ),
}


def found(name: str) -> tuple[Model, Rival]:
    """The model, and its rival."""
    one = COVERED[name]()
    other = rival(one)
    assert other is not None
    return one, other


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", COVERED)
def test_found_and_verified(name: str) -> None:
    one, other = found(name)
    assert (other.refutes, other.evidence["kind"]) == ("equivalence", "rival.factorial")
    assert recheck_evidence("rival.equivalence", as_json(dict(other.evidence)), as_json(one.describe()))
    assert other.model.prior.ks == one.prior.ks


@pytest.mark.parametrize("name", UNCOVERED)
def test_none_where_a_hypothesis_is_missing(name: str) -> None:
    other = rival(UNCOVERED[name]())
    assert other is None or other.evidence["kind"] != "rival.factorial"


@pytest.mark.parametrize("name", [name for name in COVERED if name != "no mixing"])
def test_the_laws_agree_in_samples(name: str) -> None:
    """Kolmogorov-Smirnov on coordinates and a projection of x given u, between independent samples of both models."""
    one, other = found(name)
    count = 6000
    place = one.prior.domain.values[0] if hasattr(one.prior.domain, "values") else np.array([0.4])
    at = np.tile(place, (count, 1))
    x, y = one.sample(at, seed=1)[1], other.model.sample(at, seed=2)[1]
    for direction in (*np.eye(x.shape[1]), np.array([1.0, -2.0, 0.5])[: x.shape[1]]):
        assert stats.ks_2samp(x @ direction, y @ direction).pvalue > 1e-4
    product = (np.prod(w[:, :2] - np.median(x[:, :2], axis=0), axis=1) for w in (x, y))
    assert stats.ks_2samp(*product).pvalue > 1e-4


def test_the_rivals_f_differs_from_f_by_no_map_of_each_latent() -> None:
    """f' o f^-1 mixes: the first latent of the rival changes when z_2 alone does (f is the identity here)."""
    one = model(Prior([EXP, EXP], [[-1, -2]] * 2), sympy.Matrix([z1, z2]))
    other = rival(one)
    assert other is not None
    images = other.model.mixing.evaluate(np.array([[0.0, 0.5], [0.0, 1.0], [1.0, 0.5], [1.0, 1.0]]))
    logs = np.log(images[:, 0])
    assert abs(logs[0] - logs[1] - logs[2] + logs[3]) > 0.05
    assert (images > 0).all()


LAWS = {
    "exponential": (EXP, [-2.0], stats.expon(scale=0.5)),
    "gamma": (GAMMA, [1.5, -2.0], stats.gamma(2.5, scale=0.5)),
    "beta": (BETA, [1.0, 2.0], stats.beta(2, 3)),
    "lognormal": (families.lognormal(), [0.0, -0.5], stats.lognorm(1)),
    "laplace": (LAPLACE, [-1.0], stats.laplace()),
    "half-normal": (families.half_normal(), [-0.5], stats.halfnorm()),
    "weibull": (families.weibull(F(3, 2)), [-1.0], stats.weibull_min(1.5)),
}


@pytest.mark.parametrize("name", LAWS)
def test_quantiles_are_those_of_scipy(name: str) -> None:
    family, natural, law = LAWS[name]
    y = np.array([-5.0, -2.5, -0.7, 0.1, 0.9, 3.0, 5.0])
    expected = np.where(y < 0, law.ppf(special.ndtr(y)), law.isf(special.ndtr(-y)))
    np.testing.assert_allclose(Density(family, np.array(natural)).from_gaussian(y), expected, rtol=1e-3)


def test_quantiles_on_the_left_half_line_mirror_those_on_the_right() -> None:
    left = ExponentialFamily([z], support=sympy.Interval(-sympy.oo, 0))
    y = np.linspace(-4, 4, 9)
    mirrored = -Density(EXP, np.array([-2.0])).from_gaussian(-y)
    np.testing.assert_allclose(Density(left, np.array([2.0])).from_gaussian(y), mirrored, rtol=1e-9)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all leaves."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [path]


@pytest.mark.parametrize("name", ["a third latent varies", "isolated zeros of Q", "a callable"])
def test_changed_evidence_is_refused(name: str) -> None:
    """A changed word, latent, corner out of its rectangle or graph; another point where Q > 0 is as good."""
    one, other = found(name)
    subject, evidence = as_json(one.describe()), as_json(dict(other.evidence))
    for path in leaves(evidence):
        if path[0] in ("positive_at", "bits") or (path[0] == "graph" and len(path) > 2):
            continue
        broken = copy.deepcopy(evidence)
        inner = broken
        for step in path[:-1]:
            inner = inner[step]
        old = inner[path[-1]]
        inner[path[-1]] = old + 1 if isinstance(old, int) else f"{old}1" if isinstance(old, str) else None
        with pytest.raises(InvalidCertificate):
            recheck_evidence("rival.equivalence", broken, subject)


@pytest.mark.parametrize("points", [["0"], ["7"], [], ["1", "1"]])
def test_points_that_do_not_show_a_positive_density_are_refused(points: list[str]) -> None:
    one = model(Prior(ExponentialFamily([z], base_measure=z**2 * sympy.exp(-(z**2))), [[1, -1], [1, -1]]))
    other = rival(one)
    assert other is not None
    evidence = {**other.evidence, "positive_at": [points, points]}
    if points == ["7"]:  # Q > 0 there, but it says nothing about the other side of 0 unless Q is analytic across it
        assert recheck_evidence("rival.equivalence", evidence, one.describe())
        return
    with pytest.raises(InvalidCertificate):
        recheck_evidence("rival.equivalence", evidence, one.describe())


@pytest.mark.parametrize("name", [name for name in UNCOVERED if name != "one latent"])
def test_evidence_does_not_carry_over_to_models_that_are_not_covered(name: str) -> None:
    """The evidence of a covered model, with positions that exist, is refused for every uncovered one."""
    subject = as_json(UNCOVERED[name]().describe())
    other = rival(COVERED["exponential, a table"]())
    assert other is not None
    for positive in (other.evidence["positive_at"], [["1/2"], []]):
        with pytest.raises(InvalidCertificate):
            recheck_evidence("rival.equivalence", {**other.evidence, "positive_at": positive}, subject)


def test_check_shows_it_and_says_so() -> None:
    report = check(COVERED["exponential, a table"]())
    assert report["theorem1.iii"].status is Status.FAILS
    assert "not identifiable up to an affine map" in report.conclusion.statement
    assert "no proof" not in report.conclusion.statement
    assert "whose law is the same for every u" in str(report).replace("\n", " ")
