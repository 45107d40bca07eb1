"""Rewrites the expectations of golden tests to the actual results."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import Any

from ..language.rulebook import ABSENT
from ..source.nodes import plain
from ..source.parser import parse
from .diff import align, canonical
from .files import GoldenTest, TestFile
from .rewrite import Rewrite, applied, edits
from .runner import Outcome, compared_parts

__all__ = ["Update", "update"]


_NEW_PROBLEM = ("code", "severity", "message", "rule", "input", "output")


@dataclass(frozen=True, slots=True)
class Update:
    """The new text of a test file, its diff, and the tests whose expectations cannot be rewritten in place."""

    text: str
    diff: str
    refused: tuple[GoldenTest, ...] = ()


def update(file: TestFile, outcomes: Iterable[Outcome]) -> Update:
    """Rewrites the expectations of failed tests so that they pass, and nothing else in the file.

    A `match: partial` expectation keeps its shape: only the keys in it get new values. An expectation with aliases, or
    with anchors that other parts of the file repeat, is refused.
    """
    source = file.source
    before = plain(file.node)
    wanted = {
        outcome.test: _new_expectation(outcome)
        for outcome in outcomes
        if outcome.differences and outcome.test in file.tests
    }
    around = (file.node, *([tests] if (tests := file.node.get("tests")) is not None else []))
    changes = {test: edits(test.expect_key, test.expect, value, (*around, test.node)) for test, value in wanted.items()}

    def holds(tests: Iterable[GoldenTest]) -> bool:
        chosen = list(tests)
        document = {**before, "tests": [dict(test) for test in before["tests"]]}
        for test in chosen:
            document["tests"][file.tests.index(test)]["expect"] = wanted[test]
        new, wrong = parse(replace(source, text=applied(source.text, _all(changes, chosen))), wide=True)
        return new is not None and not wrong and canonical(plain(new)) == canonical(document)

    good = list(wanted)
    if not holds(good):
        good = [test for test in good if holds([test])]
        good = good if holds(good) else []
    new_text = applied(source.text, _all(changes, good))
    lines = unified_diff(_lines(source.text), _lines(new_text), source.name, source.name)
    return Update(new_text, "".join(lines), tuple(test for test in wanted if test not in good))


def _all(changes: dict[GoldenTest, list[Rewrite]], tests: Iterable[GoldenTest]) -> list[Rewrite]:
    return [edit for test in tests for edit in changes[test]]


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in re.split(r"\r\n|\n|\r", text.rstrip("\r\n"))]


def _new_expectation(outcome: Outcome) -> Any:
    test = outcome.test
    new = [
        {
            part: _new_part(test, part, wanted, actual)
            for part, wanted, actual in compared_parts(test, expected, result, others)
            if part in expected or actual
        }
        for expected, result, others in zip(test.expectations, outcome.results, outcome.other_parts, strict=True)
    ]
    return new if test.many else new[0]


def _new_part(test: GoldenTest, part: str, expected: Any, actual: Any) -> Any:
    if part == "problems" and not expected:
        return [{key: problem[key] for key in _NEW_PROBLEM if problem[key] is not None} for problem in actual]
    return _projected(expected, actual) if test.partial or part == "problems" else actual


def _projected(expected: Any, actual: Any) -> Any:
    """The part of the actual value that has the shape of the expected one."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {name: _projected(value, actual[name]) for name, value in expected.items() if name in actual}
    if isinstance(expected, list) and isinstance(actual, list):
        # A new element takes the shape of the first one, so that the expectation remains partial.
        shape = expected[0] if expected else ABSENT
        return [
            _projected(shape if one is None else expected[one], actual[other])
            for one, other in align(expected, actual, partial=True)
            if other is not None
        ]
    return actual
