"""theorem1.i and theorem1.known_noise: verdicts, their certificates, and what must be refused."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.stats as st
import sympy
from hypothesis import given, settings
from hypothesis import strategies as some

import ivae_theory.certificates.noise as certificates
from ivae_theory.certificates.registry import InvalidCertificate, bind_evidence, recheck_evidence
from ivae_theory.errors import CorruptReport
from ivae_theory.exact import to_fraction
from ivae_theory.hypotheses.noise import check_known, check_noise
from ivae_theory.noise import Discrete, Noise, as_noise
from ivae_theory.noise.named import NAMED, condition_holds
from ivae_theory.noise.settle import facts, leaf_theorems
from ivae_theory.verdict import Grade, Status
from tests.certificates.tampering import leaves, replaced

x, t, s = sympy.symbols("x t s", real=True)
FEJER = (1 - sympy.cos(x)) / (sympy.pi * x**2)
GAP = sympy.Max(1 - sympy.Abs(t), 0)


def model(noise: Any, **fields: Any) -> SimpleNamespace:
    return SimpleNamespace(noise=as_noise(noise), **fields)


def verdict(noise: Any):
    """The verdict, once its evidence is rechecked from JSON against the description."""
    found = check_noise(model(noise))
    if not found.undecided:
        evidence = json.loads(json.dumps(found.to_dict()["evidence"]))
        subject = json.loads(json.dumps({"noise": as_noise(noise).describe()}))
        again = recheck_evidence(found.claim, evidence, subject)
        assert (again.status, again.grade) == (found.status, found.grade)
        bind_evidence(found.claim, evidence, model(noise))
    return found


def status(noise: Any) -> Status:
    return verdict(noise).status


class TestAlgebra:
    def test_no_noise(self) -> None:
        assert status(Noise.none()) is Status.HOLDS
        assert status(Noise.none() + 3) is Status.HOLDS

    def test_degenerate_gaussians(self) -> None:
        for variance in (0, [0, 1], [[1, 1], [1, 1]]):
            assert status(Noise.gaussian(variance)) is Status.HOLDS

    def test_band_limited_density(self) -> None:
        found = verdict(Noise(density=FEJER))
        assert found.fails
        assert found.evidence["type"] == "1"

    def test_a_gap_survives_independent_sums_products_and_invertible_maps(self) -> None:
        gap = Noise(cf=GAP)
        for noise in (
            gap + Noise.gaussian(1),
            Noise.gaussian(1) + Noise(density=FEJER),
            3 * gap - 7,
            -gap,
            Noise.product([Noise.gaussian(1), gap]),
            np.array([[1, 2], [3, 4]]) @ gap,
            np.array([[1, 2, 3]]) @ Noise.product([Noise.gaussian(1), gap, Noise.none()]),
            Noise.gaussian([[2, 1], [1, 2]]) + gap,
        ):
            assert status(noise) is Status.FAILS

    def test_a_gap_that_is_mapped_to_zero_does_no_harm(self) -> None:
        gap = Noise(cf=GAP)
        assert status(0 * gap) is Status.HOLDS
        assert status(np.array([[1, 0]]) @ Noise.product([Noise.gaussian(1), gap])) is Status.HOLDS

    def test_wide_maps_of_independent_coordinates(self) -> None:
        # sum_i B_i eps_i with scalar eps_i: every factor phi_i(B_i t) has null zeros
        assert status(np.array([[1, -2, 0.5]]) @ as_noise(st.pareto(2))) is Status.HOLDS
        assert status(np.array([[1, 0, 2], [0, 1, 1]]) @ as_noise(st.uniform())) is Status.HOLDS

    def test_wide_maps_of_dependent_coordinates_need_more(self) -> None:
        disc = Noise(cf=sympy.sin(t) / t * sympy.exp(-(s**2)) * (1 + sympy.Rational(0)), symbols=[t, s])
        assert status(disc) is Status.HOLDS
        assert status(np.array([[1, 1]]) @ disc) is Status.UNDECIDED
        assert status(np.array([[1, 1]]) @ Noise.gaussian([[1, 1], [1, 1]])) is Status.HOLDS
        assert status(np.array([[1, 1]]) @ as_noise(st.multivariate_t([0, 0], [[1, 0], [0, 1]], df=1))) is Status.HOLDS
        assert status(np.array([[1, 1, 1]]) @ as_noise(st.dirichlet([1, 1, 1]))) is Status.HOLDS

    def test_mixtures(self) -> None:
        half = [0.5, 0.5]
        gap, black = Noise(density=FEJER), Noise(density=lambda v: v)
        assert status(Noise.mixture(half, [st.norm(-1, 1), st.uniform()])) is Status.HOLDS  # exponential moments
        assert status(Noise.mixture(half, [st.cauchy(), st.norm(0, 2)])) is Status.HOLDS  # positive
        assert status(Noise.mixture(half, [st.cauchy(1), st.norm(0, 2)])) is Status.HOLDS  # real-analytic but for 0
        assert status(Noise.mixture(half, [st.pareto(2), st.lognorm(1)])) is Status.HOLDS  # half-lines to one side
        assert status(Noise.mixture(half, [st.pareto(2), -as_noise(st.lognorm(1))])) is Status.HOLDS  # analytic tails
        assert status(Noise.mixture(half, [st.levy_stable(1.5, 0.5), st.levy_stable(1.2, 1)])) is Status.HOLDS
        assert status(Noise.mixture(half, [st.alpha(1), -as_noise(st.rel_breitwigner(2))])) is Status.UNDECIDED
        assert status(Noise.mixture(half, [gap, st.norm()])) is Status.UNDECIDED
        assert status(Noise.mixture(half, [black, st.norm()])) is Status.UNDECIDED
        assert status(Noise.mixture([1, 0], [st.norm(), gap])) is Status.HOLDS

    def test_never_vanishing_members_do_not_make_a_never_vanishing_mixture(self) -> None:
        # (1 + exp(i t)) / 2 = 0 at pi: two point masses, each with a characteristic function of modulus 1
        two_points = Noise.mixture([0.5, 0.5], [Noise.none(), Noise.none() + 1])
        assert "never_zero" not in facts(two_points.law.describe())
        assert status(two_points) is Status.HOLDS

    def test_theorys_split_of_the_gap_law_is_not_certified(self) -> None:
        mass = 2 * (sympy.Si(1) - 1 + sympy.cos(1)) / sympy.pi
        outer = sympy.Union(sympy.Interval(-sympy.oo, -1), sympy.Interval(1, sympy.oo))
        parts = [
            Noise(density=FEJER / mass, support=sympy.Interval(-1, 1)),
            Noise(density=FEJER / (1 - mass), support=outer),
        ]
        weight = float(mass)
        assert status(Noise.mixture([weight, 1 - weight], parts)) is Status.UNDECIDED
        # with the same parts written with rational constants (unnormalised laws are refused, so the constant is
        # approximate)
        inside = FEJER * sympy.Rational(10**6, round(10**6 * weight))
        assert status(Noise(density=inside, support=sympy.Interval(-1, 1))) is Status.HOLDS


class TestBlackBoxes:
    def test_a_user_class_is_not_trusted_by_its_name(self) -> None:
        class norm_gen(st.rv_continuous):  # scipy's own name, on purpose
            def _pdf(self, v):
                return (1 - np.cos(v)) / (np.pi * v**2)

        assert status(norm_gen(name="norm")()) is Status.UNDECIDED

    def test_a_user_subclass_of_scipys_class(self) -> None:
        class Mine(type(st.norm)):
            def _pdf(self, v):
                return (1 - np.cos(v)) / (np.pi * v**2)

        assert status(Mine(name="norm")()) is Status.UNDECIDED

    def test_scipys_class_with_other_bounds(self) -> None:
        assert status(type(st.uniform)(a=0, b=np.inf, name="uniform")()) is Status.UNDECIDED

    def test_a_replaced_method_on_the_instance(self) -> None:
        law = st.norm()
        law.dist._pdf = lambda v: (1 - np.cos(v)) / (np.pi * v**2)
        assert status(law) is Status.UNDECIDED

    def test_a_replaced_method_on_the_frozen_law(self) -> None:
        law = st.norm()
        law.rvs = lambda **_: 0.0
        assert status(law) is Status.UNDECIDED

    def test_black_box_density(self) -> None:
        found = verdict(Noise(density=lambda v: np.exp(-(v**2))))
        assert found.undecided
        assert found.evidence["unsettled"] == ["law"]

    def test_one_black_box_leaves_a_sum_undecided(self) -> None:
        black = Noise(density=lambda v: np.exp(-(v**2)))
        assert status(black + Noise.gaussian(1)) is Status.UNDECIDED
        # while a gap anywhere settles it, whatever the black box is
        assert status(black + Noise(cf=GAP)) is Status.FAILS


class TestKnown:
    def test_fixed(self) -> None:
        assert check_known(model(Noise.gaussian(1))).holds
        assert check_known(model(Noise.none())).holds

    def test_learned(self) -> None:
        found = check_known(model(Noise.gaussian(1, learned=True), n=2, d=2))
        assert found.fails
        assert "does not prove that the model is not identifiable" in found.reason

    def test_learned_with_fewer_latents(self) -> None:
        found = check_known(model(Noise.gaussian(1, learned=True), n=2, d=5))
        assert found.fails
        assert "identified by the data" in found.reason

    @pytest.mark.parametrize("gaussian", [True, False])
    @pytest.mark.parametrize("d", [2, 5])
    def test_only_gaussian_noise_with_fewer_latents_is_said_to_be_identified(self, gaussian: bool, d: int) -> None:
        law = Noise.gaussian(1, learned=True) if gaussian else Noise(density=FEJER, learned=True)
        reason = check_known(model(law, n=2, d=d)).reason
        assert ("n = 2 < d = 5 and Gaussian noise" in reason) is (gaussian and d == 5)
        assert ("have rivals (section 5)" in reason) is not ("Gaussian noise" in reason)

    def test_learned_is_inherited(self) -> None:
        learned = Noise.gaussian(1, learned=True)
        for noise in (learned + Noise.gaussian(1), 2 * learned, Noise.product([learned, learned]), learned + 1):
            assert check_known(model(noise)).fails

    def test_discrete(self) -> None:
        for name in ("bernoulli", "categorical", "geometric", "poisson"):
            for check in (check_noise, check_known):
                found = check(model(Discrete(name)))
                assert found.fails
                assert "f(z) + eps" in found.reason


def test_grade() -> None:
    assert verdict(st.cauchy()).grade is Grade.EXACT
    assert verdict(Noise(cf=sympy.cos(t))).grade is Grade.CERTIFIED


def test_the_reason_gives_conditions_and_composition_where_there_are_any() -> None:
    several = "independent sums, products over coordinates and these linear images keep null zero sets"
    for law in (st.cauchy(), st.uniform(), st.pareto(2), st.gennorm(0.5), st.t(3)):
        found = verdict(law)
        (step,) = found.evidence["steps"]
        shown = step["condition"] not in ("", "1 > 0")
        assert (f"(here {step['condition']})" in found.reason) is shown
        assert ("(here" in found.reason) is shown
        assert several not in found.reason
        assert several in verdict(as_noise(law) + as_noise(st.laplace())).reason


def test_assumptions_are_listed() -> None:
    assert verdict(Noise(cf=sympy.exp(-(t**2)))).assumes
    assert verdict(Noise(density=sympy.exp(-sympy.Abs(x)) / 2) + Noise.gaussian(1)).assumes
    assert not verdict(st.t(3)).assumes


SETTLED = {
    "composite": Noise.product([2 * as_noise(st.gennorm(0.5)) + 1, Noise.gaussian(2)])
    + Noise.gaussian([[2, 1], [1, 2]]),
    "density": Noise(density=1 / (sympy.pi * (1 + x**2))),
    "band limited": Noise(density=FEJER) + Noise.gaussian(1),
    "gap": np.array([[1, 0], [1, 1]]) @ Noise.product([Noise(cf=GAP), Noise.gaussian(1)]),
    "cells": Noise(cf=sympy.exp(-sympy.Abs(t)) * sympy.cos(t)),
    "mixture": Noise.mixture([0.25, 0.75], [st.pareto(2), st.lognorm(1)]),
    "discrete": Discrete("bernoulli"),
}


def altered(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    try:
        return str(-to_fraction(sympy.Rational(value)) - 3)
    except (TypeError, ValueError):
        return f"{value}x"


@pytest.mark.parametrize("name", SETTLED)
def test_no_leaf_of_the_evidence_can_be_changed(name: str) -> None:
    noise = SETTLED[name]
    found = verdict(noise)
    subject = {"noise": noise.describe()}
    evidence = json.loads(json.dumps(found.to_dict()["evidence"]))
    for path, value in leaves(evidence):
        if path[-2:] == ("point", 0) or path[-3:-1] == ("point",):
            continue  # another point of the same cell may serve as well
        with pytest.raises(CorruptReport):
            recheck_evidence(found.claim, replaced(evidence, path, altered(value)), subject)
    for key in evidence:
        with pytest.raises(CorruptReport):
            recheck_evidence(found.claim, {k: v for k, v in evidence.items() if k != key}, subject)


@pytest.mark.parametrize("name", SETTLED)
def test_evidence_does_not_fit_another_model(name: str) -> None:
    found = verdict(SETTLED[name])
    with pytest.raises(CorruptReport):
        bind_evidence(found.claim, found.evidence, model(Noise(density=lambda v: v)))


def test_a_forged_theorem_is_refused() -> None:
    step = {"path": "law", "theorem": "infinitely_divisible", "condition": ""}
    evidence = {"kind": "noise.theorems", "steps": [step]}
    for noise in (Noise(density=FEJER), as_noise(st.uniform()), Noise(cf=GAP), as_noise(st.dweibull(2.5))):
        with pytest.raises(InvalidCertificate):
            recheck_evidence("theorem1.i", evidence, {"noise": noise.describe()})


def test_forged_cells_are_refused() -> None:
    """Cells that leave out the gap, or that overlap it, do not cover R."""
    noise = Noise(cf=GAP)
    cells = [{"low": ["-1"], "high": ["0"], "point": ["-1/2"]}, {"low": ["0"], "high": ["1"], "point": ["1/2"]}]
    for extra in (
        [],
        [{"low": ["-oo"], "high": ["-1"], "point": ["-2"]}, {"low": ["1"], "high": ["oo"], "point": ["2"]}],
    ):
        step = {"path": "law", "theorem": "analytic_form", "condition": "", "cells": cells + extra}
        with pytest.raises(InvalidCertificate):
            recheck_evidence("theorem1.i", {"kind": "noise.theorems", "steps": [step]}, {"noise": noise.describe()})


def test_a_forged_gap_is_refused() -> None:
    for low, high in (("0", "oo"), ("1/2", "2"), ("-oo", "oo")):
        cell = {"low": [low], "high": [high]}
        evidence = {"kind": "noise.zero_set", "path": "law", "theorem": "analytic_form", "cell": cell}
        with pytest.raises(InvalidCertificate):
            recheck_evidence("theorem1.i", evidence, {"noise": Noise(cf=GAP).describe()})


#: Values on both sides of every threshold of the tables.
VALUES = ["-2", "-1", "-1/2", "0", "1/2", "1", "3/2", "2", "3"]


@settings(max_examples=80, deadline=None)
@given(some.data())
def test_search_and_recheck_tables_agree(data: some.DataObject) -> None:
    """Two tables written apart, at random parameters inside each law's range."""
    entry = NAMED[data.draw(some.sampled_from(sorted(NAMED)))]
    parameters = {key: data.draw(some.sampled_from(VALUES)) for key in entry.parameters}
    values = {key: to_fraction(sympy.Rational(value)) for key, value in parameters.items()}
    if not condition_holds(entry.valid, values):
        return
    node = {"node": "named", "name": entry.name, "parameters": parameters}
    ours = {theorem for theorem, _ in leaf_theorems(node)}
    theirs = {theorem for theorem in certificates.APPLIES if certificates._holds_of_leaf(theorem, node)}
    assert ours == theirs
    assert facts(node) == certificates._facts(node)


