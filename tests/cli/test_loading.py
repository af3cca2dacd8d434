"""Loading a model file: one clear error for everything that can be wrong with it."""

import textwrap

import pytest

from ivae_theory.cli.loading import load_model
from ivae_theory.errors import CallableFailed, InputError, IvaeTheoryError

GOOD = """
import numpy as np
from ivae_theory import Model, Noise, Prior, assume_injective, families
table = -1 / (2 * np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 3.0]]))
model = Model(Prior(families.gaussian_scale(), table), noise=Noise.gaussian(0.01), mixing=assume_injective(2))
def built():
    return model
number = 3
def broken():
    raise RuntimeError("no data")
"""


@pytest.fixture
def file(tmp_path):
    def write(text, name="model_file.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return str(path)

    return write


def test_a_model_and_a_function_that_returns_one_are_the_same_model(file):
    path = file(GOOD)
    assert load_model(path).digest == load_model(f"{path}:built").digest == load_model(f"{path}:model").digest


def test_a_file_may_import_its_neighbours(file):
    file("answer = 0.01", "neighbour_of_model.py")
    path = file("from neighbour_of_model import answer\n" + GOOD)
    assert load_model(path).n == 2


@pytest.mark.parametrize(
    ("text", "name", "error", "words"),
    [
        (GOOD, ":nothing", InputError, "nothing"),
        (GOOD, ":number", InputError, "int"),
        (GOOD, ":broken", CallableFailed, "no data"),
        ("class Fake:\n    prior = 1\n    def describe(self): return {}\nmodel = Fake()", "", InputError, "Fake"),
        (GOOD, ":not a name", InputError, "NAME"),
        ("raise ValueError('boom')", "", CallableFailed, "line 1"),
        ("x = (", "", CallableFailed, "SyntaxError"),
        ("import not_a_module_at_all", "", CallableFailed, "ModuleNotFoundError"),
        ("raise SystemExit(0)", "", CallableFailed, "exit"),
        ("", "", InputError, "model"),
    ],
)
def test_each_mistake_is_one_clear_error(file, text, name, error, words):
    with pytest.raises(error, match=words) as caught:
        load_model(file(text) + name)
    assert isinstance(caught.value, IvaeTheoryError)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.py"):
        load_model(str(tmp_path / "absent.py"))
