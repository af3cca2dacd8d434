"""``ivae-theory recover`` and ``ivae-theory equivalent``: exit statuses, one line for bad input, files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ivae_theory import recheck
from ivae_theory.cli import main

MODELS = """
import numpy as np
import sympy
from ivae_theory import Model, Noise, Prior, families
z1, z2 = sympy.symbols("z1 z2", real=True)
prior = Prior(families.gaussian_scale(), -np.array([[1.0, 2], [2, 1.5], [3, 0.5]]))
def make(*f):
    return Model(prior, noise=Noise.none(), mixing=([z1, z2], list(f)))
model, scaled, rotated = make(z1, z1 + z2), make(2 * z1, 2 * z1 - 3 * z2), make(z1 + z2, 2 * z1)
unknown = Model(prior, noise=Noise.none())
trained = Model(prior, noise=Noise.none(), mixing=lambda z: z)
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    z = np.random.default_rng(0).standard_normal((2000, 2))
    turned = z @ np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    np.savez("good.npz", z_true=z, z_learned=-2 * z[:, ::-1], u=np.arange(2000) // 50)
    np.savez("bad.npz", z_true=z, z_learned=turned)
    np.savez("between.npz", z_true=z[:200], z_learned=z[:200] @ np.array([[0.976, -0.22], [0.22, 0.976]]))
    np.savez("objects.npz", z_true=z.astype(object), z_learned=z)
    np.savez("half.npz", z_true=z, z_learned=z, natural=z[:5])
    Path("models.py").write_text(MODELS)
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    return int(stopped.value.code or 0)


@pytest.mark.parametrize(("name", "status"), [("good", 0), ("bad", 1), ("between", 3)])
def test_recover_exits_with_the_answer(files: Path, capsys: pytest.CaptureFixture[str], name: str, status: int) -> None:
    assert run("recover", f"{name}.npz", "--json", "out.json") == status
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert printed.split()[0] == {0: "HOLDS", 1: "FAILS", 3: "UNDECIDED"}[status]
    assert int(recheck(Path("out.json").read_text()).status) == {0: 2, 1: 0, 3: 1}[status]


@pytest.mark.parametrize(
    "arguments",
    [
        ("recover", "missing.npz"),
        ("recover", "objects.npz"),
        ("recover", "half.npz"),
        ("recover", "models.py"),
        ("recover", "good.npz", "--statistics", "log(z)"),
        ("recover", "good.npz", "--statistics", "open('x')"),
        ("recover", "good.npz", "--tolerance", "0.7"),
        ("recover", "good.npz", "--nonsense"),
        ("equivalent", "models.py", "models.py:trained"),
        ("equivalent", "models.py", "models.py:nothing"),
        ("equivalent", "models.py"),
        ("equivalent", "models.py", "missing.py"),
    ],
)
def test_bad_input_is_one_line_and_status_two(
    files: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert "Traceback" not in captured.err


def test_recover_draws(files: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    assert run("recover", "good.npz", "--statistics", "z**2", "--plot", "a.pdf", "--html", "a.html", "--quiet") == 0
    assert "<h1>Recovery report</h1>" in Path("a.html").read_text(encoding="utf-8")
    assert Path("a.pdf").stat().st_size > 1000


@pytest.mark.parametrize(("name", "status"), [("scaled", 0), ("rotated", 1), ("unknown", 3)])
def test_equivalent_exits_with_the_answer(
    files: Path, capsys: pytest.CaptureFixture[str], name: str, status: int
) -> None:
    assert run("equivalent", "models.py", f"models.py:{name}", "--json", "out.json") == status
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    document = Path("out.json").read_text()
    assert recheck(document).status == {0: 2, 1: 0, 3: 1}[status]
    assert json.loads(document)["kind"] == "ivae_theory.equivalence"
    if status != 3:
        assert run("recheck", "out.json", "--model", f"models.py:{name}") == 0
