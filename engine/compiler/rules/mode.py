"""The mode of generated code: the rules it is made from, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...expressions.tree import Expression
from ...language.repetition import repeated_in
from ...language.rulebook import Rulebook
from ...language.scanning import scans_in
from ...runtime.runner import FUNCTION
from ...values.once import cached_property
from ..python.struct_layouts import Shapes
from .counters import Counters

__all__ = ["MAPPED", "TRACED", "Mode"]

MAPPED, TRACED = "mapped", "traced"
"""The functions of a standalone module; the second one also records the origin of each output value."""


@dataclass(frozen=True, eq=False)
class Mode:
    """The rules that a module is made from, and what it is for: batches as objects, batches as structs, or counting."""

    rulebook: Rulebook
    function: str = FUNCTION
    """The name of the function that maps a batch."""
    shapes: Shapes | None = None
    """The shapes of the input if batches are structs; rare cases are then left to the code for objects."""
    counters: Counters | None = None
    """The counters of decisions, if the code counts them, instead of making requests."""

    @property
    def of_structs(self) -> bool:
        return self.shapes is not None

    @property
    def is_traced(self) -> bool:
        return self.function == TRACED

    @cached_property
    def repeated(self) -> frozenset[int]:
        """The identities of the parts of the rules whose values count as copied."""
        return repeated_in(self.rulebook)

    @cached_property
    def scans(self) -> Mapping[int, Expression]:
        """The expressions that count what they look through, by the identity of their part of the rules."""
        return scans_in(self.rulebook)
