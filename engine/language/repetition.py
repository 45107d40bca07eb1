"""Finds the parts of the rules that copy values from outside of an iteration once for each of its elements.

Their results grow with the product of two sizes of a batch; everything else grows with one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..expressions.paths import path_of
from ..expressions.tree import TreeNode, free_variables, walk
from ..functions.table import FUNCTIONS
from ..values.coercion import TYPES
from ..values.once import once_for_each
from .names import aimed_outputs
from .rulebook import Const, Each, EntryRule, Expr, Field, From, Listed, ObjectSource, Rulebook, Spread, Table, Text
from .traversal import roots_in

__all__ = ["repeated_in", "repetition_walk"]


@dataclass(frozen=True, slots=True)
class _Names:
    """The names in scope: `all`, those of constants (`fixed`), of values that several elements share (`outer`), and of
    scalars."""

    all: frozenset[str]
    fixed: frozenset[str]
    outer: frozenset[str] = frozenset()
    scalars: frozenset[str] = frozenset()

    def adding(self, name: str, *, is_fixed: bool = False, is_outer: bool = False, is_scalar: bool = False) -> _Names:
        one = frozenset([name])
        return _Names(
            self.all | one,
            self.fixed | one if is_fixed else self.fixed - one,
            self.outer | one if is_outer else self.outer - one,
            self.scalars | one if is_scalar else self.scalars - one,
        )

    def inside(self) -> _Names:
        """The same names, as seen from inside an iteration."""
        return replace(self, outer=self.all - self.fixed)


_SMALL = {name for name, type_ in TYPES.items() if type_.is_short}
"""Types whose values have a bounded size."""

_NO_STRINGS = {"number", "boolean", "null"}
_SHORT = {"from_unix_ms", "type"}
"""Functions that return short strings."""


def repeated_in(rulebook: Rulebook) -> frozenset[int]:
    """The identities (`id`) of these parts: fields of objects and lists, each `each`, and spreads."""
    return frozenset(repetition_walk(rulebook).found)


@once_for_each
def repetition_walk(rulebook: Rulebook) -> RepetitionWalk:
    """The walk through a rulebook, when it has ended."""
    walk = RepetitionWalk()
    walk.rulebook(rulebook)
    return walk


class RepetitionWalk:
    """A walk through the rules with the names in scope.

    After it, `found` has the identities of the parts that copy, and `expressions` all expressions, each with the names
    whose value several of the elements share for which it is evaluated, and with those of constants.
    """

    def __init__(self) -> None:
        self.found: set[int] = set()
        self.expressions: list[tuple[Expr, frozenset[str], frozenset[str]]] = []

    def rulebook(self, rulebook: Rulebook) -> None:
        """Goes through all rules."""
        top = _Names(frozenset([rulebook.input.as_name, "settings"]), frozenset(["settings"]))
        names = self.lets(rulebook.let, top)
        aimed = aimed_outputs(rulebook)
        for output in rulebook.outputs.values():
            lines = () if output.name in aimed else output.request.parts
            self.object(ObjectSource((*output.fields, *lines)), names)
        routes: dict[str | None, _Names] = {None: names}
        for route in rulebook.routes.values():
            self.evaluated(route.each, names)
            routes[route.name] = self.lets(
                route.let, self.inside(names, route.each, route.as_name, route.key_name or route.index_name)
            )
        for rule in rulebook.rules:
            self.evaluated(rule.when, routes[rule.route])
            inner = self.lets(rule.let, routes[rule.route])
            for warn in rule.warn:
                self.evaluated(warn.when, inner)
            self.value(rule.body, inner)
            if rule.output in aimed:
                self.object(ObjectSource(rulebook.outputs[rule.output or ""].request.parts), inner)

    def evaluated(self, expression: Expr | None, names: _Names) -> None:
        if expression is not None:
            self.expressions.append((expression, names.outer, names.fixed))

    def lets(self, definitions: tuple[Field, ...], names: _Names) -> _Names:
        """Adds the names of lets. A let is computed for each element, but not kept: only its uses count."""
        for definition in definitions:
            self.within(definition, names)
            names = names.adding(
                definition.name or "",
                is_fixed=isinstance(definition.source, Const),
                is_outer=_reads(definition.source, names),
                is_scalar=_is_shared(definition, names),
            )
        return names

    def inside(self, names: _Names, over: Expr, as_name: str, key_name: str | None) -> _Names:
        """The names in scope for an element of an iteration."""
        inner = names.inside().adding(as_name, is_outer=_reads(over, names))
        return inner if key_name is None else inner.adding(key_name, is_scalar=True)

    def value(self, value: ObjectSource | Field, names: _Names) -> None:
        if isinstance(value, ObjectSource):
            self.object(value, names)
        else:
            self.member(value, names)

    def object(self, source: ObjectSource, names: _Names) -> None:
        for field in source.fields:
            self.member(field, names)
        for spread in source.spreads:
            self.spread(spread, names)

    def member(self, field: Field, names: _Names) -> None:
        """Looks at a field whose value becomes a part of an object or a list."""
        repeats = isinstance(field.source, From | Text) and _reads(field.source, names)
        if (repeats or _repeats_variables(field)) and not _is_shared(field, names):
            self.found.add(id(field))
        self.within(field, names)

    def within(self, field: Field, names: _Names) -> None:
        """Looks at the parts of a field."""
        source = field.source
        self.evaluated(field.when, names)
        if isinstance(source, From):
            for part in source.alternatives:
                if isinstance(part, Field):
                    self.within(part, names)
                else:
                    self.evaluated(part, names)
        elif isinstance(source, ObjectSource):
            self.object(source, names)
        elif isinstance(source, Listed):
            for item in source.items:
                self.member(item, names)
        elif isinstance(source, Each):
            self.evaluated(source.each, names)
            if _reads(source.each, names):
                self.found.add(id(source))
            inner = self.lets(
                source.let, self.inside(names, source.each, source.as_name, source.key_name or source.index_name)
            )
            self.value(source.value, inner)

    def spread(self, spread: Spread, names: _Names) -> None:
        self.evaluated(spread.from_, names)
        if _reads(spread.from_, names):
            self.found.add(id(spread))
        inner = self.lets(spread.let, self.inside(names, spread.from_, spread.as_name, spread.key_name))
        for entry in spread.entries:
            self.entry(entry, inner)

    def entry(self, entry: EntryRule, names: _Names) -> None:
        self.evaluated(entry.when, names)
        names = self.lets(entry.let, names)
        if entry.name is not None:
            self.within(entry.name, names)
        if entry.value is not None:
            self.member(entry.value, names)


def _repeats_variables(field: Field) -> bool:
    """Returns whether an expression of a field may copy a variable into its result for each element of a list."""
    if not isinstance(field.source, From):
        return False
    expressions = (part.expression for part in field.source.alternatives if isinstance(part, Expr))
    return any(
        free_variables(*node["children"][1:2] if node["type"] != "expref" else node["children"])
        for expression in expressions
        if expression.has_variables
        for node in walk(expression.tree)
        if node["type"] in ("projection", "filter_projection", "value_projection", "expref")
    )


def _reads(part: Any, names: _Names) -> bool:
    """Returns whether a part reads a value that several elements share."""
    return any(root in names.outer for root in roots_in(part))


def _is_shared(field: Field, names: _Names) -> bool:
    """Returns whether the value of a field is a scalar that has a bounded size, or that stands in the batch itself."""
    if field.on_problem == "keep" or not isinstance(field.source, From):
        return False
    table = field.table
    if field.type in _SMALL or (table is not None and table.unlisted != "keep" and _has_scalars(table)):
        return True
    parts = field.source.alternatives
    return all(
        _is_shared(part, names)
        if isinstance(part, Field)
        else _is_scalar(part.expression.tree, names) or (field.type == "string" and _is_path(part))
        for part in parts
    )


def _is_path(part: Expr) -> bool:
    tree = part.expression.tree
    return tree["type"] == "literal" or path_of(tree, {use.name: "" for use in part.expression.roots}) is not None


def _is_scalar(tree: TreeNode, names: _Names) -> bool:
    """Returns whether an expression gives a scalar of bounded size, or one that has a name."""
    match tree["type"]:
        case "field":
            return tree["value"] in names.scalars
        case "function_expression":
            return tree["value"] in _SHORT or set(FUNCTIONS[tree["value"]].returns.split("|")) <= _NO_STRINGS
        case kind:
            return kind in ("comparator", "not_expression")


def _has_scalars(table: Table) -> bool:
    unlisted = table.unlisted[1] if isinstance(table.unlisted, tuple) else None
    return not any(isinstance(value, list | dict) for value in (*table.entries.values(), unlisted))
