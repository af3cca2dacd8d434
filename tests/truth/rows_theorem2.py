"""Truth of theorem2.* and published.*: what mathematics says, with the argument. Never made from an answer."""

# ruff: noqa: E501  (a row is a line: the table is read down its columns)
from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy
from sympy import Abs, Interval, Max, Piecewise, Rational, Union, asinh, cos, cosh, exp, floor, log, oo, sin, sqrt

from ivae_theory import families
from ivae_theory.families import ExponentialFamily
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Noise
from tests.truth.row import FAILS, HOLDS, UNDECIDED, Row

z = sympy.Symbol("z", real=True)
z1, z2 = sympy.symbols("z1:3", real=True)
HALF = Interval.open(0, oo)
SCALED, BLOCK = "theorem2.scaled_permutation", "theorem2.block_permutation"
I_, II = "theorem2.i", "theorem2.ii"


def family(statistics: Any, support: Any = sympy.Reals, base: Any = 1) -> ExponentialFamily:
    """One family in z."""
    return ExponentialFamily(statistics, support, base, variable=z)


def of(*members: Any, natural: Any = None, mixing: Any = None) -> Callable[[], Model]:
    """A model with these families: three or more points of lambda, an injective f, Gaussian noise."""

    def build() -> Model:
        n, size = len(members), sum(member.k for member in members)
        rows = natural if natural is not None else _rows(members, size)
        f = mixing if mixing is not None else sympy.Matrix(sympy.symbols(f"z1:{n + 1}", real=True))
        return Model(Prior(list(members), rows), noise=Noise.gaussian(Rational(1, 100)), mixing=f)

    return build


def _rows(members: Sequence[Any], size: int) -> list[list[Fraction]]:
    """Affinely spanning natural parameters, negative: T that grow are then integrable."""
    rows = []
    for row in range(size + 1):
        rows.append([Fraction(-1 - row * column, 1 + column) - (row == column) for column in range(size)])
    return rows


def boxed(values: Any) -> Any:
    """A statistic whose formula nobody knows."""
    return values**2


GAUSS = exp(-(z**2) / 2)
_square, _absolute, _line = families.gaussian_scale(), families.laplace_scale(), families.gaussian_location()
_sech, _logistic = family([z], base=1 / cosh(z)), family([z], base=exp(z) / (1 + exp(z)) ** 2)
_cube = family([z**3], base=z**2 * exp(-(z**6) / 2))
_lognormal = family([log(z)], HALF, exp(-(log(z) ** 2) / 2) / z)
_gamma = family([log(z)], HALF, exp(-z))
_near = family([z], base=exp(-(z**2) / 2 - Rational(1, 10**30) * z**4))
_box = ExponentialFamily(boxed)
_asinh = family([asinh(z)], base=exp(-(asinh(z) ** 2) / 2) / sqrt(1 + z**2))
_gap = family([z], Union(Interval.open(-oo, 0), Interval.open(1, oo)), GAUSS)
_kinked = family([Max(z, z / 10)], base=GAUSS)
_wave = family([z + sin(z) / 2], base=exp(-(z**2)))
_bounded = family([1 - exp(-(z**2))], base=exp(-(z**2)))
_wiggle = family([z * sin(z)], base=exp(-(z**2)))
_cubic = family([z**3 - z], base=exp(-(z**6)))
_mixture = family([z], base=exp(-(z**2)) + exp(-((z - 3) ** 2)))
_interval = family([z], Interval(0, 1))
_laplace_base = family([z], base=exp(-3 * Abs(z)))
_affine_gaussian = family([2 * z + 1], base=exp(-3 * z**2 + z))
_probit = family([sqrt(2) * sympy.erfinv(2 * z - 1)], Interval.open(0, 1))
_logit = family([log(z / (1 - z))], Interval.open(0, 1), 1 / (z * (1 - z)) * exp(-3 * Abs(log(z / (1 - z)))))
_nearest = family([z], base=exp(-(z**2) / 2 - z**4 / 10**300))
_logit_normal = family(
    [log(z / (1 - z))],
    Interval.open(0, 1),
    (z / (1 - z)) ** Rational(1, 3) / (z * (1 - z)) * exp(-(log(z / (1 - z)) ** 2) / 2),
)
_hidden = family([z**3 + z], base=sympy.expand((3 * z**2 + 1) * exp(-sympy.expand((z**3 + z) ** 2) / 2)))
_disguised = family([z], base=GAUSS * (cos(z) ** 2 + sin(z) ** 2))
OFF_ZERO = Union(Interval.open(-oo, 0), HALF)
_log_abs = family([log(Abs(z))], OFF_ZERO, exp(-(log(Abs(z)) ** 2) / 2) / Abs(z))
_two_sides = family([z**2], OFF_ZERO, exp(-(z**2)))
_turning = family([z**2], Union(Interval.open(-oo, 1), Interval.open(2, oo)), exp(-(z**2)))
SMALL = [[Fraction(p, 7), Fraction(q, 9)] for p, q in ((0, 0), (1, 0), (0, 1))]
FIVE = [[1, -1, 0, -2], [2, -2, 1, -1], [0, -3, 1, -4], [1, -1, 1, -1], [0, -1, 3, -2]]
FIVE_POSITIVE = [[1, -1, 2, -2], [2, -2, 1, -1], [1, -3, 1, -4], [1, -1, 1, -1], [3, -1, 3, -2]]
DS = "Darmois-Skitovich: with at most one Gaussian T_i(z_i), A is a scaled permutation"
ROTATE = "the standardised Gaussian pair can be rotated; T' = z', Q' Gaussian is in the class"

