"""Whole numbers have a width and truth values an "or" in proofs of injectivity too, far from where functions are run.

Every function is the identity up to 100. Above it is the identity if whole numbers were real numbers, and constant (or
back below 100) in PyTorch, where they wrap around or are cut off.
"""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from ivae_theory.enclosure.network.chain import NotProved, injective_links  # noqa: E402
from ivae_theory.enclosure.precision import precision  # noqa: E402
from ivae_theory.mixing.tracing import trace  # noqa: E402


def byte(*values):
    return torch.tensor(values, dtype=torch.int8)


def yes(*values):
    return torch.tensor(values, dtype=torch.bool)


#: What whole numbers become: in PyTorch, and if they were real numbers.
WRAPPED = {
    "abs": (lambda: torch.abs(byte(100)) * 2, -56, 200),
    "square": (lambda: torch.square(byte(100)), 16, 10000),
    "power": (lambda: byte(100) ** 2, 16, 10000),
    "relu": (lambda: torch.relu(byte(100)) * 2, -56, 200),
    "clamp": (lambda: byte(100).clamp(0, 100) * 2, -56, 200),
    "clamp at one end": (lambda: byte(100).clamp(min=0) * 2, -56, 200),
    "clamp by tensors": (lambda: torch.clamp(byte(100), byte(0), byte(100)) * 2, -56, 200),
    "maximum": (lambda: torch.maximum(byte(100), byte(0)) * 2, -56, 200),
    "largest": (lambda: byte(100, 1).amax(0, keepdim=True) * 2, -56, 200),
    "product with a truth value": (lambda: yes(1) * byte(100) * 2, -56, 200),
    "sum with a truth value": (lambda: (yes(0) + byte(100)) * 2, -56, 200),
    "choice": (lambda: torch.where(yes(1), 100, byte(100)) * 2, -56, 200),
    "ones": (lambda: byte(1).new_ones(1) * 100 * 2, -56, 200),
    "zeros": (lambda: (byte(1).new_zeros(1) + byte(100)) * 2, -56, 200),
    "matrices": (lambda: (byte(100)[None] @ byte(2)[None])[0], -56, 200),
    "quotient that rounds": (lambda: (byte(100) // byte(1)) * 2, -56, 200),
    "triangle": (lambda: (torch.tril(byte(100)[None]) * 2)[0], -56, 200),
    "fill": (lambda: torch.full_like(torch.arange(1), 0.95), 0, 0.95),
    "new": (lambda: torch.arange(1).new_full((1,), 0.95), 0, 0.95),
    "select_scatter": (lambda: torch.select_scatter(torch.zeros(1, dtype=int), torch.tensor(0.95), 0, 0), 0, 0.95),
    "scatter": (lambda: torch.scatter(torch.zeros(1, dtype=int), 0, torch.zeros(1, dtype=int), 0.95), 0, 0.95),
    "narrow target": (lambda: torch.slice_scatter(byte(0), torch.tensor([100])) * 2, -56, 200),
    "truth values": (lambda: (byte(1).new_ones(1, dtype=torch.bool) + yes(1)) * 1.0, 1, 2),
    "new truth values": (lambda: (yes(0).new_ones(1) + yes(1)) * 1.0, 1, 2),
}


def on_half(make, true, wrong):
    return lambda x: torch.where(x > 100, x * ((make() - float(true)) / (wrong - true)), x)


CHOICES = {
    "int8": lambda x: x + torch.where(x > 100, byte(100), byte(0)) * 2,
    "int64": lambda x: torch.where(x > 100, x + x * (torch.where(x > 100, 2**62, 0) * 4 * 2.0**-64 - 1), x),
    "masked_fill": lambda x: torch.where(x > 100, x * torch.ones(1, 1, dtype=int).masked_fill(x > 100, 0.5) + 60, x),
    "truth": lambda x: torch.where(x > 100, x * ((torch.where(x > 100, yes(1), yes(0)) + yes(1)) * 1.0 - 1.0), x),
}
FUNCTIONS = {name: on_half(*row) for name, row in WRAPPED.items()} | CHOICES


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_wraps_around_or_is_cut_off_beyond_the_points_that_are_compared_is_not_proved(name):
    function = FUNCTIONS[name]
    x = torch.arange(2.0, 400.0, 0.5, dtype=torch.float64)[:, None]
    y = torch.cat([function(row[None]) for row in x])
    assert not bool((y[1:] > y[:-1]).all())  # in PyTorch
    graph = trace(function, np.array([[0.25], [0.5]]))
    with precision(128), pytest.raises(NotProved):
        injective_links(graph)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * (torch.arange(3).clamp(0, 1)[:1] + 1) + torch.abs(byte(-5)) + torch.relu(byte(3)),
        lambda x: x * torch.maximum(byte(1), byte(2)) + (byte(1)[None] @ byte(2)[None])[0] + torch.tril(yes(1)[None]),
        lambda x: torch.where(x > 0, x, 0.5 * x) * torch.where(yes(1), byte(2), byte(1)) + byte(3).new_ones(1) ** 2,
        lambda x: (
            x + torch.full_like(torch.arange(1), 2) + torch.slice_scatter(torch.zeros(1), torch.ones(1)) + x.sign()
        ),
    ],
)
def test_whole_numbers_within_their_width_are_computed_with(function):
    graph = trace(function, np.array([[0.25], [0.5]]))
    with precision(128):
        assert injective_links(graph)
