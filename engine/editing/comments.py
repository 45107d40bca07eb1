"""The comments of a YAML text, and the parts of the text between which they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

__all__ = ["Comment", "Part", "comments_of", "composed"]

_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*")
_BETWEEN = re.compile(r"(?:\s|#[^\n\r]*)*")
_HEADER = re.compile(r"[|>][-+0-9]*[ \t]*")
_COMMENT = re.compile(r"#[^\n\r]*")
_BLANKS = " \t\r\n"


@dataclass(slots=True)
class Part:
    """A key, a value or an alias as it is written.

    `start` is the offset of its anchor or tag, if any, `content` that of the rest, and `dash` that of the dash before
    an element of a block. `style` is that of a scalar; `*` for an alias; `-` and `:` for a list and an object in block
    style, `[` and `{` in flow style. `children` are the elements, or keys and values in turn.
    """

    style: str
    start: int
    content: int
    end: int
    text: str = ""
    properties: str = ""
    children: list[Part] = field(default_factory=list)
    dash: int | None = None

    @property
    def is_collection(self) -> bool:
        return self.style in {"-", ":", "[", "{"}

    @property
    def is_list(self) -> bool:
        return self.style in {"-", "["}

    @property
    def is_flow(self) -> bool:
        return self.style in {"[", "{"}

    def walk(self) -> Iterator[Part]:
        """The part and all below it, in the order of the text."""
        pending = [self]
        while pending:
            part = pending.pop()
            yield part
            pending += reversed(part.children)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: its text from `#`, its span, and its column if it stands on a line of its own, else None."""

    text: str
    start: int
    end: int
    column: int | None


def composed(text: str) -> tuple[Part, int | None]:
    """The parts of a YAML text that can be parsed, and the offset of its `---`, if any."""
    root: Part | None = None
    opened: list[Part] = []
    marker: int | None = None
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.DocumentStartEvent) and event.explicit:
            marker = text.index("---", _start(event))
        if isinstance(event, yaml.CollectionEndEvent):
            part = opened.pop()
            is_block = _start(event) == _end(event)
            part.end = part.children[-1].end if is_block and part.children else _end(event)
            if part.style == "-":
                _find_dashes(text, part)
        elif isinstance(event, yaml.NodeEvent):
            part = _part(text, event)
            if opened:
                opened[-1].children.append(part)
            else:
                root = part
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append(part)
    assert root is not None  # noqa: S101  the text was parsed before
    return root, marker


def _start(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark is not None else 0


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark is not None else 0


def _part(text: str, event: yaml.NodeEvent) -> Part:
    start, end = _start(event), _end(event)
    if isinstance(event, yaml.AliasEvent):
        return Part("*", start, start, end, text[start:end])
    assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)  # noqa: S101  there is no other kind
    content = start
    properties: list[str] = []
    while len(properties) < (event.anchor is not None) + (event.tag is not None):
        found = _PROPERTY.match(text, content)
        if found is None:
            break
        properties.append(found.group())
        between = _BETWEEN.match(text, found.end())
        content = between.end() if between else found.end()
    if isinstance(event, yaml.ScalarEvent):
        return Part(event.style or "", start, content, end, event.value, " ".join(properties))
    is_list = isinstance(event, yaml.SequenceStartEvent)
    style = ("[" if is_list else "{") if event.flow_style else ("-" if is_list else ":")
    return Part(style, start, content, end, "", " ".join(properties))


def _find_dashes(text: str, part: Part) -> None:
    after = part.content
    for child in part.children:
        between = _BETWEEN.match(text, after)
        child.dash = between.end() if between else after
        after = max(child.end, child.dash + 1)


def comments_of(text: str, root: Part) -> list[Comment]:
    """All comments of a text, in order: whatever begins with `#` outside of scalars."""
    found: list[Comment] = []
    at = 0
    for part in root.walk():
        if part.is_collection or part.style == "*" or part.content < at:
            continue
        found += _between(text, at, part.content)
        at = part.end
        if part.style in {"|", ">"} and (header := _HEADER.match(text, part.content)) is not None:
            found += _between(text, header.end(), min(_line_end(text, header.end()), len(text)))
    return [*found, *_between(text, at, len(text))]


def _between(text: str, start: int, end: int) -> Iterator[Comment]:
    for match in _COMMENT.finditer(text, start, end):
        line = max(text.rfind("\n", 0, match.start()), text.rfind("\r", 0, match.start())) + 1
        column = match.start() - line
        is_own = not text[line : match.start()].strip(_BLANKS)
        yield Comment(match.group().rstrip(), match.start(), match.end(), column if is_own else None)


def _line_end(text: str, start: int) -> int:
    found = re.compile(r"[\r\n]|\Z").search(text, start)
    return found.start() if found else len(text)
