"""A user's own modules in the loop, and the monitor of hypotheses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
pytest.importorskip("sklearn", reason="needs the extra 'train'")

from ivae_theory import Model, check  # noqa: E402
from ivae_theory.errors import InputError, InputTypeError  # noqa: E402
from ivae_theory.training import ModuleProblem, Monitor, Schedule, simulate  # noqa: E402
from ivae_theory.training.coordinates import Whitening  # noqa: E402
from ivae_theory.training.diagnostics import minority_sign_mass  # noqa: E402
from ivae_theory.training.flow import FlowArchitecture, FlowProblem, FlowStack  # noqa: E402
from ivae_theory.training.loop import Loop  # noqa: E402
from ivae_theory.training.networks import Architecture, Stack  # noqa: E402
from ivae_theory.training.objectives import Bound  # noqa: E402
from ivae_theory.training.problem import Rows, VariationalProblem, variational_rows  # noqa: E402

DATA = simulate("paper", 1, n=2, d=2, segments=8, length=150, noise_scale=0.05)


class Encoder(torch.nn.Module):
    def __init__(self, full: bool) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(2 + 8, 24), torch.nn.Tanh(), torch.nn.Linear(24, 5))
        self.full = full

    def forward(self, x: torch.Tensor, u: torch.Tensor) -> Any:
        labels = torch.nn.functional.one_hot(u.reshape(-1), 8).to(x)
        out = self.net(torch.cat([x, labels], -1))
        if not self.full:
            return torch.distributions.Normal(out[:, :2], out[:, 2:4].exp())
        factor = torch.diag_embed(out[:, 2:4].exp())
        factor = factor + torch.nn.functional.pad(out[:, 4:, None], (0, 1, 1, 0))
        return torch.distributions.MultivariateNormal(out[:, :2], scale_tril=factor)


class TensorEncoder(torch.nn.Module):
    def forward(self, x: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        return x


class Prior(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(8, 2)
        torch.nn.init.zeros_(self.table.weight)

    def forward(self, u: torch.Tensor) -> Any:
        scale = self.table(u.reshape(-1)).exp()
        return torch.distributions.Normal(torch.zeros_like(scale), scale)


def make_problem(full: bool = False, dtype: torch.dtype = torch.float64) -> ModuleProblem:
    torch.manual_seed(0)
    decoder = torch.nn.Sequential(torch.nn.Linear(2, 24), torch.nn.LeakyReLU(0.2), torch.nn.Linear(24, 2))
    modules = [module.to(dtype) for module in (Encoder(full), decoder, Prior())]
    return ModuleProblem(*modules, DATA.x, DATA.u, noise_variance=0.05**2)


@pytest.mark.parametrize("full", [False, True])
def test_the_gradient_is_that_of_the_bound(full: bool) -> None:
    problem = make_problem(full)
    rows, noise = torch.arange(0, 1200, 40), torch.randn(1, 30, 2, dtype=torch.float64)
    problem.write_gradient(rows, noise)
    gradient = problem.gradient.clone()
    for index in range(0, len(problem.flat), 17):
        values = []
        for step in (1e-6, -1e-6):
            problem.flat[index] += step
            values.append(problem.loss(rows, noise).item())
            problem.flat[index] -= step
        assert gradient[index].item() == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4, abs=1e-4)


def test_own_modules_train_and_become_a_model() -> None:
    problem = make_problem()
    history = Loop(problem, Schedule(steps=700)).run()
    assert history.array()[-1, 0] < history.array()[0, 0] - 0.5
    z = problem.encoder(torch.from_numpy(DATA.x), torch.from_numpy(DATA.u)).mean.detach().numpy()
    recovered = problem.decoder(torch.from_numpy(z)).detach().numpy()
    assert np.sqrt(np.mean((recovered - DATA.x) ** 2)) < 0.15
    model = problem.model()
    assert isinstance(model, Model)
    np.testing.assert_allclose(
        model.mixing.evaluate(z[:5]), problem.decoder(torch.from_numpy(z[:5])).detach().numpy(), atol=1e-9
    )
    assert check(model)["theorem1.iii"].holds


def test_own_modules_resume_bit_for_bit(tmp_path: Path) -> None:
    schedule, path = Schedule(steps=50), tmp_path / "c"
    whole = make_problem(dtype=torch.float32)
    Loop(whole, schedule).run()
    Loop(make_problem(dtype=torch.float32), schedule, checkpoint=path).run(21)
    resumed = make_problem(dtype=torch.float32)
    loop = Loop(resumed, schedule, checkpoint=path)
    assert loop.step == 21
    loop.run()
    assert torch.equal(whole.flat, resumed.flat)
    for one, two in zip(whole.decoder.parameters(), resumed.decoder.parameters(), strict=True):
        assert torch.equal(one, two)


def test_a_law_without_closed_form_is_sampled() -> None:
    class LaplacePrior(Prior):
        def forward(self, u: torch.Tensor) -> Any:
            law = super().forward(u)
            return torch.distributions.StudentT(5.0, law.loc, law.scale)

    problem = make_problem()
    problem.prior = LaplacePrior().double()
    rows, noise = torch.arange(5), torch.randn(1, 5, 2, dtype=torch.float64)
    law = problem.encoder(problem.x[rows], problem.u[rows])
    z = law.loc + law.scale * noise[0]
    p = torch.distributions.StudentT(5.0).log_prob(z).sum(-1)
    f = torch.distributions.Normal(problem.decoder(z), 0.05).log_prob(problem.x[rows]).sum(-1)
    expected = -(f + p - law.log_prob(z).sum(-1)).mean()
    torch.testing.assert_close(problem.loss(rows, noise)[0], expected.detach())


@pytest.mark.parametrize(
    ("change", "error", "name"),
    [
        ({"encoder": lambda x, u: x}, InputTypeError, "encoder"),
        ({"noise_variance": 0.0}, InputError, "noise_variance"),
        ({"u": DATA.u[:3]}, InputError, "u"),
        ({"encoder": torch.nn.Bilinear(2, 1, 2)}, InputError, "modules"),
        ({"encoder": TensorEncoder()}, InputTypeError, "encoder"),
    ],
)
def test_bad_modules_are_named(change: dict[str, Any], error: type[Exception], name: str) -> None:
    good = make_problem()
    arguments = {"encoder": good.encoder, "decoder": good.decoder, "prior": good.prior, "x": DATA.x, "u": DATA.u}
    with pytest.raises(error, match=f"^{name}:"):
        ModuleProblem(**(arguments | {"noise_variance": 1.0} | change))


def test_minority_sign_mass() -> None:
    z = torch.randn(4000, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert minority_sign_mass(lambda v: v @ torch.tensor([[1.0, 2.0], [0.5, -1.0]]).double(), z) == 0
    fold = lambda v: torch.stack([v[:, 0] ** 2 + 2 * v[:, 0], v[:, 1]], 1)  # noqa: E731 - folds at -1
    assert minority_sign_mass(fold, z) == pytest.approx(0.1587, abs=0.02)
    with pytest.raises(InputError, match=r"^decoder:"):
        minority_sign_mass(lambda v: v[:, :1], z)


def test_monitor_follows_variability_and_folds() -> None:
    architecture = Architecture(n=2, d=2, size=8, width=16)
    stack = Stack(architecture, [1, 2])
    with torch.no_grad():
        stack.weights["prior.0"].zero_()  # the same lambda for all u: (iii) fails at the start
    rows = variational_rows(DATA.x, DATA.u, Whitening.fit(DATA.x), stack, 0.05**2)
    monitor = Monitor(draws=300)
    Loop(VariationalProblem(stack, Bound(), rows), Schedule(steps=200), record_every=50, callback=monitor).run()
    steps = [(record.step, record.replica) for record in monitor.records]
    assert steps == [(step, replica) for step in (50, 100, 150, 200) for replica in (0, 1)]
    distances = [record.distance for record in monitor.records if record.replica == 0]
    assert 0 < distances[0] < distances[-1]
    assert all(record.minority is not None and 0 <= record.minority <= 0.5 for record in monitor.records)


def test_monitor_of_a_flow_and_of_modules_and_of_n_below_d() -> None:
    flow = FlowStack(FlowArchitecture(2, 8, 2, 8), [0])
    data = Rows.gather([DATA.x], np.eye(8)[DATA.u], [Whitening.fit(DATA.x)], flow.flat)
    monitor = Monitor(draws=100)
    Loop(FlowProblem(flow, data), Schedule(steps=30), record_every=30, callback=monitor).run()
    Loop(make_problem(), Schedule(steps=30), record_every=30, callback=monitor).run()
    wide = simulate("paper", 0, n=1, d=2, segments=8, length=20)
    stack = Stack(Architecture(n=1, d=2, size=8, width=6), [0])
    rows = variational_rows(wide.x, wide.u, Whitening.fit(wide.x), stack, 0.01)
    Loop(VariationalProblem(stack, Bound(), rows), Schedule(steps=30), record_every=30, callback=monitor).run()
    flows, modules, below = monitor.records
    assert flows.minority == 0  # invertible by construction
    assert modules.minority is not None
    assert below.minority is None
