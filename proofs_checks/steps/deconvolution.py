"""Step (1) of the sharp Theorem 1: from the law of x to the law of f(z), on symbolic characteristic functions.

The observed characteristic function is ``psi_u phi``. Where two agree, ``psi_u = psi'_u`` wherever ``phi != 0``: on a
dense set under (N), and so everywhere, because characteristic functions are continuous.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import sympy
from flint import acb

from ivae_theory import Noise
from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.formula.complexes import complex_ball
from ivae_theory.enclosure.formula.functionals import vanishes_on
from ivae_theory.enclosure.formula.pieces import decompose
from ivae_theory.enclosure.precision import precision
from ivae_theory.exact.identity import is_zero
from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.verdict import Status
from proofs_checks.steps.models import QUARTIC, Z, make_model

__all__ = [
    "HOLE",
    "LAWS",
    "OMEGA",
    "WAVE",
    "agree",
    "curve_exponent",
    "gaussian_on_curve",
    "gaussian_on_line",
    "is_transform_of_the_curve",
    "null_zeros",
    "vanishes_everywhere",
    "wave_is_the_transform",
]

OMEGA = sympy.symbols("omega1 omega2", real=True)
_A, _B = OMEGA
_I = sympy.I
#: Characteristic functions on R^2 of several noise laws whose zeros are null sets.
LAWS: dict[str, sympy.Expr] = {
    "none": sympy.Integer(1),
    "Gaussian": sympy.exp(-(_A**2 + _B**2) / 200),
    "correlated Gaussian": sympy.exp(-(_A**2 + _A * _B + _B**2)),
    "Laplace": 1 / ((1 + _A**2) * (1 + _B**2)),
    "Cauchy": sympy.exp(-sympy.Abs(_A) - sympy.Abs(_B)),
    "exponential": 1 / ((1 - _I * _A) * (1 - _I * _B)),
    "uniform": sympy.sinc(_A) * sympy.sinc(_B),
    "Gaussian, first coordinate only": sympy.exp(-(_A**2) / 2),
}
#: The characteristic function of the density ``(1 - cos e) / (pi e^2)``: it vanishes for ``|omega| >= 1``.
HOLE = sympy.Max(0, 1 - sympy.Abs(_A))
_TRIANGLE = sympy.Max(0, 1 - 2 * sympy.Abs(_A))
#: The Fourier transform of ``g(z) = cos(2 z) sinc(z / 4)^2`` is ``2 pi WAVE``: two triangles.
WAVE = _TRIANGLE.xreplace({_A: _A - 2}) + _TRIANGLE.xreplace({_A: _A + 2})


def null_zeros(phi: sympy.Expr, symbols: Sequence[sympy.Symbol] = OMEGA) -> Status:
    """The library's verdict on (N) for the noise with this characteristic function."""
    noise = Noise.none() if phi == 1 else Noise(cf=phi, symbols=list(symbols))
    images = [Z] if len(symbols) == 1 else [Z, *(sympy.Integer(0) for _ in symbols[1:])]
    return check_noise(make_model([[Z]], [[0]], QUARTIC, ([Z], images), noise)).status


def gaussian_on_line(mean: int, variance: int, weights: Sequence[int] = (1, 2)) -> sympy.Expr:
    """``E exp(i omega . f(z))`` for ``f(z) = (w_1 z, w_2 z)`` and z ~ N(mean, variance): n = 1, d = 2."""
    t = sum(w * omega for w, omega in zip(weights, OMEGA, strict=True))
    return sympy.exp(_I * mean * t - sympy.Rational(variance) * t**2 / 2)


def curve_exponent(variance: int) -> sympy.Expr:
    """The logarithm of ``E exp(i omega . (z, z^2))`` for z ~ N(0, variance): n = 1, d = 2, f not linear."""
    spread = 1 - 2 * _I * variance * _B
    return -sympy.log(spread) / 2 - variance * _A**2 / (2 * spread)


def gaussian_on_curve(variance: int) -> sympy.Expr:
    """``E exp(i omega . (z, z^2))`` for z ~ N(0, variance)."""
    return sympy.exp(curve_exponent(variance))


def is_transform_of_the_curve(exponent: sympy.Expr, variance: int) -> bool:
    """Whether ``exp(exponent)`` is ``E exp(i (omega_1 z + omega_2 z^2))`` for z ~ N(0, variance).

    Such an expectation is analytic in omega_2 around the real line, so ``d/d omega_2 = -i d^2/d omega_1^2`` and its
    value at ``omega_2 = 0``, the Gaussian one, determine it.
    """
    first, second = sympy.diff(exponent, _A), sympy.diff(exponent, _A, 2)
    moves = is_zero(sympy.together(sympy.diff(exponent, _B) + _I * (second + first**2)))
    return moves and is_zero(exponent.subs(_B, 0) + sympy.Rational(variance) * _A**2 / 2)


def agree(psi: sympy.Expr, other: sympy.Expr, phi: sympy.Expr = sympy.S.One) -> Status:
    """Whether the observed characteristic functions ``psi phi`` and ``psi' phi`` are the same function on R^2.

    HOLDS by an identity; FAILS with a rational omega at which balls exclude equality; UNDECIDED otherwise.
    """
    if is_zero(sympy.expand(psi * phi - other * phi)):
        return Status.HOLDS
    with precision(128):
        for omega in product((Fraction(1, 7), Fraction(-2, 5), Fraction(2), Fraction(5, 3)), repeat=2):
            if not _difference(psi, other, phi, omega).contains(0):
                return Status.FAILS
    return Status.UNDECIDED


def _difference(psi: sympy.Expr, other: sympy.Expr, phi: sympy.Expr, omega: Sequence[Fraction]) -> acb:
    values = dict(zip(OMEGA, omega, strict=True))
    first, second, noise = (complex_ball(expression, values) for expression in (psi, other, phi))
    return (first - second) * noise


def vanishes_everywhere(expression: sympy.Expr, symbol: sympy.Symbol) -> bool:
    """Whether an expression in one symbol is proved zero, piece by piece, on all of R."""
    try:
        with precision(128):
            pieces = decompose([expression], symbol, sympy.Reals)
            return all(is_zero(sympy.expand(branch)) for piece in pieces for _, (branch,) in piece.cases())
    except CannotEnclose:
        return False


def wave_is_the_transform() -> bool:
    """Whether ``2 pi WAVE`` is the transform of ``g(z) = cos(2 z) sinc(z / 4)^2``, by inversion.

    The triangle at 0 is even, and its integral against ``cos(t z)`` is ``(1/2) sinc(z/4)^2`` by the antiderivative
    that is verified here; moved to 2 and -2 it gains the factor ``2 cos(2 z)``. So WAVE exp(-i t z) integrates to g.
    """
    t, z = sympy.symbols("t z", positive=True)
    half = sympy.Rational(1, 2)
    with precision(128):
        inside = vanishes_on(_TRIANGLE - (1 - 2 * _A), _A, Fraction(0), Fraction(1, 2))
        outside = vanishes_on(_TRIANGLE, _A, Fraction(1, 2), Fraction(3))
    antiderivative = (1 - 2 * t) * sympy.sin(t * z) / z - 2 * sympy.cos(t * z) / z**2
    right = is_zero(sympy.diff(antiderivative, t) - (1 - 2 * t) * sympy.cos(t * z))
    integral = 2 * (antiderivative.subs(t, half) - antiderivative.subs(t, 0))
    return inside and outside and right and is_zero(integral - half * (sympy.sin(z / 4) / (z / 4)) ** 2)
