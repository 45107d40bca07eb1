"""What evaluating a mapping on a batch gives.

Named tuples: many millions of them are made.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from ..diagnostics.problem import Problem

__all__ = [
    "NAME_TAKEN",
    "NOTHING",
    "NO_ENTRY_RULE",
    "NO_RULE",
    "Element",
    "Failed",
    "Request",
    "Result",
    "Skipped",
    "failure",
]


class Request(NamedTuple):
    """A request to send. `path` and the texts of `query` keep their {placeholders}; treat `body` as read-only."""

    output: str
    method: str
    path: str
    query: dict[str, Any]
    body: dict[str, Any]
    text: bytes
    """The body as compact JSON, whose size was measured."""

    def to_json(self) -> dict[str, Any]:
        return {
            "output": self.output,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body": self.body,
        }


class Skipped(NamedTuple):
    """An input value that no request carries. `rule` is None where no rule took it."""

    pointer: str
    rule: str | None
    reason: str
    template: str | None = None
    """The reason as the rules write it, without values of the batch; None where it is not theirs."""

    def to_json(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "rule": self.rule, "reason": self.reason}


class Element(NamedTuple):
    """What became of one element that a route, a nested list or a spread iterated over."""

    pointer: str
    outcome: Literal["mapped", "skipped", "rejected"]
    rule: str | None


class Failed(NamedTuple):
    """What gave no request for an error: an element of a route (with None, all of them), or a rule without a route.

    Where one place is gone over more than once, `occurrence` counts from 0.
    """

    route: str | None
    rule: str | None
    element: str | None
    occurrence: int = 0

    def to_json(self) -> dict[str, Any]:
        """`{route | rule, element}`, with `occurrence` where it is not the first."""
        name = {"rule": self.rule} if self.route is None else {"route": self.route}
        return {**name, "element": self.element, **({"occurrence": self.occurrence} if self.occurrence else {})}

    def __str__(self) -> str:
        if self.route is None:
            return f"the rule {self.rule!r}"
        return f"the route {self.route!r}" + (f" at {self.element or 'the batch'}" if self.element is not None else "")


class Result(NamedTuple):
    """The requests in the order to send them, what was skipped and why, and the problems."""

    requests: tuple[Request, ...]
    skipped: tuple[Skipped, ...]
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether no problem is an error."""
        return not any(problem.severity == "error" for problem in self.problems)

    def to_json(self) -> dict[str, Any]:
        """`{requests, skipped, problems}`, as the command prints it."""
        return {
            "requests": [request.to_json() for request in self.requests],
            "skipped": [skipped.to_json() for skipped in self.skipped],
            "problems": [problem.to_json() for problem in self.problems],
        }


def failure(error: Exception) -> Result:
    """Stands in for the Result of a batch on which the engine fails, which is a fault of the engine. Where there are
    many batches, the others go on."""
    reason = f"the engine failed on it, which is a fault of moemap ({type(error).__name__}: {str(error)[:_SHOWN]})"
    return Result((), (), (Problem.of("M503", input="", reason=reason),))


_SHOWN = 200


NO_ENTRY_RULE = "no entry rule takes it"


NOTHING = "nothing to map"


NAME_TAKEN = "another field has this name"


NO_RULE = "no rule takes it"
