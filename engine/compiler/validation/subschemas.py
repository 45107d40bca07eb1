"""Subschemas of JSON Schemas that apply to one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...schemas.schema import Schema
from .conditions import NEVER, of_type

__all__ = [
    "MEMBERS",
    "Subschema",
    "Subschemas",
    "flat",
    "is_allowed",
    "is_choosy",
    "member_subschemas",
    "subschemas_of",
]

MEMBERS = ("properties", "additionalProperties", "propertyNames")
_CHOOSY = frozenset({"if", "contains", "prefixItems", "anyOf", "oneOf"})


@dataclass(frozen=True, slots=True)
class Subschema:
    """A subschema of a schema document."""

    schema: Schema
    node: Any

    def below(self, node: Any) -> Subschema:
        """A subschema inside this one."""
        return Subschema(self.schema, node)

    @property
    def key(self) -> int:
        """A key that is equal for the same subschema."""
        return id(self.node)


Subschemas = tuple[Subschema, ...]


def subschemas_of(schemas: Iterable[Schema]) -> Subschemas:
    """All subschemas that apply to one value."""
    return flat(Subschema(schema, schema.document) for schema in schemas)


def flat(parts: Iterable[Subschema]) -> Subschemas:
    """The subschemas with those that they refer to or combine, each once; empty ones are left out."""
    found: dict[Any, Subschema] = {}
    pending = list(parts)[::-1]
    while pending:
        part = pending.pop()
        if part.node is True or part.node == {} or part.key in found:
            continue
        found[part.key] = part
        if isinstance(part.node, Mapping):
            below = [part.below(one) for one in part.node.get("allOf", ())]
            if "$ref" in part.node:
                below.insert(0, part.below(part.schema.definitions[part.node["$ref"]]))
            pending += below[::-1]
    return tuple(found.values())


def member_subschemas(parts: Subschemas, name: str | None) -> Subschemas | None:
    """The subschemas for the member of a name, or for all unlisted members; None: none is allowed."""
    found = []
    for part in parts:
        properties = part.node.get("properties", {})
        node = properties[name] if name in properties else part.node.get("additionalProperties", True)
        if node is False:
            return None
        found.append(part.below(node))
    return tuple(found)


def is_choosy(part: Subschema) -> bool:
    """Returns whether a subschema has conditions on a list beyond those on each element."""
    return not _CHOOSY.isdisjoint(part.node)


def is_allowed(parts: Subschemas, kind: str) -> bool:
    """Returns whether `type` in the subschemas allows the kind: a quick test before a long one."""
    return all(
        part.node is not False and NEVER not in of_type(part.node, kind, "")
        for part in parts
        if isinstance(part.node, Mapping) or part.node is False
    )
