"""Which of the things that a user may hand over as noise hold a tensor that is fitted."""

import functools

import pytest

from ivae_theory.noise.gradients import requires_gradient

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")


class Held:
    def __init__(self, *parts):
        self.parts = {"all": parts}

    def method(self):
        return self.parts


def closing(value, late=False):
    def function():
        return value, unbound

    if late:
        unbound = None
    return function


WAYS = [
    lambda t: t,
    lambda t: [t, torch.zeros(1)],
    lambda t: [torch.zeros(1), t],
    lambda t: {"scale": (1.0, t)},
    lambda t: Held(t, torch.zeros(1)),
    lambda t: Held(torch.zeros(1), Held(t)),
    lambda t: Held(t).method,
    lambda t: closing(t),
    lambda t: closing([t], late=True),
    lambda t: functools.partial(max, t),
    lambda t: functools.partial(closing(t), 1),
    lambda t: functools.partial(max, key=t),
]


@pytest.mark.parametrize("way", WAYS)
def test_a_tensor_is_fitted_wherever_it_is_held(way):
    assert requires_gradient(way(torch.ones(2, requires_grad=True)))
    assert not requires_gradient(way(torch.ones(2)))


def test_what_holds_itself_is_looked_at_once():
    ring = Held()
    ring.parts["all"] = [ring, torch.ones(1)]
    assert not requires_gradient(ring)
    ring.parts["more"] = torch.ones(1, requires_grad=True)
    assert requires_gradient(ring)


@pytest.mark.parametrize("value", [0.1, "text", None, [0.1, 0.2], max, Held, pytest])
def test_numbers_and_names_are_not(value):
    assert not requires_gradient(value)
