"""Callable and symbolic natural parameters."""

import numpy as np
import pytest
import sympy

from ivae_theory import families
from ivae_theory.domain import Box, Observed, Points
from ivae_theory.errors import CallableFailed, InputError, InputTypeError, NaturalParameterError, NonDeterministic
from ivae_theory.mixing.network import mlp
from ivae_theory.model import CallableNatural, Prior, SymbolicNatural
from tests.extras import optional

torch = optional("torch", "torch")
nn = optional("torch.nn", "torch")

SCALE, BOTH = families.gaussian_scale(), families.gaussian()
U = sympy.Symbol("u", real=True)
V = sympy.Symbol("v", real=True)


def negative(u):
    return -1 - np.asarray(u) ** 2


@pytest.mark.parametrize(
    ("family", "shape", "n"),
    [(SCALE, (3,), 3), (SCALE, (3, 1), 3), (BOTH, (3, 2), 3), ([SCALE, BOTH], (3,), 2), ([BOTH, BOTH], (2, 2), 2)],
)
def test_shapes_that_a_callable_may_answer_with(family, shape, n):
    prior = Prior(family, lambda u: -np.ones((len(u), *shape)), u=np.arange(5.0))
    assert (prior.n, prior.evaluate([[7.0], [8.0]]).shape) == (n, (2, int(np.prod(shape))))
    assert isinstance(prior.natural, CallableNatural)
    assert prior.natural.graph is None
    assert "cannot be traced" in prior.natural.untraceable


@pytest.mark.parametrize("shape", [(), (3, 2), (1, 1, 1)])
def test_callables_with_other_shapes_are_refused(shape):
    with pytest.raises((InputError, CallableFailed)):
        Prior(SCALE, lambda u: -np.ones((len(u), *shape)), u=np.arange(5.0))


def test_modules_are_called_in_their_dtype_in_evaluation_mode_without_gradients():
    class Net(nn.Module):
        def __init__(self, dtype):
            super().__init__()
            self.linear = nn.Linear(2, 6, dtype=dtype)
            self.drop = nn.Dropout(0.5)
            self.seen = []

        def forward(self, u):
            self.seen.append((u.dtype, self.training, torch.is_grad_enabled()))
            return -torch.exp(self.drop(self.linear(u))).reshape(-1, 6)

    for dtype in (torch.float32, torch.float64):
        net = Net(dtype).train()
        prior = Prior(SCALE, net, u=Box([0, 0], [1, 1]))
        assert net.training
        assert {entry for entry in net.seen if entry[0] == dtype} == {(dtype, False, False)}
        assert prior.n == 6
        assert prior.natural.graph is not None
        assert prior.natural.points.shape == (64, 2)


def test_integer_points_arrive_as_long_tensors():
    class Negative(nn.Module):
        def forward(self, x):
            return -torch.exp(x)

    embedding = nn.Embedding(4, 3)
    prior = Prior(SCALE, nn.Sequential(nn.Flatten(0), embedding, Negative()), u=np.arange(4))
    expected = -np.exp(embedding.weight.detach().double().numpy())
    np.testing.assert_allclose(prior.evaluate(np.arange(4)), expected, rtol=1e-6)


def test_callables_that_fail_give_one_error():
    with pytest.raises(CallableFailed, match="lambda"):
        Prior(SCALE, lambda u: 1 / 0, u=np.arange(3.0))
    with pytest.raises(CallableFailed, match="NaN"):
        Prior(SCALE, lambda u: np.full((len(u), 2), np.nan), u=np.arange(3.0))
    with pytest.raises(InputTypeError, match="u: expected"):
        Prior(SCALE, negative)
    with pytest.raises(InputTypeError, match="with a callable"):
        Prior(SCALE, negative, u=[U])
    rng = np.random.default_rng(0)
    with pytest.raises(NonDeterministic):
        Prior(SCALE, lambda u: -rng.random((len(u), 2)), u=np.arange(3.0))


def test_callables_out_of_range_name_the_point():
    with pytest.raises(NaturalParameterError, match=r"latent 1.*u = \[3\.0\]"):
        Prior(SCALE, lambda u: u - 2.5, u=np.array([0.0, 1.0, 3.0]))


def test_what_is_not_checked_beyond_the_points_is_assumed():
    assert Prior(SCALE, negative, u=Points(np.arange(3.0))).assumptions == ()
    (assumed,) = Prior(SCALE, negative, u=Observed(np.arange(3.0))).assumptions
    assert "for every u, not only at the 3" in assumed
    (assumed,) = Prior(SCALE, negative, u=Box(0, 1)).assumptions
    assert "for every u" in assumed


