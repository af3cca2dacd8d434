"""Load a model from a Python file: this runs the file."""

from __future__ import annotations

import os
import runpy
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ivae_theory.errors import CallableFailed, InputError, InputTypeError, IvaeTheoryError
from ivae_theory.files import regular

__all__ = ["load_model"]

#: Marks the namespace of a model file, so that ``if __name__ == "__main__"`` blocks stay quiet.
RUN_NAME = "__ivae_model__"


def load_model(spec: str) -> Any:
    """The model that ``FILE.py[:NAME]`` names; ``NAME`` defaults to ``model``.

    ``NAME`` is a :class:`~ivae_theory.Model` or a function without arguments that returns one. The file is run as
    Python code: load only files that you would run.

    Raises
    ------
    InputError
        When the file is missing or has no such name.
    CallableFailed
        When the file, or the function, raises.
    """
    path, name = _split(spec)
    before, folder = Path.cwd(), str(path.parent.resolve())
    sys.path.insert(0, folder)
    try:
        namespace = _run(path)
        if name not in namespace:
            defined = ", ".join(sorted(k for k in namespace if not k.startswith("_")))[:200]
            raise InputError("FILE", f"a file that defines {name!r}", f"{path} with {defined or 'nothing'}")
        found = namespace[name]
        if callable(found):
            found = _call(found, path, name)
    finally:
        with suppress(ValueError):  # the file may have taken it out
            sys.path.remove(folder)
        os.chdir(before)  # reports are written where the command was given
    from ivae_theory.model import Model

    if not isinstance(found, Model):
        raise InputTypeError(
            f"{path}:{name}", "an ivae_theory.Model or a function that returns one", type(found).__name__
        )
    return found


def _split(spec: str) -> tuple[Path, str]:
    path, name = spec, "model"
    if ":" in spec and not os.path.exists(spec):
        path, _, name = spec.rpartition(":")
    target = regular(path, "FILE", "Python file")
    if not name.isidentifier():
        raise InputError("NAME", "a Python name", ascii(name)[:80])
    return target, name


def _run(path: Path) -> dict[str, Any]:
    try:
        return runpy.run_path(str(path), run_name=RUN_NAME)
    except IvaeTheoryError:
        raise
    except SystemExit as error:
        raise CallableFailed(str(path), "a file that defines a model", f"an exit with status {error.code}") from None
    except Exception as error:  # noqa: BLE001 - whatever the user's file raises becomes one line
        raise CallableFailed(
            str(path), "a file that runs", f"{type(error).__name__}: {error}{_line(error, path)}"
        ) from None


def _line(error: BaseException, path: Path) -> str:
    """The last line of the user's own file on the way to the error."""
    if isinstance(error, SyntaxError):
        return f" (line {error.lineno})" if error.lineno else ""
    number, trace = None, error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == path:
            number = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {number})" if number else ""


def _call(function: Any, path: Path, name: str) -> Any:
    try:
        return function()
    except IvaeTheoryError:
        raise
    except SystemExit as error:
        got = f"an exit with status {error.code}"
        raise CallableFailed(f"{path}:{name}", "a function without arguments that returns a model", got) from None
    except Exception as error:  # noqa: BLE001 - whatever the user's function raises becomes one line
        got = f"{type(error).__name__}: {error}{_line(error, path)}"
        raise CallableFailed(f"{path}:{name}", "a function without arguments that returns a model", got) from None
