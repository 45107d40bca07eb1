"""Guesses by name which member of an input becomes which member of a body.

A member of the body takes a member of the input with the same words in its name (`userEmail`, `user_email` and
`user.email` have the same), if values of the one can become values of the other. Nothing is guessed from values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, NamedTuple

from ..proof.samples import NoSampleError, instance
from ..schemas.schema import SchemaError, schema_of
from ..templates.names import TAKEN
from ..values.kinds import kind
from .writing import expression_of

__all__ = ["Guesses", "ReadableMembers", "kinds_of", "members_of", "part_of", "scope_of", "singular"]

MAX_DEPTH = 6
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_VAGUE = frozenset(
    {"id", "name", "type", "value", "time", "date", "status", "key", "code", "title", "description", "url"}
)
"""Words that mean nothing without the name of the object around them."""
_TYPES = {"string": "string", "integer": "integer", "number": "double", "boolean": "boolean"}
"""The types of the rule language by those of JSON Schema."""
_CONVERTED = {
    "string": frozenset({"string", "integer", "number", "boolean"}),
    "integer": frozenset({"string", "integer", "number"}),
    "number": frozenset({"string", "integer", "number"}),
    "boolean": frozenset({"string", "boolean"}),
}
"""The types whose values can become values of a type."""
_FALLBACKS: dict[str, Any] = {"string": "TODO", "integer": 0, "number": 0, "boolean": False}

_FORMATTED = {
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
    "email": "todo@example.com",
    "uri": "https://example.com/todo",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
"""Example values of strings by their format."""

Json = dict[str, Any]


class ReadableMember(NamedTuple):
    """A member of an input: the expression that reads it, its words by object, its schema."""

    expression: str
    words: tuple[tuple[str, ...], ...]
    schema: Json


@dataclass(frozen=True)
class ReadableMembers:
    """The members that rules can read at a place, the innermost element first."""

    sources: tuple[ReadableMember, ...]
    whole: Mapping[str, Any]
    """The document in which the references of the schemas are resolved."""
    names: frozenset[str] = frozenset()

    def within(self, name: str, schema: Json, above: tuple[str, ...] = ()) -> ReadableMembers:
        """The scope with one more name in front, for a value of this schema; `above`: words around it."""
        return ReadableMembers(
            (*_sources(name, schema, self.whole, above), *self.sources), self.whole, self.names | {name}
        )


def scope_of(name: str, schema: Json) -> ReadableMembers:
    """The scope of the input of this name."""
    return ReadableMembers((), schema).within(name, schema)


_SHAPES: dict[str, Any] = {"properties": dict, "required": list, "enum": list, "type": (str, list)}


def part_of(schema: Any, whole: Mapping[str, Any]) -> Json:
    """A schema merged with those of its `$ref` and `allOf`, or the first of its alternatives that is not null.

    Keywords with values that no schema can have are left out.
    """
    seen: list[Any] = []
    found: Json = {}
    pending = [schema]
    while pending and len(seen) < 50:
        part = pending.pop(0)
        if not isinstance(part, dict) or any(part is one for one in seen):
            continue
        seen.append(part)
        for key, value in part.items():
            if not isinstance(value, _SHAPES.get(key, object)):
                continue
            if key == "properties":
                found[key] = {**value, **found.get(key, {})}
            elif key == "required":
                found[key] = [*found.get(key, ()), *(name for name in value if isinstance(name, str))]
            else:
                found.setdefault(key, value)
        pending += [_target(part["$ref"], whole)] if isinstance(part.get("$ref"), str) else []
        for keyword in ("allOf", "oneOf", "anyOf"):
            inner = part.get(keyword)
            if isinstance(inner, list):
                pending += inner if keyword == "allOf" else [one for one in inner if not _is_null(one)][:1]
    return found


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def _target(reference: str, whole: Mapping[str, Any]) -> Any:
    found: Any = whole
    for token in reference.split("/")[1:] if reference.startswith("#") else ():
        key = token.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, dict) else None
    return found


def members_of(schema: Any, whole: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a schema names, with their schemas."""
    members = part_of(schema, whole).get("properties")
    return members if isinstance(members, dict) else {}


