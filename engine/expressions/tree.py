"""Parsed expressions: their nodes, the roots they use, and their evaluation by jmespath."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from jmespath.visitor import Options, TreeInterpreter, _Expression

from ..functions.table import call
from ..values.budget import Copies, counting, looked_through
from ..values.equality import equal, is_true
from .roots import RootUse

__all__ = ["EvaluationError", "Expression", "Token", "TreeNode", "children", "free_variables", "parts_of", "walk"]


# The published type stubs of the library lack what a subclass needs.
_LibraryExpression: Any = _Expression


_LibraryInterpreter: Any = TreeInterpreter


TreeNode: TypeAlias = dict[str, Any]


Token: TypeAlias = dict[str, Any]


class EvaluationError(ValueError):
    """The expression could not be evaluated on this data; `reason` says why in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed and checked expression.

    `tree` is the library's tree of `{"type", "children", "value"}`, with "start" and "end" in each node: offsets into
    `text`, the end exclusive. It is shared and must not be changed; neither must results of `search`, which may be
    parts of the data or of the tree.
    """

    text: str
    tree: TreeNode = field(compare=False, repr=False)
    roots: tuple[RootUse, ...]
    has_variables: bool = field(default=False, compare=False, repr=False)

    def search(self, context: dict[str, Any]) -> Any:
        """Evaluates the expression on these roots. Raises EvaluationError and nothing else."""
        try:
            interpreter = _ScopedInterpreter(context) if self.has_variables else _INTERPRETER
            return interpreter.visit(self.tree, context)
        except TypeError:
            raise EvaluationError("a string and a number cannot be ordered (<, <=, >, >=)") from None
        except RecursionError:
            raise EvaluationError("the data is nested too deeply") from None
        except (ValueError, OverflowError) as error:  # the library and the functions raise ValueErrors only
            raise EvaluationError(str(error)) from None


def parts_of(expression: Expression, context: dict[str, Any]) -> list[tuple[int, int, Any]]:
    """The parts of an expression that are evaluated once: their start, their end and their value.

    Parts that are not evaluated, or for each element of a list, are left out. Ends at the first failure.
    """
    interpreter = _PartsInterpreter(context)
    with suppress(TypeError, RecursionError, ValueError, OverflowError):  # `search` says how it fails
        interpreter.visit(expression.tree, context)
    return interpreter.parts


class _Functions:
    """The functions of the language, in the form that the library's interpreter calls."""

    def call_function(self, name: str, arguments: list[Any]) -> Any:
        return call(name, *(_key(value) if isinstance(value, _LibraryExpression) else value for value in arguments))


def _key(expression: Any) -> Callable[[Any], Any]:
    def key(element: Any) -> Any:
        return expression.visit(expression.expression, element)

    return counting(key) if free_variables(expression.expression) else key


class _Interpreter(_LibraryInterpreter):  # type: ignore[misc]  # the library has no types for it
    """The library's interpreter, but `[1]` does not equal `[true]`, and `if` evaluates only one of its values."""

    COMPARATOR_FUNC: ClassVar = {
        **_LibraryInterpreter.COMPARATOR_FUNC,
        "eq": equal,
        "ne": lambda one, other: not equal(one, other),
    }

    def visit_variable_ref(self, node: TreeNode, _value: Any) -> Any:
        raise EvaluationError(f"${node['value']} is not known here")

    def visit_looked_through(self, node: TreeNode, value: Any) -> Any:
        return looked_through(self.visit(node["children"][0], value), *node["value"])

    def visit_function_expression(self, node: TreeNode, value: Any) -> Any:
        if node["value"] != "if":
            return super().visit_function_expression(node, value)
        condition, *values = node["children"]
        return self.visit(values[0 if is_true(self.visit(condition, value)) else 1], value)


class _ScopedInterpreter(_Interpreter):
    """The interpreter of one evaluation of an expression with variables; those that no `let` binds are roots."""

    def __init__(self, roots: dict[str, Any]) -> None:
        super().__init__(_OPTIONS)
        self._roots = roots
        self._bound: dict[str, Any] = {}

    def visit_variable_ref(self, node: TreeNode, _value: Any) -> Any:
        name = node["value"]
        return self._bound[name] if name in self._bound else self._roots.get(name)

    def visit_let_expression(self, node: TreeNode, value: Any) -> Any:
        *bindings, body = node["children"]
        outer = self._bound
        found = {binding["value"]: self.visit(binding["children"][0], value) for binding in bindings}
        self._bound = {**outer, **found}
        try:
            return self.visit(body, value)
        finally:
            self._bound = outer

    def visit_projection(self, node: TreeNode, value: Any) -> Any:
        return super().visit_projection(_counted(node), value)

    def visit_value_projection(self, node: TreeNode, value: Any) -> Any:
        return super().visit_value_projection(_counted(node), value)

    def visit_filter_projection(self, node: TreeNode, value: Any) -> Any:
        return super().visit_filter_projection(_counted(node), value)

    def visit_counted(self, node: TreeNode, value: Any) -> Any:
        found = self.visit(node["children"][0], value)
        node["value"].copy(found, None)
        return found


