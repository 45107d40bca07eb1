"""Compiled templates: texts with values in them, in a small, safe subset of Jinja2.

A list of allowed syntax (`templates.parser`) defines the subset; everything else is refused when the template is
compiled. So a template always terminates, reads only its roots and changes nothing. Templates do not distinguish null
and absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..expressions.roots import RootUse

__all__ = ["MAX_TEMPLATE_RESULT", "NullValue", "Template", "TemplateError", "TemplateFailure", "too_long"]

MAX_TEMPLATE_RESULT = 100_000


class TemplateError(ValueError):
    """A template that cannot be used; `start` and `end` are offsets into its text."""

    def __init__(self, reason: str, start: int, end: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.start = start
        self.end = end


class TemplateFailure(ValueError):  # noqa: N818 - an error of the data, as TemplateError is one of the template
    """The template could not be rendered on this data; `reason` says why in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def too_long() -> TemplateFailure:
    """The failure of a rendering of more than MAX_TEMPLATE_RESULT characters."""
    return TemplateFailure(f"the string has more than {MAX_TEMPLATE_RESULT} characters")


class NullValue(Exception):  # noqa: N818 - not an error: how the null of a part reaches the whole
    """A value to be written is null."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template. `roots` are all its uses of roots, in order."""

    text: str
    roots: tuple[RootUse, ...]
    _parts: Callable[[Mapping[str, Any], bool], Iterator[str]] = field(compare=False, repr=False)
    guard: str | None = None
    """The name of the guard that all values in it pass: see `filters.GUARDS`."""

    def render(self, context: Mapping[str, Any]) -> str | None:
        """Renders the template; None if a value in it is null and has no default. Raises TemplateFailure."""
        try:
            return self._joined(context, False)
        except NullValue:
            return None

    @property
    def fixed(self) -> str | None:
        """The result if no name is read; None if one is, or if rendering fails."""
        try:
            return None if self.roots else self.render({})
        except TemplateFailure:
            return None

    def render_text(self, context: Mapping[str, Any]) -> str:
        """Renders the template with null as the word "null". Raises TemplateFailure."""
        return self._joined(context, True)

    def _joined(self, context: Mapping[str, Any], null_as_word: bool) -> str:
        parts: list[str] = []
        size = 0
        for part in self._parts(context, null_as_word):
            size += len(part)
            if size > MAX_TEMPLATE_RESULT:
                raise too_long()
            parts.append(part)
        return "".join(parts)
