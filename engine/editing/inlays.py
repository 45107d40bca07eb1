"""Values of fields in the shown sample, at the ends of their lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..language.rulebook import Field, ObjectSource, Rule
from ..source.text import Source, one_line
from ..values.kinds import shown
from .analysis import Analysis, analysis_of, shown_sample
from .cursor import position_of
from .data import Inlay
from .state import EditingState
from .telling import code, shown_value
from .values import Part

__all__ = ["inlays"]

_MAX_SHOWN = 40


def inlays(state: EditingState, path: Path, lines: tuple[int, int]) -> tuple[Inlay, ...]:
    """The values of the fields and lets on some lines, the last one included."""
    path = state.named(path)
    main, source = next(iter(state.mains(path)), None), state.source(path)
    analysis = None if main is None else analysis_of(state, main)
    return () if analysis is None or source is None else tuple(_inlays(state, analysis, source, path, lines))


def _inlays(
    state: EditingState, analysis: Analysis, source: Source, path: Path, lines: tuple[int, int]
) -> Iterator[Inlay]:
    first, last = lines
    seen: set[int] = set()  # rules that extend others share their fields
    for placed in analysis.places.of(path, Field):
        field = placed.part
        # An object is left out: its fields have values of their own.
        if not isinstance(field, Field) or field.name_node is None or isinstance(field.source, ObjectSource):
            continue
        start = analysis.places.offset_of(field.name_node)
        start = None if start is None else analysis.places.now(path, source.text, start)
        end = analysis.places.now(path, source.text, placed.end)
        if start is None or end is None or not first <= position_of(source, start).line <= last:
            continue
        traced = shown_sample(state, analysis, _rule_of(analysis.places.around(path, placed.start)))
        value = None if traced is None else traced.value(field)
        if traced is None or value is None or start in seen:
            continue
        seen.add(start)
        line = position_of(source, start).line
        line_end = source.line_start(line) + len(source.line_text(line).rstrip())
        more = f" (+{value[1] - 1})" if value[1] > 1 else ""
        tooltip = f"In {code(traced.sample.name)}: {shown_value(value[0])}"
        text = f"= {one_line(shown(value[0], _MAX_SHOWN))}{more}"
        yield Inlay(position_of(source, min(end, line_end)), text, tooltip)


def _rule_of(parts: list[Part]) -> str | None:
    return next((part.name for part in parts if isinstance(part, Rule)), None)
