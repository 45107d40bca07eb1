"""The members of an input that its schema marks as personal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..schemas.personal import CATEGORIES, OTHER_NAMES, PERSONAL, PERSONAL_NAMES, applied, below, categories_in
from ..schemas.schema import Schema
from .origins import ANY, NAMES, Folded, Pattern, Step, Unlisted, written

__all__ = ["PersonalMember", "members_of"]

MAX_MEMBERS = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class PersonalMember:
    """A place of the input whose value is personal, with all values inside of it.

    `converter` is the name of the converting mapping that has this input; None for the mapping itself.
    """

    pattern: Pattern
    category: str
    converter: str | None = None

    @property
    def text(self) -> str:
        return written(self.pattern)


def members_of(schema: Schema, converter: str | None = None) -> tuple[PersonalMember, ...]:
    """The personal members that a schema marks, in its order.

    In a schema that contains itself, or has too many such members, the value around them counts as personal.
    """
    walk = _Walk(schema.definitions)
    walk.node(schema.document, (), ())
    marks = dict.fromkeys(walk.found)
    for start in walk.repeated:
        marks |= {(start, category): None for pattern, category in [*marks] if pattern[: len(start)] == start}
    if len(marks) > MAX_MEMBERS:
        marks = dict.fromkeys((pattern[:1], category) for pattern, category in marks)
    return tuple(PersonalMember(pattern, category, converter) for pattern, category in marks)


class _Walk:
    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self.found: list[tuple[Pattern, str]] = []
        self.repeated: list[Pattern] = []
        self._marked: dict[int, bool] = {}

    def leads_to_mark(self, part: Any) -> bool:
        """Returns whether a mark stands in a part of the schema, or in what it refers to."""
        if id(part) in self._marked:
            return self._marked[id(part)]
        seen: dict[int, Any] = {}
        pending = [part]
        while pending:
            one = pending.pop()
            if not isinstance(one, dict) or id(one) in seen:
                continue
            seen[id(one)] = one
            if PERSONAL in one or PERSONAL_NAMES in one:
                self._marked[id(part)] = True
                return True
            pending += [*applied(one, self.definitions), *(inner for _, _, inner in below(one))]
        self._marked |= dict.fromkeys(seen, False)
        return False

    def node(self, part: Any, at: Pattern, above: tuple[tuple[int, Pattern], ...]) -> None:
        if not isinstance(part, dict) or not self.leads_to_mark(part) or len(self.found) > 4 * MAX_MEMBERS:
            return
        known = next((place for key, place in above if key == id(part)), None)
        if known is not None:
            self.repeated.append(known)
            return
        above = (*above, (id(part), at))
        names: Mapping[str, Any] = part.get(PERSONAL_NAMES, {})
        listed = frozenset(name.casefold() for name in names if name != OTHER_NAMES)
        others: Step = Unlisted(listed) if listed else ANY
        self.mark(at, part.get(PERSONAL, []))
        for listed_name, value in names.items():
            self.mark((*at, others if listed_name == OTHER_NAMES else Folded(listed_name.casefold())), value)
        for inner in applied(part, self.definitions):
            self.node(inner, at, above)
        for keyword, name, inner in below(part):
            step: Step = name if name is not None else NAMES if keyword == "propertyNames" else ANY
            self.node(inner, (*at, others if keyword == "additionalProperties" else step), above)

    def mark(self, at: Pattern, value: Any) -> None:
        self.found += [
            (at, category) for category in categories_in(value) if isinstance(category, str) and category in CATEGORIES
        ]
