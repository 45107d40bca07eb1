"""Writes new golden tests: an input with the results that it has now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..runtime.result import Result
from ..source.nodes import SequenceNode
from .files import TestFile
from .keys import PARTS
from .rewrite import Rewrite, block, inline

__all__ = ["added", "expectation_of", "new_file", "new_test", "place_for", "unused_name"]

_FIRST = 2
"""The indentation of tests in a new file."""


_SAID = {"M511": ("message",), "M512": ("message",)}
"""The keys to expect of problems besides the usual ones, by code: those whose message a rule gives."""


def expectation_of(result: Result) -> dict[str, Any]:
    """The expectation of a test whose input has this Result, without its empty parts."""
    whole = result.to_json()
    problems = [
        {key: problem[key] for key in ("code", "severity", *_SAID.get(problem["code"], ()), "input")}
        for problem in whole["problems"]
    ]
    expected = {**whole, "problems": problems}
    return {part: expected[part] for part in PARTS if expected[part]}


def new_test(
    name: str, given: Mapping[str, Any], result: Result, settings: Mapping[str, Any] | None = None, indent: int = _FIRST
) -> str:
    """The lines of a test, an element of `tests`; `given` has its `input` or `input_file`."""
    test = {
        "test": name,
        **({"settings": dict(settings)} if settings else {}),
        **given,
        "expect": expectation_of(result),
    }
    written = block(json.loads(json.dumps(test)), indent + 2)  # as plain JSON values
    return f"{' ' * indent}- {written}\n"


def new_file(path: str | None, tests: str, kind: str = "mapping") -> str:
    """The text of a file with these tests; `path` is that of what they test, None if it is in a folder above."""
    head = "" if path is None else f"{kind}: {inline(path)}\n\n"
    return f"{head}tests:\n{tests}"


def place_for(file: TestFile) -> tuple[int, int] | None:
    """The offset at which a test can be added to a file, and the indentation there; None for a list in flow style."""
    tests = file.node.get("tests")
    text = file.source.text
    if not isinstance(tests, SequenceNode) or not tests.items or text[tests.start : tests.start + 1] == "[":
        return None
    first, last = tests.items[0], tests.items[-1]
    line = text.rfind("\n", 0, first.start) + 1
    dash = text[line : first.start]
    end = len(text[: last.end].rstrip())
    after = text.find("\n", end)
    return (len(text) if after < 0 else after + 1), len(dash) - len(dash.lstrip(" "))


def added(file: TestFile, test: Callable[[int], str]) -> Rewrite | None:
    """The change that adds a test, whose lines are made for an indentation; None if that needs another layout."""
    place = place_for(file)
    if place is None:
        return None
    start, indent = place
    lead = "" if start == 0 or file.source.text[start - 1] == "\n" else "\n"
    return Rewrite(start, start, f"{lead}\n{test(indent)}")


def unused_name(name: str, file: TestFile | None) -> str:
    """A name that no test of the file has yet."""
    taken = {test.name for test in file.tests} if file is not None else set()
    number, found = 2, name
    while found in taken:
        found, number = f"{name} {number}", number + 1
    return found
