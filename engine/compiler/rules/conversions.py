"""Compiles the table and the type of a field, which follow its source."""

from __future__ import annotations

from dataclasses import replace

from ...language.rulebook import Field, Table
from ...values.coercion import ALL_TYPES, TYPES, CoercionError, coerce
from ...values.equality import is_empty
from ...values.numbers import MAX_INTEGER, MIN_INTEGER
from ..python.kind_tests import is_kind
from ..python.string_sources import NUMERALS, among
from ..python.value import ANY, BOOLEAN, DICT, FLOAT, INTEGER, LIST, NULL, NUMBER, STRING, Value, bits_of, kinds_of
from .emitter import Emitter, Sink
from .scope import CodeScope

__all__ = ["converted", "finished", "is_as_wanted", "unless_empty"]

_TYPES = {name: bits_of(type_.classes) for name, type_ in ALL_TYPES.items()}
_AS_IS = {name for name, type_ in TYPES.items() if type_.pattern is None}
_DIRECT = {"string", "integer", "double", "boolean"}


def finished(fields: Emitter, value: Value, field: Field, scope: CodeScope, sink: Sink) -> None:
    """Writes the code that applies the table and the type of a field to a value."""
    if field.table is not None:
        _looked_up(fields, value, field.table, field, scope, sink)
    else:
        converted(fields, value, field, scope, sink)


def unless_empty(fields: Emitter, value: Value, sink: Sink) -> None:
    """Writes the code that passes on a value unless it is an empty string, list or object."""
    if value.is_constant:
        if not is_empty(value.constant):
            sink(value)
        return
    empty = [code for kind, code in ((STRING, "''"), (LIST, "[]"), (DICT, "{}")) if value.kinds & kind]
    if not empty:
        sink(value)
        return
    value = fields.writer.bound(value.unshaped)
    with fields.writer.inside(f"if {' and '.join(f'{value.code} != {code}' for code in empty)}:"):
        sink(value)


def _looked_up(fields: Emitter, value: Value, table: Table, field: Field, scope: CodeScope, sink: Sink) -> None:
    if value.is_constant and value.constant is None:
        return
    writer = fields.writer
    entries = writer.pool.name("TABLE", repr(dict(table.entries)))
    kinds = NULL
    for listed in table.entries.values():
        kinds |= kinds_of(listed)
    unlisted = table.unlisted
    otherwise, rest = "None", unlisted[1:] if isinstance(unlisted, tuple) else ()
    if isinstance(unlisted, tuple):
        constant = writer.pool.constant(unlisted[1])
        kinds, otherwise = kinds | constant.kinds, constant.code

    def through(value: Value) -> None:
        nonlocal kinds
        value = writer.bound(value)
        if fields.mode.counters is not None:
            numbers = writer.pool.name("NUMBERS", repr(fields.mode.counters.entries(table)))
            other = fields.mode.counters.number(table, "unlisted")
            writer.line(f"hits[looked_up({numbers}, {table.ignore_case}, {value.code}, {other})] += 1")
        if unlisted == "keep":
            kinds |= value.kinds
        last = value.code if unlisted == "keep" else "UNLISTED" if unlisted == "reject" else otherwise
        name = writer.name(field.name or "listed")
        key = f"{value.code}.casefold()" if table.ignore_case else value.code
        test = is_kind(value, value, STRING)
        slow = f"looked_up({entries}, {table.ignore_case}, {value.code}, {last})"
        found = f"{entries}.get({key}, {last})"
        found = {"True": found, "False": slow}.get(test, f"{found} if {test} else {slow}")
        writer.line(f"{name} = {found}")
        if unlisted == "reject":
            site = scope.site("M507", field.place, scope.reads_of_field(field))
            with writer.inside(f"if {name} is UNLISTED:"):
                writer.line(f"notes.unlisted({site}, {value.code})")
        is_known = unlisted != "keep" and not kinds & (LIST | DICT)
        texts = among([*table.entries.values(), *rest]) if is_known else ()
        converted(fields, replace(writer.declare(name, kinds), texts=texts), field, scope, sink)

    fields.handed(value, through)


