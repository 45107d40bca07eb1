"""Expressions and templates that are still being written: the word at a cursor, the call around it, and their types.

To infer types, the word at the cursor is taken for the name of a member, and open brackets before it are closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ..checks.shared.listed import last_step, listed_strings
from ..expressions.parser import tree_of
from ..expressions.tree import TreeNode
from ..inference.expressions import Seen, infer
from ..types.types import Type, constants, lookup
from .patterns import TEMPLATE_STEP

__all__ = [
    "MemberLookUp",
    "OpenCall",
    "Typed",
    "call_at",
    "compared_with",
    "is_filter",
    "looked_up",
    "seen_in",
    "template_chain",
    "template_part",
    "typed_at",
]

_TOKEN = re.compile(
    r"""(?P<raw>'(?:\\.|[^'\\])*'?)|(?P<literal>`(?:\\.|[^`\\])*`?)|(?P<quoted>"(?:\\.|[^"\\])*"?)"""
    r"""|(?P<variable>\$\w*)|(?P<word>[A-Za-z_]\w*)|(?P<number>\d+)|(?P<blank>\s+)|(?P<mark>.)""",
    re.DOTALL,
)
_HERE = "zz_here_zz"
_MOST_BACK = 500
_MOST_STARTS = 20
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_TEMPLATE = re.compile(r"\{\{|\{%")
_CHAIN = re.compile(r"""([A-Za-z_]\w*)((?:\.\w+|\[\s*(?:\d+|"[^"]*"|'[^']*')\s*\])*)$""")

Token = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Typed:
    """The word at a cursor: its start, its end, and its part before the cursor.

    `kind` says what it can be: a name at the start of a path, a member after a dot, a variable, or a constant; "" if
    only an operator can be written. `is_quoted`: it is the name of a member that begins with a quote.
    """

    kind: Literal["name", "member", "variable", "constant", ""]
    start: int
    end: int
    prefix: str
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class OpenCall:
    """The call of a function around a cursor, and the number of the argument."""

    name: str
    argument: int


@dataclass(frozen=True, slots=True)
class MemberLookUp:
    """A value whose members are looked up: its type, the whole tree, and the node of the look-up.

    With `is_top`, the names in scope are looked up.
    """

    type: Type
    is_top: bool
    tree: TreeNode
    node: TreeNode


class _FoundError(Exception):
    def __init__(self, seen: Seen) -> None:
        self.seen = seen


def _tokens(text: str) -> list[Token]:
    return [(match.lastgroup or "", *match.span()) for match in _TOKEN.finditer(text)]


def typed_at(text: str, offset: int) -> Typed:
    """The word at an offset of an expression."""
    before: list[Token] = []
    for kind, start, end in _tokens(text):
        if start > offset or (start == offset and kind in ("mark", "blank", "number")):
            break
        is_open = kind in ("raw", "literal", "quoted") and (end - start < 2 or text[end - 1] != text[start])
        if offset < end or (offset == end and (is_open or kind in ("word", "variable", "quoted"))):
            last = text[before[-1][1]] if before else ""
            if kind in ("raw", "literal"):
                return Typed("constant", start, end, text[start + 1 : offset])
            if kind == "quoted":
                return Typed("member" if last == "." else "name", start, end, text[start + 1 : offset], is_quoted=True)
            if kind == "variable":
                return Typed("variable", start, end, text[start:offset])
            if kind == "word":
                return Typed("member" if last == "." else "name", start, end, text[start:offset])
            if kind != "blank":
                return Typed("", offset, offset, "")
        if kind != "blank":
            before.append((kind, start, end))
    if not before:
        return Typed("name", offset, offset, "")
    kind, start, end = before[-1]
    last = text[start:end]
    if kind != "mark" or last in ")]}@*":
        return Typed("", offset, offset, "")
    if last == ".":
        return Typed("member", offset, offset, "")
    return Typed("name", offset, offset, "")


def _closed(text: str) -> str:
    """The closing brackets for those that a text leaves open."""
    still_open: list[str] = []
    for kind, start, _ in _tokens(text):
        if kind == "mark" and text[start] in _CLOSING:
            still_open.append(_CLOSING[text[start]])
        elif kind == "mark" and still_open and text[start] == still_open[-1]:
            still_open.pop()
    return "".join(reversed(still_open))


def _readable(text: str, start: int, end: int, written: str) -> Iterator[TreeNode]:
    """Trees of the text in which `written` replaces the part from `start` to `end`, and open brackets are closed."""
    before = text[:start] + written
    for whole in (before + text[end:], before + _closed(before), f"{before}{_closed(before)} in @"):
        tree = tree_of(whole)
        if tree is not None:
            yield tree


def _seen(tree: TreeNode, context: Type, wanted: Any) -> Seen | None:
    """The first node for which `wanted` returns true, with its inferred types."""

    def observe(seen: Seen) -> None:
        if wanted(seen):
            raise _FoundError(seen)

    try:
        infer(tree, context, observe)
    except _FoundError as found:
        return found.seen
    except (LookupError, ValueError, TypeError, RecursionError):  # unfinished calls have too few arguments
        return None
    return None


