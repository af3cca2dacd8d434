"""``fn(u) -> torch Distribution``: which parameters vary decides the family, and only proofs decide what varies."""

import numpy as np
import pytest

from ivae_theory.domain import Box, Observed, Points
from ivae_theory.errors import CallableFailed, InputError, InputTypeError, NonDeterministic, NotExponentialFamily
from ivae_theory.model import Prior
from tests.extras import optional

torch = optional("torch", "torch")
D = optional("torch.distributions", "torch")
nn = optional("torch.nn", "torch")

N, M = 3, 6
LABELS, ONE_HOT = np.arange(M), np.eye(M)


@pytest.fixture
def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(M, 16), nn.LeakyReLU(), nn.Linear(16, N))


@pytest.fixture
def table():
    return torch.rand(M, N, generator=torch.Generator().manual_seed(0)) + 0.5


def names(prior):
    return tuple(family.name for family in prior.families)


def test_a_constant_mean_leaves_the_scale(net):
    prior = Prior.from_torch(lambda u: D.Normal(torch.zeros(len(u), N), torch.exp(net(u))), u=ONE_HOT)
    assert names(prior) == ("gaussian_scale",) * N
    assert prior.assumptions == ()
    scale = torch.exp(net(torch.eye(M))).detach().double().numpy()
    np.testing.assert_allclose(prior.evaluate(ONE_HOT), -1 / (2 * scale**2), rtol=1e-5)


@pytest.mark.parametrize("domain", [Points(ONE_HOT), Observed(ONE_HOT), Box([-1] * M, [1] * M)])
def test_structure_proves_constancy_on_every_domain(net, domain):
    prior = Prior.from_torch(lambda u: D.Normal(torch.full((len(u), N), 0.5), torch.exp(net(u))), u=domain)
    assert names(prior) == ("gaussian_scale",) * N


def test_latents_reduce_separately(net):
    def fn(u):
        h = net(u)
        loc = torch.cat([torch.zeros_like(h[:, :1]) + 0.25, h[:, 1:]], dim=1)
        scale = torch.stack([h[:, 0].exp(), torch.full((len(u),), 2.0), h[:, 2].exp()], dim=1)
        return D.Independent(D.Normal(loc, scale), 1)

    prior = Prior.from_torch(fn, u=Observed(ONE_HOT))
    assert names(prior) == ("gaussian_scale", "gaussian_location", "gaussian")
    assert prior.ks == (1, 1, 2)
    assert str(prior.families[0].statistics[0]) == "(z - 1/4)**2"


def test_in_place_writes_are_seen(net):
    def fn(u):
        loc = torch.zeros(len(u), N)
        loc[:, 0] = net(u)[:, 1]
        return D.Normal(loc, torch.exp(net(u)))

    prior = Prior.from_torch(fn, u=Observed(ONE_HOT))
    assert names(prior) == ("gaussian", "gaussian_scale", "gaussian_scale")


def test_equal_values_on_a_finite_support_are_constancy(table):
    def fn(u):
        return D.Gamma(torch.where(table[u[:, 0]] > 0, 2.0, 3.0), table[u[:, 0]])

    prior = Prior.from_torch(fn, u=LABELS)
    assert names(prior) == ("gamma_rate",) * N
    # Computed, not only looked up: equal floats are then an assumption about the numbers behind them.
    assert len(prior.assumptions) == N


def test_looked_up_constants_need_no_assumption(table):
    constant = torch.full((M, N), 2.0)
    prior = Prior.from_torch(lambda u: D.Gamma(constant[u[:, 0]], table[u[:, 0]]), u=LABELS)
    assert names(prior) == ("gamma_rate",) * N
    assert prior.assumptions == ()


