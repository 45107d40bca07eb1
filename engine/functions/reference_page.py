"""The page of all functions, in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .registry import Function

__all__ = ["reference"]


def reference(functions: Iterable[Function]) -> str:
    """The function reference, in Markdown."""
    ours = [function for function in functions if not function.builtin]
    own = [function for function in functions if function.builtin]
    lines = [_INTRODUCTION]
    sections = (("Functions of this language", ours), ("Functions of JMESPath", own))
    for title, listed in sections:
        names = ", ".join(f"[{function.name}](#{function.name})" for function in listed)
        lines.append(f"**{title}:** {names}\n")
    for title, listed in sections:
        lines.append(f"## {title}\n")
        lines.extend(map(_entry, listed))
    return "\n".join(lines)


_INTRODUCTION = """\
<!-- Written by `moemap docs`; a test compares this page with what it would write. -->

# Functions

All functions that expressions can use. `array|null` is a list or null, `array-string` a list of strings, `any` any
value, `expref` an expression that is evaluated for each element of a list, written with `&` before it: `&price`.
A function whose parameter takes null gives null for it. A function refuses arguments of other types, and results that
JSON does not have: the expression then fails with problem M504, and the field is left out.
"""


def _entry(function: Function) -> str:
    lines = [f"### {function.name}\n", f"`{function.signature}`\n", f"{function.description}\n"]
    lines += ["It masks [personal data](privacy.md#what-is-found).\n"] if function.masks else []
    lines.append("| Expression | Given | Result |\n|---|---|---|")
    for case in function.examples:
        given = ", ".join(f"`{name}`: {_cell(value)}" for name, value in case.given.items())
        lines.append(f"| {_code(case.expression)} | {given} | {_cell(case.result)} |")
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    return _code(json.dumps(value, ensure_ascii=False))


def _code(text: str) -> str:
    text = text.replace("|", "\\|")
    return f"`` {text} ``" if "`" in text else f"`{text}`"
