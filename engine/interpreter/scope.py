"""The names that expressions can use during evaluation, and the place of each value in the batch.

Places are computed only for reporting, never on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ..diagnostics.problem import Place
from ..expressions.paths import certain_roots, inputs_read, path_of
from ..expressions.roots import RootUse
from ..language.rulebook import Each, Expr, Field, From, Text
from ..source.nodes import Node
from ..values.pointers import Index, join, value_at

__all__ = ["Lazy", "Places", "Roots", "Scope", "Stand", "ValueOrigin"]


@dataclass(frozen=True, slots=True)
class Stand:
    """The point of an evaluation: the rule, the input element, and the output place (None outside of bodies).

    `let` is the let that is being computed, and the scope in which it is, if any.
    """

    rule: str | None
    element: str
    output: str | None
    let: tuple[Field, Scope] | None = None

    def under(self, token: str | int) -> Stand:
        return Stand(self.rule, self.element, None if self.output is None else join(self.output, token), self.let)

    def on(self, element: str) -> Stand:
        return Stand(self.rule, element, self.output, self.let)

    def apart(self, let: tuple[Field, Scope] | None = None) -> Stand:
        """The same point, outside of bodies; in a let, or in the one that this is in."""
        return Stand(self.rule, self.element, None, let or self.let)


class Lazy:
    """The value of a let, which is computed when it is first read."""

    __slots__ = ("_compute", "at", "definition", "is_made", "is_rejected", "made", "scope")

    def __init__(self, definition: Field, scope: Scope, at: Stand, compute: Callable[[Lazy], None]) -> None:
        self.definition = definition
        self.scope = scope
        self.at = at
        self._compute = compute
        self.is_made = self.is_rejected = False
        self.made: Any = None
        """The value; None as long as it is not computed."""

    def value(self) -> Any:
        """The value. Raises Rejected if the let rejects the element."""
        if not self.is_made:
            self._compute(self)
        return self.made

    def read_first(self) -> list[Lazy]:
        """The lets without a value yet that computing this one certainly reads, before anything in it can fail."""
        source = self.definition.source
        part = source.each if isinstance(source, Each) else source.alternatives[0] if isinstance(source, From) else None
        part = self.definition.when or part
        names = certain_roots(part.expression.tree) if isinstance(part, Expr) else ()
        values = (dict.get(self.scope.values, name) for name in names)
        return [value for value in values if type(value) is Lazy and not (value.is_made or value.is_rejected)]


class Roots(dict[str, Any]):
    """The values of roots by name, as expressions read them; entries may be Lazy."""

    def get(self, name: str, default: Any = None) -> Any:
        value = super().get(name, default)
        return value.value() if type(value) is Lazy else value


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The roots of expressions.

    `pointers` has the places of the batch and of elements of iterations; `lets` has the definition of each let with the
    scope in which it is evaluated.
    """

    values: Roots
    pointers: dict[str, str | None]
    lets: dict[str, tuple[Field, Scope]] = field(default_factory=dict)

    def with_root(self, name: str, value: Any, place: str | None) -> Scope:
        return Scope(Roots({**self.values, name: value}), {**self.pointers, name: place}, self.lets)

    def is_lazy(self, name: str) -> bool:
        """Returns whether a root is a let that is computed when it is first read."""
        return name in self.values and type(self.values[name]) is Lazy

    def known(self, name: str) -> Any:
        """The value of a root; None if it is not computed yet."""
        value = self.values[name]
        return value.made if type(value) is Lazy else value

    def with_let(self, definition: Field, value: Any) -> Scope:
        name = definition.name or ""
        return Scope(Roots({**self.values, name: value}), self.pointers, {**self.lets, name: (definition, self)})


@dataclass(frozen=True, slots=True, eq=False)
class ValueOrigin:
    """The origin of an output value: a node of the rules, and the field and scope, or the place of the input."""

    node: Node
    source: tuple[Field, Scope] | str

    @property
    def place(self) -> Place:
        return self.node.place


class Places:
    """Computes the places in one batch that values come from."""

    def __init__(self, batch: Any) -> None:
        self.batch = batch
        self.index = Index(batch)
        self._read: dict[tuple[int, int], tuple[Field, Scope, tuple[str, ...]]] = {}
        """The places read by fields, by the identities of the field and its scope."""

    def roots(self, uses: Iterable[RootUse], scope: Scope) -> dict[str, str | None]:
        """The place of each root used; of a let only if its value is a part of the batch."""
        return {
            use.name: self.index.find(scope.known(use.name)) if use.name in scope.lets else scope.pointers.get(use.name)
            for use in uses
        }

    def read_by(self, part: Expr | Field, scope: Scope) -> tuple[str, ...]:
        """The places that an expression or a field reads, in order; for a let, those that its value is made from."""
        asked = part, scope
        places: dict[str, None] = {}
        pending: list[tuple[Expr | Field, Scope]] = [asked]
        seen: set[int] = set()  # lets may depend on each other in many ways, and in long chains
        is_final = True
        while pending:
            part, scope = pending.pop()
            if isinstance(part, Field):
                known = self._read.get((id(part), id(scope)))
                if known is not None:
                    places |= dict.fromkeys(known[2])
                    continue
                source = part.source
                if isinstance(source, From):
                    pending += [(alternative, scope) for alternative in reversed(source.alternatives)]
                elif isinstance(source, Each):
                    pending.append((source.each, scope))
                elif isinstance(source, Text):
                    roots = self.roots(source.template.roots, scope)
                    places |= dict.fromkeys(place for place in roots.values() if place is not None)
                continue
            uses = part.expression.roots
            roots = self.roots(uses, scope)
            places |= dict.fromkeys(inputs_read(part.expression.tree, roots))
            for name in reversed(dict.fromkeys(use.name for use in uses)):
                if name in scope.lets and roots[name] is None:
                    made, value = scope.lets[name], scope.values[name]
                    is_final = is_final and (type(value) is not Lazy or value.is_made)
                    if id(made) not in seen:
                        seen.add(id(made))
                        pending.append(made)
        found = tuple(places)
        if isinstance(asked[0], Field) and is_final:
            self._read[id(asked[0]), id(asked[1])] = asked[0], asked[1], found
        return found

    def nearest(self, expression: Expr, scope: Scope, otherwise: str) -> str:
        """The place to name for an expression: the first place read that has a value."""
        return self._telling(self.read_by(expression, scope), otherwise)

    def nearest_field(self, field_: Field, scope: Scope, otherwise: str) -> str:
        return self._telling(self.read_by(field_, scope), otherwise)

    def _telling(self, places: tuple[str, ...], otherwise: str) -> str:
        first = places[0] if places else otherwise
        return next((place for place in places if value_at(self.index.batch, place) is not None), first)

    def of(self, expression: Expr, value: Any, scope: Scope) -> str | None:
        """The place of the value of an expression in the batch; None if it is not a part of it."""
        tree = expression.expression.tree
        place = path_of(tree, scope.pointers)
        if place is None:
            place = self.index.find(value)
        return path_of(tree, self.roots(expression.expression.roots, scope)) if place is None and scope.lets else place

    def of_origin(self, origin: ValueOrigin, otherwise: str) -> str:
        if isinstance(origin.source, str):
            return origin.source
        return self.nearest_field(*origin.source, otherwise)