@pytest.mark.parametrize("domain", [Observed(np.arange(M) / 10), Box(0, 0.5)])
def test_equal_values_at_some_points_prove_nothing(domain):
    """The mean is 0 wherever it is asked, and not beyond u = 1."""

    def fn(u):
        loc = torch.relu(u - 1).expand(len(u), N)
        return D.Normal(loc, 1 + u**2 + torch.zeros(N))

    assert names(Prior.from_torch(fn, u=domain)) == ("gaussian",) * N
    with pytest.raises(NotExponentialFamily, match="nothing shows"):
        Prior.from_torch(lambda u: D.Laplace(fn(u).loc, fn(u).scale), u=domain)


def test_a_law_that_the_first_row_decides_is_none_of_the_point():
    """Asked for 3 alone it is Laplace's, asked for 0 .. 5 together it is normal for all of them."""

    def fn(u):
        loc = torch.sin(u.double() * torch.arange(1.0, N + 1))
        return D.Normal(loc, 1.0) if u[0, 0] < 3 else D.Laplace(loc, 1.0)

    with pytest.raises(NonDeterministic, match="whatever else is in the batch"):
        Prior.from_torch(fn, u=Points(range(6)))


def test_a_law_with_a_method_of_its_own_is_not_what_its_class_says():
    def fn(u):
        law = D.Normal(torch.zeros(len(u), N), 1 + u.double())
        law.log_prob = lambda z: -z.abs()
        return law

    with pytest.raises(NotExponentialFamily, match="a method of its own"):
        Prior.from_torch(fn, u=Points(range(6)))


def test_values_read_by_python_are_no_constants():
    """A tracer that bakes ``u.numpy()`` into the graph would see a constant mean."""

    def fn(u):
        loc = torch.tensor((u.detach().numpy() > 100).astype(float)).expand(len(u), N)
        return D.Normal(loc, 1 + u**2 + torch.zeros(N))

    prior = Prior.from_torch(fn, u=Observed(np.arange(4.0)))
    assert names(prior) == ("gaussian",) * N
    assert prior.natural.graph is None


def test_python_branches_are_no_constants():
    def fn(u):
        loc = torch.zeros(len(u), N) if float(u.max()) < 100 else torch.ones(len(u), N)
        return D.Normal(loc, 1 + u**2 + torch.zeros(N))

    assert names(Prior.from_torch(fn, u=Observed(np.arange(4.0)))) == ("gaussian",) * N


def test_a_mean_that_depends_only_through_a_zero_weight_is_not_reduced_by_sampling():
    layer = nn.Linear(1, N, bias=False)
    nn.init.zeros_(layer.weight)
    prior = Prior.from_torch(lambda u: D.Normal(layer(u), 1 + u**2 + torch.zeros(N)), u=Box(0, 1))
    assert set(names(prior)) <= {"gaussian", "gaussian_scale"}  # either is true; the values agree below
    np.testing.assert_allclose(prior.evaluate([[0.5]]).sum(), -N / (2 * 1.25**2), rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "family"),
    [
        (lambda h: D.Normal(h, 1 + h**2), "gaussian"),
        (lambda h: D.Laplace(torch.ones(N), h.exp()), "laplace_scale"),
        (lambda h: D.Gamma(h.exp(), 1 + h**2), "gamma"),
        (lambda h: D.Gamma(h.exp(), torch.tensor(2.0)), "gamma_shape"),
        (lambda h: D.Beta(h.exp(), 1 + h**2), "beta"),
        (lambda h: D.Beta(h.exp(), torch.ones(N)), "beta_concentration1"),
        (lambda h: D.Exponential(h.exp()), "exponential"),
        (lambda h: D.LogNormal(h, h.exp()), "lognormal"),
        (lambda h: D.LogNormal(h, torch.ones(N)), "lognormal_location"),
        (lambda h: D.HalfNormal(h.exp()), "half_normal"),
        (lambda h: D.InverseGamma(h.exp(), 1 + h**2), "inverse_gamma"),
        (lambda h: D.Chi2(h.exp()), "chi2"),
        (lambda h: D.VonMises(h, h.exp()), "von_mises"),
        (lambda h: D.VonMises(torch.zeros(N), h.exp()), "von_mises_concentration"),
        (lambda h: D.Weibull(h.exp(), torch.tensor(1.5)), "weibull"),
        (lambda h: D.Pareto(torch.tensor(2.0), 1 + h**2), "pareto"),
        (lambda h: D.Independent(D.Independent(D.Normal(h, 1 + h**2), 1), 0), "gaussian"),
        (lambda h: D.Normal(h, 1 + h**2).expand([len(h), N]), "gaussian"),
        (lambda h: D.MultivariateNormal(h, torch.diag_embed(1 + h**2)), "gaussian"),
        (lambda h: D.MultivariateNormal(h, scale_tril=torch.diag_embed(1 + h**2)), "gaussian"),
    ],
)
def test_every_supported_law(net, make, family):
    """The oracle: differences of log_prob between two u are T . (lambda(u) - lambda(u')) up to a constant in z."""
    prior = Prior.from_torch(lambda u: make(net(u)), u=ONE_HOT)
    assert names(prior) == (family,) * N
    law = make(net(torch.eye(M)))
    while isinstance(law, D.Independent):
        law = law.base_dist
    z = law.sample((4,))[:, 0] if family != "pareto" else law.sample((4,))[:, 0].clamp_min(2.01)
    z = z.double().detach()
    wanted = torch.stack([_summed(law.log_prob(row.expand(M, N).float())) for row in z]).detach().double().numpy()
    found = np.stack([prior.log_density(np.tile(row, (M, 1)), ONE_HOT) for row in z.numpy()])
    np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=2e-3)


