"""The layered flow: exact determinant and inverse, certified, resumable, chosen without the truth; and it recovers."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
sklearn_base = pytest.importorskip("sklearn.base", reason="needs the extra 'train'")

from ivae_theory import check, recheck  # noqa: E402
from ivae_theory.errors import InputError  # noqa: E402
from ivae_theory.mixing.registry import construction_of  # noqa: E402
from ivae_theory.training import LayeredFlow, LinearControl, Schedule, load, save, simulate  # noqa: E402
from ivae_theory.training.choice import split_rows  # noqa: E402
from ivae_theory.training.experiments import run_experiment  # noqa: E402
from ivae_theory.training.layered import LayeredArchitecture, LayeredProblem, LayeredStack  # noqa: E402
from ivae_theory.training.layered_modules import InverseSplines, layered_mixing  # noqa: E402
from ivae_theory.training.loop import Loop  # noqa: E402
from ivae_theory.training.scores import mean_correlation  # noqa: E402
from ivae_theory.training.splines import REACH, invert_splines, splines  # noqa: E402
from tests.training.flows import (  # noqa: E402
    assert_density_of_mass_one,
    assert_determinant_of_the_jacobian,
    assert_mixing_inverts,
    gathered,
    stirred,
)

SHORT = Schedule(steps=30, batch=64)


def make_stack(replicas: int = 2, **changes: object) -> LayeredStack:
    fields = {"n": 3, "labels": 4, "layers": 3, "bins": 8} | changes
    return stirred(LayeredStack(LayeredArchitecture(**fields), range(replicas), dtype=torch.float64))  # type: ignore[arg-type]


def make_problem(stack: LayeredStack, rows: int = 20) -> LayeredProblem:
    return LayeredProblem(stack, gathered(stack, rows))


def random_slopes(*shape: int) -> torch.Tensor:
    return torch.exp(torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2)))


def test_splines_are_the_integral_of_their_slope() -> None:
    slopes = random_slopes(1, 1, 9)
    grid = torch.linspace(-2 * REACH, 2 * REACH, 40_001, dtype=torch.float64)
    values, logarithms = (part[0, :, 0] for part in splines(grid[None, :, None], slopes))
    knots = torch.linspace(-REACH, REACH, 9, dtype=torch.float64)
    expected = np.interp(grid.numpy(), knots.numpy(), slopes[0, 0].numpy())
    np.testing.assert_allclose(logarithms.exp().numpy(), expected, rtol=1e-12)
    trapezia = torch.cumulative_trapezoid(torch.from_numpy(expected), grid)
    np.testing.assert_allclose((values[1:] - values[0]).numpy(), trapezia.numpy(), atol=1e-6)
    assert float(values[20_000]) == pytest.approx(0, abs=1e-12)  # the middle knot


def test_the_hand_derived_gradient_of_splines_is_the_numerical_one() -> None:
    slopes = random_slopes(2, 3, 5).requires_grad_()
    h = 3 * torch.randn(2, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    assert bool((h.abs() > REACH).any())
    assert torch.autograd.gradcheck(splines, (h.requires_grad_(), slopes))


def test_splines_are_inverted() -> None:
    slopes = random_slopes(2, 3, 13)
    h = 3 * torch.randn(2, 500, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    h[:, :13] = torch.linspace(-REACH, REACH, 13, dtype=torch.float64)[None, :, None]  # the knots themselves
    assert float(h.abs().max()) > REACH + 1
    torch.testing.assert_close(invert_splines(splines(h, slopes)[0], slopes), h, rtol=1e-9, atol=1e-9)
    y, steep = splines(h, slopes)[0], slopes**4  # from 1e-4 to 1e5 and beyond: h itself is ill-conditioned, y is not
    torch.testing.assert_close(splines(invert_splines(y, steep), steep)[0], y, rtol=1e-6, atol=1e-6)
    flat = torch.ones(1, 3, 5, dtype=torch.float64)  # no curvature: the quadratic formula must survive
    torch.testing.assert_close(invert_splines(h[:1], flat), h[:1])


CASES = [{}, {"n": 2, "location": True}, {"n": 5, "layers": 1}, {"n": 1, "layers": 2}, {"bins": 2, "layers": 5}]


@pytest.mark.parametrize("changes", CASES)
def test_determinant_is_that_of_the_jacobian(changes: dict[str, object]) -> None:
    assert_determinant_of_the_jacobian(make_stack(1, **changes))


@pytest.mark.parametrize("changes", CASES)
def test_mixing_inverts_the_flow(changes: dict[str, object]) -> None:
    assert_mixing_inverts(make_stack(1, **changes), layered_mixing)


def test_density_integrates_to_one() -> None:
    assert_density_of_mass_one(make_stack(1, n=2, location=True))


def test_gradient_is_that_of_the_loss() -> None:
    stack = make_stack()
    problem = make_problem(stack)
    rows, noise = torch.arange(3, 18), torch.empty(0)
    problem.prepare(15)
    stack.gradient.fill_(float("nan"))
    problem.write_gradient(rows, noise)
    for name in ("linear.0", "slopes.1", "linear.2", "prior"):
        change = torch.randn(stack.weights[name].shape, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
        ends = []
        for step in (1e-6, -2e-6):
            with torch.no_grad():
                stack.weights[name].add_(step * change)
            ends.append(problem.loss(rows, noise))
        with torch.no_grad():
            stack.weights[name].add_(1e-6 * change)
        by_hand = (stack.gradients[name] * change).sum((1, 2))
        torch.testing.assert_close((ends[0] - ends[1]) / 2e-6, by_hand, rtol=1e-5, atol=1e-7)
        assert by_hand.abs().max() > 1e-3


def test_kernels_do_not_depend_on_the_number_of_replicas() -> None:
    counts = []
    for replicas in (1, 7):
        problem = make_problem(make_stack(replicas))
        rows, noise = torch.arange(10), torch.empty(0)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            problem.write_gradient(rows, noise)
        counts.append(sum(event.count for event in profile.key_averages() if event.key.startswith("aten::")))
    assert counts[0] == counts[1]


def test_a_lost_replica_does_not_take_the_others_along() -> None:
    alone, beside = make_problem(make_stack()), make_problem(make_stack())
    with torch.no_grad():
        beside.stack.weights["linear.0"][1] = float("nan")
    histories = [Loop(problem, SHORT, record_every=10).run() for problem in (alone, beside)]
    assert histories[0].lost == {}
    assert histories[1].lost == {1: 10}
    torch.testing.assert_close(beside.stack.weights["linear.1"][0], alone.stack.weights["linear.1"][0])


EASY = simulate("paper", 3, n=2, d=2, segments=12, length=400, slope=0.3, noise="none", noise_scale=0.0)


def test_it_recovers_and_its_likelihood_is_the_truth_s() -> None:
    settings = {"batch": 256, "learning_rate": 1e-2, "clip": 50.0}
    exploration = Schedule(steps=200, warmup=20, **settings)  # type: ignore[arg-type]
    schedule = Schedule(steps=600, warmup=60, **settings)  # type: ignore[arg-type]
    flow = LayeredFlow(layers=4, replicas=6, finalists=2, exploration=exploration, schedule=schedule)
    flow.fit(EASY.x, EASY.u)
    linear = LinearControl(2).fit(EASY.x, EASY.u)
    reached = mean_correlation(EASY.z, flow.transform(EASY.x))
    assert reached > 0.98
    assert reached > mean_correlation(EASY.z, linear.transform(EASY.x)) + 0.02
    back, log_det = EASY.mixing.log_abs_det_inverse(EASY.x)
    variance = EASY.variances[EASY.u]
    truth = (log_det - 0.5 * (back**2 / variance + np.log(2 * np.pi * variance)).sum(1)).mean()
    assert truth - 0.05 < flow.score(EASY.x, EASY.u) < truth + 0.05


def test_the_choice_is_by_likelihood_on_held_out_rows() -> None:
    flow = LayeredFlow(layers=3, bins=8, replicas=5, finalists=3, exploration=SHORT, schedule=SHORT)
    flow.fit(EASY.x, EASY.u)
    assert flow.finalists_.tolist() == np.argsort(-flow.exploration_likelihoods_)[:3].tolist()
    seeds = [stack.seeds[0] for stack in flow.replicas_]
    assert len(set(seeds)) == 3
    assert flow.chosen_ == int(np.argmax(flow.likelihoods_))
    _, held = split_rows(len(EASY.x), 0.1, 0)
    assert flow.score(EASY.x[held], EASY.u[held]) == pytest.approx(flow.likelihoods_.max())


class Killed(Exception):
    pass


@pytest.mark.parametrize(("stage", "at"), [(0, 10), (1, 20)])
def test_killed_in_either_stage_it_resumes_bit_for_bit(tmp_path: Path, stage: int, at: int) -> None:
    settings = {"layers": 3, "bins": 8, "replicas": 4, "finalists": 2}
    schedules = {"exploration": Schedule(steps=30, batch=64), "schedule": Schedule(steps=40, batch=64)}
    whole = LayeredFlow(**settings, **schedules).fit(EASY.x, EASY.u)  # type: ignore[arg-type]

    def kill(loop: Loop) -> None:
        if (loop.schedule.steps == 40) == bool(stage) and loop.step >= at:
            raise Killed

    original = Loop.__init__

    def often(self: Loop, *arguments: object, **keywords: object) -> None:
        original(self, *arguments, **(keywords | {"record_every": 5, "checkpoint_every": 5}))  # type: ignore[arg-type]

    path = tmp_path / "fit.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "__init__", often)
        with pytest.raises(Killed):
            LayeredFlow(**settings, **schedules, checkpoint=str(path), callback=kill).fit(EASY.x, EASY.u)  # type: ignore[arg-type]
        assert path.with_name("fit.safetensors.exploration").exists()
        assert path.exists() == bool(stage)
        again = LayeredFlow(**settings, **schedules, checkpoint=str(path)).fit(EASY.x, EASY.u)  # type: ignore[arg-type]
    np.testing.assert_array_equal(again.transform(EASY.x), whole.transform(EASY.x))
    np.testing.assert_array_equal(again.likelihoods_, whole.likelihoods_)


def test_what_was_learned_is_certified_injective_and_so_identified() -> None:
    data = simulate("paper", 0, n=2, d=2, segments=8, length=60, noise="none", noise_scale=0.0)
    flow = LayeredFlow(layers=3, bins=6, replicas=2, finalists=1, exploration=SHORT, schedule=SHORT)
    flow.fit(data.x, data.u)
    np.testing.assert_allclose(flow.model_.mixing.evaluate(flow.transform(data.x)), data.x, atol=1e-8)
    report = check(flow.model_)
    assert report.status.word == "holds"
    assert report["theorem1.injective"].grade.name == "EXACT"
    assert recheck(report.to_json(), flow.model_)
    z, y = flow.sample(data.u[:50], seed=3)
    np.testing.assert_allclose(flow.transform(y), z, atol=1e-8)


def test_slopes_that_are_not_positive_prove_nothing() -> None:
    assert construction_of(InverseSplines(torch.ones(2, 5))) is not None
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        slopes = torch.ones(2, 5)
        slopes[1, 2] = bad
        assert construction_of(InverseSplines(slopes)) is None


def test_manners_and_bad_input(tmp_path: Path) -> None:
    data = simulate("paper", 0, n=2, d=4, segments=3, length=60, noise_scale=0.01)
    common = {"replicas": 2, "finalists": 1, "exploration": SHORT, "schedule": SHORT}
    estimator = LayeredFlow(2, layers=2, family="gaussian", **common)  # type: ignore[arg-type]
    names = np.array(["a", "b", "c"])[data.u]
    one, two = (sklearn_base.clone(estimator).fit(data.x, names) for _ in range(2))
    np.testing.assert_array_equal(one.transform(data.x), two.transform(data.x))
    assert one.transform(data.x).shape == (180, 2)
    save(one, tmp_path / "flow.safetensors")
    again = load(tmp_path / "flow.safetensors")
    np.testing.assert_array_equal(again.transform(data.x), one.transform(data.x))
    np.testing.assert_array_equal(again.finalists_, one.finalists_)
    few = LayeredFlow(2, layers=2, bins=2, replicas=2, exploration=SHORT, schedule=SHORT).fit(data.x, data.u)
    assert sorted(few.finalists_.tolist()) == [0, 1]
    for bad, name in (
        (LayeredFlow(finalists=0), "finalists"),
        (LayeredFlow(layers=0), "layers"),
        (LayeredFlow(bins=3), "bins"),
        (LayeredFlow(family="laplace_scale"), "family"),
    ):
        with pytest.raises(InputError, match=f"^{name}:"):
            bad.fit(data.x, data.u)


def test_as_an_experiment() -> None:
    short = {"steps": 20, "batch": 64}
    data = {"simulation": "paper", "n": 2, "d": 2, "segments": 4, "length": 50}
    configuration = {"method": "layered", "data": data, "parameters": {"layers": 2, "replicas": 3, "finalists": 2}}
    result = run_experiment(configuration | {"schedule": short, "exploration": short})
    assert len(result["replica_mcc"]) == len(result["replica_bounds"]) == 2
    chosen = int(np.argmax(result["replica_bounds"]))
    assert result["mcc"] == pytest.approx(result["replica_mcc"][chosen])
    with pytest.raises(InputError, match=r"^exploration:"):
        run_experiment({"method": "linear", "data": data, "exploration": short})
    with pytest.raises(InputError, match=r"^trace:"):
        run_experiment(configuration | {"trace": True})
