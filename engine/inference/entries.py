"""The names and types of the entries of a spread, and of the object that they are added to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..language.rulebook import (
    Spread,
)
from ..language.traversal import is_excepted
from ..types.narrowing import falsy, meet, truthy
from ..types.types import (
    NEVER,
    NULL,
    ObjectType,
    Other,
    Property,
    StringType,
    Type,
    literal,
    matches,
    members,
    string,
    union,
    without_null,
)
from .facts import Sources

__all__ = ["always_passed", "filled", "names_of", "passed", "passes_all", "without_empty"]


def names_of(name: StringType, spread: Spread) -> Iterable[Type]:
    """The types of the names that entries with such names get; none if the spread leaves them out."""
    except_ = spread.except_
    if name.values is not None:
        yield string(spread.rename.get(one, one) for one in name.values if not is_excepted(except_, one))
        return
    gone = frozenset(name_ for name_ in except_.names if not except_.ignore_case)
    left = Type(string=StringType(excluded=gone - {""}, least=1 if "" in gone else 0))
    kept = meet(Type(string=name), left)
    if kept.string is None:
        return
    yield kept
    yield from (literal(new) for new in spread.rename.values())


def without_empty(value: Type) -> Type:
    """The type in which null replaces empty strings, lists and objects."""
    if value.never:
        return NEVER
    booleans, empty = Type(booleans=value.parts.booleans), falsy(value).parts
    gone = empty.null or empty.string is not None or empty.array is not None or empty.objects
    return union(truthy(value), booleans, NULL if gone else NEVER)


def filled(properties: dict[str, Property], others: list[Other], certain: Iterable[str]) -> ObjectType:
    """The type of an object with entries, which may take the names of absent fields; `certain` names always exist."""
    result = {}
    for name, prop in {**properties, **{name: Property(NEVER) for name in certain if name not in properties}}.items():
        extra = [] if prop.required else [other for other in others if matches(other.name, name)]
        own = [] if prop.type.never and extra else [(prop.type, prop.origin)]
        sources = (*own, *((other.type, other.origin) for other in extra))
        type_ = union(prop.type, *(other.type for other in extra))
        origin = Sources(sources) if len(sources) > 1 else sources[0][1]
        result[name] = Property(type_, prop.required or name in certain, origin) if extra else prop
    return ObjectType(result, tuple(others))


def passes_all(spread: Spread) -> bool:
    """Returns whether every entry that is not excepted passes through as it is."""
    first, *_ = spread.entries
    steps = (first.when, first.name, first.value, first.skip, first.reject)
    return not spread.let and not first.let and all(step is None for step in steps)


def passed(objects: Iterable[ObjectType], spread: Spread) -> Iterator[Other]:
    """The entries of these objects that pass through, with a type of its own for each known name."""
    for one in objects:
        for name, value in members(one):
            kept = without_null(value)
            for passed in names_of(name, spread) if not kept.never else ():
                if passed.string is not None:
                    yield Other(passed.string, kept, spread.entries[0])


def always_passed(type_: Type, spread: Spread) -> set[str]:
    """The names of entries that pass through for every value of the type."""
    if not type_.only_objects:
        return set()
    names = [
        {spread.rename.get(name, name) for name, prop in one.properties.items() if _is_sure(name, prop, spread)}
        for one in type_.objects
    ]
    return set.intersection(*names) if names else set()


def _is_sure(name: str, prop: Property, spread: Spread) -> bool:
    return prop.required and not prop.type.parts.null and not is_excepted(spread.except_, name)
