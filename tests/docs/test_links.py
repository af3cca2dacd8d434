"""Every relative link and every anchor leads somewhere, and every page can be reached from the index."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def without_code(text):
    """The text without fenced blocks and code spans: brackets in code are no links."""
    text = re.sub(r"^[ ]*```.*?^[ ]*```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "code", text)


def links(page):
    return _LINK.findall(without_code(page.read_text(encoding="utf-8")))


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = set()
    for heading in re.findall(r"^#+ +(.*)$", text, flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        found.add(re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-"))
    return found


def target(page, link):
    """(file, anchor) that a link leads to, or None for the network."""
    if re.match(r"[a-z]+:", link):
        return None
    path, _, anchor = link.partition("#")
    return ((page.parent / path).resolve() if path else page, anchor)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page):
    for link in links(page):
        found = target(page, link)
        if found is None:
            continue
        file, anchor = found
        assert file.exists(), f"{link} in {page.name}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{link} in {page.name}: {sorted(anchors(file))}"


def test_every_page_is_reached_from_the_index():
    seen, todo = set(), [DOCS / "index.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        todo += [found[0] for link in links(page) if (found := target(page, link)) and found[0].exists()]
    assert {page for page in PAGES if page.is_relative_to(DOCS)} <= seen


def test_a_broken_link_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A title\n\n[gone](nowhere.md) [here](#a-title) `[x](code.md)` [out](https://example.org)\n")
    assert links(page) == ["nowhere.md", "#a-title", "https://example.org"]
    assert anchors(page) == {"a-title"}
    file, _ = target(page, "nowhere.md")
    assert not file.exists()
    assert target(page, "https://example.org") is None
    assert target(Path("/a/b/page.md"), "../c.md#d") == (Path("/a/c.md"), "d")
