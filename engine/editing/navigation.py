"""Goes from names in rule files to their definitions and uses, and renames them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..diagnostics.problem import Place, Problem
from ..expressions.parser import parse
from ..expressions.tree import walk
from ..language.decoder import good_name, good_variable
from ..language.installed import beside, candidates, installed
from ..language.names import Use, definitions_and_uses
from ..source.homes import display_name
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ..source.paths import is_file
from ..source.project import PROJECT_FILE, Project
from ..source.scalars import resolve
from ..source.text import Source
from .cursor import Cursor, cursor_at, span_of
from .data import Edit, Location, Position, Span
from .described import described, steps_in, target_of
from .names import GLOBAL, Mention, Names, local_variables, mention_in, mention_of, settings_in
from .state import EditingState
from .tokens import Lexeme, lexed

__all__ = ["RenameError", "definition", "prepare_rename", "references", "rename"]

_NO_NAME = (
    "only names that rule files define can be renamed: of rules, routes, lets, tables, policies, settings, outputs"
)


class RenameError(ValueError):
    """A name cannot be renamed, or not to this one; the text says why."""


@dataclass(frozen=True, slots=True)
class _Named:
    """The name at a position, with its kind and its span."""

    kind: Literal["global", "root", "local", "member", "target", "file", ""]
    name: str = ""
    of: str = ""
    mention: Mention | None = None
    start: int = 0


def definition(state: EditingState, path: Path, position: Position) -> tuple[Location, ...]:
    """The definition of the name at a position: in the rules, as a member in a schema, or the file that it names."""
    cursor = cursor_at(state, path, position)
    if cursor is None or cursor.node is None:
        return ()
    named, names = _named(state, cursor), Names(state, cursor.path)
    match named.kind:
        case "global":
            found = [one for one, defines in names.everywhere(named.of, named.name, cursor.path).items() if defines]
        case "root" if named.mention is not None:
            found = list(names.definitions_of(named.mention)) or [
                one for one, defines in names.linked(named.mention).items() if defines
            ]
        case "local":
            found = _local(state, cursor, named.name)[:1]
        case "member" | "target":
            places = (_described(state, cursor, named, main) for main in names.mains)
            there = next((place for place in places if place is not None), None)
            return () if there is None else (there,)
        case "file":
            target = _file(state, cursor)
            top = Position(1, 1)
            return () if target is None else (Location(target, Span(top, top)),)
        case _:
            return ()
    return _locations(state, sorted(found, key=lambda one: (one.path != cursor.path, one)))


def references(
    state: EditingState, path: Path, position: Position, *, declaration: bool = True
) -> tuple[Location, ...]:
    """All places of the name at a position; without `declaration`, only its uses."""
    cursor = cursor_at(state, path, position)
    if cursor is None or cursor.node is None:
        return ()
    found = _mentions(state, cursor, _named(state, cursor))
    return _locations(state, sorted(one for one, defines in found.items() if declaration or not defines))


def prepare_rename(state: EditingState, path: Path, position: Position) -> Span:
    """The span of the name at a position that can be renamed. Raises RenameError."""
    cursor, named = _renamed(state, path, position)
    source = state.source(cursor.path)
    assert source is not None  # noqa: S101  there is a cursor in it
    if named.kind == "local":
        return cursor.span_of(named.start, named.start + len(named.name))
    assert named.mention is not None  # noqa: S101  of all others that can be renamed
    return span_of(source, named.mention.start, named.mention.end)


def rename(state: EditingState, path: Path, position: Position, new_name: str) -> tuple[Edit, ...]:
    """The edits that rename the name at a position everywhere. Raises RenameError."""
    cursor, named = _renamed(state, path, position)
    if new_name == named.name:
        return ()
    names = Names(state, cursor.path)
    _check_name(named, new_name)
    _check_taken(state, cursor, named, new_name, names)
    found = _mentions(state, cursor, named)
    for file in sorted({mention.path for mention in found}):
        if not any(file.is_relative_to(root) for root in state.roots):
            raise RenameError(f"{named.name!r} stands in {file} too, which is not part of this project")
        if state.present(file) is None:
            raise RenameError(f"{file.name} cannot be read as long as its YAML is broken")
    if named.of == "setting":
        _check_project_file(state, named.name)
    edits = tuple(Edit(location.path, location.span, new_name) for location in _locations(state, sorted(found)))
    _try(state, edits, found, new_name)
    return edits


# The name at a position


def _named(state: EditingState, cursor: Cursor) -> _Named:
    node, role = cursor.node, cursor.role
    assert node is not None  # noqa: S101  callers look for it
    if cursor.kind == "key":
        if role.names in GLOBAL:
            return _Named("global", node.text, role.names, mention_of(state, node))
        if role.names == "let":
            return _Named("root", node.text, "let", mention_of(state, node))
        return _Named("target", node.text) if role.names in ("field", "member") else _Named("")
    if cursor.kind == "value":
        if not isinstance(node.value, str):
            return _Named("")
        if role.refers in GLOBAL or role.defines == "rule":
            return _Named("global", node.text, role.refers or role.defines, mention_of(state, node))
        if role.defines == "root":
            return _Named("root", node.text, "let", mention_of(state, node))
        if role.refers in ("file", "mapping", "schema"):
            return _Named("file", node.text)
        return _Named("target", node.text) if role.key is not None and role.key.name == "element_of" else _Named("")
    if cursor.kind not in ("expression", "template"):
        return _Named("")
    for name, start, end in settings_in(node, cursor.kind == "expression"):
        if start <= cursor.offset <= end:
            return _Named("global", name, "setting", mention_in(state, node, start, end))
    lexeme = _lexeme(cursor)
    if lexeme is None:
        return _Named("")
    name = node.text[lexeme.start : lexeme.end].strip('$"')
    if lexeme.type == "variable" and name in local_variables(node) and not _is_root(node.text, lexeme):
        return _Named("local", name, "let", None, lexeme.start + 1)
    if lexeme.type in ("root", "variable"):
        return _Named("root", name, "let", mention_in(state, node, lexeme.start, lexeme.end))
    return _Named("member", name, "", None, lexeme.start) if lexeme.type == "member" else _Named("")


def _lexeme(cursor: Cursor) -> Lexeme | None:
    found = [one for one in lexed(cursor.text, cursor.role.scalar) if one.start <= cursor.offset <= one.end]
    words = [one for one in found if one.type in ("root", "member", "variable", "function")]
    return next(iter([*words, *found]), None)


def _is_root(text: str, lexeme: Lexeme) -> bool:
    return any(use.start == lexeme.start for use in parse(text).roots)


def _mentions(state: EditingState, cursor: Cursor, named: _Named) -> dict[Mention, bool]:
    """All places of a name; True for definitions."""
    names = Names(state, cursor.path)
    if named.kind == "global":
        return names.everywhere(named.of, named.name, cursor.path)
    if named.kind == "root" and named.mention is not None and named.name != "settings":
        return names.linked(named.mention)
    if named.kind == "local":
        first, *rest = _local(state, cursor, named.name)
        return {first: True, **dict.fromkeys(rest, False)}
    return {}


def _local(state: EditingState, cursor: Cursor, name: str) -> list[Mention]:
    """The places of a name that an expression itself binds, the binding first."""
    assert cursor.node is not None  # noqa: S101  callers look for it
    expression = parse(cursor.text)
    roots = {use.start for use in expression.roots}
    nodes = [node for node in walk(expression.tree) if node.get("value") == name and node["start"] not in roots]
    starts = [node["start"] for type_ in ("binding", "variable_ref") for node in nodes if node["type"] == type_]
    found = (mention_in(state, cursor.node, start, start + 1 + len(name)) for start in starts)
    return [one for one in found if one is not None]


def _locations(state: EditingState, mentions: Iterable[Mention]) -> tuple[Location, ...]:
    found = ((one, state.source(one.path)) for one in mentions)
    return tuple(Location(one.path, span_of(source, one.start, one.end)) for one, source in found if source is not None)


# Schemas and files


def _described(state: EditingState, cursor: Cursor, named: _Named, main: Path) -> Location | None:
    """The place in a schema that describes the member that a name stands for."""
    rulebook, node = state.draft(main), cursor.node
    if rulebook is None or node is None:
        return None
    if named.kind == "member":
        steps, schema = None, rulebook.schemas.get(rulebook.input.schema)
        for one in _same_nodes(state, main, node):
            steps = steps or steps_in(rulebook, one, named.start)
    else:
        keys = (*cursor.keys, named.name)
        tree = state.present(cursor.path)
        target = target_of(rulebook, keys, cursor.rule, lambda there: _has_each(tree, there))
        schema, steps = target if target is not None else (None, None)
    if schema is None or steps is None:
        return None
    with state.reading():
        found = described(schema, steps)
    place = None if found is None else found.place
    if place is None:
        return None
    path = next((path for path in schema.paths if display_name(path) == place.file), None)
    return None if path is None else Location(state.named(path), _span(place))


def _span(place: Place) -> Span:
    return Span(Position(place.line, place.column), Position(place.end_line, place.end_column))


def _same_nodes(state: EditingState, main: Path, node: ScalarNode) -> list[ScalarNode]:
    """The nodes of a mapping's rules at the place of a node of the tree."""
    rulebook = state.draft(main)
    uses = definitions_and_uses(rulebook) if rulebook is not None else ()
    own = node.source.path
    return [
        use.text.node
        for use in uses
        if isinstance(use, Use)
        and mention_of(state, use.text.node) == mention_of(state, node)
        and state.named(use.text.node.source.path or Path()) == own
    ]


