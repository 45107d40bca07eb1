"""Parses YAML text into nodes that know their places.

The nodes are built from the parser's events rather than by PyYAML's composer. So each key, value and character keeps
its place; all duplicate keys and values that are not JSON are reported together; and a hostile file is refused by its
size, depth or number of values before it costs anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import yaml

from ..diagnostics.problem import Problem, Problems, TooManyProblems, in_order
from ..diagnostics.suggestions import did_you_mean
from .nodes import MAX_DEPTH, MappingNode, Node, ScalarNode, SequenceNode, duplicate
from .scalars import BREAKS, NOT_IN_JSON, JsonScalar, NotJson, quoted, resolve
from .text import BOM, MAX_FILE_BYTES, Source
from .yaml_errors import explained, odd_indent

__all__ = ["MAX_NODES", "parse", "size_of"]

MAX_NODES = 100_000
"""The maximum number of keys and values in a file, where an alias counts as the node it refers to."""


# --- nodes ---


def size_of(node: Node) -> int:
    """The number of keys and values in a node, itself included; an alias counts as the node it refers to."""
    size, pending = 0, [node]
    while pending:
        node = pending.pop()
        size += 1
        if isinstance(node, SequenceNode):
            pending += node.items
        elif isinstance(node, MappingNode):
            size += len(node.entries)
            pending += [value for _, value in node.entries]
    return size


# --- parsing ---

_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PROPERTY = re.compile(r"&[\w-]+|!(?:<[^>\s]*>|[^\s,\[\]{}]*)")
_BETWEEN = re.compile(r"(?:\s|#[^\n\r]*)*")
_YAML_TAG = "tag:yaml.org,2002:"
_TAG_DIRECTIVE = re.compile(r"^%TAG\b", re.MULTILINE)
"""A directive that is refused before parsing, since it lets a few bytes of tags stand for gigabytes."""
_SHOWN = 40
_NEAR_ANCHORS = 100


def parse(source: Source, *, wide: bool = False) -> tuple[Node | None, tuple[Problem, ...]]:
    """Parses a YAML text; returns its one value, if usable, and all problems (M003 to M009) in order of place.

    Duplicate keys (M005) and values that JSON does not have (M006) leave a value, so that more problems can be found:
    the first of the keys counts, and such values are strings. After any other problem there is no value. With `wide`,
    integers may have more than 64 bits, as in a batch.
    """
    size = len(source.text.encode("utf-8", "surrogatepass"))
    if size > MAX_FILE_BYTES:
        return None, (Problem.of("M003", source.place(0, 0), size=size, limit=MAX_FILE_BYTES),)
    builder = _Builder(source, wide=wide)
    try:
        root = builder.build()
    except _Stopped as stopped:
        return None, in_order([*builder.problems, stopped.problem])
    except TooManyProblems:
        return None, in_order(builder.problems)
    readable = all(problem.code in ("M005", "M006") for problem in builder.problems)
    return root if readable else None, in_order(builder.problems)


class _Stopped(Exception):  # noqa: N818 -- not an error of the program
    """The text cannot be parsed any further."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Made(NamedTuple):
    """A node, the span where it or its alias stands, and its numbers of nodes and levels."""

    node: Node
    start: int
    end: int
    size: int
    height: int


@dataclass(slots=True)
class _Open:
    """A list or an object whose end has not been read yet."""

    start: int
    event: yaml.CollectionStartEvent
    parts: list[_Made] = field(default_factory=list)
    firsts: dict[str, _Made] = field(default_factory=dict)

    @property
    def awaits_key(self) -> bool:
        return isinstance(self.event, yaml.MappingStartEvent) and len(self.parts) % 2 == 0


