"""Narrows types: without some values, to truthy values, to common values, at a path.

Narrowing only removes values; a restriction that a type cannot express leaves it unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce
from math import ceil, floor, nextafter
from typing import Any

from .membership import is_number
from .types import (
    MAX_CONSTANTS,
    MAX_VARIANTS,
    NEVER,
    NULL,
    ArrayType,
    NumberType,
    ObjectType,
    Other,
    Property,
    StringType,
    Type,
    join,
    matches,
    string_of,
    union,
    without,
    without_null,
)

__all__ = ["MAX_CONDITIONS", "either_case", "excluding", "falsy", "meet", "meet_string", "next_to", "refine", "truthy"]

_MAX_CASES = 2
MAX_CONDITIONS = 1000
_MAX_NEXT = 2**50


def excluding(type_: Type, values: Iterable[Any]) -> Type:
    """The type without these scalars, as far as a type can express that."""
    result = type_
    for value in values:
        result = _excluding(result.parts, value)
    return result


def _excluding(parts: Type, value: Any) -> Type:
    match value:
        case None:
            return replace(parts, null=False)
        case bool():
            return replace(parts, booleans=parts.booleans - {value})
        case int() | float() if parts.number is not None and parts.number.values is not None:
            left = parts.number.values - {value}
            return replace(parts, number=replace(parts.number, values=left) if left else None)
        case str() if parts.string is not None:
            text = parts.string
            if text.values is not None:
                return replace(parts, string=string_of(text.values - {value}))
            if value == "":
                return replace(parts, string=_at_least(text, 1))
            if matches(text, value) and len(text.excluded) < MAX_CONSTANTS:
                return replace(parts, string=replace(text, excluded=text.excluded | {value}))
    return parts


def truthy(type_: Type) -> Type:
    """The part of the type that is truthy in JMESPath: all but null, false and empty values."""
    parts = type_.parts
    return Type(
        booleans=parts.booleans & {True},
        number=parts.number,
        string=_at_least(parts.string, 1),
        array=_at_least_items(parts.array, 1),
        objects=tuple(one for one in parts.objects if _can_have_members(one)),
    )


def falsy(type_: Type) -> Type:
    """The part of the type that is falsy in JMESPath."""
    parts = type_.parts
    empty = parts.string is not None and matches(parts.string, "")
    can_be_empty = (one for one in parts.objects if not any(prop.required for prop in one.properties.values()))
    return Type(
        null=parts.null,
        booleans=parts.booleans & {False},
        string=StringType(frozenset({""}), most=0) if empty else None,
        array=ArrayType(NEVER, (), 0, 0) if parts.array is not None and parts.array.least == 0 else None,
        objects=tuple(
            ObjectType({name: Property(NEVER) for name in one.properties}, (), one.complete) for one in can_be_empty
        )[:1],
    )


def _can_have_members(one: ObjectType) -> bool:
    return bool(one.others) or any(not prop.type.never for prop in one.properties.values())


def _at_least(text: StringType | None, least: int) -> StringType | None:
    if text is None or text.least >= least:
        return text
    if text.values is not None:
        return string_of(frozenset(value for value in text.values if len(value) >= least))
    return None if text.most is not None and text.most < least else replace(text, least=least)


def _at_least_items(array: ArrayType | None, least: int) -> ArrayType | None:
    if array is None or array.least >= least:
        return array
    return None if array.most is not None and array.most < least else replace(array, least=least)


def meet(a: Type, b: Type) -> Type:
    """The type of the values that are of both types, or a wider one."""
    if a is b or b.any:
        return a
    if a.any:
        return b
    return Type(
        a.null and b.null,
        a.booleans & b.booleans,
        None if a.number is None or b.number is None else _meet_number(a.number, b.number),
        None if a.string is None or b.string is None else meet_string(a.string, b.string),
        None if a.array is None or b.array is None else _meet_array(a.array, b.array),
        _meet_objects(a.objects, b.objects),
    )


def _meet_number(a: NumberType, b: NumberType) -> NumberType | None:
    low = max((bound for bound in (a.minimum, b.minimum) if bound is not None), default=None)
    high = min((bound for bound in (a.maximum, b.maximum) if bound is not None), default=None)
    met = NumberType(a.integral or b.integral, low, high)
    if met.integral:
        low, high = None if low is None else ceil(low), None if high is None else floor(high)
        met = NumberType(True, low, high)
    if low is not None and high is not None and low > high:
        return None
    if a.values is None and b.values is None:
        return met
    values = [one for one in (a.values if a.values is not None else b.values) or () if is_number(met, one)]
    values = [one for one in values if b.values is None or one in b.values]
    return replace(met, values=frozenset(values)) if values else None


def next_to(bound: float | None, towards: float) -> float | None:
    """The bound without the number itself: the next double `towards` infinity or minus infinity.

    Large bounds are returned unchanged, since integers are closer to each other there than doubles.
    """
    return bound if bound is None or abs(bound) > _MAX_NEXT else nextafter(bound, towards)


def meet_string(a: StringType, b: StringType) -> StringType | None:
    """The strings of both types; None if there are none."""
    if a == b:
        return a
    if a.values is not None or b.values is not None:
        few, many = (a, b) if a.values is not None else (b, a)
        return string_of(frozenset(value for value in few.values or () if matches(few, value) and matches(many, value)))
    most = min((bound for bound in (a.most, b.most) if bound is not None), default=None)
    least = max(a.least, b.least)
    if most is not None and least > most:
        return None
    also = frozenset(value for value in a.also | b.also if matches(a, value) and matches(b, value))
    patterns, avoids = _both(a.patterns, b.patterns), _both(a.avoids, b.avoids)
    return StringType(None, _both(a.excluded, b.excluded), least, most, patterns, avoids, also)


def _both(a: frozenset[str], b: frozenset[str]) -> frozenset[str]:
    """The conditions of both types; those of one of them, which is wider and costs no memory, if they are too many."""
    both = a if b <= a else a | b
    return both if len(both) <= MAX_CONDITIONS else max(a, b, key=len)


def _meet_array(a: ArrayType, b: ArrayType) -> ArrayType | None:
    least = max(a.least, b.least)
    most = min((bound for bound in (a.most, b.most) if bound is not None), default=None)
    length = max(len(a.first), len(b.first))
    first = []
    for number in range(length):
        one = meet(_at(a, number), _at(b, number))
        if one.never:
            most = number if most is None else min(most, number)
            break
        first.append(one)
    items = meet(a.items, b.items)
    if items.never and len(first) == length:
        most = length if most is None else min(most, length)
    return (
        None if most is not None and least > most else ArrayType(items, tuple(first), least, most, a.alike or b.alike)
    )


def _at(array: ArrayType, number: int) -> Type:
    return array.first[number] if number < len(array.first) else array.items


def _meet_objects(a: tuple[ObjectType, ...], b: tuple[ObjectType, ...]) -> tuple[ObjectType, ...]:
    met = (_meet_object(one, other) for one in a for other in b)
    found = tuple(one for one in met if one is not None)
    return found if len(found) <= MAX_VARIANTS else (reduce(join, found),)


def _meet_object(a: ObjectType, b: ObjectType) -> ObjectType | None:
    if a is b:
        return a
    properties = {}
    for name in (*a.properties, *(name for name in b.properties if name not in a.properties)):
        one, other = a.properties.get(name), b.properties.get(name)
        type_ = meet(a.value(name), b.value(name))
        required = a.requires(name) or b.requires(name)
        if required and type_.never:
            return None
        if one is not None and type_ is one.type and required == one.required:
            properties[name] = one
        elif other is not None and type_ is other.type and required == other.required:
            properties[name] = other
        else:
            properties[name] = Property(type_, required)
    origin = a.origin if a.closed or b.origin is None else b.origin
    return ObjectType(properties, _meet_others(a.others, b.others), a.complete or b.complete, origin)


def _meet_others(a: tuple[Other, ...], b: tuple[Other, ...]) -> tuple[Other, ...]:
    found = []
    for one in a:
        for other in b:
            name, type_ = meet_string(one.name, other.name), meet(one.type, other.type)
            if name is not None and not type_.never:
                found.append(Other(name, type_))
    return tuple(found)


def refine(type_: Type, path: tuple[str, ...], change: Callable[[Type], Type]) -> Type:
    """The type with the value at the path changed; `change` must only remove values."""
    if not path:
        return change(type_)
    name, *rest = path
    below = tuple(rest)
    parts = type_.parts
    only_objects = parts.only_objects
    keeps_others = not only_objects and not refine(NULL, below, change).never
    objects = []
    changed = False
    for one in parts.objects:
        before = one.value(name)
        required = one.requires(name)
        seen = before if required else union(before, NULL)
        after = refine(seen, below, change)
        if after.never:
            changed = True
        elif after is seen or after == seen:
            objects.append(one)
        else:
            changed = True
            objects.append(_with_property(one, name, before, after, required))
    if not changed and (keeps_others or only_objects):
        return type_
    rest_of_type = without(parts, ("object",)) if keeps_others else NEVER
    return union(rest_of_type, Type(objects=tuple(objects)))


def _with_property(one: ObjectType, name: str, before: Type, after: Type, required: bool) -> ObjectType:
    # Null may remain only because the member may be absent.
    type_ = after if before.parts.null else without_null(after)
    own = one.properties.get(name)
    made = Property(type_, required or not after.parts.null, own.origin if own is not None else None)
    return replace(one, properties={**one.properties, name: made})


def either_case(a: Type, b: Type) -> Type:
    """The union of two narrowings of one type.

    While there are few variants, only those that differ in a single member are joined, so that the conditions on
    several members are kept together. The roots of expressions never have more than a few variants.
    """
    if a is b or b.never:
        return a
    if a.never:
        return b
    both = (*a.objects, *b.objects)
    if len(both) > 2 * _MAX_CASES or a != Type(objects=a.objects) or b != Type(objects=b.objects):
        return union(a, b)
    cases: list[ObjectType] = []
    for one in both:
        near = next((number for number, case in enumerate(cases) if _differ_in_one(case, one)), None)
        if near is None:
            cases.append(one)
        else:
            cases[near] = join(cases[near], one)
    if len(cases) > _MAX_CASES:  # the newest distinction is the likeliest to be asked for again
        cases = [reduce(join, a.objects), reduce(join, b.objects)]
    return Type(objects=tuple(cases))


def _differ_in_one(a: ObjectType, b: ObjectType) -> bool:
    """Returns whether joining two variants loses nothing: all members but one are the same."""
    if a.properties.keys() != b.properties.keys() or a.others != b.others:
        return False
    different = 0
    for name, prop in a.properties.items():
        other = b.properties[name]
        different += prop is not other and prop != other
    return different <= 1
