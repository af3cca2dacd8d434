"""Laws of torch, scipy and sympy read as noise: the same densities, exact parameters, one clear error."""

from __future__ import annotations

import functools
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats as st
import sympy
import sympy.stats as ss

from ivae_theory.errors import InputError, InputTypeError
from ivae_theory.hypotheses.noise import check_known, check_noise
from ivae_theory.noise import as_noise
from ivae_theory.verdict import Status

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
D = torch.distributions


def status(noise) -> Status:
    return check_noise(SimpleNamespace(noise=as_noise(noise))).status


def torch_laws():
    """Univariate laws of torch in float64, batch shape ()."""
    one, two, half = (torch.tensor(v, dtype=torch.float64) for v in (1.0, 2.0, 0.5))
    return {
        "Normal": D.Normal(one, half),
        "Laplace": D.Laplace(one, two),
        "Cauchy": D.Cauchy(one, two),
        "Gumbel": D.Gumbel(one, two),
        "StudentT": D.StudentT(two, one, half),
        "GeneralizedPareto": D.GeneralizedPareto(torch.tensor(1.0), torch.tensor(2.0), torch.tensor(0.5)),
        "Uniform": D.Uniform(-one, two),
        "HalfNormal": D.HalfNormal(two),
        "HalfCauchy": D.HalfCauchy(two),
        "Exponential": D.Exponential(two),
        "Gamma": D.Gamma(half, two),
        "Chi2": D.Chi2(two),
        "FisherSnedecor": D.FisherSnedecor(two, one),
        "Beta": D.Beta(two, half),
        "InverseGamma": D.InverseGamma(two, half),
        "Weibull": D.Weibull(two, half),
        "Pareto": D.Pareto(one, two),
        "ContinuousBernoulli": D.ContinuousBernoulli(half),
        "Kumaraswamy": D.Kumaraswamy(two, half),
        "LogNormal": D.LogNormal(one, half),
        "VonMises": D.VonMises(one, two),
        "RelaxedBernoulli": D.RelaxedBernoulli(half, half),
        "affine": D.TransformedDistribution(D.Gamma(half, two), [D.AffineTransform(one, -two)]),
        "tanh": D.TransformedDistribution(D.Normal(one, half), [D.TanhTransform(), D.AffineTransform(one, two)]),
        "mixture": D.MixtureSameFamily(
            D.Categorical(torch.tensor([0.25, 0.75], dtype=torch.float64)), D.Normal(torch.stack([one, two]), half)
        ),
    }


@pytest.mark.parametrize("name", torch_laws())
def test_torch_laws(name: str) -> None:
    law = torch_laws()[name]
    noise = as_noise(law)
    assert status(law) is Status.HOLDS
    assert noise.dimension is None
    torch.manual_seed(0)
    points = law.sample((20,)).double()
    found = noise.log_density(points.numpy()[:, None])
    if found is not None:
        # torch computes some of them in single precision
        assert np.allclose(found, law.log_prob(points.to(law.sample(()).dtype)).numpy(), rtol=1e-4, atol=1e-4)
    else:
        assert name == "tanh"
    ours = noise.sample((4000, 1), np.random.default_rng(0))[:, 0]
    theirs = law.sample((4000,)).double().numpy()
    assert st.ks_2samp(ours, theirs).pvalue > 1e-4


def test_every_torch_law_is_read_or_refused() -> None:
    """No law of torch.distributions is missed: those on R or R^d are read, the others are one error."""
    read = set(torch_laws()) | {"MultivariateNormal", "LowRankMultivariateNormal", "Dirichlet", "LogisticNormal",
                                "RelaxedOneHotCategorical", "Independent", "MixtureSameFamily",
                                "TransformedDistribution"}  # fmt: skip
    refused = {"Bernoulli", "Binomial", "Categorical", "Geometric", "Multinomial", "NegativeBinomial",
               "OneHotCategorical",
               "OneHotCategoricalStraightThrough", "Poisson", "LKJCholesky", "Wishart"}  # fmt: skip
    classes = {n for n in D.__all__ if isinstance(getattr(D, n), type) and issubclass(getattr(D, n), D.Distribution)}
    assert classes - {"Distribution", "ExponentialFamily"} - refused <= read


@pytest.mark.parametrize(
    "law",
    [
        D.Bernoulli(0.5),
        D.Poisson(1.0),
        D.Categorical(torch.ones(3)),
        D.OneHotCategorical(torch.ones(3)),
        D.Wishart(torch.tensor(3.0), torch.eye(2)),
        D.LKJCholesky(3, 1.0),
        D.Normal(torch.zeros(2, 3), 1.0),
        D.MultivariateNormal(torch.zeros(4, 2), torch.eye(2)),
        D.Normal(0.0, -1.0, validate_args=False),
        D.Normal(0.0, float("nan"), validate_args=False),
        D.Uniform(1.0, 0.0, validate_args=False),
    ],
    ids=lambda law: type(law).__name__,
)
def test_torch_laws_that_are_refused(law) -> None:
    with pytest.raises(InputError):
        as_noise(law)


