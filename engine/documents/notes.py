"""Facts from JSON Schemas about the values at a place: their description, type, and whether they are required."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..schemas.schema import Schema
from ..source.text import one_line
from ..types.types import Type, lookup

__all__ = ["described", "is_required", "parts_at", "type_at"]

_MAX_PARTS = 200
_BRANCHES = ("allOf", "anyOf", "oneOf")


def described(parts: Sequence[Any], schema: Schema) -> str | None:
    """The description that these parts of a schema have, or the targets of their references; None if they differ.

    A description beside a reference wins over that of its target.
    """
    found: dict[str, None] = {}
    for part in parts:
        if isinstance(part, Mapping):
            text = part.get("description") or next(
                (inner["description"] for inner in _same(part, schema) if "description" in inner), None
            )
            if isinstance(text, str):
                found[one_line(text)] = None
    return next(iter(found)) if len(found) == 1 else None


def parts_at(schema: Schema, way: Sequence[str], start: Sequence[Any] | None = None) -> list[Any]:
    """The parts of a schema for the values at a place below `start`, by default the whole; `-` is any element.

    Members that only a pattern of names describes have none.
    """
    parts = [schema.document] if start is None else list(start)
    for step in way:
        parts = [inner for part in parts for one in (part, *_same(part, schema)) for inner in _below(one, step)]
        parts = parts[:_MAX_PARTS]
    return parts


def _same(part: Any, schema: Schema) -> Iterator[Mapping[str, Any]]:
    """The parts that apply to the same value."""
    pending, seen = [part], {id(part)}
    while pending and len(seen) < _MAX_PARTS:
        one = pending.pop()
        if not isinstance(one, Mapping):
            continue
        inner = [target for name in _BRANCHES for target in one.get(name, ())]
        inner += [one[name] for name in ("then", "else") if name in one]
        if "$ref" in one:
            inner.append(schema.definitions.get(one["$ref"]))
        for target in inner:
            if isinstance(target, Mapping) and id(target) not in seen:
                seen.add(id(target))
                pending.append(target)
                yield target


def _below(part: Any, step: str) -> Iterator[Any]:
    if not isinstance(part, Mapping):
        return
    if step in part.get("properties", {}):
        yield part["properties"][step]
    elif step in ("-", "*"):
        yield from (part[name] for name in ("items" if step == "-" else "additionalProperties",) if name in part)


def type_at(type_: Type, way: Sequence[str]) -> Type:
    """The type of the values at a place."""
    for step in way:
        if step == "-":
            array = type_.parts.array
            type_ = type_ if array is None else array.items
        else:
            type_ = lookup(type_, step)
    return type_


def is_required(type_: Type, way: Sequence[str]) -> bool:
    """Returns whether every value of the type has a value at the place, provided that the objects around it exist."""
    *above, name = way
    objects = type_at(type_, above).parts.objects
    return name not in ("-", "*") and bool(objects) and all(one.requires(name) for one in objects)
