"""Optional dependencies in tests: what is not installed skips the test that needs it, with the name of the extra."""

from importlib import import_module
from typing import Any

import pytest

__all__ = ["optional"]


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
