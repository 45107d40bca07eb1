"""The names in rule files and test files: their definitions and uses in all files of the mappings that have them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..expressions.parser import parse
from ..expressions.syntax_errors import ExpressionError
from ..expressions.tree import walk
from ..language.names import Definition, Use, definitions_and_uses
from ..language.rulebook import Expr, Rulebook
from ..source.nodes import MappingNode, Node, ScalarNode
from ..source.scalars import character_spans
from .roles import ROOTS, RoleNode, parts_of
from .state import EditingState
from .tokens import lexed

__all__ = ["GLOBAL", "Mention", "Names", "local_variables", "mention_in", "mention_of", "settings_in"]

GLOBAL = frozenset({"rule", "route", "output", "table", "policy", "setting"})
"""The kinds of names that are unique in a mapping."""

_SETTING = re.compile(r"""\s*(?:\.\s*"?([A-Za-z_]\w*)"?|\[\s*['"]([A-Za-z_]\w*)['"]\s*\])""", re.ASCII)
_Id = tuple[str | int, ...]


class Mention(NamedTuple):
    """The place of a name: offsets in the text of a file, without quotes and `$`."""

    path: Path
    start: int
    end: int


@dataclass(slots=True)
class _File:
    """The names in one file: those of global kinds, and definitions of names in expressions by their place."""

    found: dict[tuple[str, str], list[tuple[Mention, bool]]] = field(default_factory=lambda: defaultdict(list))
    roots: dict[_Id, list[tuple[str, Mention]]] = field(default_factory=lambda: defaultdict(list))
    rules: dict[str, list[MappingNode]] = field(default_factory=lambda: defaultdict(list))
    texts: list[tuple[RoleNode, _Id]] = field(default_factory=list)


class Names:
    """The names in the present files of a state."""

    def __init__(self, state: EditingState, path: Path) -> None:
        self.state = state
        self.mains = tuple(dict.fromkeys((*state.mains(path), *state.mappings())))
        self._files: dict[Path, _File] = {}
        self._edges: dict[Path, dict[Mention, set[Mention]]] = {}
        self._of_main: dict[Path, tuple[Path, ...]] = {}

    def files_of(self, main: Path) -> tuple[Path, ...]:
        """The rule files and test files of a mapping."""
        if main not in self._of_main:
            self._of_main[main] = tuple(dict.fromkeys((*self.state.sources(main), *self.state.tests(main))))
        return self._of_main[main]

    def mains_of(self, path: Path) -> Iterator[Path]:
        """The mappings and workspaces that a file belongs to."""
        return (main for main in self.mains if path in self.files_of(main))

    def file(self, path: Path) -> _File:
        """The names in a file."""
        if path not in self._files:
            tree = self.state.present(path)
            self._files[path] = self.state.made("names", path, tree, lambda: _read(self.state, path))
        return self._files[path]

    def everywhere(self, kind: str, name: str, path: Path) -> dict[Mention, bool]:
        """All places of a global name of a file, in all mappings that share it; True for definitions."""
        found: dict[Mention, bool] = {}
        pending, seen = [path], {path}
        while pending:
            file = pending.pop()
            mentions = self.file(file).found.get((kind, name), ())
            found.update(mentions)
            if mentions or file == path:
                for main in self.mains_of(file):
                    new = [one for one in self.files_of(main) if one not in seen]
                    seen.update(new)
                    pending += new
        return found

    def taken(self, kind: str, name: str, path: Path) -> Mention | None:
        """The definition of a global name in one of the mappings that share files with this one."""
        return next((mention for mention, defines in self.everywhere(kind, name, path).items() if defines), None)

    # Names in expressions

    def linked(self, start: Mention) -> dict[Mention, bool]:
        """All places of a name in expressions, found from one of them; True for definitions."""
        found = {start}
        pending = [start]
        while pending:
            mention = pending.pop()
            for main in self.mains_of(mention.path):
                new = self.edges(main).get(mention, set()) - found
                found |= new
                pending += new
        definitions = {one for file in {mention.path for mention in found} for one in self.defined_in(file)}
        return {mention: mention in definitions for mention in found}

    def definitions_of(self, mention: Mention) -> set[Mention]:
        """The definitions that a name in an expression refers to, in all mappings that have it."""
        near = {one for main in self.mains_of(mention.path) for one in self.edges(main).get(mention, ())}
        return near & {one for file in {one.path for one in near} for one in self.defined_in(file)}

    def defined_in(self, path: Path) -> Iterator[Mention]:
        """The definitions of names in expressions in a file."""
        return (mention for found in self.file(path).roots.values() for _, mention in found)

    def has_root(self, name: str, path: Path) -> bool:
        """Returns whether an expression of a mapping with this file may read or define a name."""
        for main in self.mains_of(path):
            rulebook = self.state.draft(main)
            items = definitions_and_uses(rulebook) if rulebook is not None else ()
            if any(isinstance(item, Definition) and item.name == name for item in items):
                return True
            for file in self.files_of(main):
                if any(name == one for found in self.file(file).roots.values() for one, _ in found):
                    return True
                if any(name in local_variables(part.node) for part, _ in self.file(file).texts):
                    return True
        return False

    def edges(self, main: Path) -> dict[Mention, set[Mention]]:
        """The places of names of a mapping by the places of the same name: uses, definitions, merged definitions."""
        if main not in self._edges:
            # A draft is made anew when any of its files changes.
            rulebook = self.state.draft(main)
            self._edges[main] = self.state.made("edges", main, rulebook, lambda: self._edges_of(main, rulebook))
        return self._edges[main]

    def _edges_of(self, main: Path, rulebook: Rulebook | None) -> dict[Mention, set[Mention]]:
        edges: dict[Mention, set[Mention]] = defaultdict(set)
        for one, other in (
            *(self.resolved(rulebook) if rulebook is not None else ()),
            *self.merged(main),
            *self.unresolved(main, rulebook),
        ):
            edges[one].add(other)
            edges[other].add(one)
        return edges

    def resolved(self, rulebook: Rulebook) -> Iterator[tuple[Mention, Mention]]:
        for use in definitions_and_uses(rulebook):
            if not isinstance(use, Use):
                continue
            roots = use.text.expression.roots if isinstance(use.text, Expr) else use.text.template.roots
            for root in roots:
                definition = use.roots.get(root.name)
                there = None if definition is None else self.defining(definition)
                here = mention_in(self.state, use.text.node, root.start, root.end)
                if there is not None and here is not None:
                    yield here, there

    def defining(self, definition: Definition) -> Mention | None:
        """The place of the name of a definition; None if it is not written."""
        node: Node | None = definition.name_node
        if definition.kind == "the input":
            node = definition.node.get("as") if isinstance(definition.node, MappingNode) else None
        return mention_of(self.state, node) if isinstance(node, ScalarNode) and node.text == definition.name else None

    def merged(self, main: Path) -> Iterator[tuple[Mention, Mention]]:
        """Pairs of definitions at the same place of a rule and its changes in workspaces or rules that extend it."""
        firsts: dict[tuple[_Id, str], Mention] = {}
        for file in self.files_of(main):
            for place, found in self.file(file).roots.items():
                for name, mention in found:
                    for id_ in (place, *self.inherited(main, place)):
                        first = firsts.setdefault((id_, name), mention)
                        if first != mention:
                            yield first, mention

    def inherited(self, main: Path, place: _Id) -> Iterator[_Id]:
        """The same place in the rules that the rule around it extends."""
        if place[:1] == ("rules",) and len(place) > 1:
            for base in self.bases(main, str(place[1])):
                yield ("rules", base, *place[2:])

    def bases(self, main: Path, rule: str) -> list[str]:
        """The names of the rules that a rule extends, directly and further on."""
        found: list[str] = []
        pending = [rule]
        while pending:
            name = pending.pop()
            for node in (node for file in self.files_of(main) for node in self.file(file).rules.get(name, ())):
                extends = node.get("extends")
                if isinstance(extends, ScalarNode) and extends.text not in (*found, rule):
                    found.append(extends.text)
                    pending.append(extends.text)
        return found

    def unresolved(self, main: Path, rulebook: Rulebook | None) -> Iterator[tuple[Mention, Mention]]:
        """The names in rules that are not in the Rulebook, such as abstract ones that no rule extends."""
        items = definitions_and_uses(rulebook) if rulebook is not None else ()
        known = {mention_of(self.state, use.text.node) for use in items if isinstance(use, Use)}
        defined: dict[_Id, list[tuple[str, Mention]]] = defaultdict(list)
        for file in self.files_of(main):
            for place, found in self.file(file).roots.items():
                defined[place] += found
        for file in self.files_of(main):
            for part, id_ in self.file(file).texts:
                if not isinstance(part.node, ScalarNode) or mention_of(self.state, part.node) in known:
                    continue
                for lexeme in lexed(part.node.text, part.role.scalar):
                    if lexeme.type not in ("root", "variable"):
                        continue
                    here = mention_in(self.state, part.node, lexeme.start, lexeme.end)
                    name = part.node.text[lexeme.start : lexeme.end].strip('$"')
                    for place in self.scopes(main, id_):
                        there = [one for known_as, one in defined.get(place, ()) if known_as == name]
                        if there and here is not None:
                            yield here, there[0]
                            break

    def scopes(self, main: Path, place: _Id) -> Iterator[_Id]:
        """The places where a name that is read at a place can be defined, the nearest first."""
        for length in range(len(place), 0, -1):
            for id_ in (place[:length], *self.inherited(main, place[:length])):
                yield from ((*id_, key) for key in ("let", "as", "key", "index"))
        if place[:1] == ("rules",) and len(place) > 1:
            for name in (str(place[1]), *self.bases(main, str(place[1]))):
                for node in (node for file in self.files_of(main) for node in self.file(file).rules.get(name, ())):
                    if isinstance(route := node.get("route"), ScalarNode):
                        yield from (("routes", route.text, key) for key in ("let", "as", "key", "index"))
        yield from (("let",), ("input", "as"))


def _read(state: EditingState, path: Path) -> _File:
    file, kind, tree = _File(), state.kind(path), state.present(path)
    if kind is None or tree is None:
        return file
    names: dict[_Id, str] = {}
    for part in parts_of(tree, ROOTS[kind]):
        role, node = part.role, part.node
        if role.form is not None and role.form.name == "rule" and isinstance(node, MappingNode) and not part.is_key:
            name = node.get("rule")
            if isinstance(name, ScalarNode):
                names[part.keys] = name.text
                file.rules[name.text].append(node)
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str) or node.style is None:
            continue
        rule = names.get(part.keys[:2])
        id_ = part.keys if rule is None else ("rules", rule, *part.keys[2:])
        mention = mention_of(state, node)
        if part.is_key:
            if role.names in GLOBAL:
                file.found[role.names, node.text].append((mention, not role.names_refer))
            elif role.names == "let":
                file.roots[id_[:-1]].append((node.text, mention))
        elif role.refers in GLOBAL or role.defines == "rule":
            file.found[role.refers or role.defines, node.text].append((mention, bool(role.defines)))
        elif role.defines == "root":
            file.roots[id_].append((node.text, mention))
        elif role.scalar != "value":
            file.texts.append((part, id_[:-1]))
            for name_, start, end in settings_in(node, role.scalar == "expression"):
                if (used := mention_in(state, node, start, end)) is not None:
                    file.found["setting", name_].append((used, False))
    return file


def settings_in(node: ScalarNode, is_expression: bool) -> Iterator[tuple[str, int, int]]:
    """The names of settings in an expression or template, with their offsets in its text."""
    text = node.text
    for lexeme in lexed(text, "expression" if is_expression else "template") if "settings" in text else ():
        is_root = lexeme.type == "root" or (is_expression and lexeme.type == "variable")
        if is_root and text[lexeme.start : lexeme.end].strip('$"') == "settings":
            found = _SETTING.match(text, lexeme.end)
            group = 1 if found is not None and found[1] else 2
            if found is not None and (group == 1 or not is_expression):
                yield found[group], *found.span(group)


def local_variables(node: Node) -> set[str]:
    """The names that an expression itself binds with `let`."""
    if not isinstance(node, ScalarNode) or "let" not in node.text:
        return set()
    try:
        return {one["value"] for one in walk(parse(node.text).tree) if one["type"] == "binding"}
    except ExpressionError:
        return set()


def mention_of(state: EditingState, node: ScalarNode) -> Mention:
    """The place of a name that is a whole scalar."""
    quotes = 1 if node.style in ("'", '"') else 0
    return _mention(state, node, node.start + quotes, max(node.end - quotes, node.start + quotes))


def _mention(state: EditingState, node: Node, start: int, end: int) -> Mention:
    """The place of a part of a node in the present text; the node may have been read from an earlier one."""
    path = state.named(node.source.path or Path(node.source.name))
    source = state.source(path)
    if source is not None and source.text is not node.source.text and source.text != node.source.text:
        start, end = source.offsets(node.source.place(start, end))
    return Mention(path, start, end)


def mention_in(state: EditingState, node: ScalarNode, start: int, end: int) -> Mention | None:
    """The place of a name in an expression or template; None if that is unknown."""
    if node.style is None:
        return None
    word = node.text[start:end]
    start += word.startswith(("$", '"'))
    end -= word.endswith('"')
    spans = character_spans(node.source.text, node.start, node.end, node.style, node.text)
    if spans is None or not start < end <= len(spans):
        return None
    return _mention(state, node, spans[start][0], spans[end - 1][1])
