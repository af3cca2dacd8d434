"""The pytest plugin, in suites of its own: an example package, suites that fail, and suites that do not use it."""

import importlib.util
import shutil
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PACKAGE = Path(__file__).parents[2] / "docs" / "examples" / "package"
HEAVY = [
    "numpy",
    "sympy",
    "scipy",
    "torch",
    "hypothesis.strategies",
    "jinja2",
    "ivae_theory.checking",
    "ivae_theory.model",
]

MODELS = """
import numpy as np
from ivae_theory import Model, Noise, Prior, assume_injective, families

def model(rows=3, vouched=True, noise=None):
    table = -1 / (2 * np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 3.0]]))[:rows]
    mixing = assume_injective(2) if vouched else None
    return Model(Prior(families.gaussian_scale(), table), noise=noise or Noise.gaussian(0.01), mixing=mixing)
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """Run a suite made of the given files in a process of its own."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(models_of_suite=MODELS)
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\npythonpath = ['.']\n")

    def run(*arguments, **files):
        if files:
            pytester.makepyfile(**files)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)

    return run


def text_of(result):
    return "\n".join(result.outlines)


def test_the_plugin_is_found_without_an_import():
    names = [point.value for point in entry_points(group="pytest11") if point.name == "ivae_theory"]
    assert names == ["ivae_theory.testing.plugin"], "reinstall the package: its entry points are not those of setup.cfg"


def test_the_suite_of_the_example_package(pytester):
    shutil.copytree(PACKAGE, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--ivae-report=report.html")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "4 checked: 3 proved, 1 refuted, 0 undecided",
            "x FAILS * affine *test_three_segments_are_too_few",
            "*theorem1.iii: FAILS",
            "+ HOLDS * scaled permutation *test_the_estimator_recovers_the_sources",
            "+ HOLDS * permutation *[[]linear[]]",
            "+ HOLDS * permutation *[[]network[]]",
            "report: report.html",
        ]
    )
    html = (pytester.path / "report.html").read_text(encoding="utf-8")
    assert html.count("<section") == 4
    assert "<h1>" in html
    assert "http://" not in html.replace("http://www.w3.org/", "")


FAILING = """
import numpy as np
import pytest
from ivae_theory.testing import assert_identifiable, assert_scaled_permutation
from models_of_suite import model

def test_refuted():
    assert_identifiable(model(rows=2))

def test_undecided():
    assert_identifiable(model(vouched=False))

def test_undecided_is_allowed():
    assert assert_identifiable(model(vouched=False), allow_undecided=True).status.word == "undecided"

def test_vouched_for():
    report = assert_identifiable(model(vouched=False), assume=["theorem1.injective"])
    assert report.conclusion.grade.word == "assumed"

def test_rotated():
    z = np.random.default_rng(0).uniform(-1, 1, size=(4000, 2))
    assert_scaled_permutation(z, z @ np.array([[0.8, -0.6], [0.6, 0.8]]))

@pytest.mark.identifiable
def test_marked_without_a_model():
    pass

@pytest.mark.identifiable(goal="nonsense")
def test_marked_with_a_wrong_goal(own):
    pass

@pytest.fixture
def own():
    return model(rows=2)

@pytest.mark.identifiable
def test_marked(own):
    raise RuntimeError("the body of a test whose model is refuted must not run")
"""


def test_failures_print_the_witness_and_the_advice(suite):
    result = suite(test_failing=FAILING)
    result.assert_outcomes(passed=2, failed=6)
    result.stdout.fnmatch_lines(
        [
            "*goal affine: FAILS. *theorem1.iii fails.*",
            "*theorem1.iii: FAILS (exact). *",
            "*witness: {*",
            '*"kind": "variability.relation",*',
            "*advice: Give lambda more freedom*",
        ]
    )
    text = text_of(result)
    assert "theorem1.injective: UNDECIDED" in text
    assert "not shown to be a scaled permutation" in text
    assert "checked nothing: no fixture of this test is an ivae_theory.Model" in text
    assert "goal: expected one of affine, permutation, printed, published" in text
    assert "must not run" not in text
    assert "6 checked: 1 proved, 3 refuted, 2 undecided" in text


