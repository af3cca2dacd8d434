"""(J): mixing functions that are injective, or not, by construction."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import sympy

from tests.quality.cases.base import (
    FAILS,
    UNDECIDED,
    Case,
    Kind,
    Rows,
    invertible,
    one_of,
    plain,
    rank,
    rational,
    sample_distance,
    singular,
    truth,
)

CLAIM = "theorem1.injective"
INF = sympy.oo


def _symbols(n: int) -> list[Any]:
    return list(sympy.symbols(f"z1:{n + 1}", real=True))


def _linear(rows: Rows, entries: Any) -> list[Any]:
    return [sum((rational(v) * e for v, e in zip(row, entries, strict=True)), sympy.S.Zero) for row in rows]


def linear(draw: random.Random) -> Case:
    """B z, B square or tall."""
    n = draw.randint(1, 4)
    injective = draw.random() < 0.5
    rows = invertible(draw, n) if injective else singular(draw, n)
    rows += [[sum((row[j] for row in rows), Fraction(0)) for j in range(n)] for _ in range(draw.randint(0, 2))]
    factor = Fraction(10) ** draw.choice([0, 0, -100, 100])
    rows[0] = [value * factor for value in rows[0]]
    symbols = _symbols(n)
    return Case("linear mixing", CLAIM, plain((symbols, _linear(rows, symbols)), n), truth(injective), True)


def near_singular(draw: random.Random) -> Case:
    """A singular matrix with one entry moved by 1 to 1e-300."""
    n = draw.randint(2, 4)
    rows = singular(draw, n)
    gap = sample_distance(draw)
    rows[draw.randrange(n)][draw.randrange(n)] += gap
    symbols = _symbols(n)
    return Case(
        "nearly singular mixing", CLAIM, plain((symbols, _linear(rows, symbols)), n), truth(rank(rows) == n), True
    )


def fold(draw: random.Random) -> Case:
    """|z - R| with R from 1 to 1e12, and kinks at R that do not fold; on the line or on one side of R."""
    z = _symbols(1)[0]
    far = sympy.Integer(draw.choice([-1, 1]) * draw.randint(1, 9) * 10 ** draw.randint(0, 12))
    injective = draw.random() < 0.5
    support: Any = None
    if injective:
        f = draw.choice(
            [
                2 * z + sympy.Abs(z - far),
                sympy.Piecewise((z, z < far), (3 * z - 2 * far, True)),
                sympy.Max(z, 2 * z - far),
                (z - far) ** 3,
            ]
        )
        if draw.random() < 0.2:
            f, support = sympy.Abs(z - far), sympy.Interval.open(far, INF)
    else:
        f = draw.choice(
            [
                sympy.Abs(z - far),
                (z - far) ** 2,
                sympy.Piecewise((z, z < far), (2 * far - z, True)),
                z + 2 * sympy.Max(far - z, 0),
            ]
        )
    return Case("fold far away", CLAIM, plain(([z], [f]), 1, support), truth(injective), True)


def bend(draw: random.Random) -> Case:
    """z^3 + c z: injective exactly when c >= 0; c from 1 to 1e-300 and 0."""
    z = _symbols(1)[0]
    gap = sample_distance(draw) * draw.choice([-1, 1]) if draw.random() < 0.9 else Fraction(0)
    f = z**3 + rational(gap) * z
    return Case("cubic that bends", CLAIM, plain(([z], [f]), 1), truth(gap >= 0), True)


def triangular(draw: random.Random) -> Case:
    """Compositions of triangular maps with increasing entries and invertible linear maps; or one entry that folds."""
    n = draw.randint(2, 3)
    symbols = _symbols(n)
    increasing = [
        lambda z: z**3 + z,
        lambda z: 2 * z,
        lambda z: sympy.exp(z),
        lambda z: sympy.sinh(z),
        lambda z: z + sympy.atan(z),
        lambda z: z**5 + 3 * z,
        lambda z: 2 * z + sympy.sin(z),
    ]
    shifts = [
        lambda z: z**2,
        lambda z: sympy.sin(z),
        lambda z: sympy.exp(-(z**2)),
        lambda z: z**3,
        lambda z: sympy.Abs(z),
    ]
    folding = [lambda z: z**2, lambda z: sympy.Abs(z), lambda z: z**3 - 3 * z, lambda z: sympy.sin(z)]
    injective = draw.random() < 0.5
    folded = None if injective else draw.randrange(n)
    entries = []
    for i, z in enumerate(symbols):
        entry = draw.choice(folding if i == folded else increasing)(z)
        if i and draw.random() < 0.7:
            entry = entry + draw.randint(-3, 3) * draw.choice(shifts)(symbols[draw.randrange(i)])
        entries.append(entry)
    draw.shuffle(entries)
    return Case("triangular mixing", CLAIM, plain((symbols, entries), n), truth(injective), True)


def rank_loss(draw: random.Random) -> Case:
    """The rank of the Jacobian drops on a null set: (z1, z1 z2) collapses there, (z1, z2^3) does not."""
    z1, z2 = symbols = _symbols(2)
    power = draw.randint(1, 3)
    place = draw.randint(-5, 5)
    a, b = z1 - place, z2 + draw.randint(-3, 3)
    injective = draw.random() < 0.5
    if injective:
        entries = draw.choice([[a, b**3], [a**3, b**3 + a], [a**3 + a, b**5]])
    else:
        entries = [a, a ** (2 * power - 1) * b] if draw.random() < 0.6 else [a * b, b]
    return Case("rank loss at points", CLAIM, plain((symbols, entries), 2), truth(injective), True)


def curve(draw: random.Random) -> Case:
    """One latent, two coordinates: even functions of z - m collide; an increasing coordinate prevents it."""
    z = _symbols(1)[0]
    m = draw.randint(-4, 4)
    even = [
        lambda t: t**2,
        lambda t: sympy.Abs(t),
        lambda t: t**4 - t**2,
        lambda t: sympy.cos(t),
        lambda t: sympy.exp(-(t**2)),
    ]
    entries = [draw.choice(even)(z - m), draw.choice(even)(z - m)]
    injective = draw.random() < 0.5
    if injective:
        entries[draw.randrange(2)] = draw.choice([z, z**3, sympy.exp(z), sympy.tanh(z), z + sympy.Abs(z) / 2])
    return Case("curve in the plane", CLAIM, plain(([z], entries), 1), truth(injective), True)


def too_few(draw: random.Random) -> Case:
    """Fewer outputs than latents, or a latent that does not enter."""
    n = draw.randint(2, 4)
    symbols = _symbols(n)
    if draw.random() < 0.5:
        entries = _linear([[Fraction(draw.randint(-3, 3)) for _ in range(n)] for _ in range(n - 1)], symbols)
        entries = [sympy.tanh(e) if draw.random() < 0.5 else e for e in entries]
    else:
        missing = draw.randrange(n)
        used = [s for i, s in enumerate(symbols) if i != missing]
        entries = [sympy.exp(s) for s in used] + _linear([[Fraction(draw.randint(1, 3)) for _ in used]] * 2, used)
    return Case("too few outputs", CLAIM, plain((symbols, entries), n), truth(False), True)


# -- networks


def _layer(rows: Rows, draw: random.Random, dtype: str) -> Any:
    import torch

    layer = torch.nn.Linear(len(rows[0]), len(rows)).to(getattr(torch, dtype))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[float(v) for v in row] for row in rows], dtype=torch.float64))
        layer.bias.copy_(torch.tensor([draw.randint(-4, 4) / 4 for _ in rows]))
    return layer


def network(draw: random.Random) -> Case:
    """Square leaky-ReLU (or tanh) networks: all layers invertible, one singular, or singular but for one ulp."""
    import torch

    n, depth = draw.randint(1, 3), draw.randint(1, 3)
    dtype = draw.choice(["float64", "float32"])
    state = draw.choice(["invertible", "singular", "one ulp"])
    layers: list[Any] = []
    broken = draw.randrange(depth)
    activation = draw.choice(
        [torch.nn.LeakyReLU(0.25), torch.nn.LeakyReLU(2.0**-20), torch.nn.ELU(), torch.nn.Softplus()]
    )
    onto = isinstance(activation, torch.nn.LeakyReLU)
    whole = True
    for index in range(depth):
        bad = index == broken and state != "invertible"
        rows = singular(draw, n) if bad else invertible(draw, n)
        if bad and state == "one ulp":
            # The largest entry of the last row moves to the next float: what that does to the rank is computed exactly.
            j = max(range(n), key=lambda j: abs(rows[-1][j]))
            step = Fraction(2) ** (-52 if dtype == "float64" else -23)
            rows[-1][j] += step * max(1, 2 ** (int(abs(rows[-1][j])).bit_length() - 1))
        whole = whole and rank(rows) == n
        layers += [_layer(rows, draw, dtype), activation]
    module = torch.nn.Sequential(*layers[:-1])
    # A singular layer collapses a line of its input; everything before it is onto when its activations are.
    allowed = truth(whole) if whole or onto or broken == 0 else one_of(FAILS, UNDECIDED)
    return Case("network mixing", CLAIM, plain(module, n), allowed, whole or onto)


def wide_network(draw: random.Random) -> Case:
    """Tall layers of full column rank are injective; a layer narrower than n never is."""
    import torch

    n = draw.randint(2, 3)
    injective = draw.random() < 0.5
    torch.manual_seed(draw.getrandbits(31))
    middle = n + draw.randint(0, 3) if injective else n - 1
    rows = invertible(draw, n)[:middle] if middle < n else invertible(draw, n)
    rows += [[Fraction(draw.randint(-3, 3)) for _ in range(n)] for _ in range(middle - n)]
    second = invertible(draw, middle)
    second += [
        [Fraction(draw.randint(-3, 3)) for _ in range(middle)] for _ in range(draw.randint(0, 2) + max(0, n - middle))
    ]
    module = torch.nn.Sequential(_layer(rows, draw, "float64"), torch.nn.Tanh(), _layer(second, draw, "float64"))
    return Case("wide and narrow networks", CLAIM, plain(module, n), truth(injective), True)


KINDS = (
    Kind(
        "linear mixing",
        "A linear map is injective exactly when its columns are independent.",
        linear,
        5,
        symbolic=True,
    ),
    Kind(
        "nearly singular mixing",
        "A singular integer matrix with one entry moved by 1 to 1e-300: exact elimination of the "
        "campaign's own knows the rank.",
        near_singular,
        4,
        symbolic=True,
    ),
    Kind(
        "fold far away",
        "|z - R| and its like fold at R, up to 1e13 away; kinks with two positive slopes do not.",
        fold,
        4,
        symbolic=True,
    ),
    Kind(
        "cubic that bends",
        "z^3 + c z has three zeros for c < 0 and increases for c >= 0; |c| from 1 to 1e-300.",
        bend,
        4,
        symbolic=True,
    ),
    Kind(
        "triangular mixing",
        "Each coordinate is a strictly increasing function of its latent plus a function of earlier ones, "
        "or one of them folds: with the latents before it fixed, two values collide.",
        triangular,
        4,
        symbolic=True,
    ),
    Kind(
        "rank loss at points",
        "(z1, z1 z2) sends a line to a point; (z1, z2^3) loses rank and is injective.",
        rank_loss,
        3,
        symbolic=True,
    ),
    Kind(
        "curve in the plane",
        "Two even functions of z - m have one image at m + t and m - t; an increasing coordinate separates all points.",
        curve,
        3,
        symbolic=True,
    ),
    Kind(
        "too few outputs",
        "Continuous maps to fewer dimensions, or without one latent, are not injective.",
        too_few,
        2,
        symbolic=True,
    ),
    Kind(
        "network mixing",
        "Square layers, leaky ReLU, ELU or softplus: injective exactly when every layer is invertible, "
        "which exact elimination decides, one ulp off a singular layer included.",
        network,
        3,
    ),
    Kind(
        "wide and narrow networks",
        "Layers of full column rank between strictly increasing activations, or a layer narrower than n.",
        wide_network,
        2,
    ),
)
