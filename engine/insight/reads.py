"""The members of the input that the rules of a mapping read, found in the rules alone.

Places are patterns: tuples of names in which ANY stands for any index or name. A rule may read less than is said here,
never more: where it is not clear which part of a value counts, the whole value does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import Any

from ..diagnostics.problem import Place
from ..language import kinds
from ..language.keys import Key, attributes_of
from ..language.rulebook import Each, Expr, Field, From, Listed, ObjectSource, Rulebook, Spread, Text

__all__ = ["ANY", "InputRead", "Pattern", "Reads", "names_after", "reads_of"]

ANY = "*"
_FOLDED = "\0"
"""Begins a name that counts in any letter case."""
_PATH = re.compile(r"""\.(?:([A-Za-z_]\w*))|\[(?:"([^"]*)"|'([^']*)'|\d+)\]""")

Pattern = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InputRead:
    """A place that a part of the rules reads.

    `is_whole`: with everything below it; else only the value itself is looked at, as a condition does. `owner` names
    the rule, route, output or let, `part` the key in it. `is_sent`: the value goes into a request, converted perhaps;
    else it only decides something.
    """

    pattern: Pattern
    is_whole: bool
    is_sent: bool
    owner: str
    part: str
    place: Place

    @property
    def title(self) -> str:
        return f"{self.owner}, {self.part}" if self.part else self.owner

    @property
    def rule(self) -> str | None:
        """The name of the rule; None for another part of the mapping."""
        return self.owner.removeprefix("rule ") if self.owner.startswith("rule ") else None


@dataclass(frozen=True)
class _Value:
    """The origins of a value: places of the input; and the members or elements of what rules made."""

    origins: frozenset[Pattern] = frozenset()
    members: Mapping[str, _Value] = field(default_factory=dict)
    items: _Value | None = None

    def member(self, name: str) -> _Value:
        below = _Value(frozenset((*pattern, name) for pattern in self.origins))
        if name == ANY:
            return _joined([below, *self.members.values()])
        return _joined([below, *(self.members[one] for one in (name, ANY) if one in self.members)])

    @property
    def elements(self) -> _Value:
        """The elements of a list, or the values of an object."""
        return _joined([self.member(ANY), *([] if self.items is None else [self.items])])

    @property
    def listed(self) -> _Value:
        """A list of such values."""
        return _Value(items=self)


_NOTHING = _Value()


def _joined(values: Iterable[_Value]) -> _Value:
    origins: set[Pattern] = set()
    members: dict[str, _Value] = {}
    items: _Value | None = None
    for value in values:
        origins |= value.origins
        for name, member in value.members.items():
            members[name] = _joined([members[name], member]) if name in members else member
        if value.items is not None:
            items = value.items if items is None else _joined([items, value.items])
    return _Value(frozenset(origins), members, items)


_Roots = Mapping[str, _Value]


def reads_of(rulebook: Rulebook) -> tuple[InputRead, ...]:
    """All places that a rulebook reads, in the order of its parts."""
    walk = _Walk()
    roots: dict[str, _Value] = {rulebook.input.as_name: _Value(frozenset({()}))}
    walk.owner = "the mapping"
    roots = walk.lets(rulebook.let, roots)
    routes: dict[str | None, _Roots] = {None: roots}
    for route in rulebook.routes.values():
        walk.owner = f"route {route.name}"
        routes[route.name] = walk.form(route, roots)
    for rule in rulebook.rules:
        walk.owner = f"rule {rule.name}"
        walk.form(rule, routes.get(rule.route, roots))
    for output in rulebook.outputs.values():
        walk.owner = f"output {output.name}"
        walk.form(output, roots)
    return tuple(dict.fromkeys(walk.found))


