"""Texts in Markdown about parts of the rule language: functions, problem codes, values."""

from __future__ import annotations

import json
from typing import Any

from ..diagnostics.catalogue import CATALOGUE
from ..functions.registry import Example, Function
from ..source.homes import DOCS, PAGES
from ..values.kinds import shown

__all__ = ["about_code", "about_function", "code", "shown_value"]

MAX_SHOWN = 120
"""The maximum number of characters of a value that is shown."""
_MOST_EXAMPLES = 3


def code(text: str) -> str:
    """A text as code, on one line."""
    line = " ".join(text.split())
    return f"`` {line} ``" if "`" in line else f"`{line}`"


def shown_value(value: Any, limit: int = MAX_SHOWN) -> str:
    """A value as code, cut if it is long."""
    return code(shown(value, limit))


def about_function(function: Function) -> str:
    """The signature of a function, its description, examples, and the link to its page."""
    lines = [f"```\n{function.signature}\n```", function.told]
    lines += [_example(one) for one in function.examples[:_MOST_EXAMPLES]]
    page = DOCS / "functions.md"
    return "\n\n".join([*lines, f"[Functions]({page.as_uri()}#{function.name})"])


def _example(one: Example) -> str:
    given = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in one.given.items())
    result = shown_value(one.result)
    return f"{code(one.expression)} gives {result}" + (f" with {code(given)}" if given else "")


def about_code(problem: str) -> str | None:
    """The title of a problem code, its severity, and the link to its page; None if there is no such code."""
    entry = CATALOGUE.get(problem)
    if entry is None:
        return None
    page = PAGES / f"{problem}.md"
    return f"**{problem}**: {entry.title} ({entry.severity})\n\n[{problem}]({page.as_uri()})"
