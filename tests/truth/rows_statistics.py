"""Truth of theorem1.ii (as printed), theorem1.minimal (M) and theorem1.positive for models of one latent, or two."""

from sympy import (
    Abs,
    And,
    E,
    Eq,
    Heaviside,
    Interval,
    Max,
    Min,
    Piecewise,
    Rational,
    Reals,
    Symbol,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    ceiling,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    floor,
    frac,
    gamma,
    log,
    loggamma,
    oo,
    pi,
    polygamma,
    sign,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)

from tests.truth.row import FAILS, HOLDS, UNDECIDED, Row

z = Symbol("z", real=True)
ENERGY, ANGLE = Symbol("E", real=True), Symbol("pi", real=True)  # called like constants
HALF, UNIT, SYMMETRIC = Interval.open(0, oo), Interval(0, 1), Interval.open(-1, 1)
TINY = Rational(1, 10**40)
#: Base measures that decay fast enough for the statistics used here.
DECAY, LOG_DECAY = exp(-(z**4)), exp(-z - 1 / z)


def _family(statistics, support=Reals, measure=None):
    """The family with a base measure that decays fast enough for every bounded or polynomial statistic used here."""
    from ivae_theory.families import ExponentialFamily

    return ExponentialFamily(statistics, support, 1 if measure is None else measure)


def _model(*families):
    from ivae_theory import Model, Noise, Prior, assume_injective

    sizes = [family.k for family in families]
    table = [[Rational((7 * row + 3 * column) % 5, 50) for column in range(sum(sizes))] for row in range(2)]
    prior = Prior(list(families), table)
    return Model(prior, noise=Noise.gaussian(0.01), mixing=assume_injective(len(families)))


def _row(name, claim, expected, because, statistics, support=Reals, measure=DECAY, decidable=True):
    claim = {"M": "theorem1.minimal", "ii": "theorem1.ii", "Q": "theorem1.positive"}[claim]
    return Row(name, lambda: _model(_family(statistics, support, measure)), claim, expected, because, decidable)


def _pair(name, claim, expected, because, first, second):
    claim = {"M": "theorem1.minimal", "ii": "theorem1.ii", "Q": "theorem1.positive"}[claim]
    return Row(name, lambda: _model(_family(*first), _family(*second)), claim, expected, because)


