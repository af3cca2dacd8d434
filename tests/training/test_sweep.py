"""Sweeps: nothing is run twice, nothing is lost, whoever dies."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra 'torch'")
pytest.importorskip("sklearn", reason="needs the extra 'train'")
pytest.importorskip("pyriemann", reason="needs the extra 'train'")

from ivae_theory.errors import CorruptReport, InputError, InputTypeError
from ivae_theory.training import experiments, sweep
from ivae_theory.training.experiments import run_experiment
from ivae_theory.training.store import Store, configuration_key
from ivae_theory.training.workers import WorkersDied
from tests.training import runners

ROOT = Path(__file__).parents[2]


def grid(tmp_path: Path, count: int = 6) -> list[dict[str, Any]]:
    return [{"value": value, "log": str(tmp_path / "log")} for value in range(count)]


def logged(tmp_path: Path) -> Counter[str]:
    path = tmp_path / "log"
    return Counter(path.read_text().split()) if path.exists() else Counter()


def test_a_store_remembers(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "runs.sqlite")
    one, two = {"a": 1, "b": [1.5, "x"]}, {"a": 2}
    assert store.find(one) is None
    store.record(one, error="ValueError: no", seconds=1.0)
    found = store.find({"b": [1.5, "x"], "a": 1})
    assert found is not None
    assert (found.result, found.error) == (None, "ValueError: no")
    assert store.finished() == set()
    store.record(one, result={"mcc": 0.5})
    store.record(one, result={"mcc": 0.6})
    store.record(one, error="later")
    store.record(two, result={})
    again = Store(store.path).runs()
    assert [(run.configuration, run.result) for run in again] == [(one, {"mcc": 0.5}), (two, {})]
    assert store.finished() == {configuration_key(one), configuration_key(two)}
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_no_store_or_configuration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but long enough to look like a file" * 100)
    with pytest.raises(CorruptReport, match="SQLite"):
        Store(tmp_path / "text")
    for bad in ({"a": object()}, {"a": float("nan")}):
        with pytest.raises(InputTypeError, match="JSON"):
            configuration_key(bad)
    with pytest.raises(InputTypeError, match="mappings"):
        sweep([3], str(tmp_path / "s"), runner=runners.log)  # type: ignore[list-item]


def test_two_writers_share_a_file(tmp_path: Path) -> None:
    def write(part: int) -> None:
        store = Store(tmp_path / "s")
        for value in range(25):
            store.record({"part": part, "value": value}, result={"v": value})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(Store(tmp_path / "s").runs()) == 100


def test_a_sweep_runs_each_configuration_once_and_a_second_none(tmp_path: Path) -> None:
    ended = []
    configurations = grid(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        first = sweep(
            [*configurations, dict(configurations[0])],
            tmp_path / "s",
            runner=runners.log,
            executor=pool,
            progress=ended.append,
        )
        assert (first.found, first.ran, first.failed) == (0, 6, 0)
        more = sweep(grid(tmp_path, 8), tmp_path / "s", runner=runners.log, executor=pool)
    assert (more.found, more.ran) == (6, 2)
    assert logged(tmp_path) == Counter(map(str, range(8)))
    assert sorted(run.result["square"] for run in ended if run.result) == [0, 1, 4, 9, 16, 25]


def test_a_failed_run_is_stored_with_its_error_and_tried_again(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first = sweep(grid(tmp_path), tmp_path / "s", runner=runners.fails_on_odd, executor=pool)
        assert (first.ran, first.failed) == (3, 3)
        assert {run.error for run in Store(tmp_path / "s").runs()} >= {None, "ValueError: odd: 3"}
        (tmp_path / "log.flag").touch()
        second = sweep(grid(tmp_path), tmp_path / "s", runner=runners.fails_on_odd, executor=pool)
    assert (second.found, second.ran, second.failed) == (3, 3, 0)


@pytest.mark.slow
def test_a_dead_worker_of_the_own_pool_is_replaced(tmp_path: Path) -> None:
    report = sweep(grid(tmp_path, 4), tmp_path / "s", runner=runners.dies_once)
    assert (report.ran, report.failed) == (4, 0)
    assert set(logged(tmp_path)) == {"0", "1", "2", "3"}


_SWEEP = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ivae_theory.training import sweep
from tests.training import runners
from tests.training.test_sweep import grid
path = Path(sys.argv[1])
with ThreadPoolExecutor(1) as pool:
    sweep(grid(path, 20), path / "s", runner=runners.slow, executor=pool)
"""