class _Builder:
    """Builds the nodes of a text, or of the part before `end`, from the parser's events."""

    def __init__(self, source: Source, end: int | None = None, *, wide: bool = False) -> None:
        self.source = source
        self._wide = wide
        self._end_of_text = end
        self.problems = Problems()
        self._size = len(source.text)
        self._base = self._size - len(source.text.lstrip(BOM))
        self._open: list[_Open] = []
        self._anchors: dict[str, _Made | None] = {}  # None: its node is not complete yet
        self._count = 0
        self._root: Node | None = None

    def build(self) -> Node:
        for event in self._events():
            match event:
                case yaml.ScalarEvent():  # most of them
                    self._scalar(event)
                case yaml.DocumentStartEvent() if self._root is not None:
                    hint = "put each document into its own file"
                    raise self._stopped("M009", *self._marks(event), hint=hint, reason="the file has a second document")
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.CollectionStartEvent():
                    self._start(event)
                case yaml.CollectionEndEvent():
                    self._end(event)
        if self._root is None:
            raise self._stopped("M009", 0, 0, reason="the file is empty")
        return self._root

    # events

    def _events(self) -> Iterator[yaml.Event]:
        """The events of the parser; its errors end the parsing with M004."""
        text = self.source.text
        if bad := _UNPRINTABLE.search(text):
            code = ord(bad.group())
            hint = None if 0xD800 <= code <= 0xDFFF else f'write it as "\\u{code:04x}", in double quotes'
            reason = f"a file may not contain the character U+{code:04X}"
            raise self._stopped("M004", *bad.span(), hint=hint, reason=reason)
        if directive := _TAG_DIRECTIVE.search(text):
            reason = "the directive %TAG is not supported"
            raise self._stopped("M004", *directive.span(), hint="remove it; YAML tags are not supported", reason=reason)
        event = None
        try:
            for event in yaml.parse(text[self._base : self._end_of_text], Loader=_LOADER):
                yield event
        except yaml.MarkedYAMLError as error:
            raise self._exceeded_before(error) or self._syntax_error(error) from None
        except (ValueError, OverflowError):  # raised by PyYAML for escapes that are no characters
            last = 0 if event is None else self._marks(event)[1]
            reason = "an escape in what follows stands for no character"
            raise self._stopped("M004", last, last, hint="quote a string that starts with !", reason=reason) from None

    def _marks(self, event: yaml.Event) -> tuple[int, int]:
        return self._at(event.start_mark), self._at(event.end_mark)

    def _at(self, mark: yaml.Mark | yaml._yaml.Mark | None) -> int:
        return self._size if mark is None else min(mark.index + self._base, self._size)

    def _exceeded_before(self, error: yaml.MarkedYAMLError) -> _Stopped | None:
        """The limit of moemap that the text exceeds before the position of the parser's error, if any.

        The scanner reads up to 1024 characters ahead of the parser's events, and has limits of its own there. The first
        fault in the text is reported, so that the result does not depend on the release of the parser.
        """
        if self._end_of_text is not None:
            return None
        token = error.context_mark if isinstance(error, yaml.scanner.ScannerError) else None
        before = _Builder(self.source, self._at(token or error.problem_mark))
        try:
            before.build()
        except _Stopped as stopped:
            if stopped.problem.code in ("M007", "M008"):
                self.problems = before.problems
                return stopped
        except TooManyProblems:
            pass
        return None

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> _Stopped:
        at = self._at(error.problem_mark)
        context_at = at if error.context_mark is None else self._at(error.context_mark)
        told = explained(error, self.source, at, context_at, [each.start for each in self._open])
        return self._stopped("M004", told.start, told.end, hint=told.hint, reason=told.reason)

    # problems

    def _stopped(self, code: str, start: int, end: int, *, hint: str | None = None, **data: Any) -> _Stopped:
        return _Stopped(Problem.of(code, self.source.place(start, end), hint=hint, **data))

    def _report(self, code: str, start: int, end: int, hint: str | None, **data: Any) -> None:
        self.problems.append(Problem.of(code, self.source.place(start, end), hint=hint, **data))

    def _not_json(self, start: int, end: int, text: str, what: str, hint: str, why: str = NOT_IN_JSON) -> None:
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
        self._report("M006", start, end, hint, text=shown, what=what, why=why)

    # nodes

    def _alias(self, event: yaml.AliasEvent) -> None:
        start, end = self._marks(event)
        name = event.anchor or ""
        part = self._anchors.get(name)
        if part is None:
            if name in self._anchors:
                reason, hint = f"the alias *{name} stands inside what it repeats", None
            else:
                reason = f"the alias *{name} has no anchor &{name} before it"
                hint = did_you_mean(name, islice(reversed(self._anchors), _NEAR_ANCHORS))
            self._report("M004", start, end, hint, reason=reason)
            part = _Made(ScalarNode(self.source, start, end, name, name, None), start, end, 1, 0)
        if len(self._open) + part.height > MAX_DEPTH:
            raise self._stopped("M007", start, end, limit=MAX_DEPTH)
        self._spend(part.size, start, end)
        self._add(part._replace(start=start, end=end), None)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        start, end = self._content(event)
        style = event.style or ""  # None for a plain scalar without libyaml
        value: JsonScalar = event.value
        if event.tag is None and style == "":
            resolved = resolve(event.value, wide=self._wide)
            if self._open and self._open[-1].awaits_key and (odd := odd_indent(self.source, start)):
                self._report("M004", odd.start, odd.end, odd.hint, reason=odd.reason)
            if isinstance(resolved, NotJson):
                self._not_json(start, end, event.value, resolved.what, resolved.hint, resolved.why)
            else:
                value = resolved
            if not event.value:  # the loaders differ in where they place an empty value
                while start > 0 and self.source.text[start - 1] in " \t\r\n":
                    start -= 1
                end = start
        elif style in {"|", ">"}:
            while self.source.text[end - 1] in f" \t{BREAKS}":
                end -= 1
        if _SURROGATE.search(event.value):  # reached without libyaml only, which refuses it itself
            self._report("M004", start, end, None, reason="the escape stands for no character")
        self._add(_Made(ScalarNode(self.source, start, end, value, event.value, style), start, end, 1, 0), event.anchor)

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        start, end = self._content(event)
        if len(self._open) == MAX_DEPTH:
            raise self._stopped("M007", start, max(end, start + 1), limit=MAX_DEPTH)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append(_Open(start, event))

    def _end(self, event: yaml.CollectionEndEvent) -> None:
        opened = self._open.pop()
        parts = opened.parts
        start, (mark, end) = opened.start, self._marks(event)
        if mark == end:  # a block ends with its last value; the parser reports its end where the next token starts
            end = parts[-1].end if parts else start
        node: Node
        if isinstance(event, yaml.SequenceEndEvent):
            node = SequenceNode(self.source, start, end, tuple(part.node for part in parts))
        else:
            entries: dict[str, tuple[ScalarNode, Node]] = {}
            repeated = []
            for key, value in zip(parts[::2], parts[1::2], strict=True):
                if isinstance(key.node, ScalarNode):
                    entry = key.node, value.node
                    if entries.setdefault(key.node.text, entry) is not entry:
                        repeated.append(entry)
            node = MappingNode(self.source, start, end, tuple(entries.values()), tuple(repeated))
        size = 1 + sum(part.size for part in parts)
        height = 1 + max((part.height for part in parts), default=0)
        self._add(_Made(node, start, end, size, height), opened.event.anchor)

    def _content(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> tuple[int, int]:
        """The span of a node without its anchor and tag. A tag is refused, unless it makes a scalar a string."""
        start, end = self._marks(event)
        for _ in range((event.anchor is not None) + (event.tag is not None)):
            if found := _PROPERTY.match(self.source.text, start, end):
                is_text = isinstance(event, yaml.ScalarEvent) and event.tag == f"{_YAML_TAG}str"
                if found.group().startswith("!") and not is_text:
                    tag = (event.tag or "").replace(_YAML_TAG, "!!")
                    hint = (
                        "leave the tag out"
                        if tag[:1] != "!" or tag[:2] == "!!"
                        else "quote a string that starts with !"
                    )
                    self._not_json(*found.span(), tag, "a YAML tag", hint)
                between = _BETWEEN.match(self.source.text, found.end(), end)
                start = between.end() if between else found.end()
        self._spend(1, start, end)
        return start, end

    def _spend(self, nodes: int, start: int, end: int) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            raise self._stopped("M008", start, end, limit=MAX_NODES)

    def _add(self, part: _Made, anchor: str | None) -> None:
        """Adds a complete node to its parent."""
        if anchor is not None:
            self._anchors[anchor] = part
        if not self._open:
            self._root = part.node
            return
        opened = self._open[-1]
        if opened.awaits_key:
            self._check_key(part, opened)
        opened.parts.append(part)

    def _check_key(self, key: _Made, opened: _Open) -> None:
        node, what = key.node, "a key that is not a string"
        if not isinstance(node, ScalarNode):
            shown = "a list" if isinstance(node, SequenceNode) else "an object"
            is_template = self.source.text[key.start - 1 : key.start + 1] == "{{"
            hint = "quote a template, which starts with {{" if is_template else "a key is a string"
            self._not_json(key.start, key.end, shown, what, hint)
        elif not isinstance(node.value, str):
            hint = f"quote it: {quoted(node.text)}"
            self._not_json(key.start, key.end, node.text or "an empty key", what, hint)
        elif (first := opened.firsts.get(node.text)) is not None:
            at = self.source.place(key.start, key.end)
            self.problems.append(duplicate(at, self.source.place(first.start, first.end), node.text))
        else:
            opened.firsts[node.text] = key
