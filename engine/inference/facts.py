"""The facts that inference records for the checks, and the types that it collects for the proof.

Something that is evaluated in several places (a policy, fields that rules inherit) has a fact for each; a check reports
it only if it is wrong in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from ..language.rulebook import EntryRule, Expr, Field, Output, Rule, Rulebook, Server, Spread, Table, Text
from ..schemas.positions import Locator
from ..source.nodes import Node
from ..types.types import Type
from ..values.recall import Recall
from .expressions import Seen

__all__ = [
    "Alternatives",
    "Coercion",
    "Condition",
    "Constant",
    "Default",
    "EvaluatedPart",
    "Fact",
    "Flow",
    "Iteration",
    "LookUp",
    "Reached",
    "RenderedTemplate",
    "SharedFacts",
    "Sources",
    "SpreadOver",
    "TypedEmission",
    "flattened",
    "groups_in",
]


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedPart:
    """A node of an expression was evaluated."""

    expr: Expr
    seen: Seen


@dataclass(frozen=True, slots=True, eq=False)
class RenderedTemplate:
    """A template was rendered in a context."""

    text: Text
    context: Type


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A condition was evaluated, and can or cannot hold; with the types of the names in scope."""

    when: Expr
    what: str
    can_hold: bool
    can_fail_to: bool
    context: Type


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """A rule of a route, or an entry rule, was offered the elements that the rules before it left.

    `taker` is the one before it that takes all of its elements, None if only several together do. `context` has the
    types of the names in scope for the remaining elements.
    """

    node: Node
    name: str | None
    reached: bool
    taker: Rule | EntryRule | None
    context: Type


@dataclass(frozen=True, slots=True, eq=False)
class Iteration:
    """A value was iterated over."""

    expr: Expr
    what: str
    wanted: Literal["array", "object"]
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Alternatives:
    """The alternatives of a field, each with its type."""

    field: Field
    types: tuple[tuple[Expr | Field, Type], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Default:
    """A field with a default, and its type without it."""

    field: Field
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Coercion:
    """A value that is not null was converted to the type of a field; `possible` is False if this always fails."""

    field: Field
    type: Type
    possible: bool
    fails: bool


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A constant under this key of a field, and the types of the names in scope there."""

    field: Field
    key: Literal["const", "default"]
    value: Any
    context: Type


@dataclass(frozen=True, slots=True, eq=False)
class LookUp:
    """A value of a field that is not null was looked up in a table."""

    field: Field
    table: Table
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class SpreadOver:
    """The entries of an object were spread."""

    spread: Spread
    type: Type


Fact = (
    EvaluatedPart
    | RenderedTemplate
    | Condition
    | Reached
    | Iteration
    | Alternatives
    | Default
    | Coercion
    | Constant
    | LookUp
    | SpreadOver
)


@dataclass(frozen=True, slots=True, eq=False)
class SharedFacts:
    """The facts of a rule, or of a part that several rules share, as one group."""

    facts: tuple[Fact | SharedFacts, ...]


def groups_in(facts: Iterable[Fact | SharedFacts]) -> Iterator[SharedFacts]:
    """All groups of facts, each once; the facts outside of groups are a group, too."""
    pending, seen = [SharedFacts(tuple(facts))], set[SharedFacts]()
    while pending:
        group = pending.pop()
        if group not in seen:
            seen.add(group)
            yield group
            pending += [fact for fact in group.facts if isinstance(fact, SharedFacts)]


def flattened(facts: Iterable[Fact | SharedFacts], seen: set[SharedFacts] | None = None) -> Iterator[Fact]:
    """The facts in order, with each group replaced by its facts where it occurs first."""
    seen = set() if seen is None else seen
    for fact in facts:
        if not isinstance(fact, SharedFacts):
            yield fact
        elif fact not in seen:
            seen.add(fact)
            yield from flattened(fact.facts, seen)


_F = TypeVar("_F", bound=Fact)


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """The origin of a member whose value may come from several sources: the type and origin of each."""

    types: tuple[tuple[Type, Field | EntryRule], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TypedEmission:
    """An emission of a rule: the type of its fields, and of all names in scope."""

    rule: Rule
    output: Output
    fields: Type
    context: Type


@dataclass(slots=True, eq=False)
class Flow:
    """The result of the walk through a Rulebook.

    `envelopes` has the type of the members that all bodies of an output share, and `servers` that of the URL of each
    server; `locator` finds lines of the schemas; `rejecting` has the names of lets that can reject the element that
    reads them; `recall` has the results of the last walk. `groups` has the same facts, grouped by rule and policy.
    """

    rulebook: Rulebook
    input: Type
    facts: list[Fact] = field(default_factory=list)
    groups: list[SharedFacts] = field(default_factory=list)
    emissions: list[TypedEmission] = field(default_factory=list)
    envelopes: dict[str, Type] = field(default_factory=dict)
    servers: dict[Server, Type] = field(default_factory=dict)
    locator: Locator = field(default_factory=Locator)
    rejecting: set[str] = field(default_factory=set)
    recall: Recall = field(default_factory=Recall)
    _by_kind: dict[type, list[Any]] = field(default_factory=dict)

    def part(self, group: SharedFacts) -> Flow:
        """A Flow with the facts of one group alone."""
        facts = [fact for fact in group.facts if not isinstance(fact, SharedFacts)]
        return Flow(self.rulebook, self.input, facts, locator=self.locator, recall=self.recall)

    def of(self, kind: type[_F]) -> Iterable[_F]:
        """The facts of one kind."""
        if not self._by_kind:
            for fact in self.facts:
                self._by_kind.setdefault(type(fact), []).append(fact)
        return self._by_kind.get(kind, [])
