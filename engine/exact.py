"""The jsonschema library with the regular expressions of jsonschema-rs: the same verdicts, and no pattern that a schema
brings along can make it search for hours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

__all__ = ["exact_validator"]

Errors = Iterator[ValidationError]


def exact_validator(uri: str, resources: Mapping[str, Any]) -> Any:
    """A validator for the schema of this URI, which is one of the resources."""
    # Without the name of the dialect, by which the library would take its own validator for what is referred to.
    plain = {
        name: {key: part for key, part in document.items() if key != "$schema"} for name, document in resources.items()
    }
    documents = [(name, DRAFT202012.create_resource(document)) for name, document in plain.items()]
    registry: Any = Registry().with_resources(documents)
    return _Validator({"$ref": uri}, registry=registry)  # so that it knows its URI


@lru_cache(maxsize=1024)
def _found_in(pattern: str) -> Callable[[Any], bool]:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, str) and not _found_in(pattern)(instance):
        yield ValidationError(f"does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, dict):
        for pattern, schema in patterns.items():
            for name, value in instance.items():
                if _found_in(pattern)(name):
                    yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Errors:
    if not isinstance(instance, dict):
        return
    patterns = schema.get("patternProperties", {})
    names = [name for name in instance if name not in schema.get("properties", {})]
    surplus = [name for name in names if not any(_found_in(pattern)(name) for pattern in patterns)]
    if isinstance(wanted, dict):
        for name in surplus:
            yield from validator.descend(instance[name], wanted, path=name)
    elif not wanted:
        for name in surplus:
            yield ValidationError(f"{name!r} is not allowed", path=(name,))


_Validator: Any = extend(  # type: ignore[no-untyped-call]  # the library has no types for it
    Draft202012Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    },
)
