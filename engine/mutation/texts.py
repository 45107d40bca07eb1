"""Changes of templates, and of the defaults of settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..language.rulebook import Text
from ..templates.compiler import compile as compile_template
from ..templates.template import TemplateError
from ..values.kinds import shown

__all__ = ["changes_of_text", "other_value"]

_VALUE = re.compile(r"\{\{.*?\}\}")
_SHOWN = 60


def changes_of_text(text: Text) -> Iterator[tuple[str, Text]]:
    """The texts without one of their values, or else without a character; each with the change in words."""
    template = text.template
    values = list(_VALUE.finditer(template.text))
    if not values and not template.roots:
        words = template.text
        new = words[:-1] if len(words) > 1 else f"{words}~"
        yield "the text is another one", replace(text, template=compile_template(new, template.guard))
    for match in values:
        written = template.text[: match.start()] + template.text[match.end() :]
        try:
            changed = compile_template(written, template.guard)
        except TemplateError:
            continue
        yield f"{shown(match[0], _SHOWN)[1:-1]} is left out", replace(text, template=changed)


def other_value(value: Any, allowed: tuple[Any, ...] = ()) -> Any:
    """Another value of the same kind, from `allowed` if that is given; None if there is none."""
    others = [one for one in allowed if one != value]
    if allowed:
        return others[0] if others else None
    match value:
        case bool():
            return not value
        case str():
            return value[:-1] if len(value) > 1 else f"{value}~"
        case int() | float():
            return value + 1
        case list() if value:
            return value[:-1]
        case _:
            return None
