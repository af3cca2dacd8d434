"""Perceptrons from their weights: the same function as torch's, and the graph says the same."""

import numpy as np
import pytest

from ivae_theory.enclosure.precision import precision
from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.mixing import mlp
from tests.extras import optional

torch = optional("torch", "torch")

TORCH = {
    "leaky_relu": lambda: torch.nn.LeakyReLU(0.2),
    "relu": lambda: torch.nn.ReLU(),
    "tanh": lambda: torch.nn.Tanh(),
    "sigmoid": lambda: torch.nn.Sigmoid(),
}


@pytest.mark.parametrize("activation", TORCH)
def test_the_network_and_its_graph_are_torchs(activation):
    first, second = torch.nn.Linear(3, 5).double(), torch.nn.Linear(5, 2).double()
    weights = [(p.weight.detach().numpy(), p.bias.detach().numpy()) for p in (first, second)]
    network = mlp(weights, activation, slope=0.2)
    x = np.random.default_rng(0).normal(size=(7, 3))
    expected = torch.nn.Sequential(first, TORCH[activation](), second)(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(network(x), expected, rtol=1e-12)
    with precision(96):
        balls = network.graph.evaluate(x)
    np.testing.assert_allclose([[float(v.mid()) for v in row] for row in balls], expected, rtol=1e-12)
    assert (network.inputs, network.outputs) == (3, 2)


@pytest.mark.parametrize(
    ("layers", "keywords", "error"),
    [
        ([], {}, InputTypeError),
        ("W", {}, InputTypeError),
        ([np.eye(2), np.ones((3, 3))], {}, InputError),
        ([(np.eye(2), np.ones(3))], {}, InputError),
        ([np.ones(2)], {}, InputError),
        ([np.full((2, 2), np.nan)], {}, InputError),
        ([["a"]], {}, InputTypeError),
        ([np.eye(2)], {"activation": "gelu"}, InputError),
        ([np.eye(2)], {"slope": np.nan}, InputTypeError),
    ],
)
def test_what_is_refused(layers, keywords, error):
    with pytest.raises(error):
        mlp(layers, **keywords)
