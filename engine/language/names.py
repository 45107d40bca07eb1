"""All expressions and templates of a Rulebook, with the names in scope of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from ..source.nodes import MappingNode, Node
from .rulebook import Each, EntryRule, Expr, Field, From, ObjectSource, Rulebook, Spread, Text

__all__ = ["Definition", "Use", "definitions_and_uses"]

Roots = Mapping[str, "Definition"]


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """The definition of a name: `node` defines it, `name_node` is the name itself.

    `hides` is the outer definition of the same name, if any.
    """

    name: str
    kind: str
    node: Node
    name_node: Node
    hides: Definition | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """An expression or template, and the definitions of the names in its scope."""

    text: Expr | Text
    roots: Roots


def definitions_and_uses(rulebook: Rulebook) -> Iterator[Definition | Use]:
    """All definitions and uses in order of evaluation. Abstract and disabled rules are not part of a Rulebook."""
    roots: dict[str, Definition] = {}
    yield from _define(roots, "settings", "the settings", rulebook.input.node)
    yield from _define(roots, rulebook.input.as_name, "the input", rulebook.input.node)
    yield from _let(rulebook.let, roots)
    for output in rulebook.outputs.values():
        yield from _fields((*output.fields, *output.request.query), roots)
    if rulebook.bulk is not None:
        yield from _fields((*rulebook.bulk.fields, *rulebook.bulk.request.query), {"settings": roots["settings"]})
    in_routes: dict[str, dict[str, Definition]] = {}
    for route in rulebook.routes.values():
        yield Use(route.each, roots)
        inner = in_routes[route.name] = dict(roots)
        yield from _names(inner, route.as_name, route.key_name, route.node)
        yield from _let(route.let, inner)
    for rule in rulebook.rules:
        inner = dict(in_routes[rule.route] if rule.route is not None else roots)
        if rule.when is not None:
            yield Use(rule.when, dict(inner))
        yield from _let(rule.let, inner)
        for text in (rule.skip, rule.reject):
            if text is not None:
                yield Use(text, inner)
        for warn in rule.warn:
            if warn.when is not None:
                yield Use(warn.when, inner)
            yield Use(warn.message, inner)
        yield from _object(rule.body, inner)


def _define(
    roots: dict[str, Definition], name: str, kind: str, node: Node, name_node: Node | None = None
) -> Iterator[Definition]:
    roots[name] = Definition(name, kind, node, name_node or node, roots.get(name))
    yield roots[name]


def _names(roots: dict[str, Definition], as_name: str, key_name: str | None, node: Node) -> Iterator[Definition]:
    as_node, key_node = (node.get("as"), node.get("key")) if isinstance(node, MappingNode) else (None, None)
    yield from _define(roots, as_name, "an element", node, as_node)
    if key_name is not None:
        yield from _define(roots, key_name, "a key", node, key_node)


def _let(fields: tuple[Field, ...], roots: dict[str, Definition]) -> Iterator[Definition | Use]:
    """Adds the names of a `let` to `roots`, each in scope of those after it."""
    for field in fields:
        yield from _field(field, dict(roots))
        yield from _define(roots, field.name or "", "a let", field.node, field.name_node)


def _fields(fields: tuple[Field, ...], roots: Roots) -> Iterator[Definition | Use]:
    return chain.from_iterable(_field(field, roots) for field in fields)


def _field(field: Field, roots: Roots) -> Iterator[Definition | Use]:
    if field.when is not None:
        yield Use(field.when, roots)
    source = field.source
    if isinstance(source, From):
        for part in source.alternatives:
            yield from (Use(part, roots),) if isinstance(part, Expr) else _field(part, roots)
    elif isinstance(source, Text):
        yield Use(source, roots)
    elif isinstance(source, ObjectSource):
        yield from _object(source, roots)
    elif isinstance(source, Each):
        yield Use(source.each, roots)
        inner = dict(roots)
        yield from _names(inner, source.as_name, source.key_name, field.node)
        yield from _let(source.let, inner)
        value = source.value
        yield from _object(value, inner) if isinstance(value, ObjectSource) else _field(value, inner)


def _object(source: ObjectSource, roots: Roots) -> Iterator[Definition | Use]:
    yield from _fields(source.fields, roots)
    for spread in source.spreads:
        yield from _spread(spread, roots)


def _spread(spread: Spread, roots: Roots) -> Iterator[Definition | Use]:
    yield Use(spread.from_, roots)
    inner = dict(roots)
    yield from _names(inner, spread.as_name, spread.key_name, spread.node)
    yield from _let(spread.let, inner)
    for rule in spread.entries:
        yield from _entry_rule(rule, inner)


def _entry_rule(rule: EntryRule, roots: Roots) -> Iterator[Definition | Use]:
    if rule.when is not None:
        yield Use(rule.when, roots)
    inner = dict(roots)
    yield from _let(rule.let, inner)
    for text in (rule.skip, rule.reject, rule.warn):
        if text is not None:
            yield Use(text, inner)
    for field in (rule.name, rule.value):
        if field is not None:
            yield from _field(field, inner)
