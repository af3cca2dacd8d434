"""Compiled and captured steps against single ones: the same numbers, and runs that resume bit for bit."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from ivae_theory.errors import InputError  # noqa: E402
from ivae_theory.training import stepping  # noqa: E402
from ivae_theory.training.coordinates import Whitening  # noqa: E402
from ivae_theory.training.data import simulate  # noqa: E402
from ivae_theory.training.flow import FlowArchitecture, FlowProblem, FlowStack  # noqa: E402
from ivae_theory.training.loop import Loop, Schedule  # noqa: E402
from ivae_theory.training.networks import Architecture, Stack  # noqa: E402
from ivae_theory.training.objectives import Bound, ImportanceWeighted, Objective  # noqa: E402
from ivae_theory.training.problem import Rows, VariationalProblem, variational_rows  # noqa: E402

DATA = simulate("paper", 0, n=2, d=2, segments=5, length=20)
UNROLLED: dict[str, Any] = {"steps": 8, "batch": 32, "warmup": 2, "unrolled": 2}
cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def make_problem(objective: Objective | None = None, device: str = "cpu", **changes: object) -> VariationalProblem:
    fields: Any = {"n": 2, "d": 2, "size": 5, "width": 8} | changes
    stack = Stack(Architecture(**fields), range(2), dtype=torch.float64, device=device)
    x = (DATA.x > 0).astype(float) if fields.get("observation") == "bernoulli" else DATA.x
    rows = variational_rows(x, DATA.u, Whitening.fit(x), stack, 0.01)
    return VariationalProblem(stack, objective or Bound(), rows)


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trace and run without a C++ compiler, which takes seconds rather than a minute."""
    monkeypatch.setattr(stepping, "_COMPILER", {"backend": "eager"})


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(
    ("objective", "changes", "schedule"),
    [
        (Bound(), {}, {}),
        (Bound(2.0), {"posterior": "full", "location": True, "skip": True}, {"clip": 0.5, "temper": 4.0}),
        (ImportanceWeighted(2), {"observation": "bernoulli"}, {}),
    ],
)
def test_compiled_steps_are_single_steps(objective: Objective, changes: Any, schedule: Any) -> None:
    single, several = make_problem(objective, **changes), make_problem(objective, **changes)
    one = Loop(single, Schedule(**UNROLLED | schedule | {"unrolled": 0}), record_every=2)
    few = Loop(several, Schedule(**UNROLLED | schedule), record_every=2, checkpoint_every=2)
    np.testing.assert_allclose(one.run().array(), few.run().array(), rtol=1e-7)
    torch.testing.assert_close(single.flat, several.flat, rtol=1e-8, atol=1e-9)
    torch.testing.assert_close(one.second, few.second, rtol=1e-7, atol=1e-9)
    assert not torch.equal(single.flat, make_problem(objective, **changes).flat)


@pytest.mark.usefixtures("traced")
def test_compiled_steps_resume_bit_for_bit(tmp_path: Path) -> None:
    _resumes(tmp_path, Schedule(**UNROLLED), 4)


def _resumes(tmp_path: Path, schedule: Schedule, stop: int, device: str = "cpu") -> None:
    settings: Any = {"record_every": schedule.unrolled or 1, "checkpoint_every": schedule.unrolled or 1, "seed": 3}
    whole = make_problem(device=device)
    Loop(whole, schedule, **settings).run()
    path = tmp_path / "run"
    Loop(make_problem(device=device), schedule, checkpoint=path, **settings).run(stop)
    resumed = make_problem(device=device)
    loop = Loop(resumed, schedule, checkpoint=path, **settings)
    assert loop.step == stop
    loop.run()
    assert torch.equal(whole.flat, resumed.flat)


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"record_every": 3}, "record_every"), ({"record_every": 2, "checkpoint_every": 5}, "checkpoint_every")],
)
def test_what_happens_between_compiled_steps_is_refused(settings: Any, name: str) -> None:
    with pytest.raises(InputError, match=f"^{name}: expected a multiple of unrolled = 2"):
        Loop(make_problem(), Schedule(**UNROLLED), **settings)


def test_unrolled_divides_and_stops_between() -> None:
    for unrolled in (-1, 5):
        with pytest.raises(InputError, match=r"^unrolled:"):
            Schedule(steps=12, unrolled=unrolled)
    loop = Loop(make_problem(), Schedule(**UNROLLED), record_every=2, checkpoint_every=2)
    with pytest.raises(InputError, match=r"^until:"):
        loop.run(3)


