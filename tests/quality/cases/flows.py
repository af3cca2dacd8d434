"""(J) for maps that are built from parts: couplings, residual blocks, layers that are shared, convolutions."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

from tests.quality.cases.base import Case, Kind, Rows, accepted, invertible, plain, rank, singular, truth

CLAIM = "theorem1.injective"


def _tensor(rows: Rows, dtype: Any = None) -> Any:
    import torch

    return torch.tensor([[float(v) for v in row] for row in rows], dtype=dtype or torch.float64)


def _linear(rows: Rows, bias: float = 0.0) -> Any:
    import torch

    layer = torch.nn.Linear(len(rows[0]), len(rows)).double()
    with torch.no_grad():
        layer.weight.copy_(_tensor(rows))
        layer.bias.fill_(bias)
    return layer


def _shift(draw: random.Random) -> Any:
    """A network of one coordinate with bounded, random weights."""
    import torch

    torch.manual_seed(draw.getrandbits(31))
    act = draw.choice([torch.nn.Tanh(), torch.nn.LeakyReLU(0.2), torch.nn.ReLU(), torch.nn.ELU()])
    return torch.nn.Sequential(torch.nn.Linear(1, 4), act, torch.nn.Linear(4, 1)).double()


def coupling(draw: random.Random) -> Case:
    """(z1, z2 s(z1) + t(z1)) with s > 0, or s that is 0 at a point, or changes its sign; then a linear map."""
    import torch

    good = draw.random() < 0.6
    t = _shift(draw)
    inner = _shift(draw)
    size = 2.0 ** -draw.choice([0, 1, 10, 40])
    place = float(draw.randint(-3, 3))
    positive = [
        lambda a: torch.ones_like(a),
        lambda a: torch.exp(torch.tanh(inner(a))),
        lambda a: torch.exp(a),
        lambda a: torch.sigmoid(inner(a)) + size,
        lambda a: 1 + size + torch.sin(a),
        lambda a: a * a + size,
    ]
    broken = [lambda a: a - place, lambda a: torch.tanh(a - place), lambda a: (a - place) ** 3, lambda a: 0 * a]
    s = draw.choice(positive if good else broken)
    swap = draw.random() < 0.5
    final = _linear(invertible(draw, 2))

    def forward(z: Any) -> Any:
        a, b = (z[:, 1:], z[:, :1]) if swap else (z[:, :1], z[:, 1:])
        return final(torch.cat([a, b * s(a) + t(a)], 1))

    return Case("couplings", CLAIM, plain(forward, 2), truth(good), False)


def residual(draw: random.Random) -> Case:
    """z + c W^T h(W z), W orthogonal (a rotation by a Pythagorean triple is not: 3-4-5 over 8 has norm 5/8), |h'| <= 1.

    For c L < 1 the identity plus a contraction; for h = tanh and c < -(8/5)^2 it falls along the axes of W at 0 and
    rises far away.
    """
    import torch

    a, b, c = draw.choice([(3, 4, 5), (5, 12, 13), (8, 15, 17)])
    scale = 2 ** (c - 1).bit_length()  # the matrix times its transpose is (c / scale)^2 times the identity
    size = Fraction(c, scale) ** 2
    weight = _tensor([[Fraction(a, scale), Fraction(-b, scale)], [Fraction(b, scale), Fraction(a, scale)]])
    good = draw.random() < 0.6
    step = Fraction(2) ** -draw.choice([1, 2, 10, 30])
    if good:
        factor = draw.choice([1, -1]) * (1 - step) / size if draw.random() < 0.5 else Fraction(draw.randint(-9, 9), 10)
    else:
        factor = -(1 + step) / size
    rate = float(factor)
    if good and abs(Fraction(rate)) * size >= 1:
        rate = 0.5
    if not good and abs(Fraction(rate)) * size <= 1:
        rate = -3.0
    h = draw.choice([torch.tanh, torch.sin, torch.atan] if good else [torch.tanh, torch.atan])
    model = plain(lambda z: z + rate * h(z @ weight) @ weight.T, 2)
    return Case("residual blocks", CLAIM, model, truth(good), good and abs(rate) * float(size) < 0.5)


def elementwise(draw: random.Random) -> Case:
    """Each latent through a strictly increasing function, or one through a function that folds; mixed before and after
    by invertible matrices."""
    import torch
    from torch.nn import functional as F

    n = draw.randint(1, 3)
    rising = [
        lambda z: z + 0.5 * torch.sin(z), lambda z: torch.sinh(z), lambda z: z**3 + z, lambda z: z + torch.tanh(z),
        lambda z: 2 * z + z.abs(), lambda z: torch.atan(z), lambda z: z * z.abs(), lambda z: torch.erf(z),
        lambda z: torch.asinh(z), lambda z: F.elu(z), lambda z: F.softsign(z), lambda z: torch.expm1(z),
        lambda z: F.logsigmoid(z), lambda z: F.tanhshrink(z), lambda z: F.selu(z), lambda z: z**5,
        lambda z: F.celu(z, 0.5), lambda z: torch.sign(z) * torch.log1p(z.abs()), lambda z: torch.logaddexp(z, 0 * z),
    ]  # fmt: skip
    folding = [
        lambda z: z**2, lambda z: torch.cos(z), lambda z: z.abs(), lambda z: F.gelu(z), lambda z: F.silu(z),
        lambda z: F.mish(z), lambda z: torch.sinc(z), lambda z: torch.relu(z), lambda z: F.hardtanh(z),
        lambda z: F.softshrink(z), lambda z: F.hardswish(z), lambda z: torch.floor(z), lambda z: z - 2 * torch.tanh(z),
        lambda z: torch.exp(-z * z), lambda z: F.relu6(z), lambda z: z**3 - z, lambda z: F.hardshrink(z),
        lambda z: torch.special.entr(z.abs()), lambda z: torch.frac(z), lambda z: torch.round(z),
    ]  # fmt: skip
    good = draw.random() < 0.5
    folded = None if good else draw.randrange(n)
    functions = [draw.choice(folding if i == folded else rising) for i in range(n)]
    before, after = _linear(invertible(draw, n)), _linear(invertible(draw, n), 0.5)
    mixed = draw.random() < 0.5

    def forward(z: Any) -> Any:
        x = before(z) if mixed else z
        return after(torch.cat([f(x[:, i : i + 1]) for i, f in enumerate(functions)], 1))

    model = accepted(lambda: plain(forward, n))
    return Case("elementwise by hand", CLAIM, model, truth(good), False)


def shared(draw: random.Random) -> Case:
    """One layer applied several times, its transpose, weight norm, a permutation in between, a skip that doubles."""
    import torch

    n = draw.randint(2, 3)
    good = draw.random() < 0.5
    rows = invertible(draw, n) if good else singular(draw, n)
    layer = _linear(rows, 0.25)
    act = draw.choice([torch.nn.LeakyReLU(0.25), torch.nn.Tanh(), torch.nn.ELU(), torch.nn.Identity()])
    order = draw.sample(range(n), n)
    how = draw.choice(["twice", "transposed", "weight norm", "permuted", "frozen copy", "buffer"])
    if how == "weight norm":
        normed = torch.nn.utils.parametrizations.weight_norm(_linear(rows), dim=None)
        module: Any = torch.nn.Sequential(normed, act, layer)
    elif how == "transposed":
        module = lambda z: act(layer(z)) @ layer.weight  # noqa: E731
    elif how == "permuted":
        module = lambda z: layer(act(layer(z)[:, order]))  # noqa: E731
    elif how == "buffer":
        kept = layer.weight.detach().clone()
        module = lambda z: act(torch.einsum("bi,oi->bo", z, kept)) * 2 - 1  # noqa: E731
    else:
        module = torch.nn.Sequential(layer, act, layer, act)[: draw.randint(3, 4)]
    # A norm of the weights is rounded: the matrix that PyTorch computes may be regular where the one meant is not.
    model = plain(module, n)
    exact = how != "weight norm" or good
    return Case("shared layers", CLAIM, model, truth(good) if exact else truth(False) | truth(True), False)


def _circulant(taps: list[int], n: int) -> Rows:
    return [[Fraction(sum(t for k, t in enumerate(taps) if (i + k) % n == j)) for j in range(n)] for i in range(n)]


def _banded(taps: list[int], n: int, padding: int, stride: int) -> Rows:
    rows = []
    for start in range(-padding, n + padding - len(taps) + 1, stride):
        rows.append([Fraction(taps[j - start]) if 0 <= j - start < len(taps) else Fraction(0) for j in range(n)])
    return rows


def convolution(draw: random.Random) -> Case:
    """One channel in one dimension: the matrix is known, circulant or banded, and elimination knows its rank."""
    import torch

    n = draw.randint(2, 5)
    taps = [draw.choice([0, 1, -1, 1, 2]) for _ in range(draw.randint(1, min(3, n)))]
    how = draw.choice(["circular", "zeros", "transposed", "strided"])
    size = len(taps)
    if how == "circular":
        if size == 1:
            taps, size = [*taps, 1], 2
        layer: Any = torch.nn.Conv1d(1, 1, size, padding=size - 1, padding_mode="circular", bias=False).double()
        matrix = [row for _ in range(2) for row in _circulant(taps, n)]
    elif how == "transposed":
        layer = torch.nn.ConvTranspose1d(1, 1, size, bias=False).double()
        matrix = [[Fraction(taps[i - j]) if 0 <= i - j < size else Fraction(0) for j in range(n)]
                  for i in range(n + size - 1)]  # fmt: skip
    else:
        padding, stride = (size // 2, 1) if how == "zeros" else (0, 2)
        layer = torch.nn.Conv1d(1, 1, size, padding=padding, stride=stride, bias=False).double()
        matrix = _banded(taps, n, padding, stride)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(taps, dtype=torch.float64).reshape(1, 1, -1))
    act = draw.choice([torch.nn.Identity(), torch.nn.LeakyReLU(0.5), torch.nn.Tanh()])
    model = plain(lambda z: act(layer(z[:, None])).flatten(1), n)
    return Case("convolutions", CLAIM, model, truth(rank(matrix) == n), False)


KINDS = (
    Kind(
        "couplings",
        "(z1, z2 s(z1) + t(z1)) is undone step by step where s has no zero; where s is 0 a line goes to a point.",
        coupling,
        3,
        slow=True,
    ),
    Kind(
        "residual blocks",
        "z + c W^T h(W z) with W^T W = q^2: injective for |c| q^2 < 1, not for c q^2 < -1 and h = tanh, atan, which "
        "falls at 0 and rises far away.",
        residual,
        2,
        slow=True,
    ),
    Kind(
        "elementwise by hand",
        "Strictly increasing functions between invertible matrices; or one that folds, jumps back or is flat.",
        elementwise,
        4,
        slow=True,
    ),
    Kind(
        "shared layers",
        "One layer used several times, its transpose, copies, permutations, weight norm: injective exactly when the "
        "layer is invertible.",
        shared,
        3,
        slow=True,
    ),
    Kind(
        "convolutions",
        "The matrix of a convolution (circular, padded, strided, transposed) is written down, and elimination knows "
        "its rank.",
        convolution,
        3,
        slow=True,
    ),
)
