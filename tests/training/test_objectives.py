"""Objectives against independent evaluations, and the hand-derived gradient against autograd."""

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from ivae_theory.errors import InputError  # noqa: E402
from ivae_theory.training.gradients import BoundGradient, covers  # noqa: E402
from ivae_theory.training.networks import Architecture, PriorValues, Stack  # noqa: E402
from ivae_theory.training.objectives import (  # noqa: E402
    Batch,
    BetaTotalCorrelation,
    Bound,
    ImportanceWeighted,
    divergence,
    draw,
    prior_log_density,
    reconstruction,
)

ROWS = 6


def make_stack(replicas: int = 3, **changes: object) -> Stack:
    fields = {"n": 2, "d": 3, "auxiliary": "labels", "size": 4, "width": 5, "layers": 3} | changes
    stack = Stack(Architecture(**fields), range(replicas), dtype=torch.float64)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():  # away from the small initial tables, so that no term is nearly 0
        stack.flat.add_(0.3 * torch.randn(stack.flat.shape, generator=generator, dtype=torch.float64))
    return stack


def make_batch(stack: Stack, shared: bool = True, rows: int = ROWS) -> tuple[Batch, "torch.Tensor"]:
    a, generator = stack.architecture, torch.Generator().manual_seed(2)
    sets = 1 if shared else stack.replicas
    x = torch.randn(sets, rows, a.d, generator=generator, dtype=torch.float64)
    if a.auxiliary == "labels":
        u = torch.nn.functional.one_hot(torch.arange(rows) % a.size, a.size).to(x).expand(sets, -1, -1)
    else:
        u = torch.randn(sets, rows, a.columns, generator=generator, dtype=torch.float64)
        u[..., -1] = 1.0
    noise = torch.randn(stack.replicas, rows, a.n, generator=generator, dtype=torch.float64)
    design = torch.cat([x, u], -1)
    if a.observation == "bernoulli":
        return Batch(design, (x > 0).to(x)), noise
    precision = torch.rand(sets, 1, a.d, generator=generator, dtype=torch.float64) + 0.5
    return Batch(design, x, precision, noise_variance=0.7), noise


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    ("changes", "beta"),
    [
        ({}, 1.0),
        ({"activation": "xtanh"}, 1.0),
        ({"location": True}, 1.0),
        ({"location": True, "scale": False}, 1.0),
        ({"posterior": "full", "n": 3}, 1.0),
        ({"posterior": "full", "n": 3, "location": True, "skip": True, "activation": "xtanh"}, 0.3),
        ({"observation": "bernoulli"}, 1.0),
        ({"prior": "mlp", "auxiliary": "vector", "size": 2, "location": True}, 1.0),
        ({"prior": "mlp"}, (0.5, 1.0, 4.0)),
        ({"prior": "fixed", "auxiliary": "none", "size": 0}, (1.0, 5.0, 45.0)),
        ({"layers": 1, "skip": True}, 1.0),
        ({"layers": 5, "n": 1, "d": 1}, 1.0),
    ],
)
def test_hand_derived_gradient_is_autograd_s(changes: dict[str, object], beta: object, shared: bool) -> None:
    stack = make_stack(**changes)
    batch, noise = make_batch(stack, shared)
    objective = Bound(beta)  # type: ignore[arg-type]
    assert covers(stack, objective)
    fast = BoundGradient(stack, objective, ROWS)
    for _ in range(2):  # the second call must not depend on what the first left in its buffers
        stack.gradient.fill_(float("nan"))
        fast(batch, noise)
    mine = stack.gradient.clone()
    stack.gradient.zero_()
    objective.loss(stack, batch, noise).sum().backward()
    assert stack.gradient.abs().max() > 0
    torch.testing.assert_close(mine, stack.gradient, rtol=1e-9, atol=1e-11)


def test_autograd_is_right_against_finite_differences() -> None:
    """So that the comparison above compares with the truth."""
    stack = make_stack(1, posterior="full", n=3, location=True)
    batch, noise = make_batch(stack)
    for objective in (Bound(2.0), ImportanceWeighted(1)):
        stack.gradient.zero_()
        objective.loss(stack, batch, noise).sum().backward()
        rng = np.random.default_rng(0)
        for index in rng.choice(len(stack.flat), 25, replace=False):
            values = []
            for step in (1e-6, -1e-6):
                with torch.no_grad():
                    stack.flat[index] += step
                    values.append(objective.loss(stack, batch, noise).item())
                    stack.flat[index] -= step
            assert stack.gradient[index].item() == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(("law", "posterior"), list(itertools.product(["gaussian", "laplace"], ["diagonal", "full"])))
