"""The pages of docs/, and how their code blocks are run: python by sybil, console blocks by the command line itself.

A console block is a session: lines after ``$`` are commands, what follows is their output, with ``...`` for whatever is
left out. Commands run in this process, so that importing torch is paid once.
"""

import contextlib
import doctest
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sybil", reason="needs the extra 'docs'")

from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Everything that is read as documentation; generated pages are compared with what generates them instead.
PAGES = sorted(
    page
    for page in (*DOCS.rglob("*.md"), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")))
    if "__pycache__" not in page.parts
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run(command):
    """Output (both streams) and exit status of one command of a console block."""
    words = shlex.split(command)
    output = io.StringIO()
    status = 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            if words[0] == "ivae-theory":
                from ivae_theory.cli import main

                main(words[1:])
            elif words[0] == "python" and words[1].endswith(".py"):
                _run_script(words[1:])
            elif words[:3] == ["python", "-m", "pytest"]:
                status = _run_suite(words[3:])
            else:
                raise AssertionError(f"a console block runs ivae-theory, pytest or a Python file, not {words[0]!r}")
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return output.getvalue(), status


def _run_suite(words):
    """Another suite, in a process of its own."""
    settings = ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER")
    clean = {name: value for name, value in os.environ.items() if name not in settings}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=clean)
    print(done.stdout + done.stderr)
    return done.returncode


def _run_script(words):
    before = sys.argv
    sys.argv = list(words)
    try:
        runpy.run_path(words[0], run_name="__main__")
    finally:
        sys.argv = before


def matches(expected, printed):
    """Whether the output is what a page shows: ``...`` stands for anything, and all white space is alike."""
    pieces = [re.escape(" ".join(piece.split())) for piece in expected.split("...")]
    return re.fullmatch(".*".join(pieces), " ".join(printed.split())) is not None


def console(example):
    """Run the commands of a block in order and compare what they print; ``echo $?`` is the exit status of the last."""
    last, problems = example.namespace.get("_status", 0), []
    for step in ("\n" + example.parsed).split("\n$ ")[1:]:
        command, _, expected = step.partition("\n")
        if command == "echo $?":
            printed = f"{last}\n"
        else:
            printed, last = run(command)
        if expected.strip() and not matches(expected, printed):
            problems.append(f"$ {command}\nexpected:\n{expected}\ngot:\n{printed}")
    example.namespace["_status"] = last
    return "\n".join(problems) or None


sybil = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=FLAGS),
        CodeBlockParser("console", console),
    ],
    patterns=["*.md"],
)
