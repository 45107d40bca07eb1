"""Judges bodies by JSON Schemas with nothing but the standard library: the verdicts and reasons of `engine.schemas`.

For standalone modules, whose schemas `compiler.judges` prepares: references lead to definitions by name, and all that a
schema says is one of the keywords below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .equality import equal
from .violations import Refusal, Violation, violation, violations_in_order

__all__ = ["KEYWORDS", "Verdicts"]

Path = tuple[str | int, ...]


class Verdicts:
    """Judges bodies by the definition of this name. Safe to share between threads.

    `patterns` has what is searched for by the text of a pattern in the schemas.
    """

    def __init__(self, name: str, definitions: Mapping[str, Any], patterns: Mapping[str, str]) -> None:
        self.schema = definitions[name]
        self.definitions = definitions
        self.found_in = {pattern: re.compile(text).search for pattern, text in patterns.items()}

    def is_valid(self, body: Any) -> bool:
        """Whether the schema takes the body."""
        return self.takes(self.schema, body)

    def violations(self, body: Any) -> tuple[Violation, ...]:
        """Why the body is refused, in order of place; at most 20. Empty for a valid body."""
        found = {violation(_nearest(refusal)) for refusal in self.refusals(self.schema, body, (), False)}
        return violations_in_order(found) if found else ()

    def takes(self, schema: Any, value: Any) -> bool:
        """Whether a part of the schema takes a value."""
        return next(self.refusals(schema, value, (), False), None) is None

    def refusals(self, schema: Any, value: Any, path: Path, of_name: bool) -> Iterator[Refusal]:
        """What a part of the schema refuses, in the order of its keywords."""
        if schema is False:
            yield Refusal(path, None, None, value, schema, of_name)
        if not isinstance(schema, dict):
            return
        for keyword, wanted in schema.items():
            holds = _HOLDS.get(keyword)
            if holds is not None:
                if not holds(wanted, value):
                    yield Refusal(path, keyword, wanted, value, schema, of_name)
            elif keyword in _APPLIES:
                yield from _APPLIES[keyword](self, schema, value, path, of_name)


# --- keywords that look at a value alone


def _is(type_: str, value: Any) -> bool:
    match type_:
        case "integer":
            return type(value) is int or (type(value) is float and value.is_integer())
        case "number":
            return type(value) in (int, float)
    return type(value) is _TYPE_CLASSES[type_]


_TYPE_CLASSES = {"null": type(None), "boolean": bool, "string": str, "array": list, "object": dict}


def _are_distinct(elements: list[Any]) -> bool:
    return not any(equal(one, other) for number, one in enumerate(elements) for other in elements[:number])


def _of(type_: str, holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A keyword that only says something of values of one type."""
    return lambda wanted, value: not _is(type_, value) or holds(wanted, value)


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda wanted, value: any(_is(type_, value) for type_ in ([wanted] if type(wanted) is str else wanted)),
    "const": equal,
    "enum": lambda wanted, value: any(equal(one, value) for one in wanted),
    "minLength": _of("string", lambda wanted, value: len(value) >= wanted),
    "maxLength": _of("string", lambda wanted, value: len(value) <= wanted),
    "minimum": _of("number", lambda wanted, value: value >= wanted),
    "maximum": _of("number", lambda wanted, value: value <= wanted),
    "exclusiveMinimum": _of("number", lambda wanted, value: value > wanted),
    "exclusiveMaximum": _of("number", lambda wanted, value: value < wanted),
    "minItems": _of("array", lambda wanted, value: len(value) >= wanted),
    "maxItems": _of("array", lambda wanted, value: len(value) <= wanted),
    "uniqueItems": _of("array", lambda wanted, value: not wanted or _are_distinct(value)),
    "minProperties": _of("object", lambda wanted, value: len(value) >= wanted),
    "maxProperties": _of("object", lambda wanted, value: len(value) <= wanted),
}


# --- keywords that look into a value, at patterns, or at other schemas


Refusals = Iterator[Refusal]


def _below(verdicts: Verdicts, part: Any, value: Any, path: Path, step: str | int, of_name: bool) -> Refusals:
    # The library jsonschema says of what is never allowed that it stands in what is around it.
    return verdicts.refusals(part, value, path if part is False else (*path, step), of_name)


def _named(part: Any, key: str, of_name: bool) -> bool:
    """Whether names are judged: as `engine.schemas` tells, below a member that is called so too."""
    return of_name or (key == _NAMES and part is not False)


