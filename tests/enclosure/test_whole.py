"""Whole numbers and truth values in traced networks: every label against torch, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from ivae_theory.enclosure.failure import CannotEnclose
from ivae_theory.enclosure.network.whole import rounded
from ivae_theory.mixing.tracing import trace

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

LABELS = np.arange(129)[:, None]
LONG = torch.long


def first(batch):
    return torch.zeros(len(batch), 1, dtype=LONG)


def written(batch, value, dtype=LONG):
    into = torch.zeros(len(batch), 1, dtype=dtype)
    into[:, 0] = value[:, 0]
    return into


def real(truths):
    return torch.zeros(truths.shape, dtype=torch.float64).copy_(truths)


def dotted(batch):
    twice = torch.ones(2, dtype=torch.int8)
    return torch.stack([torch.dot(row.expand(2), twice) for row in batch])[:, None]


#: Each does something at the last label alone that it does nowhere else.
RARE = {
    "a byte with a sign": lambda u: u.to(torch.int8),
    "a power of two that passes 64 bits": lambda u: 2 ** ((u > 127) * 64) + (u > 127),
    "powers of whole numbers": lambda u: torch.pow(((u > 127) + 1).expand(-1, 2), ((u > 127) * 64).expand(-1, 2))[
        :, :1
    ],
    "powers of negative exponents": lambda u: 2 ** (-(u > 127).long()) + (u > 127),
    "a power above 64": lambda u: ((u > 127) + 1) ** 65 + (u > 127),
    "a dot product of bytes": lambda u: dotted((u > 125).to(torch.int8) * (u - 62).to(torch.int8)),
    "a byte beside a number beyond it": lambda u: (u.to(torch.uint8) >= -5) & (u > 127),
    "truth values written into real numbers": lambda u: real(u > 5) + real(u > 127),
    "products of truth values as real numbers, and one": lambda u: real(u > 5) * real(u > 127) + real(u > 4),
    "a byte and one more": lambda u: (u + 127).to(torch.uint8) + 1,
    "a byte doubled": lambda u: (u - 1).to(torch.int8) * 2,
    "squares of 32 bits": lambda u: (u * 363).to(torch.int32) * (u * 363).to(torch.int32),
    "powers of 64 bits": lambda u: (u + 1) ** 9,
    "a power as a tensor": lambda u: (u + 1) ** torch.tensor(9),
    "a sum of 64 bits": lambda u: (u * 2**55).expand(-1, 2).sum(1, keepdim=True),
    "or of truths": lambda u: (u > 5) + (u > 127),
    "or of products of truths": lambda u: (u > 5) * (u > 4) + (u > 127) * (u > 126),
    "or of maxima of truths": lambda u: torch.maximum(u > 5, u > 6) + torch.minimum(u > 127, u > 126),
    "a truth and one": lambda u: (u > 127) + True,
    "a sum of truths": lambda u: torch.cat([u > 5, u > 127], 1).sum(1, keepdim=True),
    "running sums of truths": lambda u: torch.cat([u > 5, u > 127], 1).cumsum(1)[:, 1:],
    "a product of truths, and one": lambda u: torch.cat([u > 5, u > 127], 1).prod(1, keepdim=True) + (u > 5).long(),
    "a scatter that adds": lambda u: torch.scatter((u > 127).double(), 1, first(u), (u > 5).double(), reduce="add"),
    "a scatter that multiplies": lambda u: torch.scatter((u > 127).double(), 1, first(u), 2.0, reduce="multiply"),
    "a sum cut off": lambda u: torch.where(u > 127, 1.5, 1.0).sum(1, keepdim=True, dtype=LONG),
    "a running sum cut off": lambda u: torch.where(u > 127, 1.5, 1.0).cumsum(1, dtype=LONG),
    "a product cut off": lambda u: torch.where(u > 127, 1.5, 1.0).prod(1, keepdim=True, dtype=LONG),
    "written into whole numbers": lambda u: written(u, torch.where(u > 127, 1.5, 1.0)),
    "a varying number written into whole numbers": lambda u: written(u, u / 128),
    "written into truth values": lambda u: written(u, torch.where(u > 127, 2, 1), torch.bool),
    "filled into whole numbers": lambda u: torch.zeros_like(u).fill_(torch.tensor(2.5)) + u,
}


@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")
@pytest.mark.parametrize("name", RARE)
def test_what_happens_at_one_label_is_computed_or_refused(name):
    def function(u):
        return RARE[name](u).double()

    try:
        graph = trace(function, LABELS)
    except CannotEnclose:
        return
    computed = 0
    for exact in (False, True):
        for label in (*range(8), 126, 127, 128):
            truth = float(function(torch.tensor([[label]])))
            try:
                found = graph.evaluate_exactly([label]) if exact else graph.evaluate(np.array([label]))
            except CannotEnclose:
                continue
            value = found.reshape(-1)[0]
            assert float(value.p) / float(value.q) == truth if exact else value.contains(truth), label
            computed += 1
    assert computed or any(word in name for word in ("cut off", "scatter", "varying", "above 64", "beyond"))


def test_bytes_as_an_index_are_a_mask():
    def function(u):
        return torch.tensor([[3.0], [5.0]])[torch.tensor([0, 1], dtype=torch.uint8)].expand(len(u), 1) + 0 * u

    with pytest.raises(CannotEnclose):
        trace(function, LABELS).evaluate(np.array([1]))


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
def test_stored_numbers_are_rounded_as_torch_rounds_them(kind):
    generator = torch.Generator().manual_seed(0)
    some = torch.randn(500, generator=generator, dtype=torch.float64) * 10.0 ** torch.arange(-9, 1).repeat(50)
    ties = 1 + torch.arange(-64, 64, dtype=torch.float64) * 2.0**-12
    for weights in (some, ties, torch.tensor(2.0**-140).double()):
        assert np.array_equal(rounded(weights.numpy(), str(kind)[6:]), weights.to(kind).double().numpy())
    with pytest.raises(CannotEnclose, match="float8"):
        rounded(np.ones(1), "float8_e4m3fn")


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_what_varies_is_not_cast_to_half_precision(kind):
    """1 and 1 + 2**-12 have one image there, which a graph without rounding keeps apart."""
    assert trace(lambda z: z.to(torch.float32), np.ones((2, 1))).evaluate([0.5])[0] == 0.5
    for function in (lambda z: z.to(kind).to(z.dtype), lambda z: (z.to(kind) * 2).to(z.dtype)):
        with pytest.raises(CannotEnclose, match=r"a cast of a varying number|half precision|mul"):
            trace(function, np.ones((2, 1))).evaluate([0.5])


def test_a_stored_number_is_cast_once():
    """Half precision that is computed with would be rounded again."""
    weights = torch.tensor([[1.0, 1 + 2.0**-12]], dtype=torch.float64)
    moved = trace(lambda z: z * weights.half().T[:, 0].double(), np.ones((2, 1)))
    assert [float(v) for v in moved.evaluate([1.0])] == [1.0, 1.0]
    layer, thirds = torch.nn.Linear(2, 2), 3 * torch.tensor([[1.0, 1.0], [1.0, 1 + 2.0**-40]], dtype=torch.float64)
    with pytest.raises(CannotEnclose, match="rounds what it computed"):
        trace(lambda z: layer(z) @ (thirds / 3).to(z.dtype), np.ones((2, 2)))
    assert trace(lambda z: layer(z) @ thirds.T[:, [1, 0]].to(z.dtype), np.ones((2, 2))).size == 2
    assert trace(lambda z: (layer(z).double() @ (thirds / 3)).float(), np.ones((2, 2))).size == 2
    with pytest.raises(CannotEnclose, match="computes in half precision"):
        trace(lambda z: z * (weights.half() * weights.half()).double(), np.ones((2, 1)))
