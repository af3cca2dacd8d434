"""theorem1.i and theorem1.known_noise: laws whose characteristic functions are known, parameter by parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats as st
import sympy

from ivae_theory import families
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Discrete, Noise, as_noise
from tests.truth.row import FAILS, HOLDS, UNDECIDED, Row

CLAIM, KNOWN = "theorem1.i", "theorem1.known_noise"
x, t, s = sympy.symbols("x t s", real=True)
pi, Abs, Max, Min, cos, exp, sin = sympy.pi, sympy.Abs, sympy.Max, sympy.Min, sympy.cos, sympy.exp, sympy.sin
FEJER = (1 - cos(x)) / (pi * x**2)
TRIANGLE = Max(1 - Abs(t), 0)
#: Mass of that law on [-1, 1].
INNER = 2 * (sympy.Si(1) - 1 + cos(1)) / pi


def row(
    name: str, noise: Callable[[], Any], expected: Any, because: str, claim: str = CLAIM, decidable: bool = True
) -> Row:
    """A row whose model has one Gaussian latent and this noise."""

    def model() -> Model:
        return Model(Prior(families.gaussian_scale(), np.array([[-1.0], [-2.0], [-3.0]])), noise=noise())

    return Row(f"noise-{name}", model, claim, expected, because, decidable)


def frozen(name: str, expected: Any, because: str, **parameters: float) -> Row:
    """A row for a frozen law of scipy.stats."""
    values = "-".join(f"{key}{value:g}" for key, value in parameters.items())
    return row(f"{name}-{values}", lambda: getattr(st, name)(**parameters), expected, because)


def torch_row(name: str, build: Callable[[Any, Any], Any], expected: Any, because: str) -> Row:
    """A row for a law of torch.distributions; ``build(torch, torch.distributions)``."""

    def noise() -> Any:
        import torch

        return build(torch, torch.distributions)

    return row(f"torch-{name}", noise, expected, because)


def _user_norm() -> Any:
    class norm_gen(st.rv_continuous):  # scipy's own name, on purpose
        def _pdf(self, v: Any) -> Any:
            return (1 - np.cos(v)) / (np.pi * v**2)

    return norm_gen(name="norm")()


def _torch_user_normal(torch: Any, D: Any) -> Any:
    class Normal(D.Normal):
        def sample(self, sample_shape: Any = ()) -> Any:
            return super().sample(sample_shape) ** 3

    return Normal(0.0, 1.0)


_SCIPY = [
    frozen("norm", HOLDS, "phi = exp(-t^2/2 * scale^2) exp(i loc t)", loc=3.0, scale=0.1),
    frozen("t", HOLDS, "a Gaussian scale mixture for every df > 0, no moment needed", df=0.25),
    frozen("cauchy", HOLDS, "phi = exp(-|t|) > 0"),
    frozen("laplace", HOLDS, "phi = 1/(1 + t^2) > 0"),
    frozen("logistic", HOLDS, "phi = pi t / sinh(pi t)"),
    frozen("uniform", HOLDS, "phi = sin(t/2)/(t/2) up to a phase: zeros at multiples of 2 pi, a null set"),
    frozen("triang", HOLDS, "bounded support: entire phi", c=0.5),
    frozen("beta", HOLDS, "bounded support: phi = 1F1(a, a+b, it) is entire", a=0.5, b=0.5),
    frozen("arcsine", HOLDS, "phi = J_0(t/2) up to a phase: isolated zeros"),
    frozen("semicircular", HOLDS, "phi = 2 J_1(t)/t: isolated zeros"),
    frozen("irwinhall", HOLDS, "phi is a power of a sinc: isolated zeros", n=3.0),
    frozen("truncnorm", HOLDS, "bounded support: entire phi", a=-1.0, b=2.0),
    frozen("truncnorm", HOLDS, "density at most a multiple of the normal one: exponential moments", a=1.0, b=np.inf),
    frozen(
        "gennorm", HOLDS, "beta < 1: no exponential moment, but exp(-|x|^beta) is a Gaussian scale mixture", beta=0.5
    ),
    frozen("gennorm", HOLDS, "beta > 2: no scale mixture, but exponential moments of every order", beta=4.0),
    frozen("dweibull", HOLDS, "|x|^(c-1) exp(-|x|^c) is completely monotone in x^2 for c <= 1", c=0.5),
    frozen("dweibull", HOLDS, "c >= 1: an exponential moment", c=3.0),
    frozen("gamma", HOLDS, "phi = (1 - it)^-a, no zeros", a=0.1),
    frozen("lognorm", HOLDS, "on a half-line; no exponential moment, infinitely divisible (Thorin)", s=2.0),
    frozen("pareto", HOLDS, "on a half-line, whatever the tail", b=0.5),
    frozen("weibull_min", HOLDS, "on a half-line; for c < 1 no exponential moment", c=0.3),
    frozen("weibull_max", HOLDS, "on a half-line to the left", c=0.3),
    frozen("genextreme", HOLDS, "c > 0: on a half-line to the left", c=2.0),
    frozen("genextreme", HOLDS, "c < 0: on a half-line to the right", c=-0.5),
    frozen("genextreme", HOLDS, "c = 0: the Gumbel law, phi = Gamma(1 - it)", c=0.0),
    frozen("genpareto", HOLDS, "c < 0: bounded support", c=-0.5),
    frozen("levy", HOLDS, "stable: phi = exp(-sqrt(-2it))"),
    frozen("levy_stable", HOLDS, "stable, so infinitely divisible", alpha=0.7, beta=-1.0),
    frozen("halfcauchy", HOLDS, "on a half-line: null zeros"),
    frozen("crystalball", HOLDS, "right tail Gaussian: a one-sided exponential moment", beta=2.0, m=1.5),
    frozen("skewcauchy", HOLDS, "rational on each side of 0: phi is analytic but for 0", a=0.5),
    frozen("jf_skew_t", HOLDS, "algebraic tails, analytic in sectors: phi is analytic but for 0", a=8.0, b=4.0),
    frozen("nct", HOLDS, "tails analytic in sectors: phi is analytic but for 0", df=3.0, nc=2.0),
    frozen("tukeylambda", HOLDS, "lam > 0: bounded support", lam=0.5),
    frozen("kappa4", HOLDS, "h < 0 = k: a generalised logistic law, exponential tails", h=-0.5, k=0.0),
    row(
        "user-norm",
        _user_norm,
        UNDECIDED,
        "a user's class called norm_gen with the density of the gap law: a black box",
    ),
    row(
        "user-bounds",
        lambda: type(st.uniform)(a=0, b=np.inf, name="uniform")(),
        UNDECIDED,
        "scipy's class with other bounds is not scipy's law",
    ),
    row("coordinates", lambda: st.norm([0, 1], [1, 0.5]), HOLDS, "independent Gaussian coordinates"),
    row("histogram", lambda: st.rv_histogram(([1, 2], [0, 1, 2]))(), HOLDS, "bounded bins: bounded support"),
    row("kde", lambda: st.gaussian_kde([1.0, 2.0, 4.0]), HOLDS, "a law on finitely many points plus a Gaussian"),
    row("multivariate-t", lambda: st.multivariate_t([0, 0], [[2, 1], [1, 2]], df=1), HOLDS, "a Gaussian scale mixture"),
]

_COMPOSITE = [
    row("none", Noise.none, HOLDS, "phi = 1: the law of the constant 0"),
    row("gaussian", lambda: Noise.gaussian(0.01), HOLDS, "phi = exp(-.005 t^2)"),
    row("gaussian-zero", lambda: Noise.gaussian(0), HOLDS, "variance 0 is no noise: phi = 1"),
    row(
        "gaussian-singular",
        lambda: Noise.gaussian([[1, 1], [1, 1]]),
        HOLDS,
        "exp(-w.Sigma w/2) > 0 for singular Sigma too",
    ),
    row(
        "sum", lambda: as_noise(st.uniform()) + as_noise(st.pareto(1)), HOLDS, "two factors with closed null zero sets"
    ),
    row("tall", lambda: np.array([[1, 2], [3, 4], [5, 6]]) @ as_noise(st.uniform()), HOLDS, "injective B keeps (N)"),
    row("wide", lambda: np.array([[1, 2, 3]]) @ as_noise(st.uniform()), HOLDS, "a product of sincs in one variable"),
    row(
        "gap",
        lambda: Noise(density=FEJER),
        FAILS,
        "phi = max(1 - |t|, 0) vanishes for |t| > 1 (theory, section 2)",
    ),
    row("gap-cf", lambda: Noise(cf=TRIANGLE), FAILS, "zero for |t| > 1 as given"),
    row(
        "gap-cf-second-form",
        lambda: Noise(cf=(Abs(t + 1) - 2 * Abs(t) + Abs(t - 1)) / 2),
        FAILS,
        "the same function: 0 on (1, oo)",
    ),
    row(
        "gap-piecewise",
        lambda: Noise(cf=sympy.Piecewise((1 - Abs(t), Abs(t) < 1), (0, True))),
        FAILS,
        "the same function, written as a Piecewise",
    ),
    row(
        "gap-smooth",
        lambda: Noise(density=96 * sin(x / 4) ** 4 / (pi * x**4)),
        FAILS,
        "a multiple of sinc^4 is the law of a B-spline transform: type 1, so phi = 0 for |t| > 1 (Paley-Wiener)",
    ),
    row(
        "gap-plus-gaussian",
        lambda: Noise(density=FEJER) + Noise.gaussian(1),
        FAILS,
        "a product with a factor that is 0 on an open set",
    ),
    row(
        "gap-coordinate",
        lambda: Noise.product([Noise.gaussian(1), Noise(cf=TRIANGLE)]),
        FAILS,
        "phi(w) = 0 on R x (1, oo), which is open in R^2",
    ),
    row("gap-scaled", lambda: 0.5 * Noise(cf=TRIANGLE) + 3, FAILS, "phi(t/2) e^{3it} = 0 for |t| > 2"),
    row(
        "gap-mixed-by-a-matrix",
        lambda: np.array([[1, 1], [1, -1]]) @ Noise.product([Noise.gaussian(1), Noise(cf=TRIANGLE)]),
        FAILS,
        "an invertible map carries the open zero set over",
    ),
    row("gap-mapped-to-zero", lambda: 0 * Noise(cf=TRIANGLE), HOLDS, "0 times anything is no noise"),
    row(
        "gap-plus-black-box",
        lambda: Noise(cf=TRIANGLE) + Noise(density=lambda v: v),
        FAILS,
        "whatever the other law is, phi = 0 for |t| > 1",
    ),
    row(
        "gap-halves",
        lambda: Noise.mixture(
            [0.5, 0.5],
            [
                Noise(density=FEJER / INNER, support=sympy.Interval(-1, 1)),
                Noise(
                    density=FEJER / (1 - INNER),
                    support=sympy.Union(sympy.Interval(-sympy.oo, -1), sympy.Interval(1, sympy.oo)),
                ),
            ],
        ),
        UNDECIDED,
        "mixtures of admissible laws may have a gap (section 2), and the outer part's tails are not analytic "
        "in a sector",
    ),
    row(
        "mixture-centres",
        lambda: Noise.mixture([0.5, 0.5], [st.norm(-1, 1), st.norm(2, 3)]),
        HOLDS,
        "exponential moments",
    ),
    row(
        "mixture-scales",
        lambda: Noise.mixture([0.5, 0.5], [st.cauchy(), st.norm(0, 3)]),
        HOLDS,
        "a scale mixture: phi > 0",
    ),
    row(
        "mixture-half-lines",
        lambda: Noise.mixture([0.5, 0.5], [st.lognorm(2), -1 * as_noise(st.pareto(2))]),
        HOLDS,
        "half-lines to opposite sides; both tails are analytic in sectors, so phi is analytic but for 0",
    ),
]

_SYMBOLIC = [
    row("density-laplace", lambda: exp(-Abs(x)) / 2, HOLDS, "phi = 1/(1 + t^2) > 0"),
    row("density-cauchy", lambda: 1 / (pi * (1 + x**2)), HOLDS, "phi = exp(-|t|) > 0"),
    row("density-gauss", lambda: exp(-(x**2) / 2) / sympy.sqrt(2 * pi), HOLDS, "phi = exp(-t^2/2) > 0"),
    row(
        "density-quartic",
        lambda: sympy.sqrt(2) / (pi * (1 + x**4)),
        HOLDS,
        "rational: phi is analytic on each half-line",
    ),
    row(
        "density-interval",
        lambda: Noise(density=2 * x, support=sympy.Interval(0, 1)),
        HOLDS,
        "bounded support: entire phi",
    ),
    row(
        "density-half-line",
        lambda: Noise(density=1 / x**2, support=sympy.Interval(1, sympy.oo)),
        HOLDS,
        "on a half-line, density x^-2",
    ),
    row(
        "density-black-box",
        lambda: Noise(density=lambda v: np.exp(-(v**2))),
        UNDECIDED,
        "a black box: nothing is known of phi",
    ),
    row(
        "density-wiggly",
        lambda: Noise(
            density=(1 + cos(x) / 2) * sympy.exp(1) / (pi * (sympy.exp(1) + sympy.Rational(1, 2)) * (1 + x**2))
        ),
        HOLDS,
        "phi is a combination of exp(-|t|) and exp(-|t +- 1|): a sum of positive terms",
        decidable=False,
    ),
    row("cf-cos", lambda: Noise(cf=cos(t)), HOLDS, "the law on {-1, 1}: isolated zeros"),
    row("cf-sinc", lambda: Noise(cf=sin(t) / t), HOLDS, "the uniform law on [-1, 1]"),
    row("cf-stable", lambda: Noise(cf=exp(-sympy.sqrt(Abs(t)))), HOLDS, "an exponential never vanishes"),
    row("cf-cauchy-cos", lambda: Noise(cf=exp(-Abs(t)) * cos(t)), HOLDS, "analytic on each half-line"),
    row(
        "cf-isotropic",
        lambda: Noise(cf=exp(-sympy.sqrt(t**2 + s**2)), symbols=[t, s]),
        HOLDS,
        "an exponential never vanishes",
    ),
    row(
        "cf-gap-in-the-plane",
        lambda: Noise(cf=TRIANGLE * exp(-(s**2)), symbols=[t, s]),
        FAILS,
        "phi = 0 on (1, oo) x R, which is open",
    ),
    row(
        "cf-gap-diagonal",
        lambda: Noise(cf=Max(1 - Abs(t + s), 0) * exp(-(t**2) - s**2), symbols=[t, s]),
        FAILS,
        "0 where |t + s| > 1: the law of (X, X) plus a Gaussian",
    ),
    row("bernoulli", lambda: Discrete("bernoulli"), FAILS, "Appendix E: not x = f(z) + eps"),
    row("poisson", lambda: Discrete("poisson"), FAILS, "not x = f(z) + eps"),
]

_TORCH = [
    torch_row("normal", lambda torch, D: D.Normal(0.0, 0.1), HOLDS, "phi = exp(-sigma^2 t^2/2)"),
    torch_row(
        "laplace", lambda torch, D: D.Independent(D.Laplace(torch.zeros(3), 1.0), 1), HOLDS, "phi = prod 1/(1 + t^2)"
    ),
    torch_row("lognormal", lambda torch, D: D.LogNormal(0.0, 1.0), HOLDS, "on a half-line: null zeros"),
    torch_row("vonmises", lambda torch, D: D.VonMises(0.0, 1.0), HOLDS, "drawn from [-pi, pi): bounded support"),
    torch_row(
        "mvn",
        lambda torch, D: D.MultivariateNormal(torch.zeros(2), torch.eye(2)),
        HOLDS,
        "Gaussian: phi > 0 everywhere",
    ),
    torch_row(
        "affine",
        lambda torch, D: D.TransformedDistribution(D.StudentT(2.0), [D.AffineTransform(1.0, -2.0)]),
        HOLDS,
        "an affine image of a Student law",
    ),
    torch_row(
        "mixture",
        lambda torch, D: D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Normal(torch.tensor([-1.0, 1.0]), 1.0)),
        HOLDS,
        "Gaussian members have exponential moments, and so has their mixture",
    ),
    torch_row("user-class", _torch_user_normal, UNDECIDED, "a user's subclass may draw anything"),
]

_KNOWN = [
    row("known-fixed", lambda: Noise.gaussian(0.01), HOLDS, "the law is given with its variance", KNOWN),
    row("known-none", Noise.none, HOLDS, "no noise is the same for every parameter", KNOWN),
    row(
        "known-learned",
        lambda: Noise.gaussian(1, learned=True),
        FAILS,
        "theta and theta' may have different variances",
        KNOWN,
    ),
    row(
        "known-learned-sum",
        lambda: Noise.gaussian(1, learned=True) + Noise.gaussian(1),
        FAILS,
        "one part of the sum is learned",
        KNOWN,
    ),
    row("known-discrete", lambda: Discrete("bernoulli"), FAILS, "there is no additive noise", KNOWN),
    row("known-black-box", lambda: Noise(density=lambda v: v), HOLDS, "known to be one law, whatever it is", KNOWN),
]

ROWS: list[Row] = [*_SCIPY, *_COMPOSITE, *_SYMBOLIC, *_TORCH, *_KNOWN]
