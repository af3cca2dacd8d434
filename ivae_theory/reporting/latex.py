"""The verdict table as LaTeX, for the appendix of a paper."""

from __future__ import annotations

from ivae_theory.text import printable
from ivae_theory.verdict import Report, Verdict

__all__ = ["latex"]

_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
}  # fmt: skip


def _escaped(text: str) -> str:
    """One paragraph without commands; control characters are shown as their escapes."""
    return "".join(_ESCAPES.get(character, character) for character in printable(" ".join(text.split())))


def _row(verdict: Verdict) -> str:
    grade = "--" if verdict.grade is None else verdict.grade.word
    margin = "--" if verdict.margin is None else f"{verdict.margin:.3g}"
    cells = (rf"\texttt{{{_escaped(verdict.claim)}}}", verdict.status.word, grade, margin, _escaped(verdict.reason))
    return " & ".join(cells) + r" \\"


def latex(report: Report) -> str:
    """The verdict table; needs the packages booktabs and tabularx."""
    lines = [
        r"\begin{tabularx}{\textwidth}{lllrX}",
        r"\toprule",
        r"claim & verdict & grade & margin & reason \\",
        r"\midrule",
        *(_row(verdict) for verdict in report.verdicts),
        r"\midrule",
        rf"\multicolumn{{5}}{{p{{\textwidth}}}}{{{_escaped(report.conclusion.statement)}}} \\",
        r"\bottomrule",
        r"\end{tabularx}",
    ]
    return "\n".join(lines) + "\n"
