"""Theorem 2: the truth table's rows, rechecks from JSON, and properties."""

from __future__ import annotations

import json

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from ivae_theory import theorem2
from ivae_theory.certificates import theorem2 as recheckers  # registers
from ivae_theory.certificates.registry import InvalidCertificate, recheck_evidence
from ivae_theory.families import ExponentialFamily
from ivae_theory.verdict import Grade, Status, Verdict
from tests.truth.row import Row
from tests.truth.rows_theorem2 import EXTRA_ROWS, ROWS, family, of, z

CHECKS = {
    "theorem2.i": theorem2.check_identical,
    "theorem2.ii": theorem2.check_minimum,
    "theorem2.scaled_permutation": theorem2.check_scaled_permutation,
    "theorem2.block_permutation": theorem2.check_block_permutation,
}
MINE = [row for row in [*ROWS, *EXTRA_ROWS] if row.claim in CHECKS]


def settle(row: Row) -> tuple[Verdict, dict]:
    """The verdict, and the model's description as a report carries it."""
    model = row.model()
    return CHECKS[row.claim](model), json.loads(json.dumps(model.describe()))


@pytest.mark.parametrize("row", MINE, ids=lambda row: row.id)
def test_truth(row: Row) -> None:
    verdict, subject = settle(row)
    assert verdict.claim == row.claim
    if row.decidable:
        assert verdict.status is row.expected, verdict
    else:
        assert verdict.status in (row.expected, Status.UNDECIDED), verdict
    if not verdict.undecided:
        evidence = json.loads(json.dumps(verdict.to_dict()["evidence"]))
        shown = recheck_evidence(row.claim, evidence, subject)
        assert shown.status is verdict.status
        assert shown.grade is verdict.grade


def test_every_status_occurs() -> None:
    assert {row.expected for row in MINE} == set(Status)
    assert len(MINE) >= 50
    assert recheckers.SCALED == "theorem2.scaled_permutation"


def test_evidence_of_another_model_is_refused() -> None:
    """The certificate of z**2 does not serve z, and the other way round."""
    square = of(family([z**2]), family([z**2]))
    holds = theorem2.check_scaled_permutation(square())
    with pytest.raises(InvalidCertificate):
        recheck_evidence(holds.claim, holds.evidence, _gaussian_subject())
    fails = theorem2.check_scaled_permutation(_gaussian_model())
    with pytest.raises(InvalidCertificate):
        recheck_evidence(fails.claim, fails.evidence, square().describe())


def _gaussian_model():
    member = family([z], base=sympy.exp(-(z**2) / 2))
    return of(member, member)()


def _gaussian_subject() -> dict:
    return _gaussian_model().describe()


def test_changed_leaves_are_refused() -> None:
    """Points, cuts and coefficients are verified, not believed."""
    subject = _gaussian_subject()
    evidence = json.loads(json.dumps(theorem2.check_scaled_permutation(_gaussian_model()).to_dict()["evidence"]))
    changes = [
        lambda e: e["rules"][0].update(quadratic="-1/3"),
        lambda e: e["rules"][1].update(linear="1"),
        lambda e: e.update(latents=[0, 0]),
        lambda e: e.update(rotation=[["1", "0"], ["0", "1"]]),
        lambda e: e.update(rotation=[["3/5", "4/5"], ["4/5", "3/5"]]),
    ]
    for change in changes:
        broken = json.loads(json.dumps(evidence))
        change(broken)
        with pytest.raises(InvalidCertificate):
            recheck_evidence("theorem2.scaled_permutation", broken, subject)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(-5, 5), st.integers(1, 9), st.integers(-3, 3), st.integers(-4, 4).filter(bool))
def test_gaussian_is_found_under_reparametrisation(
    scale: int, mean: int, variance: int, shift: int, slope: int
) -> None:
    """T = slope g(z) + shift with g(z) Gaussian stays Gaussian whatever the coordinate; so a pair FAILS."""
    base = sympy.exp(-((z - mean) ** 2) / (2 * variance))
    cube = sympy.exp(-((z**3 - mean) ** 2) / (2 * variance)) * z**2
    first = family([slope * z + shift], base=base)
    second = family([slope * z**3 + shift], base=cube * scale)
    verdict = theorem2.check_scaled_permutation(of(first, second, natural=[[0, 0], [1, 0], [0, 1]])())
    assert verdict.fails
    assert verdict.grade is Grade.EXACT


@settings(max_examples=25, deadline=None)
@given(st.integers(-3, 3), st.integers(1, 40), st.integers(1, 6))
def test_a_perturbed_gaussian_is_not_gaussian(mean: int, digits: int, power: int) -> None:
    """Any quartic, sextic, .. term however small: never FAILS, and two of them HOLD."""
    tiny = sympy.Rational(1, 10**digits)
    member = family([z], base=sympy.exp(-((z - mean) ** 2) / 2 - tiny * z ** (2 * power + 2)))
    verdict = theorem2.check_scaled_permutation(of(member, member, natural=[[0, 0], [1, 0], [0, 1]])())
    assert verdict.holds


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=2, max_size=5), st.sampled_from([-1, 1]))
def test_minimum_of_polynomials(coefficients: list[int], sign: int) -> None:
    """Against the real roots of the derivative in floating point: never the opposite of what they say."""
    import numpy as np

    lead = coefficients[-1] or 1
    polynomial = sum((c * z**p for p, c in enumerate([*coefficients[:-1], sign * lead])), sympy.Integer(0))
    if not polynomial.has(z):
        return
    from ivae_theory.hypotheses.minimum import decide_minimum

    rule = decide_minimum(ExponentialFamily([polynomial], variable=z, base_measure=sympy.exp(-(z**10))).describe())
    exact = sympy.Poly(polynomial, z)
    if exact.degree() % 2 or exact.LC() < 0:
        assert rule["status"] == "fails"
        return
    numbers = np.array([float(c) for c in exact.all_coeffs()])
    roots = np.roots(np.polyder(numbers))
    critical = np.unique(np.round(roots[np.abs(roots.imag) < 1e-6].real, 5))
    values = np.sort(np.polyval(numbers, critical))
    if len(values) > 1 and abs(values[1] - values[0]) < 1e-4:
        assert rule.get("status") != "holds" or len(np.unique(np.round(critical, 2))) == 1
    else:
        assert rule["status"] == "holds"
