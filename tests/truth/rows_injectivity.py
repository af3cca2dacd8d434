"""theorem1.injective: models whose mixing function is known to be injective on Z, or known not to be."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import sympy

from ivae_theory import families
from ivae_theory.families import ExponentialFamily
from ivae_theory.mixing import SymbolicMixing, assume_injective
from ivae_theory.model import Model, Prior
from ivae_theory.noise import Noise
from tests.truth.row import FAILS, HOLDS, UNDECIDED, Row

CLAIM = "theorem1.injective"
REALS, POSITIVE, UNIT = sympy.Reals, sympy.Interval.open(0, sympy.oo), sympy.Interval.open(0, 1)
SYMMETRIC = sympy.Interval.open(-1, 1)
z1, z2, z3 = sympy.symbols("z1 z2 z3", real=True)


def model(mixing, n=2, support=REALS):
    """A model with n latents on the given support and this mixing function."""
    table = np.random.default_rng(0).uniform(-1, 1, size=(2 * n + 1, n))
    if support == REALS:
        family = families.gaussian_location()
    elif support == POSITIVE:
        family, table = families.exponential(), -1 - np.abs(table)
    else:
        family = ExponentialFamily([sympy.Symbol("z", real=True)], support=support)
    return Model(Prior(family, table), noise=Noise.gaussian(0.1), mixing=mixing)


def symbolic(*expressions, n=None, support=REALS):
    """A row's model from expressions in z1, z2, z3."""
    symbols = (z1, z2, z3)[: n or len(expressions)]
    return lambda: model(SymbolicMixing(symbols, list(expressions)), len(symbols), support)


def _torch():
    import torch

    torch.manual_seed(0)
    return torch


def network(widths, activation, *, orthogonal=False, seed=0, bias=True):
    """A multilayer perceptron in float64 as people write it."""
    torch = _torch()
    torch.manual_seed(seed)
    layers = []
    for k, (a, b) in enumerate(pairwise(widths)):
        linear = torch.nn.Linear(a, b, bias=bias).double()
        if orthogonal:
            torch.nn.init.orthogonal_(linear.weight)
        layers.append(linear)
        if k < len(widths) - 2:
            layers.append(activation(torch))
    return torch.nn.Sequential(*layers)


def mlp(widths, activation, n=None, support=REALS, **options):
    return lambda: model(network(widths, activation, **options), n or widths[0], support)


def function(make, n=2, support=REALS):
    """A row's model from a closure that is given torch."""
    return lambda: model(make(_torch()), n, support)


def decoder():
    """A decoder whose forward calls activations as functions, 5 -> 50 -> 50 -> 5, at its random initial values."""
    torch = _torch()
    from torch import nn
    from torch.nn import functional as F

    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.third = nn.Linear(5, 50), nn.Linear(50, 50), nn.Linear(50, 5)

        def forward(self, z):
            h = F.leaky_relu(self.first(z), 0.2)
            return self.third(F.leaky_relu(self.second(h), 0.2))

    torch.manual_seed(3)
    return model(Decoder(), 5)


def linear(rows):
    return lambda torch: lambda z: z @ torch.tensor(rows, dtype=torch.float64).T


def residual(scale):
    def make(torch):
        weight = torch.tensor([[0.6, -0.8], [0.8, 0.6]], dtype=torch.float64)
        return lambda z: z + scale * torch.tanh(z @ weight) @ weight.T

    return make


def low_rank(torch):
    left, right = torch.randn(3, 2).double(), torch.randn(2, 3).double()
    return lambda z: z @ (left @ right)


def coupling(least):
    """(z1, z2 s(z1) + t(z1)) with networks s, t; s >= least / 2 when least > 0."""

    def make(torch):
        inner = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).double()

        def forward(z):
            scale, shift = inner(z[:, :1]).split(1, 1)
            factor = torch.exp(torch.tanh(scale)) if least else scale - inner[2].bias[0]
            return torch.cat([z[:, :1], z[:, 1:] * factor + shift], 1)

        return forward

    return make


def dead_batch_norm(torch):
    layer = torch.nn.BatchNorm1d(2).double()
    with torch.no_grad():
        layer.weight[0] = 0
    return layer


