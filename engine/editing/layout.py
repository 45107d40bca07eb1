"""The canonical layout of rule files: blanks, indentation, line breaks and quotes, and nothing else.

The order of keys, the comments and blank lines between parts, and the choice between a block and one line stay as the
author made them. A text is only returned if its meaning is unchanged, and all comments are at the same parts.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ..source.parser import parse
from ..source.text import BOM, Source
from .comments import Comment, Part, comments_of, composed

__all__ = ["WIDTH", "LayoutError", "formatted"]

WIDTH = 120
"""The maximum length of lines with whole lists and objects."""

_STEP = 2
_LINE_END = re.compile(r"\r\n|\n|\r")
_ODD_BREAKS = re.compile("[\x85\u2028\u2029]")
_DIRECTIVE = re.compile(r"^%\S[^\r\n]*", re.MULTILINE)
_KEPT_BREAK = re.compile(r"\\[ \t]*$|^[ \t]*$", re.MULTILINE)
_FOLD = re.compile(r"[ \t]*\r?\n[ \t]*")
_PADDING = re.compile(r"[ \t]*:[ \t]{2,}")
_HEADER = re.compile(r"([|>])([-+0-9]*)[^\r\n]*(?:\r\n|\n|\r|\Z)")


class LayoutError(ValueError):
    """A text has no canonical layout; the message says why."""


def formatted(text: str) -> str:
    """The canonical layout of a YAML text that can be parsed. Raises LayoutError."""
    if found := _ODD_BREAKS.search(text):
        raise LayoutError(f"it has the line break U+{ord(found.group()):04X}, which not all readers take for one")
    body = text.lstrip(BOM)
    root, marker = composed(body)
    comments = comments_of(body, root)
    new = _Printer(body, root, comments).document(marker)
    again, _ = composed(new)
    is_same = _meaning(new) == _meaning(body)
    if not is_same or _attached(again, comments_of(new, again)) != _attached(root, comments):
        raise LayoutError("its comments or quotes stand where no other layout has a place for them")
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def _meaning(text: str) -> object:
    """The values in a text, with their kinds, and the places where anchors repeat them."""
    node, problems = parse(Source("", text), wide=True)
    numbers: dict[int, int] = {}

    def of(node: Node | None) -> object:
        if node is not None and id(node) in numbers:
            return "same", numbers[id(node)]
        numbers[id(node)] = len(numbers)
        match node:
            case ScalarNode():
                return type(node.value).__name__, node.value, node.value is not None and node.text, node.style == ""
            case SequenceNode():
                return [of(item) for item in node.items]
            case MappingNode():
                return [(of(key), of(value)) for key, value in node.entries], len(node.repeated)
        return None

    return of(node), [problem.code for problem in problems]


def _attached(root: Part, comments: list[Comment]) -> list[tuple[str, int]]:
    """The comments, each with the number of scalars before it."""
    starts = sorted(part.content for part in root.walk() if not part.is_collection and not _is_empty(part))
    return [(comment.text, bisect_left(starts, comment.start)) for comment in comments]


def _is_empty(part: Part) -> bool:
    return part.style == "" and not part.text and not part.properties


@dataclass(slots=True)
class _Row:
    """A line that is one entry of an object: the key with its colon, the value, and whether the author aligned it."""

    line: int
    head: str
    value: str
    is_padded: bool


class _Printer:
    """Writes the parts of a text in order. The layout of a part depends on the part alone, so that it is stable."""

    def __init__(self, text: str, root: Part, comments: list[Comment]) -> None:
        self.text = text
        self.root = root
        self.comments = comments
        self.next = 0  # the first comment that is not written yet
        self.lines: list[str] = []
        self.opened = 0  # the number of lines when the block was opened that is being written
        self.flows: dict[tuple[int, str], str | None] = {}
        parts = [part for part in root.walk() if part.dash is not None or not _is_empty(part)]
        self.starts = sorted(start for part in parts for start in (part.dash, part.start) if start is not None)

    def document(self, marker: int | None) -> str:
        if marker is not None:
            self.lines += _DIRECTIVE.findall(self.text[:marker])
            self.own_comments(marker, 0)
            self.lines.append("---")
            self.trailing(marker + 3)
        if self.root.is_collection and self.one_line(self.root, 0, 0) is None and not self.root.properties:
            self.block(self.root, 0, "")
        else:
            self.before(self.root.start, 0)
            self.value(self.root, "", 0, self.root.start)
        self.own_comments(len(self.text), 0)
        return "".join(f"{line}\n" for line in self.lines)

    # Comments and blank lines

    def before(self, start: int, indent: int) -> None:
        """Writes the lines above the part at `start`: comments on lines of their own, and a blank line."""
        self.own_comments(start, indent)
        self.blank(start)

    def own_comments(self, end: int, indent: int, column: int = 0) -> None:
        """Writes the comments before `end`, except those on lines of their own that begin before this column."""
        while self.has_comment(end):
            comment = self.comments[self.next]
            if comment.column is not None and comment.column < column:
                return
            self.blank(comment.start)
            self.lines.append(" " * indent + comment.text)
            self.next += 1

    def blank(self, start: int) -> None:
        """Writes a blank line if there are any before `start`, except after another one or the start of a block."""
        at, breaks = start, 0
        while at > 0 and self.text[at - 1] in " \t\r\n":
            at -= 1
            breaks += self.text[at] == "\n" or (self.text[at] == "\r" and self.text[at + 1 : at + 2] != "\n")
        if breaks > 1 and len(self.lines) > self.opened and self.lines[-1]:
            self.lines.append("")

    def trailing(self, end: int) -> None:
        """Appends the comment between the end of a part and the next part on its line to the last line."""
        if self.has_comment(self.following(end)):
            comment = self.comments[self.next]
            if comment.column is None and end <= comment.start and not _LINE_END.search(self.text, end, comment.start):
                self.lines[-1] += f"  {comment.text}"
                self.next += 1

    def has_comment(self, end: int) -> bool:
        """Returns whether a comment before `end` is not written yet."""
        return self.next < len(self.comments) and self.comments[self.next].start < end

    # Parts

    def block(self, part: Part, indent: int, lead: str, outer: int = -1) -> None:
        """Writes a list or an object line by line; `lead` is the beginning of the first line.

        `outer` is the column of its key.
        """
        if not lead:
            self.opened = len(self.lines)
        margin = " " * indent
        rows: list[_Row] = []
        for at in range(0, len(part.children), 1 if part.is_list else 2):
            one = part.children[at]
            start = one.start if one.dash is None else one.dash
            if lead and self.has_comment(start):
                self.lines.append(lead.rstrip())
                self.opened = len(self.lines)
                self.trailing(self.comments[self.next].start)
                lead = ""
            if not lead:
                count = len(self.lines)
                self.before(start, indent)
                if len(self.lines) > count:
                    self.align(rows)
            if part.is_list:
                self.element(one, lead or margin, indent, start)
            elif (row := self.entry(one, part.children[at + 1], lead or margin, indent)) is None:
                self.align(rows)
            else:
                rows.append(row)
            lead = ""
        self.align(rows)
        if part.is_flow:
            self.own_comments(part.end, indent)
            return
        column = self.column(part.content)
        least = column + 1 if column == outer else column
        self.own_comments(self.following(part.children[-1].end - 1), indent, least)

    def element(self, part: Part, margin: str, indent: int, start: int) -> None:
        """Writes an element of a list; `start` is the offset of its dash, or else of the element itself."""
        lead = f"{margin}- "
        if part.is_collection and not part.properties and not self.is_inline(part, len(lead)):
            self.block(part, indent + _STEP, lead)
        else:
            self.value(part, lead.rstrip(), indent, min(start + 1, part.start))

    def entry(self, key: Part, value: Part, margin: str, indent: int) -> _Row | None:
        """Writes an entry of an object; returns its row if it is a single line with a value."""
        head = f"{margin}{self.scalar(key)}{' ' if key.style == '*' else ''}:"
        is_padded = _PADDING.fullmatch(self.text, key.end, value.start) is not None
        count = len(self.lines)
        self.value(value, head, indent, key.end, self.column(key.start))
        if len(self.lines) != count + 1 or _is_empty(value):
            return None
        return _Row(count, head, self.lines[count][len(head) + 1 :], is_padded)

    def value(self, part: Part, head: str, indent: int, after: int, outer: int = -1) -> None:
        """Writes a value after `head`, whose source ends at `after`."""
        if _is_empty(part):
            self.lines.append(head)
            self.trailing(after)
            return
        first = f"{head} {part.properties}" if head and part.properties else head or part.properties
        inner = indent + _STEP if head else indent
        if part.style in {"|", ">"}:
            self.block_scalar(part, f"{first} " if first else "", indent)
            return
        text = None if self.has_comment(part.content) else self.one_line(part, len(head) + 1, after)
        if text is not None:
            self.lines.append(f"{head} {text}" if head else text)
            self.trailing(part.end)
            return
        is_below = part.is_flow and head and _LINE_END.search(self.text, after, part.start)
        self.lines.append(head if is_below else first)
        if not part.is_collection:
            self.long_scalar(part, inner, after)
        elif is_below and (text := self.one_line(part, inner, after)) is not None:
            self.lines.append(" " * inner + text)
            self.trailing(part.end)
        elif (lines := self.filled(part, len(head) + 1)) is not None:
            self.lines[-1] = f"{head} {lines[0]}" if head else lines[0]
            self.lines += lines[1:]
            self.trailing(part.end)
        else:
            self.trailing(part.start + len(part.properties) if part.properties else after)
            if part.children:
                self.block(part, inner, "", outer)
            else:
                self.own_comments(part.content, inner)
                self.lines.append(" " * inner + str(self.flow(part, "")))
                self.trailing(part.end)

    def is_inline(self, part: Part, column: int) -> bool:
        return self.one_line(part, column, 0) is not None or self.filled(part, column) is not None

    def one_line(self, part: Part, column: int, after: int) -> str | None:
        """The part on one line, if it is a scalar or in flow style, and fits after `column`; else None.

        A scalar that does not fit stays on one line if it was written on the line where its key ends, at `after`.
        """
        if part.style in {"-", ":"} or self.has_comment(part.end):
            return None
        text = self.flow(part, part.properties)
        if text is None or column + len(text) <= WIDTH:
            return text
        if part.is_collection:
            return None if part.children else text
        return None if _LINE_END.search(self.text, after or part.content, part.end) else text

    def flow(self, part: Part, properties: str) -> str | None:
        """The part in flow style; None if some scalar of it needs several lines."""
        key = id(part), properties
        if key not in self.flows:
            self.flows[key] = self.new_flow(part, properties)
        return self.flows[key]

    def new_flow(self, part: Part, properties: str) -> str | None:
        lead = f"{properties} " if properties else ""
        if part.is_collection:
            texts = [self.flow(child, child.properties) for child in part.children]
            if None in texts:
                return None
            if part.is_list:
                return f"{lead}[{', '.join(map(str, texts))}]"
            keys = map(self.key, part.children[::2])
            return f"{lead}{{{', '.join(f'{key}{text}' for key, text in zip(keys, texts[1::2], strict=True))}}}"
        text = "null" if _is_empty(part) else self.scalar(part)
        return text if text is None else f"{lead}{text}".rstrip()

    # Lists and objects in flow style, on lines that are full

    def filled(self, part: Part, column: int) -> list[str] | None:
        """A list or an object in flow style on several lines, the first of which begins at `column`.

        None if it has comments, or if a line would be too long.
        """
        if not part.is_flow or not part.children or self.has_comment(part.end):
            return None
        lines = self.lines_of(part, column, 0)
        longest = max((len(line) for line in lines[1:]), default=0) if lines else 0
        return lines if lines and max(longest, column + len(lines[0])) <= WIDTH else None

    def lines_of(self, part: Part, column: int, after: int) -> list[str] | None:
        """The lines of a part in flow style, which begins at `column` and is followed by `after` brackets."""
        one = self.flow(part, part.properties)
        if one is not None and (column + len(one) + after <= WIDTH or not part.children):
            return [one]
        if not part.children:
            return None
        opening = f"{part.properties} " if part.properties else ""
        opening += "[" if part.is_list else "{"
        lines = [opening]
        inner = column + len(opening)
        for at in range(0, len(part.children), 1 if part.is_list else 2):
            child = part.children[at if part.is_list else at + 1]
            is_last = child is part.children[-1]
            key = "" if part.is_list else self.key(part.children[at])
            text = self.flow(child, child.properties)
            room = WIDTH - (after + 1 if is_last else 1)
            here = (column if len(lines) == 1 else 0) + len(lines[-1])
            if text is None or here + (at > 0) + len(key) + len(text) > room:
                below = self.lines_of(child, inner + len(key), after + 1 if is_last else 1)
                if below is None:
                    return None
                if at:
                    lines.append(" " * inner + key + below[0])
                else:
                    lines[-1] += key + below[0]
                lines += below[1:]
            else:
                lines[-1] += f"{' ' if at else ''}{key}{text}"
            lines[-1] += "" if is_last else ","
        lines[-1] += "]" if part.is_list else "}"
        return lines

    def key(self, part: Part) -> str:
        """A key in flow style, with its colon."""
        return f"{self.scalar(part)}{' ' if part.style == '*' else ''}: "

    # Scalars

    def scalar(self, part: Part) -> str | None:
        """A scalar on one line, in double quotes if that needs no escapes; None if it needs several lines."""
        if part.style == "*":
            return part.text
        if part.style in {"|", ">"}:
            return json.dumps(part.text, ensure_ascii=False)
        raw = self.text[part.content : part.end]
        if _LINE_END.search(raw):
            if _KEPT_BREAK.search(raw) or "\r" in raw.replace("\r\n", ""):
                return None
            raw = _FOLD.sub(" ", raw)
        if part.style == "'" and not ('"' in part.text or "\\" in part.text) and part.text.isprintable():
            return f'"{part.text}"'
        return raw

    def long_scalar(self, part: Part, indent: int, after: int) -> None:
        """Writes a plain or quoted scalar on the lines that the author chose."""
        lines = [line.strip(" \t") for line in _LINE_END.split(self.text[part.content : part.end])]
        if len(lines) == 1:
            lines = [self.scalar(part) or ""]
        if self.has_comment(part.content) or _LINE_END.search(self.text, after, part.content):
            self.trailing(after)
            self.own_comments(part.content, indent)
            self.lines.append(" " * indent + lines[0])
        else:
            self.lines[-1] += f" {lines[0]}" if self.lines[-1] else lines[0]
        self.lines += [" " * indent + line if line else "" for line in lines[1:]]
        self.trailing(part.end)

    def block_scalar(self, part: Part, head: str, indent: int) -> None:
        """Writes a block scalar with its lines unchanged except for their common indentation."""
        header = _HEADER.match(self.text, part.content)
        assert header is not None  # noqa: S101  a block scalar begins with its header
        lines = _LINE_END.split(self.text[header.end() : part.end]) if part.end > header.end() else []
        old = next((_indent(line) for line in lines if line.strip(" ")), 0)
        digit = re.search("[1-9]", header[2])
        if digit is not None:
            old -= next((_indent(line) for line in part.text.split("\n") if line.strip(" ")), 0)
        while lines and not lines[-1][old:]:
            lines.pop()
        sign = re.sub("[1-9]", "", header[2])
        self.lines.append(f"{head}{header[1]}{_STEP if digit else ''}{sign}")
        if self.has_comment(header.end()):
            self.trailing(part.content)
        margin = " " * (indent + _STEP)
        self.lines += [margin + line[old:] if line[old:] else "" for line in lines]
        if sign == "+":
            self.lines += [""] * (len(part.text) - len(part.text.rstrip("\n")) - bool(lines))

    # Alignment

    def align(self, rows: list[_Row]) -> None:
        """Aligns the values of entries on adjacent lines if the author aligned one of them."""
        if len(rows) > 1 and any(row.is_padded for row in rows):
            width = max(len(row.head) for row in rows) + 1
            if all(width + len(row.value) <= WIDTH for row in rows):
                for row in rows:
                    self.lines[row.line] = row.head.ljust(width) + row.value
        rows.clear()

    # Places

    def following(self, at: int) -> int:
        """The offset of the first part that begins after `at`."""
        next_ = bisect_right(self.starts, at)
        return self.starts[next_] if next_ < len(self.starts) else len(self.text)

    def column(self, at: int) -> int:
        return at - self.line_start(at)

    def line_start(self, at: int) -> int:
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
