"""Problems as annotations of GitHub Actions."""

from __future__ import annotations

from ..problem import Problem
from ..terminal import printable
from .report import Report
from .text import full_message, related_notes

__all__ = ["render"]


def render(report: Report) -> str:
    """Renders workflow commands, one per line, that make GitHub annotate the lines of the files."""
    return "\n".join(_command(problem) for problem in report.problems)


def _command(problem: Problem) -> str:
    properties: dict[str, object] = {}
    place = problem.place
    if place and place.line == place.end_line:
        properties = {
            "file": place.file,
            "line": place.line,
            "col": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        }
    elif place:  # GitHub refuses columns for a span of several lines
        properties = {"file": place.file, "line": place.line, "endLine": place.end_line}
    properties["title"] = problem.code
    settings = ",".join(f"{name}={_percent(printable(str(value)), '%:,')}" for name, value in properties.items())
    see = "".join(f"\n{label}: {note}" for label, note in related_notes(problem))  # an annotation has one place only
    message = _percent(full_message(problem) + see, "%\n")
    return f"::{problem.severity} {settings}::{message}"


def _percent(raw: str, escaped: str) -> str:
    return "".join(f"%{ord(c):02X}" if c in escaped else c for c in raw)
