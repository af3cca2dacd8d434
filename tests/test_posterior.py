"""theorem3.i: the gap between evidence and ELBO, against cases where the true posterior is known."""

import copy
import json

import numpy as np
import pytest
import sympy

from ivae_theory import Discrete, Model, Noise, Prior, Status, check, families, posterior_gap, recheck
from ivae_theory.certificates.posterior import CLAIM  # registers the recheckers
from ivae_theory.certificates.registry import InvalidCertificate, bind_evidence, recheck_evidence
from ivae_theory.errors import CallableFailed, CorruptReport, InputError, InputTypeError
from ivae_theory.mixing import mlp
from ivae_theory.posterior import check_posterior
from ivae_theory.posterior.gap import tail_index
from ivae_theory.verdict import Grade, seal
from tests.extras import optional

torch = optional("torch", "torch")
D = optional("torch.distributions", "torch")

VARIANCES = np.array([[0.5, 2.0], [1.0, 0.7], [3.0, 1.5], [2.0, 2.5]])
SIGMA2 = 0.25
DIAGONAL, COUPLED = np.diag([1.0, -2.0]), np.array([[1.0, 0.5], [0.0, 1.0]])
TABLE = -1 / (2 * VARIANCES)


def true_posterior(matrix, shift=0.0, inflate=1.0, full=True):
    """The Gaussian posterior of x = W z + eps for z ~ N(0, diag v(u)), changed on purpose; its diagonal if not full."""

    def fn(x, u):
        precision = torch.diag_embed(torch.tensor(1 / VARIANCES)[u[:, 0]]) + torch.tensor(matrix.T @ matrix / SIGMA2)
        covariance = torch.linalg.inv(precision) * inflate**2
        weight = torch.tensor(matrix.T / SIGMA2)
        mean = torch.linalg.solve(precision, x @ weight.T) + shift
        if full:
            return D.MultivariateNormal(mean, covariance)
        return D.Normal(mean, torch.sqrt(torch.diagonal(covariance, dim1=1, dim2=2)))

    return fn


def linear(matrix, posterior):
    return Model(
        Prior(families.gaussian_scale(), TABLE),
        noise=Noise.gaussian(SIGMA2),
        mixing=mlp([matrix]),
        posterior=posterior,
    )


def data(model, count=300, seed=5):
    u = np.random.default_rng(seed).integers(4, size=count)
    return model.sample(u, seed=seed)[1], u


@pytest.mark.parametrize(("matrix", "full"), [(DIAGONAL, False), (DIAGONAL, True), (COUPLED, True)])
def test_the_true_posterior_holds(matrix, full):
    model = linear(matrix, true_posterior(matrix, full=full))
    verdict = posterior_gap(model, *data(model))
    assert (verdict.status, verdict.grade, verdict.claim) == (Status.HOLDS, Grade.STATISTICAL, CLAIM)
    assert verdict.evidence["upper"] < 1e-6
    assert verdict.assumes


@pytest.mark.parametrize(
    ("shift", "inflate"),
    [(0.5, 1.0), (0.0, 2.0), (0.0, 0.4), (2.0, 1.0), (0.0, 10.0)],
)
def test_a_wrong_q_fails_and_the_bound_is_below_the_divergence(shift, inflate):
    model = linear(COUPLED, true_posterior(COUPLED, shift, inflate))
    x, u = data(model)
    verdict = posterior_gap(model, x, u)
    assert (verdict.status, verdict.grade) == (Status.FAILS, Grade.STATISTICAL)
    ours = model.posterior(torch.tensor(x), torch.tensor(u)[:, None])
    truth = true_posterior(COUPLED)(torch.tensor(x), torch.tensor(u)[:, None])
    assert 0 < verdict.evidence["lower"] <= D.kl_divergence(ours, truth).mean().item()


