"""The pytest plugin, found through its entry point.

It adds the fixture ``ivae_model``, the marker ``identifiable``, the hook ``pytest_ivae_models`` with which a suite
registers its models, a summary of what was proved, and ``--ivae-report=FILE.html``. Suites that use none of them see
nothing of it, and nothing heavy is loaded for them.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from typing import Any, cast
from unittest import TestCase

import pytest

from ivae_theory.testing.record import Entry, Recorder, start, stop

__all__ = ["Hooks", "Plugin"]

FIXTURE, MARKER = "ivae_model", "identifiable"
#: Where a test's report carries its entries: pytest-xdist sends every attribute of a report along.
_ENTRIES = "ivae_theory_entries"
#: The arguments of the marker are those of ``assert_identifiable``.
_MARKER_LINE = (
    f"{MARKER}(goal='affine', assume=(), seed=0, timeout=None, allow_undecided=False): check every model among the "
    f"test's fixtures against the identifiability theory before the test runs"
)
_PLURAL = {"holds": "proved", "fails": "refuted", "undecided": "undecided"}
_MARK = {"holds": "+", "fails": "x", "undecided": "?"}
_COLOUR = {"holds": {"green": True}, "fails": {"red": True}, "undecided": {"yellow": True}}


class Hooks:
    """What a suite can implement in its ``conftest.py``."""

    @pytest.hookspec
    def pytest_ivae_models(self) -> Mapping[str, Any]:
        """The models of this suite by name: each a ``Model``, or a function without arguments that returns one."""
        raise AssertionError("pytest calls implementations, never the specification")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Let suites register models."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--ivae-report=FILE.html``."""
    group = parser.getgroup("ivae_theory", "identifiability of latent-variable models")
    group.addoption(
        "--ivae-report",
        metavar="FILE.html",
        default=None,
        help="write every identifiability check of the run as one HTML file",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start recording."""
    config.addinivalue_line("markers", _MARKER_LINE)
    plugin = Plugin(config)
    config.pluginmanager.register(plugin, "ivae_theory-session")
    start(plugin.recorder)
    config.add_cleanup(lambda: stop(plugin.recorder))


class Plugin:
    """One pytest session: which models are registered, what was checked, and what is said of it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.report_path: str | None = config.getoption("--ivae-report")
        self.recorder = Recorder(html=self.report_path is not None)
        self.entries: list[Entry] = []
        self.wanted = self.report_path is not None
        self._registered: dict[str, Any] | None = None
        self._built: dict[str, Any] = {}

    # -- models

    @property
    def registered(self) -> dict[str, Any]:
        """Every model that a ``conftest.py`` registered, by name."""
        if self._registered is None:
            found: dict[str, Any] = {}
            for models in self.config.hook.pytest_ivae_models():
                if not isinstance(models, Mapping):
                    raise pytest.UsageError(
                        f"pytest_ivae_models: expected models by name, as a dict, got {type(models).__name__}"
                    )
                for name, model in models.items():
                    if name in found:
                        raise pytest.UsageError(f"pytest_ivae_models: two models are registered as {name!r}")
                    found[str(name)] = model
            self._registered = found
        return self._registered

    def build(self, name: str) -> Any:
        """The registered model; a function is called once in a session."""
        if name not in self._built:
            model = self.registered[name]
            self._built[name] = model if _is_model(model) or not callable(model) else model()
        return self._built[name]

    @pytest.fixture(name=FIXTURE)
    def ivae_model(self, request: pytest.FixtureRequest) -> Any:
        """Every model that the hook ``pytest_ivae_models`` registers, one test each."""
        return self.build(request.param)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each registered model."""
        if metafunc.definition.get_closest_marker(MARKER) is not None:
            self.wanted = True
        if FIXTURE not in metafunc.fixturenames:
            return
        self.wanted = True
        metafunc.parametrize(FIXTURE, sorted(self.registered), indirect=True)

    # -- one test

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note which test the assertions belong to."""
        callspec = getattr(item, "callspec", None)
        self.recorder.test = item.nodeid
        self.recorder.name = "" if callspec is None else str(callspec.params.get(FIXTURE, ""))
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Check the models of a marked test before its body runs.

        Not in ``pytest_pyfunc_call``: that hook ends with the first plugin that calls the body, ours or another, and
        methods of ``unittest`` never come to it.
        """
        __tracebackhide__ = True
        markers = _markers(item)
        if not markers:
            return
        from ivae_theory.testing.assertions import assert_identifiable

        models = [value for value in getattr(item, "funcargs", {}).values() if _is_model(value)]
        if issubclass(getattr(item, "cls", None) or object, TestCase):
            pytest.fail(f"@pytest.mark.{MARKER} checked nothing: methods of unittest have no fixtures", pytrace=False)
        if not models:
            pytest.fail(
                f"@pytest.mark.{MARKER} checked nothing: no fixture of this test is an ivae_theory.Model "
                f"(use the fixture {FIXTURE}, or one of your own that returns a model)",
                pytrace=False,
            )
        for marker in markers:
            for model in models:
                assert_identifiable(cast(Any, model), *marker.args, **marker.kwargs)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send the entries along with the test's report: pytest-xdist carries it to the process that sums up."""
        report = yield
        taken = self.recorder.take()
        if taken:
            report.__dict__[_ENTRIES] = [entry.to_dict() for entry in taken]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the entries of every test, of this process or of a worker."""
        self.entries.extend(map(Entry.from_dict, report.__dict__.get(_ENTRIES, ())))

    # -- the end

    def _silent(self) -> bool:
        """Whether this suite does not use the plugin at all: then nothing is said."""
        used = self.wanted or self.entries or "ivae_theory.testing.assertions" in sys.modules
        return not used and not self.registered

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was proved, refuted and left undecided; and when nothing was checked, that."""
        if self.config.option.collectonly or self._silent():
            return
        counts = {word: sum(entry.status == word for entry in self.entries) for word in _PLURAL}
        terminalreporter.write_sep("=", "identifiability (ivae_theory)")
        if self.entries:
            words = ", ".join(f"{count} {_PLURAL[word]}" for word, count in counts.items())
            terminalreporter.write_line(f"{len(self.entries)} checked: {words}")
        else:
            terminalreporter.write_line("no model was checked in this run, so nothing was proved", yellow=True)
        for entry in sorted(self.entries, key=lambda entry: list(_COLOUR)[::-1].index(entry.status)):
            _write_entry(terminalreporter, entry)
        missed = sorted(set(self.registered) - {entry.name for entry in self.entries})
        if missed:
            terminalreporter.write_line(f"registered, but not checked: {', '.join(missed)}", yellow=True)
        if self.report_path is not None:
            self._write_report(terminalreporter, missed)

    def _write_report(self, terminalreporter: pytest.TerminalReporter, missed: list[str]) -> None:
        from ivae_theory.errors import InputError
        from ivae_theory.reporting.html import write_suite

        try:
            write_suite(self.entries, missed, str(self.report_path))
        except InputError as error:
            terminalreporter.write_line(f"--ivae-report: {error}", red=True)
        else:
            terminalreporter.write_line(f"report: {self.report_path}")


def _write_entry(terminalreporter: pytest.TerminalReporter, entry: Entry) -> None:
    from ivae_theory.text import printable

    name = f" [{printable(entry.name)}]" if entry.name and f"[{entry.name}]" not in entry.test else ""
    terminalreporter.write(f"{_MARK[entry.status]} {entry.status.upper():<10}", **_COLOUR[entry.status])
    terminalreporter.write_line(f"{entry.goal}  {entry.test}{name}")
    terminalreporter.write_line(f"             {printable(entry.subject)}")
    for claim in entry.open:
        terminalreporter.write_line(f"             {printable(claim)}")


def _markers(item: pytest.Item) -> list[pytest.Mark]:
    """All marks of the test itself, the innermost first; without any, the closest of its class or module."""
    own = [marker for marker in item.own_markers if marker.name == MARKER]
    closest = item.get_closest_marker(MARKER)
    return own or ([] if closest is None else [closest])


def _is_model(value: Any) -> bool:
    """Models by their shape: importing the class to ask would load the package into suites that do not use it."""
    return not isinstance(value, type) and callable(getattr(value, "describe", None)) and hasattr(value, "prior")
