"""No line of the source runs what it reads: every call that could is listed here with the reason why it may stay."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for folder in ("ivae_theory", "proofs_checks", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py")
)
TEMPLATES = sorted((ROOT / "ivae_theory").rglob("*.j2"))

#: Modules that run code from data, or that fetch it.
MODULES = frozenset(
    "pickle cPickle _pickle dill cloudpickle joblib shelve marshal yaml code codeop imp requests urllib.request "
    "http.client ftplib socket xmlrpc telnetlib".split()
)
#: Functions that do, by the last parts of the name that they are called by.
CALLS = frozenset(
    "eval exec compile __import__ parse_expr sympify S lambdify nsimplify os.system os.popen torch.load np.load "
    "numpy.load load_module run_path run_module Markup mktemp torch.jit.load fromregex genfromtxt read_pickle".split()
)
#: What makes such a call harmless, by an argument: its name and its value.
SAFE = {"sympify": ("strict", True), "np.load": ("allow_pickle", False), "numpy.load": ("allow_pickle", False)}

LAMBDIFY = "its input was given as a sympy object or read by the restricted grammar; the names in it are sympy's own"
EXCEPTIONS = {
    ("ivae_theory/cli/loading.py", "run_path"): "check FILE.py runs FILE.py: that is what it says",
    ("ivae_theory/equivalence/numbers.py", "lambdify"): LAMBDIFY,
    ("ivae_theory/families/statistics.py", "lambdify"): LAMBDIFY,
    ("ivae_theory/hypotheses/minimum.py", "lambdify"): LAMBDIFY,
    ("ivae_theory/mixing/objects.py", "lambdify"): LAMBDIFY,
    ("ivae_theory/model/natural.py", "lambdify"): LAMBDIFY,
    ("ivae_theory/noise/cf.py", "lambdify"): LAMBDIFY,
    ("ivae_theory/noise/density.py", "lambdify"): LAMBDIFY,
    ("ivae_theory/recovery/statistics.py", "lambdify"): LAMBDIFY,
    ("ivae_theory/reporting/pictures.py", "lambdify"): LAMBDIFY,
    ("proofs_checks/claims/section5_mcc.py", "lambdify"): LAMBDIFY,
}


def _name(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))


def forbidden(text: str) -> Iterator[str]:
    """The forbidden things that a source does, by their names."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if {alias.name, alias.name.partition(".")[0]} & MODULES)
        elif isinstance(node, ast.ImportFrom):
            if {node.module, (node.module or "").partition(".")[0]} & MODULES:
                yield str(node.module)
            yield from (alias.name for alias in node.names if alias.name in CALLS)
        elif isinstance(node, ast.Call):
            yield from _call(node)


def _call(node: ast.Call) -> Iterator[str]:
    name = _name(node.func)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if "shell" in given and not (isinstance(given["shell"], ast.Constant) and given["shell"].value is False):
        yield "shell"
    found = next((short for short in (name, *_ends(name)) if short in CALLS), None)
    if found == "compile" and name.startswith("re."):
        return
    if found in ("eval", "compile") and "." in name:
        return  # a method: a module's evaluation mode, a polynomial's value
    if found in SAFE:
        argument, value = SAFE[found]
        if isinstance(given.get(argument), ast.Constant) and given[argument].value is value:
            return
    if found is not None:
        yield found


def _ends(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[index:]) for index in range(1, len(parts))]


def _of_all() -> set[tuple[str, str]]:
    return {
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        for name in forbidden(path.read_text(encoding="utf-8"))
    }


def test_nothing_that_is_read_is_run_except_where_the_reason_is_given():
    assert _of_all() == set(EXCEPTIONS)


def test_templates_mark_only_what_this_package_drew_as_safe():
    """``safe`` switches escaping off; it stands only where a picture or a section is put in that was escaped itself."""
    lines = [line for path in TEMPLATES for line in path.read_text(encoding="utf-8").splitlines()]
    assert not [line for line in lines if "autoescape" in line]
    marked = [line for line in lines if "|" in line and "safe" in line]
    assert marked
    assert [line for line in marked if "picture.svg|safe" not in line and "entry.fragment|safe" not in line] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("eval(x)", "eval"),
        ("import pickle", "pickle"),
        ("from joblib import load", "joblib"),
        ("import urllib.request", "urllib.request"),
        ("from sympy import sympify", "sympify"),
        ("sympy.sympify(x)", "sympify"),
        ("sympy.sympify(x, strict=False)", "sympify"),
        ("np.load(x)", "np.load"),
        ("np.load(x, allow_pickle=flag)", "np.load"),
        ("torch.load(x, weights_only=True)", "torch.load"),
        ("subprocess.run(x, shell=True)", "shell"),
        ("sympy.parsing.sympy_parser.parse_expr(x)", "parse_expr"),
        ("sympy.S(x)", "S"),
        ("markupsafe.Markup(x)", "Markup"),
    ],
)
def test_the_scan_sees_each_of_them(text, name):
    assert name in set(forbidden(text))


@pytest.mark.parametrize(
    "text", ["net.eval()", "p.eval(2)", "re.compile(x)", "sympify(x, strict=True)", "np.load(x, allow_pickle=False)"]
)
def test_the_scan_lets_harmless_calls_be(text):
    assert set(forbidden(text)) == set()