ROWS: list[Row] = [
    Row("t2_square", of(_square, _square), SCALED, HOLDS, "z**2 >= 0 is half-bounded, so never Gaussian. " + DS),
    Row("t2_absolute", of(_absolute, _absolute), SCALED, HOLDS, "|z| >= 0. " + DS),
    Row("t2_gaussian_pair", of(_line, _line), SCALED, FAILS, ROTATE),
    Row("t2_gaussian_pair_float_variance", of(families.gaussian_location(0.1), _line), SCALED, FAILS, ROTATE),
    Row("t2_one_gaussian_one_logistic", of(_line, _logistic, natural=SMALL), SCALED, HOLDS, "the logistic base is not Gaussian: cumulant 6/5 sigma^4"),
    Row("t2_one_gaussian_one_square", of(_line, _square), SCALED, HOLDS, "mixed families; z**2 is half-bounded. " + DS),
    Row("t2_two_gaussians_one_square", of(_line, _line, _square), SCALED, FAILS, ROTATE),
    Row("t2_exponential_half_line", of(families.exponential(), families.exponential()), SCALED, HOLDS,
        "z >= 0 is half-bounded: the published Proposition is wrong here (theory, section 6)"),
    Row("t2_sech", of(_sech, _sech, natural=SMALL), SCALED, HOLDS, "log Q = -log cosh is no quadratic polynomial"),
    Row("t2_cube_gaussian", of(_cube, _cube, natural=SMALL), SCALED, FAILS, "y = z**3 has the density exp(-y**2/2): " + ROTATE),
    Row("t2_lognormal_pair", of(_lognormal, _lognormal, natural=SMALL), SCALED, FAILS, "log z is Gaussian: " + ROTATE),
    Row("t2_gamma_shape", of(_gamma, _gamma, natural=[[1, 1], [2, 1], [1, 2]]), SCALED, HOLDS,
        "log of a gamma variable has the density exp(lambda y - e^y): not Gaussian"),
    Row("t2_probit_pair", of(_probit, _probit, natural=SMALL), SCALED, FAILS, "T = Phi^-1(z), z uniform: T is Gaussian. " + ROTATE),
    Row("t2_asinh_pair", of(_asinh, _asinh, natural=SMALL), SCALED, FAILS, "y = asinh z has the density exp(-y**2/2)"),
    Row("t2_hidden_gaussian", of(_hidden, _line, natural=SMALL), SCALED, FAILS, "Q = T' exp(-T**2/2) for T = z**3 + z, expanded: T is Gaussian. " + ROTATE),
    Row("t2_disguised_gaussian", of(_disguised, _line, natural=SMALL), SCALED, FAILS, "cos**2 + sin**2 = 1: T = z is Gaussian. " + ROTATE),
    Row("t2_affine_gaussian", of(_affine_gaussian, _line, natural=SMALL), SCALED, FAILS, "an affine function of a Gaussian is Gaussian"),
    Row("t2_near_gaussian", of(_near, _near, natural=SMALL), SCALED, HOLDS, "z**4 with the factor 1e-30 is no quadratic polynomial"),
    Row("t2_near_1e-300", of(_nearest, _nearest, natural=SMALL), SCALED, HOLDS, "z**4 with the factor 1e-300 is no quadratic polynomial"),
    Row("t2_logit_pair", of(_logit_normal, _logit_normal, natural=SMALL), SCALED, FAILS, "the logit of a logit-normal variable is Gaussian. " + ROTATE),
    Row("t2_near_and_gaussian", of(_near, _line, natural=SMALL), SCALED, HOLDS, "one of the two is Gaussian, the other is not"),
    Row("t2_bounded_statistic", of(_bounded, _bounded), SCALED, HOLDS, "1 - exp(-z**2) is bounded"),
    Row("t2_compact_support", of(_interval, _interval), SCALED, HOLDS, "T is bounded on a compact support"),
    Row("t2_support_with_gap", of(_gap, _line, natural=SMALL), SCALED, HOLDS, "a law that leaves out an interval is not Gaussian"),
    Row("t2_support_with_gap_pair", of(_gap, _gap, natural=SMALL), SCALED, HOLDS, "neither law has R as its support"),
    Row("t2_kinked", of(_kinked, _kinked, natural=SMALL), SCALED, HOLDS, "two half Gaussians of different variances"),
    Row("t2_wave", of(_wave, _wave, natural=SMALL), SCALED, HOLDS, "log Q - log T' = -z**2 - log(1 + cos(z)/2), no quadratic polynomial of T"),
    Row("t2_mixture_base", of(_mixture, _mixture, natural=SMALL), SCALED, HOLDS, "a mixture of two different Gaussians is not Gaussian"),
    Row("t2_cubic_tail", of(_cubic, _cubic, natural=SMALL), SCALED, HOLDS, "for large y one preimage: density like exp(-y**2) y**(-2/3)"),
    Row("t2_laplace_base", of(_laplace_base, _laplace_base, natural=SMALL), SCALED, HOLDS, "log Q = -3|z|"),
    Row("t2_logit_laplace", of(_logit, _logit, natural=SMALL), SCALED, HOLDS, "the logit has a Laplace law"),
    Row("t2_black_box_pair", of(_box, _box), SCALED, HOLDS, "it is z**2, which nobody can know", decidable=False),
    Row("t2_black_box_and_square", of(_box, _square), SCALED, HOLDS, "one latent may be anything when the other is not Gaussian"),
    Row("t2_black_box_and_gaussian", of(_box, _line), SCALED, HOLDS, "it is z**2, which nobody can know", decidable=False),
    Row("t2_wiggle", of(_wiggle, _wiggle, natural=SMALL), SCALED, HOLDS, "z sin z has a density with a logarithmic-type singularity at its extrema", decidable=False),
    Row("t2_one_latent", of(_line), SCALED, HOLDS, "A is 1 x 1"),
    Row("t2_shifted_squares", of(families.gaussian_scale(mean=1), families.gaussian_scale(mean=-2)), SCALED, HOLDS, "(z - m)**2 >= 0"),
    Row("t2_k2_gaussian_block", of(families.gaussian(), families.gaussian(), natural=FIVE),
        BLOCK, HOLDS, "T = (z, z**2): squares of z_i in span{1, z'_j, z'_j**2} leave one j (theory, section 3)"),
    Row("t2_k2_gamma_block", of(families.gamma(), families.gamma(), natural=FIVE_POSITIVE),
        BLOCK, HOLDS, "(log z, z) is analytic on (0, oo) and no arc of it is straight"),
    Row("t2_k2_mixed_block", of(families.gaussian(), families.gamma(), natural=FIVE_POSITIVE),
        BLOCK, HOLDS, "both images are curved everywhere"),
    Row("t2_k2_relu_block", of(family([z, Max(z, 0) ** 2], base=exp(-(z**4))), family([z, z**2], base=exp(-(z**4)))), BLOCK, UNDECIDED,
        "the image of (-1, 0) under (z, relu(z)**2) lies in a line: no theorem, and no rival is known"),
    Row("t2_k2_line_block", of(family([z, 2 * z], base=exp(-(z**4))), family([z, 2 * z], base=exp(-(z**4)))), BLOCK, UNDECIDED,
        "the whole image lies in a line; (M) fails, so that the claim has no premise"),
    Row("t2_mixed_k_block", of(families.gaussian(), _square), BLOCK, UNDECIDED, "no theorem covers k_1 = 2, k_2 = 1"),
    Row("t2_one_latent_block", of(families.gaussian()), BLOCK, HOLDS, "A is one block"),
    Row("t2_i_same", of(_square, _square), I_, HOLDS, "k = 1 and the same T"),
    Row("t2_i_same_written_differently", of(family([(z - 1) ** 2]), family([z**2 - 2 * z + 1])), I_, HOLDS, "the same polynomial"),
    Row("t2_i_different", of(_square, _absolute), I_, FAILS, "z**2 and |z| differ at 2"),
    Row("t2_i_different_domains", of(families.half_normal(), _square), I_, FAILS, "a function on a half-line is not one on R"),
    Row("t2_i_nearly_same", of(family([z**2]), family([z**2 * (1 + Rational(1, 10**40))])), I_, FAILS, "they differ by 1e-40 at 1"),
    Row("t2_i_same_by_an_identity", of(family([z**2 + 1]), family([z**2 + sympy.sin(z) ** 2 + cos(z) ** 2])), I_, HOLDS, "sin**2 + cos**2 = 1"),
    Row("t2_i_nearly_same_1e-300", of(family([z**2]), family([z**2 + z / 10**300])), I_, FAILS, "they differ by 1e-300 at 1"),
    Row("t2_i_k2", of(families.gaussian(), families.gaussian()), I_, FAILS, "k = 2"),
    Row("t2_ii_square", of(_square, _square), II, HOLDS, "z**2 has its minimum at 0 alone"),
    Row("t2_ii_absolute", of(_absolute, _absolute), II, HOLDS, "|z| has its minimum at 0 alone"),
    Row("t2_ii_line", of(_line, _line), II, FAILS, "z has no minimum on R"),
    Row("t2_ii_two_wells", of(family([z**2 * (z - 1) ** 2])), II, FAILS, "0 is attained at 0 and at 1"),
    Row("t2_ii_symmetric_wells", of(family([z**4 - z**2])), II, FAILS, "-1/4 is attained at +-1/sqrt(2)"),
    Row("t2_ii_tilted_wells", of(family([(z**2 - 1) ** 2 + z / 10])), II, HOLDS, "the left well is lower by about 1/5"),
    Row("t2_ii_wells_tilted_by_1e-300", of(family([(z**2 - 1) ** 2 + z / 10**300])), II, HOLDS, "the left well is lower by about 2e-300"),
    Row("t2_ii_three_wells", of(family([z**6 - 6 * z**4 + 9 * z**2 + z / 10**100])), II, HOLDS, "z**2 (z**2 - 3)**2 has three zeros; tilted, the left one is lowest"),
    Row("t2_ii_open_end", of(family([z**2], HALF)), II, FAILS, "the infimum 0 is not attained on (0, oo)"),
    Row("t2_ii_closed_end", of(family([z], Interval(0, oo))), II, HOLDS, "z on [0, oo) has its minimum at 0"),
    Row("t2_ii_cosine", of(family([cos(z)], base=exp(-(z**2)))), II, FAILS, "-1 is attained at every odd multiple of pi"),
    Row("t2_ii_floor", of(family([floor(z)], Interval(0, 5))), II, FAILS, "0 is attained on [0, 1)"),
    Row("t2_ii_bounded", of(_bounded), II, HOLDS, "1 - exp(-z**2) vanishes at 0 alone"),
    Row("t2_ii_bump", of(family([exp(-(z**2))], base=exp(-(z**2)))), II, FAILS, "the infimum 0 is not attained"),
    Row("t2_ii_logarithm", of(_gamma, natural=[[1], [2]]), II, FAILS, "log z tends to minus infinity at 0"),
    Row("t2_ii_convex", of(family([z - log(z)], HALF)), II, HOLDS, "strictly convex with derivative 0 at 1"),
    Row("t2_ii_square_and_line", of(_square, _line), II, FAILS, "the second latent has no minimum"),
    Row("t2_ii_flat_bottom", of(family([Max(Abs(z) - 1, 0)])), II, FAILS, "0 is attained on all of [-1, 1]"),
    Row("t2_ii_black_box", of(_box), II, HOLDS, "it is z**2, which nobody can know", decidable=False),
    Row("t2_ii_quartic", of(family([z**4 - z])), II, HOLDS, "strictly convex: 12 z**2 >= 0 with an isolated zero"),
    Row("t2_ii_step_then_square", of(family([Piecewise((z**2, z > 0), (z**2, True))])), II, HOLDS, "it is z**2"),
]  # fmt: skip