def _has_each(tree: Node | None, keys: tuple[str | int, ...]) -> bool:
    for key in keys:
        if isinstance(tree, MappingNode) and isinstance(key, str):
            tree = tree.get(key)
        elif isinstance(tree, SequenceNode) and isinstance(key, int) and key < len(tree.items):
            tree = tree.items[key]
        else:
            return False
    return isinstance(tree, MappingNode) and tree.get("each") is not None


def _file(state: EditingState, cursor: Cursor) -> Path | None:
    """The file that a name refers to, if a check would read it."""
    assert cursor.node is not None  # noqa: S101  callers look for it
    name, folder = cursor.node.text, cursor.path.parent
    if cursor.role.refers == "schema":
        drafts = (state.draft(main) for main in state.mains(cursor.path))
        schemas = (draft.schemas.get(name) for draft in drafts if draft is not None)
        return next((state.named(schema.path) for schema in schemas if schema is not None), None)
    if cursor.role.refers == "mapping" and not name.startswith(".") and "/" not in name:
        tried = (*beside(cursor.path, name), installed(name))
    elif cursor.role.refers == "mapping":
        tried = candidates(folder / name)
    else:
        tried = (folder / name,)
    project = Project.around(folder)
    with state.reading():
        there = (path for path in tried if path is not None and is_file(path))
        # An installed mapping may be read wherever it lies.
        found = next((path for path in there if not project.refusal(path) or path == installed(name)), None)
    return None if found is None else state.named(found)


