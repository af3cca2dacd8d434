"""(iii) for functions of PyTorch on whole-number labels, and functions that mix the rows of a batch."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from ivae_theory import Box, Model, Noise, Observed, Points, Prior, assume_injective
from tests.quality.cases.base import (
    FAILS,
    HOLDS,
    UNDECIDED,
    Case,
    Kind,
    accepted,
    affine_rank,
    location,
    one_of,
    plain,
    truth,
)

CLAIM, INJECTIVE = "theorem1.iii", "theorem1.injective"


def _atoms(draw: random.Random) -> list[Callable[[Any], Any]]:
    """Functions of a column of labels that are whole numbers or truth values, none of which is rounded."""
    import torch
    from torch.nn import functional as F

    c, m = draw.choice([1, 2, 3, 5, 100, 127, 128, 200, 255]), draw.choice([2, 3, 7, 63, 64, 127])
    narrow = draw.choice([torch.int8, torch.uint8, torch.int16, torch.int32])
    big = draw.choice([2**20, 2**30, 2**31, 2**40, 2**55, 2**62])
    return [
        lambda u: u,
        lambda u: u + c,
        lambda u: m * u - c,
        lambda u: u.to(narrow),
        lambda u: (u + c).to(narrow) + (u * 0 + m).to(narrow),
        lambda u: u.to(torch.int8) * m,
        lambda u: u.to(torch.int8) + 100,
        lambda u: u.to(torch.uint8) - c,
        lambda u: -u.to(torch.int8) * 2,
        lambda u: u.to(torch.int8).abs(),
        lambda u: u.to(torch.int16) * 300,
        lambda u: (u * c).to(torch.int32) * (u * c).to(torch.int32),
        lambda u: (u * big) // big,
        lambda u: (u * big).to(torch.int32),
        lambda u: (u * big > 0),
        lambda u: u**2,
        lambda u: u.to(torch.int8) ** 2,
        lambda u: u**7,
        lambda u: torch.pow(2, u.clamp(max=70)) // 2**40,
        lambda u: u % m,
        lambda u: u // m,
        lambda u: torch.div(u, m, rounding_mode="floor"),
        lambda u: torch.remainder(-u, m),
        lambda u: u > c,
        lambda u: (u > 2) + (u > c),
        lambda u: (u > 2) * (u > c),
        lambda u: (u == c) * u,
        lambda u: (u > c).long() + (u > 2).long(),
        lambda u: (u % 2 == 0) | (u == c),
        lambda u: (u < c) ^ (u < m),
        lambda u: u.bool(),
        lambda u: (u - c).bool().to(torch.int8) * 200,
        lambda u: u.bitwise_and(m),
        lambda u: u << 1,
        lambda u: torch.where(u > c, u, 0),
        lambda u: torch.where(u > c, u.to(torch.int8), torch.tensor(3, dtype=torch.int8)),
        lambda u: torch.maximum(u, torch.full_like(u, c)),
        lambda u: u.clamp(0, c),
        lambda u: torch.minimum(u.to(torch.int8), torch.tensor(100, dtype=torch.int8)) * 2,
        lambda u: torch.cat([u.to(torch.int8), u.to(torch.int8)], 1).sum(1, keepdim=True, dtype=torch.int8),
        lambda u: torch.cat([u, u > c], 1).sum(1, keepdim=True),
        lambda u: torch.cat([u > 2, u > c], 1).sum(1, keepdim=True),
        lambda u: torch.cat([u, u, u], 1).cumsum(1)[:, 2:],
        lambda u: torch.cat([u % 3, u % 2 + 1], 1).prod(1, keepdim=True),
        lambda u: torch.cat([u, torch.full_like(u, c)], 1).amax(1, keepdim=True),
        lambda u: F.one_hot(u[:, 0] % 3, 3)[:, :1],
        lambda u: F.one_hot(u[:, 0].clamp(max=300), 301)[:, c : c + 1],
        lambda u: torch.tensor([0, 1, 3, 9, 27])[u % 5],
        lambda u: torch.arange(5, dtype=torch.int8)[u[:, 0] % 5, None] * 60,
        lambda u: torch.sign(u - c),
        lambda u: torch.square(u.to(torch.int8)),
        lambda u: torch.zeros_like(u, dtype=torch.bool).masked_fill(u > c, True),
        lambda u: torch.zeros_like(u).masked_fill(u > c, m),
        lambda u: F.embedding(u % 4, torch.tensor([[1.0], [0.0], [2.0], [5.0]]))[:, 0],
        lambda u: u.ne(c).int(),
        lambda u: u.to(torch.float32),
        lambda u: u.double() * 0.5,
        lambda u: u.float().to(torch.int8) if bool(torch.all(u < 100)) else u.long(),
    ]  # fmt: skip


def _labels(draw: random.Random) -> Any:
    """Small labels, and one or two beyond the width of some dtype."""
    labels = list(range(draw.choice([4, 6, 9])))
    labels += draw.sample(
        [63, 100, 101, 127, 128, 129, 200, 255, 256, 300, 2**15, 2**16 + 1, 2**31 + 5], draw.randint(0, 3)
    )
    draw.shuffle(labels)
    return np.array(labels)[:, None]


def _function(draw: random.Random, halves: bool) -> Callable[[Any], Any]:
    """One to three columns: an atom, or a sum of atoms with small factors; some are combinations of others."""
    import torch

    atoms = _atoms(draw)
    n = draw.randint(1, 3)
    chosen = [
        [(draw.choice([1, 1, -1, 2]), draw.choice(atoms)) for _ in range(draw.choice([1, 1, 2]))] for _ in range(n)
    ]
    tie = draw.choice([0, 1, -2, 3]) if n > 1 and draw.random() < 0.5 else None
    half = draw.choice([torch.float16, torch.bfloat16]) if halves else torch.float64
    place = draw.randrange(n)
    size, shift = draw.choice([(1.0, 0.0), (2.0**-20, 1.0), (2.0**-30, 1.0), (2.0**-200, 0.0)])

    def forward(u: Any) -> Any:
        columns = [sum(float(w) * atom(u).double() for w, atom in entry) for entry in chosen]
        if halves:
            columns[place] = columns[place].to(half).double() - (columns[place] if n == 1 else 0.0)
        if tie is not None:
            columns[-1] = columns[0] * tie + 1
        return size * torch.cat(columns, 1) + shift

    return forward


def _answers(forward: Callable[[Any], Any], labels: Any) -> Any:
    import torch

    return torch.cat([forward(torch.tensor([row.tolist()])) for row in labels]).tolist()


def whole(draw: random.Random) -> Case:
    """What PyTorch answers, label by label, is exact: elimination knows the rank."""
    return _labelled(draw, "whole-number lambda", False)


def half(draw: random.Random) -> Case:
    """The same with a column in half precision: what PyTorch computes decides, or nothing is settled."""
    return _labelled(draw, "half precision at labels", True)


def _labelled(draw: random.Random, kind: str, halves: bool) -> Case:
    forward, labels = _function(draw, halves), _labels(draw)
    table = _answers(forward, labels)
    while any(not abs(v) < 2.0**30 for row in table for v in row):  # below, all of this is exact in doubles
        forward, labels = _function(draw, halves), _labels(draw)
        table = _answers(forward, labels)
    full = affine_rank(table) == len(table[0])
    seen = draw.random() < 0.2
    u = Observed(labels) if seen else Points(labels)
    model = accepted(lambda: _model(forward, u))
    allowed = truth(full) if full or not seen else one_of(UNDECIDED, FAILS)
    return Case(kind, CLAIM, model, allowed, False)


def _model(function: Any, u: Any) -> Model:
    prior = Prior(location(), function, u=u)
    return Model(prior, noise=Noise.gaussian(1), mixing=assume_injective(prior.n))


# -- batches


def batch(draw: random.Random) -> Case:
    """Natural parameters or a mixing function in which a row depends on others: no function, so that nothing may hold;
    or twins of them within a row, which are functions."""
    import torch

    mixes = draw.random() < 0.6
    axis = 0 if mixes else 1
    moves: list[Callable[[Any], Any]] = [
        lambda x: torch.cumsum(x, axis), lambda x: x - x.mean(axis, keepdim=True), lambda x: x + x.flip(axis),
        lambda x: torch.sort(x, axis).values, lambda x: torch.softmax(x, axis),
        lambda x: x - x.amax(axis, keepdim=True),
        lambda x: torch.roll(x, 1, axis), lambda x: torch.cummax(x, axis).values,
        lambda x: x / x.norm(dim=axis, keepdim=True),
        lambda x: x + torch.logcumsumexp(x, axis), lambda x: torch.cumprod(x + 2, axis),
        lambda x: x + x.std(axis, correction=0, keepdim=True),
        lambda x: torch.diff(x, dim=axis, prepend=x.narrow(axis, 0, 1)), lambda x: x * x.sum(axis, keepdim=True),
    ]  # fmt: skip
    if mixes:
        moves += [
            lambda x: x + torch.arange(len(x))[:, None],
            lambda x: torch.nn.functional.batch_norm(x, None, None, training=True),
            lambda x: x + x[:1],
            lambda x: torch.nn.functional.layer_norm(x, x.shape),
            lambda x: x + len(x),
            lambda x: x @ (x.T @ x) / 10,
        ]
    move = draw.choice(moves)
    scale = draw.choice([1.0, 0.5, 1e-9])
    shift = draw.choice([0.0, 1.0])
    forward = lambda x: scale * move(x) + 0.0 * x + shift  # noqa: E731
    if draw.random() < 0.5:
        allowed = one_of(UNDECIDED) if mixes else one_of(UNDECIDED, HOLDS, FAILS)
        return Case("functions of the batch", INJECTIVE, accepted(lambda: plain(forward, 2)), allowed, False)
    rng = np.random.default_rng(draw.getrandbits(32))
    grid = rng.standard_normal((draw.randint(3, 9), 2))
    u: Any = draw.choice([Points(grid), Observed(grid), Box([-1, -1], [1, 1])])
    allowed = one_of(UNDECIDED) if mixes else one_of(UNDECIDED, HOLDS, FAILS)
    return Case("functions of the batch", CLAIM, accepted(lambda: _model(forward, u)), allowed, False)


KINDS = (
    Kind(
        "whole-number lambda",
        "Labels through int8, uint8, int32, bool, one-hot, embeddings, powers that wrap around: what PyTorch answers "
        "is exact, and elimination knows the rank of the answers.",
        whole,
        4,
        slow=True,
    ),
    Kind(
        "half precision at labels",
        "The same with a column cast to float16 or bfloat16: the answers decide, or nothing is settled.",
        half,
        2,
        slow=True,
    ),
    Kind(
        "functions of the batch",
        "Cumulative sums, means, sorting, normalisation over the batch are no functions of a row: refused or open.",
        batch,
        2,
        slow=True,
    ),
)
