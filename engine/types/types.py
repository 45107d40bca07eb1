"""Types of JSON values, as far as they are known before any data.

A `Type` is a union with at most one part for each kind of value, except that objects keep their variants, so that a
condition on one member can exclude some of them. Types only err by being too wide: a value always belongs to its type,
and a value that is not understood is `ANY`. In expressions an absent member is null, but an object without a member
differs from one in which it is null, so a `Property` records both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, TypeVar

from ..values.kinds import JSON_TYPES
from .strings import MAX_CONSTANTS, StringType, either_string, matches, string_of

__all__ = [
    "ANY",
    "ANY_NUMBER",
    "ANY_STRING",
    "BOOLEAN",
    "LIST",
    "MAX_CONSTANTS",
    "MAX_VARIANTS",
    "NEVER",
    "NULL",
    "OBJECT",
    "ArrayType",
    "NumberType",
    "ObjectType",
    "Other",
    "Property",
    "StringType",
    "Type",
    "constants",
    "join",
    "literal",
    "lookup",
    "matches",
    "members",
    "only",
    "spellings",
    "string",
    "string_of",
    "union",
    "without",
    "without_null",
]

MAX_VARIANTS = 32
MAX_OTHERS = 24


@dataclass(frozen=True, slots=True)
class NumberType:
    """Numbers. `integral`: without a fraction, 1.0 included; `values`: only these."""

    integral: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: frozenset[int | float] | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """A member of an object. `origin` is the part of the rules or of a schema that gives it, for messages."""

    type: Type
    required: bool = False
    origin: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Other:
    """Members without a `Property`: any number of them, with names and values of these types."""

    name: StringType
    type: Type
    origin: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ObjectType:
    """Objects with these members.

    `complete`: other members are allowed but none is known, so that reading one is most likely a mistake. `origin` is
    the part of the schema that describes the object, for messages.
    """

    properties: Mapping[str, Property]
    others: tuple[Other, ...] = ()
    complete: bool = False
    origin: Any = field(default=None, compare=False)

    def knows(self, name: str) -> bool:
        """Returns whether there can be a member of this name, as far as is known."""
        return name in self.properties or (
            not self.complete and any(matches(other.name, name) for other in self.others)
        )

    @property
    def closed(self) -> bool:
        """True if all known members have a `Property`."""
        return self.complete or not self.others

    def value(self, name: str) -> Type:
        """The type of the value under the name, absence aside."""
        own = self.properties.get(name)
        if own is not None:
            return own.type
        return union(*(other.type for other in self.others if matches(other.name, name)))

    def requires(self, name: str) -> bool:
        own = self.properties.get(name)
        return own is not None and own.required


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Lists of `least` to `most` elements.

    `first` has the types of the first elements by their index, `items` the type of those after them. `alike`: all
    elements except nulls are of one kind.
    """

    items: Type
    first: tuple[Type, ...] = ()
    least: int = 0
    most: int | None = None
    alike: bool = False

    @property
    def exact(self) -> bool:
        """True if every element has its place in `first`."""
        return self.least == self.most == len(self.first)

    def element(self) -> Type:
        """The union of the types of all elements."""
        shown_first = self.first if self.most is None else self.first[: self.most]
        rest = NEVER if self.most is not None and self.most <= len(self.first) else self.items
        return union(*shown_first, rest)


@dataclass(frozen=True, slots=True)
class Type:
    """A union: null, the booleans listed, numbers, strings, lists, and objects of any of these variants."""

    null: bool = False
    booleans: frozenset[bool] = frozenset()
    number: NumberType | None = None
    string: StringType | None = None
    array: ArrayType | None = None
    objects: tuple[ObjectType, ...] = ()
    any: bool = False

    @property
    def never(self) -> bool:
        return not self.objects and self.only_objects

    @property
    def parts(self) -> Type:
        """The type itself; for `ANY`, the union of all kinds that it stands for."""
        return _EVERYTHING if self.any else self

    @property
    def only_objects(self) -> bool:
        """True if all values of the type are objects."""
        return not (
            self.null
            or self.booleans
            or self.number is not None
            or self.string is not None
            or self.array is not None
            or self.any
        )

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its values, in JMESPath's words."""
        return _kinds(self.parts)


