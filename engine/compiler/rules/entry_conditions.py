"""Analyses what the conditions of entry rules depend on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from ...expressions.tree import Expression, TreeNode
from ...language.rulebook import EntryRule, Except, Spread
from ...language.traversal import can_reject, can_reject_field, roots_in
from ..expressions.calls import is_type_of_element
from ..python.pool import Pool
from .scope import CodeScope

__all__ = ["can_reject_entry", "conjuncts", "exception_test", "is_kept", "is_named_by_key", "is_of_kinds"]


def conjuncts(node: TreeNode) -> Iterator[TreeNode]:
    """The operands of `&&` at the top of a condition, all of which must hold."""
    if node["type"] == "and_expression":
        for part in node["children"]:
            yield from conjuncts(part)
    else:
        yield node


def is_named_by_key(spread: Spread, rule: EntryRule, scope: CodeScope) -> bool:
    """Returns whether the name that a rule gives to an entry depends on the entry's own name only.

    Of the lets that it reads, those that anything else reads report nothing.
    """
    lets = {definition.name or "": definition for definition in spread.let}
    used, pending = set[str](), [*roots_in(rule.name)]
    while pending:
        name = pending.pop()
        if name not in used:
            used.add(name)
            pending += roots_in(lets.get(name))
    known = {name for name, value in scope.values.items() if value.is_constant}
    if spread.key_name not in used or not used <= known | lets.keys() | {spread.key_name}:
        return False
    if not used.isdisjoint(definition.name for definition in rule.let):
        return False
    others = [replace(one, name=None) if one is rule else one for one in spread.entries]
    lazies = [scope.values[name].lazy for name in used.intersection(roots_in(tuple(others))) - known]
    return all(lazy is None or lazy.is_quiet() for lazy in lazies)


def is_of_kinds(node: TreeNode, whole: Expression, name: str, known: Collection[str]) -> bool:
    """Returns whether a condition on the list of this name depends on the types of its elements only."""
    kind, below = node["type"], node["children"]
    if all(use.name in known for use in whole.roots if node["start"] <= use.start < node["end"]):
        return True
    if kind in ("and_expression", "or_expression", "not_expression"):
        return all(is_of_kinds(part, whole, name, known) for part in below)
    if kind == "comparator":
        parts = [part for part in below if not (part["type"] == "literal" and part["value"] is None)]
        is_null_test = node["value"] in ("eq", "ne") and len(parts) == 1
        return all(
            _tells_kinds(part, name) or (is_null_test and _is_list(part, name))
            for part in parts
            if part["type"] != "literal"
        )
    return _tells_kinds(node, name) or _is_list(node, name)


def _tells_kinds(node: TreeNode, name: str) -> bool:
    """Returns whether a node tests types only: `type(list)`, `length(distinct(map(&type(@), list)))` or the like."""
    if _is_call(node, "type"):
        return _is_list(node["children"][0], name)
    if _is_call(node, "length") and _is_call(node["children"][0], "distinct"):
        types = node["children"][0]["children"][0]
    elif _is_call(node, "contains") and node["children"][1]["type"] == "literal":
        types = node["children"][0]
    else:
        return False
    return _is_call(types, "map") and is_type_of_element(types["children"][0]) and _is_list(types["children"][1], name)


def _is_call(node: TreeNode, function: str) -> bool:
    return bool(node["type"] == "function_expression" and node["value"] == function)


def _is_list(node: TreeNode, name: str) -> bool:
    """Returns whether a node is the list itself, or `list[*]`, which has no nulls."""
    if node["type"] == "projection" and node["children"][1]["type"] == "identity":
        node = node["children"][0]
    return bool(node["type"] == "field" and node["value"] == name)


def is_kept(rule: EntryRule) -> bool:
    """Returns whether the rule keeps the entries that it takes."""
    return rule.skip is None and rule.reject is None


def can_reject_entry(rule: EntryRule) -> bool:
    """Returns whether a part of the rule can reject the entry."""
    fields = [field for field in (rule.name, rule.value) if field is not None]
    return can_reject(rule.let) or any(map(can_reject_field, fields))


def exception_test(pool: Pool, except_: Except, key: str) -> str:
    """Code for "the entry of this name is mapped elsewhere"; empty if none is."""
    name, tests = key, []
    if except_.ignore_case:
        name = f"{key}.casefold()"
    if except_.names:
        first = {excepted[:1] for excepted in except_.names}
        quick = ""
        if except_.ignore_case and len(first) == 1 and not min(first).isalpha() and min(first).isascii() and min(first):
            quick = f"{key}[:1] == {min(first)!r} and "  # no other character folds to it
        tests.append(f"{quick}{name} in {pool.texts(except_.names)}")
    if except_.prefixes:
        tests.append(f"{name}.startswith({except_.prefixes!r})")
    tests += [f"matches_glob({name}, {pattern!r})" for pattern in except_.patterns]
    return " or ".join(f"({test})" if " and " in test else test for test in tests)
