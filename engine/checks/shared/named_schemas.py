"""The schemas that a mapping names, with their places in it."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics.problem import Place
from ...language.rulebook import Bulk, Input, Output, Rulebook
from ...source.nodes import MappingNode

__all__ = ["named_schemas"]


def named_schemas(rulebook: Rulebook) -> Iterator[tuple[str, Place | None]]:
    """The names of the schemas, each with its place in the mapping, if any."""
    declared: list[Input | Output | Bulk] = [rulebook.input, *rulebook.outputs.values()]
    if rulebook.bulk is not None:
        declared.append(rulebook.bulk)
    names = [(one.node, "schema", one.schema) for one in declared]
    names += [(one.node, "limits", one.limits) for one in rulebook.outputs.values()]
    for node, key, name in names:
        if name is None:
            continue
        said = node.get(key) if isinstance(node, MappingNode) else None
        yield name, (said or node).place