def _kinds(type_: Type) -> frozenset[str]:
    found = []
    if type_.null:
        found.append("null")
    if type_.booleans:
        found.append("boolean")
    if type_.number is not None:
        found.append("number")
    if type_.string is not None:
        found.append("string")
    if type_.array is not None:
        found.append("array")
    if type_.objects:
        found.append("object")
    return frozenset(found)


_Part = TypeVar("_Part")

NEVER = Type()
ANY = Type(any=True)
NULL = Type(null=True)
BOOLEAN = Type(booleans=frozenset({True, False}))
ANY_NUMBER = Type(number=NumberType())
ANY_STRING = Type(string=StringType())
LIST = Type(array=ArrayType(ANY))
OBJECT = Type(objects=(ObjectType({}, (Other(StringType(), ANY),)),))
_EVERYTHING = Type(True, BOOLEAN.booleans, NumberType(), StringType(), LIST.array, OBJECT.objects)


# --- making types


def literal(value: Any) -> Type:
    """The type that has this JSON value alone."""
    match value:
        case None:
            return NULL
        case bool():
            return Type(booleans=frozenset({value}))
        case int() | float():
            return Type(number=NumberType(float(value).is_integer(), value, value, frozenset({value})))
        case str():
            return Type(string=StringType(frozenset({value}), least=len(value), most=len(value)))
        case list():
            if len(value) > MAX_CONSTANTS:
                return Type(array=ArrayType(union(*map(literal, value)), (), len(value), len(value)))
            return Type(array=ArrayType(NEVER, tuple(map(literal, value)), len(value), len(value)))
    return Type(objects=(ObjectType({name: Property(literal(item), True) for name, item in value.items()}),))


def string(values: Iterable[str]) -> Type:
    """The type of these strings."""
    return Type(string=string_of(frozenset(values)))


def only(type_: Type, kinds: Iterable[str]) -> Type:
    """The parts of these kinds, in JMESPath's words."""
    kinds = frozenset(kinds)
    parts = type_.parts
    kept = Type(
        parts.null and "null" in kinds,
        parts.booleans if "boolean" in kinds else frozenset(),
        parts.number if "number" in kinds else None,
        parts.string if "string" in kinds else None,
        parts.array if "array" in kinds else None,
        parts.objects if "object" in kinds else (),
    )
    same = (
        kept.null == parts.null
        and kept.booleans is parts.booleans
        and kept.number is parts.number
        and kept.string is parts.string
        and kept.array is parts.array
        and kept.objects is parts.objects
    )
    return type_ if same else kept


def without(type_: Type, kinds: Iterable[str]) -> Type:
    """The parts of all other kinds."""
    return only(type_, JSON_TYPES - frozenset(kinds))


def without_null(type_: Type) -> Type:
    """The type without null."""
    if not type_.null and not type_.any:
        return type_
    return only(type_, JSON_TYPES - {"null"})


# --- reading types


def lookup(type_: Type, name: str) -> Type:
    """The type of `.name`: null for all but objects."""
    parts = type_.parts
    found = [one.value(name) for one in parts.objects]
    if not parts.only_objects or not all(one.requires(name) for one in parts.objects):
        found.append(NULL)
    # Variants mostly share what they have in common.
    return union(*{id(one): one for one in found}.values())


def members(one: ObjectType) -> Iterator[tuple[StringType, Type]]:
    """The types of names and values of the members that an object can have."""
    for name, prop in one.properties.items():
        if not prop.type.never:
            yield StringType(frozenset({name}), least=len(name), most=len(name)), prop.type
    for other in one.others:
        yield other.name, other.type


def constants(type_: Type) -> tuple[Any, ...] | None:
    """All values of a type that has only few scalars, or None."""
    if type_.any or type_.array is not None or type_.objects:
        return None
    found: list[Any] = [None] if type_.null else []
    found += sorted(type_.booleans)
    for part in (type_.number, type_.string):
        if part is not None:
            if part.values is None:
                return None
            found += sorted(part.values)
    return tuple(found)