def branching(torch):
    return lambda z: 2 * z if z.sum() > 0 else z


def item(torch):
    return lambda z: z * float(z.abs().max().item())


def with_numpy(torch):
    return lambda z: torch.as_tensor(np.sinh(z.numpy()))


def flow():
    torch = _torch()
    import zuko

    torch.manual_seed(0)
    return model(zuko.flows.NSF(3, transforms=2, hidden_features=(8,)), 3)


def slope(value):
    """One leaky unit with this slope below zero."""
    return lambda torch: lambda z: torch.nn.functional.leaky_relu(z, value)


def applied(act):
    """An activation written as a function, as a layer."""

    def make(torch):
        class Applied(torch.nn.Module):
            def forward(self, z):
                return act(torch, z)

        return Applied()

    return make


def convolved(kind, shape, *arguments, **options):
    """A convolution of latents that are put in a shape."""

    def make(torch):
        layer = getattr(torch.nn, kind)(*arguments, **options).double()
        return lambda z: layer(z.reshape(-1, *shape)).flatten(1)

    return make


def filtered(weight):
    """A convolution of one channel with this filter."""

    def make(torch):
        taps = torch.tensor(weight, dtype=torch.float64).reshape(1, 1, -1)
        return lambda z: torch.nn.functional.conv1d(z[:, None], taps).flatten(1)

    return make


def blended(weight):
    """Two channels mixed at every place by this 2 x 2 matrix: a convolution with kernel 1."""

    def make(torch):
        matrix = torch.tensor(weight, dtype=torch.float64)[..., None]
        return lambda z: torch.nn.functional.conv1d(z.reshape(-1, 2, 2), matrix).flatten(1)

    return make


def cast(dtype, step):
    """A matrix of determinant ``step`` in double precision, which is multiplied by in another one."""

    def make(torch):
        weight = torch.tensor([[1.0, 1.0], [1.0, 1.0 + step]], dtype=torch.float64)
        return lambda z: z @ weight.to(getattr(torch, dtype)).to(z.dtype)

    return make


def _hand_leaky(rate):
    return lambda torch, x: torch.where(x > 0, x, rate * x)


_LEAKY = lambda torch: torch.nn.LeakyReLU(0.2)  # noqa: E731
_RELU = lambda torch: torch.nn.ReLU()  # noqa: E731
_TANH = lambda torch: torch.nn.Tanh()  # noqa: E731
_ELU = lambda torch: torch.nn.ELU()  # noqa: E731
_SOFTPLUS = lambda torch: torch.nn.Softplus()  # noqa: E731
_TINY = 2.0**-1000
_LARGE = Fraction(200000000000000010000000000001, 60000000000000005000000000000)

_LAYERS = "weights of full column rank and a strictly monotone activation: every layer is injective"
_CAST = "the weights that are multiplied by are all 1: f(1, 0) = f(0, 1)"
_EVEN = "an even function takes one value at z and at -z"

