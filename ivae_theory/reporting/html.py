"""Reports as one self-contained HTML file; everything that comes from a model is escaped."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ivae_theory.files import write_text
from ivae_theory.reporting.evidence import as_text, numbers
from ivae_theory.text import printable
from ivae_theory.verdict import Report

if TYPE_CHECKING:
    from ivae_theory.recovery.result import Recovery

__all__ = ["html_fragment", "section", "write_html", "write_recovery", "write_suite"]

#: Numbers of sections: ids of pictures differ within a page; workers of one run share a page, hence the process's too.
_SECTIONS = itertools.count()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ivae_theory.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=_shown,
    )
    environment.filters["evidence"] = as_text
    environment.filters["numbers"] = numbers
    return environment


def _shown(value: Any) -> Any:
    """Text with marks of direction and control characters as their escapes; markup as it is."""
    return printable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _template(name: str) -> Template:
    return _environment().get_template(name)


def _context(report: Report) -> dict[str, Any]:
    decisive = set(report.conclusion.decisive)
    return {
        "report": report,
        "inside": [verdict for verdict in report.verdicts if verdict.claim in decisive],
        "beside": [verdict for verdict in report.verdicts if verdict.claim not in decisive],
    }


def html_fragment(report: Report) -> str:
    """The report as a fragment for notebooks."""
    return _template("fragment.html.j2").render(_context(report))


def write_html(report: Report, path: str | Path) -> None:
    """Write the report, with its pictures where matplotlib is installed, as one file that needs no network."""
    from ivae_theory.reporting.pictures import report_pictures

    text = _template("report.html.j2").render(**_context(report), drawn=report_pictures(report))
    write_text(path, text, "html")


def write_recovery(recovery: Recovery, path: str | Path) -> None:
    """Write a recovery, with its picture where matplotlib is installed, as one file that needs no network."""
    write_text(path, _template("recovered.html.j2").render(**_recovery_context(recovery, "picture")), "html")


def _recovery_context(recovery: Recovery, prefix: str) -> dict[str, Any]:
    from ivae_theory.reporting.pictures import recovery_pictures

    subject = recovery.to_dict()["subject"]["text"]
    return {"recovery": recovery, "subject": subject, "drawn": recovery_pictures(recovery, prefix)}


def section(result: Report | Recovery) -> str:
    """A report, or a recovery, with its pictures: one section of the report of a test run."""
    from ivae_theory.reporting.pictures import report_pictures

    prefix = f"section-{os.getpid()}-{next(_SECTIONS)}"
    if isinstance(result, Report):
        return _template("check.html.j2").render(**_context(result), drawn=report_pictures(result, prefix))
    return _template("recovery.html.j2").render(**_recovery_context(result, prefix))


def write_suite(entries: Sequence[Any], missed: Sequence[str], path: str | Path) -> None:
    """Write the checks of a test run as one file.

    Parameters
    ----------
    entries
        What was checked: objects with ``test``, ``name``, ``goal``, ``status`` and ``fragment``, the HTML that
        :func:`section` made.
    missed
        Names of models that were registered and not checked.
    """
    words = {"holds": "proved", "fails": "refuted", "undecided": "undecided"}
    counted = ", ".join(f"{sum(e.status == status for e in entries)} {word}" for status, word in words.items())
    counts = f"{len(entries)} checked: {counted}"
    write_text(path, _template("suite.html.j2").render(entries=entries, missed=missed, counts=counts), "html")