def _ref(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    return verdicts.refusals(verdicts.definitions[schema["$ref"]], value, path, of_name)


def _pattern(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if type(value) is str and not verdicts.found_in[schema["pattern"]](value):
        yield Refusal(path, "pattern", schema["pattern"], value, schema, of_name)


def _required(_verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if type(value) is dict:
        for _ in (name for name in schema["required"] if name not in value):
            yield Refusal(path, "required", schema["required"], value, schema, of_name)


def _properties(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if type(value) is dict:
        for name, part in schema["properties"].items():
            if name in value:
                yield from _below(verdicts, part, value[name], path, name, _named(part, name, of_name))


def _pattern_properties(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if type(value) is dict:
        for pattern, part in schema["patternProperties"].items():
            for name, member in value.items():
                if verdicts.found_in[pattern](name):
                    yield from _below(verdicts, part, member, path, name, _named(part, pattern, of_name))


def _additional(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if type(value) is not dict:
        return
    wanted, listed, patterns = (schema.get(key, {}) for key in (_ADDITIONAL, "properties", "patternProperties"))
    for name, member in value.items():
        if name in listed or any(verdicts.found_in[pattern](name) for pattern in patterns):
            continue
        if isinstance(wanted, dict):
            yield from verdicts.refusals(wanted, member, (*path, name), of_name)
        elif not wanted:
            yield Refusal((*path, name), _ADDITIONAL, wanted, value, schema, of_name)


def _property_names(verdicts: Verdicts, schema: Any, value: Any, path: Path, _of_name: bool) -> Refusals:
    if type(value) is dict:
        for name in value:
            yield from verdicts.refusals(schema[_NAMES], name, path, True)


def _dependent_required(_verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if type(value) is dict:
        wanted = schema["dependentRequired"]
        missing = [other for name, others in wanted.items() if name in value for other in others if other not in value]
        for _ in missing:
            yield Refusal(path, "dependentRequired", wanted, value, schema, of_name)


def _dependent_schemas(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if type(value) is dict:
        for name, part in schema["dependentSchemas"].items():
            if name in value:
                yield from verdicts.refusals(part, value, path, _named(part, name, of_name))


def _prefix_items(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if type(value) is list:
        for number, (part, element) in enumerate(zip(schema["prefixItems"], value, strict=False)):
            yield from _below(verdicts, part, element, path, number, of_name)


def _items(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    first = len(schema.get("prefixItems", ()))
    if type(value) is not list or len(value) <= first:
        return
    if schema["items"] is False:
        yield Refusal(path, "items", False, value, schema, of_name)
        return
    for number in range(first, len(value)):
        yield from verdicts.refusals(schema["items"], value[number], (*path, number), of_name)


def _contains(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if type(value) is not list:
        return
    count = sum(verdicts.takes(schema["contains"], element) for element in value)
    least, most = schema.get("minContains", 1), schema.get("maxContains", len(value))
    if count > most:
        yield Refusal(path, "maxContains", most, value, schema, of_name)
    elif count < least:
        keyword, wanted = ("minContains", least) if count else ("contains", schema["contains"])
        yield Refusal(path, keyword, wanted, value, schema, of_name)


def _all_of(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    for part in schema["allOf"]:
        yield from verdicts.refusals(part, value, path, of_name)


def _any_of(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    return _alternatives("anyOf", iter(schema["anyOf"]), verdicts, schema, value, path, of_name)


def _one_of(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    parts = iter(schema["oneOf"])
    yield from _alternatives("oneOf", parts, verdicts, schema, value, path, of_name)
    if any(verdicts.takes(part, value) for part in parts):  # those behind the first one that takes it
        yield Refusal(path, "oneOf", schema["oneOf"], value, schema, of_name)


def _alternatives(
    keyword: str, parts: Iterator[Any], verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool
) -> Refusals:
    context: list[Refusal] = []
    for part in parts:
        refused = list(verdicts.refusals(part, value, path, of_name))
        if not refused:
            return
        context += refused
    yield Refusal(path, keyword, schema[keyword], value, schema, of_name, tuple(context))


def _not(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    if verdicts.takes(schema["not"], value):
        yield Refusal(path, "not", schema["not"], value, schema, of_name)


def _if(verdicts: Verdicts, schema: Any, value: Any, path: Path, of_name: bool) -> Refusals:
    part = schema.get("then" if verdicts.takes(schema["if"], value) else "else", True)
    return verdicts.refusals(part, value, path, of_name)


_NAMES = "propertyNames"
_ADDITIONAL = "additionalProperties"
_APPLIES: dict[str, Callable[[Verdicts, Any, Any, Path, bool], Refusals]] = {
    "$ref": _ref,
    "pattern": _pattern,
    "required": _required,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    _ADDITIONAL: _additional,
    _NAMES: _property_names,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
    "prefixItems": _prefix_items,
    "items": _items,
    "contains": _contains,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
}
KEYWORDS = frozenset({*_HOLDS, *_APPLIES, "then", "else", "minContains", "maxContains"})
"""All keywords that say something here."""


# --- the alternative that is meant


def _nearest(refusal: Refusal) -> Refusal:
    """Of refused alternatives what says something to act on: the deepest refusal, if one is nearer than the others.

    The same choice as that of `best_match` of the library jsonschema.
    """
    while refusal.context:
        start = len(refusal.path)
        ranks = [_rank(inner, start) for inner in refusal.context]
        least = min(ranks)
        if len(ranks) > 1 and ranks.count(least) > 1:
            return refusal
        refusal = refusal.context[ranks.index(least)]
    return refusal


def _rank(refusal: Refusal, start: int) -> tuple[Any, ...]:
    path = refusal.path[start:]
    types = refusal.schema.get("type") if isinstance(refusal.schema, dict) else None
    named = [types] if isinstance(types, str) else types or []
    is_fit = any(_is(type_, refusal.value) for type_ in named)
    return -len(path), path, refusal.keyword not in ("anyOf", "oneOf"), False, not is_fit