def _summed(log_prob):
    return log_prob.sum(-1) if log_prob.ndim == 2 else log_prob


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda h: D.Laplace(h, torch.ones(N)), NotExponentialFamily, "same loc"),
        (lambda h: D.Weibull(h.exp(), h.exp()), NotExponentialFamily, "same concentration"),
        (lambda h: D.Pareto(h.exp(), h.exp()), NotExponentialFamily, "same scale"),
        (lambda h: D.StudentT(h.exp()), NotExponentialFamily, "StudentT"),
        (lambda h: D.Uniform(h, h + 1), NotExponentialFamily, "Uniform"),
        (lambda h: D.Cauchy(h, torch.ones(N)), NotExponentialFamily, "Cauchy"),
        (
            lambda h: D.MixtureSameFamily(
                D.Categorical(torch.ones(len(h), N, 2)), D.Normal(h[..., None] + torch.ones(2), 1.0)
            ),
            NotExponentialFamily,
            "MixtureSameFamily",
        ),
        (
            lambda h: D.TransformedDistribution(D.Normal(h, 1.0), [D.TanhTransform()]),
            NotExponentialFamily,
            "TransformedDistribution",
        ),
        (lambda h: D.MultivariateNormal(h, torch.eye(N) + 0.1), InputError, "not diagonal"),
        (lambda h: D.Normal(h[:, 0], 1.0), InputError, "batch"),
        (lambda h: D.Normal(h[:, :, None], 1.0), InputError, "batch"),
        (lambda h: D.Normal(torch.zeros(N), torch.ones(N)), InputError, "batch"),
        (lambda h: h, InputTypeError, "Distribution"),
        (lambda h: 1 / 0, CallableFailed, "ZeroDivisionError"),
        (lambda h: D.Normal(h, -torch.ones(N)), CallableFailed, "scale"),
        (lambda h: D.Normal(torch.randn(len(h), N), 1.0), NonDeterministic, "twice"),
    ],
)
def test_what_is_not_a_factorial_exponential_family(net, make, error, says):
    with pytest.raises(error, match=says):
        Prior.from_torch(lambda u: make(net(u)), u=ONE_HOT)


def test_wrong_arguments():
    with pytest.raises(InputTypeError, match="fn"):
        Prior.from_torch(None, u=ONE_HOT)
    with pytest.raises(InputTypeError, match="u"):
        Prior.from_torch(lambda u: None, u=None)


