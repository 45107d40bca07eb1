"""The interface of the expression compiler for the modules that compile parts of expressions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType

from ...expressions.tree import TreeNode
from ..python.function import PythonFunction
from ..python.value import Value

__all__ = ["Visitor"]


class Visitor(ABC):
    """Compiles nodes of expressions into one function. Without `current`, at the top, names are roots."""

    writer: PythonFunction

    @abstractmethod
    def inside(self, writer: PythonFunction, variables: Mapping[str, Value] = MappingProxyType({})) -> Visitor:
        """A visitor for another function, with these variables and no roots in scope."""

    @abstractmethod
    def variable(self, name: str) -> Value:
        """The value of a variable."""

    @abstractmethod
    def visit(self, node: TreeNode, current: Value | None) -> Value:
        """The value of a node."""

    @abstractmethod
    def condition(self, node: TreeNode, current: Value | None = None) -> Value:
        """A value whose code is true in Python if JMESPath considers the value of the node true."""

    @abstractmethod
    def facts(self, node: TreeNode, current: Value | None) -> dict[str, int]:
        """The kinds that stable values must have if a condition holds, by their code."""

    @abstractmethod
    def stable_path(self, node: TreeNode, current: Value | None) -> Value | None:
        """The stable value of a plain path; None for any other expression."""

    @abstractmethod
    def member(self, base: Value, name: str) -> Value:
        """The member of an object; null for any other value."""

    @abstractmethod
    def object_of(self, base: Value) -> Value:
        """A stable value if it is an object, else an empty object."""

    @abstractmethod
    def folded(self, node: TreeNode, *constants: Value) -> Value | None:
        """Evaluates a node at compile time, with constants as its first children; None if it fails."""
