"""Types of the results of functions that are more exact than what their signatures give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..functions.globs import MAX_WILD
from ..patterns.builders import decimals_pattern
from ..types.comparison import may_equal
from ..types.types import (
    ANY,
    ANY_NUMBER,
    ANY_STRING,
    BOOLEAN,
    NEVER,
    NULL,
    ArrayType,
    NumberType,
    ObjectType,
    Other,
    Property,
    StringType,
    Type,
    constants,
    literal,
    matches,
    members,
    only,
    spellings,
    string,
    union,
    without,
    without_null,
)
from ..values.numbers import MAX_DECIMALS, decimal_text
from .calls import Call

__all__ = ["COUNT", "REFINED", "TIMES"]

_TIME = r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_FRACTION = r"\.[0-9]{3}"
TIMES = {"seconds": f"{_TIME}Z$", "milliseconds": f"{_TIME}{_FRACTION}Z$"}
COUNT = Type(number=NumberType(True, 0))


# --- texts


def _on_constants(change: Callable[[str], str], *, shortens: bool = False) -> Callable[[Call], Type]:
    def of(call: Call) -> Type:
        text = call.of(0).parts.string
        if text is not None and text.values is not None:
            return string(map(change, text.values))
        return ANY_STRING if text is None else Type(string=StringType(least=0 if shortens else min(text.least, 1)))

    return of


def _failing(type_: Type) -> Callable[[Call], Type]:
    def of(call: Call) -> Type:
        call.fails = True
        return type_

    return of


def _plain(type_: Type) -> Callable[[Call], Type]:
    return lambda _: type_


def _to_string(call: Call) -> Type:
    argument = call.of(0)
    values = constants(argument)
    if values is not None:
        return string(_text(one) for value in values for one in spellings(value))
    rest = without(argument, ("string",))
    if not _is_scalar(rest):
        call.fails = True  # a computed value can be too large
    texts = only(argument, ("string",))
    return union(texts, NEVER if rest.never else Type(string=StringType(least=1)))


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
    return decimal_text(value) if isinstance(value, int) else repr(value)


def _is_scalar(type_: Type) -> bool:
    return type_.kinds <= {"null", "boolean", "number", "string"}


def _type(call: Call) -> Type:
    return string(call.of(0).kinds)


def _split(call: Call) -> Type:
    separator = call.of(1).parts.string
    call.fails = call.fails or separator is None or matches(separator, "")
    return Type(array=ArrayType(ANY_STRING, (), 1))


def _contains(call: Call) -> Type:
    subject, wanted = call.of(0), call.of(1)
    if subject.parts.string is not None and wanted.kinds != {"string"}:
        call.fails = True
    if subject.parts.string is not None and subject.parts.array is None and "string" not in wanted.kinds:
        return NEVER
    array = call.list(0)
    if subject.kinds == {"array"} and not may_equal(array.element(), wanted):
        return literal(False)
    return BOOLEAN


def _from_unix_ms(call: Call) -> Type:
    call.fails = True
    precisions = constants(call.of(1)) or tuple(TIMES)
    known = [TIMES[precision] for precision in precisions if precision in TIMES]
    patterns = known if len(known) < 2 else [f"{_TIME}(?:{_FRACTION})?Z$"]
    return union(*(Type(string=StringType(patterns=frozenset({pattern}))) for pattern in patterns))


# --- objects


def _got(fits: Callable[[StringType, str], bool]) -> Callable[[Call], Type]:
    """The refinement of `get` and `get_ignore_case`; `fits` returns whether a name can be the wanted one."""

    def of(call: Call) -> Type:
        name = call.of(1).parts.string
        found = []
        for one in call.of(0).parts.objects:
            if name is None or name.values is None:
                found += [NULL, *(type_ for _, type_ in members(one))]
                continue
            for wanted in name.values:
                if one.requires(wanted):
                    found.append(one.value(wanted))
                else:
                    found += [NULL, *(type_ for names, type_ in members(one) if fits(names, wanted))]
        return union(*found)

    return of


def _fits_in_any_case(name: StringType, wanted: str) -> bool:
    return name.values is None or any(value.casefold() == wanted.casefold() for value in name.values)


def _keys(call: Call) -> Type:
    one = call.object(0)
    names = union(*(Type(string=name) for name, _ in members(one)))
    required = sum(prop.required for prop in one.properties.values())
    closed = not one.others
    return Type(array=ArrayType(names, (), required, len(one.properties) if closed else None))


def _values(call: Call) -> Type:
    one = call.object(0)
    required = sum(prop.required for prop in one.properties.values())
    types = union(*(type_ for _, type_ in members(one)))
    return Type(array=ArrayType(types, (), required, None if one.others else len(one.properties)))


def _merge(call: Call) -> Type:
    merged = call.object(0)
    for number in range(1, len(call.arguments)):
        over = call.object(number)
        properties = {}
        for name in (*merged.properties, *(name for name in over.properties if name not in merged.properties)):
            before, after = merged.value(name), over.value(name)
            required = over.requires(name)
            properties[name] = Property(after if required else union(before, after), required or merged.requires(name))
        merged = ObjectType(properties, (*merged.others, *over.others), merged.complete and over.complete)
    return Type(objects=(merged,))


def _omit(call: Call) -> Type:
    one = call.object(0)
    names = call.list(1)
    exact = constants(names.element()) if names.exact else None
    always = set(exact or ()) if exact is not None and all(len(constants(t) or ()) == 1 for t in names.first) else set()
    maybe = names.element().parts.string
    properties = {}
    for name, prop in one.properties.items():
        if name in always:
            continue
        gone = maybe is not None and matches(maybe, name)
        properties[name] = replace(prop, required=prop.required and not gone)
    others = tuple(
        replace(other, name=replace(other.name, excluded=other.name.excluded | always)) if always else other
        for other in one.others
    )
    return Type(objects=(ObjectType(properties, others, one.complete),))


def _to_object(call: Call) -> Type:
    elements = call.list(0)
    keys, values = call.over(1, elements), call.over(2, elements)
    names, value = only(keys.element(), ("string",)), values.element()
    others = () if names.string is None or value.never else (Other(names.string, value),)
    return Type(objects=(ObjectType({}, others),))


# --- lists


def _shuffled(call: Call, number: int = 0, least: int | None = None) -> Type:
    """A list of the same elements in another order; with `least`, of some of them."""
    array = call.list(number)
    return Type(
        array=ArrayType(array.element(), (), array.least if least is None else min(least, array.least), array.most)
    )


def _reverse(call: Call) -> Type:
    text, array = call.of(0).parts.string, call.of(0).parts.array
    made = NEVER
    if text is not None:
        made = Type(string=StringType(least=text.least, most=text.most))
    return made if array is None else union(made, _shuffled(call))


def _by_key(call: Call) -> ArrayType:
    """The list of a function with keys; sets `call.fails` unless these are all strings or all numbers."""
    array = call.list(0)
    keys = call.over(1, array).element()
    several = array.most is None or array.most > 0
    if several and not (keys.kinds <= {"string"} or keys.kinds <= {"number"}):
        call.fails = True
    return array


def _sort_by(call: Call) -> Type:
    _by_key(call)
    return _shuffled(call)


def _best_by(call: Call) -> Type:
    array = _by_key(call)
    return union(array.element(), NEVER if array.least else NULL)


def _best(call: Call) -> Type:
    array = call.list(0)
    return union(array.element(), NEVER if array.least else NULL)


def _sort_by_number(call: Call) -> Type:
    call.over(1, call.list(0))
    return _shuffled(call)


def _last_by(call: Call) -> Type:
    keys = call.over(1, call.list(0)).element()
    call.fails = call.fails or not _is_scalar(keys)
    return _shuffled(call, least=1)


def _distinct(call: Call) -> Type:
    call.fails = call.fails or not _is_scalar(call.list(0).element())
    return _shuffled(call, least=1)


def _map(call: Call) -> Type:
    return Type(array=call.over(0, call.list(1)))


def _to_array(call: Call) -> Type:
    array, rest = call.of(0).parts.array, without(call.of(0), ("array",))
    single = NEVER if rest.never else Type(array=ArrayType(NEVER, (rest,), 1, 1))
    return single if array is None else union(Type(array=array), single)


def _length(call: Call) -> Type:
    parts = call.of(0).parts
    found = []
    if parts.string is not None:
        found.append(NumberType(True, parts.string.least, parts.string.most))
    if parts.array is not None:
        found.append(NumberType(True, parts.array.least, parts.array.most))
    for one in parts.objects:
        required = sum(prop.required for prop in one.properties.values())
        there = sum(not prop.type.never for prop in one.properties.values())
        found.append(NumberType(True, required, None if one.others else there))
    return union(*(Type(number=number) for number in found))


# --- numbers and all else


def _to_number(call: Call) -> Type:
    parts = call.of(0).parts
    numbers = Type(number=parts.number)
    if parts.string is not None:
        numbers = ANY_NUMBER
    never_null = parts.kinds <= {"number"}
    return numbers if never_null else union(numbers, NULL)


def _calculated(call: Call) -> Type:
    call.fails = True
    numbers = [argument.parts.number for argument in call.arguments]
    return Type(number=NumberType(integral=all(number is not None and number.integral for number in numbers)))


def _sum(call: Call) -> Type:
    call.fails = True
    return ANY_NUMBER


def _avg(call: Call) -> Type:
    call.fails = True
    return ANY_NUMBER if call.list(0).least else union(ANY_NUMBER, NULL)


def _round(call: Call) -> Type:
    call.fails = True
    number, decimals = call.of(0).parts.number, constants(call.of(1))
    return Type(number=NumberType(decimals == (0,) or (number is not None and number.integral)))


def _rounded(call: Call) -> Type:
    call.fails = True
    return Type(number=NumberType(True))


def _abs(call: Call) -> Type:
    number = call.of(0).parts.number
    return Type(number=NumberType(number is not None and number.integral, 0))


def _not_null(call: Call) -> Type:
    found = NEVER
    for argument in call.arguments:
        found = union(found, without_null(argument))
        if not argument.parts.null:
            return found
    return union(found, NULL)


def _on_lists(call: Call) -> Type:
    """The refinement of `group_by`: an object of lists with some of the elements."""
    elements = call.list(0)
    names = only(call.over(1, elements).element(), ("string",)).string
    lists = Type(array=ArrayType(elements.element(), (), 1, elements.most))
    return Type(objects=(ObjectType({}, () if names is None else (Other(names, lists),)),))


def _zip(call: Call) -> Type:
    lists = [call.list(number) for number in range(len(call.arguments))]
    least, most = min(one.least for one in lists), [one.most for one in lists if one.most is not None]
    elements = tuple(one.element() for one in lists)
    if any(element.never for element in elements):
        return Type(array=ArrayType(NEVER, (), 0, 0))
    return Type(
        array=ArrayType(
            Type(array=ArrayType(NEVER, elements, len(lists), len(lists))), (), least, min(most, default=None)
        )
    )


def _index_of(call: Call) -> Type:
    subject, wanted = call.of(0).parts, call.of(1)
    call.fails = call.fails or (subject.string is not None and wanted.kinds != {"string"})
    return union(COUNT, NULL)


def _flatten(call: Call) -> Type:
    call.fails = True
    return Type(objects=(ObjectType({}, (Other(StringType(), ANY),)),))


def _with_pattern(type_: Type) -> Callable[[Call], Type]:
    """The refinement of functions of a text and a pattern, which can fail only if that is not constant."""

    def of(call: Call) -> Type:
        call.fails = call.fails or constants(call.of(1)) is None
        return type_

    return of


def _of_length(number: int) -> Callable[[Call], Type]:
    """For functions that return a string with at most as many characters as this argument says."""

    def of(call: Call) -> Type:
        call.fails = True
        lengths = constants(call.of(number))
        return Type(string=StringType(most=max(0, *map(int, lengths)) if lengths else None))

    return of


def _format_number(call: Call) -> Type:
    call.fails = True
    found = constants(call.of(1))
    if found is None or len(found) != 1 or not 0 <= found[0] <= MAX_DECIMALS or found[0] != int(found[0]):
        return Type(string=StringType(least=1))
    return Type(string=StringType(patterns=frozenset({decimals_pattern(int(found[0]))})))


def _matching(pattern: str) -> Type:
    return Type(string=StringType(patterns=frozenset({pattern})))


_HASH = _matching("^[0-9a-f]{64}$")


def _like(call: Call) -> Type:
    globs = constants(call.of(1))
    call.fails = call.fails or globs is None or any(isinstance(glob, str) and len(glob) > MAX_WILD for glob in globs)
    return BOOLEAN


def _size(call: Call) -> Type:
    call.fails = call.fails or not _is_scalar(call.of(0))
    return Type(number=NumberType(True, 1))


REFINED: dict[str, Callable[[Call], Type]] = {
    "abs": _abs,
    "add": _calculated,
    "avg": _avg,
    "ceil": _rounded,
    "base64_decode": _failing(ANY_STRING),
    "base64_encode": _failing(_matching("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")),
    "contains": _contains,
    "distinct": _distinct,
    "divide": _failing(ANY_NUMBER),
    "ends_with": _plain(BOOLEAN),
    "extract": _failing(union(ANY_STRING, NULL)),
    "flatten": _flatten,
    "floor": _rounded,
    "format_number": _format_number,
    "format_time": _failing(ANY_STRING),
    "from_unix_ms": _from_unix_ms,
    "get": _got(matches),
    "get_ignore_case": _got(_fits_in_any_case),
    "group_by": _on_lists,
    "hmac_sha256": _plain(_HASH),
    "index_of": _index_of,
    "join": _failing(ANY_STRING),
    "keys": _keys,
    "last_by": _last_by,
    "length": _length,
    "like": _like,
    "lower": _on_constants(str.lower),
    "map": _map,
    "matches": _with_pattern(BOOLEAN),
    "max": _best,
    "max_by": _best_by,
    "merge": _merge,
    "min": _best,
    "min_by": _best_by,
    "modulo": _calculated,
    "multiply": _calculated,
    "normalize_email": _on_constants(lambda text: text.strip().lower(), shortens=True),
    "not_null": _not_null,
    "omit": _omit,
    "parse_time": _failing(_matching(f"{_TIME}(?:{_FRACTION}|[.][0-9]{{6}})?Z$")),
    "replace_any": _failing(ANY_STRING),
    "replace_matches": _failing(ANY_STRING),
    "reverse": _reverse,
    "round": _round,
    "sha256": _plain(_HASH),
    "size": _size,
    "sort": _shuffled,
    "sort_by": _sort_by,
    "sort_by_number": _sort_by_number,
    "split": _split,
    "starts_with": _plain(BOOLEAN),
    "substring": _of_length(2),
    "subtract": _calculated,
    "sum": _sum,
    "to_array": _to_array,
    "to_number": _to_number,
    "to_object": _to_object,
    "to_string": _to_string,
    "to_unix_ms": _failing(Type(number=NumberType(True))),
    "trim": _on_constants(str.strip, shortens=True),
    "truncate": _of_length(1),
    "type": _type,
    "unique_by": _last_by,
    "upper": _on_constants(str.upper),
    "url_decode": _failing(ANY_STRING),
    "url_encode": _failing(_matching(r"^[A-Za-z0-9._~%\-]*$")),
    "values": _values,
    "zip": _zip,
}
