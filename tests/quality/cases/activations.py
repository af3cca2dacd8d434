"""(J) for functions of PyTorch: images that underflow or saturate, scales, missing values, thresholds."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import mpmath
import sympy

from tests.quality.cases.base import UNDECIDED, Case, Kind, accepted, one_of, plain, rational, truth

CLAIM = "theorem1.injective"
INF = sympy.oo


# -- images that underflow or saturate


def _limit(name: str, end: Any) -> Any:
    """The value of an increasing function at an end of a half-line, to a thousand digits."""
    if end == -INF:
        return {"exp": 0, "sigmoid": 0, "tanh": -1, "softplus": 0, "elu": -1}[name]
    if end == INF:
        return {"exp": mpmath.inf, "sigmoid": 1, "tanh": 1, "softplus": mpmath.inf, "elu": mpmath.inf}[name]
    x = mpmath.mpf(int(end))
    return {
        "exp": mpmath.exp,
        "sigmoid": lambda v: 1 / (1 + mpmath.exp(-v)),
        "tanh": mpmath.tanh,
        "softplus": lambda v: mpmath.log1p(mpmath.exp(v)),
        "elu": lambda v: v if v > 0 else mpmath.expm1(v),
    }[name](x)


def saturated(draw: random.Random) -> Case:
    """relu, |.|, the square or a clamp of g(z) - c: injective exactly when the image of g stays on one side of c."""
    import torch

    name = draw.choice(["exp", "sigmoid", "tanh", "softplus", "elu"])
    far = draw.choice([1, 3, 10, 30, 100, 700, 1000, 2000])
    low, high = draw.choice([(-INF, INF), (-far, INF), (far, INF), (-INF, -far), (-INF, far), (-far, far)])
    single = draw.random() < 0.4
    limit = {"exp": 0, "sigmoid": draw.choice([0, 1]), "tanh": draw.choice([-1, 1]), "softplus": 0, "elu": -1}[name]
    power = draw.choice([1, 2, 5, 20]) if single or limit else draw.choice([1, 10, 50, 300, 1000, 1074])
    if limit and not single:
        power = draw.choice([1, 10, 30, 52])
    side = draw.choice([0, 0, 1]) if limit != 1 else draw.choice([0, 0, -1])
    c = limit + side * 2.0**-power
    with mpmath.workdps(1000):
        first, last = _limit(name, low), _limit(name, high)
        above, below = bool(first >= mpmath.mpf(c)), bool(last <= mpmath.mpf(c))
    inner = getattr(torch, name, None) or getattr(torch.nn.functional, name)
    outer, good = draw.choice([
        (torch.relu, above), (torch.abs, above or below), (torch.square, above or below),
        (lambda y: y.clamp(min=0), above), (lambda y: torch.minimum(y, torch.zeros_like(y)), below),
        (lambda y: torch.where(y > 0, y, 0 * y), above), (lambda y: torch.nn.functional.leaky_relu(y, 0.5), True),
    ])  # fmt: skip
    dtype = torch.float32 if single else torch.float64
    shift = torch.tensor([c], dtype=dtype)
    support = None if (low, high) == (-INF, INF) else sympy.Interval.open(low, high)

    def forward(z: Any) -> Any:
        return outer(inner(z.to(dtype)) - shift)

    reached = good and name in ("exp", "sigmoid", "tanh") and support is None
    return Case("images that saturate", CLAIM, plain(forward, 1, support), truth(good), reached)


def products_of_scales(draw: random.Random) -> Case:
    """Layers with weights of 2^-100 to 2^100, float32 and float64: no product is 0, however small; one may be."""
    import torch

    dtype = draw.choice([torch.float32, torch.float64])
    most = 140 if dtype == torch.float32 else 1000
    layers: list[Any] = []
    dead = draw.random() < 0.3
    count = draw.randint(2, 4)
    broken = draw.randrange(count)
    for index in range(count):
        layer = torch.nn.Linear(1, 1, bias=draw.random() < 0.5).to(dtype)
        with torch.no_grad():
            size = 2.0 ** draw.randint(-most, 100) * draw.choice([1, -1])
            layer.weight.fill_(0.0 if dead and index == broken else size)
        layers.append(layer)
        if draw.random() < 0.6:
            layers.append(draw.choice([torch.nn.Tanh(), torch.nn.LeakyReLU(0.5), torch.nn.Sigmoid(), torch.nn.ELU()]))
    support = draw.choice([None, sympy.Interval.open(0, INF), sympy.Interval.open(0, sympy.Rational(1, 10**300))])
    model = accepted(lambda: plain(torch.nn.Sequential(*layers), 1, support))  # single precision may overflow
    return Case("products of scales", CLAIM, model, truth(not dead), model is not None and not dead)


# -- functions that have no value everywhere


#: Function, an open interval on which it is defined and strictly monotone, and a larger one on parts of which it has no
#: value (NaN).
_PARTIAL: tuple[tuple[str, Any, Any], ...] = (
    ("log", (0, INF), (-INF, INF)),
    ("log2", (0, INF), (-1, INF)),
    ("log10", (0, 5), (-INF, 5)),
    ("log1p", (-1, INF), (-2, INF)),
    ("sqrt", (0, INF), (-INF, INF)),
    ("rsqrt", (0, INF), (-1, INF)),
    ("logit", (0, 1), (0, 2)),
    ("logit", (0, 1), (-INF, INF)),
    ("atanh", (-1, 1), (-2, 1)),
    ("asin", (-1, 1), (-1, 2)),
    ("acos", (-1, 1), (-INF, INF)),
    ("acosh", (1, INF), (0, INF)),
    ("acosh", (1, INF), (-INF, INF)),
)


def partial(draw: random.Random) -> Case:
    """A function on an interval where it is defined, moved and scaled; or on one where it lacks values on a part."""
    import torch

    name, good, larger = draw.choice(_PARTIAL)
    whole = draw.random() < 0.5
    scale = Fraction(2) ** draw.randint(-60, 20) * draw.choice([1, -1])
    shift = Fraction(draw.randint(-4, 4))
    low, high = good
    if not whole:
        low, high = larger
        if draw.random() < 0.6 and name in ("log", "sqrt", "rsqrt", "log2"):
            low = -sympy.Rational(1, 2 ** draw.choice([1, 10, 60, 200]))
    ends = sorted([(end - rational(shift)) / rational(scale) for end in (low, high)])
    support = None if ends == [-INF, INF] else sympy.Interval.open(*ends)
    function = getattr(torch, name)
    layered = draw.random() < 0.3

    def forward(z: Any) -> Any:
        y = function(float(scale) * z + float(shift))
        return torch.cat([y, z - z], 1) if layered else y

    # Where there is no value there is nothing to be injective: neither answer is one, and NaN is not a collision.
    allowed = truth(True) if whole else one_of(UNDECIDED)
    model = accepted(lambda: plain(forward, 1, support))
    return Case("functions with a domain", CLAIM, model, allowed, False)


def jumping_softplus(draw: random.Random) -> Case:
    """softplus with a threshold t and a slope b: at x = t / b it falls by log(1 + exp(-t)) / b to x."""
    from torch.nn import functional as F

    threshold, beta = draw.choice([0.0, 0.5, 1.0, 3.0, 10.0, 19.0]), draw.choice([0.5, 1.0, 2.0, 4.0])
    jump = draw.randint(-8, 8)
    support, injective_there = None, False
    if draw.random() < 0.5:  # one side of the jump, or only what the fall does not reach
        edge = sympy.Rational(Fraction(threshold / beta))
        support = draw.choice([sympy.Interval.open(edge, INF), sympy.Interval.open(-INF, edge)])
        injective_there = True
    model = plain(lambda z: F.softplus(z, beta, threshold) * 2 + jump, 1, support)
    return Case("softplus with a threshold", CLAIM, model, truth(injective_there), False)


KINDS = (
    Kind(
        "images that saturate",
        "relu, |.|, squares and clamps of exp, sigmoid, tanh, softplus, elu minus c: injective exactly when the image "
        "is on one side of c, to a thousand digits; c within 2^-1074 of the limits, half-lines up to 2000 out.",
        saturated,
        3,
        slow=True,
    ),
    Kind(
        "products of scales",
        "Strictly increasing layers whose weights multiply to less than any float: injective unless one weight is 0.",
        products_of_scales,
        2,
        slow=True,
    ),
    Kind(
        "functions with a domain",
        "log, sqrt, logit, acosh, .. are injective where they are defined; where Z goes beyond, f has no value and "
        "nothing may be settled.",
        partial,
        3,
        slow=True,
    ),
    Kind(
        "softplus with a threshold",
        "PyTorch returns x above the threshold t, which is log(1 + exp(-t)) less than before: values repeat, but not "
        "on one side alone.",
        jumping_softplus,
        1,
        slow=True,
    ),
)
