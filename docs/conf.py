"""The documentation as a site: ``sphinx-build -W docs site`` (extra ``docs``); warnings are errors in the tests.

The pages are Markdown that also reads well on a forge. The order of the pages is that of the links on ``index.md``,
formulas are code, and the theme fetches nothing: the site reads without a network.
"""

import re
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

project = "ivae_theory"
version = release = version_of("ivae_theory")
extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["**/.pytest_cache"]
nitpicky = True
# Links between pages name headings as a forge does.
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"ivae_theory {version}"
html_show_copyright = False
# Of a session only the commands are copied, without the prompt.
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True


def _contents(index: str) -> str:
    """A hidden table of contents for each section of the index, from the links in its list."""
    tables = []
    for section in index.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        pages = re.findall(r"^- \[[^\]]*\]\(([^)#]+)\.md\)", body, flags=re.MULTILINE)
        tables.append("\n".join(["```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```"]))
    return "\n\n".join(tables)


def _with_contents(app: Sphinx, page: str, source: list[str]) -> None:
    if page == app.config.root_doc:
        source[0] += "\n" + _contents(Path(app.srcdir, "index.md").read_text(encoding="utf-8"))


def setup(app: Sphinx) -> None:
    """Fill in the contents when the index is read."""
    app.connect("source-read", _with_contents)