def test_a_killed_sweep_resumes_and_repeats_nothing(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", _SWEEP, str(tmp_path)], cwd=ROOT, env=environment)
    deadline = time.monotonic() + 60
    while sum(logged(tmp_path).values()) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(Store(tmp_path / "s").finished())
    assert 0 < done < 20
    with ThreadPoolExecutor(2) as pool:
        report = sweep(grid(tmp_path, 20), tmp_path / "s", runner=runners.log, executor=pool)
    assert (report.found, report.ran) == (done, 20 - done)
    counts = logged(tmp_path)
    assert set(counts) == set(map(str, range(20)))
    assert sum(counts.values()) <= 21  # at most the run that was between its end and its record


def test_a_dask_cluster_survives_the_loss_of_a_worker(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the extra 'dask'")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        killed: list[int] = []

        def kill(run: object) -> None:
            if not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        report = sweep(
            grid(tmp_path, 12), tmp_path / "s", runner=runners.slow, executor=client.get_executor(), progress=kill
        )
    assert killed
    assert (report.ran, report.failed) == (12, 0)
    assert len(Store(tmp_path / "s").finished()) == 12


DATA = {"simulation": "paper", "seed": 1, "n": 2, "d": 2, "segments": 6, "length": 60}
SHORT = {"steps": 40, "batch": 64}


@pytest.mark.parametrize("method", ["ivae", "vae", "beta_tc_vae", "flow", "linear", "limit"])
def test_every_method_is_an_experiment(method: str) -> None:
    configuration: dict[str, Any] = {"method": method, "data": DATA}
    if method in ("ivae", "vae", "beta_tc_vae", "flow"):
        configuration |= {"schedule": SHORT, "parameters": {"replicas": 2}}
    if method == "beta_tc_vae":
        configuration["parameters"]["beta"] = 3.0
    if method == "limit":
        configuration["parameters"] = {"rows": 50, "proposals": 100}
    result = run_experiment(configuration)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert 0 < result["mcc"] <= 1
    assert result == run_experiment(configuration) | {
        key: result[key] for key in ("training_seconds",) if key in result
    }
    if method in ("ivae", "flow"):
        assert len(result["replica_mcc"]) == 2
        best = max(range(2), key=lambda r: result["replica_bounds"][r])
        assert result["replica_mcc"][best] == result["mcc"]


def test_a_trace_ends_at_the_final_score() -> None:
    data = DATA | {"length": 200}
    parameters = {"replicas": 2, "held_out": 0.01}
    configuration = {
        "method": "ivae",
        "data": data,
        "schedule": {"steps": 300},
        "parameters": parameters,
        "trace": True,
    }
    result = run_experiment(configuration)
    assert result["trace"]["steps"] == [100, 200, 300]
    assert result["trace"]["mcc"][-1] == pytest.approx(result["mcc"], abs=0.01)
    with pytest.raises(InputError, match=r"^trace:"):
        run_experiment({"method": "linear", "data": data, "trace": True})


def test_bad_experiments_are_named() -> None:
    with pytest.raises(InputError, match=r"^method:"):
        run_experiment({"method": "magic"})
    with pytest.raises(InputError, match=r"^configuration:"):
        run_experiment({"method": "limit", "seeds": 3})
    with pytest.raises(InputError, match=r"^changes:"):
        run_experiment({"method": "limit", "data": {"simulation": "paper", "colour": 3}})
    assert set(experiments.METHODS) == {"ivae", "vae", "beta_tc_vae", "flow", "layered", "linear"}


def test_runs_that_end_the_program_or_answer_with_no_json_are_failed_runs(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        report = sweep(grid(tmp_path, 4), tmp_path / "s", runner=runners.leaves, executor=pool)
    assert (report.ran, report.failed) == (2, 2)
    errors = {run.configuration["value"]: run.error for run in Store(tmp_path / "s").runs()}
    assert errors[0] == "SystemExit: 0"
    assert (errors[1] or "").startswith("TypeError")


@pytest.mark.slow
def test_processes_that_never_live_end_the_sweep(tmp_path: Path) -> None:
    with pytest.raises(WorkersDied, match="4 processes died before any of 6 runs ended"):
        sweep(grid(tmp_path), tmp_path / "s", runner=runners.always_dies, workers=2)
    assert Store(tmp_path / "s").runs() == []


_OWN = """
import sys
from pathlib import Path
from ivae_theory.training.sweeps import sweep
from tests.training import runners
from tests.training.test_sweep import grid
if __name__ == "__main__":
    path = Path(sys.argv[1])
    sweep(grid(path, 1000), path / "s", runner=runners.slow, workers=2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_processes_end_with_the_one_that_started_them(tmp_path: Path, sent: signal.Signals) -> None:
    script = tmp_path / "own.py"
    script.write_text(_OWN)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], cwd=ROOT, env=environment)
    deadline = time.monotonic() + 120
    while sum(logged(tmp_path).values()) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    children = [int(name) for name in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    process.send_signal(sent)
    process.wait(60)
    assert len(children) >= 2
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert 0 < len(Store(tmp_path / "s").finished()) < 1000
