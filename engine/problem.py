"""The one kind of Problem: at load, at check and at run time.

A Problem carries data (a code and the details its wording needs); the wording lives in `CATALOGUE`, one entry a code,
and every code has its page in `docs/problems/`. Rendering for people and for CI is `engine.report`'s.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

__all__ = [
    "CATALOGUE",
    "FIXED",
    "MAX_PROBLEMS",
    "Code",
    "MappingError",
    "Place",
    "Problem",
    "Problems",
    "Related",
    "Severity",
    "TooManyProblems",
    "closest",
    "did_you_mean",
    "in_order",
    "known_here",
]

Severity = Literal["error", "warning"]


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

    def is_inside(self, other: Place) -> bool:
        """Whether the span is another one or a part of it."""
        starts_in = (other.line, other.column) <= (self.line, self.column)
        ends_in = (self.end_line, self.end_column) <= (other.end_line, other.end_column)
        return self.file == other.file and starts_in and ends_in


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means: its usual severity, a title for lists, and the wording of its message."""

    severity: Severity
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that has to do with a Problem, and in a few words what stands there."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, and where.

    `place` is in a rule file, `input` a JSON pointer into the batch, `output` one into the body of a request; each is
    None where it does not apply. `data` holds the details named in the wording of the code; `related` the other places
    that explain it.
    """

    code: str
    place: Place | None = None
    rule: str | None = None
    input: str | None = None
    output: str | None = None
    hint: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)
    severity: Severity = "error"
    related: tuple[Related, ...] = ()

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
        """A Problem with the usual severity of its code, unless another is given."""
        severity = severity or CATALOGUE[code].severity
        return cls(code, place, rule, input, output, hint, data, severity, tuple(related))

    @property
    def message(self) -> str:
        return CATALOGUE[self.code].message.format_map(self.data)

    def to_json(self) -> dict[str, Any]:
        """`{code, severity, message, rule: {name, file, line, column} | null, input, output, hint}`."""
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


FIXED = frozenset({"M201", "M202", "M204", "M205", "M208", "M209", "M210", "M232"})
"""What no mapping can run with: its severity cannot be changed."""


class MappingError(ValueError):
    """A mapping that cannot be used. `problems` says why: at least one of them is an error. `sources` are the files
    that they point into, by name."""

    def __init__(self, problems: Iterable[Problem], sources: Mapping[str, Any] | None = None) -> None:
        self.problems = tuple(problems)
        self.sources = dict(sources or {})
        errors = [problem for problem in self.problems if problem.severity == "error"]
        texts = [f"{error.place}: {error.message}" if error.place else error.message for error in errors[:5]]
        super().__init__("; ".join(texts))


MAX_PROBLEMS = 1_000
"""How many Problems are looked for in one mapping: nobody reads more, and each may cost a search for a hint."""


class TooManyProblems(Exception):  # noqa: N818  control flow, not an error
    """There are more Problems than are looked for."""


class Problems(list[Problem]):
    """The Problems found so far. Raises TooManyProblems where one more is found than are looked for."""

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


_LONGEST_NAME = 64
_FEW_NAMES = 32
_NEIGHBOURS = 6
_LISTED = 24


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None where none is near.

    Of many names only those are compared that come next to it in order of their beginnings or of their ends.
    """
    if len(name) > _LONGEST_NAME:
        return None
    forwards, backwards, folded = _index(tuple(known))
    if (same := folded.get(name.casefold())) is not None:
        return same
    if len(name) < 2:  # one letter is like everything
        return None
    from difflib import get_close_matches

    if len(forwards) > _FEW_NAMES:
        ends = [text[::-1] for text in _neighbours(name[::-1], backwards)]
        forwards = sorted({*_neighbours(name, forwards), *ends})
    if len(name) < 3:
        forwards = [candidate for candidate in forwards if candidate[:1] == name[0]]
    near = get_close_matches(name, forwards, n=1, cutoff=0.6)
    return near[0] if near else None


@lru_cache(maxsize=8)
def _index(known: tuple[str, ...]) -> tuple[list[str], list[str], dict[str, str]]:
    """The names in order of their beginnings, backwards in order of their ends, and by their text without letter case;
    without those that are too long to be compared."""
    short = sorted({name for name in known if len(name) <= _LONGEST_NAME})
    return short, sorted(name[::-1] for name in short), {name.casefold(): name for name in short}


