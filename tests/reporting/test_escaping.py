"""Nothing that comes from a model leaves the place it stands in: not in HTML, not in SVG, not in LaTeX."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import sympy
from hypothesis import given, settings

from ivae_theory import ExponentialFamily, Model, Noise, Prior, assume_injective, check
from ivae_theory.reporting import html_fragment, latex
from ivae_theory.reporting.curves import Panel, draw_derivatives
from ivae_theory.reporting.figures import svg
from ivae_theory.reporting.html import section, write_suite
from ivae_theory.testing.record import Entry
from ivae_theory.text import printable
from tests.reporting.hostile import ATTACKS, reports, texts

#: All elements that templates and figures use, with no script and nothing that loads.
HTML_TAGS = set(
    "html head meta title link style body main h1 h2 h3 h4 p span strong code table caption thead tbody tr th td "
    "details summary pre ul ol li dl dt dd br footer nav section a div figure figcaption".split()
)
SVG_TAGS = set("svg defs g path use rect text tspan clippath image pattern".split())
ATTRIBUTES = set(
    "lang charset name content http-equiv rel href class role scope tabindex aria-label aria-hidden id".split()
)
VOID = {"meta", "link", "br"}


class Structure(HTMLParser):
    """Elements and attributes of a page, and whether all elements are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        drawn = "svg" in self.open or tag == "svg"
        assert tag in (SVG_TAGS | {"style"} if drawn else HTML_TAGS), tag
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert drawn or name in ATTRIBUTES, name
            assert "javascript:" not in (value or "") or name in ("aria-label", "content"), (name, value)
            if name in ("href", "xlink:href", "src"):
                assert value.startswith(("#", "data:")), value
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")


def structure(text):
    found = Structure(text)
    assert found.open == []
    return found


@settings(deadline=None)
@given(reports())
def test_html_has_only_the_elements_of_its_templates(report):
    found = structure(html_fragment(report))
    assert "script" not in found.tags
    assert printable(report.conclusion.statement).strip() in "".join(found.words)


@pytest.mark.parametrize("mark", ["\u202e", "\x1b[31m", "\x00", "\u2066", "\r"])
def test_marks_of_direction_and_control_characters_are_shown_and_not_obeyed(mark):
    z = sympy.Symbol("z", real=True)
    family = ExponentialFamily([z], base_measure=sympy.exp(-(z**2)), name=f"dexif{mark}")
    prior = Prior(family, [[1, 0], [0, 1], [0, 0]])
    report = check(Model(prior, noise=Noise.none(), mixing=assume_injective(2)))
    for page in (html_fragment(report), section(report)):
        assert mark not in page
        assert mark.encode("unicode_escape").decode()[:4] in page


@pytest.mark.parametrize("attack", [*ATTACKS[:3], "</svg><script>", "-->", "url(#x)", "$x_$", "\x00\x1b"])
def test_pictures_escape_too(attack):
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    figure = draw_derivatives(Panel(attack, np.arange(3.0), ((attack, np.arange(3.0)),)))
    found = structure(svg(figure, "prefix", attack))
    assert found.tags[0] == "svg"
    assert attack in found.words


def test_a_report_with_hostile_names_is_drawn():
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    family = ExponentialFamily([sympy.Symbol("z") ** 2], base_measure=1, name="<script>$x_$</script>\x00")
    model = Model(Prior(family, [[-1], [-2]]), noise=Noise.gaussian(1), mixing=assume_injective(1))
    found = structure(section(check(model)))
    assert found.tags.count("svg") == 3
    assert "latent 1: <script>$x_$</script>\ufffd" in found.words


@settings(deadline=None, max_examples=50)
@given(texts, texts)
def test_the_report_of_a_run_escapes_names(tmp_path_factory, name, missed):
    path = tmp_path_factory.mktemp("suite") / "report.html"
    entry = Entry(name, name, name, name, "fails", name, (name,), "<p>fragment</p>")
    write_suite([entry], [missed], path)
    text = path.read_text(encoding="utf-8")
    structure(text.replace("<!doctype html>", ""))


COMMANDS = {
    "textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater", "textbar", "begin", "end",
    "textwidth",
    "toprule", "midrule", "bottomrule", "texttt", "multicolumn", "&", "%", "$", "#", "_", "{", "}", "\\",
}  # fmt: skip


@settings(deadline=None)
@given(reports())
def test_latex_has_only_its_own_commands(report):
    text = latex(report)
    commands = re.findall(r"\\([A-Za-z]+|.)", text, flags=re.DOTALL)
    assert set(commands) <= COMMANDS
    bare = re.sub(r"\\([A-Za-z]+|.)", "", text, flags=re.DOTALL)
    assert not set(bare) & set("%$#_~^")
    assert bare.count("{") == bare.count("}")
    assert text.count(r"\begin{") == text.count(r"\end{") == 1
    # Four separators a row: an ampersand of a text would make a column.
    assert bare.count("&") == 4 * (1 + len(report.verdicts))


def test_the_attacks_are_attacks():
    """The check itself sees what an unescaped text would do."""
    caught = 0
    for attack in ATTACKS:
        try:
            structure(f"<p>{attack}</p>")
        except (AssertionError, IndexError):
            caught += 1
    assert caught >= 8
