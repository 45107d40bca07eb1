"""Mutants that give the same Result for every input, as proven by types and conditions."""

from __future__ import annotations

from collections import defaultdict

from ..inference import contexts
from ..inference.expressions import infer, narrow
from ..inference.facts import Coercion, Condition, Reached
from ..inference.rulebook import walk
from ..insight.branches import branches_of
from ..insight.reachability import unreachable
from ..language.rulebook import EntryRule, Expr, Field, Rule, Rulebook
from ..types.types import Type
from .mutant import Mutant

__all__ = ["Proofs"]

_SAME = {"string": "string", "boolean": "boolean", "number": "number", "object": "object", "array": "array"}
"""The types of the rule language that leave values unchanged, by the kind of the values."""


class Proofs:
    """Proves mutants of a rulebook equivalent, whatever the settings."""

    def __init__(self, rulebook: Rulebook) -> None:
        catalogue = branches_of(rulebook)
        never = unreachable(catalogue, rulebook)
        self._never = {key for key, branch in catalogue.by_outcome.items() if branch.id in never}
        self._offered: dict[int, list[Type]] = defaultdict(list)
        self._evaluated: dict[int, list[Type]] = defaultdict(list)
        self._converted: dict[int, list[Type]] = defaultdict(list)
        for fact in walk(rulebook).facts:
            match fact:
                case Reached():
                    self._offered[id(fact.node)].append(fact.context)
                case Condition():
                    self._evaluated[id(fact.when)].append(fact.context)
                case Coercion():
                    self._converted[id(fact.field)].append(fact.type)
        for rule in rulebook.rules:
            if rule.when is not None and id(rule.name_node) in self._offered:  # narrower than where it is evaluated
                self._evaluated[id(rule.when)] = self._offered[id(rule.name_node)]

    def reason(self, mutant: Mutant) -> str | None:
        """The reason why a mutant is equivalent; None without a proof."""
        if mutant.decisions and mutant.decisions <= self._never:
            return "no input gets there"
        if mutant.settings:
            return None
        if mutant.operator == "type" and all(map(self._is_of_type, mutant.changes)):
            return "the value always has this type"
        if all(isinstance(old, Expr) for old in mutant.changes):
            if all(self._is_same(old, new) for old, new in mutant.changes.items()):
                return "the condition holds for the same inputs"
        elif mutant.operator in ("rule order", "entry rule order") and self._never_both(mutant):
            return "no input meets both conditions"
        return None

    def _is_of_type(self, field: Field) -> bool:
        found = self._converted.get(id(field))
        if not found or field.type not in _SAME or field.form is not None or field.items is not None:
            return False
        return all(type_.parts.kinds <= {_SAME[field.type]} for type_ in found)

    def _is_same(self, old: Expr, new: Expr) -> bool:
        """Returns whether two conditions hold for the same inputs, and neither can fail."""
        found = self._evaluated.get(id(old))
        if not found:
            return False
        one, other = contexts.tree_of(old), contexts.tree_of(new)
        return all(
            context.never
            or (
                not (infer(one, context).fails or infer(other, context).fails)
                and narrow(narrow(context, one, True), other, False).never
                and narrow(narrow(context, other, True), one, False).never
            )
            for context in found
        )

    def _never_both(self, mutant: Mutant) -> bool:
        """Returns whether no element can be taken by both of two neighbours, so that their order does not matter."""
        pairs = list(mutant.changes.items())
        return all(self._are_apart(first, second) for first, second in zip(pairs[::2], pairs[1::2], strict=True))

    def _are_apart(self, one: tuple[Rule | EntryRule, object], other: tuple[Rule | EntryRule, object]) -> bool:
        first, second = one[0], other[0]
        found = self._offered.get(id(first.name_node if isinstance(first, Rule) else first.node))
        if not found or first.when is None or second.when is None:
            return False
        tree, following = contexts.tree_of(first.when), contexts.tree_of(second.when)
        return all(
            context.never
            or (
                not (infer(tree, context).fails or infer(following, context).fails)
                and contexts.where(second.when, contexts.where(first.when, context)).never
            )
            for context in found
        )