ROWS: list[Row] = [
    Row("inj-orthogonal-leaky-5", mlp([5, 5, 5, 5], _LEAKY, orthogonal=True), CLAIM, HOLDS, _LAYERS),
    Row("inj-orthogonal-tanh-3", mlp([3, 3, 3], _TANH, orthogonal=True), CLAIM, HOLDS, _LAYERS),
    Row("inj-widening-elu", mlp([2, 6, 9], _ELU), CLAIM, HOLDS, _LAYERS + "; widening random matrices have full rank"),
    Row("inj-widening-softplus", mlp([2, 4, 4], _SOFTPLUS), CLAIM, HOLDS, _LAYERS),
    Row("inj-single-linear", mlp([3, 7], _LEAKY), CLAIM, HOLDS, "a random 7 x 3 matrix has full column rank"),
    Row("inj-random-decoder", decoder, CLAIM, FAILS,
        "the determinant of the Jacobian has both signs: degree theory; every one of 30 such decoders had"),
    Row("inj-narrow-middle", mlp([3, 2, 5], _LEAKY), CLAIM, FAILS, "the first layer has a kernel: 3 coordinates to 2"),
    Row("inj-narrow-later", mlp([3, 3, 2, 5], _TANH), CLAIM, FAILS,
        "everything passes through two coordinates: invariance of domain"),
    Row("inj-relu-square", mlp([2, 2, 2], _RELU, orthogonal=True), CLAIM, FAILS,
        "an orthogonal map meets the quadrant in which both units are off, an open set with one image"),
    Row("inj-relu-one", function(lambda torch: torch.relu, 1), CLAIM, FAILS, "all negative z go to 0"),
    Row("inj-relu-pair", function(lambda torch: lambda z: torch.cat([torch.relu(z), torch.relu(-z)], 1), 1), CLAIM,
        HOLDS, "z = relu(z) - relu(-z)", False),
    Row("inj-relu-positive", function(lambda torch: torch.relu, 2, POSITIVE), CLAIM, HOLDS, "relu is z on (0, oo)"),
    Row("inj-leaky-tiny-slope", function(slope(1e-30), 1), CLAIM, HOLDS, "the slope 1e-30 is positive"),
    Row("inj-leaky-zero-slope", function(slope(0.0), 2), CLAIM, FAILS, "slope 0 is relu: negative z go to 0"),
    Row("inj-leaky-negative-slope", function(slope(-0.5), 1), CLAIM, FAILS, "it falls, then rises: f(-2) = f(1)"),
    Row("inj-square", symbolic(z1**2), CLAIM, FAILS, _EVEN),
    Row("inj-square-positive", symbolic(z1**2, support=POSITIVE), CLAIM, HOLDS, "z^2 increases strictly on (0, oo)"),
    Row("inj-cube", symbolic(z1**3), CLAIM, HOLDS, "z^3 increases strictly although its slope at 0 is 0"),
    Row("inj-cubic-bent", symbolic(z1**3 - z1), CLAIM, FAILS, "z^3 - z is 0 at -1, 0 and 1"),
    Row("inj-quintic", symbolic(z1**5 + z1, z2), CLAIM, HOLDS, "5 z^4 + 1 is positive"),
    Row("inj-exp", symbolic(sympy.exp(z1)), CLAIM, HOLDS, "exp increases strictly"),
    Row("inj-graph-of-square", symbolic(z1, z1**2, n=1), CLAIM, HOLDS, "the first output is z"),
    Row("inj-even-pair", symbolic(z1**2, z1**4, n=1), CLAIM, FAILS, _EVEN),
    Row("inj-abs", symbolic(sympy.Abs(z1)), CLAIM, FAILS, _EVEN),
    Row("inj-sin-line", symbolic(sympy.sin(z1)), CLAIM, FAILS, "the sine is periodic"),
    Row("inj-sin-short", symbolic(sympy.sin(z1), support=SYMMETRIC), CLAIM, HOLDS, "cos > 0 on (-1, 1)"),
    Row("inj-circle", symbolic(sympy.cos(z1), sympy.sin(z1), n=1), CLAIM, FAILS, "0 and 2 pi have one image", False),
    Row("inj-coupling", symbolic(z1, z2 * sympy.exp(z1**2) + z1**3), CLAIM, HOLDS,
        "z1 is the first output; given z1, the second is a positive multiple of z2 plus a constant"),
    Row("inj-not-a-coupling", symbolic(z1, z2 * z1), CLAIM, FAILS, "at z1 = 0 every z2 has the image (0, 0)"),
    Row("inj-shear", symbolic(z1 + z2**3, z2), CLAIM, HOLDS, "z2 is the second output, then z1"),
    Row("inj-sum-and-product", symbolic(z1 + z2, z1 * z2), CLAIM, FAILS, "symmetric in z1 and z2"),
    Row("inj-polar", symbolic(sympy.exp(z1) * sympy.cos(z2), sympy.exp(z1) * sympy.sin(z2)), CLAIM, FAILS,
        "the complex exponential has period 2 pi; its Jacobian determinant is positive everywhere", False),
    Row("inj-too-few", symbolic(z1 + z2, n=2), CLAIM, FAILS, "invariance of domain: R^2 to R"),
    Row("inj-too-few-network", mlp([3, 20, 2], _TANH), CLAIM, FAILS, "invariance of domain: R^3 to R^2"),
    Row("inj-constant", symbolic(sympy.Integer(1) + 0 * z1, n=1), CLAIM, FAILS, "a constant"),
    Row("inj-dead-latent", symbolic(z1, sympy.exp(z1), n=2), CLAIM, FAILS, "z2 does not enter"),
    Row("inj-linear-singular", function(linear([[1.0, 2.0], [0.5, 1.0]])), CLAIM, FAILS, "the rows are proportional"),
    Row("inj-linear-almost-singular", function(linear([[1.0, 2.0], [0.5, 1.0 + 2**-52]])), CLAIM, HOLDS,
        "the determinant is 2**-52, not 0"),
    Row("inj-linear-cast-to-half", function(cast("float16", 2**-12)), CLAIM, FAILS, _CAST),
    Row("inj-linear-cast-to-bfloat16", function(cast("bfloat16", 2**-9)), CLAIM, FAILS, _CAST),
    Row("inj-linear-cast-to-single", function(cast("float32", 2**-30)), CLAIM, FAILS, _CAST),
    Row("inj-linear-kept-in-half", function(cast("float16", 2**-10)), CLAIM, HOLDS, "1 + 2**-10 is a half"),
    Row("inj-linear-tiny", function(linear([[_TINY, 0.0], [0.0, 1.0]])), CLAIM, HOLDS, "the determinant is 2**-1000"),
    Row("inj-linear-tenths", function(linear([[0.1, 0.3], [0.2, 0.6]])), CLAIM, FAILS,
        "as dyadic rationals 0.2 = 2 * 0.1 and 0.6 = 2 * 0.3 hold: doubling a float is exact"),
    Row("inj-large-rationals", symbolic(_LARGE * z1 + z2, z1 + z2 / _LARGE + Fraction(1, 10**15) * z2**3), CLAIM, HOLDS,
        "x_2 - x_1 / a = 1e-15 z_2^3 gives z_2, then z_1; a has more digits than any float", False),
    Row("inj-fold-far-away", symbolic(sympy.Abs(z1 - 10**12)), CLAIM, FAILS, "10^12 - 1 and 10^12 + 1 have one image"),
    Row("inj-fold-of-pieces", symbolic(sympy.Piecewise((z1, z1 < 10**6), (2 * 10**6 - z1, True))), CLAIM, FAILS,
        "10^6 - 1 and 10^6 + 1 have one image"),
    Row("inj-kink-of-pieces", symbolic(sympy.Piecewise((z1, z1 < 10**6), (2 * z1 - 10**6, True))), CLAIM, HOLDS,
        "slopes 1 and 2, and no jump"),
    Row("inj-even-transcendental-pair", symbolic(sympy.cos(z1 - 3), sympy.exp(-((z1 - 3) ** 2)), n=1), CLAIM, FAILS,
        "both are even functions of z - 3"),
    Row("inj-dead-latent-and-exp", symbolic(sympy.exp(z1), 2 * z1 + 1, n=2), CLAIM, FAILS, "z2 does not enter"),
    Row("inj-bend-of-1e-300", symbolic(z1**3 - Fraction(1, 10**300) * z1), CLAIM, FAILS, "0 and 1e-150 are zeros"),
    Row("inj-linear-1e-300", symbolic(2 * z1 + z2, 4 * z1 + (2 + Fraction(7, 10**300)) * z2), CLAIM, HOLDS,
        "the determinant is 14e-300"),
    Row("inj-linear-singular-and-tiny",
        symbolic(2 * z2 - 2 * z1, 3 * z2 - 2 * z1 + Fraction(7, 10**21) * z3, 2 * z1 - 2 * z2), CLAIM, FAILS,
        "the third is minus the first"),
    Row("inj-linear-singular-large", symbolic(10**65 * (z1 + z2), 3 * z1 + 3 * z2), CLAIM, FAILS, "proportional rows"),
    Row("inj-linear-thirds", symbolic(Fraction(1, 3) * z1 + Fraction(1, 7) * z2, Fraction(7, 3) * z1 + z2), CLAIM,
        FAILS, "the second is 7 times the first: 7/3 and 1"),
    Row("inj-residual-small", function(residual(0.9)), CLAIM, HOLDS,
        "the identity plus a map with Lipschitz constant .9"),
    Row("inj-residual-large", function(residual(-3.0)), CLAIM, FAILS,
        "along the axes of the orthogonal matrix: t - 3 tanh t falls at 0 and rises far away"),
    Row("inj-monotone-sum", function(lambda torch: lambda z: z + 0.5 * torch.sin(z)), CLAIM, HOLDS, "slope >= 1/2"),
    Row("inj-bent-sum", function(lambda torch: lambda z: z + 2 * torch.sin(z), 1), CLAIM, FAILS,
        "1 + 2 cos z < 0 at pi"),
    Row("inj-branch", function(branching), CLAIM, UNDECIDED,
        "a branch on data is not traced, and 2 z or z hides a jump"),
    Row("inj-item", function(item), CLAIM, UNDECIDED, "a number read out of a tensor is not traced"),
    Row("inj-numpy", function(with_numpy), CLAIM, UNDECIDED, "computed by numpy: a black box"),
    Row("inj-none", lambda: model(None), CLAIM, UNDECIDED, "no mixing function at all"),
    Row("inj-vouched", lambda: model(assume_injective(4)), CLAIM, HOLDS, "the user vouches; grade ASSUMED"),
    Row("inj-vouched-refuted", lambda: model(assume_injective([z1**2, z2])), CLAIM, FAILS,
        "a refutation beats the vouching: " + _EVEN),
    Row("inj-vouched-black-box", lambda: model(assume_injective(with_numpy(_torch()))), CLAIM, HOLDS,
        "the user vouches for a black box"),
    Row("inj-flow", flow, CLAIM, HOLDS, "a neural spline flow is a composition of triangular monotone maps"),
    Row("inj-softmax", function(lambda torch: lambda z: torch.softmax(z, 1)), CLAIM, FAILS,
        "softmax does not change when a number is added to all coordinates"),
    Row("inj-square-layer", function(lambda torch: lambda z: torch.cat([z**2, z.prod(1, keepdim=True)], 1)), CLAIM,
        FAILS, "z and -z have one image"),
    Row("inj-floor", function(lambda torch: torch.floor), CLAIM, FAILS, "constant on [0, 1)"),
    Row("inj-layer-norm", function(
        lambda torch: torch.nn.LayerNorm(3, elementwise_affine=False).double(), 3), CLAIM, FAILS,
        "layer normalisation does not change when a number is added to all coordinates"),
    Row("inj-union-support", symbolic(z1**2, support=sympy.Union(sympy.Interval(-2, -1), sympy.Interval(0, 0.5))),
        CLAIM, HOLDS, "squares of [-2, -1] are at least 1, those of [0, 1/2] at most 1/4"),
    Row("inj-low-rank-weight", function(low_rank, 3), CLAIM, FAILS,
        "a product of a 3 x 2 and a 2 x 3 matrix has rank 2"),
    Row("inj-abs-plus", function(lambda torch: lambda z: z + z.abs(), 1), CLAIM, FAILS, "0 for all negative z"),
    Row("inj-abs-plus-twice", function(lambda torch: lambda z: 2 * z + z.abs(), 1), CLAIM, HOLDS, "slopes 1 and 3"),
    Row("inj-square-mirrored", function(lambda torch: lambda z: (-z) ** 2, 1, POSITIVE), CLAIM, HOLDS,
        "the square decreases strictly on the negative half-line"),
    Row("inj-square-shifted", function(lambda torch: lambda z: (z - 1) ** 2, 1, POSITIVE), CLAIM, FAILS,
        "1/2 and 3/2 have one image"),
    Row("inj-square-two-pieces", symbolic(z1**2, support=sympy.Union(sympy.Interval(-2, -1), sympy.Interval(1, 2))),
        CLAIM, FAILS, "-3/2 and 3/2 have one image"),
    Row("inj-jump-onto-itself", function(lambda torch: lambda z: torch.where(z > 0, z - 1, z), 1), CLAIM, FAILS,
        "1/2 and -1/2 have one image; slopes of one sign"),
    Row("inj-jump-apart", function(lambda torch: lambda z: torch.where(z > 0, z + 1, z), 1), CLAIM, HOLDS,
        "it increases strictly"),
    Row("inj-jump-with-opposite-slopes", function(lambda torch: lambda z: torch.where(z > 0, -5 - z, z.exp()), 1),
        CLAIM, HOLDS,
        "exp(z) is positive, -5 - z negative: opposite slopes and no collision, for there is a jump", False),
    Row("inj-gelu", function(lambda torch: torch.nn.functional.gelu, 1), CLAIM, FAILS, "it falls, then rises"),
    Row("inj-network-coupling", function(coupling(1.0)), CLAIM, HOLDS, "z1 is an output; given z1 the factor is not 0"),
    Row("inj-network-coupling-through-0", function(coupling(0.0)), CLAIM, FAILS,
        "the factor of z2 changes its sign with z1, so the determinant does"),
    Row("inj-polar-coordinates", symbolic(z1 * sympy.cos(z2), z1 * sympy.sin(z2)), CLAIM, FAILS,
        "(0, z2) is the origin for all z2; the determinant is z1"),
    Row("inj-henon", symbolic(1 - Fraction(7, 5) * z1**2 + z2, Fraction(3, 10) * z1), CLAIM, HOLDS,
        "its determinant is -.3"),
    Row("inj-identity", function(lambda torch: torch.nn.Identity()), CLAIM, HOLDS, "it is the identity"),
    Row("inj-dead-batch-norm", function(dead_batch_norm), CLAIM, FAILS, "a scale of 0 makes one output constant"),
    Row("inj-log-sigmoid", mlp([2, 3, 4], lambda torch: torch.nn.LogSigmoid()), CLAIM, HOLDS,
        _LAYERS + ": the slope 1 / (1 + e^x) is positive"),
    Row("inj-log-sigmoid-narrow", mlp([3, 2, 4], lambda torch: torch.nn.LogSigmoid()), CLAIM, FAILS,
        "the first layer has a kernel"),
    Row("inj-softsign", mlp([2, 3, 4], lambda torch: torch.nn.Softsign()), CLAIM, HOLDS,
        _LAYERS + ": the slope 1 / (1 + |x|)^2 is positive"),
    Row("inj-softsign-squared", function(lambda torch: lambda z: z * z / (1 + z.abs()), 1), CLAIM, FAILS, _EVEN),
    Row("inj-softsign-other", function(lambda torch: lambda z: z / (1 + z * z), 1), CLAIM, FAILS,
        "z / (1 + z^2) has one value at 2 and 1/2"),
    Row("inj-softsign-other-short", function(lambda torch: lambda z: z / (1 + z * z), 1, SYMMETRIC), CLAIM, HOLDS,
        "its slope (1 - z^2) / (1 + z^2)^2 is positive on (-1, 1)"),
    Row("inj-tanhshrink", mlp([2, 3, 4], lambda torch: torch.nn.Tanhshrink()), CLAIM, HOLDS,
        _LAYERS + ": the slope tanh^2 x is 0 at 0 alone"),
    Row("inj-tanhshrink-too-much", function(lambda torch: lambda z: z - 2 * torch.tanh(z), 1), CLAIM, FAILS,
        "z - 2 tanh z falls at 0 and rises far away"),
    Row("inj-hand-leaky", mlp([2, 3, 4], applied(_hand_leaky(0.2))), CLAIM, HOLDS, _LAYERS),
    Row("inj-hand-leaky-swapped", function(lambda torch: lambda z: torch.where(z < 0, 0.2 * z, z)), CLAIM, HOLDS,
        "slopes .2 and 1, and no jump"),
    Row("inj-hand-leaky-tiny", function(lambda torch: lambda z: torch.where(z > 0, z, 5e-324 * z), 1), CLAIM, HOLDS,
        "the slope 5e-324 is positive"),
    Row("inj-hand-leaky-zero", function(lambda torch: lambda z: torch.where(z > 0, z, 0.0 * z)), CLAIM, FAILS,
        "negative z go to 0"),
    Row("inj-hand-leaky-negative", function(lambda torch: lambda z: torch.where(z > 0, z, -0.25 * z), 1), CLAIM, FAILS,
        "-4 and 1 have one image"),
    Row("inj-hand-leaky-decoder", mlp([3, 20, 3], applied(_hand_leaky(0.2))), CLAIM, FAILS,
        "the determinant of the Jacobian of this random decoder has both signs: degree theory"),
    Row("inj-hand-leaky-off-centre", function(lambda torch: lambda z: torch.where(z > 1, z, 2 * z), 1), CLAIM, FAILS,
        "3/4 and 3/2 have one image"),
    Row("inj-hand-leaky-far-jump", function(lambda torch: lambda z: torch.where(z > 1, z + 1, z)), CLAIM, HOLDS,
        "it increases strictly and jumps up"),
    Row("inj-masks", function(lambda torch: lambda z: (z > 0) * z + 0.1 * (z <= 0) * z), CLAIM, HOLDS,
        "z above 0, a tenth of it below"),
    Row("inj-masks-folded", function(lambda torch: lambda z: (z > 0) * z - 0.5 * (z <= 0) * z, 1), CLAIM, FAILS,
        "-2 and 1 have one image"),
    Row("inj-maximum-leaky", mlp([2, 3, 4], applied(lambda torch, x: torch.maximum(x, 0.2 * x))), CLAIM, HOLDS,
        _LAYERS),
    Row("inj-maximum-folded", function(lambda torch: lambda z: torch.maximum(z, -0.5 * z), 1), CLAIM, FAILS,
        "-2 and 1 have one image"),
    Row("inj-threshold", function(lambda torch: lambda z: z - 0.5 * torch.nn.functional.threshold(z, 0.0, 0.0)), CLAIM,
        HOLDS, "slopes 1 and 1/2"),
    Row("inj-threshold-up", function(lambda torch: lambda z: 2 * z - torch.nn.functional.threshold(z, 3.0, 2.0), 1),
        CLAIM, FAILS, "2 z - 2 up to 3, where it is 4, and z above 3: 11/4 and 7/2 go to 7/2"),
    Row("inj-threshold-down", function(lambda torch: lambda z: torch.nn.functional.threshold(z, 3.0, 4.0), 1), CLAIM,
        FAILS, "all z up to 3 go to 4"),
    Row("inj-two-relus", mlp([2, 3, 4], applied(lambda torch, x: torch.relu(x) - 0.3 * torch.relu(-x))), CLAIM, HOLDS,
        _LAYERS + ": slopes 1 and .3"),
    Row("inj-two-relus-folded", function(lambda torch: lambda z: torch.relu(z) + 0.25 * torch.relu(-z), 1), CLAIM,
        FAILS, "-4 and 1 have one image"),
    Row("inj-relu6-unit", function(lambda torch: torch.nn.ReLU6(), 2, UNIT), CLAIM, HOLDS, "it is z on (0, 1)"),
    Row("inj-relu6", function(lambda torch: torch.nn.ReLU6()), CLAIM, FAILS, "-1 and -2 go to 0"),
    Row("inj-relu6-positive", function(lambda torch: torch.nn.ReLU6(), 1, POSITIVE), CLAIM, FAILS, "7 and 8 go to 6"),
    Row("inj-hardtanh-symmetric", function(lambda torch: torch.nn.Hardtanh(), 2, SYMMETRIC), CLAIM, HOLDS,
        "it is z on (-1, 1)"),
    Row("inj-hardtanh-narrower", function(lambda torch: torch.nn.Hardtanh(-0.999, 1), 2, SYMMETRIC), CLAIM, FAILS,
        "all of (-1, -.999) goes to -.999"),
    Row("inj-hardsigmoid-unit", function(lambda torch: torch.nn.Hardsigmoid(), 2, UNIT), CLAIM, HOLDS,
        "it is z / 6 + 1 / 2 on (-3, 3)"),
    Row("inj-hardsigmoid", function(lambda torch: torch.nn.Hardsigmoid(), 1), CLAIM, FAILS, "4 and 5 go to 1"),
    Row("inj-clamp-at-the-ends", function(lambda torch: lambda z: z.clamp(0, 1), 2, UNIT), CLAIM, HOLDS, "it is z"),
    Row("inj-clamp-thin", function(lambda torch: lambda z: z.clamp(2**-40, 2), 1, UNIT), CLAIM, FAILS,
        "all of (0, 2**-40) goes to 2**-40"),
    Row("inj-clamp-after-sigmoid", function(lambda torch: lambda z: torch.sigmoid(z).clamp(0, 1)), CLAIM, HOLDS,
        "the sigmoid is within (0, 1)"),
    Row("inj-clamp-after-softsign", function(lambda torch: lambda z: (3 * z / (1 + z.abs())).clamp(-3, 3)),
        CLAIM, HOLDS, "3 z / (1 + |z|) is within (-3, 3)"),
    Row("inj-clamp-inside-softsign", function(lambda torch: lambda z: (z / (1 + z.abs())).clamp(-0.5, 1), 1), CLAIM,
        FAILS, "-2 and -3 go to -1/2"),
    Row("inj-convolution-kernel-1", function(blended([[1.0, 2.0], [0.5, 2.0]]), 4), CLAIM, HOLDS,
        "its matrix is the Kronecker product of a 2 x 2 matrix of determinant 1 and the identity"),
    Row("inj-convolution-kernel-1-singular", function(blended([[1.0, 2.0], [0.5, 1.0]]), 4), CLAIM, FAILS,
        "at every place the second channel is half of the first"),
    Row("inj-convolution-widening", function(convolved("Conv1d", (1, 4), 1, 3, 2), 4), CLAIM, HOLDS,
        "three random filters at three places: 9 x 4 of full column rank"),
    Row("inj-convolution-2d", function(convolved("Conv2d", (2, 2, 2), 2, 3, 1), 8), CLAIM, HOLDS,
        "a random 3 x 2 matrix at each of four places has full column rank"),
    Row("inj-convolution-narrowing", function(filtered([1.0, 2.0]), 3), CLAIM, FAILS, "three latents to two places"),
    Row("inj-convolution-one-tap", function(filtered([-0.5]), 3), CLAIM, HOLDS, "every latent times -1/2"),
    Row("inj-convolution-no-tap", function(filtered([0.0]), 3), CLAIM, FAILS, "the filter is 0"),
    Row("inj-convolution-padded", function(convolved("Conv1d", (1, 3), 1, 2, 3, padding=1), 3), CLAIM, HOLDS,
        "two random filters of three taps: 6 x 3 of full column rank"),
    Row("inj-transposed-convolution", function(convolved("ConvTranspose1d", (1, 3), 1, 2, 2), 3), CLAIM, HOLDS,
        "polynomial multiplication by a filter that is not 0 is injective", False),
    Row("inj-odd-square", symbolic(z1 * sympy.Abs(z1)), CLAIM, HOLDS, "a |a| increases strictly"),
    Row("inj-even-cube", symbolic(z1**2 * sympy.Abs(z1)), CLAIM, FAILS, _EVEN),
    Row("inj-max-positive", symbolic(sympy.Max(z1, 0), support=POSITIVE), CLAIM, HOLDS, "it is z on (0, oo)"),
    Row("inj-max-line", symbolic(sympy.Max(z1, 0)), CLAIM, FAILS, "negative z go to 0"),
    Row("inj-abs-apart", symbolic(sympy.Abs(z1), support=sympy.Union(sympy.Interval(1, 2), sympy.Interval(-4, -3))),
        CLAIM, HOLDS, "[1, 2] and [3, 4] are disjoint"),
    Row("inj-abs-touching", symbolic(sympy.Abs(z1), support=sympy.Union(sympy.Interval(1, 3), sympy.Interval(-4, -3))),
        CLAIM, FAILS, "-3 and 3 have one image, although almost no other point has a double", False),
    Row("inj-abs-overlapping",
        symbolic(sympy.Abs(z1), support=sympy.Union(sympy.Interval(1, Fraction(49, 16)), sympy.Interval(-4, -3))),
        CLAIM, FAILS, "-49/16 + 1/32 and its opposite have one image"),
]  # fmt: skip
