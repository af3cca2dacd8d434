"""The loop: the optimiser is Adam, a killed run resumes bit for bit, failures are found and contained."""

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from ivae_theory.errors import CorruptReport, InputError  # noqa: E402
from ivae_theory.training.checkpoints import read_checkpoint, write_checkpoint  # noqa: E402
from ivae_theory.training.coordinates import Whitening  # noqa: E402
from ivae_theory.training.data import simulate  # noqa: E402
from ivae_theory.training.loop import Loop, Schedule, TrainingFailed  # noqa: E402
from ivae_theory.training.networks import Architecture, Stack  # noqa: E402
from ivae_theory.training.objectives import (  # noqa: E402
    BetaTotalCorrelation,
    Bound,
    ImportanceWeighted,
    Objective,
    latent_divergence,
)
from ivae_theory.training.problem import VariationalProblem, auxiliary_columns, variational_rows  # noqa: E402
from ivae_theory.training.stepping import clip_parts  # noqa: E402

DATA = simulate("paper", 0, n=2, d=2, segments=5, length=60)
SCHEDULE = Schedule(steps=60, batch=32, warmup=5)


def make_problem(
    objective: Objective | None = None, replicas: int = 2, data: np.ndarray | None = None, **changes: object
) -> VariationalProblem:
    architecture = Architecture(**({"n": 2, "d": 2, "size": 5, "width": 8} | changes))  # type: ignore[arg-type]
    stack = Stack(architecture, range(replicas))
    x = DATA.x if data is None else data
    rows = variational_rows(x, DATA.u, Whitening.fit(x), stack, 0.01)
    return VariationalProblem(stack, objective or Bound(), rows)


def test_one_step_is_adam_s() -> None:
    """Against torch.optim.Adam on the same gradients and rates."""
    problem, reference = make_problem(), make_problem()
    loop = Loop(problem, SCHEDULE)
    parameter = torch.nn.Parameter(reference.flat.detach().clone())
    optimiser = torch.optim.Adam([parameter], lr=1.0)
    for step in range(60):
        loop.run(step + 1)
        reference.flat.copy_(parameter.detach())
        reference.gradient.zero_()
        batch = reference.data.batch(loop.batch_rows(step))
        reference.objective.loss(reference.stack, batch, loop.noise(step)).sum().backward()
        parameter.grad = reference.gradient.clone()
        optimiser.param_groups[0]["lr"] = SCHEDULE.rate(step)
        optimiser.step()
        if step < 20:  # later the two float paths drift apart, as any two would
            torch.testing.assert_close(problem.flat, parameter.detach(), rtol=1e-3, atol=1e-4)


def test_schedule_rises_and_falls() -> None:
    rates = [SCHEDULE.rate(t) for t in range(60)]
    assert rates[4] == rates[5] == max(rates) == 1e-2
    assert rates[0] == pytest.approx(2e-3)
    assert all(a >= b for a, b in itertools.pairwise(rates[5:]))
    assert min(rates[5:]) == pytest.approx(1e-5, rel=1)


@pytest.mark.parametrize("objective", [Bound(), ImportanceWeighted(1)])
def test_tempering_is_a_larger_variance_that_falls_to_the_stated_one(objective: Objective) -> None:
    schedule = Schedule(steps=40, batch=32, temper=9.0)
    factors = [schedule.factor(t) for t in range(40)]
    assert factors[0] == 9
    assert factors[10] == pytest.approx(3)
    assert factors[20:] == [1.0] * 20
    tempered, plain = make_problem(objective), make_problem(objective)
    loop = Loop(tempered, schedule)
    loop.run(1)
    first = tempered.gradient.clone()
    wide = variational_rows(DATA.x, DATA.u, Whitening.fit(DATA.x), plain.stack, 0.09)
    other = VariationalProblem(plain.stack, objective, wide)
    other.prepare(32)
    other.write_gradient(loop.batch_rows(0), loop.noise(0))
    torch.testing.assert_close(first, other.gradient, rtol=1e-4, atol=1e-3)
    loop.run()
    assert tempered.factor == 1.0
    bits = make_problem(observation="bernoulli", data=(DATA.x > 0).astype(float))
    with pytest.raises(InputError, match=r"^temper:"):
        Loop(bits, schedule)


def test_every_epoch_passes_once_through_the_data() -> None:
    loop = Loop(make_problem(), Schedule(steps=100, batch=30))
    epochs = [torch.cat([loop.batch_rows(10 * e + t) for t in range(10)]) for e in range(3)]
    for epoch in epochs:
        assert sorted(epoch.tolist()) == list(range(300))
    assert not torch.equal(epochs[0], epochs[1])
    flat = torch.stack([loop.noise(t) for t in range(64)])
    assert len(torch.unique(flat)) > 0.999 * flat.numel()
    assert abs(float(flat.mean())) < 0.05