def test_a_run_that_checked_nothing_says_so(suite, pytester):
    registered = "    from models_of_suite import model\n    return {'first': model, 'other': model}\n"
    tests = "def test_arithmetic(): pass\ndef test_model(ivae_model): pass\n"
    files = {"conftest": f"def pytest_ivae_models():\n{registered}", "test_some": tests}
    result = suite("-k", "test_arithmetic", "--ivae-report=nothing.html", **files)
    result.assert_outcomes(passed=1, deselected=2)
    result.stdout.fnmatch_lines(
        ["no model was checked in this run, so nothing was proved", "registered, but not checked: first, other"]
    )
    html = (pytester.path / "nothing.html").read_text(encoding="utf-8")
    assert "No model was checked in this run, so nothing was proved." in html
    # Asking for the fixture without the marker builds the models and checks none.
    result = suite()
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["no model was checked in this run*", "registered, but not checked: first, other"])


def test_suites_that_do_not_use_it_see_nothing_of_it(suite):
    test = f"""
import sys
def test_nothing_heavy_is_loaded():
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    assert loaded == []
"""
    result = suite("-p", "no:hypothesispytest", test_plain=test)
    result.assert_outcomes(passed=1)
    assert "ivae_theory)" not in text_of(result)


def test_a_wrong_registration_is_a_usage_error(suite):
    test = "def test_model(ivae_model): pass\n"
    result = suite(conftest="def pytest_ivae_models():\n    return [1]\n", test_registered=test)
    assert result.ret != 0
    assert "pytest_ivae_models: expected models by name, as a dict, got list" in text_of(result) + "\n".join(
        result.errlines
    )


def test_a_report_that_cannot_be_written_is_said(suite):
    result = suite("--ivae-report=/no/such/folder/report.html", test_plain="def test_it(): pass\n")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["--ivae-report: html: expected a path that can be written*"])


@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_workers_send_what_they_found(suite):
    test = """
import pytest
from ivae_theory.testing import assert_identifiable
from models_of_suite import model

@pytest.mark.parametrize("rows", [2, 3])
def test_model(rows):
    assert assert_identifiable(model(rows), allow_undecided=True)["theorem1.i"].holds
"""
    result = suite("-n", "2", test_spread=test)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["2 checked: 1 proved, 1 refuted, 0 undecided"])


def test_a_marked_method_of_unittest_fails_because_it_has_no_fixtures(suite):
    """Without fixtures the mark would check nothing, and the test would pass."""
    result = suite(
        test_methods="""
import unittest
import pytest

class TestModels(unittest.TestCase):
    @pytest.mark.identifiable
    def test_marked(self):
        pass

    def test_unmarked(self):
        pass
"""
    )
    result.assert_outcomes(passed=1, failed=1)
    assert "checked nothing" in text_of(result)


def test_a_marked_test_is_checked_whoever_calls_its_body(suite, pytester):
    """Only one plugin calls the body (``pytest_pyfunc_call``), say one that runs coroutines: the last one loaded."""
    part = pytester.mkpydir("part")
    (part / "conftest.py").write_text(
        """
import asyncio
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    asyncio.run(pyfuncitem.obj(pyfuncitem.funcargs["own"]))
    return True
"""
    )
    (part / "test_coroutines.py").write_text(
        """
import pytest
from models_of_suite import model

@pytest.fixture(params=[2, 3])
def own(request):
    return model(rows=request.param)

@pytest.mark.identifiable
async def test_marked(own):
    pass
"""
    )
    result = suite()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["2 checked: 1 proved, 1 refuted, 0 undecided"])


def test_every_mark_of_a_test_is_checked(suite):
    """A second mark asks for more; only that of a class gives way to a test's own, as marks do."""
    result = suite(
        test_marks="""
import pytest
from models_of_suite import model

@pytest.fixture
def own():
    return model(vouched=False)

@pytest.mark.identifiable
@pytest.mark.identifiable(allow_undecided=True)
def test_two_marks(own):
    pass

@pytest.mark.identifiable
class TestClass:
    @pytest.mark.identifiable(allow_undecided=True)
    def test_its_own(self, own):
        pass

    def test_of_the_class(self, own):
        pass
"""
    )
    result.assert_outcomes(failed=2, passed=1)
