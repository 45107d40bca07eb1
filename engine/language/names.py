"""All expressions and templates of a Rulebook, with the names in scope of each."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ..source.nodes import MappingNode, Node
from . import kinds
from .keys import attributes_of
from .rulebook import Expr, Field, Rule, Rulebook, Text
from .traversal import roots_in

__all__ = ["Definition", "Use", "aimed_outputs", "definitions_and_uses"]

Definitions = Mapping[str, "Definition"]


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
    """An expression or template, and the definitions of the names in its scope.

    `rule` is the rule that has these names, if it is a part of an output.
    """

    text: Expr | Text
    roots: Definitions
    rule: Rule | None = None


@lru_cache(maxsize=1)
def definitions_and_uses(rulebook: Rulebook) -> tuple[Definition | Use, ...]:
    """All definitions and uses in order of evaluation. Abstract and disabled rules are not part of a Rulebook."""
    return tuple(_definitions_and_uses(rulebook))


def _definitions_and_uses(rulebook: Rulebook) -> Iterator[Definition | Use]:
    node, name = rulebook.input.node, rulebook.input.as_name
    settings = yield from _defined({}, "settings", "the settings", node, node)
    roots = yield from _defined(settings, name, "the input", node, node)
    roots = yield from _let(rulebook.let, roots)
    yield from _inside(rulebook.server, settings)
    aimed = aimed_outputs(rulebook)
    for output in rulebook.outputs.values():
        yield from _inside(output.server, settings)
        yield from _inside(output.fields, roots)
        if output.name not in aimed:
            yield from _inside(output.request, roots)
    if rulebook.bulk is not None:
        yield from _inside(rulebook.bulk, settings)
    in_routes: dict[str | None, Definitions] = {None: roots}
    for route in rulebook.routes.values():
        in_routes[route.name] = yield from _inside(route, roots)
    for rule in rulebook.rules:
        inner = yield from _inside(rule, in_routes[rule.route])
        if rule.output in aimed:
            for item in _inside(rulebook.outputs[rule.output or ""].request, inner):
                yield replace(item, rule=rule) if isinstance(item, Use) else item


def aimed_outputs(rulebook: Rulebook) -> frozenset[str | None]:
    """The outputs whose requests may differ in path, query and headers, since these read names that only rules have."""
    names = {rulebook.input.as_name, "settings", *(definition.name for definition in rulebook.let)}
    outputs = rulebook.outputs.items()
    return frozenset(name for name, output in outputs if not names.issuperset(roots_in(output.request)))


_Walk = Generator["Definition | Use", None, Definitions]


def _defined(roots: Definitions, name: str, kind: str, node: Node, name_node: Node) -> _Walk:
    definition = Definition(name, kind, node, name_node, roots.get(name))
    yield definition
    return {**roots, name: definition}


def _let(fields: tuple[Field, ...], roots: Definitions) -> _Walk:
    """Adds the names of a `let`, each in scope of those after it."""
    for field in fields:
        yield from _inside(field, roots)
        roots = yield from _defined(roots, field.name or "", "a let", field.node, field.name_node or field.node)
    return roots


def _inside(part: Any, roots: Definitions, node: Node | None = None) -> _Walk:
    """Goes through a part in the order of its attributes; returns what is in scope after it.

    A form without a node of its own is read from `node`.
    """
    if isinstance(part, Expr | Text):
        yield Use(part, roots)
    elif isinstance(part, tuple):
        for one in part:
            yield from _inside(one, roots, node)
    else:
        node = getattr(part, "node", node)
        for attribute, key in attributes_of(type(part)):
            value = getattr(part, attribute)
            if key is not None and key.kind is kinds.LET:
                roots = yield from _let(value, roots)
            elif key is None or not key.kind.defines:
                if value and not isinstance(value, str | bool):
                    yield from _inside(value, roots, node)
            elif value is not None and node is not None:
                given = node.get(key.name) if isinstance(node, MappingNode) else None
                roots = yield from _defined(roots, value, key.kind.defines, node, given or node)
    return roots