LEAVES = some.sampled_from(
    [
        Noise.none(),
        Noise.gaussian(1),
        as_noise(st.uniform()),
        as_noise(st.pareto(2)),
        as_noise(st.t(1)),
        Noise(cf=GAP),
        Noise(density=lambda v: v),
    ]
)


@settings(max_examples=60, deadline=None)
@given(some.data())
def test_random_composites_against_an_independent_oracle(data: some.DataObject) -> None:
    """sum_j A_j xi_j fails when a gap enters through a non-zero column, and is undecided when a black box does."""
    d, count = data.draw(some.integers(1, 3)), data.draw(some.integers(1, 3))
    small = some.integers(-1, 1)
    parts = [data.draw(LEAVES) for _ in range(count)]
    matrix = np.array([[data.draw(small) for _ in range(count)] for _ in range(d)])
    scales = [data.draw(small) for _ in range(count)]
    noise = matrix @ Noise.product([scale * part for scale, part in zip(scales, parts, strict=True)])
    if data.draw(some.booleans()):
        noise = noise + Noise.gaussian(1)
    seen = {part.law.describe()["node"] for j, part in enumerate(parts) if scales[j] and matrix[:, j].any()}
    expected = Status.FAILS if "cf" in seen else Status.UNDECIDED if "opaque" in seen else Status.HOLDS
    assert status(noise) is expected
