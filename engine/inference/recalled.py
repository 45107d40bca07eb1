"""Keeps the results of the last walk through the rules, for the next one to use again.

A part of the rules is walked again only if it has changed, or the type of a root that it reads. The types of other
names in scope may have changed: they are replaced in contexts from the last walk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Set
from dataclasses import replace
from typing import Any, TypeVar

from ..language.keys import attributes_of
from ..language.rulebook import Const, Expr, Field, Text
from ..language.traversal import roots_in
from ..types.types import ObjectType, Property, Type
from ..values.recall import Recall
from .contexts import learnt, with_root

__all__ = ["RecalledTypes", "names_in"]

_NAME = re.compile(r"\w+")

_T = TypeVar("_T")


def names_in(part: Any) -> tuple[str, ...]:
    """The names of all roots that matter to a part of the rules: those that it reads, and those in its constants."""
    return tuple(dict.fromkeys((*roots_in(part), *_meant_in(part))))


def _meant_in(part: Any) -> Iterator[str]:
    """The first word of each constant string, which a check compares with the names in scope."""
    match part:
        case str():
            if word := _NAME.match(part):
                yield word.group()
        case tuple():
            for one in part:
                yield from _meant_in(one)
        case Const():
            yield from _meant_in(part.value if isinstance(part.value, str) else ())
        case Text():
            yield from _meant_in(() if part.template.roots else part.template.text)
        case Expr():
            pass
        case _:
            if isinstance(part, Field) and isinstance(part.default, str):
                yield from _meant_in(part.default)
            for attribute, _ in attributes_of(type(part)):
                value = getattr(part, attribute)
                yield from () if isinstance(value, str) else _meant_in(value)


class RecalledTypes:
    """The types of the last walk, found by the identities of parts of the rules and of types."""

    def __init__(self, recall: Recall, rejecting: Set[str]) -> None:
        self._recall = recall
        self._rejecting = rejecting

    def same(self, key: Hashable, type_: Type) -> Type:
        """The last type under the key if it is the same, origins included; else the given type."""
        last: Type | None = self._recall.get(key)
        return self._recall.put(key, type_ if last is None or not _is_same(last, type_) else last)

    def root(self, name: str, type_: Type) -> Property:
        """The Property of a root with this type: the same object for the same type."""
        return self._recall.of((name, id(type_)), lambda: Property(type_, True))

    def with_root(self, context: Type, name: str, type_: Type) -> Type:
        """The context with one more name: the same object for the same types."""
        added = self.root(name, type_)
        key = "with", id(context), name, id(added)
        return self._recall.of(key, lambda: (with_root(context, name, added), context, added))[0]

    def learnt(self, context: Type, known: Type) -> int:
        """See `contexts.learnt`."""
        key = "learnt", id(context), id(known)
        return self._recall.of(key, lambda: (learnt(context, known), context, known))[0]

    def result(self, key: tuple[Hashable, ...], names: Collection[str], context: Type, make: Callable[[], _T]) -> _T:
        """The result for a context, if only the roots of these names affect it."""
        full = (*key, *self._roots(context, names))
        found: tuple[Type, _T] | None = self._recall.get(full)
        return (self._recall.put(full, (context, make())) if found is None else found)[1]

    def context(
        self, key: tuple[Hashable, ...], names: Collection[str], context: Type, make: Callable[[], Type]
    ) -> Type:
        """A context that is made from another one by narrowing the roots of these names."""
        made: Type = self.result_and_context(key, names, context, lambda: (make(),))[-1]
        return made

    def result_and_context(
        self, key: tuple[Hashable, ...], names: Collection[str], context: Type, make: Callable[[], tuple[Any, ...]]
    ) -> tuple[Any, ...]:
        """Several results, of which the last is a context as in `context`."""
        full = (*key, *self._roots(context, names))
        found: tuple[Type, tuple[Any, ...]] | None = self._recall.get(full)
        if found is not None:
            before, (*results, last) = found
            moved = _moved(last, before, context, names)
            if moved is not None:
                return (*results, moved)
        return self._recall.put(full, (context, make()))[1]

    def _roots(self, context: Type, names: Collection[str]) -> tuple[Any, ...]:
        """A key for the types of some roots, which live as long as the context, and for the roots that can reject."""
        types = tuple(
            tuple(None if (own := one.properties.get(name)) is None else (id(own.type), own.required) for name in names)
            for one in context.objects
        )
        return types, tuple(name for name in names if name in self._rejecting)


def _moved(made: Type, before: Type, now: Type, own: Collection[str]) -> Type | None:
    """A context made from `before`, adapted to the context `now`; None if that is impossible.

    `before` and `now` differ in names other than `own`; the types of `own` may differ between `made` and `before`.
    """
    if before is now or made.never:
        return made
    if made is before:
        return now
    changed = _changed(before, now)
    if not changed:
        return made if changed is not None else None
    objects = []
    for one in made.objects:
        properties = dict(one.properties)
        for name, (old, new) in changed.items():
            there = properties.get(name)
            if there is old:
                if new is None:
                    del properties[name]
                else:
                    properties[name] = new
            elif name not in own:
                return None
        objects.append(replace(one, properties=properties))
    return replace(made, objects=tuple(objects))


def _changed(before: Type, now: Type) -> dict[str, tuple[Property | None, Property | None]] | None:
    """The roots that differ between the contexts; None if their changes differ between the variants of a context."""
    if len(before.objects) != len(now.objects):
        return None
    found: dict[str, tuple[Property | None, Property | None]] | None = None
    for one, other in zip(before.objects, now.objects, strict=True):
        if one.others != other.others:
            return None
        differing = _differing(one.properties, other.properties)
        if found is None:
            found = differing
        elif found.keys() != differing.keys() or any(
            found[name][0] is not old or found[name][1] is not new for name, (old, new) in differing.items()
        ):
            return None
    return found


def _differing(
    one: Mapping[str, Property], other: Mapping[str, Property]
) -> dict[str, tuple[Property | None, Property | None]]:
    names = dict.fromkeys((*one, *other))
    return {name: (old, new) for name in names if (old := one.get(name)) is not (new := other.get(name))}


def _is_same(a: Type, b: Type) -> bool:
    """Returns whether two types are equal, and have the same origins."""
    if a is b:
        return True
    if (a.null, a.booleans, a.number, a.string, a.any) != (b.null, b.booleans, b.number, b.string, b.any):
        return False
    if len(a.objects) != len(b.objects) or (a.array is None) is not (b.array is None):
        return False
    if a.array is not None and b.array is not None and a.array is not b.array:
        x, y = a.array, b.array
        if (x.least, x.most, x.alike, len(x.first)) != (y.least, y.most, y.alike, len(y.first)):
            return False
        if not _is_same(x.items, y.items) or not all(map(_is_same, x.first, y.first)):
            return False
    return all(map(_are_same_objects, a.objects, b.objects))


def _are_same_objects(a: ObjectType, b: ObjectType) -> bool:
    return a is b or (
        a.complete == b.complete
        and a.origin is b.origin
        and list(a.properties) == list(b.properties)
        and len(a.others) == len(b.others)
        and all(
            one is other
            or (one.required == other.required and one.origin is other.origin and _is_same(one.type, other.type))
            for one, other in zip(a.properties.values(), b.properties.values(), strict=True)
        )
        and all(
            one is other or (one.name == other.name and one.origin is other.origin and _is_same(one.type, other.type))
            for one, other in zip(a.others, b.others, strict=True)
        )
    )
