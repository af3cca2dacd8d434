"""(J) for functions of PyTorch in pieces that are lines: they jump, fold or rise, written by hand in many ways."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import sympy

from tests.quality.cases.base import Case, Kind, plain, rational, truth

CLAIM = "theorem1.injective"
INF = sympy.oo


# -- pieces


@dataclass(frozen=True)
class Pieces:
    """Breaks b_1 < .. < b_m; slopes s_0 .. s_m; jumps j_1 .. j_m, taken just above the breaks. At 0 the first piece
    has the value 0."""

    breaks: list[Fraction]
    slopes: list[Fraction]
    jumps: list[Fraction]

    def at(self, x: Fraction, side: int = 0) -> Fraction:
        """The value at x, or its limit from the right (``side = 1``)."""
        value = self.slopes[0] * x
        for b, before, after, jump in zip(self.breaks, self.slopes[:-1], self.slopes[1:], self.jumps, strict=True):
            if x > b or (x == b and side > 0):
                value += (after - before) * (x - b) + jump
        return value


def injective(f: Pieces, low: Fraction | None, high: Fraction | None) -> bool:
    """Whether f is injective on the open interval from low to high (``None``: no end): the images of its pieces (from
    a break, not included, to the next, included) are half-open intervals, which have to be apart."""
    inside = [b for b in f.breaks if (low is None or b > low) and (high is None or b < high)]
    ends: list[Fraction | None] = [low, *inside, high]
    images = []
    for j, (left, right) in enumerate(pairwise(ends)):
        slope = f.slopes[sum(1 for b in f.breaks if left is not None and b <= left)] if j or left is not None else None
        slope = f.slopes[0] if slope is None else slope
        if slope == 0:
            return False
        start = None if left is None else f.at(left, 1)
        stop = None if right is None else f.at(right)
        closed = right is not None and right in inside
        images.append(_image(slope > 0, start, stop, closed))
    return not any(_meet(a, b) for i, a in enumerate(images) for b in images[:i])


_Image = tuple[float | Fraction, float | Fraction, bool, bool]


def _image(rising: bool, start: Fraction | None, stop: Fraction | None, closed: bool) -> _Image:
    """Low end, high end, and which of them belong to the image; the piece has its right end alone."""
    if rising:
        return (-math.inf if start is None else start, math.inf if stop is None else stop, False, closed)
    return (-math.inf if stop is None else stop, math.inf if start is None else start, closed, False)


def _meet(a: _Image, b: _Image) -> bool:
    low = max(a[0], b[0])
    high = min(a[1], b[1])
    if low != high:
        return low < high
    return all((low > i[0] or i[2]) and (low < i[1] or i[3]) for i in (a, b))


def _sizes(draw: random.Random) -> Fraction:
    """A power of two between 1 and 2^-900, exact in floats."""
    return Fraction(1, 2 ** draw.choice([0, 0, 1, 2, 10, 30, 52, 100, 300, 900]))


def _pieces(draw: random.Random) -> Pieces:
    """One or two breaks up to 2^50 away; slopes of one sign, or not; jumps up, down by less than a piece, or none."""
    far = Fraction(draw.choice([0, 1, 5, 100, 10**6, 2**50]) * draw.choice([1, -1]))
    breaks = [far] + ([far + draw.choice([1, 2, Fraction(1, 2), 2**20])] if draw.random() < 0.4 else [])
    slopes = [Fraction(draw.choice([1, 1, 2, Fraction(1, 4)])) for _ in range(len(breaks) + 1)]
    jumps = [Fraction(0)] * len(breaks)
    place = draw.randrange(len(breaks))
    move = draw.random()
    if move < 0.25:
        slopes[place + 1] = _sizes(draw) * draw.choice([1, -1])
    elif move < 0.35:
        slopes[place + 1] = Fraction(0)
    elif move < 0.8:
        jumps[place] = _sizes(draw) * draw.choice([1, -1, -1])
    if draw.random() < 0.2:
        jumps[place] += draw.choice([10, -10])
    if draw.random() < 0.2:
        slopes = [-s for s in slopes]
    return Pieces(breaks, slopes, jumps)


def _hinge(draw: random.Random, b: float, slope: float) -> Callable[[Any], Any]:
    """``slope max(x - b, 0)`` in one of the ways in which people write it."""
    import torch
    from torch.nn import functional as F

    return draw.choice([
        lambda x: slope * torch.relu(x - b),
        lambda x: (x - b).clamp(min=0) * slope,
        lambda x: torch.where(x > b, slope * (x - b), 0.0),
        lambda x: torch.where(x <= b, torch.zeros_like(x), slope * (x - b)),
        lambda x: (x > b) * (x - b) * slope,
        lambda x: torch.maximum(x, torch.full_like(x, b)) * slope - slope * b,
        lambda x: slope * ((x - b) + (x - b).abs()) / 2,
        lambda x: F.leaky_relu(x - b, 0.0) * slope,
        lambda x: F.threshold(x - b, 0.0, 0.0) * slope,
        lambda x: (slope * (x - b)).masked_fill(x <= b, 0.0),
        lambda x: -slope * torch.minimum(b - x, torch.zeros_like(x)),
    ])  # fmt: skip


def _step(draw: random.Random, b: float, jump: float) -> tuple[Callable[[Any], Any], float]:
    """``jump`` above b, 0 up to it; and the jump as PyTorch has it: a choice of two numbers is in single precision."""
    import torch

    return draw.choice([
        (lambda x: jump * (x > b), jump),
        (lambda x: torch.where(x > b, jump, 0.0), float(np.float32(jump))),
        (lambda x: torch.where(x > b, jump, 0.0 * x), jump),
        (lambda x: (x > b).to(x.dtype) * jump, jump),
        (lambda x: jump - jump * (x <= b), jump),
        (lambda x: torch.zeros_like(x).masked_fill(x > b, jump), jump),
        (lambda x: torch.where(x - b > 0, torch.full_like(x, jump), torch.zeros_like(x)), jump),
    ])  # fmt: skip


def written(draw: random.Random, f: Pieces) -> tuple[Callable[[Any], Any], Pieces]:
    """The function for PyTorch, as hinges and steps added up or as a choice among lines; and its pieces there."""
    import torch

    first = float(f.slopes[0])
    shifts = [f.at(b, 1) - slope * b for b, slope in zip(f.breaks, f.slopes[1:], strict=True)]
    if draw.random() < 0.6 or any(Fraction(float(shift)) != shift for shift in shifts):
        parts, jumps = [], []
        for b, before, after, jump in zip(f.breaks, f.slopes[:-1], f.slopes[1:], f.jumps, strict=True):
            parts += [_hinge(draw, float(b), float(after - before))] if after != before else []
            step, actual = _step(draw, float(b), float(jump))
            parts += [step] if jump else []
            jumps.append(Fraction(actual))
        return lambda x: first * x + sum(part(x) for part in parts), Pieces(f.breaks, f.slopes, jumps)

    def choose(x: Any) -> Any:
        value = first * x
        for b, slope, shift in zip(f.breaks, f.slopes[1:], shifts, strict=True):
            value = torch.where(x > float(b), float(slope) * x + float(shift), value)
        return value

    return choose, f


def pieces(draw: random.Random) -> Case:
    """One to three latents, one of them through pieces; invertible linear maps before and after."""
    import torch

    f = _pieces(draw)
    while not _floats(f):
        f = _pieces(draw)
    low, high = _interval(draw, f)
    n = draw.choice([1, 1, 2])
    bent, f = written(draw, f)

    def forward(z: Any) -> Any:
        if n == 1:
            return bent(z)
        x = torch.cat([bent(z[:, :1]), z[:, 1:]], 1)
        return torch.cat([x[:, 1:] + 2 * x[:, :1], x[:, :1]], 1) if swap else x

    swap = draw.random() < 0.4
    support = None
    if low is not None or high is not None:
        support = sympy.Interval.open(-INF if low is None else rational(low), INF if high is None else rational(high))
    # At the end of a support a value that is not taken counts for the proofs, which look at closed intervals.
    reached = n == 1 and not {low, high} & set(f.breaks)
    return Case("pieces by hand", CLAIM, plain(forward, n, support), truth(injective(f, low, high)), reached)


def _floats(f: Pieces) -> bool:
    """Whether differences of slopes are floats: the function written is then the function meant."""
    changes = [b - a for a, b in zip(f.slopes, f.slopes[1:], strict=False)]
    return all(Fraction(float(v)) == v for v in (*f.breaks, *f.slopes, *f.jumps, *changes))


def _interval(draw: random.Random, f: Pieces) -> tuple[Fraction | None, Fraction | None]:
    """All of R mostly; a half-line or an interval that begins or ends near, or at, a break."""
    if draw.random() < 0.6:
        return None, None
    b = draw.choice(f.breaks) + draw.choice([0, 0, 1, -1, Fraction(1, 2**30), -Fraction(1, 2**30)])
    move = draw.random()
    if move < 0.4:
        return b, None
    return (None, b) if move < 0.8 else (b, b + draw.choice([1, 100]))


KINDS = (
    Kind(
        "pieces by hand",
        "Hinges and steps of PyTorch (where, masks, clamp, threshold, relu, maximum, ..) at breaks up to 2^50 "
        "away with slopes and jumps down to 2^-900: injective exactly when the images of the pieces are apart, in "
        "fractions.",
        pieces,
        4,
        slow=True,
    ),
)
