"""Problems rendered: as text for people, as JSON, GitHub annotations, SARIF and JUnit XML for machines.

What a message quotes comes from files and payloads that nobody vouches for, so no character that a terminal or a CI log
could obey goes out as it is (`terminal.printable`). Each function returns text; printing it is the command's part.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import PurePath
from typing import Any, Protocol
from urllib.parse import quote
from xml.etree import ElementTree as ET

from .problem import CATALOGUE, Place, Problem
from .terminal import cells, printable, styled

__all__ = ["as_json", "github", "junit", "sarif", "summary", "text"]

# The cells of a terminal that an excerpt takes; of a longer line, this many before the span and from its start on.
_WIDTH, _BEFORE, _FROM_START = 120, 40, 80
_TAB = "    "

_STYLES = {"error": "1;31", "warning": "1;33", "frame": "1;34", "strong": "1"}
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Lines(Protocol):
    """The lines of a file, for excerpts."""

    def line_text(self, line: int) -> str:
        """The text of a line, counted from 1, without its end."""


def summary(problems: Iterable[Problem]) -> str:
    """How many there are, such as `2 errors, 1 warning`; `no problems` where there are none."""
    counts = _counts(problems)
    words = [f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items() if n]
    return ", ".join(words) or "no problems"


def _counts(problems: Iterable[Problem]) -> dict[str, int]:
    severities = [problem.severity for problem in problems]
    return {severity: severities.count(severity) for severity in ("error", "warning")}


def _notes(problem: Problem) -> list[tuple[str, str]]:
    """What is known besides the message and the place, as pairs of label and text."""
    notes = [
        ("rule", problem.rule),
        ("input", problem.input),
        ("output", problem.output),
        ("help", problem.hint),
    ]
    # The pointer to a whole document is the empty text.
    return [(label, printable(note) or "the whole document") for label, note in notes if note is not None]


def _see(problem: Problem) -> list[tuple[str, str]]:
    """The related places, as pairs of label and text."""
    return [("see", printable(f"{related.place}: {related.text}")) for related in problem.related]


def text(problems: Iterable[Problem], sources: Mapping[str, Lines], *, color: bool) -> str:
    """The problems as a compiler shows them, with the line of the source where it is among `sources` (by name)."""
    return "\n\n".join(_diagnostic(problem, sources, color) for problem in problems)


def _diagnostic(problem: Problem, sources: Mapping[str, Lines], color: bool) -> str:
    def styled_as(style: str, part: str) -> str:
        return styled(_STYLES[style], part, color=color)

    head = styled_as(problem.severity, f"{problem.severity}[{problem.code}]")
    lines = [head + styled_as("strong", f": {printable(problem.message)}")]
    place = problem.place
    gutter = " " * len(str(place.line)) if place else " "
    if place:
        lines.append(f"{gutter}{styled_as('frame', '-->')} {printable(str(place))}")
    if place and place.file in sources:
        shown, indent, carets = _excerpt(sources[place.file].line_text(place.line), place)
        bar = styled_as("frame", "|")
        lines += [
            f"{gutter} {bar}",
            f"{styled_as('frame', str(place.line))} {bar} {shown}",
            f"{gutter} {bar} {' ' * indent}{styled_as(problem.severity, carets)}",
        ]
    notes = (*_notes(problem), *_see(problem))
    lines += [f"{gutter} {styled_as('frame', '=')} {styled_as('strong', label)}: {note}" for label, note in notes]
    return "\n".join(lines)


def _excerpt(line: str, place: Place) -> tuple[str, int, str]:
    """The part of a line around a span, and the carets to stand under it, with their indentation."""
    start = min(place.column - 1, len(line))
    goes_on = place.end_line > place.line
    end = len(line.rstrip()) if goes_on else min(place.end_column - 1, len(line))
    if len(line) <= _WIDTH and sum(map(_cost, line)) <= _WIDTH:
        before, after = line[:start], line[start:]
    else:
        before = _fitting(line[max(0, start - _BEFORE) : start][::-1], _BEFORE)[::-1]
        after = _fitting(line[start : start + _FROM_START], _FROM_START)
    left = "..." if len(before) < start else ""
    right = "..." if start + len(after) < len(line) else ""
    carets = "^" * max(1, _width(after[: max(0, end - start)])) + ("..." if goes_on else "")
    return f"{left}{_cells(before + after)}{right}".rstrip(), len(left) + _width(before), carets


def _cells(raw: str) -> str:
    return printable(raw.replace("\t", _TAB))


def _width(raw: str) -> int:
    """The cells that a terminal needs for the text as `_cells` writes it."""
    return sum(cells(c) for c in _cells(raw))


def _cost(character: str) -> int:
    # At least one, or a line of combining characters alone would never be cut.
    return max(1, _width(character))


def _fitting(line: str, room: int) -> str:
    """As much of the start of the line as fits."""
    for index, character in enumerate(line):
        room -= _cost(character)
        if room < 0:
            return line[:index]
    return line


def as_json(problems: Sequence[Problem]) -> str:
    """`{"problems": [...], "summary": {"errors": n, "warnings": n}}`, in ASCII; what a problem lacks is null."""
    counts = _counts(problems)
    document = {
        "problems": [_record(problem) for problem in problems],
        "summary": {"errors": counts["error"], "warnings": counts["warning"]},
    }
    return json.dumps(document, indent=2)


def _record(problem: Problem) -> dict[str, Any]:
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


def github(problems: Iterable[Problem]) -> str:
    """Workflow commands, one a line, that make GitHub annotate the lines of the files."""
    return "\n".join(_command(problem) for problem in problems)


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
    elif place:  # columns are refused where a span has several lines
        properties = {"file": place.file, "line": place.line, "endLine": place.end_line}
    properties["title"] = problem.code
    settings = ",".join(f"{name}={_percent(printable(str(value)), '%:,')}" for name, value in properties.items())
    see = "".join(f"\n{label}: {note}" for label, note in _see(problem))  # an annotation has one place only
    message = _percent(_full_message(problem) + see, "%\n")
    return f"::{problem.severity} {settings}::{message}"


def _full_message(problem: Problem) -> str:
    return "\n".join([printable(problem.message), *(f"{label}: {note}" for label, note in _notes(problem))])


def _percent(raw: str, escaped: str) -> str:
    return "".join(f"%{ord(c):02X}" if c in escaped else c for c in raw)


def sarif(problems: Iterable[Problem]) -> str:
    """A SARIF 2.1.0 log in ASCII: every code of the catalogue as a rule, every problem as a result."""
    codes = sorted(CATALOGUE)
    driver = {"name": "moemap", "semanticVersion": version("moemap"), "rules": [_sarif_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(problem, codes.index(problem.code)) for problem in problems],
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
        "message": {"text": _full_message(problem)},
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
    """The file's name as a reference: relative where the name is, so that a viewer finds it in any checkout."""
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))


def junit(problems: Iterable[Problem], files: Iterable[str]) -> str:
    """JUnit XML in ASCII: a test case for each checked file, and for each other place that a problem has."""
    cases: dict[str, list[Problem]] = {file: [] for file in files}
    for problem in problems:
        cases.setdefault(problem.place.file if problem.place else "(no file)", []).append(problem)
    failed = sum(any(problem.severity == "error" for problem in found) for found in cases.values())
    counts = {"tests": str(len(cases)), "failures": str(failed), "errors": "0"}
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", {"name": "moemap check", **counts})
    for file, found in cases.items():
        case = ET.SubElement(suite, "testcase", {"classname": "moemap check", "name": _xml(file)})
        errors = [problem for problem in found if problem.severity == "error"]
        warnings = [problem for problem in found if problem.severity == "warning"]
        if errors:  # a test case can fail only once
            failure = ET.SubElement(case, "failure", {"message": summary(errors), "type": errors[0].code})
            failure.text = _xml(text(errors, {}, color=False))
        if warnings:
            ET.SubElement(case, "system-out").text = _xml(text(warnings, {}, color=False))
    ET.indent(root)
    return str(ET.tostring(root, encoding="us-ascii", xml_declaration=True), "ascii")


def _xml(raw: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", raw)
