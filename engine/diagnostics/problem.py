"""The one kind of Problem: at load, at check and at run time.

A Problem carries data: a code and the details that the message needs. The wording is in `CATALOGUE`, with one entry for
each code, and each code has a page in `docs/problems/`. `diagnostics.reporters` renders Problems for people and CI.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..values.kinds import MAX_SAID, in_part
from .catalogue import CATALOGUE, Severity
from .suggestions import Suggestion

__all__ = [
    "MAX_PROBLEMS",
    "MappingError",
    "Place",
    "Problem",
    "Problems",
    "Related",
    "TextChange",
    "TooManyProblems",
    "in_order",
]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span in a file. Lines and columns count from 1, in characters; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def to_json(self) -> dict[str, Any]:
        """`{file, line, column}`: where the span starts."""
        return {"file": self.file, "line": self.line, "column": self.column}

    def is_inside(self, other: Place) -> bool:
        """Returns whether the span is equal to another one or inside it."""
        starts_in = (other.line, other.column) <= (self.line, self.column)
        ends_in = (self.end_line, self.end_column) <= (other.end_line, other.end_column)
        return self.file == other.file and starts_in and ends_in


class Related(NamedTuple):
    """Another place that explains a Problem, and a few words about it."""

    place: Place
    text: str


class TextChange(NamedTuple):
    """A text inside of the place of a Problem, and its replacement."""

    old: str
    new: str


class Problem(NamedTuple):
    """Something that is wrong, and where.

    `place` is a span of a rule file, `input` a JSON pointer into the batch, `output` one into the body of a request;
    each is None where it does not apply. `data` has the details for the message of the code, `related` the other places
    that explain it. `change` is the replacement in the text at `place` that the hint proposes, if any.
    """

    code: str
    place: Place | None = None
    rule: str | None = None
    input: str | None = None
    output: str | None = None
    hint: str | None = None
    data: Mapping[str, Any] = {}
    severity: Severity = "error"
    related: tuple[Related, ...] = ()
    change: TextChange | None = None

    @classmethod
    def of(
        cls,
        code: str,
        place: Place | None = None,
        *,
        rule: str | None = None,
        input: str | None = None,
        output: str | None = None,
        hint: str | None = None,
        severity: Severity | None = None,
        related: Iterable[Related] = (),
        **data: Any,
    ) -> Problem:
        """Creates a Problem; the severity defaults to that of its code. Long texts of the message are cut."""
        severity = severity or CATALOGUE[code].severity
        for name, detail in data.items():
            if type(detail) is str and len(detail) > MAX_SAID:
                data[name] = in_part(detail)
        change = TextChange(hint.old, hint.new) if isinstance(hint, Suggestion) else None
        return cls(code, place, rule, input, output, hint, data, severity, tuple(related), change)

    @property
    def message(self) -> str:
        return CATALOGUE[self.code].message.format_map(self.data)

    def to_json(self) -> dict[str, Any]:
        """The JSON form: `{code, severity, message, rule: {name, file, line, column} | null, input, output, hint}`."""
        rule = None
        if self.rule is not None or self.place is not None:
            place = self.place
            rule = {
                "name": self.rule,
                "file": place.file if place else None,
                "line": place.line if place else None,
                "column": place.column if place else None,
            }
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "rule": rule,
            "input": self.input,
            "output": self.output,
            "hint": self.hint,
        }


class MappingError(ValueError):
    """A mapping that cannot be used.

    `problems` says why: at least one of them is an error. `sources` are the files that they point into, by name.
    """

    def __init__(self, problems: Iterable[Problem], sources: Mapping[str, Any] | None = None) -> None:
        self.problems = tuple(problems)
        self.sources = dict(sources or {})
        errors = [problem for problem in self.problems if problem.severity == "error"]
        texts = [f"{error.place}: {error.message}" if error.place else error.message for error in errors[:5]]
        super().__init__("; ".join(texts))


MAX_PROBLEMS = 1_000
"""The maximum number of Problems collected for a mapping: nobody reads more, and each may cost a search for a hint."""


class TooManyProblems(Exception):  # noqa: N818  control flow, not an error
    """More Problems than are collected for one mapping."""


class Problems(list[Problem]):
    """A list of the Problems found so far. Raises TooManyProblems when it is full."""

    def append(self, problem: Problem) -> None:
        if len(self) >= MAX_PROBLEMS:
            super().append(Problem.of("M126", problem.place, limit=MAX_PROBLEMS))
            raise TooManyProblems
        super().append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.append(problem)

    def __iadd__(self, problems: Iterable[Problem]) -> Problems:  # type: ignore[misc, override]  # lists take any value
        self.extend(problems)
        return self


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems sorted by place, those without one first, and without duplicates."""
    unique = {(p.code, p.place, p.rule, p.input, p.output, p.message): p for p in problems}
    nowhere = Place("", 0, 0, 0, 0)
    return tuple(sorted(unique.values(), key=lambda p: (p.place or nowhere, p.code, p.message)))
