"""Infers the types of the results of tables, coercions and templates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ..language.rulebook import Setting, Table
from ..patterns.builders import decimals_pattern
from ..types.narrowing import meet_string
from ..types.types import (
    ANY,
    ANY_STRING,
    BOOLEAN,
    NEVER,
    NULL,
    ArrayType,
    NumberType,
    StringType,
    Type,
    constants,
    literal,
    only,
    spellings,
    string,
    union,
    without,
    without_null,
)
from ..values.coercion import ALL_TYPES, SECOND_PATTERN, TYPES, CoercionError, Form, TimeForm, coerce
from ..values.kinds import TYPE_NAMES, scalar_text
from ..values.numbers import MAX_INTEGER, MIN_INTEGER, decimal_text

__all__ = ["Coerced", "coerced", "looked_up", "setting_type", "to_string"]

_THREE = "[0-9]{3}"
_FRACTION = f"(?:\\.{_THREE}(?:{_THREE})?)?"
_EXACT_DOUBLE = 2**53


@dataclass(frozen=True, slots=True)
class Coerced:
    """The type of the result of a coercion, and whether it can fail."""

    type: Type
    fails: bool


def coerced(value: Type, to: str, items: str | None, form: Form | None = None) -> Coerced:
    """The coercion of a value that is not null."""
    if to == "array" and items is not None:
        return _elements(value, items)
    known = constants(value)
    if known is not None and to != "any":
        return _of_constants(known, to, form)
    if form is not None:
        return _with_decimals(value, form) if isinstance(form, int) else _as_time(value, form)
    match to:
        case "string":
            return to_string(value)
        case "integer":
            return _to_number(value, NumberType(True, MIN_INTEGER, MAX_INTEGER))
        case "double":
            return _to_number(value, NumberType(False, -_EXACT_DOUBLE, _EXACT_DOUBLE))
        case "number":
            return _to_number(value, NumberType(False, MIN_INTEGER, MAX_INTEGER))
        case "boolean":
            return _kept(value, ("boolean",), BOOLEAN)
    declared = ALL_TYPES[to]
    if declared.pattern is not None:
        made = Type(string=StringType(patterns=frozenset({declared.pattern})))
        return Coerced(made if value.parts.string is not None else NEVER, True)
    if to not in TYPES:
        return Coerced(ANY_STRING if declared.classes == {str} else without(value, ("object",)), True)
    kinds = {TYPE_NAMES[one] for one in declared.classes}
    return Coerced(only(value, kinds), not without(value, kinds).never)


def _with_decimals(value: Type, decimals: int) -> Coerced:
    there = only(value, ("number", "string"))
    made = NEVER if there.never else Type(string=StringType(patterns=frozenset({decimals_pattern(decimals)})))
    return Coerced(made, value.kinds != {"number"})


def _as_time(value: Type, form: TimeForm) -> Coerced:
    reads, _, writes, zone, precision = form
    taken = {"string"} | ({"number"} if {"seconds", "milliseconds"} & {*reads} else set())
    if only(value, taken).never:
        return Coerced(NEVER, True)
    if writes in ("seconds", "milliseconds"):
        return Coerced(Type(number=NumberType(True)), True)
    if writes != "iso":
        return Coerced(ANY_STRING, True)
    fraction = {"seconds": "", "milliseconds": _THREE, "microseconds": _THREE * 2}.get(precision or "", _FRACTION)
    fraction = f"\\.{fraction}" if fraction.startswith("[") else fraction
    offset = "Z" if zone == "UTC" else "(?:Z|[+-][0-9]{2}:[0-9]{2})"
    return Coerced(Type(string=StringType(patterns=frozenset({f"^{SECOND_PATTERN}{fraction}{offset}$"}))), True)


def _of_constants(values: Iterable[Any], to: str, form: Form | None) -> Coerced:
    found, fails = NEVER, False
    for value in values:
        try:
            found = union(found, literal(coerce(value, to, form=form)))
        except CoercionError:
            fails = True
    return Coerced(found, fails)


def _elements(value: Type, items: str) -> Coerced:
    array = value.parts.array
    fails = not without(value, ("array",)).never
    if array is None:
        return Coerced(NEVER, True)
    whole = [coerced(without_null(one), items, None) for one in (*array.first, array.items)]
    nulls = array.element().parts.null
    types = [one.type for one in whole]
    fails = fails or nulls or any(one.fails for one in whole)
    return Coerced(Type(array=ArrayType(types[-1], tuple(types[:-1]), array.least, array.most)), fails)


def to_string(value: Type) -> Coerced:
    """The coercion to a string."""
    parts = value.parts
    texts = [Type(string=parts.string)]
    if parts.number is not None:
        known = constants(Type(number=parts.number))
        texts.append(Type(string=StringType(least=1)) if known is None else string(map(decimal_text, known)))
    texts.append(string("true" if flag else "false" for flag in parts.booleans))
    return Coerced(union(*texts), bool(parts.kinds & {"array", "object"}))


def _to_number(value: Type, wanted: NumberType) -> Coerced:
    """The coercion to an integer or a double; `wanted` are the numbers that it leaves unchanged."""
    parts = value.parts
    found = []
    number = parts.number
    if number is not None:
        found.append(Type(number=NumberType(wanted.integral or number.integral, number.minimum, number.maximum)))
    if parts.string is not None:
        found.append(Type(number=NumberType(wanted.integral)))
    safe = (
        number is not None
        and (number.integral or not wanted.integral)
        and number.minimum is not None
        and number.maximum is not None
        and wanted.minimum is not None
        and wanted.maximum is not None
        and wanted.minimum <= number.minimum <= number.maximum <= wanted.maximum
    )
    return Coerced(union(*found), not safe or parts.kinds != {"number"})


def _kept(value: Type, kinds: tuple[str, ...], from_text: Type) -> Coerced:
    text = value.parts.string is not None
    return Coerced(union(only(value, kinds), from_text if text else NEVER), not without(value, kinds).never)


def looked_up(value: Type, table: Table) -> Type:
    """The type of a table's result for a value that is not null, including null if the value may be omitted."""
    listed = union(*map(literal, table.entries.values()))
    known = constants(value)
    if known is not None:
        return union(*(_entry(one, table) for value in known for one in spellings(value)))
    return union(listed, _unlisted(value, table))