def test_a_factorised_q_of_a_coupled_linear_gaussian_model_fails_exactly():
    model = linear(COUPLED, true_posterior(COUPLED, full=False))
    verdict = posterior_gap(model, *data(model, 10))
    assert (verdict.status, verdict.grade) == (Status.FAILS, Grade.EXACT)
    # W^T Sigma^-1 W = 4 [[1, .5], [.5, 1.25]]: entry (2, 1) is 2.
    assert verdict.evidence["entry"] == "2"


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_the_rounding_of_orthogonal_weights_refutes_no_factorised_q(name):
    """W^T W is diagonal up to rounding: the posterior factorises, to 1e-7 of a nat and less."""
    dtype = getattr(torch, name)
    weight = torch.linalg.qr(torch.randn(4, 2, dtype=dtype, generator=torch.Generator().manual_seed(0)))[0]
    variances = torch.tensor([[1.0, 2.0], [2.0, 1.0], [0.5, 3.0]], dtype=dtype)

    def q(x, u):
        precision = 1 / variances[u[:, 0]] + 25
        return D.Normal((x.to(dtype) @ weight) * 25 / precision, precision.rsqrt())

    def model(**keys):
        return Model(Prior(families.gaussian_scale(), (-0.5 / variances).tolist()), noise=Noise.gaussian(0.04), **keys)

    ours = model(mixing=lambda z: z @ weight.T, posterior=q)
    u = np.arange(300) % 3
    assert posterior_gap(ours, ours.sample(u, seed=1)[1], u).holds
    z = sympy.symbols("z1 z2", real=True)
    exact = sympy.Matrix([[sympy.Rational(float(entry)) for entry in row] for row in weight])
    by_formula = model(mixing=(z, list(exact * sympy.Matrix(z))), posterior=q)  # these are the numbers that are meant
    assert posterior_gap(by_formula, ours.sample(u, seed=1)[1], u).grade is Grade.EXACT
    evidence = check(by_formula)["theorem3.i"].evidence
    recheck_evidence(CLAIM, evidence, by_formula.describe())
    forged = {**evidence, "graph": ours.mixing.graph.to_dict()}
    with pytest.raises(InvalidCertificate, match="rounding of the weights does not explain"):
        recheck_evidence(CLAIM, forged, ours.describe())