_shear_free = {"mixing": sympy.Matrix([z1 + z2**3, z2])}
PUBLISHED_ROWS: list[Row] = [
    Row("published1_square", of(_square, _square), "published.theorem1", HOLDS, "z**2 is 0 on a null set only, and not constant on any set of positive measure"),
    Row("published1_relu", of(family([Max(z, 0)], base=exp(-(z**2))), _square), "published.theorem1", FAILS, "relu(z) = 0 on (-oo, 0): dependent there"),
    Row("published1_two_relus", of(family([Max(z, 0), Max(-z, 0)], base=exp(-(z**4))), natural=[[-1, -2], [-2, -1], [-3, -5]]), "published.theorem1", FAILS,
        "relu(-z) = 0 on (0, oo)"),
    Row("published1_dependent", of(family([z, 2 * z], base=exp(-(z**4))), natural=[[1, 2], [2, 1], [3, 5]]), "published.theorem1", FAILS, "T_2 = 2 T_1"),
    Row("published1_gaussian", of(families.gaussian(), natural=[[1, -1], [0, -2], [3, -3]]), "published.theorem1", HOLDS, "1, z, z**2 are independent polynomials"),
    Row("published1_absolute", of(_absolute, _absolute), "published.theorem1", HOLDS, "|z| is analytic off 0 and not constant on either side"),
    Row("published1_gamma", of(families.gamma(), natural=[[1, -1], [2, -1], [1, -2]]), "published.theorem1", HOLDS, "1, log z, z are independent and analytic on (0, oo)"),
    Row("published1_location", of(_line, _sech, natural=SMALL), "published.theorem1", HOLDS, "z is injective; f the identity"),
    Row("published1_von_mises", of(families.von_mises(), natural=[[1, 1], [2, 1], [1, 3]]), "published.theorem1", HOLDS, "1, cos, sin are independent and analytic"),
    Row("published1_too_few_points", of(_square, _square, natural=[[-1, -2], [-2, -1]]), "published.theorem1", FAILS, "two values of u give rank at most 1 < 2"),
    Row("published1_flat_piece", of(family([Piecewise((z - 1, z > 1), (0, True))], base=exp(-(z**2)))), "published.theorem1", FAILS, "T = 0 on (-oo, 1)"),
    Row("published1_cubes", of(family([z, z**3], base=exp(-(z**4))), natural=[[1, 0], [0, 1], [2, 3]]), "published.theorem1", HOLDS, "1, z, z**3 are independent polynomials"),
    Row("published1_floor", of(family([z + floor(z)], Interval(0, 3)), natural=[[1], [2]]), "published.theorem1", HOLDS,
        "injective, hence constant on no set of positive measure", decidable=False),
    Row("published2_gaussian", of(families.gaussian(), families.gaussian(), natural=FIVE),
        "published.theorem2", HOLDS, "analytic T, f the identity"),
    Row("published2_shear", of(families.gaussian(), families.gaussian(), natural=FIVE, **_shear_free),
        "published.theorem2", HOLDS, "f = (z1 + z2**3, z2) is a polynomial automorphism"),
    Row("published2_kink", of(families.gaussian(), families.gaussian(), natural=FIVE,
        mixing=sympy.Matrix([z1 + Abs(z2), z2])), "published.theorem2", UNDECIDED, "f has a kink: the hypothesis fails, and no argument of ours proves it"),
    Row("published3_square", of(_square, _square), "published.theorem3", HOLDS, "z**2 falls and rises; f the identity"),
    Row("published3_line", of(_sech, _sech, natural=SMALL), "published.theorem3", FAILS, "z is monotonic"),
    Row("published3_bounded", of(_bounded, _bounded), "published.theorem3", HOLDS, "1 - exp(-z**2) falls and rises"),
    Row("published3_half_line", of(families.half_normal(), families.half_normal()), "published.theorem3", FAILS, "z**2 is monotonic on the half-line"),
    Row("published3_relu", of(_square, family([Max(z, 0)], base=exp(-(z**2)))), "published.theorem3", FAILS, "relu is monotonic, and 0 on a half-line"),
    Row("published3_abs_mixing", of(_square, _square, mixing=sympy.Matrix([z1 + Abs(z2), z2])), "published.theorem3", UNDECIDED, "f has a kink: the hypothesis fails, and no argument of ours proves it"),
    Row("published3_logarithms", of(_log_abs, _log_abs, natural=SMALL), "published.theorem3", UNDECIDED,
        "log|z| off 0 is not monotonic and its law is Gaussian: log|z'| = R log|z|, signs kept, is a smooth rival for every rotation R"),
    Row("published3_two_sides", of(_two_sides, _two_sides, natural=SMALL), "published.theorem3", UNDECIDED,
        "it falls on one interval and rises on the other, and turns on neither"),
    Row("published3_two_sides_and_turn", of(_turning, _turning, natural=SMALL), "published.theorem3", HOLDS, "z**2 turns at 0, on (-oo, 1)"),
    Row("published3_kink", of(_absolute, _absolute), "published.theorem3", HOLDS, "|z| is continuous and turns at 0"),
    Row("published3_stretched", of(_square, _square, mixing=sympy.Matrix([z1 + sympy.tanh(z2), z2 + exp(z2)])), "published.theorem3", HOLDS, "f is smooth and injective, coordinate by coordinate", decidable=False),
]  # fmt: skip

ROWS += PUBLISHED_ROWS

#: Claims that a report does not show for these models, because the other theorem is meant for their k.
EXTRA_ROWS: list[Row] = [
    Row("t2_k2_is_no_scaled_permutation", of(families.gaussian(), families.gaussian(), natural=FIVE),
        SCALED, FAILS, "T' = B T with B a shear is the same model"),
    Row("published2_k1", of(_square, _square), "published.theorem2", FAILS, "k = 1"),
    Row("published3_k2", of(families.gaussian(), natural=[[1, -1], [0, -2], [3, -3]]), "published.theorem3", FAILS, "k = 2"),
]  # fmt: skip
