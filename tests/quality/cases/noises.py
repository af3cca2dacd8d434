"""(i) and the known noise: laws whose characteristic functions vanish on an open set, or almost nowhere."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from ivae_theory import Discrete, Noise
from tests.quality.cases.base import (
    UNDECIDED,
    Case,
    Kind,
    accepted,
    invertible,
    one_of,
    plain,
    sample_distance,
    truth,
)

CLAIM, KNOWN = "theorem1.i", "theorem1.known_noise"
T, X = sympy.symbols("t x", real=True)


def _scipy(draw: random.Random) -> Any:
    """Laws of scipy.stats, at random parameters, that theorems settle by name: none has a gap."""
    from scipy import stats

    u = draw.uniform
    return draw.choice(
        [
            lambda: stats.norm(u(-1, 1), u(0.1, 3)),
            lambda: stats.laplace(scale=u(0.1, 3)),
            lambda: stats.uniform(-1, u(0.5, 3)),
            lambda: stats.t(u(0.3, 8)),
            lambda: stats.gamma(u(0.2, 4)),
            lambda: stats.beta(u(0.3, 3), u(0.3, 3)),
            lambda: stats.lognorm(u(0.2, 2)),
            lambda: stats.cauchy(),
            lambda: stats.logistic(),
            lambda: stats.arcsine(),
            lambda: stats.triang(u(0.1, 0.9)),
            lambda: stats.pareto(u(0.5, 4)),
            lambda: stats.weibull_min(u(0.3, 3)),
            lambda: stats.expon(),
            lambda: stats.gennorm(u(0.3, 4)),
            lambda: stats.halfcauchy(),
            lambda: stats.gumbel_r(),
            lambda: stats.semicircular(),
            lambda: stats.levy(),
            lambda: stats.invgauss(u(0.3, 2)),
        ]
    )()


def _formula(draw: random.Random) -> Noise:
    """Laws given by a characteristic function or a density."""
    return draw.choice(
        [
            lambda: Noise.gaussian(Fraction(draw.randint(1, 9), 4)),
            Noise.none,
            lambda: Noise(cf=sympy.exp(-sympy.Abs(T)), symbols=[T]),
            lambda: Noise(cf=1 / (1 + T**2), symbols=[T]),
            lambda: Noise(cf=sympy.cos(T), symbols=[T]),
            lambda: Noise(cf=sympy.sin(T) / T, symbols=[T]),
            lambda: Noise(cf=sympy.exp(-sympy.sqrt(sympy.Abs(T))), symbols=[T]),
            lambda: Noise(density=sympy.exp(-sympy.Abs(X)) / 2),
            lambda: Noise(density=1 / (sympy.pi * (1 + X**2))),
            lambda: Noise(density=2 * X, support=sympy.Interval(0, 1)),
            lambda: Noise(cf=(2 + sympy.cos(T)) / 3, symbols=[T]),
            lambda: Noise(cf=sympy.cos(T) ** 2, symbols=[T]),
        ]
    )()


def _band_limited(draw: random.Random) -> Noise:
    """phi = 0 beyond a: the triangle, squares of it, the same as a density."""
    a = sympy.Rational(draw.randint(1, 9), draw.randint(1, 9))
    triangle = sympy.Max(1 - sympy.Abs(T) / a, 0)
    return draw.choice(
        [
            lambda: Noise(cf=triangle, symbols=[T]),
            lambda: Noise(cf=triangle**2, symbols=[T]),
            lambda: Noise(cf=sympy.Piecewise((1 - sympy.Abs(T), sympy.Abs(T) < 1), (0, True)), symbols=[T]),
            lambda: Noise(cf=triangle * sympy.cos(T), symbols=[T]),
            lambda: Noise(density=(1 - sympy.cos(X)) / (sympy.pi * X**2)),
        ]
    )()


def _compose(draw: random.Random, depth: int, one: Callable[[], Any], other: Callable[[], Any]) -> Noise:
    """Sums and images under t -> a t + b of ``one`` with further laws."""
    from ivae_theory.noise import as_noise

    if depth == 0:
        return as_noise(one())
    first = _compose(draw, depth - 1, one, other)
    move = draw.random()
    if move < 0.45:
        return first + _compose(draw, depth - 1, other, other)
    if move < 0.8:
        return first * draw.choice([-3, 0.5, 2, Fraction(1, 10**30), 1e-200, 1e200]) + draw.randint(-2, 2)
    return first


def scipy_laws(draw: random.Random) -> Case:
    """Named laws and compositions of them."""
    law = _compose(draw, draw.randint(0, 2), lambda: _scipy(draw), lambda: _scipy(draw))
    return Case("named noise", CLAIM, plain(_vouch(law), law.dimension or 1, noise=law), truth(True), True)


def composed(draw: random.Random) -> Case:
    """Formulas and named laws; with one band-limited part phi vanishes on an open set."""
    broken = draw.random() < 0.5

    def good() -> Any:
        return _formula(draw) if draw.random() < 0.6 else _scipy(draw)

    law = _compose(draw, draw.randint(0, 2), (lambda: _band_limited(draw)) if broken else good, good)
    if draw.random() < 0.3 and law.dimension in (None, 1):
        law = Noise.product([law, _compose(draw, 1, good, good)])
    return Case("composed noise", CLAIM, plain(_vouch(law), law.dimension or 1, noise=law), truth(not broken), True)


def images(draw: random.Random) -> Case:
    """B eps with B invertible keeps a gap; a zero column of B removes it."""
    broken = draw.random() < 0.6
    first = _band_limited(draw) if broken else _formula(draw)
    law = Noise.product([first, Noise.gaussian(Fraction(1, 4))])
    matrix = np.array([[int(v) for v in row] for row in invertible(draw, 2)])
    removed = broken and draw.random() < 0.3
    if removed:
        matrix[:, 0] = 0
    law = matrix @ law
    return Case("images of noise", CLAIM, plain(_vouch(law), 2, noise=law), truth(not broken or removed), True)


def plane(draw: random.Random) -> Case:
    """Characteristic functions of two variables, zero on a strip, on a line, or nowhere."""
    t, s = sympy.symbols("t s", real=True)
    a, b = draw.randint(1, 3), draw.randint(1, 3)
    broken = draw.random() < 0.5
    gaussian = sympy.exp(-(t**2) - s**2)
    if broken:
        cf = sympy.Max(1 - sympy.Abs(draw.choice([t, s, a * t + b * s, a * t - b * s])), 0) * gaussian
    else:
        cf = draw.choice(
            [
                gaussian,
                sympy.cos(a * t + b * s) * gaussian,
                sympy.cos(t) * sympy.cos(s),
                sympy.exp(-sympy.sqrt(t**2 + s**2)),
                gaussian / (1 + t**2),
            ]
        )
    law = Noise(cf=cf, symbols=[t, s])
    return Case("noise in the plane", CLAIM, plain(_vouch(law), 2, noise=law), truth(not broken), True)


def mixtures(draw: random.Random) -> Case:
    """Mixtures whose members all have an exponential moment, or are all Gaussian scale mixtures."""
    from scipy import stats

    u = draw.uniform
    pool: list[Callable[[], Any]] = (
        [
            lambda: stats.norm(u(-2, 2), u(0.2, 3)),
            lambda: stats.uniform(u(-1, 0), u(0.5, 2)),
            lambda: stats.beta(u(0.5, 3), 2),
            lambda: stats.laplace(u(-1, 1), u(0.2, 2)),
        ]
        if draw.random() < 0.5
        else [
            lambda: stats.norm(0, u(0.2, 3)),
            lambda: stats.cauchy(0, u(0.2, 3)),
            lambda: stats.t(u(0.4, 6)),
            lambda: stats.laplace(0, u(0.2, 2)),
        ]
    )
    law = Noise.mixture([Fraction(1, 4), Fraction(3, 4)], [draw.choice(pool)() for _ in range(2)])
    return Case("mixtures of noise", CLAIM, plain(_vouch(law), 1, noise=law), truth(True), True)


def discrete(draw: random.Random) -> Case:
    """Observations that are drawn from a discrete law are not f(z) + eps."""
    kind = draw.choice(["bernoulli", "poisson", "categorical"])
    model = plain(_vouch(None), 1, noise=Discrete(kind))
    return Case("discrete", CLAIM, model, truth(False), True)


def black_box(draw: random.Random) -> Case:
    """A density that is a numpy function: FAILS and HOLDS are both guesses."""
    power = draw.choice([2, 4])
    model = plain(_vouch(None), 1, noise=Noise(density=lambda v: np.exp(-(np.abs(v) ** power))))
    return Case("black-box noise", CLAIM, model, one_of(UNDECIDED), False)


def learned(draw: random.Random) -> Case:
    """A law that is learned anywhere in a composition is not known."""
    broken = draw.random() < 0.5
    law = _compose(
        draw, draw.randint(0, 2), lambda: Noise.gaussian(draw.randint(1, 4), learned=broken), lambda: _formula(draw)
    )
    return Case("learned noise", KNOWN, plain(_vouch(law), law.dimension or 1, noise=law), truth(not broken), True)


def tiny_gap(draw: random.Random) -> Case:
    """phi = max(1 - |t| / a, 0) for a between 1 and 1e300: the zero set is far out, and still open."""
    a = 1 / sample_distance(draw)
    law = Noise(cf=sympy.Max(1 - sympy.Abs(T) / sympy.Rational(a.numerator, a.denominator), 0), symbols=[T])
    if draw.random() < 0.5:
        law = law + Noise.gaussian(1)
    return Case("gap far out", CLAIM, plain(_vouch(law), 1, noise=law), truth(False), True)


def disguised(draw: random.Random) -> Case:
    """Convex functions of |t| (Polya) that reach 0 as a cosine at pi / 2, or stay above 0, times functions without a
    zero set: written with cos and cosh of arguments that are real here and imaginary there."""
    a = sympy.Rational(draw.randint(1, 9), draw.randint(1, 4))
    s = sympy.Abs(T) / a
    below = sympy.Min(s, 1)
    triangle = sympy.Max(1 - s, 0)
    broken = draw.random() < 0.5
    if broken:
        quarter = sympy.pi / 2
        phi = draw.choice([
            sympy.cosh(quarter * sympy.sqrt(triangle - 1)), sympy.cosh(quarter * sympy.sqrt(-below)),
            sympy.cos(quarter * sympy.sqrt(below)), sympy.cos(quarter * sympy.sqrt(1 - triangle)),
            sympy.cosh(sympy.I * quarter * sympy.sqrt(below)), sympy.cos(quarter * sympy.sqrt(below)) ** 2,
            sympy.Piecewise((sympy.cos(quarter * sympy.sqrt(s)), s < 1), (0, True)),
            sympy.sin(quarter * (1 - sympy.sqrt(below))), triangle * sympy.cosh(triangle) / sympy.cosh(1),
        ])  # fmt: skip
    else:  # up to an angle below pi / 2 by 1 to 1e-60, or a cosh of what is real
        digits = draw.choice([0, 1, 5, 20, 60])
        angle = sympy.Rational(int(sympy.floor(sympy.pi / 2 * 10**digits)), 10**digits)
        rate = draw.choice([1, 2, sympy.Rational(1, 3)])
        phi = draw.choice([
            sympy.cosh(angle * sympy.sqrt(triangle - 1)), sympy.cos(angle * sympy.sqrt(below)),
            sympy.cos(angle * sympy.sqrt(1 - triangle)), sympy.cosh(angle * sympy.sqrt(-below)),
            sympy.cosh(rate * sympy.sqrt(triangle)) / sympy.cosh(rate), 1 / sympy.cosh(T), sympy.sech(rate * T) ** 2,
            sympy.cosh(rate * triangle) / sympy.cosh(rate),
        ])  # fmt: skip
    for _ in range(draw.choice([0, 0, 1, 2])):
        phi *= draw.choice([sympy.exp(-(T**2)), sympy.cos(2 * T), 1 / (1 + T**2), (2 + sympy.cos(T)) / 3, sympy.cos(T)])
    move = draw.random()

    def model() -> Any:
        law = Noise(cf=phi, symbols=[T])
        if move < 0.2:
            law = law + draw.choice([Noise.gaussian(1), Noise(cf=sympy.exp(-sympy.Abs(T)), symbols=[T])])
        elif move < 0.4:
            law = law * draw.choice([-2, 0.5, 1e-200]) + 1
        elif move < 0.5:
            law = Noise.product([law, Noise.gaussian(1)])
        return plain(_vouch(law), law.dimension or 1, noise=law)

    return Case("cosines in disguise", CLAIM, accepted(model), truth(not broken), False)


def _vouch(law: Noise | None) -> Any:
    from ivae_theory import assume_injective

    return assume_injective((law.dimension if law is not None else None) or 1)


KINDS = (
    Kind(
        "named noise",
        "Laws of scipy.stats at random parameters, summed and scaled: bounded, on half-lines, infinitely "
        "divisible or scale mixtures; their phi vanishes on a null set at most.",
        scipy_laws,
        5,
    ),
    Kind(
        "composed noise",
        "The same with laws given by phi or a density; one band-limited part makes phi vanish on an open "
        "set, whatever is added.",
        composed,
        4,
        symbolic=True,
    ),
    Kind(
        "images of noise",
        "B eps: an invertible B carries an open zero set over, a zero column removes it.",
        images,
        3,
        symbolic=True,
    ),
    Kind("noise in the plane", "phi(t, s) = 0 on a strip, on lines, or nowhere.", plane, 4, symbolic=True),
    Kind("mixtures of noise", "All members with an exponential moment, or all Gaussian scale mixtures.", mixtures, 4),
    Kind("gap far out", "phi = max(1 - |t|/a, 0), a from 1 to 1e300: zero on an open set.", tiny_gap, 4, symbolic=True),
    Kind(
        "cosines in disguise",
        "cosh(pi/2 sqrt(max(1 - |t|, 0) - 1)) and its like are cosines that stay at 0 from |t| = 1 on; with an angle "
        "that is 1 to 1e-60 smaller, or a cosh of what is real, nothing vanishes on an open set.",
        disguised,
        2,
        symbolic=True,
    ),
    Kind("discrete", "Discrete observations are not f(z) + eps (Appendix E).", discrete, 4),
    Kind("black-box noise", "A density that cannot be read: nothing may be settled.", black_box, 2),
    Kind(
        "learned noise", "A law that is learned anywhere in a sum is not the same known law.", learned, 6, symbolic=True
    ),
)
