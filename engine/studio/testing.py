"""Runs the golden tests of a mapping, a few at a time, so that an edit need not wait for all of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..golden.files import GoldenTest, TestFile
from ..golden.runner import GoldenRunner, Outcome
from ..language.rulebook import Rulebook
from .answers import MOST_FINDINGS, Json, PageAnswers
from .project import StudioProject

__all__ = ["TestRun"]

_MOST_FAILED = 200


class TestRun:
    """A run of the tests of a mapping, which `more` continues."""

    def __init__(self, project: StudioProject, main: Path) -> None:
        self.project = project
        self.files = project.tests_of(main)
        self.count = sum(len(file.tests) for _, file in self.files)
        self.done = self.passed = 0
        self.failed: list[Json] = []
        self._runner = GoldenRunner()
        self._left = self._tests()

    def _tests(self) -> Iterator[tuple[str, TestFile, GoldenTest]]:
        for name, file in self.files:
            for test in file.tests:
                yield name, file, test

    def more(self, seconds: float) -> Json:
        """Runs tests for about `seconds`; returns the progress, and the failed tests."""
        end = time.monotonic() + seconds
        for name, file, test in self._left:
            outcome = self._runner.run(file, test)
            self.done += 1
            if outcome.passed:
                self.passed += 1
            elif len(self.failed) < _MOST_FAILED:
                self.failed.append(self._failed(name, outcome))
            if time.monotonic() >= end:
                break
        return {
            "running": self.done < self.count,
            "done": self.done,
            "count": self.count,
            "passed": self.passed,
            "failed": self.failed,
        }

    def _failed(self, name: str, outcome: Outcome) -> Json:
        sources: dict[str, Any] = {}
        for interpreter in self._runner.interpreters:
            rulebook: Rulebook = interpreter.rulebook
            sources |= rulebook.sources
        answers = PageAnswers(self.project.files.name, sources)
        return {
            "path": name,
            "name": outcome.test.name,
            "line": outcome.test.place.line,
            "differences": answers.differences(outcome.differences),
            "problems": [answers.finding(one) for one in outcome.problems[:MOST_FINDINGS]],
        }
