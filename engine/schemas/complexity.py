"""The bounds on the complexity of JSON Schemas in normal form.

The number of subschemas that apply to one value is limited, and none applies itself to the same value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .errors import SchemaError

__all__ = ["MAX_LEVELS", "MAX_WAYS", "refuse_too_many_ways"]

MAX_WAYS = 10_000
MAX_LEVELS = 100


def _in_place(node: Any, definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The subschemas that apply to the same value as a part does."""
    if not isinstance(node, dict):
        return []
    found = [definitions[node["$ref"]]] if "$ref" in node else []
    for keyword in ("allOf", "anyOf", "oneOf"):
        found += node.get(keyword, ())
    found += [node[keyword] for keyword in ("not", "if", "then", "else") if keyword in node]
    found += node.get("dependentSchemas", {}).values()
    return [part for part in found if isinstance(part, dict)]


def refuse_too_many_ways(parts: Iterable[Any], definitions: Mapping[str, Any]) -> None:
    """Refuses schemas in which too many subschemas apply to one value, or which recurse without end."""
    names = {id(node): name[name.find("#") :] for name, node in definitions.items() if "#" in name}
    ways: dict[int, int] = {}
    levels: dict[int, int] = {}
    for start in parts:
        for node in _bottom_up(start, definitions, ways, names):
            below = [id(part) for part in _in_place(node, definitions)]
            ways[id(node)] = 1 + sum(ways[part] for part in below)
            levels[id(node)] = 1 + max((levels[part] for part in below), default=0)
            name = names.get(id(node), "its top")
            if ways[id(node)] > MAX_WAYS:
                raise SchemaError(f"says something of one value in more than {MAX_WAYS} ways, at {name}")
            if levels[id(node)] > MAX_LEVELS:
                raise SchemaError(f"refers on more than {MAX_LEVELS} times for one value, at {name}")


def _bottom_up(
    start: Any, definitions: Mapping[str, Any], done: Mapping[int, int], names: Mapping[int, str]
) -> Iterator[Any]:
    """A part and its subschemas that apply to the same value, each after those that it applies, except those in `done`.
    Raises SchemaError if a part applies itself."""
    entered: dict[int, None] = {}
    stack = [(start, _in_place(start, definitions))] if id(start) not in done else []
    while stack:
        node, left = stack[-1]
        entered[id(node)] = None
        if not left:
            stack.pop()
            del entered[id(node)]
            if id(node) not in done:
                yield node
            continue
        below = left.pop()
        if id(below) in entered:
            name = next((names[one] for one in [id(below), *entered] if one in names), "#")
            raise SchemaError(f"refers to itself for the same value without end, at {name}")
        if id(below) not in done:
            stack.append((below, _in_place(below, definitions)))
