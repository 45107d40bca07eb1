"""Cases that rules lack: entries of tables, and rules for values of the input that schemas list."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ..checks.shared.listed import last_step, listed_strings
from ..expressions.parser import tree_of
from ..expressions.tree import Expression, children, walk
from ..golden.rewrite import Rewrite, edits, inline
from ..inference.facts import LookUp
from ..inference.steps import path_of
from ..source.nodes import MappingNode, Node, SequenceNode, plain
from ..source.text import Source
from ..types.types import Type, constants, without_null
from .analysis import Analysis
from .cursor import cursor_at, offset_of
from .data import Action, Span
from .trials import Trials, edit_of_rewrite
from .unfinished import seen_in

__all__ = ["missing_entries", "missing_rules"]

_MOST_ENTRIES = 50
_MOST_RULES = 20
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def missing_entries(trials: Trials, path: Path, source: Source, analysis: Analysis, span: Span) -> Iterator[Action]:
    """Entries for the values that can be looked up in a table and are not listed."""
    facts = list(analysis.flow.of(LookUp))
    for node in dict.fromkeys(fact.table.node for fact in facts):
        own = [fact for fact in facts if fact.table.node is node]
        entries, key = (node.get("entries"), node.key("entries")) if isinstance(node, MappingNode) else (None, None)
        if key is None or not isinstance(entries, MappingNode) or not _covers(node, path, source, span):
            continue
        folded = own[0].table.ignore_case
        given = {one.text.casefold() if folded else one.text for one, _ in entries.entries}
        known = [constants(without_null(fact.type)) for fact in own]
        values = dict.fromkeys(value for found in known for value in found or ())
        texts = [one if isinstance(one, str) else json.dumps(one) for one in values]
        missing = [one for one in texts if (one.casefold() if folded else one) not in given]
        if None in known or not 0 < len(missing) <= _MOST_ENTRIES:
            continue
        value = {**plain(entries), **dict.fromkeys(missing)}
        changes = tuple(edit_of_rewrite(path, source, one) for one in edits(key, entries, value, (node,)))
        if trials.holds(changes):
            words = f"{len(missing)} missing entries" if len(missing) > 1 else f"the missing entry {missing[0]!r}"
            yield Action(f"Add {words} to the table", "refactor", changes)


def missing_rules(trials: Trials, path: Path, source: Source, analysis: Analysis, span: Span) -> Iterator[Action]:
    """Rules for those values that distinguish the elements of a route for which it has no rule.

    They are added after the rule at a position, and skip their elements.
    """
    cursor = cursor_at(trials.state, path, span.start)
    is_named = cursor is not None and cursor.kind == "value" and cursor.keys[2:] in (("rule",), ("route",))
    rule = next((one for one in analysis.rulebook.rules if cursor is not None and one.name == cursor.rule), None)
    tree = trials.state.present(path)
    rules = tree.get("rules") if tree is not None else None
    if cursor is None or rule is None or rule.route is None or not is_named or not isinstance(rules, SequenceNode):
        return
    node = rules.items[int(cursor.keys[1])]
    context = analysis.scopes.route(rule.route, tree)
    others = [one for one in analysis.rulebook.rules if one.route == rule.route]
    if any(one.when is None and not one.goes_on for one in others):
        return  # it takes all that is left
    used = Counter(one for other in others if other.when is not None for one in _compared(other.when.expression))
    often = Counter(where for where, _ in used.elements())
    for where, _ in often.most_common():
        known = _listed(where, context.type)
        missing = [one for one in known if (where, one) not in used]
        if not 0 < len(missing) <= _MOST_RULES or len(missing) == len(known):
            continue
        indent = " " * (node.place.column - 1)
        names = {one.name for one in analysis.rulebook.rules}
        added = [
            f"\n\n{indent[:-2]}- rule: {_name(one, names)}\n{indent}route: {rule.route}\n"
            f"{indent}when: {inline(f'{where} == {_literal(one)}')}\n{indent}skip: {inline(f'{one} is not sent')}"
            for one in missing
        ]
        end = node.start + len(source.text[node.start : node.end].rstrip())
        change = edit_of_rewrite(path, source, Rewrite(end, end, "".join(added)))
        if trials.holds((change,)):
            words = f"rules for {len(missing)} values" if len(missing) > 1 else f"a rule for {missing[0]!r}"
            yield Action(f"Add {words} of {where}", "refactor", (change,))
            return


def _compared(expression: Expression) -> Iterator[tuple[str, str]]:
    """The paths that are compared with a string in an expression, each with the string."""
    for node in walk(expression.tree):
        sides = children(node) if node["type"] == "comparator" and node["value"] == "eq" else ()
        for one, other in (sides, sides[::-1]) if sides else ():
            if path_of(one) and other["type"] == "literal" and isinstance(other["value"], str):
                yield expression.text[one["start"] : one["end"]], other["value"]


def _listed(where: str, context: Type) -> list[str]:
    """The strings that the schema of the input lists for a path."""
    tree = tree_of(where)
    step = None if tree is None else last_step(tree)
    if tree is None or step is None:
        return []
    seen = seen_in(tree, context)
    around = [one.current for one in seen if one.node is step]
    return sorted(listed_strings(around, step["value"]))


def _name(value: str, names: set[str]) -> str:
    made = _NOT_IN_NAMES.sub("-", value.casefold()).strip("-")
    name, number = made if made[:1].isalpha() else f"skip-{made or 'other'}", 2
    while name in names:
        name, number = f"{made}-{number}", number + 1
    names.add(name)
    return name


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _covers(node: Node, path: Path, source: Source, span: Span) -> bool:
    if node.source.path != path or node.source.text != source.text:
        return False
    return node.start <= offset_of(source, span.start) and offset_of(source, span.end) <= node.end
