"""Deconvolution: the characteristic functions are right, and a gap in the noise is noticed."""

import numpy as np
import pytest
import sympy

from ivae_theory.verdict import Status
from proofs_checks.steps import deconvolution as step
from proofs_checks.steps.deconvolution import HOLE, LAWS, OMEGA, WAVE

A, B = OMEGA
POINTS = [(0.3, -0.2), (1.1, 0.7), (-2.0, 0.4)]


def at(expression, point):
    return complex(expression.subs(dict(zip(OMEGA, point, strict=True))))


@pytest.mark.parametrize("point", POINTS)
def test_characteristic_functions_by_quadrature(point):
    z = np.linspace(-12, 12, 20001)
    density = np.exp(-(z**2) / 4) / np.sqrt(4 * np.pi)
    curve = np.trapezoid(density * np.exp(1j * (point[0] * z + point[1] * z**2)), z)
    assert at(step.gaussian_on_curve(2), point) == pytest.approx(curve, abs=1e-8)
    line = np.trapezoid(density * np.exp(1j * (point[0] + 2 * point[1]) * (z + 1)), z)
    assert at(step.gaussian_on_line(1, 2), point) == pytest.approx(line, abs=1e-8)


@pytest.mark.parametrize("omega", [0.3, 1.7, 2.0, 2.4])
def test_the_wave_by_quadrature(omega):
    z = np.linspace(-4000, 4000, 800001)
    wave = np.cos(2 * z) * np.sinc(z / (4 * np.pi)) ** 2
    transform = np.trapezoid(wave * np.cos(omega * z), z)
    assert transform == pytest.approx(2 * np.pi * float(WAVE.subs(A, omega)), abs=2e-2)


def test_the_wave_is_verified_and_another_triangle_is_not(monkeypatch):
    assert step.wave_is_the_transform()
    monkeypatch.setattr(step, "_TRIANGLE", sympy.Max(0, 1 - 3 * sympy.Abs(A)))
    assert not step.wave_is_the_transform()


def test_the_curve_s_transform_is_recognised_and_others_are_not():
    right = step.curve_exponent(3)
    assert step.is_transform_of_the_curve(right, 3)
    assert not step.is_transform_of_the_curve(right, 2)
    assert not step.is_transform_of_the_curve(sympy.conjugate(right), 3)
    assert not step.is_transform_of_the_curve(right + A**2 * B, 3)
    assert not step.is_transform_of_the_curve(-3 * A**2 / 2, 3)


@pytest.mark.parametrize("name", LAWS)
def test_noise_laws_are_admitted_and_hide_nothing(name):
    phi = LAWS[name]
    line = step.gaussian_on_line(1, 2)
    assert step.null_zeros(phi) is Status.HOLDS
    assert step.agree(line, line, phi) is Status.HOLDS
    assert step.agree(line, step.gaussian_on_line(1, 2, (1, 3)), phi) is Status.FAILS


def test_a_gap_is_refused_and_hides_the_wave():
    assert step.null_zeros(HOLE, (A,)) is Status.FAILS
    assert step.null_zeros(HOLE * sympy.exp(-(B**2) / 2)) is Status.FAILS
    assert step.vanishes_everywhere(HOLE * WAVE, A)


def test_what_is_not_zero_everywhere_is_not_called_so():
    assert not step.vanishes_everywhere(WAVE, A)
    assert not step.vanishes_everywhere(HOLE, A)
    # a triangle that reaches into the pass band
    assert not step.vanishes_everywhere(HOLE * sympy.Max(0, 1 - sympy.Abs(A - sympy.Rational(19, 10))), A)


def test_agreement_without_a_proof_is_undecided():
    # they differ near omega_1 = 50 alone, where nothing is tried
    bump = sympy.Max(0, 1 - sympy.Abs(A - 50))
    assert step.agree(sympy.Integer(1), 1 + bump) is Status.UNDECIDED
