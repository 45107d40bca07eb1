"""The lineage of a mapping as a graph: from the input and its routes through the rules to the outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..language.rulebook import Rule, Rulebook

__all__ = ["Box", "Drawing", "Line", "drawing", "mermaid"]

_LEFT_OUT = "left out or rejected"
_ROW, _TOP, _TEXT = 28, 12, 7.3
_COLUMNS = (0, 260, 660)
_WIDTHS = (160, 280, 180)


@dataclass(frozen=True, slots=True)
class _Edge:
    """A rule, or several rules that leave elements out, between the source of elements and the output."""

    source: str
    rules: tuple[str, ...]
    target: str

    @property
    def name(self) -> str:
        return self.rules[0] if self.target != _LEFT_OUT else f"{len(self.rules)} rule{'s'[: len(self.rules) > 1]}"


def _edges(rulebook: Rulebook) -> Iterator[_Edge]:
    """An edge for each rule that emits or converts, in the order of the sources, and one for all others of a source."""
    sources = {"": f"the {rulebook.input.as_name}"} | {name: name for name in rulebook.routes}
    for route, source in sources.items():
        own: list[Rule] = [rule for rule in rulebook.rules if (rule.route or "") == route]
        yield from (_Edge(source, (rule.name,), rule.output) for rule in own if rule.output is not None)
        yield from (_Edge(source, (rule.name,), rule.convert.text) for rule in own if rule.convert is not None)
        rest = tuple(rule.name for rule in own if rule.output is None and rule.convert is None)
        if rest:
            yield _Edge(source, rest, _LEFT_OUT)


def mermaid(rulebook: Rulebook) -> str:
    """The graph as a flow chart for Mermaid, from left to right."""
    edges = list(_edges(rulebook))
    names = [{edge.source: None for edge in edges}, {edge.target: None for edge in edges}]
    lines = ["flowchart LR"]
    numbers = [{name: number for number, name in enumerate(column)} for column in names]
    lines += [f'  s{number}["{_quoted(name)}"]' for name, number in numbers[0].items()]
    lines += [f'  t{number}["{_quoted(name)}"]' for name, number in numbers[1].items()]
    for number, edge in enumerate(edges):
        source, target = numbers[0][edge.source], numbers[1][edge.target]
        lines.append(f'  s{source} --> r{number}("{_quoted(edge.name)}") --> t{target}')
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return name.replace('"', "#quot;").replace("<", "#lt;")


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the drawing. `rule` is the name of its rule, if it is one."""

    x: int
    y: float
    width: int
    text: str
    whole: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A rule with the two curves that join it to its source and its target."""

    node: Box
    curves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The graph with places: its size, the boxes at both ends, and the rules between them."""

    width: int
    height: float
    ends: tuple[Box, ...]
    lines: tuple[Line, ...]


def drawing(rulebook: Rulebook) -> Drawing:
    """The graph in three columns: the rules below each other, sources and targets at the middle of their rules."""
    edges = list(_edges(rulebook))
    heights = [_TOP + _ROW * (row + 0.5) for row in range(len(edges))]
    columns = [_spread([edge.source for edge in edges], heights), _spread([edge.target for edge in edges], heights)]
    ends = [
        _node(column, name, y, None)
        for column, places in zip((0, 2), columns, strict=True)
        for name, y in places.items()
    ]
    lines = []
    for edge, y in zip(edges, heights, strict=True):
        node = _node(1, edge.name, y, edge.rules[0] if edge.target != _LEFT_OUT else None)
        start, end = _COLUMNS[0] + _WIDTHS[0], _COLUMNS[1] + _WIDTHS[1]
        curves = _curve(start, columns[0][edge.source], node.x, y), _curve(end, y, _COLUMNS[2], columns[1][edge.target])
        lines.append(Line(node, curves))
    lowest = max((node.y for node in ends), default=0.0)
    height = max(lowest + _ROW / 2, heights[-1] + _ROW / 2 if heights else 0.0) + _TOP
    return Drawing(_COLUMNS[2] + _WIDTHS[2], height, tuple(ends), tuple(lines))


def _spread(names: Iterable[str], heights: list[float]) -> dict[str, float]:
    """The vertical position of each name: the mean of its rows, moved down if another one is there."""
    rows: dict[str, list[float]] = {}
    for name, height in zip(names, heights, strict=True):
        rows.setdefault(name, []).append(height)
    means = {name: sum(own) / len(own) for name, own in rows.items()}
    placed: dict[str, float] = {}
    lowest = 0.0
    for name, mean in sorted(means.items(), key=lambda item: item[1]):
        placed[name] = lowest = max(mean, lowest + _ROW) if placed else mean
    return placed


def _node(column: int, name: str, y: float, rule: str | None) -> Box:
    width = _WIDTHS[column]
    most = int((width - 20) / _TEXT)
    return Box(_COLUMNS[column], y, width, name if len(name) <= most else f"{name[: most - 1]}…", name, rule)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"
