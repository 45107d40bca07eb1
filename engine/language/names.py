"""All expressions and templates of a Rulebook, with the names in scope of each."""

from __future__ import annotations

from collections.abc import Mapping
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
_Found = list["Definition | Use"]


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
    found: _Found = []
    node, name = rulebook.input.node, rulebook.input.as_name
    settings = _defined({}, "settings", "the settings", node, node, found)
    roots: Definitions = _defined(settings, name, "the input", node, node, found)
    roots = _let(rulebook.let, roots, found)
    _inside(rulebook.server, settings, found)
    aimed = aimed_outputs(rulebook)
    for output in rulebook.outputs.values():
        _inside(output.server, settings, found)
        _inside(output.fields, roots, found)
        if output.name not in aimed:
            _inside(output.request, roots, found)
    _inside(rulebook.bulk, settings, found)
    in_routes: dict[str | None, Definitions] = {None: roots}
    for route in rulebook.routes.values():
        in_routes[route.name] = _inside(route, roots, found)
    for assertion in rulebook.assertions.values():
        _inside(assertion, roots, found)
    for rule in rulebook.rules:
        inner = _inside(rule, in_routes[rule.route], found)
        if rule.output in aimed:
            uses: _Found = []
            _inside(rulebook.outputs[rule.output or ""].request, inner, uses)
            found += [replace(item, rule=rule) if isinstance(item, Use) else item for item in uses]
    return tuple(found)


def aimed_outputs(rulebook: Rulebook) -> frozenset[str | None]:
    """The outputs whose path, query or headers may differ by rule, since these read names that only rules define."""
    names = {rulebook.input.as_name, "settings", *(definition.name for definition in rulebook.let)}
    outputs = rulebook.outputs.items()
    return frozenset(name for name, output in outputs if not names.issuperset(roots_in(output.request)))


def _defined(
    roots: Definitions, name: str, kind: str, node: Node, name_node: Node, found: _Found
) -> dict[str, Definition]:
    definition = Definition(name, kind, node, name_node, roots.get(name))
    found.append(definition)
    return {**roots, name: definition}


def _let(fields: tuple[Field, ...], roots: Definitions, found: _Found) -> Definitions:
    """Adds the names of a `let`, each in scope of those after it."""
    for field in fields:
        _inside(field, roots, found)
        roots = _defined(roots, field.name or "", "a let", field.node, field.name_node or field.node, found)
    return roots


def _inside(part: Any, roots: Definitions, found: _Found, node: Node | None = None) -> Definitions:
    """Collects the definitions and uses in a part, in the order of its attributes; returns the names in scope after it.

    A form without a node of its own is read from `node`.
    """
    if isinstance(part, Expr | Text):
        found.append(Use(part, roots))
    elif isinstance(part, tuple):
        for one in part:
            _inside(one, roots, found, node)
    else:
        attributes = attributes_of(type(part))
        node = getattr(part, "node", node) if attributes else node
        for attribute, key in attributes:
            value = getattr(part, attribute)
            if key is not None and key.kind is kinds.LET:
                roots = _let(value, roots, found)
            elif key is None or not key.kind.defines:
                if value and not isinstance(value, str | bool):
                    _inside(value, roots, found, node)
            elif value is not None and node is not None:
                given = node.get(key.name) if isinstance(node, MappingNode) else None
                roots = _defined(roots, value, key.kind.defines, node, given or node, found)
    return roots