def kinds_of(schema: Json) -> frozenset[str]:
    """The JSON types that a schema allows, without null; empty where it does not say."""
    named = schema.get("type")
    types = {named} if isinstance(named, str) else set()
    types |= {one for one in named if isinstance(one, str)} if isinstance(named, list) else set()
    if not types:
        values = (
            schema["enum"] if isinstance(schema.get("enum"), list) else [schema["const"]] if "const" in schema else []
        )
        names = {"list": "array", "double": "number"}
        types = {names.get(kind(value), kind(value)) for value in values}
        types |= {"object"} if "properties" in schema else {"array"} if "items" in schema else set()
    return frozenset(types - {"null"})


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def singular(name: str, taken: Iterable[str]) -> str:
    """A name for an element of the list of this name, other than those taken."""
    words = "_".join(words_of(name)) or "item"
    stem = words.removesuffix("s") if len(words) > 2 and not words.endswith("ss") else f"{words}_item"
    stem = stem if stem[0].isascii() and stem[0].isalpha() else "item"
    stem = re.sub(r"[^a-z0-9_]", "", stem)
    made = (stem, f"{stem}_element", "item", "element", "inner_element")
    return next(one for one in made if one not in {*taken, *TAKEN})


def _sources(name: str, schema: Json, whole: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[ReadableMember]:
    """All members of a value and of the objects in it, the outer ones first; their words begin with those `above`."""
    level: list[tuple[tuple[str, ...], Any]] = [((), schema)]
    for _ in range(MAX_DEPTH):
        below = []
        for steps, part in level:
            for member, inner in members_of(part, whole).items():
                path = (*steps, member)
                yield ReadableMember(
                    expression_of(name, path), tuple(map(words_of, (*above, *path))), part_of(inner, whole)
                )
                below.append((path, inner))
        level = below[:500]


@dataclass
class Guesses:
    """Guessed fields, the settings that stand for members without a source, and notes on what to review."""

    whole: Mapping[str, Any]
    """The document of the body's schema."""
    settings: dict[str, Json] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """The required members of the body for which no source or setting was found."""
    taken: set[str] = field(default_factory=set)
    """The names of settings; those of objects inside count too."""
    found: int = 0
    """The number of members of the body that have a source."""

    def fields(self, schema: Any, scope: ReadableMembers, path: tuple[str, ...] = ()) -> Json:
        """The fields of an object of this schema, including those that it requires, if possible."""
        part = part_of(schema, self.whole)
        required = part.get("required", ())
        made = {}
        for name, member in members_of(schema, self.whole).items():
            guessed = self.field(part_of(member, self.whole), scope, (*path, name), required=name in required)
            if guessed is not None:
                made[name] = guessed
        return made

    def number(self, schema: Any, scope: ReadableMembers) -> int:
        """The number of members of a body that have a source in a scope."""
        self.fields(schema, scope)
        return self.found

    def field(self, part: Json, scope: ReadableMembers, path: tuple[str, ...], *, required: bool) -> Any:
        """The field of a member, or None."""
        kinds = kinds_of(part)
        if "const" in part or (isinstance(part.get("enum"), list) and len(part["enum"]) == 1):
            return {"const": part.get("const", (part.get("enum") or [None])[0])} if required else None
        if part.get("type") in ("null", ["null"]):  # null is left out of bodies
            self.missing += [".".join(path)] if required else []
            return None
        if len(path) > MAX_DEPTH:
            return None
        if "object" in kinds and members_of(part, self.whole):
            before = self.found
            inner = Guesses(self.whole, taken=self.taken)
            fields = inner.fields(part, scope, path)
            if not fields or not (required or inner.found) or (inner.missing and not required):
                return None
            self.missing += inner.missing
            self.settings |= inner.settings
            self.notes += inner.notes
            self.found = before + inner.found
            return {"fields": fields}
        source = _best(path, part, scope)
        if source is not None:
            made = self.elements(source, part, scope, path) if "array" in kinds else _converted(source, part)
            if made is not None:
                self.found += 1
                return made
        if required:
            return self.assumed(part, kinds, path)
        self.notes.append(f"{'.'.join(path)}: no member of the input has this name")
        return None

    def elements(self, source: ReadableMember, part: Json, scope: ReadableMembers, path: tuple[str, ...]) -> Any:
        """The field of a list: the list as it is, or element by element if the body's schema describes elements."""
        wanted = part_of(part.get("items", {}), self.whole)
        given = part_of(source.schema.get("items", {}), scope.whole)
        if "object" not in kinds_of(wanted) or not members_of(wanted, self.whole) or not members_of(given, scope.whole):
            one = _converted(source._replace(schema=given), wanted)
            converted = (
                {"from": source.expression, "type": "array", "items": one["type"]} if one != source.expression else one
            )
            return converted if _fits(given, wanted) else None
        name = singular(path[-1], scope.names)
        fields = self.fields(wanted, scope.within(name, given, path), path)
        return {"each": source.expression, "as": name, "fields": fields} if fields else None

    def assumed(self, part: Json, kinds: frozenset[str], path: tuple[str, ...]) -> Any:
        """A field that reads a new setting, for a member that the body requires and the input does not have."""
        wanted = next((one for one in _TYPES if one in kinds), None if kinds else "string")
        if wanted is None:
            value = self.example(part)
            what = "nothing can stand for it" if value is None else "now a constant"
            self.notes.append(f"{'.'.join(path)}: required, and no member of the input has this name; {what}")
            self.missing += [".".join(path)] if value is None else []
            return None if value is None else {"const": value}
        name = "_".join(word for step in path for word in words_of(step))
        name = re.sub(r"[^a-z0-9_]", "", name)
        stem = (name if re.match(r"[a-z]", name) else f"value_{name}").rstrip("_")
        name = next(
            one for number in count(1) if (one := stem if number == 1 else f"{stem}_{number}") not in self.taken
        )
        self.taken.add(name)
        values = [part[key] for key in ("default", "example") if key in part]
        values += [one for key in ("enum", "examples") if isinstance(part.get(key), list) for one in part[key]]
        names = {"string": "string", "integer": "integer", "double": "number", "boolean": "boolean"}
        fitting = [
            one for one in values if names.get(kind(one)) in {wanted, *(("integer",) if wanted == "number" else ())}
        ]
        default = fitting[0] if fitting else _FALLBACKS[wanted]
        if wanted == "string" and not fitting:
            default = _FORMATTED.get(str(part.get("format")), default)
        if wanted in ("integer", "number") and not fitting:
            default = max(default, part.get("minimum", default))
        values = part.get("enum", [])
        self.settings[name] = {
            "type": _TYPES[wanted],
            **({"enum": values} if values and all(one in fitting for one in values) else {}),
            "default": default,
            "description": f"To be reviewed: {'.'.join(path)} is required, and no member of the input has this name.",
        }
        self.notes.append(f"{'.'.join(path)}: required, and no member of the input has this name; now a setting")
        return f"settings.{name}"

    def example(self, part: Json) -> Any:
        """A value that a part of the body's schema accepts; None if none is found."""
        kept = {key: self.whole[key] for key in ("$schema", "$defs", "definitions") if key in self.whole}
        try:
            return instance(schema_of({**kept, **part}), Random(1))  # noqa: S311 - an example
        except (NoSampleError, SchemaError):
            return None


def _best(path: tuple[str, ...], part: Json, scope: ReadableMembers) -> ReadableMember | None:
    """The source that fits a member of the body best: the one that shares the most words with its name."""
    wanted = tuple(map(words_of, path))
    flat = [word for words in wanted for word in words]
    best: tuple[int, int] | None = None
    chosen = None
    for source in scope.sources:
        given = [word for words in source.words for word in words]
        if not given or not _fits(source.schema, part):
            continue
        shared = 0
        while shared < min(len(given), len(flat)) and given[-1 - shared] == flat[-1 - shared]:
            shared += 1
        is_whole = shared == len(flat) or shared == len(given)
        if shared < len(wanted[-1]) and not is_whole:
            continue
        is_vague = shared == 1 and flat[-1] in _VAGUE and not (len(flat) == len(given) == 1)
        if not shared or is_vague or (shared < len(source.words[-1]) and shared < len(flat)):
            continue
        rank = shared, -abs(len(given) - len(flat))
        if best is None or rank > best:
            best, chosen = rank, source
    return chosen


def _fits(given: Json, wanted: Json) -> bool:
    """Returns whether values of one schema may become values of another by a type of the rule language."""
    have, want = kinds_of(given), kinds_of(wanted)
    if wanted.get("format") in ("date-time", "date") and not have <= {"string"}:
        return False
    if not have or not want:
        return True
    structured = {"object", "array"}
    if want <= structured:
        return bool(have & want)
    return not have & structured and any(have & _CONVERTED.get(one, frozenset()) for one in want)


def _converted(source: ReadableMember, part: Json) -> Any:
    """The field that reads a source, with a conversion if the body has another type."""
    have, want = kinds_of(source.schema), kinds_of(part)
    if part.get("format") == "date-time" and source.schema.get("format") != "date-time":
        return {"from": source.expression, "type": "datetime"}
    wider = have | ({"integer"} if "number" in have else set())
    if have and (have <= want or wider <= want or (have == {"integer"} and "number" in want)):
        return source.expression
    name = next((type_ for one, type_ in _TYPES.items() if one in want and have & _CONVERTED[one]), None)
    return source.expression if name is None else {"from": source.expression, "type": name}
