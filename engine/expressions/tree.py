"""Parsed expressions: their nodes, the roots they use, and their evaluation by jmespath."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from jmespath.visitor import Options, TreeInterpreter, _Expression

from ..functions.table import call
from ..values.equality import equal, is_true
from .roots import RootUse

__all__ = ["EvaluationError", "Expression", "Node", "Token", "children", "walk"]


# The published type stubs of the library lack what a subclass needs.
_LibraryExpression: Any = _Expression


_LibraryInterpreter: Any = TreeInterpreter


Node: TypeAlias = dict[str, Any]


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
    tree: Node = field(compare=False, repr=False)
    roots: tuple[RootUse, ...]

    def search(self, context: dict[str, Any]) -> Any:
        """Evaluates the expression on these roots. Raises EvaluationError and nothing else."""
        try:
            return _INTERPRETER.visit(self.tree, context)
        except TypeError:
            raise EvaluationError("a string and a number cannot be ordered (<, <=, >, >=)") from None
        except RecursionError:
            raise EvaluationError("the data is nested too deeply") from None
        except (ValueError, OverflowError) as error:  # the library and the functions raise ValueErrors only
            raise EvaluationError(str(error)) from None


class _Functions:
    """The functions of the language, in the form that the library's interpreter calls."""

    def call_function(self, name: str, arguments: list[Any]) -> Any:
        return call(name, *(_key(value) if isinstance(value, _LibraryExpression) else value for value in arguments))


def _key(expression: Any) -> Callable[[Any], Any]:
    return lambda element: expression.visit(expression.expression, element)


class _Interpreter(_LibraryInterpreter):  # type: ignore[misc]  # the library has no types for it
    """The library's interpreter, in which `[1]` does not equal `[true]`, and `if` evaluates one of its values only."""

    COMPARATOR_FUNC: ClassVar = {
        **_LibraryInterpreter.COMPARATOR_FUNC,
        "eq": equal,
        "ne": lambda one, other: not equal(one, other),
    }

    def visit_function_expression(self, node: Node, value: Any) -> Any:
        if node["value"] != "if":
            return super().visit_function_expression(node, value)
        condition, *values = node["children"]
        return self.visit(values[0 if is_true(self.visit(condition, value)) else 1], value)


_FUNCTIONS: Any = _Functions()


# It has no state except a cache of its own methods, so all threads share it.
_INTERPRETER: Any = _Interpreter(Options(custom_functions=_FUNCTIONS))


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node."""
    return tuple([child for child in node["children"] if isinstance(child, dict)])


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, each before its children."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))
