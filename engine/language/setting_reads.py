"""Lists the settings that expressions and templates read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..expressions.paths import steps_by_start
from ..templates.paths import paths_in
from .rulebook import Expr, Text

__all__ = ["SettingRead", "settings_read"]


class SettingRead(NamedTuple):
    """A setting that a text reads, None for all of them, with the offsets of its name, and of what reads it.

    In `1 + settings.rate`, `name_start` is where `rate` begins, and `start` where `settings` does.
    """

    name: str | None
    start: int
    end: int
    name_start: int
    name_end: int


def settings_read(text: Expr | Text) -> Iterator[SettingRead]:
    """The settings that an expression or a template reads, in the order in which it does."""
    return _in_template(text) if isinstance(text, Text) else _in_expression(text)


def _in_template(text: Text) -> Iterator[SettingRead]:
    for path in paths_in(text.template):
        if path.names[0] == "settings":
            if len(path.names) == 1:
                yield _as_a_whole(path.starts[0], path.ends[0])
            else:
                name, start = path.names[1], path.starts[1]
                yield SettingRead(name, path.starts[0], path.ends[1], start, start + len(name))


def _in_expression(expr: Expr) -> Iterator[SettingRead]:
    roots = [root for root in expr.expression.roots if root.name == "settings"]
    steps = steps_by_start(expr.expression.tree) if roots else {}
    for root in roots:
        step = steps.get(root.start)
        if step is None:
            yield _as_a_whole(root.start, root.end)
        else:
            yield SettingRead(step["value"], root.start, step["end"], step["start"], step["end"])


def _as_a_whole(start: int, end: int) -> SettingRead:
    return SettingRead(None, start, end, start, end)
