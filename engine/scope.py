"""What expressions see while rules are evaluated, and where each value stands in the batch.

Places are only worked out when something has to be said about a value, never on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from .pointers import Index, inputs_read, path_of, value_at
from .problem import Place
from .rules import Each, Expr, Field, From, Text
from .source import Node

__all__ = ["Origin", "Places", "Scope"]


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The roots of expressions.

    `pointers` holds the places of the batch and of what is iterated over; `lets` the definition of each let with the
    scope that it was evaluated in.
    """

    values: dict[str, Any]
    pointers: dict[str, str | None]
    lets: dict[str, tuple[Field, Scope]] = field(default_factory=dict)

    def with_root(self, name: str, value: Any, place: str | None) -> Scope:
        return replace(self, values={**self.values, name: value}, pointers={**self.pointers, name: place})

    def with_let(self, definition: Field, value: Any) -> Scope:
        name = definition.name or ""
        return replace(self, values={**self.values, name: value}, lets={**self.lets, name: (definition, self)})


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """What gave a value of the output: a node of the rules, and the field and scope, or the place of the input."""

    node: Node
    source: tuple[Field, Scope] | str

    @property
    def place(self) -> Place:
        return self.node.place


class Places:
    """Says where values of one batch come from."""

    def __init__(self, batch: Any) -> None:
        self.index = Index(batch)

    def roots(self, scope: Scope) -> dict[str, str | None]:
        """The place of every root, lets included where their value is a part of the batch."""
        found = {name: self.index.find(scope.values[name]) for name in scope.lets}
        return {**scope.pointers, **found}

    def read_by(self, expression: Expr, scope: Scope) -> tuple[str, ...]:
        """The places that an expression reads; for a let, those that it was made from."""
        roots = self.roots(scope)
        places = list(inputs_read(expression.expression.tree, roots))
        for use in expression.expression.roots:
            if use.name in scope.lets and roots.get(use.name) is None:
                places += self.read_by_field(*scope.lets[use.name])
        return tuple(dict.fromkeys(places))

    def read_by_field(self, field_: Field, scope: Scope) -> tuple[str, ...]:
        """The places that a field reads, in order."""
        source = field_.source
        places: list[str] = []
        if isinstance(source, From):
            for part in source.alternatives:
                places += self.read_by(part, scope) if isinstance(part, Expr) else self.read_by_field(part, scope)
        elif isinstance(source, Each):
            places += self.read_by(source.each, scope)
        elif isinstance(source, Text):
            roots = self.roots(scope)
            places += [place for use in source.template.roots if (place := roots.get(use.name)) is not None]
        return tuple(dict.fromkeys(places))

    def nearest(self, expression: Expr, scope: Scope, otherwise: str) -> str:
        """The one place to name for an expression: the first that it reads and that holds something."""
        return self._telling(self.read_by(expression, scope), otherwise)

    def nearest_field(self, field_: Field, scope: Scope, otherwise: str) -> str:
        return self._telling(self.read_by_field(field_, scope), otherwise)

    def _telling(self, places: tuple[str, ...], otherwise: str) -> str:
        first = places[0] if places else otherwise
        return next((place for place in places if value_at(self.index.batch, place) is not None), first)

    def of(self, expression: Expr, value: Any, scope: Scope) -> str | None:
        """Where the value of an expression stands in the batch, or None where it is no part of it."""
        tree = expression.expression.tree
        place = path_of(tree, scope.pointers)
        if place is None:
            place = self.index.find(value)
        return path_of(tree, self.roots(scope)) if place is None and scope.lets else place

    def of_origin(self, origin: Origin, otherwise: str) -> str:
        if isinstance(origin.source, str):
            return origin.source
        return self.nearest_field(*origin.source, otherwise)