def _unlisted(value: Type, table: Table) -> Type:
    if isinstance(table.unlisted, tuple):
        return literal(table.unlisted[1])
    return {"keep": value, "omit": NULL, "reject": NEVER}[table.unlisted]


def _entry(value: Any, table: Table) -> Type:
    key = value if isinstance(value, str) else scalar_text(value)
    key = key.casefold() if table.ignore_case else key
    return literal(table.entries[key]) if key in table.entries else _unlisted(literal(value), table)


# --- templates


# --- settings


def setting_type(setting: Setting) -> Type:
    """The type of all values that a setting can have, whatever its current value is."""
    null = NULL if setting.default is None else NEVER
    if setting.enum is not None:
        return union(*map(literal, setting.enum), null)
    made = _bounded(_declared(setting.scalar_type), setting)
    return union(Type(array=ArrayType(made)) if setting.type == "array" else made, null)


def _bounded(type_: Type, setting: Setting) -> Type:
    """The type of the values that meet the conditions of the setting."""
    if type_.string is not None:
        patterns = frozenset() if setting.pattern is None else frozenset({setting.pattern})
        bounds = StringType(least=setting.min_length or 0, most=setting.max_length, patterns=patterns)
        return Type(string=meet_string(type_.string, bounds))
    if type_.number is not None:
        return Type(number=replace(type_.number, minimum=setting.minimum, maximum=setting.maximum))
    return type_


def _declared(type_: str) -> Type:
    """The type of the values that are of a type without conversion."""
    classes = TYPES[type_].classes
    if classes == {int}:
        return Type(number=NumberType(True))
    return without_null(only(ANY, {TYPE_NAMES[one] for one in classes}))
