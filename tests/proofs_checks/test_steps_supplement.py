"""Steps of Appendices E and F and of the published version's counterexample."""

from fractions import Fraction

import pytest
import sympy
from scipy import integrate

from proofs_checks.steps import bernoulli, logarithms, transport

F = Fraction
TILT = [[F(0), F(1, 2)], [F(-1, 2), F(0)]]


def mean(power, lam, squared=False):
    """E sigmoid(m)^power by a float integral of the density exp(lam z)(1 + e^z)^-2."""
    import math

    def weight(z):
        return math.exp(lam * z - 2 * math.log1p(math.exp(z)))

    def success(z):
        return (1 / (1 + math.exp(-z))) ** (2 * power if squared else power)

    total = integrate.quad(weight, -200, 60)[0]
    return integrate.quad(lambda z: weight(z) * success(z), -200, 60)[0] / total


@pytest.mark.parametrize("a", [0.5, 1.0, 1.5])
def test_the_pair_has_equal_means_and_other_laws(a):
    lam = a * (a + 1) / 3
    assert mean(1, lam) == pytest.approx(mean(1, a, squared=True), abs=1e-8)
    for power in (1, 2, 3):
        difference = float(bernoulli.pair_difference(power).subs(bernoulli.A, sympy.Rational(a)))
        assert mean(power, lam) - mean(power, a, squared=True) == pytest.approx(difference, abs=1e-8)
    assert abs(float(bernoulli.pair_difference(2).subs(bernoulli.A, sympy.Rational(a)))) > 1e-4


def test_substitution_and_moments():
    assert bernoulli.substitution_residual() == 0
    assert bernoulli.moment(2, sympy.Integer(1)) == sympy.Rational(1, 3)


def test_the_sigmoid_is_undone_at_its_own_temperature_only():
    temperature = sympy.Symbol("T", positive=True)
    assert bernoulli.inverse_residual(temperature) == 0
    assert bernoulli.probability_residual() == 0
    assert bernoulli.probability_residual(-1) != 0
    assert bernoulli.characteristic_gap(2) < 1e-25


def test_rotations_keep_the_law_and_shears_do_not():
    M = transport.cayley(TILT)
    point = (F(1, 3), F(6, 5))
    for law in transport.LAWS:
        assert transport.pushed_ratio(law, point, M).contains(1)
        assert not transport.pushed_ratio(law, point, [[F(1), F(1)], [F(0), F(1)]]).contains(1)


def test_mass_needs_the_exponent_n():
    assert transport.mass(3, 3) == 1
    assert transport.mass(2, 1) != 1


def test_bijections_of_equal_and_unequal_atoms():
    assert len(transport.bijections({(0,): F(1, 2), (1,): F(1, 2)})) == 2
    assert len(transport.bijections({(0,): F(7, 10), (1,): F(3, 10)})) == 1


def test_conditional_atoms():
    assert transport.conditional_atom({(w, w): F(1, 5) for w in range(5)}) == 1
    assert transport.conditional_atom({(a, b): F(1, 25) for a in range(5) for b in range(5)}) == F(1, 5)


def test_conditional_distribution_functions_of_a_density():
    x, y = sympy.symbols("x y", positive=True)
    assert transport.becomes_uniform(x + y, x, y)
    assert not transport.becomes_uniform(2 * (x + y), x, y)


def test_rotated_logarithms():
    M = transport.cayley(TILT)
    assert not logarithms.rotated_difference(M, [F(1), F(-2)]).free_symbols
    assert logarithms.rotated_difference([[F(1), F(1)], [F(0), F(1)]], [F(1), F(-2)]).free_symbols


def test_the_family_of_logarithms_is_gaussian():
    member = logarithms.family()
    z, total = member.variable, 0.0
    for sign in (1, -1):
        density = sympy.lambdify(z, member.base_measure.subs(z, sign * z), "math")
        total += integrate.quad(density, 1e-8, 1)[0] + integrate.quad(density, 1, 1e5, limit=400)[0]
    assert total == pytest.approx(2 * float(sympy.sqrt(2 * sympy.pi)), rel=1e-3)
