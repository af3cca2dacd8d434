"""The flow: its likelihood is one, its gradient autograd's, its inverse an inverse, and it recovers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
sklearn_base = pytest.importorskip("sklearn.base", reason="needs the extra 'train'")

from ivae_theory.errors import InputError  # noqa: E402
from ivae_theory.training import IdentifiableFlow, LinearControl, Schedule, simulate  # noqa: E402
from ivae_theory.training.flow import FlowArchitecture, FlowProblem, FlowStack  # noqa: E402
from ivae_theory.training.flow_modules import flow_mixing  # noqa: E402
from ivae_theory.training.loop import Loop  # noqa: E402
from ivae_theory.training.scores import mean_correlation  # noqa: E402
from tests.training.flows import (  # noqa: E402
    assert_density_of_mass_one,
    assert_determinant_of_the_jacobian,
    assert_mixing_inverts,
    gathered,
    stirred,
)


def make_stack(replicas: int = 2, **changes: object) -> FlowStack:
    fields = {"n": 3, "labels": 4, "couplings": 3, "width": 6} | changes
    return stirred(FlowStack(FlowArchitecture(**fields), range(replicas), dtype=torch.float64))  # type: ignore[arg-type]


def make_problem(stack: FlowStack, rows: int = 20) -> FlowProblem:
    return FlowProblem(stack, gathered(stack, rows))


CASES = [{}, {"n": 2, "location": True}, {"n": 5, "couplings": 1}, {"couplings": 0}, {"n": 1, "couplings": 0}]


@pytest.mark.parametrize("changes", CASES)
def test_hand_derived_gradient_is_autograd_s(changes: dict[str, object]) -> None:
    stack = make_stack(**changes)
    problem = make_problem(stack)
    rows, noise = torch.arange(3, 18), torch.empty(0)
    problem.prepare(15)
    for _ in range(2):
        stack.gradient.fill_(float("nan"))
        problem.write_gradient(rows, noise)
    mine = stack.gradient.clone()
    stack.gradient.zero_()
    loss = -stack.log_likelihood(problem.data.design[:, 3:18]).mean(-1)
    torch.testing.assert_close(loss, problem.loss(rows, noise))
    loss.sum().backward()
    torch.testing.assert_close(mine, stack.gradient, rtol=1e-9, atol=1e-11)
    assert mine.abs().max() > 0.1


@pytest.mark.parametrize("changes", CASES)
def test_determinant_is_that_of_the_jacobian(changes: dict[str, object]) -> None:
    assert_determinant_of_the_jacobian(make_stack(1, **changes))


@pytest.mark.parametrize("changes", CASES)
def test_mixing_inverts_the_flow(changes: dict[str, object]) -> None:
    assert_mixing_inverts(make_stack(1, **changes), flow_mixing)


def test_density_integrates_to_one() -> None:
    assert_density_of_mass_one(make_stack(1, n=2, location=True))


def test_the_prior_moves_at_its_own_speed() -> None:
    """Adam moves every parameter by about the rate; log variances by PRIOR_SPEED times that."""
    stack = make_stack(1)
    problem = make_problem(stack)
    columns = torch.eye(4, dtype=torch.float64)[None]
    before = stack.prior(columns)[1].detach().clone()
    weight = stack.weights["coupling.0.1"].detach().clone()
    Loop(problem, Schedule(steps=10, learning_rate=1e-3)).run(1)
    assert float((stack.prior(columns)[1].detach() - before).abs().max()) == pytest.approx(5e-3, rel=1e-3)
    assert float((stack.weights["coupling.0.1"].detach() - weight).abs().max()) == pytest.approx(1e-3, rel=1e-3)


EASY = simulate("paper", 3, n=2, d=2, segments=12, length=400, slope=0.3, noise="none", noise_scale=0.0)


def test_flow_recovers_and_its_likelihood_is_the_truth_s() -> None:
    schedule = Schedule(steps=1000, batch=256, learning_rate=8e-3, warmup=100, clip=50.0)
    flow = IdentifiableFlow(couplings=6, width=24, replicas=2, schedule=schedule).fit(EASY.x, EASY.u)
    linear = LinearControl(2).fit(EASY.x, EASY.u)
    reached = mean_correlation(EASY.z, flow.transform(EASY.x))
    assert reached > 0.965
    assert reached > mean_correlation(EASY.z, linear.transform(EASY.x)) + 0.02
    assert flow.score(EASY.x, EASY.u) > linear.score(EASY.x, EASY.u) + 0.1
    back, log_det = EASY.mixing.log_abs_det_inverse(EASY.x)
    variance = EASY.variances[EASY.u]
    truth = (log_det - 0.5 * (back**2 / variance + np.log(2 * np.pi * variance)).sum(1)).mean()
    assert truth - 0.1 < flow.score(EASY.x, EASY.u) < truth + 0.05
    assert flow.chosen_ == int(np.argmax(flow.likelihoods_))


def test_manners_projection_and_bad_input() -> None:
    data = simulate("paper", 0, n=2, d=4, segments=3, length=60, noise_scale=0.01)
    estimator = IdentifiableFlow(2, couplings=2, width=8, family="gaussian", schedule=Schedule(steps=50))
    with pytest.raises(Exception, match="not fitted"):
        estimator.transform(data.x)
    names = np.array(["a", "b", "c"])[data.u]
    one, two = (sklearn_base.clone(estimator).fit(data.x, names) for _ in range(2))
    np.testing.assert_array_equal(one.transform(data.x), two.transform(data.x))
    assert one.projection_.shape == (4, 2)
    assert one.transform(data.x).shape == (180, 2)
    # moving x across the projection changes nothing
    aside = np.linalg.svd(one.projection_.T)[2][2:]
    np.testing.assert_allclose(one.transform(data.x + aside[0]), one.transform(data.x), atol=1e-9)
    for bad, x, u, name in (
        (IdentifiableFlow(5), data.x, data.u, "n_latents"),
        (IdentifiableFlow(family="laplace_scale"), data.x, data.u, "family"),
        (IdentifiableFlow(), data.x, data.u[:3], "u"),
        (IdentifiableFlow(1, couplings=3), data.x, data.u, "couplings"),
        (IdentifiableFlow(replicas=0), data.x, data.u, "replicas"),
    ):
        with pytest.raises(InputError, match=f"^{name}:"):
            bad.fit(x, u)