class _Walk:
    def __init__(self) -> None:
        self.found: list[InputRead] = []
        self.owner = ""

    def read(self, value: _Value, part: str, place: Place, *, is_whole: bool = True, is_sent: bool = False) -> None:
        for pattern in sorted(value.origins):
            self.found.append(InputRead(pattern, is_whole, is_sent, self.owner, part, place))
        for name, member in value.members.items():
            self.read(member, _below(part, name, None), place, is_whole=is_whole, is_sent=is_sent)
        if value.items is not None:
            self.read(value.items, f"{part}[]", place, is_whole=is_whole, is_sent=is_sent)

    # Parts of rules

    def form(self, part: Any, roots: _Roots, path: str = "") -> _Roots:
        """Reads a part of the rules key by key; returns the roots that it has named."""
        iterated = _NOTHING
        for name, key in attributes_of(type(part)):
            value = getattr(part, name)
            if key is not None and key.kind.defines:
                if value is not None:
                    roots = {**roots, value: iterated if key.kind.defines == "an element" else _NOTHING}
            elif key is not None and key.kind is kinds.LET:
                roots = self.lets(value, roots, path)
            elif isinstance(value, Expr):
                found = self.expression(value, roots, path or name)
                self.read(found, path or name, value.place, is_whole=False)
                iterated = iterated if name == "when" else found.elements
            else:
                self.part(value, roots, _below(path, name, key))
        if isinstance(part, Spread):
            self.read(iterated, path, part.node.place, is_sent=True)
        return roots

    def part(self, value: Any, roots: _Roots, path: str) -> None:
        """Reads whatever a key holds."""
        if isinstance(value, Field):
            self.read(self.field(value, roots, path), path, value.place, is_sent=True)
        elif isinstance(value, Text):
            self.template(value, roots, path)
        elif isinstance(value, tuple | list):
            for one in value:
                self.part(one, roots, path if not isinstance(one, Field) else _below(path, one.name or "", None))
        elif is_dataclass(value) and attributes_of(type(value)):
            self.form(value, roots, path)

    def lets(self, fields: Iterable[Field], roots: _Roots, path: str = "") -> dict[str, _Value]:
        named = dict(roots)
        for one in fields:
            named[one.name or ""] = self.field(one, named, _below(path, f"let {one.name}", None))
        return named

    def field(self, part: Field, roots: _Roots, path: str) -> _Value:
        """The value of a field, which is not read by that alone."""
        if part.when is not None:
            self.read(self.expression(part.when, roots, path), path, part.when.place, is_whole=False)
        source = part.source
        if isinstance(source, From):
            return _joined(
                self.field(one, roots, path) if isinstance(one, Field) else self.expression(one, roots, path)
                for one in source.alternatives
            )
        if isinstance(source, Text):
            return self.template(source, roots, path)
        if isinstance(source, ObjectSource):
            return self.object(source, roots, path)
        if isinstance(source, Each):
            return self.each(source, roots, path)
        if isinstance(source, Listed):
            return _joined(self.field(one, roots, f"{path}[]") for one in source.items).listed
        if is_dataclass(source):
            self.form(source, roots, path)
        return _NOTHING

    def object(self, source: ObjectSource, roots: _Roots, path: str) -> _Value:
        members = {one.name or "": self.field(one, roots, _below(path, one.name or "", None)) for one in source.fields}
        for spread in source.spreads:
            self.form(spread, roots, path)
        return _Value(members=members)

    def each(self, source: Each, roots: _Roots, path: str) -> _Value:
        found = self.expression(source.each, roots, path)
        self.read(found, path, source.each.place, is_whole=False)
        inner = {**roots, source.as_name: found.elements}
        for name in (source.key_name, source.index_name):
            if name is not None:
                inner[name] = _NOTHING
        inner = self.lets(source.let, inner, path)
        if isinstance(source.value, ObjectSource):
            return self.object(source.value, inner, f"{path}[]").listed
        return self.field(source.value, inner, f"{path}[]").listed

    def template(self, text: Text, roots: _Roots, path: str) -> _Value:
        """Reads the paths of a template; returns where its values come from."""
        values = []
        written = text.template.text
        for use in text.template.roots:
            value = roots.get(use.name, _NOTHING)
            for name in names_after(written, use.end):
                value = value.elements if name is None else value.member(name)
            self.read(value, path, text.place)
            values.append(value)
        return _joined(values)

    # Expressions

    def expression(self, expr: Expr, roots: _Roots, path: str) -> _Value:
        """The origins of the value of an expression; what it only looks at is read."""
        return _Expression(self, expr, roots, path).value(expr.expression.tree, None)


def names_after(template: str, at: int) -> Iterator[str | None]:
    """The names on the path that begins at a place in a template; None for an index."""
    while (step := _PATH.match(template, at)) is not None:
        yield next((one for one in step.groups() if one is not None), None)
        at = step.end()


def _below(path: str, name: str, key: Key | None) -> str:
    """The path of a part: that of what it belongs to, and its name; containers of fields add nothing."""
    name = name if key is None else key.name
    if name in ("body", "fields", "spread"):
        return path
    return f"{path}.{name}" if path and name else path or name