# Renaming


def _renamed(state: EditingState, path: Path, position: Position) -> tuple[Cursor, _Named]:
    cursor = cursor_at(state, path, position)
    if cursor is None:
        raise RenameError("this is no file of a mapping")
    if cursor.node is None and state.present(cursor.path) is None:
        raise RenameError(f"{cursor.path.name} cannot be read as long as its YAML is broken")
    named = _named(state, cursor) if cursor.node is not None else _Named("")
    if named.kind not in ("global", "root", "local") or (named.kind == "root" and named.name == "settings"):
        raise RenameError(_NO_NAME)
    if named.kind != "local" and not any(_mentions(state, cursor, named).values()):
        raise RenameError(f"no rule file defines {named.name!r}, so there is nothing to rename")
    return cursor, named


def _check_name(named: _Named, name: str) -> None:
    node = ScalarNode(Source("", name), 0, len(name), name, name, None)
    problems: list[Problem] = []
    what, is_root = f"the name of a {named.of}", named.of in ("setting", "table", "policy")
    is_good = (
        good_variable(node, what, problems) if named.of == "let" else good_name(node, what, problems, root=is_root)
    )
    if not is_good:
        raise RenameError(problems[0].message)
    if not isinstance(resolve(name), str):
        raise RenameError(f"YAML does not read {name} as a string")


def _check_taken(state: EditingState, cursor: Cursor, named: _Named, name: str, names: Names) -> None:
    if named.kind == "global":
        files = {one.path for one in _mentions(state, cursor, named)}
        taken = next((there for file in files if (there := names.taken(named.of, name, file))), None)
        if taken is not None:
            (place,) = _locations(state, [taken])
            raise RenameError(f"the {named.of} {name!r} is there already: {place.path.name}:{place.span.start.line}")
    elif any(names.has_root(name, file) for file in {one.path for one in _mentions(state, cursor, named)}):
        raise RenameError(f"the name {name!r} is taken in expressions of this mapping")


def _check_project_file(state: EditingState, setting: str) -> None:
    for root in state.roots:
        for folder in (root, *root.parents):
            text = state.text(folder / PROJECT_FILE) if is_file(folder / PROJECT_FILE) else None
            if text is not None and re.search(rf"\b{re.escape(setting)}\b", text):
                raise RenameError(f"{PROJECT_FILE} gives the setting {setting!r} too: rename it there by hand first")


def _try(state: EditingState, edits: tuple[Edit, ...], mentions: Iterable[Mention], name: str) -> None:
    """Raises RenameError if the edits cause an error."""
    files = {edit.path for edit in edits}
    texts = {path: state.text(path) or "" for path in files}
    opened = {path for path in files if path in state.opened}
    before = _errors(state, files)
    try:
        for path, text in texts.items():
            new = text
            for one in sorted((one for one in mentions if one.path == path), reverse=True):
                new = new[: one.start] + name + new[one.end :]
            state.open(path, new)
        after = _errors(state, files)
    finally:
        for path, text in texts.items():
            if path in opened:
                state.open(path, text)
            else:
                state.close(path)
    for (path, code), message in after.items():
        if (path, code) not in before:
            raise RenameError(f"it would cause an error in {path.name}: {message}")


def _errors(state: EditingState, files: set[Path]) -> dict[tuple[Path, str], str]:
    found: Counter[tuple[Path, str]] = Counter()
    messages = {}
    problems = {file: made for path in sorted(files) for file, made in state.diagnostics(path).items()}
    for file, made in problems.items():
        for problem in made:
            found[file, problem.code] += 1
            messages[file, f"{problem.code} {found[file, problem.code]}"] = problem.message
    return messages