ROWS = [
    # -- (M)
    _row("minimal-z-2z", "M", FAILS, "2 T_1 - T_2 = 0 (theory, section 2)", [z, 2 * z]),
    _row("named-E-dependent", "M", FAILS, "e times T_1", [ENERGY, E * ENERGY], Reals, exp(-(ENERGY**4))),
    _row(
        "named-E-free", "M", HOLDS, "E^2 and e E, of degrees 2 and 1", [ENERGY**2, E * ENERGY], Reals, exp(-(ENERGY**4))
    ),
    _row("named-pi-Q", "Q", FAILS, "zero below pi", [ANGLE], Reals, Heaviside(ANGLE - pi) * exp(-(ANGLE**2))),
    _row("minimal-z-z2", "M", HOLDS, "Vandermonde at 0, 1, 2", [z, z**2]),
    _row(
        "minimal-z-2z-patched",
        "M",
        FAILS,
        "T(0) = (0, 1) changes T on a null set only: 2 T_1 - T_2 = 0 almost everywhere",
        [z, Piecewise((1, Eq(z, 0)), (2 * z, True))],
    ),
    _row("minimal-sin2-cos2", "M", FAILS, "sin^2 + cos^2 = 1", [sin(z) ** 2, cos(z) ** 2]),
    _row("minimal-log-logsq", "M", FAILS, "log z^2 = 2 log z on the half-line", [log(z), log(z**2)], HALF, LOG_DECAY),
    _row("minimal-logabs-logsq", "M", FAILS, "log z^2 = 2 log |z| off 0", [log(Abs(z)), log(z**2)], Reals),
    _row("minimal-z-abs-half", "M", FAILS, "|z| = z on the half-line", [z, Abs(z)], HALF),
    _row("minimal-z-abs-line", "M", HOLDS, "|z| is not affine in z: -1, 0, 1", [z, Abs(z)]),
    _row(
        "minimal-relu-pair", "M", HOLDS, "theory, section 2: (relu(z), relu(-z)) satisfies (M)", [Max(z, 0), Max(-z, 0)]
    ),
    _row("minimal-relu-triple", "M", FAILS, "relu(z) - relu(-z) = z", [Max(z, 0), Max(-z, 0), z]),
    _row(
        "minimal-floor",
        "M",
        HOLDS,
        "Lemma 1's counterexample is minimal: floor is not affine on [0, 2]",
        [z, z + floor(z)],
    ),
    _row("minimal-floor-ceiling", "M", FAILS, "ceiling z = floor z + 1 off the integers", [floor(z), ceiling(z)]),
    _row("minimal-frac", "M", FAILS, "z - floor z = frac z", [z, floor(z), frac(z)]),
    _row("minimal-exp-shift", "M", FAILS, "exp(z + 1) = e exp z", [exp(z), exp(z + 1)], SYMMETRIC, 1),
    _row(
        "minimal-exp-scale",
        "M",
        HOLDS,
        "exp z and its square: Vandermonde in exp z",
        [exp(z), exp(2 * z)],
        SYMMETRIC,
        1,
    ),
    _row("minimal-atan-half", "M", FAILS, "atan z + atan 1/z = pi/2 for z > 0", [atan(z), atan(1 / z)], HALF),
    _row(
        "minimal-atan-line",
        "M",
        HOLDS,
        "atan z + atan 1/z is pi/2 for z > 0 and -pi/2 for z < 0, and no other combination has zero derivative",
        [atan(z), atan(1 / z)],
    ),
    _row(
        "minimal-atan-sign",
        "M",
        FAILS,
        "atan z + atan 1/z = pi/2 sign z off 0",
        [atan(z), atan(1 / z), sign(z)],
    ),
    _row("minimal-asin-acos", "M", FAILS, "asin + acos = pi/2", [asin(z), acos(z)], SYMMETRIC),
    _row(
        "minimal-nearly-dependent", "M", HOLDS, "z^2 is not affine in z, whatever its coefficient", [z, z + TINY * z**2]
    ),
    _row(
        "minimal-log-cosh",
        "M",
        HOLDS,
        "near 0: 2 z^2 - 4/3 z^4 against z^2/2 - z^4/12 are not proportional",
        [log(cosh(2 * z)), log(cosh(z))],
    ),
    _row("minimal-erf", "M", FAILS, "erf + erfc = 1", [erf(z), erfc(z)]),
    _row(
        "minimal-loggamma",
        "M",
        FAILS,
        "log Gamma(z+1) = log z + log Gamma(z)",
        [loggamma(z + 1), loggamma(z), log(z)],
        HALF,
        LOG_DECAY * exp(-(z**4)),
    ),
    _row("minimal-gamma", "M", FAILS, "Gamma(z+1) = z Gamma(z)", [gamma(z + 1), z * gamma(z)], Interval(1, 3), 1),
    _row(
        "minimal-digamma",
        "M",
        FAILS,
        "psi(z+1) = psi(z) + 1/z",
        [polygamma(0, z), polygamma(0, z + 1), 1 / z],
        Interval(1, 2),
        1,
    ),
    _row("minimal-step-sign", "M", FAILS, "sign = 2 Heaviside - 1 off 0", [Heaviside(z), sign(z)]),
    _row("minimal-max-min", "M", FAILS, "max(z, 0) + min(z, 0) = z", [Max(z, 0) + Min(z, 0), z]),
    _row("minimal-max-min-one", "M", FAILS, "max(z,1) + min(z,1) = z + 1", [z, Max(z, 1), Min(z, 1)]),
    _row("minimal-constant", "M", FAILS, "T = 5 is a multiple of 1", [z * 0 + 5]),
    _row("minimal-hidden-affine", "M", FAILS, "z^2 - (z-1)^2 = 2z - 1", [z**2 - (z - 1) ** 2, z]),
    _row("minimal-hidden-zero", "M", FAILS, "sin 2z = 2 sin z cos z", [sin(2 * z) - 2 * sin(z) * cos(z)]),
    _row("minimal-double-angle", "M", FAILS, "cos 2z = 1 - 2 sin^2 z", [cos(2 * z), sin(z) ** 2]),
    _row("minimal-sin-shift", "M", FAILS, "sin(z+1) = cos 1 sin z + sin 1 cos z", [sin(z), cos(z), sin(z + 1)]),
    _row("minimal-sqrt-square", "M", FAILS, "sqrt(z^2) = |z|", [sqrt(z**2), Abs(z)]),
    _row("minimal-hyperbolic", "M", FAILS, "cosh + sinh = exp", [cosh(z), sinh(z), exp(z)], SYMMETRIC, 1),
    _row("minimal-logistic", "M", FAILS, "tanh z = 1 - 2/(e^2z + 1)", [tanh(z), 1 / (1 + exp(2 * z))]),
    _row("minimal-softplus", "M", FAILS, "softplus(z) - softplus(-z) = z", [log(1 + exp(z)), log(1 + exp(-z)), z]),
    _row(
        "minimal-asinh-log", "M", FAILS, "asinh z = log(z + sqrt(1 + z^2))", [asinh(z), log(z + sqrt(1 + z**2))], HALF
    ),
    _row("minimal-asinh-log-line", "M", FAILS, "asinh z = log(z + sqrt(1 + z^2))", [asinh(z), log(z + sqrt(1 + z**2))]),
    _row(
        "minimal-acosh-log",
        "M",
        FAILS,
        "acosh z = log(z + sqrt(z^2 - 1))",
        [acosh(z), log(z + sqrt(z**2 - 1))],
        Interval(2, 3),
        1,
    ),
    _row("minimal-irrational-multiple", "M", FAILS, "T_2 = sqrt 2 T_1", [z, sqrt(2) * z]),
    _row("minimal-log-multiple", "M", FAILS, "log 3z = log 3 + log z", [log(z), log(3 * z)], HALF, LOG_DECAY),
    _row("minimal-part-of-support", "M", HOLDS, "max(z, 1) is not affine on the line", [z, Max(z, 1)]),
    _row("minimal-part-outside", "M", FAILS, "max(z, 1) = 1 on [-1, 1)", [z, Max(z, 1)], SYMMETRIC),
    _row(
        "minimal-two-intervals",
        "M",
        HOLDS,
        "affine on each interval, with two different slopes",
        [z, Piecewise((z, z < 1), (3 * z, True))],
        Interval(0, 1) + Interval(2, 3),
        1,
    ),
    _row(
        "minimal-far-kink", "M", HOLDS, "the slope changes at a million", [z, Piecewise((z, z < 10**6), (2 * z, True))]
    ),
    _row(
        "minimal-powers",
        "M",
        HOLDS,
        "powers of one variable are independent",
        [z**j for j in range(1, 9)],
        SYMMETRIC,
        1,
    ),
    _row("minimal-abs-grid", "M", HOLDS, "kinks at different places", [Abs(z - Rational(j, 7)) for j in range(5)]),
    _row(
        "minimal-abs-factored",
        "M",
        FAILS,
        "|2z - 2| = 2 |z - 1|",
        [Abs(z - 1), Abs(z**2 - 2 * z + 1) ** Rational(1, 2)],
    ),
    _row(
        "minimal-flat-function",
        "M",
        HOLDS,
        "exp(-1/z) for z > 0, else 0: not affine although all its derivatives vanish at 0",
        [z, Piecewise((exp(-1 / z), z > 0), (0, True))],
    ),
    _row("minimal-black-box", "M", HOLDS, "the formula z^2 is hidden", lambda v: v**2, decidable=False),
    _row(
        "minimal-black-box-dependent",
        "M",
        FAILS,
        "2 T_1 = T_2, which finitely many values do not show",
        [lambda v: v, lambda v: 2 * v],
        decidable=False,
    ),
    _pair(
        "minimal-second-latent",
        "M",
        FAILS,
        "the second latent has T = (z, 2z)",
        ([z], Reals, DECAY),
        ([z, 2 * z], Reals, DECAY),
    ),
    _pair(
        "minimal-different-k",
        "M",
        HOLDS,
        "both families are minimal",
        ([z**2, z], Reals, DECAY),
        ([z**3], Reals, DECAY),
    ),
    # -- printed (ii)
    _row("ii-identity", "ii", HOLDS, "derivative 1", [z]),
    _row("ii-gaussian", "ii", HOLDS, "derivatives 1 and 2z", [z, z**2]),
    _row("ii-not-minimal", "ii", HOLDS, "(z, 2z): both derivatives are constants that are not 0", [z, 2 * z]),
    _row(
        "ii-relu",
        "ii",
        FAILS,
        "theory, section 2: relu has derivative 0 on the negative half-line",
        [Max(z, 0), Max(-z, 0)],
    ),
    _row(
        "ii-relu-without-mass",
        "ii",
        HOLDS,
        "Q = 0 on the negative half-line: the derivative is 1 almost surely",
        [Max(z, 0)],
        Reals,
        Heaviside(z) * DECAY,
        decidable=False,
    ),
    _row("ii-relu-half", "ii", HOLDS, "relu(z) = z on the half-line", [Max(z, 0)], HALF),
    _row("ii-moreover", "ii", FAILS, "theory, section 6: T' = (z, relu(z)^2)", [z, Max(z, 0) ** 2]),
    _row("ii-moreover-truth", "ii", HOLDS, "theory, section 6: T = (z, z + relu(z)^2)", [z, z + Max(z, 0) ** 2]),
    _row("ii-floor", "ii", FAILS, "floor is constant on (0, 1)", [floor(z)]),
    _row("ii-z-plus-floor", "ii", HOLDS, "derivative 1 off the integers", [z + floor(z)]),
    _row("ii-z-times-floor", "ii", FAILS, "z floor z = 0 on (0, 1)", [z * floor(z)]),
    _row("ii-floor-bounded", "ii", HOLDS, "z floor z = z or 2z on (1, 3)", [z * floor(z)], Interval(1, 3), 1),
    _row("ii-square-floor", "ii", HOLDS, "derivative 2z + n, zero at one point for each n", [z**2 + z * floor(z)]),
    _row("ii-sign", "ii", FAILS, "sign is constant on each side", [sign(z)]),
    _row("ii-max-one", "ii", FAILS, "max(z, 1) = 1 below 1", [Max(z, 1)]),
    _row("ii-abs", "ii", HOLDS, "derivative +-1 off 0", [Abs(z)]),
    _row("ii-abs-sine", "ii", HOLDS, "|sin z| has derivative +-cos z off the zeros of sin", [Abs(sin(z))]),
    _row("ii-max-square", "ii", HOLDS, "max(z^2, -1) = z^2", [Max(z**2, -1)]),
    _row("ii-constant", "ii", FAILS, "derivative 0", [z * 0 + 3]),
    _row("ii-hidden-constant", "ii", FAILS, "sin^2 + cos^2 = 1", [sin(z) ** 2 + cos(z) ** 2]),
    _row("ii-flat-at-zero", "ii", HOLDS, "exp(-1/z^2) is analytic and not constant on each side", [exp(-1 / z**2)]),
    _row("ii-flat-half", "ii", FAILS, "zero on the negative half-line", [Piecewise((exp(-1 / z), z > 0), (0, True))]),
    _row("ii-plateau", "ii", FAILS, "constant between 1 and 2", [Piecewise((z, z < 1), (1, z < 2), (z - 1, True))]),
    _row(
        "ii-plateau-outside",
        "ii",
        HOLDS,
        "the plateau lies outside of the support",
        [Piecewise((z, z < 1), (1, z < 2), (z - 1, True))],
        SYMMETRIC,
    ),
    _row(
        "ii-small-plateau",
        "ii",
        FAILS,
        "constant on (0, 10^-9)",
        [Piecewise((0, And(z > 0, z < Rational(1, 10**9))), (z, True))],
    ),
    _row("ii-patched", "ii", HOLDS, "one point is null", [Piecewise((5, Eq(z, 0)), (z, True))]),
    _row("ii-critical-points", "ii", HOLDS, "cos has isolated critical points", [cos(z)]),
    _row("ii-atan-identity", "ii", FAILS, "atan z + atan 1/z is constant on each side", [atan(z) + atan(1 / z)]),
    _row("ii-log", "ii", HOLDS, "derivative 1/z", [log(z)], HALF, LOG_DECAY),
    _row("ii-root", "ii", HOLDS, "derivative z^(-2/3)/3", [z ** Rational(1, 3)], HALF),
    _row("ii-tangent", "ii", HOLDS, "derivative 1 + tan^2", [tan(z)], Interval.open(-pi / 4, pi / 4), 1),
    _row("ii-black-box", "ii", UNDECIDED, "nothing is known about the derivative of a black box", lambda v: v**2),
    # -- positive Q
    _row("positive-one", "Q", HOLDS, "Q = 1", [z], UNIT, 1),
    _row("positive-gaussian", "Q", HOLDS, "exponentials are positive", [z], Reals, exp(-(z**2) / 2)),
    _row("positive-square", "Q", HOLDS, "z^2 vanishes at one point", [z], Reals, z**2 * exp(-(z**2))),
    _row(
        "positive-cosine", "Q", HOLDS, "1 + cos z vanishes at isolated points", [z], Reals, (1 + cos(z)) * exp(-(z**2))
    ),
    _row("positive-power", "Q", HOLDS, "z^(-1/2) > 0", [z], UNIT, 1 / sqrt(z)),
    _row("positive-logistic", "Q", HOLDS, "theory, Appendix E: Q = (1 + e^z)^-2", [z], SYMMETRIC, (1 + exp(z)) ** -2),
    _row("positive-triangle", "Q", FAILS, "max(1 - |z|, 0) vanishes outside [-1, 1]", [z], Reals, Max(1 - Abs(z), 0)),
    _row("positive-triangle-inside", "Q", HOLDS, "positive inside (-1, 1)", [z], SYMMETRIC, Max(1 - Abs(z), 0)),
    _row("positive-step", "Q", FAILS, "zero on the negative half-line", [z], Reals, Heaviside(z) * exp(-(z**2))),
    _row(
        "positive-gap", "Q", FAILS, "zero on (1, 2)", [z], Interval(0, 3), Piecewise((0, And(z > 1, z < 2)), (1, True))
    ),
    _row("positive-floor", "Q", FAILS, "floor z = 0 on (0, 1)", [z], Interval(0, 2), floor(z)),
    _row(
        "positive-patched", "Q", HOLDS, "zero at one point", [z], UNIT, Piecewise((0, Eq(z, Rational(1, 2))), (1, True))
    ),
    _row(
        "positive-relu-product",
        "Q",
        FAILS,
        "relu(z) relu(-z) is 0, plus a step on z > 1",
        [z],
        Interval(-2, 2),
        Max(z, 0) * Max(-z, 0) + Heaviside(z - 1),
    ),
    _row("positive-abs-sine", "Q", HOLDS, "|sin z| vanishes at isolated points", [z], UNIT, Abs(sin(z)) + 0 * E),
    _pair(
        "positive-second-latent",
        "Q",
        FAILS,
        "the second Q vanishes on (1/2, 1)",
        ([z], UNIT, 1),
        ([z], UNIT, Max(Rational(1, 2) - z, 0)),
    ),
]
