"""Limits of distinct names and values over all requests: `"x-distinct": 256` in the schema of an output.

On an object it limits the names of its members, on a string the values: the receiver keeps no more of them. A single
body cannot violate such a limit, so it is no condition on bodies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .keywords import keywords_in
from .personal import applied, below
from .schema import Schema

__all__ = ["DISTINCT", "DistinctLimit", "limits_of", "marks_in"]

DISTINCT = "x-distinct"
_MOST_STEPS = 20

DistinctLimit = tuple[tuple[str, ...], int]
"""A place in bodies, in which `*` stands for any index or name, and the number of distinct names or values allowed."""


def limits_of(schema: Schema) -> Iterator[DistinctLimit]:
    """The limits that a schema declares."""
    definitions = {**schema.definitions, schema.uri: schema.document}
    pending: list[tuple[Any, tuple[str, ...]]] = [(schema.document, ())]
    seen = set[tuple[int, tuple[str, ...]]]()
    while pending:
        part, path = pending.pop()
        if not isinstance(part, dict) or (id(part), path) in seen or len(path) > _MOST_STEPS:
            continue
        seen.add((id(part), path))
        limit = part.get(DISTINCT)
        if type(limit) is int and limit > 0:
            yield path, limit
        pending += [(one, path) for one in applied(part, definitions)]
        pending += [(one, (*path, name or "*")) for _, name, one in below(part)]


def marks_in(content: Any) -> Iterator[tuple[str, Any]]:
    """The pointers and values of all `x-distinct` keywords in a document, without those inside of constants."""
    return ((place, value) for place, keyword, value in keywords_in(content) if keyword == DISTINCT)
