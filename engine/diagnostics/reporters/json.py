"""Problems as JSON, in the form of `schemas/moemap/problems.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..edits import Lines, edit_of
from ..problem import Place, Problem
from .report import Report
from .text import counted

__all__ = ["record", "render"]


_NO_SOURCES: Mapping[str, Lines] = MappingProxyType({})


def render(report: Report) -> str:
    """Renders `{"problems": [...], "summary": {"errors": n, "warnings": n}}` in ASCII; absent details are null."""
    counts = counted(report.problems)
    document = {
        "problems": [record(problem, report.sources) for problem in report.problems],
        "summary": {"errors": counts["error"], "warnings": counts["warning"]},
    }
    return json.dumps(document, indent=2)


def record(problem: Problem, sources: Mapping[str, Lines] = _NO_SOURCES) -> dict[str, Any]:
    """The JSON form of a Problem; with the edit that its hint proposes, if the source of its place is given."""
    edit = edit_of(problem, sources)
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        **_span(problem.place),
        "rule": problem.rule,
        "input": problem.input,
        "output": problem.output,
        "hint": problem.hint,
        "edit": None if edit is None else {**_span(edit.place), "text": edit.text},
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
