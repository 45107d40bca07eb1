"""Decides which objects of the input are read as structs: those that a mapping only reads single members of.

A struct has a slot for each member that the input schema declares, so it is faster to create than an object, and much
faster to read. An object that a mapping uses as a whole remains an object.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...types.types import Type, union
from ...values.once import cached_property
from .pool import Pool
from .string_sources import Region
from .value import ANY, BOOLEAN, DICT, LIST, NULL, NUMBER, STRING, Shape, Texts, Value, structs_needed

__all__ = ["Exceptions", "Member", "Shapes", "StructShape", "listed", "struct_truth"]

Steps = tuple[str, ...]
_ELEMENTS = "[]"
_MOST_LEVELS = 50


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a struct: the facts known of it, and the name of its attribute."""

    kinds: int
    items: int
    shape: Shape | None
    attribute: str
    inner: str
    """For a list, the code of the declaration of its elements."""
    region: Region = field(default_factory=Region)

    def declared(self) -> str:
        """The code of its declaration."""
        return f"({self.kinds}, {self.inner}, {self.region.longest})"

    @property
    def texts(self) -> tuple[Texts, ...]:
        return (self.region,) if self.shape is None else ()


@dataclass(frozen=True, slots=True)
class ListShape:
    """The shape of a list whose elements have a shape."""

    items: Shape

    @property
    def whole(self) -> str:
        return self.items.whole


def listed(shape: Shape | None) -> Shape | None:
    """The shape of a list of elements with this shape."""
    return None if shape is None else ListShape(shape)


@dataclass(eq=False)
class StructShape:
    """The shape of an object that is read as a struct."""

    shapes: Shapes
    path: Steps
    type: Type
    name: str
    read: dict[str, Member] = field(default_factory=dict)

    items: None = None

    @property
    def empty(self) -> str:
        """The name of a constant: the struct without values."""
        return self.name.replace("STRUCT", "EMPTY")

    @cached_property
    def types(self) -> Mapping[str, Type]:
        """The types of the members by name; an unrestricted type in one variant does not count beside others."""
        found: dict[str, list[Type]] = {}
        for one in self.type.objects:
            for name, member in one.properties.items():
                found.setdefault(name, []).append(member.type)
        return {name: union(*[one for one in types if not one.any] or types) for name, types in found.items()}

    @property
    def whole(self) -> str:
        return f"unusual({self.name})"

    def member(self, name: str) -> Member | None:
        """The member of this name; None if the schema does not declare it, so that it has no slot."""
        if name not in self.types:
            return None
        if name not in self.read:
            self.read[name] = self.shapes.member((*self.path, name), self.types[name], self.attribute(name))
        return self.read[name]

    def attribute(self, name: str) -> str:
        plain = name.isidentifier() and name.isascii() and not name.startswith("_") and not keyword.iskeyword(name)
        return name if plain else f"_{list(self.types).index(name)}"

    def definition(self) -> str:
        """The code that creates the struct class. A member that is never read can be anything."""
        entries = []
        for name in self.types:
            member = self.read.get(name)
            what = "ANY" if member is None else member.declared()
            entries.append(f"({name!r}, {self.attribute(name)!r}, {what})")
        return f"struct({'.'.join(self.path)!r}, [{', '.join(entries)}])"


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The exceptions to reading objects as structs.

    These are the places of objects that are used as a whole; the rules that use structs as a whole, and whose elements
    are left to the code for objects; and the outputs whose bodies are validated as a whole.
    """

    whole: frozenset[Steps] = frozenset()
    rules: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()


class Shapes:
    """The shapes of one input."""

    def __init__(self, type_: Type, exceptions: Exceptions, pool: Pool) -> None:
        self.exceptions = exceptions
        self.pool = pool
        self.structs: list[StructShape] = []
        self.root = self.struct((), type_)

    def needed(self, *codes: str) -> frozenset[Steps]:
        """The places of the structs that code needs as objects."""
        names = structs_needed(*codes)
        return frozenset(struct.path for struct in self.structs if struct.name in names)

    def struct(self, path: Steps, type_: Type) -> StructShape | None:
        """The struct at a place that has only objects with all members declared; else None."""
        closed = not type_.any and all(one.closed for one in type_.objects)
        if not closed or not any(one.properties for one in type_.objects):
            return None
        if path in self.exceptions.whole or len(path) > _MOST_LEVELS:
            return None
        struct = StructShape(self, path, type_, self.pool.fresh("STRUCT"))
        self.structs.append(struct)
        return struct

    def member(self, path: Steps, type_: Type, attribute: str) -> Member:
        kinds, items, shape, inner = self.known(path, type_)
        return Member(kinds, items, shape, attribute, inner)

    def known(self, path: Steps, type_: Type) -> tuple[int, int, Shape | None, str]:
        """The kinds of the value at a place and of its elements, its shape, and the code that declares its contents."""
        kinds = kinds_of(type_)
        if kinds & ~NULL == DICT and (struct := self.struct(path, type_)) is not None:
            return kinds, ANY, struct, struct.name
        if kinds & ~NULL == LIST and type_.array is not None:
            items, _, shape, inner = self.known((*path, _ELEMENTS), type_.array.element())
            return kinds, items, listed(shape), f"({items}, {inner})" if items else "None"
        return kinds, ANY, None, "None"

    def definitions(self) -> Iterator[str]:
        """The lines that create the struct classes, inner ones first."""
        for struct in reversed(self.structs):
            yield f"{struct.name} = {struct.definition()}"
            yield f"{struct.empty} = {struct.name}()"


def kinds_of(type_: Type) -> int:
    """The kinds of the values of a type; integers and doubles are not distinguished."""
    if type_.any:
        return ANY
    kinds = [
        (NULL, type_.null),
        (BOOLEAN, type_.booleans),
        (NUMBER, type_.number is not None),
        (STRING, type_.string is not None),
        (LIST, type_.array is not None),
        (DICT, type_.objects),
    ]
    return sum(kind for kind, possible in kinds if possible)


def struct_truth(value: Value, struct: StructShape) -> str:
    """Python code that is true for a struct with a member: the first one is tested inline, the others by a function.

    For a struct without values it is undecided, since the object may have been empty.
    """
    first = next(iter(struct.types))
    member = struct.member(first)
    assert member is not None  # noqa: S101 - it is one of the names
    sure = f"({value.text}.{member.attribute} is not None or is_filled({value.text}, {struct.empty}))"
    return f"({value.text} is not None and {sure})" if value.kinds & NULL else sure
