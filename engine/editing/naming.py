"""Keys and values that can be written at a place of a file: declared ones, and names of the project."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from .. import checks  # noqa: F401 - their modules declare codes
from ..diagnostics.catalogue import CATALOGUE, is_settable
from ..inference.facts import LookUp
from ..inference.fields import setting_type
from ..language import kinds
from ..language.keys import Form, Key
from ..language.rulebook import Field, Output, Route, Setting, Table
from ..source.homes import MAPPINGS, SCHEMAS
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ..types.types import Type, constants, without_null
from .analysis import Analysis
from .cursor import Cursor, offset_of
from .data import CompletionKind
from .members import KnownMember, members_of, type_words
from .scopes import GivenNodes
from .state import EditingState
from .targets import target_at

__all__ = ["Name", "code_names", "keys_at", "kind_words", "output_words", "values_at"]

_MOST_FILES = 300
_MOST_BACK = 2_000
_KEY = re.compile(r"(?:^|,)\s*[\"']?([\w $-]+?)[\"']?\s*:(?=\s)")
_MOST_CONSTANTS = 200
_KINDS: dict[type, CompletionKind] = {Table: "table", Setting: "setting", Field: "root"}


class Name(NamedTuple):
    """A name or another value that can be written."""

    value: Any
    kind: CompletionKind
    detail: str = ""
    documentation: str = ""


def code_names(*, settable: bool = False) -> Iterator[Name]:
    """The codes of problems; with `settable`, of those whose severity a mapping can set."""
    for code, entry in sorted(CATALOGUE.items()):
        if not settable or is_settable(code):
            yield Name(code, "code", entry.severity, entry.title)


# Keys


def keys_at(state: EditingState, cursor: Cursor, analysis: Analysis | None) -> Iterator[Name]:
    """The keys that can be added to the object at a cursor, the best ones first."""
    tree = state.tree(cursor.path)
    given = _given(tree, cursor.keys)
    present = set(given.own.keys()) if isinstance(given.own, MappingNode) else set[str]()
    source = state.source(cursor.path)
    if source is not None and (given.own is None or state.latest(cursor.path) is None):
        begin = 0 if given.own is None else source.line_start(cursor.span.start.line)
        before = _before_in_braces(source.text[begin : offset_of(source, cursor.span.start)])
        present = present if before is None else before
    present.discard(cursor.text)  # the key at the cursor itself
    names = _named_keys(state, cursor, analysis, given)
    yield from (name for name in names if name.value not in present)
    form = cursor.role.form
    if form is not None:
        for key in sorted(form.keys.values(), key=_order):
            if key.name not in present and _fits(form, key, present):
                yield Name(key.name, "key", kind_words(key), key.description)


def _before_in_braces(text: str) -> set[str] | None:
    """The keys before the end of a text in the braces that it leaves open; None if there are none."""
    inner, kept = 0, list[str]()
    for character in reversed(text[-_MOST_BACK:]):
        if character in "}]":
            inner += 1
        elif character in "{[" and not inner:
            return set(_KEY.findall("".join(reversed(kept))))
        elif character in "{[":
            inner -= 1
        elif not inner:
            kept.append(character)
    return None


def _given(tree: Node | None, steps: tuple[str | int, ...]) -> GivenNodes:
    given = GivenNodes(tree)
    for step in steps:
        given = given.below(step)
    return given


def _fits(form: Form, key: Key, present: set[str]) -> bool:
    """Returns whether a key can be added to those that are present."""
    if key.only_with and key.only_with not in present:
        return False
    chosen = present.intersection(form.choices)
    return key.role != "choice" or not chosen or (key.name == "fields" and chosen == {"each"})


def _order(key: Key) -> int:
    """The rank of a key: required ones come first, then choices, then the others, in the order of declaration."""
    return 0 if key.required and not key.role else 1 if key.role == "choice" else 2


def kind_words(key: Key) -> str:
    """The kind of the values of a key in words, without the links of the reference."""
    text = key.kind.words
    while "](" in text:
        before, _, rest = text.partition("](")
        text = before.replace("[", "", 1) + rest.partition(")")[2]
    return text.replace("`", "")


def _named_keys(state: EditingState, cursor: Cursor, analysis: Analysis | None, given: GivenNodes) -> Iterator[Name]:
    """The names that the keys of the object at a cursor can be, if it is one with names as keys."""
    names, keys = cursor.role.names, cursor.keys
    if names == "code":
        yield from code_names(settable=True)
    if analysis is None:
        return
    rulebook = analysis.rulebook
    if names == "field" and (target := target_at(analysis, state.tree(cursor.path), keys)) is not None:
        yield from _targets(members_of(target, analysis.schemas))
    elif names == "setting" and cursor.role.names_refer:
        yield from (_setting(one) for one in rulebook.settings.values())
    elif names == "member" and keys[0] == "outputs":
        output = rulebook.outputs.get(str(keys[1]))
        whole = analysis.schema_type(None if output is None else output.schema)
        found = members_of(whole, analysis.schemas)
        yield from _targets(one for one in found if one.type.kinds & {"array", "object"})
    elif names == "entry" and (looked_up := _table_input(analysis, given)) is not None:
        for value in (constants(without_null(looked_up)) or ())[:_MOST_CONSTANTS]:
            yield Name(value if isinstance(value, str) else str(value), "value")
    elif len(keys) == 1 and _extends(state, analysis):
        yield from _changeable(analysis, str(keys[0]))


def _extends(state: EditingState, analysis: Analysis) -> bool:
    """Returns whether a mapping extends another one."""
    tree = state.tree(analysis.main)
    return tree is not None and tree.get("extends") is not None


def _targets(members: Any) -> Iterator[Name]:
    """The names of fields, the required ones first."""

    def optional(member: KnownMember) -> bool:
        return not member.is_required

    for member in sorted(members, key=optional):
        words = type_words(without_null(member.type))
        yield Name(member.name, "target", f"{words}, required" if member.is_required else words, member.description)


def _table_input(analysis: Analysis, given: GivenNodes) -> Type | None:
    """The type of the values that are looked up in the table whose entries are at a place."""
    for fact in analysis.flow.of(LookUp):
        entries = fact.table.node.get("entries") if isinstance(fact.table.node, MappingNode) else None
        if entries is not None and given.own is not None and _stands_at(entries) == _stands_at(given.own):
            return fact.type
    return None


def _stands_at(node: Node) -> tuple[int, int]:
    """The line and column of a node, which are the same in all versions of its text that have it."""
    return node.place.line, node.place.column


def _changeable(analysis: Analysis, key: str) -> Iterator[Name]:
    """The parts of the mapping that a workspace can change."""
    rulebook = analysis.rulebook
    named: dict[str, Mapping[str, Any]] = {
        "outputs": rulebook.outputs,
        "routes": rulebook.routes,
        "tables": rulebook.tables,
        "policies": rulebook.policies,
        "let": {field.name or "": field for field in rulebook.let},
    }
    for name, part in named.get(key, {}).items():
        yield Name(name, _KINDS.get(type(part), "value"), "", getattr(part, "description", None) or "")


def _setting(setting: Setting) -> Name:
    return Name(setting.name, "setting", type_words(setting_type(setting)), setting.description or "")


# Values


def values_at(state: EditingState, cursor: Cursor, analysis: Analysis | None) -> Iterator[Name]:
    """The values that can be written at a cursor, the best ones first."""
    key = cursor.role.key
    yield from _referred(state, cursor, analysis)
    if analysis is not None:
        yield from _known_values(state, cursor, analysis)
    if key is not None and not cursor.role.refers and cursor.role.scalar == "value":
        kind = key.kind
        values: list[Any] = [*kind.choices, *kind.schema.get("enum", ())]
        values += [True, False] if kind is kinds.FLAG else []
        values += [one for one in key.examples if isinstance(one, str)]
        for value in dict.fromkeys(values):
            yield Name(value, "value", "the default" if value == key.default and not key.required else "")


def _referred(state: EditingState, cursor: Cursor, analysis: Analysis | None) -> Iterator[Name]:
    """The names that a value of this role can be."""
    folder = cursor.path.parent
    match cursor.role.refers:
        case "mapping":
            yield from _mappings(state, cursor.path)
        case "schema":
            yield from _schemas(folder)
        case "file" if cursor.keys[-1] == "input_file":
            yield from _files(folder, "**/*.json", "")
        case "file":
            yield from _parts_beside(state, cursor)
        case "code":
            yield from code_names()
        case "rule":
            yield from _rules(state, cursor, analysis)
        case kind if analysis is not None:
            rulebook = analysis.rulebook
            named: dict[str, Mapping[Any, Any]] = {
                "route": rulebook.routes,
                "output": rulebook.outputs,
                "table": rulebook.tables,
                "policy": rulebook.policies,
            }
            for name, part in named.get(kind, {}).items():
                description = getattr(part, "description", None) or ""
                yield Name(name, _KINDS.get(type(part), "value"), _detail(part), description)


def _known_values(state: EditingState, cursor: Cursor, analysis: Analysis) -> Iterator[Name]:
    """The values that the type of the setting or of the output allows at the cursor."""
    keys, type_ = cursor.keys, None
    if len(keys) > 1 and keys[-2] == "settings":
        setting = analysis.rulebook.settings.get(str(keys[-1]))
        type_ = None if setting is None else setting_type(setting)
    elif keys and keys[-1] in ("const", "default"):
        type_ = target_at(analysis, state.tree(cursor.path), keys)
    elif len(keys) > 1 and keys[-2] == "entries":
        type_ = target_at(analysis, state.tree(cursor.path), keys[:-2])
    elif keys and keys[-1] == "element_of":
        output = analysis.rulebook.outputs.get(str(keys[1]))
        members = members_of(analysis.schema_type(None if output is None else output.schema), analysis.schemas)
        yield from _targets(one for one in members if "array" in one.type.kinds)
    elif cursor.role.defines == "rule" and _extends(state, analysis):
        yield from _rules(state, cursor, analysis)
    for value in (constants(without_null(type_)) or ())[:_MOST_CONSTANTS] if type_ is not None else ():
        yield Name(value, "value")


def _detail(part: Any) -> str:
    match part:
        case Route():
            return f"each {part.each.text}"
        case Output():
            return output_words(part)
    return ""


def output_words(output: Output) -> str:
    """The method and the path of the requests of an output."""
    node = output.request.path.node if output.request.path is not None else None
    return f"{output.request.method} {node.text}" if isinstance(node, ScalarNode) else output.request.method


def _rules(state: EditingState, cursor: Cursor, analysis: Analysis | None) -> Iterator[Name]:
    """The rules of all files of the mapping except the one at the cursor, abstract ones included."""
    sources = () if analysis is None else tuple(analysis.rulebook.sources.values())
    names: dict[str, Name] = {}
    own = () if cursor.role.defines else (cursor.path,)  # those that are changed are inherited
    others = (one.path for one in sources if one.path is not None and (own or one.path != cursor.path))
    for path in dict.fromkeys((*own, *others)):
        tree = state.tree(path)
        rules = tree.get("rules") if tree is not None else None
        for rule in rules.items if isinstance(rules, SequenceNode) else ():
            name = rule.get("rule") if isinstance(rule, MappingNode) else None
            description = rule.get("description") if isinstance(rule, MappingNode) else None
            if isinstance(name, ScalarNode) and name.text not in ("", cursor.rule):
                text = description.text if isinstance(description, ScalarNode) else ""
                names.setdefault(name.text, Name(name.text, "rule", path.name, text))
    yield from names.values()


# Files


def _mappings(state: EditingState, path: Path) -> Iterator[Name]:
    for found in sorted(MAPPINGS.glob("*/v*/mapping.yaml")):
        major = found.parent.name[1:]
        if major.isdecimal():
            yield Name(f"{found.parent.parent.name}@{major}", "value", "installed mapping")
    for found in islice(state.files(), _MOST_FILES):
        if found.name == "mapping.yaml" and found != path:
            relative = Path(os.path.relpath(found.parent, path.parent)).as_posix()
            yield Name(relative if relative.startswith(".") else f"./{relative}", "value", "mapping")


def _schemas(folder: Path) -> Iterator[Name]:
    yield from _files(folder, "**/*.schema.json", "./")
    for path in sorted(SCHEMAS.rglob("*.schema.json")):
        name = path.relative_to(SCHEMAS)
        if name.parts[0] != "moemap":
            yield Name(name.as_posix(), "value", "installed schema")


def _parts_beside(state: EditingState, cursor: Cursor) -> Iterator[Name]:
    tree, folder = state.tree(cursor.path), cursor.path.parent
    include = tree.get("include") if tree is not None else None
    items = include.items if isinstance(include, SequenceNode) else ()
    there = {item.text for item in items if isinstance(item, ScalarNode)}
    for path in state.files():
        if path != cursor.path and path.is_relative_to(folder) and state.kind(path) == "part":
            name = path.relative_to(folder).as_posix()
            if name not in there:
                yield Name(name, "value", "part")


def _files(folder: Path, pattern: str, lead: str) -> Iterator[Name]:
    for path in islice(sorted(folder.glob(pattern)), _MOST_FILES):
        yield Name(f"{lead}{path.relative_to(folder).as_posix()}", "value", "file")
