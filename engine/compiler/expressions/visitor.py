"""The expression compiler, as the modules that compile parts of expressions see it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ...expressions.tree import Node
from ..python.function import Function
from ..python.value import Value

__all__ = ["Visitor"]


class Visitor(ABC):
    """Compiles nodes of expressions into one function. `current` None stands for the top, where fields are roots."""

    writer: Function

    @abstractmethod
    def inside(self, writer: Function) -> Visitor:
        """A visitor for a function of its own, in which no roots are in sight."""

    @abstractmethod
    def visit(self, node: Node, current: Value | None) -> Value:
        """The value of a node."""

    @abstractmethod
    def condition(self, node: Node, current: Value | None = None) -> Value:
        """A value whose code is true in Python where JMESPath calls the value of the node true."""

    @abstractmethod
    def facts(self, node: Node, current: Value | None) -> dict[str, int]:
        """The kinds that stable values have wherever a condition holds, by their code."""

    @abstractmethod
    def stable_path(self, node: Node, current: Value | None) -> Value | None:
        """The stable value of a plain path; None for any other expression."""

    @abstractmethod
    def member(self, base: Value, name: str) -> Value:
        """The member of an object; null of anything else."""

    @abstractmethod
    def object_of(self, base: Value) -> Value:
        """A stable value where it is an object, else an empty object."""

    @abstractmethod
    def folded(self, node: Node, *constants: Value) -> Value | None:
        """The value of a node whose first children are constants; None where it fails for them."""
