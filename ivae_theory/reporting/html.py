"""The report as one self-contained HTML file; everything that comes from a model is escaped."""

from __future__ import annotations

import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ivae_theory.errors import InputError
from ivae_theory.reporting.evidence import shortened
from ivae_theory.verdict import Report

__all__ = ["html_fragment", "write_html", "write_text"]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ivae_theory.reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["evidence"] = lambda value: json.dumps(shortened(value), indent=1)
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
    """Write the report as one file that needs no network."""
    write_text(path, _template("report.html.j2").render(_context(report)), "html")


def write_text(path: str | Path, text: str, argument: str) -> None:
    """Write a file whole or not at all: a killed process leaves the old content."""
    target = Path(path)
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent or ".", prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(argument, "a path that can be written", f"{target} ({error.strerror})") from None