def test_flows_that_call_their_networks_when_they_are_sampled_are_in_evaluation_mode():
    """In training mode dropout is random, and each draw changes what batch normalisation has learned."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(1, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1)
    )
    seen = []

    class Shift(D.Transform):
        domain = codomain = D.constraints.real_vector
        bijective = True

        def _shift(self, z):
            seen.append(net.training)
            return torch.cat([0 * z[..., :1], net(z[..., :1].float().reshape(-1, 1)).reshape(*z.shape[:-1], 1)], dim=-1)

        def _call(self, z):
            return z + self._shift(z)

        def _inverse(self, z):
            return z - self._shift(z)

        def log_abs_det_jacobian(self, x, y):
            return 0 * x.sum(-1)

    def q(x, u):
        return D.TransformedDistribution(D.Independent(D.Normal(0 * x, 1 + 0 * x), 1), [Shift()])

    model = linear(COUPLED, lambda x, u: (net, q(x, u))[1])
    posterior_gap(model, *data(model, 30))
    assert seen
    assert not any(seen)
    assert net.training
    assert int(net[1].num_batches_tracked) == 0


def test_a_full_covariance_is_not_refuted_by_the_exact_argument():
    model = linear(COUPLED, true_posterior(COUPLED, shift=0.02, full=True))
    assert posterior_gap(model, *data(model, 10)).grade is not Grade.EXACT


def test_small_errors_between_the_bounds_are_undecided():
    """KL = shift^2 / 2 summed over precisions is just below the tolerance, its double, the upper estimate, above."""
    model = linear(DIAGONAL, true_posterior(DIAGONAL, shift=0.06))
    verdict = posterior_gap(model, *data(model))
    assert verdict.undecided
    assert verdict.evidence["lower"] <= verdict.evidence["tolerance"] < verdict.evidence["upper"]


def test_a_missed_mode_is_never_confirmed():
    """x = |z| + eps with a symmetric prior: the posterior has two modes and q sees one. Its weights look perfect."""
    model = Model(
        Prior(families.gaussian_scale(), [[-0.125], [-0.05]]),
        noise=Noise.gaussian(0.01),
        mixing=lambda z: np.abs(z),
        posterior=lambda x, u: D.Normal(x, 0.1),
    )
    u = np.zeros(200, dtype=int)
    verdict = posterior_gap(model, np.full((200, 1), 3.0), u)
    assert not verdict.holds
    assert verdict.evidence["upper"] > 10 * verdict.evidence["tolerance"]


def test_heavy_tails_are_seen():
    rng = np.random.default_rng(0)
    assert tail_index(rng.normal(size=500)) < 0.5
    assert tail_index(rng.pareto(1.0, size=500)) > 0.5
    assert tail_index(np.zeros(500)) == 0.0


def test_rare_failures_of_q_are_not_confirmed():
    """q is the posterior, except that 1 observation in 50 gets a q that misses everything."""

    def fn(x, u):
        right = true_posterior(DIAGONAL, full=False)(x, u)
        return D.Normal(torch.where((x[:, :1] > 2.5).expand(-1, 2), right.loc + 3, right.loc), right.scale)

    model = linear(DIAGONAL, fn)
    verdict = posterior_gap(model, *data(model))
    assert not verdict.holds


@pytest.mark.parametrize(("level", "rare"), [(0.05, "0.018"), (0.001, "0.038"), (1e-5, "0.061")])
def test_what_is_too_rare_to_be_seen_depends_on_the_level(level, rare):
    """200 draws miss an event of probability log(2 / level) / 200 with probability level / 2."""
    model = linear(DIAGONAL, true_posterior(DIAGONAL))
    verdict = posterior_gap(model, *data(model, 200), level=level)
    assert verdict.holds
    assert f"below about {rare})" in verdict.assumes[0]
    assert np.exp(-float(rare) * 200) == pytest.approx(level / 2, rel=0.2)


def test_a_posterior_network_in_float32():
    """Rounding of a float32 q is no gap."""

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            scale = VARIANCES * np.diag(DIAGONAL) / (VARIANCES * np.diag(DIAGONAL) ** 2 + SIGMA2)
            self.gain = torch.nn.Embedding.from_pretrained(torch.tensor(scale, dtype=torch.float32))
            deviation = np.sqrt(1 / (1 / VARIANCES + np.diag(DIAGONAL) ** 2 / SIGMA2))
            self.deviation = torch.nn.Embedding.from_pretrained(torch.tensor(deviation, dtype=torch.float32))

        def forward(self, x, u):
            assert x.dtype == torch.float32
            assert not self.training
            return D.Independent(D.Normal(self.gain(u[:, 0]) * x, self.deviation(u[:, 0])), 1)

    model = linear(DIAGONAL, Encoder().train())
    assert posterior_gap(model, *data(model)).holds
    assert model.posterior.training


def test_draws_outside_the_support_are_undecided():
    model = Model(
        Prior(families.exponential(), [[-1.0], [-2.0]]),
        noise=Noise.gaussian(0.5),
        mixing=mlp([[[1.0]]]),
        posterior=lambda x, u: D.Normal(x, 1.0),
    )
    assert posterior_gap(model, *_labelled(model)).undecided


def test_true_latents_outside_qs_support_are_undecided():
    model = Model(
        Prior(families.gaussian_scale(), [[-1.0], [-2.0]]),
        noise=Noise.gaussian(0.5),
        mixing=mlp([[[1.0]]]),
        posterior=lambda x, u: D.Exponential(torch.ones_like(x)),
    )
    assert not posterior_gap(model, *_labelled(model)).holds


def _labelled(model):
    u = np.arange(50) % 2
    return model.sample(u)[1], u


@pytest.mark.parametrize("noise", [Noise.none(), Discrete("bernoulli")])
def test_without_a_density_there_is_no_gap(noise):
    model = Model(
        Prior(families.gaussian_scale(), TABLE),
        noise=noise,
        mixing=mlp([DIAGONAL]),
        posterior=lambda x, u: D.Normal(x, 1.0),
    )
    verdict = posterior_gap(model, *data(model, 20))
    assert verdict.undecided
    assert "cannot be estimated" in verdict.reason


@pytest.mark.parametrize(
    ("posterior", "error"),
    [
        (lambda x, u: D.Normal(x[:, :1], 1.0), InputError),
        (lambda x, u: D.Normal(x[0], 1.0), InputError),
        (lambda x, u: x, InputTypeError),
        (lambda x, u: 1 / 0, CallableFailed),
        (lambda x: x, CallableFailed),
        # one density for all rows at once, which 64 rows and 64 draws would broadcast into a wrong answer
        (lambda x, u: D.Independent(true_posterior(DIAGONAL, full=False)(x, u), 2), InputError),
    ],
)
def test_posteriors_that_are_wrong_give_one_error(posterior, error):
    model = linear(DIAGONAL, posterior)
    for count in (20, 64):
        with pytest.raises(error, match="posterior"):
            posterior_gap(model, *data(model, count))


def test_wrong_arguments():
    model = linear(DIAGONAL, true_posterior(DIAGONAL))
    x, u = data(model, 20)
    with pytest.raises(InputError, match="posterior"):
        posterior_gap(linear(DIAGONAL, None), x, u)
    with pytest.raises(InputError, match="u: expected 20 rows"):
        posterior_gap(model, x, u[:-1])
    with pytest.raises(InputError, match="2 coordinates"):
        posterior_gap(model, x[:, :1], u)
    with pytest.raises(InputError, match="NaN"):
        posterior_gap(model, x * np.nan, u)
    with pytest.raises(InputError, match="tolerance"):
        posterior_gap(model, x, u, tolerance=0)


def test_check_draws_its_own_observations():
    assert check_posterior(linear(DIAGONAL, true_posterior(DIAGONAL, full=False))).holds
    assert check_posterior(linear(DIAGONAL, true_posterior(DIAGONAL, shift=1.0))).fails
    assert check_posterior(linear(COUPLED, true_posterior(COUPLED, full=False))).grade is Grade.EXACT
    assert check_posterior(linear(DIAGONAL, None)).undecided


def test_the_same_seed_gives_the_same_verdict():
    model = linear(DIAGONAL, true_posterior(DIAGONAL, shift=0.05))
    x, u = data(model)
    before = torch.random.get_rng_state()
    first, second = (posterior_gap(model, x, u, seed=3).to_dict() for _ in range(2))
    assert first == second
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.fixture(scope="module")
def settled():
    models = [
        linear(DIAGONAL, true_posterior(DIAGONAL, full=False)),
        linear(COUPLED, true_posterior(COUPLED, shift=1.0)),
        linear(COUPLED, true_posterior(COUPLED, full=False)),
    ]
    return [(model, posterior_gap(model, *data(model, 60))) for model in models]


def test_evidence_is_rechecked(settled):
    for model, verdict in settled:
        evidence, subject = (json.loads(json.dumps(v)) for v in (verdict.evidence, model.describe()))
        found = recheck_evidence(CLAIM, evidence, subject)
        assert (found.status, found.grade) == (verdict.status, verdict.grade)
        bind_evidence(CLAIM, evidence, model)


@pytest.mark.parametrize(
    ("which", "key", "value"),
    [
        (0, "terms", {"dtype": "<f8", "shape": [60], "base64": "AAAAAAAA8D8=" * 60}),
        (0, "tolerance", 1e-30),
        (0, "tolerance", -1.0),
        (0, "upper", -1.0),
        (0, "level", 0.0),
        (0, "level", "0.05"),
        (0, "observations", 61),
        (1, "tolerance", 1e6),
        (1, "lower", 0.0),
        (1, "terms", None),
        (2, "matrix", [["1", "0"], ["0", "1"]]),
        (2, "matrix", [["1"], ["0"]]),
        (2, "entry", "3"),
        (2, "row", 0),
        (2, "column", -1),
    ],
)
def test_changed_evidence_is_refused(settled, which, key, value):
    model, verdict = settled[which]
    evidence = copy.deepcopy(dict(verdict.evidence)) | {key: value}
    with pytest.raises(CorruptReport):
        recheck_evidence(CLAIM, evidence, model.describe())


def test_the_exact_refutation_is_bound_to_the_matrix(settled):
    _, verdict = settled[2]
    with pytest.raises(InvalidCertificate, match="mixing function"):
        bind_evidence(CLAIM, verdict.evidence, linear(DIAGONAL, true_posterior(DIAGONAL, full=False)))


def bent(z):
    """Not linear, but at 0 and at the unit vectors it has the values of a linear map."""
    a, b = z[:, 0], z[:, 1]
    return torch.stack([a + b / 2 + a * b * (a - 1) * (b - 1), b], 1)


def test_the_exact_refutation_needs_a_linear_map_and_the_graph_that_shows_it(settled):
    _, verdict = settled[2]
    curved = Model(
        Prior(families.gaussian_scale(), TABLE), noise=Noise.gaussian(SIGMA2), mixing=bent,
        posterior=true_posterior(COUPLED, full=False),
    )  # fmt: skip
    with pytest.raises(InvalidCertificate):
        bind_evidence(CLAIM, verdict.evidence, curved)
    evidence = dict(verdict.evidence) | {"graph": curved.mixing.graph.to_dict()}
    with pytest.raises(InvalidCertificate, match="affine"):
        recheck_evidence(CLAIM, evidence, curved.describe())
    diagonal = linear(DIAGONAL, true_posterior(DIAGONAL, full=False))
    with pytest.raises(InvalidCertificate, match="graph"):
        recheck_evidence(CLAIM, verdict.evidence, diagonal.describe())


def test_the_exact_refutation_says_that_it_takes_the_class_of_q_at_its_word():
    """A q with a full covariance may be the posterior, and a description of a model does not say which q it is."""
    model = linear(COUPLED, true_posterior(COUPLED, full=False))
    report = check(model)
    assert report[CLAIM].grade is Grade.EXACT
    recheck(report, model)
    document = json.loads(report.to_json())
    item = next(item for item in document["verdicts"] if item["claim"] == CLAIM)
    assert any("independent components" in sentence for sentence in item["assumes"])
    item["assumes"] = []
    document["seal"] = seal(document)
    with pytest.raises(InvalidCertificate, match="independent components"):
        recheck(document, model)


def test_the_exact_refutation_needs_gaussian_latents_and_noise(settled):
    model, verdict = settled[2]
    subject = model.describe()
    laplace = Model(
        Prior(families.laplace_scale(), TABLE), noise=Noise.gaussian(SIGMA2), mixing=mlp([COUPLED])
    ).describe()
    for changed in (subject | {"families": laplace["families"]}, subject | {"noise": {"law": {"node": "laplace"}}}):
        with pytest.raises(InvalidCertificate):
            recheck_evidence(CLAIM, verdict.evidence, changed)
