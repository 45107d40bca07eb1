"""The origins of the values of expressions and templates.

Of most functions, only the signature is known: their results are made of all of their arguments, or if these are
booleans, depend on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..expressions.tree import TreeNode
from ..functions.table import FUNCTIONS
from ..language.rulebook import Text
from ..templates.parser import parts_of
from .origins import NOTHING, Folded, Hop, InputOrigin, TracedValue, Way, joined
from .possible import Possible

__all__ = ["Roots", "of_expression", "of_template"]

Roots = Mapping[str, TracedValue]


def of_expression(tree: TreeNode, roots: Roots, can: Possible, called: Callable[[TreeNode], Hop]) -> TracedValue:
    """The value of an expression; `called` returns the Hop of a call."""
    evaluation = _Evaluation(roots, can, called)
    found = evaluation.value(tree, evaluation.top)
    return found.influenced(evaluation.failing)


class _Evaluation:
    def __init__(self, roots: Roots, can: Possible, called: Callable[[TreeNode], Hop]) -> None:
        self.top = TracedValue(members=roots)
        self.variables = roots
        self.can = can
        self.called = called
        self.failing: dict[InputOrigin, Way] = {}
        """The influences on whether the evaluation fails."""
        self.inside = 0
        """The number of surrounding `&expressions`, of which nothing is known."""

    def value(self, node: TreeNode, current: TracedValue) -> TracedValue:
        """The value of a node that is evaluated on `current`."""
        if not self.inside and not self.can.is_evaluated(node):
            return NOTHING
        method: Callable[[TreeNode, TracedValue], TracedValue] = getattr(self, f"_{node['type']}")
        found = method(node, current)
        return NOTHING if not self.inside and self.can.is_constant(node) else found  # it may fail all the same

    # Steps

    def _field(self, node: TreeNode, current: TracedValue) -> TracedValue:
        return current.member(node["value"])

    def _variable_ref(self, node: TreeNode, current: TracedValue) -> TracedValue:
        return self.variables.get(node["value"], NOTHING)

    def _let_expression(self, node: TreeNode, current: TracedValue) -> TracedValue:
        *bindings, body = node["children"]
        found = {one["value"]: self.value(one["children"][0], current) for one in bindings}
        outer, self.variables = self.variables, {**self.variables, **found}
        result = self.value(body, current)
        self.variables = outer
        return result

    def _current(self, node: TreeNode, current: TracedValue) -> TracedValue:
        return current

    _identity = _current
    _slice = _current

    def _subexpression(self, node: TreeNode, current: TracedValue) -> TracedValue:
        for child in node["children"]:
            current = self.value(child, current)
        return current

    _pipe = _index_expression = _subexpression

    def _index(self, node: TreeNode, current: TracedValue) -> TracedValue:
        return current.elements

    def _projection(self, node: TreeNode, current: TracedValue) -> TracedValue:
        base = self.value(node["children"][0], current)
        return self.value(node["children"][1], base.elements).listed.influenced(base.tested)

    _value_projection = _projection

    def _filter_projection(self, node: TreeNode, current: TracedValue) -> TracedValue:
        left, right, test = node["children"]
        base = self.value(left, current)
        chosen = self.value(test, base.elements).tested
        found = self.value(right, base.elements.influenced(chosen))
        return found.listed.influenced({**base.tested, **chosen})

    def _flatten(self, node: TreeNode, current: TracedValue) -> TracedValue:
        base = self.value(node["children"][0], current)
        return joined([base.elements, base.elements.elements]).listed.influenced(base.tested)

    # Operators

    def _or_expression(self, node: TreeNode, current: TracedValue) -> TracedValue:
        left, right = (self.value(child, current) for child in node["children"])
        return joined([left, right]).influenced(left.tested)

    _and_expression = _or_expression

    def _not_expression(self, node: TreeNode, current: TracedValue) -> TracedValue:
        return TracedValue(influences=self.value(node["children"][0], current).tested)

    def _comparator(self, node: TreeNode, current: TracedValue) -> TracedValue:
        is_shallow = node["value"] in ("eq", "ne") and any(map(_is_nothing, node["children"]))
        found: dict[InputOrigin, Way] = {}
        for child in node["children"]:
            value = self.value(child, current)
            found |= value.tested if is_shallow else value.compared
        if node["value"] not in ("eq", "ne"):  # a string and a number have no order
            self.failing |= found
        return TracedValue(influences=found)

    def _literal(self, node: TreeNode, current: TracedValue) -> TracedValue:
        return NOTHING

    def _multi_select_list(self, node: TreeNode, current: TracedValue) -> TracedValue:
        items = joined(self.value(child, current) for child in node["children"])
        return TracedValue(influences=self.presence(current), items=items)

    def _multi_select_dict(self, node: TreeNode, current: TracedValue) -> TracedValue:
        members = {pair["value"]: self.value(pair["children"][0], current) for pair in node["children"]}
        return TracedValue(influences=self.presence(current), members=members)

    def presence(self, current: TracedValue) -> Mapping[InputOrigin, Way]:
        """The influences on whether a value is null; the roots together never are."""
        return {} if current is self.top else current.tested

    # Calls

    def _expref(self, node: TreeNode, current: TracedValue) -> TracedValue:
        return NOTHING

    def _function_expression(self, node: TreeNode, current: TracedValue) -> TracedValue:
        name = node["value"]
        arguments = [self.value(child, current) for child in node["children"]]
        keys = [
            self.over(child["children"][0], argument.elements)
            for child in node["children"]
            if child["type"] == "expref"
            for argument in arguments
        ]
        chosen: dict[InputOrigin, Way] = {key: way for one in keys for key, way in one.compared.items()}
        structural = self.structural(node, arguments, keys, chosen)
        if structural is not None:
            for one in arguments:
                self.failing |= one.tested
            self.failing |= {} if name == "map" else chosen
            return structural
        whole = joined([*arguments, *keys]).whole(name if FUNCTIONS[name].masks else None)
        self.failing |= whole.compared
        if set(FUNCTIONS[name].returns.split("|")) <= {"boolean", "null"}:
            return TracedValue(influences=whole.compared)
        return whole.through(self.called(node))

    def structural(
        self, node: TreeNode, arguments: list[TracedValue], keys: list[TracedValue], chosen: dict[InputOrigin, Way]
    ) -> TracedValue | None:
        """The value of a function that returns parts of its arguments, or depends only on their form; else None."""
        name, first = node["value"], arguments[0] if arguments else NOTHING
        match name:
            case "if":
                return joined(arguments[1:]).influenced(first.tested)
            case "get" | "get_ignore_case":
                return _got(name, first, arguments[1], node["children"][1])
            case "keys":
                return first.keys.listed
            case "values":
                return first.elements.listed
            case "not_null":
                return joined(arguments).influenced({key: way for one in arguments for key, way in one.tested.items()})
            case "merge":
                return joined(arguments)
            case "reverse":
                return first
            case "map":
                return replace(joined(keys).listed, influences=joined(arguments).tested)
            case "to_array":
                return joined([first, first.listed])
            case "sort_by" | "sort_by_number" | "last_by" | "unique_by":
                return first.influenced(chosen)
            case "distinct":
                return first.influenced(first.compared)
            case "max_by" | "min_by":
                return first.elements.influenced(chosen)
            case "omit":
                self.failing |= arguments[1].compared
                return first.influenced(arguments[1].compared)
            case "zip":
                inner = joined(argument.elements for argument in arguments)
                tests = {key: way for one in arguments for key, way in one.tested.items()}
                return TracedValue(influences=tests, items=TracedValue(items=inner))
            case "group_by":
                names = joined(keys).whole()
                return TracedValue(
                    others=TracedValue(items=first.elements, influences=chosen), names=names, influences=chosen
                )
            case "to_object":
                chosen = {key: way for one in keys[:-1] for key, way in one.compared.items()} | dict(first.tested)
                return TracedValue(others=keys[-1].influenced(chosen), names=joined(keys).whole(), influences=chosen)
            case "length" | "type":
                return TracedValue(influences=first.tested)
        return None

    def over(self, body: TreeNode, element: TracedValue) -> TracedValue:
        """The value of an `&expression` for an element."""
        self.inside += 1
        found = self.value(body, element)
        self.inside -= 1
        return found


def _is_nothing(node: TreeNode) -> bool:
    """Returns whether a node is a literal without contents, null or empty: comparing with it reveals no members."""
    return node["type"] == "literal" and node["value"] in (None, [], {})


def _got(function: str, whole: TracedValue, name: TracedValue, node: TreeNode) -> TracedValue:
    """The member of an object that `get` or `get_ignore_case` finds."""
    if node["type"] == "literal" and isinstance(node["value"], str):
        folds = function == "get_ignore_case"
        return whole.member(Folded(node["value"].casefold()) if folds else node["value"])
    return whole.elements.influenced({**name.compared, **whole.keys.compared} if name.origins else name.compared)


# Templates


def of_template(text: Text, roots: Roots) -> TracedValue:
    """The value of a template."""
    made, influences = _parts(parts_of(text.template.text, text.template.guard), roots)
    return made.whole().influenced(influences)


def _parts(parts: tuple[Any, ...], roots: Roots) -> tuple[TracedValue, dict[InputOrigin, Way]]:
    found: list[TracedValue] = []
    influences: dict[InputOrigin, Way] = {}
    for part in parts:
        if isinstance(part, str):
            continue
        if part[0] == "put":
            found.append(_written(part[1], roots))
            continue
        _, branches, last = part
        for test, inner in (*branches, (None, last)):
            influences |= {} if test is None else _written(test, roots).tested
            value, more = _parts(inner, roots)
            found.append(value)
            influences |= more
    return joined(found), influences


def _written(node: tuple[Any, ...], roots: Roots) -> TracedValue:
    """The value of an expression in a template."""
    match node:
        case ("name", name):
            return roots.get(name, NOTHING)
        case ("const", _):
            return NOTHING
        case ("member", of, ("const", str(name))):
            return _written(of, roots).member(name)
        case ("member", of, index):
            return _written(of, roots).elements.influenced(_written(index, roots).compared)
        case ("list", items):
            return joined(_written(one, roots) for one in items).listed
        case ("concat", items):
            return joined(_written(one, roots) for one in items).whole()
        case ("compare", _, items):
            return TracedValue(influences={k: way for one in items for k, way in _written(one, roots).compared.items()})
        case ("guard", _, inner):
            return _written(inner, roots).whole()
        case ("filter", _, items):
            return joined(_written(one, roots) for one in items).whole()
        case ("is null" | "not", inner):
            return TracedValue(influences=_written(inner, roots).tested)
    left, right = (_written(one, roots) for one in node[1:])  # `and`, `or`
    return joined([left, right]).influenced(left.tested)