def test_other_problems_are_not_compiled() -> None:
    stack = FlowStack(FlowArchitecture(2, 5, 1, 4), [0])
    rows = Rows.gather([DATA.x], np.eye(5)[DATA.u], [Whitening.fit(DATA.x)], stack.flat)
    with pytest.raises(InputError, match=r"^unrolled: expected 0 for problems other than VAEs"):
        Loop(FlowProblem(stack, rows), Schedule(steps=10, unrolled=10))


def test_a_missing_compiler_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_(*_: object, **__: object) -> Any:
        def fail(*_: object) -> None:
            raise RuntimeError("InvalidCxxCompiler: No working C++ compiler found\nsecond line")

        return fail

    monkeypatch.setattr(torch, "compile", compile_)
    problem = make_problem()
    loop = Loop(problem, Schedule(**UNROLLED), record_every=2, checkpoint_every=2)
    with pytest.raises(InputError, match=r"^unrolled: .*C\+\+ compiler.*No working C\+\+ compiler found$"):
        loop.run()
    assert loop.step == 0
    assert torch.equal(problem.flat, make_problem().flat)


def test_checkpoints_without_the_field_still_resume(tmp_path: Path) -> None:
    loop = Loop(make_problem(), Schedule(steps=3))
    assert "unrolled" not in loop._identity()["schedule"]
    assert Loop(make_problem(), Schedule(steps=3, unrolled=1))._identity()["schedule"]["unrolled"] == 1


@pytest.mark.slow
def test_the_compiler_s_steps_are_single_steps_and_resume(tmp_path: Path) -> None:
    schedule = Schedule(**UNROLLED)
    single, several = make_problem(), make_problem()
    Loop(single, Schedule(**UNROLLED | {"unrolled": 0})).run()
    Loop(several, schedule, record_every=2, checkpoint_every=2).run()
    torch.testing.assert_close(single.flat, several.flat, rtol=1e-8, atol=1e-9)
    _resumes(tmp_path, schedule, 4)


def test_capture_and_replay_make_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU: a graph that runs again what was captured shows what is copied where, and when."""
    single, captured = make_problem(ImportanceWeighted(1)), make_problem(ImportanceWeighted(1))
    schedule = Schedule(steps=9, batch=32, warmup=2, clip=0.5)
    Loop(single, schedule).run()
    loop = Loop(captured, schedule)
    steps = loop._steps = stepping.CapturedStep(loop)
    replays: list[int] = []

    class Graph:
        def replay(self) -> None:
            replays.append(loop.step)
            steps._capturable()

    @contextlib.contextmanager
    def recording(_: Graph) -> Iterator[None]:
        state = (captured.flat, loop.first, loop.second)
        before = [tensor.detach().clone() for tensor in state]
        yield
        with torch.no_grad():  # capturing runs nothing
            for tensor, old in zip(state, before, strict=True):
                tensor.copy_(old)

    stream = SimpleNamespace(wait_stream=lambda _: None)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", recording)
    monkeypatch.setattr(torch.cuda, "Stream", lambda: stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda _: contextlib.nullcontext())
    loop.run(5)
    loop.run()
    assert replays == [3, 4, 5, 6, 7, 8]
    torch.testing.assert_close(captured.flat, single.flat, rtol=1e-8, atol=1e-9)


@cuda
@pytest.mark.parametrize("objective", [Bound(), ImportanceWeighted(2)])
@pytest.mark.parametrize("clip", [None, 0.5])
def test_a_captured_step_is_the_step(objective: Objective, clip: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = Schedule(steps=12, batch=32, warmup=2, clip=clip)
    captured, single = make_problem(objective, "cuda"), make_problem(objective, "cuda")
    loop = Loop(captured, schedule)
    assert isinstance(loop._steps, stepping.CapturedStep)
    loop.run(5)
    loop.run()  # prepared twice: the graph's buffers stay
    monkeypatch.setattr(VariationalProblem, "capturable", False)
    eager = Loop(single, schedule)
    assert type(eager._steps) is stepping.EagerStep
    eager.run()
    torch.testing.assert_close(captured.flat, single.flat, rtol=1e-8, atol=1e-9)


@cuda
def test_a_captured_run_resumes_bit_for_bit(tmp_path: Path) -> None:
    _resumes(tmp_path, Schedule(steps=12, batch=32), 5, "cuda")


@cuda
def test_unrolled_is_for_the_cpu() -> None:
    with pytest.raises(InputError, match="captured as a graph"):
        Loop(make_problem(device="cuda"), Schedule(**UNROLLED), record_every=2)