def test_torch_vectors() -> None:
    cov = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
    vectors = [
        D.MultivariateNormal(torch.ones(2), cov),
        D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(2)),
        D.Dirichlet(torch.ones(2)),
        D.LogisticNormal(torch.zeros(1), torch.ones(1)),
        D.RelaxedOneHotCategorical(torch.tensor(0.5), torch.ones(2)),
        D.Independent(D.Laplace(torch.zeros(2), 1.0), 1),
        D.Normal(torch.zeros(2), torch.tensor([0.5, 1.0])),
        D.MixtureSameFamily(D.Categorical(torch.ones(3)), D.MultivariateNormal(torch.zeros(3, 2), cov)),
        D.MixtureSameFamily(D.Categorical(torch.ones(3)), D.Independent(D.Normal(torch.zeros(3, 2), 1.0), 1)),
    ]
    for law in vectors:
        noise = as_noise(law)
        assert noise.dimension == 2
        assert status(law) is Status.HOLDS
        assert noise.sample((3, 2), np.random.default_rng(0)).shape == (3, 2)
    assert np.allclose(as_noise(vectors[0]).log_density([[0.5, 0.0]]), vectors[0].log_prob(torch.tensor([0.5, 0.0])))


@pytest.mark.parametrize(
    "law",
    [
        lambda v: D.LogNormal(0.0, v, validate_args=False),
        lambda v: D.Kumaraswamy(v, torch.tensor(1.0), validate_args=False),
        lambda v: D.VonMises(torch.tensor(0.0), v, validate_args=False),
        lambda v: D.RelaxedBernoulli(v, torch.tensor(0.5), validate_args=False),
        lambda v: D.Dirichlet(torch.stack([v, torch.tensor(1.0)]), validate_args=False),
        lambda v: D.TransformedDistribution(
            D.LogNormal(0.0, v, validate_args=False), [D.AffineTransform(0.0, 2.0)], validate_args=False
        ),
        lambda v: D.Normal(0.0, v, validate_args=False),
        lambda v: D.TransformedDistribution(
            D.Normal(v, 1.0, validate_args=False), [D.TanhTransform()], validate_args=False
        ),
    ],
)
def test_parameters_of_no_law_are_refused_without_torchs_validation(law) -> None:
    """Of a bounded law nothing but the bounds is used; with a scale of NaN there is no law."""
    as_noise(law(torch.tensor(0.5)))
    for value in (float("nan"), float("inf")):
        with pytest.raises(InputError):
            as_noise(law(torch.tensor(value)))


def test_a_variance_beyond_the_floats_is_one_error() -> None:
    for law in (D.Normal(0.0, torch.tensor(1e300, dtype=torch.float64)), st.norm(0, 1e200)):
        with pytest.raises(InputError, match="scale"):
            as_noise(law)


def test_torch_black_boxes() -> None:
    class Mine(D.Normal):
        pass

    class Own(D.Distribution):
        arg_constraints = {}  # noqa: RUF012  # torch's way

        def sample(self, sample_shape=()):
            return torch.zeros(sample_shape)

    class MyTransform(D.AffineTransform):
        pass

    assert status(Mine(0.0, 1.0)) is Status.UNDECIDED
    assert status(Own(validate_args=False)) is Status.UNDECIDED
    assert status(D.TransformedDistribution(D.Normal(0.0, 1.0), [MyTransform(0.0, 1.0)])) is Status.UNDECIDED
    assert status(D.TransformedDistribution(Mine(0.0, 1.0), [D.AffineTransform(0.0, 1.0)])) is Status.UNDECIDED
    patched = D.Normal(0.0, 1.0)
    patched.sample = lambda shape=(): torch.zeros(shape)
    assert status(patched) is Status.UNDECIDED
    inner = D.Normal(torch.zeros(2), 1.0)
    inner.log_prob = lambda value: value
    assert status(D.Independent(inner, 1)) is Status.UNDECIDED
    assert status(D.TransformedDistribution(inner, [D.AffineTransform(0.0, 1.0)])) is Status.UNDECIDED
    # but whatever the base is, a sigmoid bounds it
    assert status(D.TransformedDistribution(Mine(0.0, 1.0), [D.SigmoidTransform()])) is Status.HOLDS
    mixture = D.MixtureSameFamily(D.Categorical(torch.ones(2)), Mine(torch.zeros(2), 1.0))
    assert status(mixture) is Status.UNDECIDED


def test_parameters_that_require_gradients_are_learned() -> None:
    scale = torch.nn.Parameter(torch.tensor(1.0))
    for law in (D.Normal(0.0, scale), D.Normal(0.0, scale.exp()), D.Independent(D.Normal(torch.zeros(2), scale), 1)):
        assert check_known(SimpleNamespace(noise=as_noise(law))).fails
    assert check_known(SimpleNamespace(noise=as_noise(D.Normal(0.0, scale.detach())))).holds


