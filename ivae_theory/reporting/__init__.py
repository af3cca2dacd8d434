"""Reports for people: terminal, HTML, LaTeX and figures."""

from ivae_theory.reporting.html import html_fragment, write_html
from ivae_theory.reporting.latex import latex
from ivae_theory.reporting.terminal import renderable, terminal

__all__ = ["html_fragment", "latex", "renderable", "terminal", "write_html"]
