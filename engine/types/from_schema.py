"""Converts a JSON Schema to a `Type`: everything that the schema allows, and little more.

A keyword that is not supported is left out, which only makes the type wider. `"x-complete": true` on an object declares
that no other members are known than those it lists, also by the schemas that it refers to in `allOf`, although other
members are valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, reduce
from math import inf
from typing import Any

from ..schemas.keywords import is_annotation
from ..schemas.schema import Schema
from .narrowing import excluding, meet, meet_string, next_to
from .types import (
    ANY,
    ANY_STRING,
    NEVER,
    ArrayType,
    NumberType,
    ObjectType,
    Other,
    Property,
    StringType,
    Type,
    literal,
    only,
    union,
    without,
)

__all__ = ["TypeReader", "type_of"]

_NUMBER_KEYS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
_STRING_KEYS = ("minLength", "maxLength", "pattern")
_ARRAY_KEYS = ("items", "prefixItems", "minItems", "maxItems")
_OBJECT_KEYS = ("properties", "required", "additionalProperties", "patternProperties", "propertyNames", "x-complete")
_MOST_LEVELS = 4
_MOST_REFERENCES = 64


@lru_cache(maxsize=16)
def type_of(schema: Schema) -> Type:
    """The type of the values that the schema allows."""
    return TypeReader(schema).read(schema.document)


class TypeReader:
    """Reads the parts of one schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.known: dict[tuple[str, int], Type] = {}
        self.recursive = _recursive(schema.definitions)
        self.levels = _levels(schema.definitions, self.recursive)

    def reference(self, name: str) -> Type:
        """The type of the target of a reference; ANY for recursive definitions below some depth."""
        if self.levels == 0 and name in self.recursive:
            return ANY
        key = name, self.levels
        if key not in self.known:
            self.levels -= name in self.recursive
            self.known[key] = self.read(self.schema.definitions[name])
            self.levels += name in self.recursive
        return self.known[key]

    def read(self, part: Any) -> Type:
        """The type of the values that a part of the schema allows."""
        if not isinstance(part, dict):
            return NEVER if part is False else ANY
        conditions = [self.kinds(part)]
        if "$ref" in part:
            conditions.append(self.reference(part["$ref"]))
        conditions += [self.read(one) for one in part.get("allOf", ())]
        for key in ("anyOf", "oneOf"):
            if key in part:
                conditions.append(union(*(self.read(one) for one in part[key])))
        if "enum" in part:
            conditions.append(union(*map(literal, part["enum"])))
        if "const" in part:
            conditions.append(literal(part["const"]))
        if "if" in part and ("then" in part or "else" in part):
            then = meet(self.read(part["if"]), self.read(part.get("then", True)))
            conditions.append(union(then, self.read(part.get("else", True))))
        result = reduce(meet, sorted(conditions, key=lambda one: one.any))
        return _negated(result, part["not"]) if "not" in part else result

    def kinds(self, part: Mapping[str, Any]) -> Type:
        """The type by the keywords about single kinds of values."""
        keys = part.keys()
        wanted = part.get("type")
        names = {wanted} if isinstance(wanted, str) else set(wanted or ())
        result = ANY
        if names:
            result = only(ANY, (name for name in names if name != "integer"))
            if "integer" in names and "number" not in names:
                result = union(result, Type(number=NumberType(integral=True)))
        there = result.kinds
        if "number" in there and not keys.isdisjoint(_NUMBER_KEYS):
            integral = "integer" in names and "number" not in names
            result = _with(result, "number", Type(number=_number(part, integral)))
        if "string" in there and not keys.isdisjoint(_STRING_KEYS):
            result = _with(result, "string", Type(string=_string(part)))
        if "array" in there and not keys.isdisjoint(_ARRAY_KEYS):
            result = _with(result, "array", Type(array=self.array(part)))
        if "object" in there and not keys.isdisjoint(_OBJECT_KEYS):
            result = _with(result, "object", Type(objects=(self.object(part),)))
        return result

    def array(self, part: Mapping[str, Any]) -> ArrayType:
        first = tuple(self.read(one) for one in part.get("prefixItems", ()))
        return ArrayType(self.read(part.get("items", True)), first, part.get("minItems", 0), part.get("maxItems"))

    def object(self, part: Mapping[str, Any]) -> ObjectType:
        required = part.get("required", ())
        listed = part.get("properties", {})
        properties = {name: Property(self.read(one), name in required) for name, one in listed.items()}
        names = StringType()
        if "propertyNames" in part:
            names = meet(self.read(part["propertyNames"]), ANY_STRING).string or StringType(most=0)
        patterns = part.get("patternProperties", {})
        others = [
            Other(_named(names, patterns=frozenset({pattern})), self.read(one)) for pattern, one in patterns.items()
        ]
        rest = Other(_named(names, avoids=frozenset(patterns)), self.read(part.get("additionalProperties", True)))
        if not rest.type.never:
            others.append(rest)
        for name in required:
            if name not in properties:
                properties[name] = Property(union(*(other.type for other in others)), True)
        return ObjectType(properties, tuple(others), part.get("x-complete") is True, part)


