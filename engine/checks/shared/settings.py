"""The settings that expressions and templates read."""

from __future__ import annotations

from collections.abc import Iterator

from ...expressions.tree import walk
from ...inference.templates import paths_in
from ...language.rulebook import Expr, Text

__all__ = ["settings_read"]


def settings_read(text: Expr | Text) -> Iterator[tuple[str | None, int, int]]:
    """The settings that an expression or a template reads, each with its span; None for all of them together."""
    return _in_template(text) if isinstance(text, Text) else _in_expression(text)


def _in_template(text: Text) -> Iterator[tuple[str | None, int, int]]:
    for path in paths_in(text):
        if path.names[0] == "settings":
            name, start = (path.names[1], path.starts[1]) if len(path.names) > 1 else (None, path.starts[0])
            yield name, start, start + len(name or "settings")


def _in_expression(expr: Expr) -> Iterator[tuple[str | None, int, int]]:
    whole = {root.start: root.end for root in expr.expression.roots if root.name == "settings"}
    for node in walk(expr.expression.tree) if whole else ():
        start = node["children"][0].get("start") if node["type"] == "subexpression" else None
        if start in whole and node["children"][1]["type"] == "field":
            del whole[start]
            step = node["children"][1]
            yield step["value"], step["start"], step["end"]
    yield from ((None, start, end) for start, end in whole.items())