def _neighbours(name: str, ordered: list[str]) -> list[str]:
    at = bisect_left(ordered, name)
    return ordered[max(at - _NEIGHBOURS, 0) : at + _NEIGHBOURS]


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that proposes the known name most like `name`, or None where none is near."""
    near = closest(name, known)
    return None if near is None else f"did you mean {near!r}?"


def known_here(names: Sequence[str]) -> str:
    """A hint that lists the known names, or the first of many."""
    return f"known here: {', '.join(names[:_LISTED])}{', ...' if len(names) > _LISTED else ''}"


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems in order of their place (those without one first); equal ones once."""
    unique = {(p.code, p.place, p.rule, p.input, p.output, p.message): p for p in problems}
    nowhere = Place("", 0, 0, 0, 0)
    return tuple(sorted(unique.values(), key=lambda p: (p.place or nowhere, p.code, p.message)))


def _error(title: str, message: str) -> Code:
    return Code("error", title, message)


def _warning(title: str, message: str) -> Code:
    return Code("warning", title, message)


CATALOGUE: Mapping[str, Code] = MappingProxyType(
    {
        # M0: reading a rule file as YAML
        "M001": _error("file cannot be read", "{path}: {reason}"),
        "M002": _error("file is not UTF-8", "the file is not UTF-8 text: {reason}"),
        "M003": _error("file is too large", "the file has {size} bytes; at most {limit} are read"),
        "M004": _error("YAML syntax", "{reason}"),
        "M005": _error("duplicate key", "the key {key!r} stands twice; it is first on line {line}"),
        "M006": _error("not a JSON value", "{text} is {what}, which JSON does not have"),
        "M007": _error("nested too deeply", "nested more than {limit} levels deep"),
        "M008": _error("too many nodes", "the file expands to more than {limit} values"),
        "M009": _error("not one document", "{reason}"),
        # M1: the structure of rule files
        "M101": _error("unknown key", "unknown key {key!r} in {where}"),
        "M102": _error("wrong type", "{what} must be {wanted}, not {found}"),
        "M103": _error("missing key", "{where} needs the key {key!r}"),
        "M104": _error("keys that exclude each other", "{where} takes exactly one of {keys}; {found}"),
        "M105": _error("value not allowed", "{what} must be one of {allowed}, not {found}"),
        "M106": _error("name given twice", "the {kind} {name!r} is defined twice; first at {first}"),
        "M107": _error("file not found", "{what} {path!r} {reason}"),
        "M108": _error("files include each other", "{path!r} is included already: {chain}"),
        "M109": _error("mapping not found", "no mapping {name!r} is known"),
        "M110": _error("extends goes in a circle", "{name!r} extends itself: {chain}"),
        "M111": _error("unknown rule", "no rule {name!r} to {what}"),
        "M112": _error("unknown name", "no {kind} {name!r} is defined"),
        "M113": _error("language version", "rule language {found} is not supported; this is language {supported}"),
        "M114": _error("form of a value", "{what} {found} is not {wanted}"),
        "M115": _error("unknown setting", "no setting {name!r} is declared"),
        "M116": _error("value of a setting", "the setting {name!r} must be {wanted}, not {found}"),
        "M117": _error("setting without a value", "the setting {name!r} has no default and was not given"),
        "M118": _error("schema", "the schema {path!r} {reason}"),
        "M119": _error("too many", "{what}: {count}; at most {limit} are allowed"),
        "M120": _error("name hides another", "the name {name!r} is taken already: {by}"),
        "M126": _error("too many problems", "there are more than {limit} problems; what follows was not looked at"),
        "M127": _error("too large when written out", "{what} come to more than {limit} {of} when they are written out"),
        "M128": _error("pattern too long", "{reason}"),
        "M133": _error("part of nothing", "no mapping and no workspace includes this part: nothing in it counts"),
        "M134": _error("not a mapping", "this is {what}, not a mapping and not a workspace"),
        # M2: expressions and templates
        "M201": _error("expression syntax", "the expression cannot be read: {reason}"),
        "M202": _error("unknown function", "unknown function {name!r}"),
        "M203": _error("path that cannot exist", "{path!r} can never exist: {where} has no {name!r}"),
        "M204": _error("unknown root", "nothing is called {name!r} here"),
        "M205": _error("number of arguments", "{name}() takes {wanted}, not {found}"),
        "M206": _warning("unused let", "the let {name!r} is never used"),
        "M207": _warning("unused table", "the {kind} {name!r} is never used"),
        "M208": _error("template", "the template cannot be used: {reason}"),
        "M209": _error("current node at the top", "{text!r} at the top of an expression has nothing to stand for"),
        "M210": _error("expression too large", "the expression {reason}"),
        "M211": _error("argument of a function", "argument {number} of {name}() must be {wanted}, not {found}"),
        "M212": _error("negation of a part", "{text!r} negates {part!r} alone, and nothing follows from true or false"),
        "M213": _warning("allowance without effect", "nothing on this line gives {allowed}"),
        "M214": _error("allowance", "{text!r} allows nothing"),
        "M220": _error("values that are never equal", "{text!r} is never {wanted}: it is {found}"),
        "M221": _warning("comparison with a known outcome", "{text!r} is always {outcome}"),
        "M222": _error("values without an order", "{text!r} compares {found}, which have no order"),
        "M223": _error("nothing to go over", "{text!r} is {found}, never {wanted}"),
        "M224": _warning("part that never counts", "{text!r} never counts: {reason}"),
        "M225": _warning("alternative that never counts", "this alternative never counts: {reason}"),
        "M226": _warning("default that is never used", "the default is never used: the value is {value}, never null"),
        "M227": _error("value that can never be converted", "the value is {found}, which can never become {type}"),
        "M228": _warning(
            "text that the schema does not list",
            "{text!r} is compared with {value}, which the input schema does not list",
        ),
        "M229": _warning(
            "part of a schema that is not checked", "no text is held against parts of the schema {schema!r}: {found}"
        ),
        "M232": _error("value that can become too large", "{what} can become too large: it {reason}"),
        # M3: rules and routes
        "M301": _warning("condition that always holds", "the condition of this {what} always holds"),
        "M302": _error("condition that never holds", "the condition of this {what} never holds"),
        "M303": _error("rule that is never reached", "the rule {name!r} is never reached: {by} all that it could take"),
        "M304": _error(
            "entry rule that is never reached", "this entry rule is never reached: {by} all that it could take"
        ),
        # M4: outputs
        "M401": _error("member that the output does not have", "the {request} request has no member {name!r}"),
        "M402": _error("required member that no rule gives", "the {request} request needs {name!r}, which {reason}"),
        "M403": _error("value that the output never takes", "the {request} request refuses what stands here: {reason}"),
        # M5: at run time
        "M501": _error("not JSON", "the record is not JSON: {reason}"),
        "M502": _error("not an object", "a batch must be an object, not {found}"),
        "M503": _error("record that is refused", "the record is refused: {reason}"),
        "M504": _warning("expression failed", "the expression failed: {reason}"),
        "M505": _warning("value cannot be converted", "{value} cannot become {type}: {reason}"),
        "M506": _error("required value is absent", "the required field {name!r} has no value"),
        "M507": _warning("value not in the table", "{value} is not in the table"),
        "M508": _error("cannot be iterated", "{what} must be {wanted}, not {found}"),
        "M509": _error("invalid request", "the {request} request is invalid: {reason}"),
        "M510": _error(
            "body too large", "the {request} request has a body of {size} bytes; at most {limit} are allowed"
        ),
        "M511": _error("rejected by a rule", "{reason}"),
        "M512": _warning("warned by a rule", "{reason}"),
        "M513": _warning("over a limit of the receiver", "the {request} request passes a limit: {reason}"),
        "M514": _warning("template failed", "the template failed: {reason}"),
        "M515": _error("name of a field", "{value} cannot be the name of a field"),
        "M516": _error(
            "more violations than are named",
            "the {request} request is invalid in {count} more ways, which are not named",
        ),
        "M517": _warning(
            "more limits than are named",
            "the {request} request passes limits in {count} more ways, which are not named",
        ),
        "M518": _warning(
            "number that would be rounded", "a number of the {request} request would be rounded: {reason}"
        ),
        "M520": _error(
            "requests too large together",
            "the bodies of the requests of this batch have more than {limit} bytes together; none is sent",
        ),
        "M523": _error("not a reject", "the line is not a reject that can be replayed: {reason}"),
        "M524": _error("reject that is gone", "nothing of the rules reaches what failed before: {what}"),
        # M6: the tests of mappings
        "M601": _error("expectation failed", "the test {test!r} expects {expected} at {pointer}, not {actual}"),
        "M602": _error("no tests", "the file holds no tests"),
        "M603": _error("input file", "the input file {path!r} {reason}"),
        "M604": _error("expectation that cannot fail", "the test {test!r} can never fail: {reason}"),
    }
)
