"""``ivae-theory train``: what it prints, writes and exits with; kill and resume; one line for bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("torch", reason="needs the extra 'torch'")
pytest.importorskip("sklearn", reason="needs the extra 'train'")
pytest.importorskip("safetensors", reason="needs the extra 'train'")

from ivae_theory import recheck
from ivae_theory.cli.app import cli, main
from ivae_theory.cli.settings import read_settings
from ivae_theory.cli.train import METHODS
from ivae_theory.errors import InputError
from ivae_theory.training import IVAE, Schedule, experiments, load, simulate

DATA = simulate("paper", 3, n=2, d=2, segments=8, length=100)
NAMES = np.array(list("abcdefgh"))[DATA.u]
QUICK = ("--steps", "120", "--replicas", "2")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.savez("known.npz", x=DATA.x, u=NAMES, z=DATA.z)
    np.savez("unknown.npz", x=DATA.x, u=NAMES)
    np.savez("vectors.npz", x=DATA.x, u=np.random.default_rng(0).standard_normal((800, 3)), z=DATA.z)
    np.savez("objects.npz", x=DATA.x.astype(object), u=NAMES)
    np.savez("short.npz", x=DATA.x, u=NAMES, z=DATA.z[:5])
    np.savez("nan.npz", x=np.where(np.arange(1600).reshape(800, 2) == 7, np.nan, DATA.x), u=NAMES)
    return tmp_path


def train(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["train", *arguments], standalone_mode=False)


def test_a_preset_is_trained_judged_and_saved(folder: Path) -> None:
    data = [f"--data={text}" for text in ("n=2", "d=2", "segments=8", "length=100")]
    done = train("paper", *data, "--data-seed", "3", *QUICK, "--vae", "--monitor", "--json", "out.json")
    outcome = json.loads(Path("out.json").read_text())
    assert done.return_value == {"holds": 0, "fails": 1, "undecided": 3}[outcome["status"]]
    assert max(map(len, done.stdout.splitlines())) <= 80
    for word in ("bound", "MCC", "limit", "linear", "vae", "A ", "check"):
        assert any(line.strip().startswith(word) for line in done.stdout.splitlines()), word
    assert outcome["controls"]["limit"]["mcc"] > outcome["controls"]["linear"]["mcc"] > 0.5
    assert outcome["history"]["steps"][-1] == 120
    assert outcome["diagnoses"][-1]["step"] == 120
    assert outcome == json.loads(Path("trained/outcome.json").read_text())
    assert recheck(Path("trained/recovery.json").read_text()).status.word == outcome["status"]
    assert recheck(Path("trained/check.json").read_text()).status.word == outcome["check"]["conclusion"]["status"]
    fitted = load("trained/learned.safetensors")
    direct = IVAE(2, replicas=2, noise_variance=0.01, schedule=Schedule(steps=120)).fit(DATA.x, DATA.u)
    np.testing.assert_array_equal(fitted.transform(DATA.x, DATA.u), direct.transform(DATA.x, DATA.u))
    assert outcome["bound"] == direct.bounds_[direct.chosen_]


def test_data_of_ones_own(folder: Path) -> None:
    known = train("known.npz", *QUICK, "--set", "width=16", "--set", "family=gaussian", "--out", "a")
    assert known.return_value in (0, 1, 3)
    assert "limit" not in known.stdout  # the true model is not known
    assert "linear" in known.stdout
    assert load("a/learned.safetensors").get_params()["width"] == 16
    blind = train("unknown.npz", *QUICK, "--latents", "2", "--quiet", "--out", "b")
    assert blind.stdout == ""
    found = json.loads(Path("b/outcome.json").read_text())
    assert found["recovery"] is None
    assert blind.return_value == {"holds": 0, "fails": 1, "undecided": 3}[found["check"]["conclusion"]["status"]]
    vectors = train("vectors.npz", *QUICK, "--out", "c")
    assert vectors.exception is None
    assert load("c/learned.safetensors").get_params()["auxiliary"] == "vector"


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"ivae"}))
@pytest.mark.filterwarnings("ignore::ivae_theory.training.CollapsedLatents")
def test_every_method(folder: Path, method: str) -> None:
    effort = {"linear": (), "layered": ("--steps", "30", "--replicas", "1")}.get(method, QUICK)
    done = train("known.npz", "--method", method, *effort)
    assert done.exception is None, done.output
    assert load("trained/learned.safetensors").transform(DATA.x, NAMES).shape == (800, 2)


def test_methods_are_those_of_experiments() -> None:
    assert set(METHODS) == set(experiments.METHODS)


def test_a_folder_is_one_run(folder: Path) -> None:
    first = train("known.npz", "--method", "linear")
    again = train("known.npz", "--method", "linear", "--goal", "permutation")  # says more of the same run
    assert (first.exception, again.exception) == (None, None)
    other = train("known.npz", "--method", "linear", "--seed", "5")
    assert isinstance(other.exception, InputError)
    assert "seed 0 and not 5" in str(other.exception)


def test_a_killed_run_goes_on_where_it_was(folder: Path) -> None:
    steps, path = 3000, Path("trained/checkpoint.safetensors")
    command = ["train", "known.npz", "--steps", str(steps), "--replicas", "2", "--set", "noise_variance=0.01"]
    code = "import sys; from ivae_theory.cli import main; main(sys.argv[1:])"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-c", code, *command], env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert path.exists()
    assert not Path("trained/learned.safetensors").exists()
    resumed = train(*command[1:])
    assert "resuming" in resumed.output
    whole = IVAE(2, replicas=2, noise_variance=0.01, schedule=Schedule(steps=steps)).fit(DATA.x, NAMES)
    learned = load("trained/learned.safetensors")
    np.testing.assert_array_equal(learned.transform(DATA.x, NAMES), whole.transform(DATA.x, NAMES))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing.npz",), "existing npz file"),
        (("objects.npz",), "object array"),
        (("unknown.npz",), "--latents"),
        (("short.npz",), "z: expected one row"),
        (("nan.npz", "--latents", "2"), "row 3"),
        (("known.npz", "--data", "n=2"), "preset"),
        (("known.npz", "--set", "magic=1"), "'magic'"),
        (("known.npz", "--set", "width"), "NAME=VALUE"),
        (("known.npz", "--set", "width=abc"), "--set width"),
        (("known.npz", "--set", "seed=1"), "'seed'"),
        (("paper", "--data", "slope=x"), "--data slope"),
        (("paper", "--data", "n=9"), "d: expected"),
        (("known.npz", "--statistics", "open('x')"), "--statistics"),
        (("known.npz", "--device", "nowhere"), "device"),
        (("known.npz", "--method", "magic"), "--method"),
        (("vectors.npz", "--method", "flow"), "one label a row"),
        (("known.npz", *QUICK, "--rate", "1e9", "--steps", "200"), "lower the learning rate"),
    ],
)
def test_bad_input_is_one_line_and_status_two(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", *arguments])
    captured = capsys.readouterr()
    assert stopped.value.code == 2
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert said in captured.err


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"[" * 100_000])
def test_a_folder_with_something_else_in_it_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    Path("trained").mkdir()
    Path("trained/run.json").write_bytes(content)
    with pytest.raises(SystemExit) as stopped:
        main(["train", "known.npz", "--method", "linear"])
    assert stopped.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_settings_have_the_type_of_their_default() -> None:
    defaults = {"width": 50, "slope": 0.1, "family": "gaussian", "draws": None, "spread": (0.5, 3.0), "repeated": False}
    texts = ["width=20", "slope=1", "family=12", "draws=4", "spread=[1, 2]", "repeated=true"]
    found = read_settings("--set", texts, defaults)
    assert found == {"width": 20, "slope": 1, "family": "12", "draws": 4, "spread": (1, 2), "repeated": True}
    assert read_settings("--set", ["draws=null"], defaults) == {"draws": None}
    assert read_settings("--set", ["slope=[1, 2]"], defaults) == {"slope": [1, 2]}  # one a replica
    for wrong in ("width=2.5", "width=true", "slope=NaN", "slope=Infinity", "draws=x", "spread=3", "repeated=1"):
        with pytest.raises(InputError, match=wrong.partition("=")[0]):
            read_settings("--set", [wrong], defaults)