def test_enclosures_prove_the_range_on_a_box():
    bounded = mlp([[[1.0], [-2.0]], ([[0.1, 0.1]], [-1.0])], "tanh")
    assert Prior(SCALE, bounded, u=Box(-3, 3)).assumptions == ()
    assert Prior(SCALE, bounded, u=Box(-np.inf, np.inf)).assumptions == ()
    unbounded = mlp([([[1.0]], [-1.0])])
    assert Prior(SCALE, unbounded, u=Box(-3, 0.5)).assumptions == ()
    # On (-3, 1] the range is left at u = 1 alone, which no candidate hits: not proved, so assumed.
    assert len(Prior(SCALE, unbounded, u=Box(-3, 1)).assumptions) == 1


def test_points_of_the_wrong_dimension_are_refused():
    prior = Prior(SCALE, negative, u=np.ones((3, 2)))
    with pytest.raises(InputError, match=r"points of shape \(B, 2\)"):
        prior.evaluate(np.ones((3, 1)))


@pytest.mark.parametrize(
    ("family", "matrix", "n"),
    [
        (SCALE, sympy.Matrix([-1 - U**2, -2]), 2),
        (SCALE, sympy.Matrix([[-1 - U**2, -2]]), 2),
        (SCALE, [-1 - U**2, -2], 2),
        (SCALE, -1 - U**2, 1),
        (BOTH, sympy.Matrix([[U, -1 - U**2]]), 1),
        (BOTH, sympy.Matrix([[U, -1], [0, -1 - U**2]]), 2),
        ([SCALE, BOTH], sympy.Matrix([-1 - U**2, U, -1]), 2),
        ([SCALE, BOTH], [-1 - U**2, U, -1], 2),
    ],
)
def test_symbolic_matrices(family, matrix, n):
    prior = Prior(family, matrix, u=[U])
    assert isinstance(prior.natural, SymbolicNatural)
    assert prior.n == n
    expected = [float(e.subs(U, sympy.Rational(1, 2))) for e in prior.natural.matrix]
    np.testing.assert_allclose(prior.evaluate([[0.5], [0.5]]), [expected, expected])


def test_floats_in_symbolic_parameters_are_the_rationals_that_they_are():
    (entry,) = Prior(SCALE, -1 - 0.1 * U**2, u=[U]).natural.matrix
    assert entry.coeff(U, 2) == -sympy.Rational(3602879701896397, 2**55)


@pytest.mark.parametrize(
    ("matrix", "u", "error"),
    [
        (-1 - U * V, [U], "also v"),
        (sympy.Matrix([[-1 - U, 1, 2], [1, U, 2]]), [U], "shape"),
        (-1 - U, None, "u"),
        (-1 - U, np.arange(3.0), "u=.symbols"),
        (sympy.Matrix([sympy.I * U]), [U], "finite real"),
        (sympy.Matrix([sympy.oo * U]), [U], "finite real"),
    ],
)
def test_symbolic_parameters_that_are_refused(matrix, u, error):
    with pytest.raises(InputError, match=error):
        Prior(SCALE, matrix, u=u)


def test_the_range_of_symbolic_parameters():
    assert Prior(SCALE, -1 - U**2, u={U: sympy.Interval(-2, 2)}).assumptions == ()
    assert len(Prior(SCALE, -1 - U**2, u=[U]).assumptions) == 1
    assert len(Prior(SCALE, -(U**2) - sympy.Rational(1, 10**12), u=[U]).assumptions) == 1
    with pytest.raises(NaturalParameterError, match="latent 1"):
        Prior(SCALE, 1 + U**2, u=[U])
    with pytest.raises(NaturalParameterError, match="latent 2"):
        Prior(SCALE, [-1, U], u={U: sympy.Interval(sympy.Rational(1, 2), 1)})


def test_symbolic_points_outside_the_sets_are_refused():
    prior = Prior(SCALE, -1 - U, u={U: sympy.Interval(0, 1)})
    with pytest.raises(InputError, match="Interval"):
        prior.evaluate([[0.5], [2.0]])


def test_an_enclosure_that_is_too_wide_refuses_nothing():
    """At u = 1 cancellation leaves a wide ball around lambda = -1/2; its ends alone are no evidence."""
    big = sympy.Integer(10) ** 60
    entry = (sympy.sqrt(big + U) - sympy.sqrt(big)) * sympy.sqrt(big) - U
    assert Prior(SCALE, entry, u={U: sympy.Interval(1, 2)}).n == 1


def test_symbolic_parameters_that_are_not_real_somewhere_are_refused():
    u = sympy.Symbol("u", real=True)
    with pytest.raises(InputError, match="not real at u = -1"):
        Prior(families.gaussian_location(), sympy.Matrix([sympy.sqrt(u)]), u={u: sympy.Interval(-1, 1)})
    Prior(families.gaussian_location(), sympy.Matrix([sympy.log(u)]), u={u: sympy.Interval(0, 1)})  # a pole at one end
