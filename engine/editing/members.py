"""Members of types: their names, types and descriptions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..language.rulebook import Field, Setting
from ..schemas.schema import Schema
from ..types.description import describe
from ..types.types import ANY, ObjectType, Property, Type, lookup, without_null

__all__ = ["KnownMember", "members_of", "quoted_name", "type_words"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ARTICLE = re.compile(r"\ban? (?=\w)")
_NOT_NULL = without_null(ANY)
_MOST_MEMBERS = 1000
_MOST_REFERENCES = 8


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A member that values of a type may have."""

    name: str
    type: Type
    is_required: bool
    description: str

    @property
    def detail(self) -> str:
        return type_words(self.type)


def type_words(type_: Type) -> str:
    """A type in few words: "string or null"."""
    words = describe(ANY if type_ in (_NOT_NULL, ANY) else type_)
    return words if '"' in words else _ARTICLE.sub("", words)


def members_of(type_: Type, schemas: Iterable[Schema] = ()) -> tuple[KnownMember, ...]:
    """The members that a type is known to have, in the order of their declaration.

    References in their descriptions lead into the schemas.
    """
    found: dict[str, list[tuple[ObjectType, Property]]] = {}
    for one in type_.parts.objects:
        for name, prop in one.properties.items():
            if not prop.type.never and (name in found or len(found) < _MOST_MEMBERS):
                found.setdefault(name, []).append((one, prop))
    there = without_null(type_)
    definitions = [schema.definitions for schema in schemas]
    return tuple(
        KnownMember(
            name,
            lookup(there, name),
            len(variants) == len(type_.parts.objects) and all(prop.required for _, prop in variants),
            next(filter(None, (_of_member(name, *variant, definitions) for variant in variants)), ""),
        )
        for name, variants in found.items()
    )


def _of_member(name: str, one: ObjectType, prop: Property, definitions: list[Mapping[str, Any]]) -> str:
    if isinstance(prop.origin, Field | Setting):
        return prop.origin.description or ""
    properties = one.origin.get("properties", {}) if isinstance(one.origin, dict) else {}
    return _described(properties.get(name), definitions)


def _described(part: Any, definitions: list[Mapping[str, Any]]) -> str:
    for _ in range(_MOST_REFERENCES):
        if not isinstance(part, dict):
            return ""
        if isinstance(text := part.get("description", part.get("title")), str):
            return text
        reference = str(part.get("$ref"))
        part = next((one[reference] for one in definitions if reference in one), None)
    return ""


def quoted_name(name: str) -> str:
    """The name as written in an expression: in quotes unless it is a plain word."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)
