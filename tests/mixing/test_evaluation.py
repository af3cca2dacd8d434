"""User callables are called in one place: what goes in, what comes out, what is refused."""

from __future__ import annotations

import functools
import subprocess
import sys

import numpy as np
import pytest

from ivae_theory.errors import CallableFailed, InputTypeError, NonDeterministic
from ivae_theory.mixing.evaluation import evaluate_callable

BATCH = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize(
    "function",
    [
        lambda z: z**2,
        lambda z: np.square(z),
        lambda z: [float(z[0]) ** 2, float(z[1]) ** 2],  # takes one point only
        lambda z: (z**2).tolist(),
        lambda z: np.array([z[0] ** 2, z[1] ** 2]) if z.ndim == 1 else 1 / 0,
    ],
    ids=range(5),
)
def test_batches_points_and_lists(function):
    assert np.array_equal(evaluate_callable(function, BATCH), BATCH**2)


def test_numbers_only_without_torch():
    code = (
        "import sys, numpy as np\nfrom ivae_theory.mixing.evaluation import evaluate_callable\n"
        "a = evaluate_callable(lambda z: z + 1, np.zeros((2, 2)))\nassert (a == 1).all() and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        (lambda z: 1 / 0, CallableFailed, "ZeroDivisionError"),
        (lambda z: z * np.nan, CallableFailed, "NaN"),
        (lambda z: "text", CallableFailed, "numbers"),
        (lambda z: np.ones(len(z) + 1) if z.ndim == 2 else 1 / 0, CallableFailed, "rows"),
        (lambda z: None, CallableFailed, "numbers"),
        (lambda z: z + np.random.default_rng().normal(), NonDeterministic, "twice"),
        (3, InputTypeError, "callable"),
    ],
    ids=range(7),
)
def test_refusals_name_the_argument(function, error, words):
    with pytest.raises(error, match=f"mixing.*({words})"):
        evaluate_callable(function, BATCH, "mixing")


def test_torch_modules_get_their_dtype_evaluation_mode_and_no_gradient():
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    seen = []

    class Probe(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.drop = torch.nn.Linear(2, 2), torch.nn.Dropout(0.9)

        def forward(self, z):
            seen.append((z.dtype, self.training, torch.is_grad_enabled()))
            return self.drop(self.layer(z))

    probe = Probe().train()
    probe.drop.eval()
    evaluate_callable(probe, BATCH)
    evaluate_callable(lambda z: probe(z), BATCH)
    assert set(seen) == {(torch.float32, False, False)}
    assert probe.training
    assert not probe.drop.training
    table = torch.nn.Embedding(4, 3)
    assert evaluate_callable(lambda u: table(u[:, 0]), np.arange(4)[:, None]).shape == (4, 3)


def test_a_module_that_takes_one_point_is_called_pointwise():
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

    class One(torch.nn.Module):
        def forward(self, z):
            if z.ndim != 1:
                raise ValueError("one point please")
            return 2 * z

    assert np.array_equal(evaluate_callable(One(), BATCH), 2 * BATCH)


def _through_a_wrapper(function):
    return lambda z: function(z)


def test_functions_of_loose_tensors_get_their_dtype():
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    weight = torch.eye(2)
    functions = [
        lambda z: z @ weight,
        _through_a_wrapper(lambda z: z @ weight),
        functools.partial(torch.mm, mat2=weight),
        lambda z, weight=weight: z @ weight,
        functools.partial(lambda weight, z: z @ weight, weight),
    ]
    for function in functions:
        assert np.allclose(evaluate_callable(function, [[1.0, 2.0]]), [[1.0, 2.0]])


def test_a_function_that_makes_tensors_of_another_dtype_is_told_what_to_do():
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    with pytest.raises(CallableFailed, match="create tensors in the dtype of the argument"):
        evaluate_callable(lambda z: z @ torch.eye(2), [[1.0, 2.0]])
