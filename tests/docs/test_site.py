"""The documentation as a site: warnings are errors, every page is in the menu, nothing is fetched from a network."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.docs.pages import DOCS, PAGES

pytest.importorskip("sphinx", reason="needs the extra 'docs'")
pytest.importorskip("myst_parser", reason="needs the extra 'docs'")

_IN_SITE = [page.relative_to(DOCS).with_suffix(".html") for page in PAGES if page.is_relative_to(DOCS)]


def build(source, target):
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(source), str(target)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    target = tmp_path_factory.mktemp("site")
    built = build(DOCS, target)
    assert (built.returncode, built.stderr) == (0, "")
    return target


def test_every_page_is_in_the_menu(site):
    menu = (site / "index.html").read_text(encoding="utf-8").partition("sidebar-tree")[2]
    for page in _IN_SITE:
        assert (site / page).is_file()
        assert page.name == "index.html" or f'href="{page.as_posix()}"' in menu, page


def test_reading_it_needs_no_network(site):
    """Links may lead out; scripts, styles, fonts and pictures may not."""
    for page in _IN_SITE:
        text = (site / page).read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]*)\"", text)
        fetched += re.findall(r"<link\b[^>]*\bhref=\"([^\"]*)\"", text)
        assert [name for name in fetched if re.match(r"(?:[a-z]+:)?//", name)] == [], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet


def test_a_warning_fails_the_build(tmp_path):
    """The check itself: a link that leads nowhere."""
    shutil.copy(DOCS / "conf.py", tmp_path)
    (tmp_path / "index.md").write_text("# Title\n\n## Learn\n\n- [gone](nowhere.md)\n")
    built = build(tmp_path, tmp_path / "site")
    assert built.returncode != 0
    assert "nowhere" in built.stderr
