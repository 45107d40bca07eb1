"""Traversals of the rules: the roots that a part reads, its fields, and whether it can reject an element."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..expressions.paths import path_of
from ..functions.globs import matches_glob
from .keys import attributes_of
from .rulebook import Const, Except, Expr, Field, From, Listed, ObjectSource, Text

__all__ = [
    "can_reject",
    "can_reject_field",
    "can_reject_object",
    "can_reject_value",
    "fields_in",
    "is_excepted",
    "is_plain",
    "needed_lets",
    "parts_in",
    "roots_in",
]


def roots_in(part: Any) -> list[str]:
    """The names of the roots that a part of the rules reads."""
    found: list[str] = []
    _add_roots(part, found)
    return found


def _add_roots(part: Any, found: list[str]) -> None:
    if isinstance(part, Expr):
        found += [use.name for use in part.expression.roots]
    elif isinstance(part, Text):
        found += [use.name for use in part.template.roots]
    elif isinstance(part, tuple):
        for one in part:
            _add_roots(one, found)
    else:
        for attribute, _ in attributes_of(type(part)):
            if (value := getattr(part, attribute)) is not None:
                _add_roots(value, found)


def needed_lets(let: tuple[Field, ...], conditions: Iterable[Expr | None]) -> tuple[Field, ...]:
    """The lets on which conditions depend."""
    names = {name for condition in conditions if condition is not None for name in roots_in(condition)}
    found = []
    for definition in reversed(let):
        if definition.name in names:
            found.append(definition)
            names.update(roots_in(definition))
    return tuple(reversed(found))


def parts_in(part: Any) -> list[Any]:
    """The parts that a part of the rules consists of, however deep, itself first."""
    found: list[Any] = []
    _add_parts(part, found)
    return found


def _add_parts(part: Any, found: list[Any]) -> None:
    if isinstance(part, tuple):
        for one in part:
            _add_parts(one, found)
        return
    found.append(part)
    for attribute, _ in attributes_of(type(part)):
        if (value := getattr(part, attribute)) is not None:
            _add_parts(value, found)


def fields_in(part: Any) -> list[Field]:
    """The fields that a part of the rules consists of, however deep."""
    return [one for one in parts_in(part) if isinstance(one, Field)]


def can_reject(fields: tuple[Field, ...]) -> bool:
    """Returns whether any of the fields can reject the element that it belongs to."""
    return any(map(can_reject_field, fields))


def can_reject_value(value: ObjectSource | Field) -> bool:
    """Returns whether an object or a field can reject the element that it belongs to."""
    return can_reject_object(value) if isinstance(value, ObjectSource) else can_reject_field(value)


def can_reject_object(source: ObjectSource) -> bool:
    """Returns whether a field of an object can reject its element. Spreads and `each` reject their own elements."""
    return can_reject(source.fields)


def can_reject_field(field: Field) -> bool:
    """Returns whether a field can reject its element, by its own keys or through the parts of its value."""
    if field.required or field.on_problem == "reject" or (field.table is not None and field.table.unlisted == "reject"):
        return True
    source = field.source
    if isinstance(source, From):
        return any(isinstance(part, Field) and can_reject_field(part) for part in source.alternatives)
    if isinstance(source, Listed):
        return can_reject(source.items)
    return isinstance(source, ObjectSource) and can_reject_object(source)


def is_plain(field: Field) -> bool:
    """Returns whether a field has a constant or the value at a path, and does nothing else."""
    if isinstance(field.source, Const) and not field.applied - {"on_problem"}:
        return True
    if not isinstance(field.source, From) or len(field.source.alternatives) > 1 or field.applied - {"on_problem"}:
        return False
    (part,) = field.source.alternatives
    return isinstance(part, Expr) and path_of(part.expression.tree, dict.fromkeys(roots_in(part), "")) is not None


def is_excepted(except_: Except, key: str) -> bool:
    """Returns whether a spread leaves out the entry of this name."""
    name = key.casefold() if except_.ignore_case else key
    return (
        name in except_.names
        or name.startswith(except_.prefixes)
        or any(matches_glob(name, pattern) for pattern in except_.patterns)
    )
