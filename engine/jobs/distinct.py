"""Counts the distinct names and values in requests, where the schemas of outputs limit them for all requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..language.rulebook import Rulebook
from ..runtime.result import Request
from ..schemas.distinct import limits_of

__all__ = ["Distinct", "DistinctCounter"]

_ANY = "*"
_BEYOND = 10
"""The number of distinct names that are counted, as a multiple of the limit."""


@dataclass
class Distinct:
    """The distinct names or values at one place of the bodies of an output, and their limit."""

    output: str
    path: tuple[str, ...]
    limit: int
    found: set[str] = field(default_factory=set)

    @property
    def left(self) -> str:
        """The distance to the limit, in words."""
        left = self.limit - len(self.found)
        return f"{left} below the limit of {self.limit}" if left >= 0 else f"{-left} above the limit of {self.limit}"

    @property
    def is_too_many(self) -> bool:
        return len(self.found) > self.limit

    def add(self, value: Any) -> None:
        """Adds the names of an object, or a string."""
        if len(self.found) < _BEYOND * self.limit:
            self.found.update(value if isinstance(value, dict) else (value,) if isinstance(value, str) else ())

    def to_json(self) -> dict[str, Any]:
        """`{output, path, distinct, limit}`."""
        return {
            "output": self.output,
            "path": "".join(f"/{token}" for token in self.path),
            "distinct": len(self.found),
            "limit": self.limit,
        }


class DistinctCounter:
    """Counts the distinct names and values in requests."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.limits = [
            Distinct(output.name, path, limit)
            for output in rulebook.outputs.values()
            for path, limit in dict.fromkeys(
                one
                for name in (output.schema, output.limits)
                if name is not None
                for one in limits_of(rulebook.schemas[name])
            )
        ]

    def add(self, requests: Iterable[Request]) -> None:
        """Adds the names and values in requests."""
        for request in requests:
            self.add_body(request.output, request.body)

    def add_body(self, output: str, body: Any) -> None:
        """Adds the names and values in the body of an output."""
        for one in self.limits:
            if one.output == output:
                for value in _at(body, one.path):
                    one.add(value)


def _at(body: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """The values at a path."""
    if not path:
        yield body
        return
    name, *rest = path
    if name != _ANY:
        below = [body[name]] if isinstance(body, dict) and name in body else []
    else:
        below = body if isinstance(body, list) else list(body.values()) if isinstance(body, dict) else []
    for value in below:
        yield from _at(value, tuple(rest))
