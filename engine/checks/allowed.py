"""Findings that the author of a mapping allows, with a reason, by a comment beside or above the line:

    when: event.data.legacy_code   # moemap: allow M203 because older senders still give it

An allowance that is malformed (M214) or has no effect any more (M213) is itself reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..problem import CATALOGUE, Problem, did_you_mean
from ..rules import Rulebook
from ..source import Source

__all__ = ["without_allowed"]

_COMMENT = re.compile(r"(?:^|[ \t])#[ \t]*moemap:[ \t]*(?P<text>.*)$")
_ALLOW = re.compile(r"allow (?P<codes>M[0-9]{3}(?:, ?M[0-9]{3})*) because (?P<reason>\S.*)")


@dataclass(frozen=True, slots=True)
class _Allowance:
    """That one code is allowed on one line; `start` and `end` are the comment's."""

    source: Source
    code: str
    line: int
    start: int
    end: int


def without_allowed(problems: Iterable[Problem], rulebook: Rulebook) -> Iterator[Problem]:
    """The problems that are not allowed, and those with allowances of the mapping's own files."""
    allowances: list[_Allowance] = []
    for source in rulebook.sources.values():
        for found in _allowances(source):
            if isinstance(found, _Allowance):
                allowances.append(found)
            elif rulebook.is_own(source):
                yield found
    used = set()
    for problem in problems:
        place = problem.place
        match = [
            one
            for one in allowances
            if place and (one.source.name, one.line, one.code) == (place.file, place.line, problem.code)
        ]
        used.update(match)
        if not match:
            yield problem
    for allowance in allowances:
        if allowance not in used and rulebook.is_own(allowance.source):
            yield Problem.of("M213", allowance.source.place(allowance.start, allowance.end), allowed=allowance.code)


def _allowances(source: Source) -> Iterator[_Allowance | Problem]:
    """The allowances of a file; for each that cannot be read a Problem."""
    if "moemap:" not in source.text:
        return
    lines = source.text.splitlines(keepends=True)
    offset = 0
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line.rstrip("\r\n"))
        if match is not None:
            start, end = offset + match.start("text"), offset + match.end("text")
            allow = _ALLOW.fullmatch(match["text"].rstrip())
            if allow is None:
                hint = "write: # moemap: allow M203 because <the reason>"
                yield Problem.of("M214", source.place(start, end), hint=hint, text=match["text"])
            else:
                about = number if line[: match.start()].strip() else _next_content(lines, number)
                for code in re.findall(r"M[0-9]{3}", allow["codes"]):
                    if code in CATALOGUE:
                        yield _Allowance(source, code, about, start, end)
                    else:
                        near = did_you_mean(code, CATALOGUE)
                        yield Problem.of("M214", source.place(start, end), hint=near, text=match["text"])
        offset += len(line)


def _next_content(lines: list[str], number: int) -> int:
    """The number of the first line after `number` that is more than a comment."""
    for following, line in enumerate(lines[number:], number + 1):
        if line.strip() and not line.lstrip().startswith("#"):
            return following
    return number