def _references(part: Any) -> Iterator[str]:
    """The targets of all references in a part, with repetitions."""
    pending = [part]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if isinstance(one.get("$ref"), str):
                yield one["$ref"]
            pending += one.values()
        elif isinstance(one, list):
            pending += one


def _recursive(definitions: Mapping[str, Any]) -> frozenset[str]:
    """The definitions that refer to themselves, also through others, and those on the way from one to another."""
    below = {name: {one for one in _references(part) if one in definitions} for name, part in definitions.items()}
    above: dict[str, set[str]] = {name: set() for name in definitions}
    for name, others in below.items():
        for other in others:
            above[other].add(name)
    left = _without_ends(set(definitions), below, above)
    return frozenset(_without_ends(left, above, below))


def _without_ends(names: set[str], onward: Mapping[str, set[str]], back: Mapping[str, set[str]]) -> set[str]:
    """The definitions among `names` from which references lead on without end."""
    count = {name: len(onward[name] & names) for name in names}
    ends = [name for name in names if not count[name]]
    while ends:
        for name in back[ends.pop()]:
            if name in count:
                count[name] -= 1
                if not count[name]:
                    ends.append(name)
    return {name for name in names if count[name]}


def _levels(definitions: Mapping[str, Any], recursive: frozenset[str]) -> int:
    """The depth to which recursive definitions are followed: less if they have many references."""
    count = max((sum(one in recursive for one in _references(definitions[name])) for name in recursive), default=0)
    return next((levels for levels in (_MOST_LEVELS, 3, 2) if count**levels <= _MOST_REFERENCES), 1)


def _named(
    names: StringType, patterns: frozenset[str] = frozenset(), avoids: frozenset[str] = frozenset()
) -> StringType:
    return StringType(
        names.values,
        names.excluded,
        names.least,
        names.most,
        names.patterns | patterns,
        names.avoids | avoids,
        names.also,
    )


def _with(type_: Type, kind: str, part: Type) -> Type:
    return union(without(type_, (kind,)), part)


def _number(part: Mapping[str, Any], integral: bool) -> NumberType:
    above, below = next_to(part.get("exclusiveMinimum"), inf), next_to(part.get("exclusiveMaximum"), -inf)
    low = [bound for bound in (part.get("minimum"), above) if bound is not None]
    high = [bound for bound in (part.get("maximum"), below) if bound is not None]
    return NumberType(integral, max(low, default=None), min(high, default=None))


def _string(part: Mapping[str, Any]) -> StringType:
    patterns = frozenset({part["pattern"]} if "pattern" in part else ())
    return StringType(None, frozenset(), part.get("minLength", 0), part.get("maxLength"), patterns)


def _negated(type_: Type, part: Any) -> Type:
    """The type without what a `not` refuses, where that is a simple condition."""
    if not isinstance(part, dict):
        return type_
    match {key: value for key, value in part.items() if not is_annotation(key)}:
        case {"enum": list(values), **rest} if not rest:
            return excluding(type_, values)
        case {"const": value, **rest} if not rest:
            return excluding(type_, (value,))
        case {"type": str(name), **rest} if not rest and name != "integer":
            return without(type_, (name,))
        case {"pattern": str(pattern), "type": "string", **rest} if not rest and type_.parts.string is not None:
            text = type_.parts.string
            met = meet_string(text, StringType(avoids=frozenset({pattern})))
            return without(type_, ("string",)) if met is None else _with(type_, "string", Type(string=met))
    return type_
