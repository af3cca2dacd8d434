"""Generated pages are fresh, and every name of the notation table exists."""

import importlib.util
import re

import pytest

from tests.docs.pages import DOCS

pytest.importorskip("torch", reason="needs the extra 'torch'")


def builder():
    spec = importlib.util.spec_from_file_location("build_reference", DOCS / "build_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["python.md", "command-line.md"])
def test_the_reference_is_fresh(name):
    written = (DOCS / "reference" / name).read_text(encoding="utf-8")
    assert builder().PAGES[name]() == written, "run python docs/build_reference.py"


def test_every_public_name_is_on_the_page():
    import ivae_theory

    text = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    modules = {"errors", "families"}
    for name in set(ivae_theory.__all__) - modules:
        assert f"\n## {name}\n" in text
    for name in modules:
        assert f"\n## ivae_theory.{name}\n" in text


def test_a_docstring_becomes_markdown():
    def function(a, b=1):
        """Do :class:`~x.Y` with ``a``.

        Parameters
        ----------
        a
            First,
            in two lines.
        """

    module = builder()
    assert module._signature("function", function) == ["```text", "function(a, b=1)", "```", ""]
    assert module._docstring(function) == [
        "Do `Y` with `a`.",
        "",
        "**Parameters**",
        "",
        "- `a`: First,",
        "  in two lines.",
        "",
    ]


def test_every_name_of_the_notation_exists():
    import ivae_theory
    import ivae_theory.mixing
    from ivae_theory.checking import CLAIMS

    text = (DOCS / "reference" / "notation.md").read_text(encoding="utf-8")
    symbols, claims = text.split("## Claims")
    names = re.findall(r"`([A-Za-z_][\w.]*)`", symbols)
    assert len(names) > 30
    for name in names:
        if name in CLAIMS:
            continue
        owner, _, attribute = name.partition(".")
        found = ivae_theory.mixing if owner == "mixing" else getattr(ivae_theory, owner)
        if attribute and not hasattr(found, attribute):
            documented = {*getattr(found, "__dataclass_fields__", ()), *re.findall(r"\w+", found.__doc__ or "")}
            assert attribute in documented, name
    assert set(re.findall(r"`([\w.]+)`", claims)) == set(CLAIMS)
