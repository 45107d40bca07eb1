"""Problems as JSON, in the form of `schemas/moemap/problems.schema.json`."""

from __future__ import annotations

import json
from typing import Any

from ..problem import Place, Problem
from .report import Report
from .text import counted

__all__ = ["record", "render"]


def render(report: Report) -> str:
    """Renders `{"problems": [...], "summary": {"errors": n, "warnings": n}}` in ASCII; absent details are null."""
    counts = counted(report.problems)
    document = {
        "problems": [record(problem) for problem in report.problems],
        "summary": {"errors": counts["error"], "warnings": counts["warning"]},
    }
    return json.dumps(document, indent=2)


def record(problem: Problem) -> dict[str, Any]:
    """The JSON form of a Problem."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        **_span(problem.place),
        "rule": problem.rule,
        "input": problem.input,
        "output": problem.output,
        "hint": problem.hint,
        "related": [{**_span(related.place), "text": related.text} for related in problem.related],
    }


def _span(place: Place | None) -> dict[str, Any]:
    return {
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "end_column": place.end_column if place else None,
    }
