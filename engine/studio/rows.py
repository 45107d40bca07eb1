"""JSON values as printed lines of bounded number and length, each with the pointer of the value on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ..values.kinds import kind, shown
from ..values.pointers import join

__all__ = ["MOST_ROWS", "part_of", "printed", "rows_of"]

MOST_ROWS = 2_000
_MOST_MEMBERS = 100
_MOST_CHARS = 2_000
_PRINTED = 400

_KINDS = {"list": "array", "integer": "number", "double": "number"}

Row = dict[str, Any]


def printed(value: Any) -> str:
    """A value on one line, cut if it is long."""
    return shown(value, _PRINTED)


def rows_of(value: Any, *, is_masked: bool = False) -> list[Row]:
    """The lines of a value; parts left out of a large value are a line with their number."""
    writer = _Writer(is_masked)
    writer.write(value, "", 0, None, False)
    return writer.rows


def part_of(value: Any, pointer: str, start: int, count: int) -> list[Row]:
    """The lines of some members of an object or list, which is at `pointer`."""
    writer = _Writer(False)
    entries = list(islice(_entries(value), start, start + count)) if isinstance(value, dict | list) else []
    total = len(value) if entries else 0
    writer.members(entries, pointer, 0, isinstance(value, dict), start, total)
    return writer.rows


class _Writer:
    def __init__(self, is_masked: bool) -> None:
        self.rows: list[Row] = []
        self.is_masked = is_masked

    def write(self, value: Any, pointer: str, depth: int, key: str | None, comma: bool) -> None:
        kind_ = _KINDS.get(kind(value), kind(value))
        if not isinstance(value, dict | list) or not value:
            self.add(pointer, depth, key, self.scalar(value), kind_, comma)
            return
        self.add(pointer, depth, key, "{" if kind_ == "object" else "[", kind_, False)
        entries = list(islice(_entries(value), _MOST_MEMBERS))
        self.members(entries, pointer, depth + 1, kind_ == "object", 0, len(value))
        self.add(pointer, depth, None, "}" if kind_ == "object" else "]", "end", comma)

    def members(
        self, entries: list[tuple[Any, Any]], pointer: str, depth: int, named: bool, start: int, total: int
    ) -> None:
        for number, (key, member) in enumerate(entries, start):
            if len(self.rows) >= MOST_ROWS:
                self.more(pointer, depth, number, total)
                return
            name = json.dumps(key, ensure_ascii=False) if named else None
            self.write(member, join(pointer, key), depth, name, number + 1 < total)
        if start + len(entries) < total:
            self.more(pointer, depth, start + len(entries), total)

    def more(self, pointer: str, depth: int, start: int, total: int) -> None:
        self.add(pointer, depth, None, f"... {total - start:,} more", "more", False)
        self.rows[-1] |= {"start": start, "count": total - start}

    def scalar(self, value: Any) -> str:
        if self.is_masked:
            return f"({kind(value)})"
        if isinstance(value, str) and len(value) > _MOST_CHARS:
            return f'{json.dumps(value[:_MOST_CHARS], ensure_ascii=False)[:-1]}..." ({len(value):,} characters)'
        return json.dumps(value, ensure_ascii=False)

    def add(self, pointer: str, depth: int, key: str | None, value: str, kind_: str, comma: bool) -> None:
        self.rows.append(
            {"pointer": pointer, "depth": depth, "key": key, "value": value, "kind": kind_, "comma": comma}
        )


def _entries(value: Mapping[str, Any] | list[Any]) -> Iterator[tuple[Any, Any]]:
    return iter(value.items()) if isinstance(value, Mapping) else iter(enumerate(value))