def spellings(value: Any) -> tuple[Any, ...]:
    """The scalars that equal a scalar: 1 and 1.0 are one value to a type, but differ as text."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        return (value,)
    return (int(value), float(value), *((-0.0,) if value == 0 else ()))


# --- joining types


def union(*types: Type) -> Type:
    """A type that has the values of all these types."""
    if len(types) > MAX_VARIANTS * 8:  # halves: one by one, the members of all before would be joined with each
        half = len(types) // 2
        return union(union(*types[:half]), union(*types[half:]))
    result = NEVER
    for type_ in _texts_together(types) if len(types) > 2 else types:
        if result is NEVER:
            result = type_
        elif type_ is not result:
            result = _union(result, type_)
    return result


def _texts_together(types: Iterable[Type]) -> list[Type]:
    """The types, with those of known strings alone merged into one, since there can be many of them."""
    texts: set[str] = set()
    others = []
    for type_ in types:
        text = type_.string
        has_more = type_.null or type_.booleans or type_.number or type_.array or type_.objects
        if text is None or text.values is None or text.also or has_more:
            others.append(type_)
        else:
            texts |= text.values
    return [*others, Type(string=string_of(frozenset(texts)))] if texts else others


def _union(a: Type, b: Type) -> Type:
    if b.never:
        return a
    if a.never:
        return b
    if a.any or b.any:
        return ANY
    joined = Type(
        a.null or b.null,
        a.booleans | b.booleans,
        _either(a.number, b.number, _union_number),
        _either(a.string, b.string, either_string),
        _either(a.array, b.array, _union_array),
        _union_objects(a.objects, b.objects),
    )
    return ANY if joined.null and joined.objects and joined == _EVERYTHING else joined


def _either(a: _Part | None, b: _Part | None, both: Callable[[_Part, _Part], _Part]) -> _Part | None:
    if a is None or b is None or a is b:
        return a if b is None else b
    return both(a, b)


def _least(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else min(a, b)


def _most(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else max(a, b)


def _union_number(a: NumberType, b: NumberType) -> NumberType:
    values = None if a.values is None or b.values is None else a.values | b.values
    if values is not None and len(values) > MAX_CONSTANTS:
        values = None
    return NumberType(a.integral and b.integral, _least(a.minimum, b.minimum), _most(a.maximum, b.maximum), values)


def _union_array(a: ArrayType, b: ArrayType) -> ArrayType:
    if a == b:
        return a
    most = None if a.most is None or b.most is None else max(a.most, b.most)
    least = min(a.least, b.least)
    if a.exact and b.exact and len(a.first) == len(b.first):
        return ArrayType(NEVER, tuple(map(union, a.first, b.first)), least, most)
    one, other = a.element(), b.element()
    return ArrayType(union(one, other), (), least, most, _are_alike(a, one) and _are_alike(b, other))


def _are_alike(array: ArrayType, element: Type) -> bool:
    return array.alike or (array.most is not None and array.most <= 1) or len(element.kinds - {"null"}) <= 1


def _union_objects(a: tuple[ObjectType, ...], b: tuple[ObjectType, ...]) -> tuple[ObjectType, ...]:
    if not a or not b:
        return a or b
    joined = [*a, *(one for one in b if not any(one is other or one == other for other in a))]
    return tuple(joined) if len(joined) <= MAX_VARIANTS else (reduce(join, joined),)


def join(a: ObjectType, b: ObjectType) -> ObjectType:
    """One variant that includes the objects of both."""
    if a is b:
        return a
    properties = {}
    for name in (*a.properties, *(name for name in b.properties if name not in a.properties)):
        one, other = a.properties.get(name), b.properties.get(name)
        if one is other and one is not None:
            properties[name] = one
            continue
        origin = next((prop.origin for prop in (one, other) if prop is not None and prop.origin is not None), None)
        properties[name] = Property(union(a.value(name), b.value(name)), a.requires(name) and b.requires(name), origin)
    others = (*a.others, *(other for other in b.others if other not in a.others))
    if len(others) > MAX_OTHERS:
        others = (Other(StringType(), union(*(other.type for other in others))),)
    return ObjectType(properties, others, a.complete and b.complete, b.origin if a.origin is None else a.origin)
