"""Infers the type of an expression from the type of the value it is evaluated on.

An expression is evaluated on the roots: an object with one member for each root. So the roots have an object type too,
and narrowing it by a condition (`narrow`, `otherwise`) is the same at the top and inside a filter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any

from ..expressions.tree import TreeNode, children
from ..functions.table import FUNCTIONS
from ..types.comparison import MIRRORED, Inferred, bound_by, compared, equal_part
from ..types.narrowing import either_case, excluding, falsy, meet, refine, truthy
from ..types.types import (
    ANY,
    NEVER,
    NULL,
    OBJECT,
    ArrayType,
    NumberType,
    ObjectType,
    Property,
    StringType,
    Type,
    constants,
    literal,
    lookup,
    members,
    only,
    union,
    without,
    without_null,
)
from .calls import Call, accepted
from .functions import result
from .inverses import argument_of, fitting_part, listed_in
from .steps import argument_of_call, first_and_rest, flattened, is_expref, on_list, path_of, unless_null, where_elements

__all__ = ["Inferred", "Observer", "Seen", "infer", "narrow", "otherwise", "path_of"]

_NEGATED = {"lt": "gte", "lte": "gt", "gt": "lte", "gte": "lt"}
_MAX_PLACES = 64
_MAX_NESTED = 5
"""The maximum depth of nested `&&` and `||` at which conditions narrow types."""
_MOST_KNOWN = 256


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A node of an expression, the type it was evaluated on, the types of its operands, and its own."""

    node: TreeNode
    current: Type
    operands: tuple[Type, ...]
    type: Type


Observer = Callable[[Seen], None]


def infer(tree: TreeNode, current: Type, observe: Observer | None = None, *, scope: Type | None = None) -> Inferred:
    """The type of an expression evaluated on a value of the type `current`; `observe` is called for each node.

    `scope` is an object type with the variables; without it, they are the roots that the expression is evaluated on.
    """
    scope = current if scope is None else scope
    key = id(tree), id(current), id(scope)
    if observe is None and (known := _KNOWN.get(key)) is not None:
        return known[3]
    inference = _Inference(observe, scope)
    found = Inferred(inference.of(tree, current), inference.fails)
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN[key] = tree, current, scope, found
    return found


_KNOWN: dict[tuple[int, int, int], tuple[TreeNode, Type, Type, Inferred]] = {}
"""A cache of inferred types, since parts of a condition are inferred repeatedly. The entries keep their node and type
alive, so that no other object gets the same identity."""


