"""The result of mapping a batch.

These are named tuples, since many millions are created.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from ..diagnostics.problem import Problem
from ..values.budget import MAX_COPIED, MAX_SCANNED, TooMuchCopied, TooMuchScanned

__all__ = [
    "NAME_TAKEN",
    "NOTHING",
    "NO_ENTRY_RULE",
    "NO_RULE",
    "Accounted",
    "Destination",
    "Element",
    "Failed",
    "PartOrigin",
    "Request",
    "Result",
    "Skipped",
    "failure",
    "too_much_copied",
]


_NO_HEADERS: dict[str, str] = {}


class Request(NamedTuple):
    """A request to send. `path` and constants in `query` and `headers` keep their {placeholders}; all is read-only."""

    output: str
    method: str
    path: str
    query: dict[str, Any]
    """A list stands for a parameter that is repeated."""
    body: Any
    """A JSON value; None if the request has no body."""
    text: bytes
    """The body as it is sent: compact JSON or a form."""
    headers: dict[str, str] = _NO_HEADERS
    """The headers that the output adds to those of the mapping's server; all headers if it has its own server."""
    server: str | None = None
    """The URL of the server; None for that of the mapping."""

    def to_json(self) -> dict[str, Any]:
        """The JSON form, without the keys `server`, `headers` and `body` where the request has none."""
        document = {"output": self.output, "method": self.method, "path": self.path, "query": self.query}
        if self.server is not None:
            document["server"] = self.server
        if self.headers:
            document["headers"] = self.headers
        if self.body is not None:
            document["body"] = self.body
        return document


class Skipped(NamedTuple):
    """A value of the input that no request carries. `rule` is None if no rule took it."""

    pointer: str
    rule: str | None
    reason: str
    template: str | None = None
    """The reason as written in the rules, without values of the batch; None if the rules gave none."""

    def to_json(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "rule": self.rule, "reason": self.reason}


class Element(NamedTuple):
    """The outcome of one element that a route, a nested list or a spread iterated over."""

    pointer: str
    outcome: Literal["mapped", "skipped", "rejected"]
    rule: str | None


class Failed(NamedTuple):
    """A part of a batch that gave no request because of an error.

    It is an element of a route (None: all elements), or a rule without a route. If an element goes on to other rules
    after one, that `rule` for this element is a part, too. If the same place is iterated over more than once,
    `occurrence` counts from 0. `convert` names the mapping that converts the batch first, for a part of its work.
    """

    route: str | None
    rule: str | None
    element: str | None
    occurrence: int = 0
    convert: str | None = None

    def to_json(self) -> dict[str, Any]:
        """`{convert, route, rule, element}` without what is None, and `occurrence` unless it is the first."""
        names = {"convert": self.convert, "route": self.route, "rule": self.rule}
        name = {key: value for key, value in names.items() if value is not None}
        return {**name, "element": self.element, **({"occurrence": self.occurrence} if self.occurrence else {})}

    def __str__(self) -> str:
        if self.convert is not None:
            return f"{self._replace(convert=None)} of {self.convert}"
        if self.route is None:
            return f"the rule {self.rule!r}"
        rule = "" if self.rule is None else f"the rule {self.rule!r} of "
        return f"{rule}the route {self.route!r}" + (
            f" at {self.element or 'the batch'}" if self.element is not None else ""
        )


class PartOrigin(NamedTuple):
    """A part of a batch that a request is made of: the rule with its place, and the place of the element."""

    part: Failed
    rule: str
    place: str
    element: str

    def to_json(self) -> dict[str, Any]:
        """`{rule, place, pointer, part}`."""
        return {"rule": self.rule, "place": self.place, "pointer": self.element, "part": self.part.to_json()}


class Destination(NamedTuple):
    """A place where a value of the input goes: in the body of a request, or in its `path`, `query` or `headers`."""

    request: int
    """The number of the request, counted from 0."""
    part: Literal["body", "path", "query", "headers"]
    pointer: str
    """The place in the body, or the name of the parameter or header."""
    how: Literal["same", "cut", "converted", "part"]
    """`part`: the value was read as a part of a larger one, and may or may not matter to the result."""

    def to_json(self) -> dict[str, Any]:
        return self._asdict()


class Accounted(NamedTuple):
    """The fate of a leaf of the input: a value that is not an object or list, or an empty one.

    It is sent (`to` says where), skipped (by a `rule`, for a `reason`), only read (`by` parts of rules), or unread;
    then `by` has parts of rules that read this place, but not in this batch.
    """

    pointer: str
    fate: Literal["sent", "skipped", "read", "unread"]
    to: tuple[Destination, ...] = ()
    by: tuple[str, ...] = ()
    rule: str | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """`{pointer, fate}`, with `to`, `rule` and `reason`, or `by` if there are any, depending on the fate."""
        said: dict[str, Any] = {"pointer": self.pointer, "fate": self.fate}
        if self.fate == "sent":
            said["to"] = [one.to_json() for one in self.to]
        elif self.fate == "skipped":
            said |= {"rule": self.rule, "reason": self.reason}
        elif self.by:
            said["by"] = list(self.by)
        return said


class Result(NamedTuple):
    """The requests in the order to send them, the skipped values with reasons, and the problems.

    `account` has the fate of each leaf of the input, if requested.
    """

    requests: tuple[Request, ...]
    skipped: tuple[Skipped, ...]
    problems: tuple[Problem, ...]
    account: tuple[Accounted, ...] | None = None

    @property
    def ok(self) -> bool:
        """True if no problem is an error."""
        return not any(problem.severity == "error" for problem in self.problems)

    def to_json(self) -> dict[str, Any]:
        """`{requests, skipped, problems}`, as `moemap transform` prints it, and `account` if there is one."""
        document: dict[str, Any] = {
            "requests": [request.to_json() for request in self.requests],
            "skipped": [skipped.to_json() for skipped in self.skipped],
            "problems": [problem.to_json() for problem in self.problems],
        }
        if self.account is not None:
            document["account"] = [one.to_json() for one in self.account]
        return document


def failure(error: Exception) -> Result:
    """The Result of a batch on which the engine itself failed, so that other batches are still mapped."""
    reason = f"the engine failed, which is a bug in moemap ({type(error).__name__}: {str(error)[:_SHOWN]})"
    return Result((), (), (Problem.of("M503", input="", reason=reason),))


def too_much_copied(error: TooMuchCopied) -> Result:
    """The Result of a batch whose iterations copy or look through too much."""
    if isinstance(error, TooMuchScanned):
        return Result((), (), (Problem.of("M526", error.place, input="", limit=MAX_SCANNED),))
    return Result((), (), (Problem.of("M525", error.place, input="", limit=MAX_COPIED),))


_SHOWN = 200


NO_ENTRY_RULE = "no entry rule takes it"


NOTHING = "nothing to map"


NAME_TAKEN = "another field has this name"


NO_RULE = "no rule takes it"