def _counted(node: TreeNode) -> TreeNode:
    """The node of a projection, changed so that it counts the variables that are copied into each element."""
    base, right, *test = node["children"]
    if right["type"] == "counted" or not free_variables(right):
        return node
    return {**node, "children": [base, {**right, "type": "counted", "value": Copies(), "children": [right]}, *test]}


class _PartsInterpreter(_ScopedInterpreter):
    """An interpreter that records the values of parts, see `parts_of`."""

    def __init__(self, roots: dict[str, Any]) -> None:
        super().__init__(roots)
        self.parts: list[tuple[int, int, Any]] = []
        self.lead: int | None = None
        """The start of the chain of steps (`a.b[0]`) in which a later step is being evaluated."""
        self.inside = 0
        """The number of surrounding nodes whose parts have no value of their own."""

    def visit(self, node: TreeNode, value: Any, *arguments: Any) -> Any:
        lead, is_step = self.lead, node["type"] in _STEPS
        hides = lead is not None and not is_step
        self.inside += hides
        result = super().visit(node, value, *arguments)
        self.inside -= hides
        is_whole = lead is not None or value is self._roots  # else it is evaluated for each element of a list
        if is_whole and not self.inside and node["type"] != "identity":  # which is written nowhere
            self.parts.append((node["start"] if lead is None else lead, node["end"], result))
        return result

    def visit_subexpression(self, node: TreeNode, value: Any) -> Any:
        outer = self.lead
        for number, child in enumerate(node["children"]):
            self.lead = outer if not number else node["start"] if outer is None else outer
            value = self.visit(child, value)
        self.lead = outer
        return value

    visit_index_expression = visit_subexpression
    visit_pipe = visit_subexpression

    def visit_projection(self, node: TreeNode, value: Any) -> Any:
        return self._projected(super().visit_projection, node, value)

    def visit_value_projection(self, node: TreeNode, value: Any) -> Any:
        return self._projected(super().visit_value_projection, node, value)

    def visit_filter_projection(self, node: TreeNode, value: Any) -> Any:
        return self._projected(super().visit_filter_projection, node, value)

    def _projected(self, visit: Callable[[TreeNode, Any], Any], node: TreeNode, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        self.inside += 1
        try:
            return visit({**node, "children": [{**_CURRENT, "start": 0, "end": 0}, *node["children"][1:]]}, base)
        finally:
            self.inside -= 1


_STEPS = {
    *("field", "subexpression", "index_expression", "index", "slice", "flatten", "pipe"),
    *("projection", "value_projection", "filter_projection"),
}
"""Types of nodes that can stand in a chain of steps, each evaluated on the value of the one before."""
_CURRENT: TreeNode = {"type": "current", "children": []}


_FUNCTIONS: Any = _Functions()
_OPTIONS = Options(custom_functions=_FUNCTIONS)


# It has no state except a cache of its own methods, so all threads share it.
_INTERPRETER: Any = _Interpreter(_OPTIONS)


def children(node: TreeNode) -> tuple[TreeNode, ...]:
    """The nodes directly below a node."""
    return tuple([child for child in node["children"] if isinstance(child, dict)])


def walk(node: TreeNode) -> Iterator[TreeNode]:
    """A node and all below it, each before its children."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))


def free_variables(*nodes: TreeNode) -> tuple[str, ...]:
    """The names of the variables in these nodes that no `let` inside of them binds, each once, in order."""
    found: dict[str, None] = {}
    pending: list[tuple[TreeNode, frozenset[str]]] = [(node, frozenset()) for node in reversed(nodes)]
    while pending:
        node, bound = pending.pop()
        if node["type"] == "variable_ref" and node["value"] not in bound:
            found[node["value"]] = None
        below = children(node)
        inner = bound
        if node["type"] == "let_expression":
            inner = bound.union(child["value"] for child in below[:-1])
            pending.append((below[-1], inner))
            below = below[:-1]
        pending.extend((child, bound) for child in reversed(below))
    return tuple(found)
