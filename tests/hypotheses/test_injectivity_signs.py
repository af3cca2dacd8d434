"""theorem1.injective: what is said of the signs of Jacobian determinants, and the estimate of the rarer sign."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from scipy.stats import binomtest

from ivae_theory import families
from ivae_theory.hypotheses.injectivity import _minority, check_injective
from ivae_theory.mixing import SymbolicMixing
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Noise
from tests.truth.rows_injectivity import model, z1


def test_the_interval_of_the_rarer_sign_is_the_exact_binomial_one():
    for few, total in ((0, 40), (1, 2), (1, 1000), (7, 30), (250, 500), (9, 20_000)):
        found = _minority(few, total)
        exact = binomtest(few, total).proportion_ci(found["level"], method="exact")
        assert found["estimate"] == few / total
        assert found["lower"] == pytest.approx(exact.low, rel=1e-9)
        assert found["upper"] == pytest.approx(exact.high, rel=1e-9)


def test_determinants_that_underflow_show_no_sign():
    """f' = (1 - 2000 z^2) exp(-1000 z^2) is positive for |z| < 1 / sqrt(2000), and 0 in floats beyond 0.87."""
    subject = model(SymbolicMixing([z1], [z1 * sympy.exp(-1000 * z1**2)]), 1)
    means = subject.prior.natural.values[:, 0]
    edge = 1 / np.sqrt(2000)
    density = np.exp(-(means**2) / 2).mean() / np.sqrt(2 * np.pi)
    mass = check_injective(subject).evidence["minority_mass"]
    assert mass["draws"] == 20_000
    assert mass["estimate"] == pytest.approx(2 * edge * density, abs=4 * np.sqrt(2 * edge * density / 20_000))


def test_a_sign_that_is_found_near_the_smallest_determinants_is_found_again():
    """f' = 202 - cosh is negative beyond 6, where no draw of the prior comes."""
    subject = model(SymbolicMixing([z1], [202 * z1 - sympy.sinh(z1)]), 1)
    first, second = (check_injective(subject, seed=3) for _ in range(2))
    assert first.fails
    assert first.evidence["minority_mass"]["estimate"] == 0
    assert first.evidence == second.evidence


def test_without_draws_of_the_prior_no_mass_is_estimated():
    """Natural parameters in formulas of a continuous u have no law of u: points of Z are spread, not drawn."""
    u = sympy.Symbol("u", real=True)
    prior = Prior(families.gaussian_location(), sympy.Matrix([u]), {u: sympy.Interval(0, 1)})
    found = check_injective(Model(prior, noise=Noise.gaussian(0.1), mixing=SymbolicMixing([z1], [z1 - z1**3 / 30])))
    assert found.evidence["kind"] == "injectivity.jacobian_signs"
    assert found.evidence["minority_mass"] is None
    assert "prior mass" not in found.reason


def test_what_was_tried_is_told():
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    found = check_injective(model(lambda z: torch.where(z > 0, -5 - z, z.exp()), 1))
    assert found.undecided
    assert found.evidence["tried"]["layers"].startswith("layer by layer: ")
    assert found.evidence["tried"]["layers"] in found.reason
    assert "Jacobian determinants" in found.reason
