"""Problems as SARIF 2.1.0."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from ..catalogue import CATALOGUE
from ..problem import Place, Problem
from ..terminal import printable
from .report import Report
from .text import full_message

__all__ = ["render"]


def render(report: Report) -> str:
    """Renders a SARIF 2.1.0 log in ASCII: every code of the catalogue as a rule, every problem as a result."""
    codes = sorted(CATALOGUE)
    driver = {"name": "moemap", "semanticVersion": version("moemap"), "rules": [_sarif_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(problem, codes.index(problem.code)) for problem in report.problems],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2)


def _sarif_rule(code: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": CATALOGUE[code].title},
        "help": {"text": f"`moemap explain-code {code}` shows a wrong and a right example."},
        "defaultConfiguration": {"level": CATALOGUE[code].severity},
    }


def _sarif_result(problem: Problem, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": full_message(problem)},
    }
    if problem.place:
        result["locations"] = [_location(problem.place)]
    if problem.related:
        result["relatedLocations"] = [
            {**_location(related.place), "message": {"text": printable(related.text)}} for related in problem.related
        ]
    return result


def _location(place: Place) -> dict[str, Any]:
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(place.file)}, "region": region}}


def _uri(file: str) -> str:
    """A file name as a URI reference: relative if the name is, so that viewers find the file in any checkout."""
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