class Stretched(D.Transform):
    """A transform of a user's own, with whatever holds its parameter."""

    domain = codomain = D.constraints.real
    bijective = True

    def __init__(self, holder):
        super().__init__()
        self.holder = holder

    def _call(self, x):
        return 2 * x


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(1, 1))


def test_parameters_are_learned_however_deep_they_are_held() -> None:
    scale = torch.nn.Parameter(torch.tensor(1.0))
    step = D.AffineTransform(0.0, scale)
    for _ in range(6):
        step = D.ComposeTransform([step])
    for transform in (step, Stretched(scale), Stretched({"scale": [scale]}), Stretched(Decoder()).inv,
                      Stretched(lambda: scale), Stretched(functools.partial(pow, scale))):  # fmt: skip
        law = D.TransformedDistribution(D.Normal(0.0, 1.0), [transform])
        assert check_known(SimpleNamespace(noise=as_noise(law))).fails
    frozen = Decoder().requires_grad_(False)
    law = D.TransformedDistribution(D.Normal(0.0, 1.0), [Stretched(frozen)])
    assert check_known(SimpleNamespace(noise=as_noise(law))).holds


def test_what_a_transform_remembers_of_the_last_call_is_no_parameter() -> None:
    """``log_prob`` of what a decoder computed leaves it in the cache of the transform: the law itself is fixed."""
    tanh = D.TanhTransform(cache_size=1)
    law = D.TransformedDistribution(D.Normal(0.0, 1.0), [tanh])
    law.log_prob(torch.tensor([0.5], requires_grad=True))
    assert tanh._cached_x_y[0].requires_grad
    assert check_known(SimpleNamespace(noise=as_noise(law))).holds


def test_single_precision_parameters_are_read_exactly() -> None:
    described = as_noise(D.StudentT(torch.tensor(0.1))).describe()["law"]
    assert described["parameters"]["df"] == "13421773/134217728"


@pytest.mark.parametrize(
    "symbol",
    [
        ss.Normal("e", 1, 2),
        ss.Normal("e", 0, sympy.sqrt(2)),
        ss.Laplace("e", 0, 2),
        ss.Logistic("e", 0, 2),
        ss.Cauchy("e", 1, 2),
        ss.StudentT("e", 3),
        ss.Exponential("e", 2),
        ss.Gamma("e", 2, 3),
        ss.Beta("e", 2, 3),
        ss.Uniform("e", -1, 2),
        ss.ChiSquared("e", 3),
        ss.Gumbel("e", 2, 1),
        ss.Maxwell("e", 2),
        ss.Arcsin("e", 0, 1),
        ss.Triangular("e", 0, 2, 1),
        ss.WignerSemicircle("e", 1),
        ss.density(ss.Laplace("l", 0, 1)),
    ],
    ids=str,
)
def test_sympy_laws(symbol) -> None:
    noise = as_noise(symbol)
    assert status(symbol) is Status.HOLDS
    points = np.array([0.3, 0.6, 0.9])
    x = sympy.Symbol("x")
    density = symbol if callable(symbol) and not isinstance(symbol, sympy.Symbol) else ss.density(symbol)
    expected = [float(sympy.log(density(sympy.Rational(str(v))))) for v in points]
    assert x not in density(sympy.Rational(1, 3)).free_symbols
    assert np.allclose(noise.log_density(points[:, None]), expected)


def test_sympy_laws_that_are_refused() -> None:
    a = sympy.Symbol("a", positive=True)
    for bad in (
        ss.Bernoulli("b", sympy.Rational(1, 2)),
        ss.Normal("e", 0, a),
        ss.Normal("e", 0, 1) ** 2,
        sympy.Matrix([1]),
    ):
        with pytest.raises((InputError, InputTypeError)):
            as_noise(bad)


def test_scipy_others() -> None:
    assert as_noise(st.norm([0, 1], [1, 2])).dimension == 2
    assert as_noise(st.vonmises(2)).log_density([[0.0]]) is None
    assert as_noise(st.erlang(2)).describe()["law"]["name"] == "gamma"
    if hasattr(st, "Normal"):  # since scipy 1.15
        assert status(st.Normal(mu=1, sigma=2)) is Status.HOLDS
        assert status(st.Uniform(a=0, b=2)) is Status.HOLDS
    assert as_noise(st.dirichlet([1, 2, 3])).dimension == 3
    degenerate = as_noise(st.multivariate_normal([0, 1], [[1, 1], [1, 1]], allow_singular=True))
    assert np.allclose(np.ptp(degenerate.sample((5, 2), np.random.default_rng(0)) @ [1, -1]), 0, atol=1e-6)
    for bad in (st.poisson(2), st.wishart(3, np.eye(2)), st.norm(np.zeros((2, 2)), 1), st.matrix_normal()):
        with pytest.raises(InputError):
            as_noise(bad)
