"""What is defined and never used: a `let` (M206), a table or a policy (M207). Only in the mapping's own files: a
workspace may leave parts of its mapping without use."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.problem import Problem
from ..language.names import Definition, definitions_and_uses
from ..language.rulebook import Rulebook, Text
from ..source.nodes import Node

__all__ = ["check"]


def check(rulebook: Rulebook) -> Iterator[Problem]:
    """A Problem for each definition that nothing uses."""
    lets: dict[Node, Definition] = {}
    used: set[Node] = set()
    for item in definitions_and_uses(rulebook):
        if isinstance(item, Definition):
            if item.kind == "a let":
                lets[item.node] = item
            continue
        roots = item.text.template.roots if isinstance(item.text, Text) else item.text.expression.roots
        used.update(item.roots[root.name].node for root in roots if root.name in item.roots)
    for node, definition in lets.items():
        if node not in used and rulebook.is_own(node.source):
            yield Problem.of("M206", definition.name_node.place, name=definition.name)
    for kind, names, uses in (
        ("table", rulebook.table_names, rulebook.used_tables),
        ("policy", rulebook.policy_names, rulebook.used_policies),
    ):
        for name, node in names.items():
            if name not in uses and rulebook.is_own(node.source):
                yield Problem.of("M207", node.place, kind=kind, name=name)
