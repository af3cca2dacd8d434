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
    """The verdict table with the conclusion and what it takes for granted; needs the packages booktabs and tabularx."""
    conclusion = report.conclusion
    state = report.status.name + ("" if conclusion.grade is None else f" ({conclusion.grade.word})")
    below = [f"{report.subject['text']}. Goal {report.goal}: {state}. {conclusion.statement}"]
    below.extend(f"It takes for granted: {sentence}" for sentence in conclusion.assumptions)
    if conclusion.rival is not None:
        below.append(f"The rival: {conclusion.rival['evidence'].get('text', '')}")
    lines = [
        r"\begin{tabularx}{\textwidth}{lllrX}",
        r"\toprule",
        r"claim & verdict & grade & margin & reason \\",
        r"\midrule",
        *(_row(verdict) for verdict in report.verdicts),
        r"\midrule",
        *(rf"\multicolumn{{5}}{{p{{\textwidth}}}}{{{_escaped(text)}}} \\" for text in below),
        r"\bottomrule",
        r"\end{tabularx}",
    ]
    return "\n".join(lines) + "\n"
