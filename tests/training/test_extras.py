"""Without the optional dependencies: the data still come, and what needs more says which extra to install."""

import subprocess
import sys

import pytest

_BLOCKED = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
from ivae_theory.errors import MissingExtra
import ivae_theory, ivae_theory.training
from ivae_theory.training import simulate
data = simulate("paper", 0, length=3)
assert data.x.shape == (120, 5)
try:
    {statement}
except MissingExtra as error:
    assert isinstance(error, ImportError) and isinstance(error, ValueError)
    print(error)
"""


@pytest.mark.parametrize(
    ("missing", "statement"),
    [
        (["torch"], "from ivae_theory.training import IVAE"),
        (["torch"], "from ivae_theory.training import IdentifiableFlow"),
        (["torch"], "data.model"),
        (["sklearn"], "from ivae_theory.training import LinearControl"),
        (["sklearn"], "from ivae_theory.training import VAE"),
        (
            ["pyriemann"],
            "from ivae_theory.training import LinearControl; LinearControl(5).fit(data.x[:, :], data.u % 2)",
        ),
        (
            ["safetensors", "safetensors.torch"],
            "from ivae_theory.training.checkpoints import write_checkpoint; write_checkpoint('nowhere', {}, {})",
        ),
    ],
)
def test_a_missing_extra_is_named(missing: list[str], statement: str) -> None:
    script = _BLOCKED.format(missing=missing, statement=statement)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pip install 'ivae_theory[train]'" in done.stdout


def test_importing_the_package_loads_nothing_heavy() -> None:
    script = (
        "import sys, ivae_theory, ivae_theory.training, ivae_theory.reproduce\n"
        "from ivae_theory.training import simulate\n"
        "simulate('paper', 0, length=3)\n"
        "print([m for m in ('torch', 'sklearn', 'pyriemann', 'safetensors', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
