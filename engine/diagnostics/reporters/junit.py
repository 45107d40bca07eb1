"""Problems as JUnit XML."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

from ..problem import Problem
from .report import Report
from .text import render as text
from .text import summary

__all__ = ["document", "render", "xml"]


_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """Renders JUnit XML in ASCII: a test case for each checked file, and for each other place that a problem has."""
    cases: dict[str, list[Problem]] = {file: [] for file in report.files}
    for problem in report.problems:
        cases.setdefault(problem.place.file if problem.place else "(no file)", []).append(problem)
    failed = sum(any(problem.severity == "error" for problem in found) for found in cases.values())
    counts = {"tests": str(len(cases)), "failures": str(failed), "errors": "0"}
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", {"name": "moemap check", **counts})
    for file, found in cases.items():
        case = ET.SubElement(suite, "testcase", {"classname": "moemap check", "name": xml(file)})
        errors = [problem for problem in found if problem.severity == "error"]
        warnings = [problem for problem in found if problem.severity == "warning"]
        if errors:  # a test case can fail only once
            failure = ET.SubElement(case, "failure", {"message": summary(errors), "type": errors[0].code})
            failure.text = xml(text(Report(errors)))
        if warnings:
            ET.SubElement(case, "system-out").text = xml(text(Report(warnings)))
    return document(root)


def document(root: ET.Element) -> str:
    """Renders XML in ASCII, indented."""
    ET.indent(root)
    return str(ET.tostring(root, encoding="us-ascii", xml_declaration=True), "ascii")


def xml(raw: str) -> str:
    """Escapes, as JSON does, the characters that XML cannot contain."""
    return _NOT_XML.sub(lambda found: json.dumps(found.group())[1:-1], raw)