def converted(fields: Emitter, value: Value, field: Field, scope: CodeScope, sink: Sink) -> None:
    """Writes the code that converts a value to the type of its field."""
    kept = sink
    if fields.mode.counters is not None and field.type is not None:
        sink = _counting(fields, field, sink)
    if is_as_wanted(value, field):
        fields.handed(value, sink)
        return
    wanted = _wanted(field)
    if value.is_constant:
        if value.constant is None:
            return
        try:
            converted = coerce(value.constant, field.type or "any", field.items, field.form)
        except CoercionError:
            pass
        else:
            sink(fields.writer.pool.constant(converted))
            return
    writer = fields.writer
    value = value if value.is_constant else writer.bound(value)
    as_is = (
        field.type in _AS_IS
        and not field.items
        and field.form is None
        and not value.is_constant
        and value.kinds & wanted
    )
    if as_is:
        test = is_kind(value, value, wanted)
        if field.type in ("integer", "number") and not fields.mode.of_structs:  # all integers of structs have 64 bits
            test = f"{test} and {MIN_INTEGER} <= {value.code} <= {MAX_INTEGER}"
        with writer.inside(f"if {test}:"):
            sink(Value(value.code, wanted, stable=True, texts=value.texts))
    header = f"{'elif' if as_is else 'if'} {value.code} is not None:"
    if not value.kinds & NULL:
        header = "else:" if as_is else ""
    if not header:
        _coerced(fields, value, field, scope, sink, kept)
        return
    with writer.inside(header):
        _coerced(fields, value, field, scope, sink, kept)


def _counting(fields: Emitter, field: Field, sink: Sink) -> Sink:
    def counted(value: Value) -> None:
        fields.count(field, "converted")
        sink(value)

    return counted


def _coerced(fields: Emitter, value: Value, field: Field, scope: CodeScope, sink: Sink, kept: Sink) -> None:
    """Writes the conversion of a value of another kind, which may fail; `kept` is for a value that is kept then."""
    writer = fields.writer
    arguments = ", ".join([value.code, repr(field.type), *([repr(field.items)] if field.items else [])])
    if field.form is not None:
        arguments += f", form={field.form!r}"
    is_direct = field.type in _DIRECT and field.form is None
    is_sure = is_direct and field.type == "string" and not value.kinds & ~(NULL | NUMBER | BOOLEAN | STRING)
    name = writer.name(field.name or "converted")
    if fields.mode.of_structs:
        direct = f"as_{field.type}({value.code}, notes, None)"
        if field.type == "string" and value.stable:
            if value.kinds & FLOAT:  # most have no exponent
                double = f"type({value.code}) is float and 0.0001 <= {value.code} < 1e15"
                direct = f"dumps({value.code}).decode().removesuffix('.0') if {double} else {direct}"
            if value.kinds & INTEGER:
                direct = f"repr({value.code}) if type({value.code}) is int else {direct}"
        writer.line(f"{name} = {direct if is_direct else f'coerce({arguments})'}")
        texts = (NUMERALS,) if value.texts and field.type == "string" and is_direct else ()
        sink(replace(writer.declare(name, _wanted(field)), texts=texts))
        return
    site = fields.site("M505", field.place, field, scope, type=field.type)
    if is_direct and (is_sure or field.on_problem != "keep"):
        # The rare case is a call: long code is slow.
        writer.line(f"{name} = as_{field.type}({value.code}, notes, {site})")
        if not is_sure:
            fields.count(field, "unconverted", f"+= {name} is None")
        with writer.inside("" if is_sure else f"if {name} is not None:"):
            sink(writer.declare(name, _wanted(field)))
        return
    with writer.inside("try:"):
        writer.line(f"{name} = coerce({arguments})")
    with writer.inside("except CoercionError as error:"):
        fields.count(field, "unconverted")
        severity = ", 'error'" if field.holds_others else ""
        writer.line(f"notes.unconverted({site}, {value.code}, error{severity})")
        if field.on_problem == "keep":
            kept(Value(value.code, value.kinds & ~NULL, stable=True))
    with writer.inside("else:"):
        sink(writer.declare(name, _wanted(field)))


def is_as_wanted(value: Value, field: Field) -> bool:
    """Returns whether a value is of the type of its field without conversion."""
    wanted = _wanted(field)
    if wanted == ANY:
        return True
    is_as_is = field.type in _AS_IS - {"number"} and not field.items and field.form is None
    return is_as_is and not value.kinds & ~(wanted | NULL)


def _wanted(field: Field) -> int:
    """The kinds of the values of the type of a field."""
    if field.time is not None and field.time.writes in ("seconds", "milliseconds"):
        return INTEGER
    return _TYPES[field.type or "any"]
