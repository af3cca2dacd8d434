"""Noise(density=...) and Noise(cf=...): what is refused, what is concluded, and numbers that agree."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from sympy import Abs, I, Interval, Max, Piecewise, Rational, Si, cos, exp, gamma, oo, pi, sin, sqrt

from ivae_theory.errors import InputError, InputTypeError, NotNormalizable
from ivae_theory.hypotheses.noise import check_noise
from ivae_theory.noise import Noise, as_noise
from ivae_theory.noise.density import density_theorems
from ivae_theory.verdict import Status

x, t, s = sympy.symbols("x t s", real=True)
HOLDS, FAILS, UNDECIDED = Status.HOLDS, Status.FAILS, Status.UNDECIDED


def status(noise: Noise) -> Status:
    return check_noise(SimpleNamespace(noise=noise)).status


class TestDensity:
    @pytest.mark.parametrize(
        ("density", "support", "theorem"),
        [
            (exp(-Abs(x)) / 2, None, "exponential_moment"),
            (1 / (pi * (1 + x**2)), None, "analytic_tails"),
            (2 * x, Interval(0, 1), "compact_support"),
            (x**-2, Interval(1, oo), "half_line_right"),
            (Piecewise((exp(x), x < 0), (0, True)), None, "exponential_moment"),
            (Piecewise((1, Abs(x) < Rational(1, 2)), (0, True)), None, "compact_support"),
            (exp(-sqrt(Abs(x))) / 4, None, "analytic_tails"),
            (1 / (2 * sympy.cosh(pi * x / 2)), None, "exponential_moment"),
            (Piecewise((exp(-x) / 2, x > 0), (1 / (2 * (1 - x) ** 2), True)), None, "right_exponential_moment"),
            (Piecewise((exp(x) / 2, x < 0), (1 / (2 * (1 + x) ** 2), True)), None, "left_exponential_moment"),
            (exp(-exp(-x) - x), Interval(0, oo), "half_line_right"),
        ],
        ids=str,
    )
    def test_theorems(self, density, support, theorem) -> None:
        found = check_noise(SimpleNamespace(noise=Noise(density=density, support=support)))
        assert found.holds
        assert found.evidence["steps"][0]["theorem"] == theorem

    @pytest.mark.parametrize(
        ("density", "support"),
        [
            (x, Interval(-1, 1)),  # negative
            (exp(-(x**2)) - Rational(1, 10), None),  # negative far out
            (1 / (1 + Abs(x)), None),  # not integrable
            (exp(x), None),
            (sympy.Integer(1), None),
            (exp(-(x**2)), None),  # integral sqrt(pi)
            (sympy.Integer(2), Interval(0, 1)),
            (Rational(1, 2) + 0 * x, Interval(0, 1)),
            (x**2, Interval(0, 1)),
            (cos(x) / 2, Interval(-3, 3)),
        ],
        ids=str,
    )
    def test_no_density(self, density, support) -> None:
        with pytest.raises(NotNormalizable):
            Noise(density=density, support=support)

    def test_bad_input(self) -> None:
        with pytest.raises(InputError):
            Noise(density=x + sympy.Symbol("y"))
        with pytest.raises(InputTypeError):
            Noise(density="exp(-x**2)")
        with pytest.raises(InputError):
            Noise(density=exp(-x), support=sympy.FiniteSet(1))
        with pytest.raises(InputError):
            Noise(density=exp(-x), cf=exp(-t))
        with pytest.raises(InputError):
            Noise()
        with pytest.raises(InputError):
            Noise(density=exp(-x), symbols=[x])

    def test_symbols_without_assumptions(self) -> None:
        y = sympy.Symbol("y")
        assert status(Noise(density=exp(-Abs(y)) / 2)) is HOLDS
        law = Noise(density=exp(-sqrt(y**2)) / 2)
        assert law.describe() == Noise(density=exp(-Abs(y)) / 2).describe()
        assert law.law.symbol == sympy.Symbol("y", real=True)

    @pytest.mark.parametrize("side", [-1, 1])
    @pytest.mark.parametrize("end", [-50, 0, 50])
    def test_half_lines_are_examined_wherever_they_begin(self, side, end) -> None:
        support = Interval(end, oo) if side == 1 else Interval(-oo, end)
        density = exp(-side * (x - end))
        assert status(Noise(density=density, support=support)) is HOLDS
        for wrong, message in ((2 * density, "above"), (density * (1 + cos(3 * x) * 2), "not negative")):
            with pytest.raises(NotNormalizable, match=message):
                Noise(density=wrong, support=support)
        # negative, but not on the support
        assert status(Noise(density=side * (x - end) * density, support=support)) is HOLDS

    def test_floats_are_exact(self) -> None:
        law = Noise(density=sympy.Float(0.5) * exp(-Abs(x))).describe()["law"]
        assert law["expression"] == "exp(-Abs(x))/2"

    @pytest.mark.parametrize("scale", [Rational(1, 3), 2, pi])
    def test_band_limited_at_every_scale(self, scale) -> None:
        assert status(Noise(density=scale * (1 - cos(scale * x)) / (pi * (scale * x) ** 2))) is FAILS

    def test_band_limited_on_a_part_of_the_line_is_not(self) -> None:
        density = 2 * (1 - cos(x)) / (pi * x**2)
        assert status(Noise(density=density, support=Interval(0, oo))) is HOLDS  # a half-line law

    def test_functions_outside_the_grammar_make_a_black_box(self) -> None:
        noise = Noise(density=sin(x) ** 2 * Si(1) / (pi * x**2) / Si(1) * Si(x) / Si(x))
        assert status(noise) in (FAILS, UNDECIDED)
        assert status(Noise(density=exp(-(x**2)) * Si(x) ** 2 / 3)) is UNDECIDED

    def test_bounded_factors_do_no_harm_to_exponential_tails(self) -> None:
        wave = exp(-Abs(x)) * (1 + cos(x) / 2) * Rational(2, 5)
        assert status(Noise(density=wave)) is HOLDS
        theorem = check_noise(SimpleNamespace(noise=Noise(density=wave))).evidence["steps"][0]["theorem"]
        assert theorem == "exponential_moment"
        # the same factor on an algebraic tail moves a corner of phi to t = 1: not covered
        assert status(Noise(density=(1 + cos(x) / 2) / (pi * (1 + x**2)) / (1 + exp(-1) / 2))) is UNDECIDED

    @pytest.mark.parametrize(
        ("density", "support", "theorems"),
        [
            (2 * x, Interval(0, 1), ["compact_support", "analytic_tails"]),
            (exp(-Abs(x)) / 2, None, ["exponential_moment", "analytic_tails"]),
            (x**-2, Interval(1, oo), ["half_line_right", "analytic_tails"]),
            (x**-2, Interval(-oo, -1), ["half_line_left", "analytic_tails"]),
            (exp(-x), Interval(0, oo), ["exponential_moment", "half_line_right", "analytic_tails"]),
            (exp(x), Interval(-oo, 0), ["exponential_moment", "half_line_left", "analytic_tails"]),
            (1 / (pi * (1 + x**2)), None, ["analytic_tails"]),
            (
                Piecewise((exp(-x) / 2, x > 0), (1 / (2 * (1 - x) ** 2), True)),
                None,
                ["right_exponential_moment", "analytic_tails"],
            ),
            (
                Piecewise((exp(x) / 2, x < 0), (1 / (2 * (1 + x) ** 2), True)),
                None,
                ["left_exponential_moment", "analytic_tails"],
            ),
            (exp(-exp(-x) - x), Interval(0, oo), ["half_line_right"]),
        ],
        ids=str,
    )
    def test_all_theorems_of_a_density(self, density, support, theorems) -> None:
        assert density_theorems(Noise(density=density, support=support).describe()["law"]) == theorems

    @pytest.mark.parametrize("side", [-1, 1])
    def test_nearly_all_mass_in_half_a_cell_at_an_end(self, side) -> None:
        """Mass is bounded in 400 cells; more than nine tenths lie in the first (last) half of the first (last) one."""
        density = 2000 * exp(-2000 * (Rational(1 - side, 2) + side * x)) / (1 - exp(-2000))
        assert status(Noise(density=density, support=Interval(0, 1))) is HOLDS
        with pytest.raises(NotNormalizable, match="above"):
            Noise(density=100 * density, support=Interval(0, 1))

    def test_a_density_outside_the_grammar_is_still_drawn_and_weighed(self) -> None:
        noise = Noise(density=sympy.airyai(x) ** 2 / 2)
        assert noise.describe()["law"]["node"] == "opaque"
        assert noise.text == "law with density airyai(x)**2/2"
        assert noise.dimension is None
        assert noise.sample((4, 2), np.random.default_rng(0)).shape == (4, 2)
        found = noise.log_density(np.array([[1.0, 2.0]]))
        assert np.allclose(found, sum(float(sympy.log(sympy.airyai(v) ** 2 / 2)) for v in (1, 2)))

    def test_unknown_tails(self) -> None:
        assert status(Noise(density=sin(x) ** 2 / (pi * (1 + x**2)) * 2 / (1 - exp(-2)))) is UNDECIDED

    def test_numbers(self) -> None:
        noise = Noise(density=exp(-Abs(x)) / 2)
        points = np.array([[0.0, 1.0], [-2.0, 3.0]])
        assert np.allclose(noise.log_density(points), -np.abs(points).sum(1) - 2 * np.log(2))
        draws = noise.sample((4000, 2), np.random.default_rng(0))
        assert abs(np.abs(draws).mean() - 1) < 0.05
        half = Noise(density=exp(-x), support=Interval(0, oo))
        assert half.log_density(np.array([[-1.0]]))[0] == -np.inf


class TestCharacteristic:
    @pytest.mark.parametrize(
        ("cf", "expected"),
        [
            (exp(-(t**2)), HOLDS),
            (exp(-Abs(t)), HOLDS),
            (cos(t), HOLDS),
            (sin(t) / t, HOLDS),
            (gamma(1 - I * t), HOLDS),
            (pi * t / sympy.sinh(pi * t), HOLDS),
            ((1 - I * t) ** Rational(-1, 3), HOLDS),
            (exp(-Abs(t)) * cos(2 * t), HOLDS),
            (Rational(1, 2) + exp(-(t**2)) / 2, HOLDS),
            (Max(1 - Abs(t), 0), FAILS),
            (Max(1 - Abs(t), 0) ** 2, FAILS),
            (Max(1 - Abs(3 * t), 0) * exp(-(t**2)), FAILS),
            (Piecewise((1 - Abs(t), Abs(t) <= 1), (0, True)), FAILS),
            (Max(1 - Abs(t), exp(-Abs(t)) * 0), FAILS),
            (Max(1 - Abs(t) / 2, Rational(1, 2)), HOLDS),
            (Max(1 - t**2, 0) * Rational(1, 2) + exp(-(t**2)) / 2, HOLDS),
        ],
        ids=str,
    )
    def test_status(self, cf, expected) -> None:
        assert status(Noise(cf=cf)) is expected

    def test_gaps_of_polya_type(self) -> None:
        """Convex on t > 0 and 0 from a point on: a characteristic function (Polya) with a gap."""
        assert status(Noise(cf=Max(1 - sqrt(Abs(t)), 0))) is FAILS
        assert status(Noise(cf=Max(exp(-Abs(t)) - exp(-1), 0) / (1 - exp(-1)))) is FAILS
        assert status(Noise(cf=Max(exp(-Abs(t)) - exp(-1), 0) / (2 - 2 * exp(-1)) + exp(-Abs(t)) / 2)) is not FAILS

    def test_irrational_gap(self) -> None:
        """The zero set begins at sqrt(2): the witness is a rational interval inside."""
        noise = Noise(cf=Max(1 - Abs(t) / sqrt(2), 0))
        assert status(noise) is not HOLDS
        squared = Noise(cf=Max(1 - Abs(t), 0) * Max(2 - t**2, 0) / 2)
        assert status(squared) is FAILS

    @pytest.mark.parametrize(
        "cf",
        [
            2 * exp(-(t**2)),  # 2 at 0
            exp(t),  # above 1
            exp(-I * t) / (1 + t),  # not hermitian
            exp(-(t**4)),  # 1 - phi(2t) <= 4 (1 - phi(t)) fails near 0
            cos(t) + sin(t),
            I + 0 * t,
            sympy.Integer(0),
            1 + t**2,
        ],
        ids=str,
    )
    def test_refuted(self, cf) -> None:
        with pytest.raises(InputError):
            Noise(cf=cf, symbols=[t])

    def test_several_symbols(self) -> None:
        gap = Max(1 - Abs(t), 0)
        assert status(Noise(cf=exp(-(t**2) - Abs(s)), symbols=[t, s])) is HOLDS
        assert status(Noise(cf=cos(t) * cos(s), symbols=[t, s])) is HOLDS
        assert status(Noise(cf=cos(t) * exp(-Abs(s)), symbols=[t, s])) is HOLDS
        assert status(Noise(cf=gap * exp(-(s**2)), symbols=[t, s])) is FAILS
        assert status(Noise(cf=Max(1 - Abs(t + s), 0) * exp(-(s**2)), symbols=[t, s])) is FAILS
        assert Noise(cf=exp(-(t**2) - Abs(s)), symbols=[t, s]).dimension == 2

    def test_bad_input(self) -> None:
        with pytest.raises(InputError):
            Noise(cf=exp(-(t**2) - s**2))  # whose coordinates in which order?
        with pytest.raises(InputError):
            Noise(cf=exp(-(t**2)), symbols=[s])
        with pytest.raises(InputTypeError):
            Noise(cf=np.exp)
        with pytest.raises(InputError):
            Noise(cf=exp(-(t**2)), symbols=[])
        with pytest.raises(InputError):
            Noise(cf=exp(-(t**2)), symbols=[t, sympy.Symbol("t")])

    def test_a_number_is_the_function_that_is_1_everywhere(self) -> None:
        for one in (1, 1.0, sympy.Integer(1)):
            noise = Noise(cf=one, symbols=[t])
            assert noise.describe()["law"] == {"node": "cf", "expression": "1", "symbols": ["t"]}
            assert status(noise) is HOLDS
            assert (noise.characteristic(np.zeros((3, 2))) == 1).all()
        with pytest.raises(InputError, match="the value 1 at 0"):
            Noise(cf=2, symbols=[t])

    def test_a_function_outside_the_grammar_keeps_its_dimension(self) -> None:
        wave = sympy.airyai(t) / sympy.airyai(0)
        for noise, dimension in ((Noise(cf=wave), None), (Noise(cf=wave * exp(-(s**2)), symbols=[t, s]), 2)):
            law = noise.describe()["law"]
            assert (law["node"], law["dimension"], noise.dimension) == ("opaque", dimension, dimension)
            assert status(noise) is UNDECIDED

    def test_numbers(self) -> None:
        noise = Noise(cf=exp(-(t**2) - s**2 / 2 + I * t), symbols=[t, s])
        point = np.array([[0.5, -1.0]])
        assert np.allclose(noise.characteristic(point), np.exp(-0.75 + 0.5j))
        assert noise.log_density(point) is None
        with pytest.raises(InputError):
            noise.sample((1, 2), np.random.default_rng(0))


def test_a_bare_sympy_expression_is_a_density() -> None:
    assert as_noise(exp(-Abs(x)) / 2).describe()["law"]["node"] == "density"
