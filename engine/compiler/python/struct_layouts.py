"""Which parts of the input are read as records: objects of which a mapping uses nothing but single members.

A record has a place for each member that the schema of the input declares, so that it takes less time to make than an
object, and much less to read from. What a mapping uses as a whole stays an object.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...types.types import Type, union
from ...values.once import cached_property
from .pool import Pool
from .string_sources import Region
from .value import ANY, BOOLEAN, DICT, LIST, NULL, NUMBER, STRING, Shape, Texts, Value

__all__ = ["Exceptions", "Member", "Record", "Shapes", "listed", "record_truth"]

Path = tuple[str, ...]
_ELEMENTS = "[]"
_MOST_LEVELS = 50


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of a member of a record, and the name of its place."""

    kinds: int
    items: int
    shape: Shape | None
    attribute: str
    inner: str
    """Code for what its elements are declared to be, where it is a list."""
    region: Region = field(default_factory=Region)

    def declared(self) -> str:
        """Code for what it is declared to be."""
        return f"({self.kinds}, {self.inner}, {self.region.longest})"

    @property
    def texts(self) -> tuple[Texts, ...]:
        return (self.region,) if self.shape is None else ()


@dataclass(frozen=True, slots=True)
class Listed:
    """The shape of a list with elements of a shape."""

    items: Shape

    def spoil(self) -> None:
        self.items.spoil()


def listed(shape: Shape | None) -> Shape | None:
    """The shape of a list of such."""
    return None if shape is None else Listed(shape)


@dataclass(eq=False)
class Record:
    """The shape of an object that is read as a record."""

    shapes: Shapes
    path: Path
    type: Type
    name: str
    read: dict[str, Member] = field(default_factory=dict)

    items: None = None

    @property
    def empty(self) -> str:
        """The name of a record without values."""
        return self.name.replace("RECORD", "EMPTY")

    @cached_property
    def types(self) -> Mapping[str, Type]:
        """What the members are, by their names; a variant of the object of which nothing is known is none."""
        found: dict[str, list[Type]] = {}
        for one in self.type.objects:
            for name, member in one.properties.items():
                found.setdefault(name, []).append(member.type)
        return {name: union(*[one for one in types if not one.any] or types) for name, types in found.items()}

    def spoil(self) -> None:
        if self.shapes.rule is None:
            self.shapes.spoiled.add(self.path)
        else:
            self.shapes.given_up.add(self.shapes.rule)

    def member(self, name: str) -> Member | None:
        """The member of a name; None where the schema does not declare one, so that there is no place for it."""
        if name not in self.types:
            return None
        if name not in self.read:
            self.read[name] = self.shapes.member((*self.path, name), self.types[name], self.attribute(name))
        return self.read[name]

    def attribute(self, name: str) -> str:
        plain = name.isidentifier() and name.isascii() and not name.startswith("_") and not keyword.iskeyword(name)
        return name if plain else f"_{list(self.types).index(name)}"

    def definition(self) -> str:
        """The code that makes it. What is not read can be anything."""
        entries = []
        for name in self.types:
            member = self.read.get(name)
            what = "ANY" if member is None else member.declared()
            entries.append(f"({name!r}, {self.attribute(name)!r}, {what})")
        return f"record({'.'.join(self.path)!r}, [{', '.join(entries)}])"


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The places of objects that are used as a whole, and the rules for single elements for which no record is made an
    object: they are left to the code for objects. Also the outputs whose bodies are held against schemas as a whole."""

    whole: frozenset[Path] = frozenset()
    rules: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()


class Shapes:
    """The shapes of one input."""

    def __init__(self, type_: Type, exceptions: Exceptions, pool: Pool) -> None:
        self.exceptions = exceptions
        self.pool = pool
        self.rule: str | None = None
        """The rule for single elements that is being compiled."""
        self.spoiled: set[Path] = set()
        """The places of records that turned out to be used as a whole."""
        self.given_up: set[str] = set()
        """The rules that turned out to use records as a whole."""
        self.whole_bodies: set[str] = set()
        """The outputs of whose bodies schemas ask what cannot be asked of parts."""
        self.records: list[Record] = []
        self.root = self.record((), type_)

    def more_exceptions(self) -> Exceptions | None:
        """The exceptions with those that turned out to be some; None where all went well."""
        before = self.exceptions
        if not self.spoiled and not self.given_up and not self.whole_bodies:
            return None
        return Exceptions(before.whole | self.spoiled, before.rules | self.given_up, before.bodies | self.whole_bodies)

    def record(self, path: Path, type_: Type) -> Record | None:
        """The record at a place where there are nothing but objects, of which all members are known."""
        closed = not type_.any and all(one.closed for one in type_.objects)
        if not closed or not any(one.properties for one in type_.objects):
            return None
        if path in self.exceptions.whole or len(path) > _MOST_LEVELS:
            return None
        record = Record(self, path, type_, self.pool.fresh("RECORD"))
        self.records.append(record)
        return record

    def member(self, path: Path, type_: Type, attribute: str) -> Member:
        kinds, items, shape, inner = self.known(path, type_)
        return Member(kinds, items, shape, attribute, inner)

    def known(self, path: Path, type_: Type) -> tuple[int, int, Shape | None, str]:
        """The kinds of what is at a place, those of its elements, its shape, and code for what is inside of it."""
        kinds = kinds_of(type_)
        if kinds & ~NULL == DICT and (record := self.record(path, type_)) is not None:
            return kinds, ANY, record, record.name
        if kinds & ~NULL == LIST and type_.array is not None:
            items, _, shape, inner = self.known((*path, _ELEMENTS), type_.array.element())
            return kinds, items, listed(shape), f"({items}, {inner})" if items else "None"
        return kinds, ANY, None, "None"

    def definitions(self) -> Iterator[str]:
        """The lines that make the records, each after those inside of it."""
        for record in reversed(self.records):
            yield f"{record.name} = {record.definition()}"
            yield f"{record.empty} = {record.name}()"


def kinds_of(type_: Type) -> int:
    """The kinds of the values of a type; the two of numbers are not told apart."""
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


def record_truth(value: Value, record: Record) -> str:
    """Python code that is true for a record with a member: the first one is looked at, of all others a function knows.

    A record without values is in doubt: the object may have been empty.
    """
    first = next(iter(record.types))
    member = record.member(first)
    assert member is not None  # noqa: S101 - it is one of the names
    sure = f"({value.text}.{member.attribute} is not None or is_filled({value.text}, {record.empty}))"
    return f"({value.text} is not None and {sure})" if value.kinds & NULL else sure