class _Inference:
    def __init__(self, observe: Observer | None, scope: Type) -> None:
        self.observe = observe
        self.scope = scope
        self.fails = False

    def of(self, node: TreeNode, current: Type) -> Type:
        if current is NEVER:
            return NEVER
        method: Callable[[TreeNode, Type], tuple[Type, tuple[Type, ...]]] = getattr(self, f"_{node['type']}")
        type_, operands = method(node, current)
        if self.observe is not None and not current.never:
            self.observe(Seen(node, current, operands, type_))
        return type_

    def quietly(self, node: TreeNode, current: Type) -> Type:
        observe, self.observe = self.observe, None
        try:
            return self.of(node, current)
        finally:
            self.observe = observe

    def where(self, node: TreeNode, current: Type, test: TreeNode, truth: bool) -> Type:
        """The type of a node that is evaluated only where a condition is true, or false."""
        narrowed, outer = narrow(current, test, truth, scope=self.scope), self.scope
        if current is outer:  # the variables are these roots
            self.scope = narrowed
        try:
            return self.of(node, narrowed)
        finally:
            self.scope = outer

    # Steps

    def _variable_ref(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        return lookup(self.scope, node["value"]), ()

    def _let_expression(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        *bindings, body = node["children"]
        found = {binding["value"]: self.of(binding["children"][0], current) for binding in bindings}
        outer, bound = self.scope, {name: Property(type_, True) for name, type_ in found.items()}
        self.scope = Type(
            objects=tuple(replace(one, properties={**one.properties, **bound}) for one in outer.parts.objects)
            or (ObjectType(bound),)
        )
        try:
            return self.of(body, current), tuple(found.values())
        finally:
            self.scope = outer

    def _field(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        return lookup(current, node["value"]), ()

    def _subexpression(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        steps = []
        for child in node["children"]:
            current = self.of(child, current)
            steps.append(current)
        return current, tuple(steps)

    _pipe = _index_expression = _subexpression

    def _current(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        return current, ()

    _identity = _current

    def _literal(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        return literal(node["value"]), ()

    def _index(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        array, number = current.parts.array, node["value"]
        found = NULL if array is None or without(current, ("array",)) != NEVER else NEVER
        if array is None:
            return found, ()
        if number >= 0:
            there = array.least > number
            gone = array.most is not None and array.most <= number
            element = array.first[number] if number < len(array.first) else array.items
        else:
            there = array.least >= -number
            gone = array.most is not None and array.most < -number
            element = array.first[number] if array.exact and there else array.element()
        return union(found, NEVER if gone else element, NEVER if there else NULL), ()

    def _slice(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        def cut(array: ArrayType) -> ArrayType:
            if array.exact:
                first = array.first[slice(*node["children"])]
                return ArrayType(NEVER, first, len(first), len(first))
            return ArrayType(array.element(), (), 0, array.most)

        return on_list(current, cut), ()

    def _flatten(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        base = self.of(node["children"][0], current)
        return on_list(base, flattened), (base,)

    def _projection(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        left, right = node["children"]
        base = self.of(left, current)
        return on_list(base, lambda array: self.over(array, right)), (base,)

    def _filter_projection(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        left, right, condition = node["children"]
        base = self.of(left, current)

        def kept(array: ArrayType) -> ArrayType:
            self.of(condition, array.element())
            chosen = narrow(array.element(), condition, True, scope=self.scope)
            items = without_null(self.of(right, chosen))
            return ArrayType(items, (), 0, 0 if items.never else array.most)

        return on_list(base, kept), (base,)

    def _value_projection(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        left, right = node["children"]
        base = self.of(left, current)
        objects = base.parts.objects
        found = NULL if without(base, ("object",)) != NEVER else NEVER
        if objects:
            values = union(*(type_ for one in objects for _, type_ in members(one)))
            items = without_null(self.of(right, values))
            found = union(found, Type(array=ArrayType(items, (), 0, 0 if items.never else None)))
        return found, (base,)

    def over(self, array: ArrayType, body: TreeNode, keep_null: bool = False) -> ArrayType:
        """The list of the results of `body` for each element, without nulls unless they are kept."""
        each = self.of(body, array.element())
        items = each if keep_null else without_null(each)
        whole = keep_null or not each.parts.null
        if whole and array.exact and len(array.first) <= _MAX_PLACES:
            return ArrayType(NEVER, tuple(self.quietly(body, one) for one in array.first), array.least, array.most)
        alike = array.alike and body["type"] == "identity"
        return ArrayType(items, (), array.least if whole else 0, 0 if items.never else array.most, alike)

    # Operators

    def _junction(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        conjunction = node["type"] == "and_expression"
        decides, goes_on = (falsy, truthy) if conjunction else (truthy, falsy)
        left, right = node["children"]
        first = self.of(left, current)
        if goes_on(first).never:
            return first, (first, NEVER)
        second = self.where(right, current, left, conjunction)
        return union(decides(first), second), (first, second)

    _and_expression = _or_expression = _junction

    def _not_expression(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        operand = self.of(node["children"][0], current)
        found = {value for value, part in ((False, truthy(operand)), (True, falsy(operand))) if not part.never}
        return Type(booleans=frozenset(found)), (operand,)

    def _comparator(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        left, right = (self.of(child, current) for child in node["children"])
        found = compared(node["value"], left, right)
        self.fails = self.fails or found.fails
        return found.type, (left, right)

    # Making values

    def _multi_select_list(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        there = without_null(current)
        found = tuple(self.of(child, there) for child in node["children"])
        made = Type(array=ArrayType(NEVER, found, len(found), len(found)))
        return unless_null(current, made), found

    def _multi_select_dict(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        there = without_null(current)
        found = {pair["value"]: self.of(pair["children"][0], there) for pair in node["children"]}
        made = Type(objects=(ObjectType({name: Property(type_, True) for name, type_ in found.items()}),))
        return unless_null(current, made), tuple(found.values())

    def chosen(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        """The type of `if`, which evaluates one of its two values."""
        test, *values = node["children"]
        condition = self.of(test, current)
        found = [
            NEVER if part.never else self.where(value, current, test, truth)
            for value, truth, part in zip(values, (True, False), (truthy(condition), falsy(condition)), strict=True)
        ]
        return union(*found), (condition, *found)

    def _function_expression(self, node: TreeNode, current: Type) -> tuple[Type, tuple[Type, ...]]:
        function = FUNCTIONS[node["value"]]
        if node["value"] == "if":
            return self.chosen(node, current)
        arguments = [NEVER if child["type"] == "expref" else self.of(child, current) for child in node["children"]]
        taken, refused = [], False
        for number, argument in enumerate(arguments):
            if node["children"][number]["type"] == "expref":
                taken.append(argument)
                continue
            parameter = function.parameters[min(number, len(function.parameters) - 1)]
            part, all_of_it = accepted(argument, parameter)
            self.fails = self.fails or not all_of_it
            refused = refused or part.never
            taken.append(part)
        if refused:
            return NEVER, tuple(arguments)
        bodies = {number: child["children"][0] for number, child in enumerate(node["children"]) if is_expref(child)}

        def over(number: int, array: ArrayType) -> ArrayType:
            return self.over(array, bodies[number], keep_null=True)

        call = Call(node["value"], tuple(taken), over)
        type_ = result(call)
        self.fails = self.fails or call.fails
        return type_, tuple(arguments)


# --- narrowing


def narrow(current: Type, node: TreeNode, truth: bool, depth: int = 0, *, scope: Type | None = None) -> Type:
    """The part of `current` for which the condition succeeds and is true, or false.

    Conditions nested deeper than `_MAX_NESTED` narrow nothing: each level is evaluated in two ways.
    """
    if current.never:
        return NEVER
    scope = current if scope is None else scope
    match node["type"]:
        case "and_expression" | "or_expression":
            if depth > _MAX_NESTED:
                return current
            left, right = first_and_rest(node)
            below = depth if right["type"] == node["type"] else depth + 1
            if (node["type"] == "and_expression") == truth:
                return narrow(narrow(current, left, truth, depth + 1, scope=scope), right, truth, below, scope=scope)
            evaluated = narrow(
                narrow(current, left, not truth, depth + 1, scope=scope), right, truth, below, scope=scope
            )
            return either_case(narrow(current, left, truth, depth + 1, scope=scope), evaluated)
        case "not_expression":
            return narrow(current, node["children"][0], not truth, depth, scope=scope)
    path = path_of(node)
    if path is not None:
        return refine(current, path, truthy if truth else falsy)
    if node["type"] == "comparator":
        return _narrow_comparison(current, node, truth, scope)
    found = infer(node, current, scope=scope).type
    if (truthy(found) if truth else falsy(found)).never:
        return NEVER
    return _narrow_call(current, node, truth, scope) if node["type"] == "function_expression" else current


def otherwise(current: Type, node: TreeNode, *, scope: Type | None = None) -> Type:
    """The part of `current` for which the condition does not hold, since it is not true or fails."""
    if current.never:
        return NEVER
    scope = current if scope is None else scope
    match node["type"]:
        case "and_expression":
            left, right = first_and_rest(node)
            return either_case(
                otherwise(current, left, scope=scope),
                otherwise(narrow(current, left, True, scope=scope), right, scope=scope),
            )
        case "or_expression" if not infer(node["children"][0], current, scope=scope).fails:
            left, right = node["children"]
            return otherwise(narrow(current, left, False, scope=scope), right, scope=scope)
    fails = path_of(node) is None and infer(node, current, scope=scope).fails
    return current if fails else narrow(current, node, False, scope=scope)


def _narrow_comparison(current: Type, node: TreeNode, truth: bool, scope: Type) -> Type:
    operator, (left, right) = node["value"], node["children"]
    types = infer(left, current, scope=scope).type, infer(right, current, scope=scope).type
    found = compared(operator, *types).type
    if (truthy(found) if truth else falsy(found)).never:
        return NEVER
    if operator in ("eq", "ne"):
        equal = truth == (operator == "eq")
        current = _narrow_equal(current, left, types[1], equal, scope)
        return _narrow_equal(current, right, types[0], equal, scope)
    current = _narrow_order(current, left, operator, types[1], truth, scope)
    return _narrow_order(current, right, MIRRORED[operator], types[0], truth, scope)


def _narrow_equal(current: Type, node: TreeNode, other: Type, equal: bool, scope: Type) -> Type:
    """Narrows by `node == other` or `node != other`."""
    values = constants(other)
    if not equal and (values is None or len(values) != 1):
        return current
    path = path_of(node)
    if path is None:
        return _where_is(current, node, equal_part(ANY, other) if equal else excluding(ANY, values or ()), scope)
    if equal:
        return refine(current, path, lambda type_: equal_part(type_, other))
    return refine(current, path, lambda type_: excluding(type_, values or ()))


def _narrow_order(current: Type, node: TreeNode, operator: str, other: Type, truth: bool, scope: Type) -> Type:
    """Narrows by an ordering comparison such as `node < other`."""
    bound = bound_by(operator if truth else _NEGATED[operator], other.parts.number or NumberType())
    if node["type"] == "function_expression" and node["value"] == "length" and other.kinds == {"number"}:
        return _narrow_length(current, node["children"][0], bound, scope)
    path = path_of(node)
    kinds = other.kinds & {"number", "string"}
    if path is None or not kinds:
        return current

    def change(type_: Type) -> Type:
        ordered = meet(only(type_, ("number",)), Type(number=bound)) if kinds == {"number"} else only(type_, kinds)
        # If the other side can be a value without an order, any value can make the comparison null.
        return ordered if truth else union(ordered, without(type_, kinds), NEVER if other.kinds == kinds else type_)

    return refine(current, path, change)


def _narrow_length(current: Type, node: TreeNode, bound: NumberType, scope: Type) -> Type:
    """Narrows by a condition on the length of an expression's value."""
    least = 0 if bound.minimum is None else max(0, ceil(bound.minimum))
    most = None if bound.maximum is None else floor(bound.maximum)
    if most is not None and most < 0:
        return NEVER
    long = Type(
        string=StringType(least=least, most=most), array=ArrayType(ANY, (), least, most), objects=OBJECT.objects
    )
    return _where_is(current, node, long, scope)


# --- backwards: from the value of an expression to the value it was evaluated on


def _where_is(current: Type, node: TreeNode, wanted: Type, scope: Type) -> Type:
    """The part of `current` for which the expression succeeds with a value of the wanted type."""
    path = path_of(node)
    if path is not None:
        return refine(current, path, lambda type_: meet(type_, wanted))
    if node["type"] == "or_expression":
        left, right = node["children"]
        fallback = infer(right, narrow(current, left, False, scope=scope), scope=scope).type
        return (
            _where_is(narrow(current, left, True, scope=scope), left, wanted, scope)
            if meet(fallback, wanted).never
            else current
        )
    if node["type"] != "function_expression":
        return current
    name, first = node["value"], children(node)[0]
    path = path_of(first)
    if name == "distinct" and argument_of_call(first, "map") is not None:
        each, elements = first["children"]
        array = wanted.parts.array
        few = array is not None and array.most is not None and array.most <= 1
        itself = argument_of_call(each["children"][0], "type")
        same = few and itself is not None and itself["type"] == "current"
        return where_elements(current, elements, lambda type_: type_, alike=True) if same else current
    if len(children(node)) != 1:
        return current
    argument = infer(first, current, scope=scope).type
    left = argument_of(name, argument, wanted)
    return current if left == argument else _where_is(current, first, left, scope)


def _where_lacks(current: Type, node: TreeNode, value: Any, scope: Type) -> Type:
    """The part of `current` for which the expression does not give a list that contains this value."""
    if argument_of_call(node, "map") is None:
        return where_elements(current, node, lambda type_: excluding(type_, (value,)))
    each, elements = node["children"]
    others = excluding(ANY, (value,))
    return where_elements(current, elements, lambda type_: _where_is(type_, each["children"][0], others, scope))


def _narrow_call(current: Type, node: TreeNode, truth: bool, scope: Type) -> Type:
    """Narrows by a call of a function that gives a boolean, such as `contains(list, x)`."""
    name, arguments = node["value"], children(node)
    if name not in ("contains", "starts_with", "ends_with", "like", "matches"):
        return _where_is(current, node, truthy(ANY) if truth else falsy(ANY), scope)
    first, second = (infer(argument, current, scope=scope).type for argument in arguments)
    if name == "contains":
        listed, values = listed_in(first), constants(second)
        if listed is not None:
            wanted = union(*map(literal, listed)) if truth else excluding(ANY, listed)
            return _where_is(current, arguments[1], wanted, scope)
        if not truth and values is not None and len(values) == 1:
            return _where_lacks(current, arguments[0], values[0], scope)
        return current
    as_text = argument_of_call(arguments[0], "to_string")
    path = path_of(arguments[0] if as_text is None else as_text)

    def fitting(type_: Type) -> Type:
        found = fitting_part(type_, name, second, truth)
        return found if as_text is None else union(found, without(type_, ("string",)))

    return current if path is None else refine(current, path, fitting)
