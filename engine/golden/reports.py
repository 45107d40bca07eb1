"""The outcomes of golden tests in the formats of `moemap test`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from ..diagnostics.problem import Problem
from ..diagnostics.reporters import Report, github, junit
from ..diagnostics.reporters.json import record
from ..diagnostics.terminal import printable
from ..source.text import Source
from . import runner
from .files import GoldenTest, TestFile
from .runner import Outcome

__all__ = ["FORMATS", "GoldenRun"]


@dataclass(slots=True)
class GoldenRun:
    """A run of golden tests: the outcomes of each file, and the problems of files that cannot be used."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    files: dict[str, TestFile] = field(default_factory=dict)
    unusable: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    updated: set[int] = field(default_factory=set)
    """The identities of the outcomes whose expectations were rewritten."""

    @property
    def tests(self) -> list[tuple[TestFile, GoldenTest]]:
        """The tests that were run, each with its file."""
        return [(self.files[name], one.test) for name, outcomes in self.outcomes.items() for one in outcomes]

    def status(self, outcome: Outcome) -> str:
        """The status of an outcome: `passed`, `failed` or `updated`."""
        return "passed" if outcome.passed else "updated" if id(outcome) in self.updated else "failed"

    def count(self, status: str) -> int:
        """The number of tests of this status; a file that cannot be used counts as one that failed."""
        found = sum(self.status(one) == status for outcomes in self.outcomes.values() for one in outcomes)
        return found + (len(self.unusable) if status == "failed" else 0)

    def counts(self) -> str:
        """The counts in words."""
        updated = self.count("updated")
        return f"{self.count('passed')} passed, {self.count('failed')} failed" + (
            f", {updated} updated" if updated else ""
        )


def _text(run: GoldenRun, *, color: bool) -> str:
    """The tests that failed, with their differences."""
    failed = [one for outcomes in run.outcomes.values() for one in outcomes if run.status(one) == "failed"]
    return "".join(f"{runner.text(one, color=color)}\n\n" for one in failed)


def _github(run: GoldenRun, *, color: bool) -> str:
    """Annotations of GitHub Actions at the lines of the expectations that failed."""
    found = [problem for problems in run.unusable.values() for problem in problems]
    found += [
        problem
        for outcomes in run.outcomes.values()
        for one in outcomes
        if run.status(one) == "failed"
        for problem in runner.problems(one)
    ]
    return "".join(f"{line}\n" for line in github.render(Report(found, run.sources)).splitlines())


def _json(run: GoldenRun, *, color: bool) -> str:
    """A document in the form of `schemas/moemap/outcomes.schema.json`."""
    tests = [
        {
            "file": file,
            "test": one.test.name,
            "line": one.test.place.line,
            "status": run.status(one),
            "problems": [record(problem) for problem in runner.problems(one)],
        }
        for file, outcomes in run.outcomes.items()
        for one in outcomes
    ]
    files = [{"file": file, "problems": [record(one) for one in found]} for file, found in run.unusable.items()]
    summary = {status: run.count(status) for status in ("passed", "failed", "updated")}
    return json.dumps({"tests": tests, "unusable": files, "summary": summary}, indent=2) + "\n"


def _junit(run: GoldenRun, *, color: bool) -> str:
    """JUnit XML: a suite for each file, a case for each test."""
    root = ET.Element("testsuites", {"name": "moemap test"})
    for file, outcomes in run.outcomes.items():
        cases = [
            (one.test.name, runner.text(one, color=False) if run.status(one) == "failed" else "") for one in outcomes
        ]
        _suite(root, file, cases)
    for file, found in run.unusable.items():
        _suite(root, file, [(file, "\n".join(printable(f"{one.place}: {one.message}") for one in found))])
    return junit.document(root) + "\n"


def _suite(root: ET.Element, file: str, cases: Sequence[tuple[str, str]]) -> None:
    failures = sum(bool(text) for _, text in cases)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0"}
    suite = ET.SubElement(root, "testsuite", {"name": junit.xml(file), **counts})
    for name, text in cases:
        case = ET.SubElement(suite, "testcase", {"classname": junit.xml(file), "name": junit.xml(name)})
        if text:
            ET.SubElement(case, "failure", {"message": junit.xml(text.partition("\n")[0])}).text = junit.xml(text)


FORMATS: Mapping[str, Callable[..., str]] = {"text": _text, "github": _github, "json": _json, "junit": _junit}
"""The functions that render a GoldenRun, by the name of the format; the text ends with a line end."""
