"""Evaluates the rules on the chosen samples, for the page to show after each edit."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context
from itertools import islice
from pathlib import Path
from typing import Any

from ..golden.diff import compare
from ..golden.runner import compared_parts, other_parts
from ..insight.coverage import Coverage
from ..insight.coverage_report import lines_of
from ..insight.tracing import Trace, trace
from ..language.rulebook import Rulebook
from ..runtime.result import Request, Result
from .answers import MOST_FINDINGS, Json, PageAnswers, value_or_none
from .project import StudioProject
from .rows import printed, rows_of
from .rules import Rules
from .samples import LARGE, MAX_TRACED, SampleError, StudioSample

__all__ = ["AskError", "StudioResults"]

_MOST_REQUESTS = 50
_MOST_SKIPPED = 500
_MOST_CHANGES = 200


class AskError(ValueError):
    """A request of the page cannot be answered: the kind of the error, and the reason."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class StudioResults:
    """Results of the samples, by the edited rules (`now`) and by the saved ones (`before`)."""

    def __init__(self, project: StudioProject, before: Rules) -> None:
        self.project = project
        self.now = project.rules
        self.before = before
        self._values: dict[str, tuple[Any, Any]] = {}
        self._old: dict[tuple[int, str], Any] = {}
        self._traces: dict[tuple[int, str], Trace] = {}

    # The parts of requests of the page

    def main(self, name: object) -> Path:
        """The file of a mapping of the project. Raises AskError."""
        if not isinstance(name, str) or self.project.kinds.get(name) not in ("mapping", "workspace"):
            raise AskError("unavailable", "no mapping is chosen" if name is None else f"there is no mapping {name!a}")
        return self.project.path(name)

    def sample(self, name: object) -> StudioSample:
        """A sample by its id. Raises AskError."""
        found = self.project.samples.get(name) if isinstance(name, str) else None
        if found is None:
            raise AskError("wrong", f"there is no sample {name!a}")
        return found

    def value(self, sample: StudioSample) -> Any:
        """The input of a sample, read again only if its file has changed. Raises SampleError."""
        path = sample.path
        stamp = (
            sample.test if sample.kind == "test" else sample.text if path is None else self.project.files.state(path)
        )
        known = self._values.get(sample.id)
        if known is None or known[0] != stamp:
            known = self._values[sample.id] = (stamp, sample.value())
            for oldest in list(self._values)[:-20]:
                del self._values[oldest]
        return known[1]

    def rulebook(self, name: object, settings: Mapping[str, Any], sample: StudioSample | None = None) -> Rulebook:
        """The rulebook of a mapping with the settings, and those of the sample's test. Raises AskError."""
        found = self.now.usable(self.main(name), _settings_of(sample, settings))
        if found is None:
            raise AskError("unavailable", "the mapping has errors: see the findings")
        return found

    def traced(self, name: object, settings: Mapping[str, Any], sample: StudioSample) -> Trace:
        """The trace of a sample; the last few are kept. Raises AskError."""
        rulebook = self.rulebook(name, settings, sample)
        if sample.size > MAX_TRACED:
            raise AskError("unavailable", f"{sample.name} has more than {MAX_TRACED:,} bytes: too many to be explained")
        try:
            value = self.value(sample)
        except SampleError as error:
            raise AskError("unavailable", f"{sample.name}: {error}") from None
        key = id(rulebook), sample.id
        found = self._traces.get(key)
        if found is None or found.rulebook is not rulebook:
            found = self._traces[key] = trace(rulebook, value, printed, interpreter=self.now.interpreter(rulebook))
            for oldest in list(self._traces)[:-4]:
                del self._traces[oldest]
        return found

    def saved(self, main: Path, settings: Mapping[str, Any]) -> Rulebook | None:
        """The rulebook of the files on disk, if it can be used."""
        return Context().run(self.before.usable, main, settings)  # without the texts that are edited

    def answers(self, rulebook: Rulebook | None) -> PageAnswers:
        return PageAnswers(self.project.files.name, {} if rulebook is None else rulebook.sources)

    # The state

    def findings(self, main: Path, settings: Mapping[str, Any]) -> list[Json]:
        """The problems of a mapping and its tests."""
        loaded = self.now.inspected(main, settings)
        problems, sources = [*loaded.problems], {**loaded.sources}
        for found, of_tests in self.project.problems_of_tests(main):
            problems += found
            sources |= of_tests
        answers = PageAnswers(self.project.files.name, sources)
        return [answers.finding(one) for one in problems[:MOST_FINDINGS]]

    def findings_elsewhere(self, name: object, settings: Mapping[str, Any]) -> list[Json]:
        """The further problems in workspaces that extend a mapping, their tests, and other files that depend on it."""
        main = self.main(name)
        own, answers = self.findings(main, settings), self.answers(None)
        found = (one for problems in self.now.state.diagnostics(main).values() for one in problems)
        return [one for one in map(answers.finding, islice(found, MOST_FINDINGS)) if one not in own]

    def state(
        self, name: object, samples: list[str], settings: Mapping[str, Any], *, is_background: bool = False
    ) -> Json:
        """The problems of a mapping, the results of samples (large ones only in the background), and their coverage."""
        main = self.main(name)
        findings = self.findings(main, settings)
        counted: dict[int, tuple[Rulebook, dict[tuple[int, str], int]]] = {}
        shown = [
            self._sample(main, one, settings, counted) if (one.size > LARGE) is is_background else _later(one)
            for one in map(self.sample, samples)
        ]
        return {
            "usable": not self.now.is_broken(main, settings),
            "findings": findings,
            "samples": shown,
            "coverage": self._coverage(main, counted.values()),
        }

    def _sample(
        self,
        main: Path,
        sample: StudioSample,
        settings: Mapping[str, Any],
        counted: dict[int, tuple[Rulebook, dict[tuple[int, str], int]]],
    ) -> Json:
        own = _settings_of(sample, settings)
        rulebook = self.now.usable(main, own)
        shown = _later(sample)
        if rulebook is None:
            return {**shown, "error": "the mapping has errors"}
        try:
            value = self.value(sample)
        except SampleError as error:
            return {**shown, "error": str(error)}
        interpreter = self.now.interpreter(rulebook)
        result = interpreter.count(value, counted.setdefault(id(rulebook.rules), (rulebook, {}))[1])
        answers = self.answers(rulebook)
        return {
            **shown,
            "error": None,
            "status": "problems" if not result.ok else "ok" if result.requests else "skipped",
            "requests": [_request(one) for one in result.requests[:_MOST_REQUESTS]],
            "count": len(result.requests),
            "skipped": [one.to_json() for one in result.skipped[:_MOST_SKIPPED]],
            "problems": [answers.finding(one) for one in result.problems[:MOST_FINDINGS]],
            "changed": self._changed(main, sample, own, value, result),
            "test": self._test(sample, rulebook, value, result, answers),
        }

    def _changed(
        self, main: Path, sample: StudioSample, settings: Mapping[str, Any], value: Any, result: Result
    ) -> list[Json] | None:
        """The differences from the result by the saved rules; None if those cannot be used."""
        rulebook = self.saved(main, settings)
        if rulebook is None:
            return None
        key = id(rulebook), sample.id
        known = self._old.get(key)
        if known is None or known[0] is not rulebook or known[1] is not value:
            old = self.before.interpreter(rulebook).run(value)
            known = self._old[key] = (rulebook, value, old)
            for oldest in list(self._old)[:-30]:
                del self._old[oldest]
        return [
            {"pointer": one.headline, "old": value_or_none(one.expected), "new": value_or_none(one.actual)}
            for one in compare(_compared(known[2]), _compared(result))[:_MOST_CHANGES]
        ]

    def _test(
        self, sample: StudioSample, rulebook: Rulebook, value: Any, result: Result, answers: PageAnswers
    ) -> Json | None:
        """The differences of a sample's result from the expectation of its golden test."""
        test = sample.test
        if test is None:
            return None
        expected = test.expectations[sample.index or 0]
        found = tuple(
            difference
            for part, wanted, actual in compared_parts(test, expected, result, other_parts(expected, rulebook, value))
            for difference in compare(wanted, actual, partial=test.partial or part == "problems", pointer=f"/{part}")
        )
        head = {"path": test.place.file, "name": test.name, "line": test.place.line}
        return {**head, "passed": not found, "differences": answers.differences(found)}

    def _coverage(self, main: Path, counted: Any) -> Json:
        coverage = Coverage()
        for rulebook, hits in counted:
            coverage.add(rulebook, hits, self.now.state.opening(main).recall)
        files: Json = {}
        answers = PageAnswers(self.project.files.name, coverage.sources)
        for file, lines in lines_of(coverage):
            files[answers.path(file)] = {
                str(line): {
                    "state": state,
                    "words": [f"{'not taken' if not one.count else f'{one.count}x'}: {one.branch.text}" for one in own],
                }
                for line, state, own in lines
            }
        return {"files": files, "taken": coverage.taken, "count": len(coverage.branches)}


def _later(sample: StudioSample) -> Json:
    """A sample without results yet."""
    shown: Json = {"id": sample.id, "status": "error", "error": "it is large: its results follow", "requests": []}
    return {**shown, "count": 0, "skipped": [], "problems": [], "changed": None, "test": None}


def _settings_of(sample: StudioSample | None, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    test = None if sample is None else sample.test
    return {**settings, **test.settings} if test is not None else settings


def _request(request: Request) -> Json:
    return {
        "output": request.output,
        "method": request.method,
        "path": request.path,
        "server": request.server,
        "query": {name: printed(value) for name, value in request.query.items()},
        "headers": {name: printed(value) for name, value in request.headers.items()},
        "rows": None if request.body is None else rows_of(request.body),
    }


def _compared(result: Result) -> Json:
    """The parts of a Result to compare, without lines of rules."""
    found = result.to_json()
    problems = [{**one, "rule": problem.rule} for one, problem in zip(found["problems"], result.problems, strict=True)]
    return {**found, "problems": problems}
