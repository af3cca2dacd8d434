"""Reports as one self-contained HTML file; everything that comes from a model is escaped."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ivae_theory.errors import InputError
from ivae_theory.reporting.evidence import as_text, numbers
from ivae_theory.verdict import Report

if TYPE_CHECKING:
    from ivae_theory.recovery.result import Recovery

__all__ = ["html_fragment", "section", "write_html", "write_suite", "write_text"]

#: Numbers of sections: ids of pictures differ within a page; workers of one run share a page, hence the process's too.
_SECTIONS = itertools.count()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ivae_theory.reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["evidence"] = as_text
    environment.filters["numbers"] = numbers
    return environment


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


def section(result: Report | Recovery) -> str:
    """A report, or a recovery, with its pictures: one section of the report of a test run."""
    from ivae_theory.reporting.pictures import recovery_pictures, report_pictures

    prefix = f"section-{os.getpid()}-{next(_SECTIONS)}"
    if isinstance(result, Report):
        return _template("check.html.j2").render(**_context(result), drawn=report_pictures(result, prefix))
    subject = result.to_dict()["subject"]["text"]
    drawn = recovery_pictures(result, prefix)
    return _template("recovery.html.j2").render(recovery=result, subject=subject, drawn=drawn)


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


def write_text(path: str | Path, text: str, argument: str) -> None:
    """Write a file whole or not at all: a killed process leaves the old content."""
    target = Path(path)
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent or ".", prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            # A temporary file is private; the file that people share is as readable as any other that they write.
            Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(argument, "a path that can be written", f"{target} ({error.strerror})") from None


def _umask() -> int:
    """The process's mask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