class _Expression:
    """Finds the origins of the values in one expression."""

    def __init__(self, walk: _Walk, expr: Expr, roots: _Roots, path: str) -> None:
        self.walk = walk
        self.expr = expr
        self.roots = roots
        self.path = path

    def looked_at(self, value: _Value, *, is_whole: bool) -> None:
        self.walk.read(value, self.path, self.expr.place, is_whole=is_whole)

    def value(self, tree: Mapping[str, Any], current: _Value | None) -> _Value:
        """The origins of a node; `current` is what it is evaluated on, None at the top, where names are roots."""
        kind, children = tree["type"], tree["children"]
        if kind == "field":
            return self.roots.get(tree["value"], _NOTHING) if current is None else current.member(tree["value"])
        if kind in ("current", "identity"):
            return _NOTHING if current is None else current
        if kind in ("subexpression", "pipe", "index_expression"):
            for child in children:
                current = self.value(child, current)
            return _NOTHING if current is None else current
        if kind == "index":
            return _NOTHING if current is None else current.elements
        if kind == "slice":
            return _NOTHING if current is None else current
        if kind in ("projection", "value_projection", "filter_projection"):
            left = self.value(children[0], current)
            self.looked_at(left, is_whole=False)
            if kind == "filter_projection":
                self.looked_at(self.value(children[2], left.elements), is_whole=False)
            return self.value(children[1], left.elements).listed
        if kind == "flatten":
            left = self.value(children[0], current)
            return _joined([left.elements, left.elements.elements]).listed
        if kind == "multi_select_list":
            return _joined(self.value(child, current) for child in children).listed
        if kind == "multi_select_dict":
            return _Value(members={child["value"]: self.value(child["children"][0], current) for child in children})
        if kind in ("and_expression", "or_expression"):
            left, right = (self.value(child, current) for child in children)
            self.looked_at(left, is_whole=False)
            return _joined([left, right])
        if kind == "function_expression":
            return self.call(tree["value"], children, current)
        if kind in ("literal", "expref"):
            return _NOTHING
        for child in children:  # comparisons and negations, whose values are of their own
            self.looked_at(self.value(child, current), is_whole=False)
        return _NOTHING

    def call(self, name: str, children: list[Mapping[str, Any]], current: _Value | None) -> _Value:
        """The origins of what a function returns: parts of its arguments, unless it returns scalars."""
        arguments = [self.value(child, current) for child in children if child["type"] != "expref"]
        if name in ("get", "get_ignore_case") and len(children) == 2 and children[1]["type"] == "literal":
            member = str(children[1]["value"])
            return arguments[0].member(member if name == "get" else f"{_FOLDED}{member.casefold()}")
        found = [
            self.value(child["children"][0], argument.elements)
            for child in children
            if child["type"] == "expref"
            for argument in arguments
        ]
        made = found[-1:] if name == "map" or (name == "to_object" and len(found) > 1) else []
        for key in found[: len(found) - len(made)]:
            self.looked_at(key, is_whole=True)
        if made:
            return made[0].listed if name == "map" else _Value(members={ANY: made[0]})
        if name == "to_object":
            return _Value(members={ANY: arguments[0].elements})
        if name in ("length", "type", "keys"):
            for argument in arguments:
                self.looked_at(argument, is_whole=False)
            return _NOTHING
        if name == "values":
            return arguments[0].elements.listed
        if name in ("get", "get_ignore_case"):
            return arguments[0].elements
        return _joined(arguments)


@dataclass
class _ReadStep:
    """A step of the patterns that rules read."""

    below: dict[str, _ReadStep] = field(default_factory=dict)
    reads: list[InputRead] = field(default_factory=list)


class Reads:
    """Finds what rules read by its place."""

    def __init__(self, reads: Iterable[InputRead]) -> None:
        self.root = _ReadStep()
        for read in reads:
            node = self.root
            for token in read.pattern:
                node = node.below.setdefault(token, _ReadStep())
            node.reads.append(read)

    def of(self, path: Pattern) -> list[InputRead]:
        """The reads of the value at a path, in which ANY stands for any index."""
        found: list[InputRead] = []
        nodes = [self.root]
        for token in path:
            found += [read for node in nodes for read in node.reads if read.is_whole]
            nodes = [below for node in nodes for below in _steps(node.below, token)]
        return found + [read for node in nodes for read in node.reads]


def _steps(below: Mapping[str, _ReadStep], name: str) -> Iterator[_ReadStep]:
    return (node for token, node in below.items() if name == ANY or _matches(token, name))


def _matches(token: str, name: str) -> bool:
    """Tells if a name of the input is what a token of a pattern stands for."""
    if token in (ANY, name):
        return True
    return token.startswith(_FOLDED) and name.casefold() == token[1:]
