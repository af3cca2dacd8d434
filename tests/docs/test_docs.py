"""Every code block of every page runs, and prints what the page says."""

import re
import sys

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, run, sybil

pytest.importorskip("torch", reason="needs the extra 'torch'")

#: What may stand in a block that is not run: commands that install, and output of blocks that are.
_INSTALLS = re.compile(r"^(pip|git|python3?) |^\. |^$")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """An empty folder with the repository's docs in it: what pages write stays out of the repository."""
    (tmp_path / "docs").symlink_to(DOCS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    loaded = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - loaded:
        if str(DOCS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


_RUN = [page for page in PAGES if page.is_relative_to(DOCS)]


@pytest.mark.parametrize("page", _RUN, ids=[str(page.relative_to(DOCS)) for page in _RUN])
def test_what_a_page_says_is_what_happens(page, workplace):
    for example in sybil.parse(page).examples():
        example.evaluate()


@pytest.mark.parametrize("page", _RUN, ids=[str(page.relative_to(DOCS)) for page in _RUN])
def test_every_block_is_one_that_runs(page):
    """A block in another language would be text that nobody checks."""
    text = page.read_text(encoding="utf-8")
    fences = re.findall(r"^[ ]*```([^\n]*)$", text, flags=re.MULTILINE)
    assert len(fences) % 2 == 0
    opened = fences[::2]
    generated = "build_reference" in text[:300]
    assert set(opened) <= {"python", "console", "sh"} | ({"text"} if generated else set())
    for block in re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        assert all(_INSTALLS.match(line) for line in block.splitlines()), block


def test_files_that_are_quoted_are_quoted_to_the_letter():
    """A page that says "`tests/conftest.py`:" before a block shows that file of the example package."""
    text = (DOCS / "how-to" / "test-in-your-repository.md").read_text(encoding="utf-8")
    without_hidden = re.sub(r"<!---.*?--->\n+", "", text, flags=re.DOTALL)
    quoted = re.findall(r"`(tests/\w+\.py)`:\n\n```python\n(.*?)```", without_hidden, flags=re.DOTALL)
    assert len(quoted) == 3
    for name, block in quoted:
        assert (DOCS / "examples" / "package" / name).read_text(encoding="utf-8") == block


def test_the_readme_prints_what_it_shows(workplace):
    """Its python blocks run, and its first block of output is that of the command before it, to the letter."""
    page = ROOT / "README.md"
    for example in sybil.parse(page).examples():
        example.evaluate()
    before, shown = re.search(r"(.*?)^```text\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL).groups()
    command = re.findall(r"ivae-theory check [^\n`]*", before)[-1]
    printed, status = run(command)
    assert (printed.strip(), status) == (shown.strip(), 0)


def test_a_wrong_output_is_noticed(tmp_path, workplace):
    """The harness itself: sessions and doctests that lie fail."""
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n$ ivae-theory --version\nivae-theory, version 77\n```\n\n```python\n>>> 1 + 1\n3\n```\n"
    )
    for example in sybil.parse(page).examples():
        with pytest.raises(Exception, match=r"version 77|Expected"):
            example.evaluate()


def test_the_pages_that_were_promised_are_there():
    expected = """
        index tutorial examples/README examples/gallery how-to/describe-a-torch-model how-to/which-check
        how-to/when-a-hypothesis-fails how-to/without-ground-truth how-to/extend how-to/which-u-to-collect
        how-to/quote-a-verdict how-to/many-runs how-to/test-in-your-repository explanation/verdicts
        explanation/sharp-theorems explanation/certificates explanation/numerics explanation/versions
        explanation/ledger reference/notation reference/python reference/command-line
    """.split()
    missing = [name for name in expected if not (ROOT / "docs" / f"{name}.md").is_file()]
    assert missing == []
