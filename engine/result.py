"""What evaluating a mapping on a batch gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from .problem import Problem

__all__ = ["Element", "Request", "Result", "Skipped"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request to send. `path` and the texts of `query` keep their {placeholders}; treat `body` as read-only."""

    output: str
    method: str
    path: str
    query: dict[str, Any]
    body: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "output": self.output,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body": self.body,
        }


@dataclass(frozen=True, slots=True)
class Skipped:
    """An input value that no request carries. `rule` is None where no rule took it."""

    pointer: str
    rule: str | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "rule": self.rule, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Element:
    """What became of one element that a route, a nested list or a spread iterated over."""

    pointer: str
    outcome: Literal["mapped", "skipped", "rejected"]
    rule: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """The requests in the order to send them, what was skipped and why, the problems, and the account of elements."""

    requests: tuple[Request, ...]
    skipped: tuple[Skipped, ...]
    problems: tuple[Problem, ...]
    account: tuple[Element, ...] | Callable[[], tuple[Element, ...]] = field(default=(), compare=False, repr=False)
    """The account of elements, or what computes it: compiled mappings keep none while they map."""

    @property
    def elements(self) -> tuple[Element, ...]:
        """What became of each element that was iterated over."""
        return self.account() if callable(self.account) else self.account

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
