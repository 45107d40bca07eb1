"""The texts that can be written in an expression or a template: members, names in scope, functions, constants."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..expressions.parser import tree_of
from ..functions.table import FUNCTIONS
from ..templates.filters import FILTERS
from ..templates.jinja import TESTS
from ..types.types import Type, lookup, without_null
from .analysis import Analysis
from .data import CompletionKind
from .members import KnownMember, members_of, quoted_name, type_words
from .patterns import pattern_of, pattern_where
from .samples import ELEMENT, Pattern
from .scopes import Context
from .unfinished import Typed, compared_with, is_filter, looked_up, template_chain, template_part, typed_at

__all__ = ["Insertion", "in_expression", "in_template", "member_text"]

_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)\s*=(?!=)")
_WORD_BEFORE = re.compile(r"[A-Za-z_]\w*$")
_WORD_AFTER = re.compile(r"\w*")
_FUNCTIONS_LAST = 1_000
_LONGEST_WORD = 300
_MOST_CONSTANTS = 200
_MOST_MEMBERS = 1_000


@dataclass(frozen=True, slots=True)
class Insertion:
    """A text that can stand from `start` to `end` of an expression or a template."""

    label: str
    kind: CompletionKind
    start: int
    end: int
    text: str
    detail: str = ""
    documentation: str = ""
    rank: int = 0


def in_expression(analysis: Analysis, context: Context, text: str, offset: int) -> Iterator[Insertion]:
    """The texts that can be written at an offset of an expression."""
    typed = typed_at(text, offset)
    if typed.kind == "constant":
        yield from _constants(context, text, typed)
    elif typed.kind == "variable":
        names = dict.fromkeys(match[1] for match in _VARIABLE.finditer(text, 0, typed.start))
        for name in names:
            yield Insertion(f"${name}", "root", typed.start, typed.end, f"${name}", "let of this expression")
        for rank, member in enumerate(_roots(analysis, context, context.type), 1):
            label = f"${member.name}"
            yield Insertion(label, "root", typed.start, typed.end, label, member.detail, member.text, rank)
    elif typed.kind:
        yield from _names(analysis, context, text, typed)


def _names(analysis: Analysis, context: Context, text: str, typed: Typed) -> Iterator[Insertion]:
    """The members or names that can stand where the word at the cursor does."""
    there = looked_up(text, typed, context.type)
    if there is not None and there.is_top:
        found = _roots(analysis, context, there.type)
        kind: CompletionKind = "root"
    elif there is not None:
        pattern = pattern_where(there.tree, there.node, context.patterns)
        found = _members(analysis, there.type, pattern)
        kind = "member"
    else:
        found = _roots(analysis, context, context.type) if typed.kind == "name" else []
        kind = "root"
    for member in found:
        written = quoted_name(member.name)
        if typed.is_quoted:
            written = json.dumps(member.name, ensure_ascii=False)
        yield Insertion(member.name, kind, typed.start, typed.end, written, member.detail, member.text, member.rank)
    if typed.kind == "name" and not typed.is_quoted:
        yield from functions(typed.start, typed.end)


def functions(start: int, end: int) -> Iterator[Insertion]:
    """All functions."""
    for rank, function in enumerate(FUNCTIONS.values(), _FUNCTIONS_LAST):
        yield Insertion(
            function.name, "function", start, end, f"{function.name}(", function.signature, function.description, rank
        )


@dataclass(frozen=True, slots=True)
class _Ranked:
    name: str
    type: Type
    text: str
    rank: int

    @property
    def detail(self) -> str:
        return type_words(self.type)


def _roots(analysis: Analysis, context: Context, type_: Type) -> list[_Ranked]:
    """The names in scope: elements first, then the input, then others; of these, the innermost first."""
    names = list(dict.fromkeys(name for one in type_.objects for name in one.properties))
    known = {member.name: member for member in members_of(type_, analysis.schemas)}

    def key(name: str) -> int:
        pattern = context.patterns.get(name)
        return 2 if pattern is None else 1 if not pattern else 0 if pattern[-1] == ELEMENT else 2

    found = []
    innermost_first = names[::-1]
    for rank, name in enumerate(sorted(innermost_first, key=key)):
        if name in known:
            share = _share(analysis, context.patterns.get(name))
            found.append(_Ranked(name, known[name].type, _about(known[name], share), rank))
    return found


def _members(analysis: Analysis, type_: Type, pattern: Pattern | None) -> list[_Ranked]:
    """The members of a type: required ones first, then those that most samples have, then by name.

    If the type allows others, those that samples have are among them.
    """
    members = {member.name: member for member in members_of(type_, analysis.schemas)}
    there = without_null(type_)
    for name in analysis.samples.names.get(pattern, ()) if pattern is not None else ():
        if name not in members and any(one.knows(name) for one in there.objects) and len(members) < _MOST_MEMBERS:
            members[name] = KnownMember(name, lookup(there, name), False, "")
    counts = analysis.samples.counts

    def key(member: KnownMember) -> tuple[bool, int, str]:
        return not member.is_required, 0 if pattern is None else -counts[*pattern, member.name], member.name

    return [
        _Ranked(member.name, member.type, member_text(analysis, member, pattern), rank)
        for rank, member in enumerate(sorted(members.values(), key=key))
    ]


def _share(analysis: Analysis, pattern: Pattern | None) -> str:
    return analysis.samples.share(pattern) if pattern else ""


def _about(member: KnownMember, share: str) -> str:
    return "\n\n".join(filter(None, (member.description, share and f"{share[0].upper()}{share[1:]}.")))


def member_text(analysis: Analysis, member: KnownMember, pattern: Pattern | None) -> str:
    """The type, frequency and description of a member of the value at a pattern."""
    return _about(member, "" if pattern is None else _share(analysis, (*pattern, member.name)))


def _constants(context: Context, text: str, typed: Typed) -> Iterator[Insertion]:
    """The strings that a value can be compared with."""
    for rank, value in enumerate(compared_with(text, typed, context.type)[:_MOST_CONSTANTS]):
        written = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        yield Insertion(value, "value", typed.start, typed.end, written, rank=rank)


# Templates


def in_template(analysis: Analysis, context: Context, text: str, offset: int) -> Iterator[Insertion]:
    """The texts that can be written at an offset of a template; none outside of braces."""
    part = template_part(text, offset)
    if part is None:
        return
    begin, _ = part
    before = _WORD_BEFORE.search(text, max(begin, offset - _LONGEST_WORD), offset)
    start = before.start() if before is not None else offset
    after = _WORD_AFTER.match(text, offset)
    end = after.end() if after is not None else offset
    lead = text[begin:start]
    typed = Typed("name", start - begin, end - begin, text[start:offset])
    if lead.count("'") % 2 or lead.count('"') % 2:
        return
    if is_filter(text[begin:], typed):
        for rank, (name, (_, least, most)) in enumerate(FILTERS.items()):
            arguments = f"{least}" if least == most else f"{least} or {most}"
            detail = f"filter with {arguments} argument{'' if most == 1 else 's'}" if most else "filter"
            yield Insertion(name, "function", start, end, f"{name}(" if least else name, detail, rank=rank)
    elif re.search(r"\bis\s+(?:not\s+)?$", lead):
        for rank, name in enumerate(TESTS):
            yield Insertion(name, "function", start, end, name, "test", rank=rank)
    elif lead.rstrip().endswith("."):
        dot = begin + len(lead.rstrip()) - 1
        found = template_chain(text[:dot], dot, context.type)
        if found is not None:
            type_, path = found
            tree = tree_of(path)
            pattern = None if tree is None else pattern_of(tree, context.patterns)
            for member in _members(analysis, type_, pattern):
                plain = quoted_name(member.name) == member.name
                written = member.name if plain else f"[{json.dumps(member.name, ensure_ascii=False)}]"
                first = start if plain else dot
                yield Insertion(member.name, "member", first, end, written, member.detail, member.text, member.rank)
    else:
        for member in _roots(analysis, context, context.type):
            yield Insertion(member.name, "root", start, end, member.name, member.detail, member.text, member.rank)
