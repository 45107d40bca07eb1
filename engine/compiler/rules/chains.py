"""Compiles chains in which the first condition that holds decides, so that few conditions are tested.

Neighbours that all require the same value to be one of a few strings, or of a few kinds, are placed together below one
test.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import takewhile

from ...expressions.tree import TreeNode
from ...language.rulebook import Expr
from ..expressions.compiler import ExpressionCompiler
from ..python.function import PythonFunction
from ..python.kind_tests import TYPE_KINDS, is_kind
from ..python.pool import Pool
from ..python.value import ANY, NULL, Value, kinds_of
from .emitter import Emitter
from .scope import CodeScope

__all__ = ["chain"]

_Path = tuple[str, ...]
_SMALLEST_GROUP = 2


@dataclass(frozen=True, slots=True)
class _Need:
    """A requirement of a condition: a value is one of some strings, or of some kinds."""

    node: TreeNode
    texts: frozenset[str] | None
    kinds: int


@dataclass(frozen=True, slots=True)
class _Link:
    """A condition, and its requirements by the path of the value."""

    number: int
    when: Expr | None
    needs: dict[_Path, _Need]


def chain(
    fields: Emitter,
    scope: CodeScope,
    whens: Sequence[Expr | None],
    body: Callable[[int], None],
    sites: Sequence[Callable[[], str] | None] | None = None,
) -> bool:
    """Writes `body(n)` for the first condition that holds, which must leave the loop.

    Returns whether one always holds.
    """
    links: list[_Link] = []
    if fields.mode.counters is not None:
        return _Chain(fields, scope, body, sites).write([_Link(number, when, {}) for number, when in enumerate(whens)])
    for number, when in enumerate(whens):
        tree = None if when is None else fields.counted(when).tree
        probed = _probe(tree, scope)
        if probed is False:
            continue
        if when is not None and not links:
            fields.reading(when, scope)
        links.append(_Link(number, when, {} if tree is None else _needs(tree, scope)))
        if probed is True:
            break
    return _Chain(fields, scope, body, sites).write(links)


def _probe(tree: TreeNode | None, scope: CodeScope) -> bool | None:
    """The truth of a condition that is the same for every batch; None for any other."""
    if tree is None:
        return True
    value = _scratch(scope).condition(tree)
    return bool(value.constant) if value.is_constant else None


def _scratch(scope: CodeScope) -> ExpressionCompiler:
    """An expression compiler that writes nothing, to examine what an expression compiles to."""
    return ExpressionCompiler(PythonFunction(Pool(frozenset()), ()), scope.values)


class _Chain:
    def __init__(
        self,
        fields: Emitter,
        scope: CodeScope,
        body: Callable[[int], None],
        sites: Sequence[Callable[[], str] | None] | None,
    ) -> None:
        self.fields = fields
        self.writer = fields.writer
        self.scope = scope
        self.body = body
        self.sites = sites

    def write(self, links: Sequence[_Link], tested: frozenset[_Path] = frozenset()) -> bool:
        """Writes the links; the values at the paths `tested` have been tested already."""
        at = 0
        while at < len(links):
            group = _group(links[at:], tested)
            if group is not None:
                path, size = group
                self.below(path, links[at : at + size], tested | {path})
                at += size
            elif self.link(links[at]):
                return True
            else:
                at += 1
        return False

    def value(self, need: _Need) -> Value:
        return ExpressionCompiler(self.writer, self.scope.values).visit(need.node, None)

    def below(self, path: _Path, links: Sequence[_Link], tested: frozenset[_Path]) -> None:
        """Writes the links below one test of the requirement that they share."""
        needs = [link.needs[path] for link in links]
        value = self.value(needs[0])
        texts: frozenset[str] | None = frozenset()
        kinds = _union(needs)
        for need in needs:
            texts = None if texts is None or need.texts is None else texts | need.texts
        if texts is not None:
            test = f"{value.code} == {next(iter(texts))!r}"
            if len(texts) > 1:
                test = f"{value.code} in {self.writer.pool.texts(texts)}"
                test = test if value.kinds & ~NULL == kinds else f"type({value.code}) is str and {test}"
        else:
            test = is_kind(value, value, kinds)
        with self.writer.inside("" if test == "True" else f"if {test}:") as block:
            block.kinds[value.code] = kinds
            if texts is not None:
                block.texts[value.code] = texts
            self.write(links, tested)

    def link(self, link: _Link) -> bool:
        site = None if self.sites is None else self.sites[link.number]
        condition = self.fields.taking(link.when, self.scope, "continue", site)
        self.writer.only_if(
            condition, partial(self.body, link.number), partial(self.fields.facts, link.when, self.scope)
        )
        return condition.constant is True


def _group(links: Sequence[_Link], tested: frozenset[_Path]) -> tuple[_Path, int] | None:
    """A path, and the number of first links that can be placed below one test of its value.

    Links with exactly the same requirement are preferred to links with requirements of the same sort.
    """
    groups = {path: _length_alike(links, path) for path in links[0].needs if path not in tested}
    path, (_, length) = max(groups.items(), key=lambda group: group[1], default=((), (False, 0)))
    return (path, length) if length else None


def _length_alike(links: Sequence[_Link], path: _Path) -> tuple[bool, int]:
    """Returns whether the first links have exactly the same requirement of a value, and how many share a test."""
    need = links[0].needs[path]
    run = [link.needs[path] for link in takewhile(lambda link: path in link.needs, links)]
    same = _length(run, lambda other: (other.texts, other.kinds) == (need.texts, need.kinds))
    if same >= _SMALLEST_GROUP:
        return True, same
    alike = _length(run, lambda other: (other.texts is None) is (need.texts is None))
    return False, alike if alike > _SMALLEST_GROUP and _union(run[:alike]) != ANY else 0


def _length(needs: Sequence[_Need], test: Callable[[_Need], bool]) -> int:
    """The number of first requirements for which the test holds."""
    return len(list(takewhile(test, needs)))


def _union(needs: Sequence[_Need]) -> int:
    return reduce(operator.or_, (need.kinds for need in needs))


# --- requirements of a condition


def _needs(node: TreeNode, scope: CodeScope) -> dict[_Path, _Need]:
    """The requirements of a condition: if any of them is not met, the condition is false and cannot fail."""
    kind, below = node["type"], node["children"]
    if kind == "and_expression":
        needs = _needs(below[0], scope)
        if not _scratch(scope).condition(below[0]).raises:
            for path, need in _needs(below[1], scope).items():
                needs.setdefault(path, need)
        return needs
    if kind == "or_expression":
        left, right = _needs(below[0], scope), _needs(below[1], scope)
        return dict(_either(left, right))
    if kind == "comparator" and node["value"] == "eq":
        return _of_comparison(below, scope)
    if kind == "function_expression" and node["value"] == "contains":
        return _of_membership(below, scope)
    return {}


def _either(left: dict[_Path, _Need], right: dict[_Path, _Need]) -> Iterator[tuple[_Path, _Need]]:
    for path in left.keys() & right.keys():
        one, other = left[path], right[path]
        texts = one.texts | other.texts if one.texts is not None and other.texts is not None else None
        yield path, _Need(one.node, texts, one.kinds | other.kinds)


def _of_comparison(below: list[TreeNode], scope: CodeScope) -> dict[_Path, _Need]:
    for one, other in (below, below[::-1]):
        if other["type"] != "literal":
            continue
        literal = other["value"]
        is_type = one["type"] == "function_expression" and one["value"] == "type"
        if is_type and isinstance(literal, str) and literal in TYPE_KINDS:
            path = _path(one["children"][0], scope)
            return {} if path is None else {path: _Need(one["children"][0], None, TYPE_KINDS[literal])}
        path = _path(one, scope)
        if path is not None and isinstance(literal, str):
            return {path: _Need(one, frozenset({literal}), kinds_of(literal))}
        if path is not None and literal is None:
            return {path: _Need(one, None, NULL)}
    return {}


def _of_membership(below: list[TreeNode], scope: CodeScope) -> dict[_Path, _Need]:
    subject, searched = below
    listed = scope.values.get(subject["value"]) if subject["type"] == "field" else None
    path = _path(searched, scope)
    if path is None or listed is None or not isinstance(listed.constant, list):
        return {}
    if not all(isinstance(text, str) for text in listed.constant):
        return {}
    return {path: _Need(searched, frozenset(listed.constant), kinds_of(""))}


def _path(node: TreeNode, scope: CodeScope) -> _Path | None:
    """The names in a plain path that can be read without an effect; None for any other expression."""
    if node["type"] == "field":
        return None if _scratch(scope).visit(node, None).raises else (node["value"],)
    if node["type"] != "subexpression":
        return None
    path = _path(node["children"][0], scope)
    for child in node["children"][1:]:
        path = (*path, child["value"]) if path is not None and child["type"] == "field" else None
    return path
