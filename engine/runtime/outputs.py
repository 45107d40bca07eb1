"""The outputs of a mapping as evaluators need them: where their requests go, and how emissions make a body.

A *part* is what one emission adds to a body. A *draft* is a body while it is put together: the dictionary of its
members; a body that is not an object is the member None of its draft.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from ..values.forms import form_of
from ..values.json_size import measured, size_of, sorted_text
from .result import Request

__all__ = ["MAX_RESULT_BYTES", "BodyKind", "Draft", "OutputSpec", "Target"]

BodyKind = Literal["object", "list", "value", "none"]
Draft = dict[Any, Any]
MAX_RESULT_BYTES = 100_000_000
"""The maximum total size of the bodies of a batch in bytes: each of them can contain the same value of the batch."""


class Target(NamedTuple):
    """The path, query and headers of a request. `path` and constants in the others keep their {placeholders}."""

    path: str
    query: dict[str, Any]
    headers: dict[str, str]

    @property
    def key(self) -> bytes:
        """Equal for two targets of an output only if they agree."""
        return sorted_text([self.path, self.query, self.headers])


class OutputSpec(NamedTuple):
    """An output in the form from which its bodies are put together and sent."""

    name: str
    method: str
    body: BodyKind
    schema: str | None
    limits: str | None
    element_of: str | None
    """The name of the list of which each part is an element."""
    combine: Mapping[Any, str]
    max_bytes: int | None
    max_items: int | None
    lists: Mapping[str | None, int]
    """The largest number of elements of combined lists, by the name of the list."""
    form: str | None
    """The convention for names of lists in a form; None for JSON."""
    server: str | None
    headers: Mapping[str, str]
    """The headers of all its requests."""
    aimed: bool
    """Set if each part has a target of its own; otherwise all requests have the same."""
    simple: bool = False
    """Set if the parts have combined members only and the envelope is empty."""
    fits: Callable[[Any], bool] | None = None
    """A quick test that proves a body valid by both schemas; None if there is none."""

    def draft(self, envelope: Mapping[str, Any], fields: Any) -> Draft:
        """The draft of a single part."""
        if self.body == "object":
            return {**envelope, **(fields if self.element_of is None else {self.element_of: [fields]})}
        return {} if self.body == "none" else {None: [fields] if self.body == "list" else fields}

    def whole(self, draft: Draft) -> Any:
        """The body of a draft; None if there is none."""
        return draft if self.body == "object" else draft.get(None)

    def measured(self, body: Any) -> tuple[bytes, int]:
        """A body as it is sent, and its size. Raises TypeError as `json_size.measured` does."""
        if self.body == "none":
            return b"", 0
        if self.form is None:
            return measured(body)
        size_of(body)
        return form_of(body, self.form, MAX_RESULT_BYTES if self.max_bytes is None else self.max_bytes)

    def request(self, target: Target, body: Any, text: bytes) -> Request:
        """The request with a body."""
        headers = {**self.headers, **target.headers} if self.headers else target.headers
        return Request(self.name, self.method, target.path, target.query, body, text, headers, self.server)
