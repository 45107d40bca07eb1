"""Joins each rule with what it inherits through `extends`, and with the changes of workspaces."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, cast

from ..diagnostics.problem import Place, Problem, Problems
from ..diagnostics.suggestions import did_you_mean
from ..source.nodes import MappingNode, ScalarNode, reused
from ..source.parser import size_of
from ..values.recall import Recall
from .converters import MAX_EXTENDS
from .decoder import found
from .layers import Layer, extends_of, place_of_name
from .merging import extend_rule, merge_rule

__all__ = ["MAX_INHERITED", "MAX_RULES", "inherited_rules"]

MAX_RULES = 10_000
MAX_INHERITED = 40_000
"""The maximum number of values in rules that extend others, for which Python compiles the code in 500 MB of memory."""


def inherited_rules(layer: Layer, recall: Recall, problems: Problems) -> dict[str, MappingNode]:
    """The complete nodes of all rules by name, without those that cannot be joined; empty if they are too many."""
    return _Inheritance(layer, recall, problems).rules()


class _Inheritance:
    def __init__(self, layer: Layer, recall: Recall, problems: Problems) -> None:
        self.layer = layer
        self.recall = recall
        self.problems = problems

    def report(self, code: str, place: Place, hint: str | None = None, **data: Any) -> None:
        self.problems.append(Problem.of(code, place, hint=hint, **data))

    def rules(self) -> dict[str, MappingNode]:
        layer = self.layer
        if len(layer.rules) > MAX_RULES:
            self.report("M119", layer.main.place(0, 0), what="rules", count=len(layer.rules), limit=MAX_RULES)
            return {}
        nodes: dict[str, MappingNode] = {}
        size = 0
        for name, parts in layer.rules.items():
            node = self.extended(name, ())
            if node is not None:
                nodes[name] = node
                size += 0 if node is parts[0] else size_of(node)
            if size > MAX_INHERITED:
                what = "rules and what they extend"
                self.report("M127", place_of_name(parts[0]), what=what, limit=MAX_INHERITED, of="values")
                return {}
        return nodes

    def extended(self, name: str, chain: tuple[str, ...]) -> MappingNode | None:
        """A rule with all that it inherits and all changes of workspaces; None, with a Problem, if impossible."""
        rules = self.layer.rules
        first, *changes = rules[name]
        extends = extends_of(self.layer, name)
        if extends is not None and not (isinstance(extends, ScalarNode) and isinstance(extends.value, str | None)):
            self.report("M102", extends.place, what="'extends'", wanted="the name of a rule", found=found(extends))
            return None
        rule = first
        if isinstance(extends, ScalarNode) and isinstance(extends.value, str):
            if extends.text not in rules:
                hint = did_you_mean(extends.text, rules)
                self.report("M111", extends.place, hint, name=extends.text, what="extend")
                return None
            if extends.text in (*chain, name):
                circle = " -> ".join((*chain, name, extends.text))
                self.report("M110", extends.place, name=extends.text, chain=circle)
                return None
            if len(chain) >= MAX_EXTENDS:
                what, count = "rules in a chain of 'extends'", len(chain) + 1
                self.report("M119", extends.place, what=what, count=count, limit=MAX_EXTENDS)
                return None
            base = self.extended(extends.text, (*chain, name))
            if base is None:
                return None
            rule = self.derived(("extended", base, first), extend_rule(base, first))
        for change in changes:
            rule = self.derived(("merged", rule, change), merge_rule(rule, change))
        return rule

    def derived(self, key: tuple[Hashable, ...], node: MappingNode) -> MappingNode:
        """A node made from others: the last one if it is equal, moved to their present places; else this one."""
        last: MappingNode | None = self.recall.get(key)
        return self.recall.put(key, node if last is None else cast("MappingNode", reused(node, last)))