def test_divergence_and_bound_by_brute_force(law: str, posterior: str) -> None:
    """KL in closed form = E_q[log q - log p] with densities from torch.distributions."""
    stack = make_stack(1, law=law, posterior=posterior, location=law == "gaussian")
    batch, _ = make_batch(stack)
    mean, log_deviation, lower = stack.encode(batch.design)
    noise = torch.randn(50_000, 1, ROWS, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    factor = torch.diag_embed(log_deviation.exp()) + (0 if lower is None else lower)
    z, variance = draw(mean, log_deviation, lower, noise)
    q = torch.distributions.MultivariateNormal(mean, scale_tril=factor)
    prior = stack.prior(batch.design)
    assert prior.log_scale is not None
    if law == "gaussian":
        assert prior.location is not None
        p = torch.distributions.Normal(prior.location, (0.5 * prior.log_scale).exp())
    else:
        p = torch.distributions.Laplace(torch.zeros_like(mean), prior.log_scale.exp())
    torch.testing.assert_close(prior_log_density(prior, z, law), p.log_prob(z).sum(-1))
    samples = q.log_prob(z) - p.log_prob(z).sum(-1)
    exact = divergence(mean, variance[0], log_deviation.sum(-1), prior, law)
    error = samples.std(0) / math.sqrt(len(noise))
    assert bool(((samples.mean(0) - exact).abs() < 5 * error).all())


def test_reconstruction_is_the_log_density_of_the_noise() -> None:
    """In whitened coordinates with precisions s^2/sigma^2 the likelihood is that of x itself."""
    from ivae_theory.training.coordinates import Whitening

    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 3)) @ rng.standard_normal((3, 3)) + 4
    whitening = Whitening.fit(x)
    white = whitening.apply(x)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(3), atol=1e-10)
    np.testing.assert_allclose(whitening.invert(white), x)
    stack = make_stack(1)
    batch, noise = make_batch(stack, rows=50)
    target = torch.from_numpy(white)[None]
    batch = Batch(batch.design, target, torch.from_numpy(whitening.scale**2 / 0.3)[None, None], 0.3)
    f = whitening.invert(stack.decode(noise)[0].detach().numpy())
    expected = torch.distributions.Normal(torch.from_numpy(f), math.sqrt(0.3)).log_prob(torch.from_numpy(x)).sum(-1)
    torch.testing.assert_close(reconstruction(stack, batch, noise)[0].detach(), expected)


def test_importance_weights_tighten_the_bound_towards_the_likelihood() -> None:
    """One linear layer, one latent: p(x|u) is Gaussian and known."""
    stack = make_stack(1, n=1, d=1, layers=1)
    batch, _ = make_batch(stack)
    assert batch.precision is not None
    w = stack.weights["decoder.0"][0].detach()
    prior = stack.prior(batch.design)
    assert prior.log_scale is not None
    # in the coordinates of the target the noise variance is 1/precision; the constant is that of x (variance 0.7)
    precision = batch.precision[0, 0, 0]
    variance = w[0, 0] ** 2 * prior.log_scale[0, :, 0].exp() + 1 / precision
    residual = batch.target[0, :, 0] - w[1, 0]
    exact = torch.distributions.Normal(torch.zeros_like(residual), variance.sqrt()).log_prob(residual)
    exact = exact - 0.5 * torch.log(precision * 0.7)
    generator, bounds = torch.Generator().manual_seed(0), []
    with torch.no_grad():
        for draws in (1, 10, 3000):
            noise = torch.randn(1, draws * ROWS, 1, generator=generator, dtype=torch.float64)
            repeats = [ImportanceWeighted(draws).bound(stack, batch, noise).mean().item()]
            bounds.append(repeats[0])
        noise = torch.randn(1, 20_000 * ROWS, 1, generator=generator, dtype=torch.float64)
        tight = ImportanceWeighted(20_000).bound(stack, batch, noise)[0]
    assert bounds[0] < bounds[1] < exact.mean() + 0.05
    torch.testing.assert_close(tight, exact, atol=0.05, rtol=0)


def test_total_correlation_objective_adds_up_at_beta_one() -> None:
    stack = make_stack(2, prior="fixed", auxiliary="none", size=0)
    batch, noise = make_batch(stack)
    loss = BetaTotalCorrelation(1.0, 1000).loss(stack, batch, noise)
    torch.testing.assert_close(loss, ImportanceWeighted(1).loss(stack, batch, noise))
    heavier = BetaTotalCorrelation((1.0, 3.0), 1000).loss(stack, batch, noise)
    assert heavier[0] == loss[0]
    assert heavier[1] != loss[1]


def test_fixed_prior_is_the_standard_law() -> None:
    z = torch.tensor([[[0.3, -2.0]]], dtype=torch.float64)
    none = PriorValues(None, None)
    for law, reference in (
        ("gaussian", torch.distributions.Normal(0.0, 1.0)),
        ("laplace", torch.distributions.Laplace(0.0, 1.0)),
    ):
        torch.testing.assert_close(prior_log_density(none, z, law), reference.log_prob(z).sum(-1))


def test_a_replica_s_start_depends_on_its_own_seed_alone() -> None:
    architecture = Architecture(n=2, d=2, size=3)
    one, two = Stack(architecture, [7, 8]), Stack(architecture, [8])
    for name, weight in two.weights.items():
        assert torch.equal(weight[0], one.weights[name][1])
        assert not torch.equal(weight[0], one.weights[name][0])


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"prior": "table", "auxiliary": "vector"}, "prior"),
        ({"prior": "mlp", "auxiliary": "none", "size": 0}, "prior"),
        ({"auxiliary": "none"}, "size"),
        ({"law": "laplace", "location": True}, "location"),
        ({"scale": False}, "prior"),
        ({"width": 0}, "width"),
        ({"posterior": "low-rank"}, "posterior"),
    ],
)
def test_bad_shapes_are_named(changes: dict[str, object], name: str) -> None:
    with pytest.raises(InputError, match=f"^{name}:"):
        Architecture(**({"n": 2, "d": 3, "auxiliary": "labels", "size": 4} | changes))  # type: ignore[arg-type]


def test_beta_has_one_value_or_one_for_each_replica() -> None:
    stack = make_stack(3)
    batch, noise = make_batch(stack)
    with pytest.raises(InputError, match=r"^beta:"):
        Bound((1.0, 2.0)).loss(stack, batch, noise)
