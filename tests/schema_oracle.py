"""The reference implementation of JSON Schema, as far as its meaning is ours: an independent opinion on validity.

Searching for patterns and dividing by `multipleOf` are ours, because Python's are others; and `format` is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import validators
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from moemap.engine.patterns.searching import found_in
from moemap.engine.schemas.schema import Schema
from moemap.engine.schemas.value_keywords import is_multiple

__all__ = ["accepts"]

Errors = Iterator[ValidationError]


def accepts(schema: Schema) -> Any:
    """A validator with `is_valid`, for the normal form of a schema."""
    plain = {
        uri: {key: part for key, part in document.items() if key not in ("$schema", "$id")}
        for uri, document in schema.resources.items()
    }
    registry: Any = Registry().with_resources((uri, DRAFT202012.create_resource(one)) for uri, one in plain.items())
    return _Validator({"$ref": schema.uri}, registry=registry)


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, str) and not found_in(pattern)(instance):
        yield ValidationError("pattern")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, dict):
        for pattern, schema in patterns.items():
            for name, value in instance.items():
                if found_in(pattern)(name):
                    yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional(validator: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Errors:
    if not isinstance(instance, dict):
        return
    for name, member in instance.items():
        matched = any(found_in(pattern)(name) for pattern in schema.get("patternProperties", {}))
        if name not in schema.get("properties", {}) and not matched:
            yield from validator.descend(member, wanted, path=name)


def _multiple(_validator: Any, of: Any, instance: Any, _schema: Any) -> Errors:
    if type(instance) in (int, float) and not is_multiple(instance, of):
        yield ValidationError("multipleOf")


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]  # the library has no types for it
    validators.Draft202012Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional,
        "multipleOf": _multiple,
    },
)
