"""The parts of the rules that inputs can reach: all inputs, or those for which a condition does not hold.

The schema of the input is ignored, so that the answer also holds for invalid inputs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..expressions.tree import TreeNode, walk
from ..inference.facts import Alternatives, Condition, EvaluatedPart, Flow
from ..inference.rulebook import RuleWalk
from ..language.rulebook import Expr, Field, ObjectSource, Rule, Rulebook, Setting, Text
from ..language.traversal import parts_in
from ..templates.compiler import compile  # noqa: A004 - its name everywhere
from ..types.types import NEVER, OBJECT, Type, constants, union
from ..values.recall import Recall

__all__ = ["Possible", "ended", "possible", "with_values"]


@dataclass(frozen=True, slots=True)
class Possible:
    """The parts of the rules that inputs can reach.

    `nodes` has the types of the nodes of expressions that are evaluated, `conditions` whether they can hold, and
    `sources` whether they can give a value, all by identity; `rules` are the names of the rules that can emit,
    `outputs` those of the outputs that they emit to.
    """

    nodes: Mapping[int, Type]
    conditions: Mapping[int, bool]
    sources: Mapping[int, bool]
    rules: frozenset[str]
    outputs: frozenset[str]
    is_possible: bool
    """False if the condition always holds."""
    kept: Flow
    """The Flow whose objects have these identities, kept alive."""

    def is_evaluated(self, node: TreeNode) -> bool:
        """Returns whether a node of an expression is ever evaluated."""
        return id(node) in self.nodes

    def is_constant(self, node: TreeNode) -> bool:
        """Returns whether a node of an expression has always the same value, unless it fails."""
        known = constants(self.nodes[id(node)])
        return known is not None and len(known) == 1

    def can_hold(self, when: Expr | None) -> bool:
        return when is None or self.conditions.get(id(when), True)

    def gives(self, part: Expr | Field) -> bool:
        """Returns whether an alternative of a field can give a value."""
        return self.sources.get(id(part), True)

    def about(self, part: object, recall: Recall) -> tuple[object, ...]:
        """The answers for all nodes and conditions in a part of the rules, to be compared with earlier ones."""
        nodes, parts = recall.of(("asked", part), lambda: _asked(part))
        types = self.nodes
        return (
            bytes(1 + self.is_constant(node) if id(node) in types else 0 for node in nodes),
            tuple(self.conditions.get(key) for key in parts),
            tuple(self.sources.get(key) for key in parts),
        )


def _asked(part: object) -> tuple[list[TreeNode], list[int]]:
    """The nodes of the expressions of a part of the rules, and the identities of its expressions and fields."""
    parts = [one for one in parts_in(part) if isinstance(one, Expr | Field)]
    nodes = [node for one in parts if isinstance(one, Expr) for node in walk(one.expression.tree)]
    return nodes, [id(one) for one in parts]


def possible(rulebook: Rulebook, without: Expr | None = None, recall: Recall | None = None) -> Possible:
    """The parts that all inputs can reach, or those for which the condition `without` does not hold."""
    rulebook = replace(rulebook, assertions={}) if without is None else ended(rulebook, without)
    flow = Flow(rulebook, OBJECT, recall=Recall() if recall is None else recall)
    RuleWalk(flow).rulebook(rulebook)
    nodes: dict[int, Type] = {}
    conditions: dict[int, bool] = defaultdict(bool)
    sources: dict[int, bool] = defaultdict(bool)
    for fact in flow.facts:
        match fact:
            case EvaluatedPart(seen=seen):
                nodes[id(seen.node)] = union(nodes.get(id(seen.node), NEVER), seen.type)
            case Condition():
                conditions[id(fact.when)] |= fact.can_hold
            case Alternatives():
                for part, type_ in fact.types:
                    sources[id(part)] |= bool(type_.parts.kinds - {"null"})
    emitted = [one for one in flow.emissions if one.output.body == "none" or not one.fields.never]
    fails = any(fact.can_fail_to for fact in flow.of(Condition) if fact.when is without)
    return Possible(
        nodes,
        dict(conditions),
        dict(sources),
        frozenset(one.rule.name for one in emitted),
        frozenset(one.output.name for one in emitted),
        without is None or fails,
        flow,
    )


def ended(rulebook: Rulebook, when: Expr) -> Rulebook:
    """The rulebook, without its assertions, with a first rule that skips inputs for which a condition holds."""
    rule = Rule(
        name="",
        route=None,
        output=None,
        when=when,
        let=(),
        skip=Text(compile(""), when.node),
        reject=None,
        convert=None,
        body=ObjectSource((), ()),
        warn=(),
        node=when.node,
        name_node=when.node,
    )
    return replace(rulebook, rules=(rule, *rulebook.rules), assertions={})


def with_values(rulebook: Rulebook) -> Rulebook:
    """The rulebook in which the present value of each setting is its only possible one."""

    def fixed(name: str, setting: Setting) -> Setting:
        value = rulebook.values.get(name)
        return setting if isinstance(value, list | dict) else replace(setting, enum=(value,), default=value)

    return replace(rulebook, settings={name: fixed(name, one) for name, one in rulebook.settings.items()})
