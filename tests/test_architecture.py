"""What the package loads, and what may import what."""

import subprocess
import sys
from pathlib import Path

import pytest

PROBE = "import sys; {statement}; print(','.join(m for m in {heavy!r} if m in sys.modules))"
HEAVY = ["torch", "scipy.stats", "matplotlib", "sklearn", "pandas", "sympy", "jinja2", "click"]


def loaded(statement, heavy):
    run = subprocess.run(
        [sys.executable, "-c", PROBE.format(statement=statement, heavy=heavy)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in run.stdout.strip().split(",") if name]


def test_importing_the_package_loads_nothing_heavy():
    assert loaded("import ivae_theory", HEAVY) == []


SEARCH = (
    "adapters checking hypotheses mixing model noise posterior published rivals span theorem1 theorem2 theorem3".split()
)


def test_rechecking_loads_no_search_module_and_no_torch():
    heavy = ["torch", "scipy.stats", *(f"ivae_theory.{name}" for name in SEARCH)]
    statement = "from ivae_theory.certificates import recheck; recheck._load_recheckers()"
    assert loaded(statement, heavy) == []


def test_every_public_name_can_be_had():
    import ivae_theory

    for name in ivae_theory.__all__:
        assert getattr(ivae_theory, name) is not None


def test_layers_are_respected():
    pytest.importorskip("importlinter", reason="needs the extra 'dev'")
    run = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