@pytest.mark.parametrize(
    ("objective", "changes"),
    [
        (None, {}),
        (None, {"posterior": "full", "location": True}),
        (ImportanceWeighted(3), {}),
        (BetaTotalCorrelation((1.0, 9.0), 300), {"prior": "fixed", "auxiliary": "none", "size": 0}),
    ],
)
def test_training_lowers_the_loss(objective: Objective | None, changes: dict[str, object]) -> None:
    problem = make_problem(objective, **changes)
    history = Loop(problem, Schedule(steps=150, batch=64), record_every=1).run()
    losses = history.array()
    assert (losses[-10:].mean(0) < losses[:3].mean(0) - 1).all()
    assert history.seconds > 0


@pytest.mark.parametrize("objective", [Bound(), ImportanceWeighted(2)])
@pytest.mark.parametrize("stop", [1, 31, 32, 33, 50])
def test_a_run_stopped_at_any_step_resumes_bit_for_bit(tmp_path: Path, objective: Objective, stop: int) -> None:
    whole = make_problem(objective)
    Loop(whole, SCHEDULE, seed=3).run()
    path = tmp_path / "run.safetensors"
    Loop(make_problem(objective), SCHEDULE, seed=3, checkpoint=path).run(stop)
    resumed = make_problem(objective)
    loop = Loop(resumed, SCHEDULE, seed=3, checkpoint=path)
    assert loop.step == stop
    loop.run()
    assert torch.equal(whole.flat, resumed.flat)
    assert not torch.equal(whole.flat, make_problem(objective).flat)


_KILLED = """
import os, signal, sys
import torch
torch.set_num_threads(1)
from tests.training.test_loop import SCHEDULE, make_problem
from ivae_theory.training.loop import Loop
path, at = sys.argv[1], int(sys.argv[2])
def kill(loop):
    if loop.step == at:
        os.kill(os.getpid(), signal.SIGKILL)
Loop(make_problem(), SCHEDULE, seed=3, checkpoint=path, checkpoint_every=7, record_every=1, callback=kill).run()
"""


def test_a_killed_process_leaves_a_checkpoint_that_resumes_bit_for_bit(tmp_path: Path) -> None:
    whole = make_problem()
    Loop(whole, SCHEDULE, seed=3, record_every=1).run()
    path = tmp_path / "run.safetensors"
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    for at in (3, 20, 37):  # the same run, killed three times
        code = subprocess.run(
            [sys.executable, "-c", _KILLED, str(path), str(at)], cwd=root, env=environment, check=False
        )
        assert code.returncode == -signal.SIGKILL
        assert path.exists() == (at >= 7)
    resumed = make_problem()
    loop = Loop(resumed, SCHEDULE, seed=3, checkpoint=path, record_every=1)
    assert loop.step == 35
    history = loop.run()
    assert torch.equal(whole.flat, resumed.flat)
    assert history.steps == list(range(1, 61))
    assert [p.name for p in tmp_path.iterdir()] == ["run.safetensors"]


