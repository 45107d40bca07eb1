"""The settings that expressions and templates read."""

from __future__ import annotations

from collections.abc import Iterator

from ...expressions.paths import steps_by_start
from ...expressions.tree import TreeNode
from ...inference.templates import paths_in
from ...language.rulebook import Expr, Text

__all__ = ["settings_read"]


def settings_read(text: Expr | Text) -> Iterator[tuple[str | None, int, int]]:
    """The settings that an expression or a template reads, each with its span; None stands for all settings."""
    return _in_template(text) if isinstance(text, Text) else _in_expression(text)


def _in_template(text: Text) -> Iterator[tuple[str | None, int, int]]:
    for path in paths_in(text):
        if path.names[0] == "settings":
            name, start = (path.names[1], path.starts[1]) if len(path.names) > 1 else (None, path.starts[0])
            yield name, start, start + len(name or "settings")


def _in_expression(expr: Expr) -> Iterator[tuple[str | None, int, int]]:
    steps: dict[int, TreeNode] | None = None
    for root in expr.expression.roots:
        if root.name == "settings":
            steps = steps_by_start(expr.expression.tree) if steps is None else steps
            step = steps.get(root.start)
            yield (None, root.start, root.end) if step is None else (step["value"], step["start"], step["end"])