class Subclass(D.Normal):
    """Somebody's own law: its density need not be Normal's."""

    def log_prob(self, value):
        return super().log_prob(value) - value**4


def test_subclasses_are_not_taken_for_their_base(net):
    with pytest.raises(NotExponentialFamily, match="Subclass"):
        Prior.from_torch(lambda u: Subclass(net(u), torch.ones(N)), u=ONE_HOT)


def test_modes_and_validation_are_restored(net):
    net = nn.Sequential(net, nn.Dropout(0.5)).train()
    before = D.Distribution._validate_args
    Prior.from_torch(lambda u: D.Normal(net(u), torch.ones(N)), u=ONE_HOT)
    assert net.training
    assert D.Distribution._validate_args == before


def test_the_trace_computes_the_natural_parameters(net):
    from ivae_theory.enclosure.precision import precision

    prior = Prior.from_torch(lambda u: D.Normal(net(u), torch.exp(net(u))), u=ONE_HOT)
    with precision(96):
        balls = prior.natural.graph.evaluate(ONE_HOT)
    middles = np.array([[float(ball.mid()) for ball in row] for row in balls])
    np.testing.assert_allclose(middles, prior.evaluate(ONE_HOT), rtol=1e-4)


def test_double_closures_compute_in_double(table):
    double = table.double()
    prior = Prior.from_torch(lambda u: D.Normal(torch.zeros(len(u), N, dtype=torch.float64), u @ double), u=ONE_HOT)
    np.testing.assert_allclose(prior.evaluate(ONE_HOT), -1 / (2 * double.numpy() ** 2), rtol=1e-14)


def test_float32_tables_in_closures_are_met_in_float32(table):
    prior = Prior.from_torch(lambda u: D.Normal(torch.zeros(len(u), N), u @ table), u=ONE_HOT)
    np.testing.assert_allclose(prior.evaluate(ONE_HOT), -1 / (2 * table.double().numpy() ** 2), rtol=1e-5)


@pytest.mark.parametrize(
    "loc",
    [
        lambda u: torch.zeros(len(u), 1).masked_fill(u > 5, 1.0),
        lambda u: torch.zeros(len(u), 1).index_put((torch.nonzero(u[:, 0] > -1)[:, 0],), torch.tensor(0.0)),
        lambda u: torch.zeros(len(u), 1, dtype=u.dtype).scatter(1, 0 * u.long(), torch.relu(u - 5)),
        lambda u: torch.tensor([[0.0 if float(v) < 5 else 1.0] for v in u[:, 0]]),
        lambda u: torch.relu(u.mean() - 5) * torch.ones(len(u), 1),
        lambda u: torch.relu(u - 5).sort(0)[0][:1].expand(len(u), 1),
        lambda u: torch.from_dlpack(torch.relu(u.detach() - 5)),
        lambda u: torch.clamp(u, max=0.0) * 0 + torch.heaviside(u - 5, u),
        lambda u: torch.zeros(len(u), 1).copy_(torch.relu(u - 5)),
        lambda u: torch.stack([torch.zeros(len(u)), torch.relu(u[:, 0] - 5)], 1)[:, 1:],
    ],
)
def test_a_mean_that_is_zero_only_where_it_was_asked_is_never_called_constant(loc):
    prior = Prior.from_torch(lambda u: D.Normal(loc(u), 1 + u**2), u=Observed(np.linspace(0, 0.9, 6)))
    assert names(prior) == ("gaussian",)


def test_a_negative_scale_is_refused_although_somebody_switched_validation_off():
    before = D.Distribution._validate_args
    D.Distribution.set_default_validate_args(False)
    try:
        with pytest.raises(CallableFailed, match="scale"):
            Prior.from_torch(lambda u: D.Normal(torch.zeros(len(u), N), -torch.ones(len(u), N)), u=np.arange(3.0))
    finally:
        D.Distribution.set_default_validate_args(before)
