"""Optional dependencies in tests: what is not installed skips the test that needs it, with the name of the extra."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from ivae_theory.errors import MissingExtra

__all__ = ["missing_extra", "optional"]

#: Which extra brings the modules that tests import by themselves.
EXTRAS = {
    "torch": "torch", "sklearn": "train", "pyriemann": "train", "safetensors": "train", "matplotlib": "plot",
    "distributed": "dask", "dask": "dask", "z3": "smt", "pandas": "dev", "zuko": "dev", "sybil": "docs",
}  # fmt: skip
#: A module of each extra by which one sees whether it is installed.
WITNESS = {extra: [name for name, of in EXTRAS.items() if of == extra] for extra in EXTRAS.values()}
WITNESS["train"].append("torch")


def missing_extra(error: BaseException | None) -> str | None:
    """The extra that is not installed, and for want of which this error was raised; None for any other error."""
    while error is not None:
        if isinstance(error, MissingExtra) and any(find_spec(name) is None for name in WITNESS.get(error.extra, ())):
            return error.extra
        name = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
        if name in EXTRAS and find_spec(name) is None:
            return EXTRAS[name]
        error = error.__cause__ or error.__context__
    return None


class _Missing:
    """Stands for a module that is not installed: the test that uses it, or the module that does, is skipped."""

    def __init__(self, extra: str) -> None:
        self._extra = extra

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        pytest.skip(f"needs the extra {self._extra!r}", allow_module_level=True)


def optional(name: str, extra: str) -> Any:
    """The module, for files of which some tests run without it."""
    try:
        return import_module(name)
    except ImportError:
        return _Missing(extra)