def test_ctrl_c_finishes_the_step_and_saves(tmp_path: Path) -> None:
    path, whole, problem = tmp_path / "c", make_problem(), make_problem()
    Loop(whole, SCHEDULE).run()

    def interrupt(loop: Loop) -> None:
        if loop.step == 17:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        Loop(problem, SCHEDULE, checkpoint=path, record_every=1, callback=interrupt).run()
    assert signal.getsignal(signal.SIGINT) is before
    again = make_problem()
    loop = Loop(again, SCHEDULE, checkpoint=path)
    assert loop.step in (17, 18)
    loop.run()
    assert torch.equal(whole.flat, again.flat)


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c"
    Loop(make_problem(), SCHEDULE, checkpoint=path).run(3)
    for problem, schedule, seed, name in (
        (make_problem(width=9), SCHEDULE, 0, "problem"),
        (make_problem(Bound(2.0)), SCHEDULE, 0, "problem"),
        (make_problem(data=DATA.x + 1), SCHEDULE, 0, "problem"),
        (make_problem(), Schedule(steps=61, batch=32), 0, "schedule"),
        (make_problem(), SCHEDULE, 1, "seed"),
    ):
        with pytest.raises(InputError, match=f"this run's {name}"):
            Loop(problem, schedule, seed=seed, checkpoint=path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda tensors, state: state.clear(),
        lambda tensors, state: state.pop("step"),
        lambda tensors, state: state.update(step="x"),
        lambda tensors, state: state["history"].update(lost=[1]),
        lambda tensors, state: state["history"].update(extra=1),
        lambda tensors, state: tensors.pop("second"),
        lambda tensors, state: tensors.update(first=torch.zeros(2)),
    ],
)
def test_a_checkpoint_with_parts_missing_or_wrong_is_refused_whole(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "c"
    Loop(make_problem(), SCHEDULE, checkpoint=path).run(3)
    tensors, state = read_checkpoint(path)
    damage(tensors, state)
    write_checkpoint(path, tensors, state)
    problem = make_problem()
    before = problem.flat.clone()
    with pytest.raises(CorruptReport, match="checkpoint: expected the state of a run"):
        Loop(problem, SCHEDULE, checkpoint=path)
    assert torch.equal(problem.flat, before)


def test_checkpoints_are_atomic_and_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c"
    write_checkpoint(path, {"a": torch.arange(3)}, {"step": 1, "beta": [1, 2]})
    tensors, state = read_checkpoint(path)
    assert tensors["a"].tolist() == [0, 1, 2]
    assert state == {"step": 1, "beta": [1, 2]}

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="disk full"):
        write_checkpoint(path, {"a": torch.arange(4)}, {"step": 2})
    assert read_checkpoint(path)[1]["step"] == 1
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.undo()
    for name, content in (
        ("pickle", b"\x80\x04\x95" + b"x" * 50),
        ("empty", b""),
        ("half", path.read_bytes()[:-5]),
        ("json", json.dumps({"a": 1}).encode()),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CorruptReport):
            read_checkpoint(tmp_path / name)
    import safetensors.torch

    safetensors.torch.save_file({"a": torch.zeros(1)}, tmp_path / "foreign")
    with pytest.raises(CorruptReport, match="without its header"):
        read_checkpoint(tmp_path / "foreign")


def test_a_replica_that_is_lost_takes_no_other_with_it() -> None:
    clean = make_problem(replicas=3)
    Loop(clean, Schedule(steps=60, batch=32, clip=1.0)).run()
    problem = make_problem(replicas=3)
    with torch.no_grad():
        problem.stack.weights["decoder.1"][1, 0, 0] = float("nan")
    history = Loop(problem, Schedule(steps=60, batch=32, clip=1.0), record_every=10).run()
    assert history.lost == {1: 10}
    assert "replica 1" in history.advice()[0]
    assert "learning rate" in history.advice()[0]
    for name, weight in problem.stack.weights.items():
        torch.testing.assert_close(weight[[0, 2]], clean.stack.weights[name][[0, 2]])
    assert history.losses[-1][1] is None


def test_all_replicas_lost_is_an_error_with_advice() -> None:
    with pytest.raises(TrainingFailed, match="lower the learning rate"):
        Loop(make_problem(), Schedule(steps=200, batch=32, learning_rate=1e30), record_every=1).run()


def test_clip_bounds_every_replica_s_gradient() -> None:
    problem = make_problem(replicas=2)
    loop = Loop(problem, Schedule(steps=5, batch=32, clip=0.5))
    problem.prepare(32)
    problem.write_gradient(loop.batch_rows(0), loop.noise(0))
    before = problem.gradient.clone()
    with torch.no_grad():
        for part in problem.parts:
            part[1] *= 1e-6
    clip_parts([part.flatten(1) for part in problem.parts], 0.5)
    norms = torch.stack([part.flatten(1).square().sum(1) for part in problem.parts]).sum(0).sqrt()
    assert norms[0].item() == pytest.approx(0.5, rel=1e-4)
    assert norms[1].item() < 0.01
    cosine = torch.nn.functional.cosine_similarity(before, problem.gradient, 0)
    assert cosine > 0.6


def test_collapse_shows_in_the_latent_divergence() -> None:
    problem = make_problem(prior="fixed", auxiliary="none", size=0)
    with torch.no_grad():
        last = problem.stack.weights["encoder.2"]
        last[..., 0] = 0.0  # mean of latent 0
        last[..., 2] = 0.0  # its log standard deviation
    batch = problem.data.batch(torch.arange(300))
    values = latent_divergence(problem.stack, batch).mean(1)
    assert float(values[:, 0].abs().max()) < 1e-6
    assert float(values[:, 1].min()) > 1e-3


def test_progress_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    Loop(make_problem(), SCHEDULE, record_every=20, progress=True).run()
    out, err = capfd.readouterr()
    assert out == ""
    assert "60/60" in err
    assert "model-steps/s" in err


@pytest.mark.parametrize(
    ("u", "message"),
    [(None, "u:"), (np.zeros(7), "7 rows"), (np.full(300, 5), "0 to 4"), (np.full(300, 0.5), "0 to 4")],
)
def test_bad_labels_are_named(u: np.ndarray | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        auxiliary_columns(u, Architecture(n=2, d=2, size=5), 300)
