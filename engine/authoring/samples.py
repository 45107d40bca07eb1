"""Infers a JSON Schema from sample values.

The schema accepts every sample, and stays open: members that no sample has are allowed. Whatever a few samples cannot
settle (is this member optional? are these all of its values?) is marked with a `$comment` that starts with "review:".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..schemas.formats import FORMATS_OF_TEXT
from ..values.kinds import TYPE_NAMES
from ..values.pointers import pointer

__all__ = ["InferredSchema", "infer_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FORMATS = ("date-time", "date", "email", "ipv4", "uri")
"""Formats that are tried on strings, in this order; strings match others too easily by chance."""

_MAX_ENUM = 8
_MIN_REPEATS = 3
"""Strings are taken for an enumeration of up to `_MAX_ENUM` values where each was seen `_MIN_REPEATS` times or more."""
_MAX_ENUM_LENGTH = 40
_MIN_NAMES = 20
_MAX_SHARE = 0.5
"""Names of members are taken for data where there are `_MIN_NAMES` or more, none in more than `_MAX_SHARE` of all."""


@dataclass(frozen=True)
class InferredSchema:
    """A JSON Schema of draft 2020-12, and notes for its review, each with the pointer of a place in the samples.

    In these pointers `*` stands for any element of a list and any member of an object whose names are data.
    """

    schema: dict[str, Any]
    notes: tuple[tuple[str, str], ...]


@dataclass
class _Seen:
    """The values that were seen at one place of the samples."""

    count: int = 0
    types: Counter[str] = field(default_factory=Counter)
    are_integers: bool = True
    strings: Counter[str] = field(default_factory=Counter)
    formats: list[str] = field(default_factory=lambda: list(_FORMATS))
    members: dict[str, _Seen] = field(default_factory=dict)
    elements: _Seen | None = None

    def add(self, value: Any) -> None:
        """Adds a JSON value."""
        self.count += 1
        self.types[TYPE_NAMES[type(value)]] += 1
        if isinstance(value, float):
            self.are_integers = False
        elif isinstance(value, str):
            if len(self.strings) <= _MAX_ENUM:
                self.strings[value] += 1
            self.formats = [name for name in self.formats if FORMATS_OF_TEXT[name](value)]
        elif isinstance(value, list):
            self.elements = self.elements or _Seen()
            for element in value:
                self.elements.add(element)
        elif isinstance(value, dict):
            for name, member in value.items():
                self.members.setdefault(name, _Seen()).add(member)

    def merge(self, other: _Seen) -> None:
        """Adds all values that were seen at another place."""
        self.count += other.count
        self.types += other.types
        self.are_integers &= other.are_integers
        self.strings += other.strings
        self.formats = [name for name in self.formats if name in other.formats]
        for name, member in other.members.items():
            self.members.setdefault(name, _Seen()).merge(member)
        if other.elements is not None:
            self.elements = self.elements or _Seen()
            self.elements.merge(other.elements)

    @property
    def has_names_as_data(self) -> bool:
        """Returns whether the objects are used as tables (from ids to values), without fixed members."""
        most = max((member.count for member in self.members.values()), default=0)
        return len(self.members) >= _MIN_NAMES and most <= _MAX_SHARE * self.types["object"]

    @property
    def values(self) -> list[str]:
        """The strings, if they look like an enumeration, else an empty list."""
        counts = self.strings
        if not 0 < len(counts) <= _MAX_ENUM or min(counts.values()) < _MIN_REPEATS:
            return []
        return sorted(counts) if max(map(len, counts)) <= _MAX_ENUM_LENGTH else []


def infer_schema(samples: Iterable[Any]) -> InferredSchema:
    """The schema of samples, which are JSON values within the limits of payloads.

    It has types, formats that all strings of a place have, enumerations of a few frequent values, and as `required` the
    members that every object had. Members stand in the order in which they were first seen. Raises ValueError if there
    are no samples.
    """
    seen = _Seen()
    for sample in samples:
        seen.add(sample)
    if not seen.count:
        raise ValueError("there are no samples to infer a schema from")
    notes: list[tuple[str, str]] = []
    schema = {"$schema": _DIALECT, **_schema(seen, (), notes)}
    return InferredSchema(schema, tuple(notes))


def _schema(seen: _Seen, path: tuple[str, ...], notes: list[tuple[str, str]], owners: int = 0) -> dict[str, Any]:
    """The schema of a place. `owners` is the number of objects that could have had this member, 0 for other places."""
    types = ["integer" if name == "number" and seen.are_integers else name for name in sorted(seen.types)]
    remarks = [f"optional: in {seen.count} of {owners} objects"] if seen.count < owners else []
    parts: dict[str, Any] = {}
    if types == ["null"]:
        remarks.append("only null was seen, so anything is allowed")
    elif types:
        parts["type"] = types[0] if len(types) == 1 else types
    if seen.strings and seen.formats:
        parts["format"] = seen.formats[0]
    elif (values := seen.values) and {*types} <= {"string", "null"}:
        remarks.append(f"an enumeration: these values were seen {seen.types['string']} times in all")
        parts["enum"] = [*values, None] if "null" in types else values
    names_are_data = seen.has_names_as_data
    if names_are_data:
        remarks.append(f"the {len(seen.members)} names of members are taken for data")
    if seen.elements is not None and not seen.elements.count:
        remarks.append("only empty lists were seen")
    if remarks:
        notes += ((pointer(path), remark) for remark in remarks)
        parts = {"$comment": "review: " + "; ".join(remarks), **parts}
    if seen.elements is not None and seen.elements.count:
        parts["items"] = _schema(seen.elements, (*path, "*"), notes)
    if names_are_data:
        every = _Seen()
        for member in seen.members.values():
            every.merge(member)
        parts["additionalProperties"] = _schema(every, (*path, "*"), notes)
    elif seen.members:
        objects = seen.types["object"]
        parts["properties"] = {
            name: _schema(member, (*path, name), notes, objects) for name, member in seen.members.items()
        }
        if required := [name for name, member in seen.members.items() if member.count == objects]:
            parts["required"] = required
    return parts