def looked_up(text: str, typed: Typed, context: Type) -> MemberLookUp | None:
    """The value whose members can be written at a word; None if its type is not known."""

    def is_here(seen: Seen) -> bool:
        return bool(seen.node["type"] == "field" and seen.node["value"] == _HERE)

    for tree in _readable(text, typed.start, typed.end, _HERE):
        found = _seen(tree, context, is_here)
        if found is not None:
            is_top = typed.kind == "name" and (found.current is context or _is_narrowed(found.current, context))
            return MemberLookUp(found.current, is_top, tree, found.node)
    marks = [
        start for kind, start, _ in _tokens(text[: typed.start]) if kind == "mark" and text[start] in "([{,|&=<>!:"
    ]
    for start in reversed(marks):
        part = tree_of(text[start + 1 : typed.start].lstrip("&|=<> ") + _HERE)
        found = None if part is None else _seen(part, context, is_here)
        if part is not None and found is not None:
            return MemberLookUp(found.current, typed.kind == "name", part, found.node)
    return None


def _is_narrowed(current: Type, context: Type) -> bool:
    """Returns whether a type is that of the names in scope, possibly narrowed by a condition."""
    own = {name for one in current.objects for name in one.properties}
    return bool(own) and own == {name for one in context.objects for name in one.properties}


def compared_with(text: str, typed: Typed, context: Type) -> tuple[str, ...]:
    """The known strings of the value with which the constant at the cursor is compared."""
    mark = f"'{_HERE}'"
    around: dict[int, list[Type]] = {}

    def is_compared(seen: Seen) -> bool:
        around.setdefault(id(seen.node), []).append(seen.current)
        return seen.node["type"] == "comparator" and any(child.get("value") == _HERE for child in seen.node["children"])

    for tree in _readable(text, typed.start, typed.end, mark):
        found = _seen(tree, context, is_compared)
        if found is None:
            continue
        number = 0 if found.node["children"][1].get("value") == _HERE else 1
        strings = found.operands[number].string
        known = None if strings is None else constants(Type(string=strings))
        step = last_step(found.node["children"][number])
        if known is None and step is not None:
            known = tuple(listed_strings(around.get(id(step), ()), step["value"]))
        return known or ()
    return ()


def seen_in(tree: TreeNode, context: Type) -> list[Seen]:
    """The parts of an expression in the order of evaluation, with their inferred types."""
    found: list[Seen] = []
    try:
        infer(tree, context, found.append)
    except (LookupError, ValueError, TypeError, RecursionError):
        return []
    return found


def call_at(text: str, offset: int) -> OpenCall | None:
    """The innermost call of a function around an offset."""
    calls: list[list[Any]] = []
    last = ""
    for kind, start, end in _tokens(text[:offset]):
        mark = text[start] if kind == "mark" else ""
        if mark in ("(", "[", "{") and mark:
            calls.append([last if mark == "(" else "", 0])
        elif mark in (")", "]", "}") and calls:
            calls.pop()
        elif mark == "," and calls:
            calls[-1][1] += 1
        elif (
            kind in ("raw", "literal", "quoted") and end == offset and (end - start < 2 or text[end - 1] != text[start])
        ):
            break
        if kind != "blank":
            last = text[start:end] if kind == "word" else ""
    return next((OpenCall(name, number) for name, number in reversed(calls) if name), None)


# Templates


def template_part(text: str, offset: int) -> tuple[int, int] | None:
    """The start and end of the text inside of the `{{ }}` or `{% %}` around an offset; None outside of them."""
    opening = None
    for found in _TEMPLATE.finditer(text, 0, offset):
        opening = found
    if opening is None or offset < opening.end():
        return None
    closing = "}}" if opening[0] == "{{" else "%}"
    end = text.find(closing, opening.end())
    if end != -1 and end < offset:
        return None
    following = text.find("{", opening.end())
    return opening.end(), end if end != -1 and not (offset <= following < end) else len(text)


def is_filter(text: str, typed: Typed) -> bool:
    """Returns whether the word in a part of a template is the name of a filter."""
    return text[: typed.start].rstrip().endswith("|")


def template_chain(text: str, end: int, context: Type) -> tuple[Type, str] | None:
    """The type of the value whose path in a template ends at an offset, and the same path as an expression."""
    found = _CHAIN.search(text[max(end - _MOST_BACK, 0) : end].rstrip())
    if found is None:
        return None
    type_, path = lookup(context, found[1]), found[1]
    for step in TEMPLATE_STEP.finditer(found[2]):
        name = step[1] or step[3] or step[4]
        if name is not None:
            type_ = lookup(type_, name)
            path += f'."{name}"'
        else:
            array = type_.parts.array
            if array is None:
                return None
            type_ = array.element()
            path += f"[{step[2]}]"
    return type_, path
