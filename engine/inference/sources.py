"""Finds where the value of an expression comes from: the places of the input whose values can be part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal, NamedTuple

__all__ = [
    "ANY",
    "FOLDED",
    "NOTHING",
    "Condition",
    "Depth",
    "ElementGuard",
    "InputSource",
    "Pattern",
    "SourcesOfExpression",
    "ValueSources",
    "joined",
]

ANY = "*"
FOLDED = "\0"
"""The first character of a name in a pattern that matches in any letter case."""

Pattern = tuple[str, ...]
"""A place of the input: names, and ANY for any index or name."""
Depth = Literal["itself", "elements", "whole"]
"""The depth to which a value is looked at: the value alone, also its elements themselves, or everything below it."""


class ElementGuard(NamedTuple):
    """A condition on an element at the place `element`, or on the input: the value at the path `member` is `value`."""

    element: Pattern
    member: Pattern
    value: Any


class InputSource(NamedTuple):
    """A place of the input from which a value comes, if all guards hold for the element around it.

    `iteration` is the number of the element's iteration, 0 for the input. `is_exact`: there is one such value for each
    element. `cut` is the number of characters that are kept of the value; None if it is not cut.
    """

    place: Pattern
    iteration: int = 0
    element: Pattern = ()
    is_exact: bool = True
    guards: frozenset[ElementGuard] = frozenset()
    cut: int | None = None


Condition = tuple[int, ElementGuard]
"""A guard of the elements of an iteration, with its number."""


@dataclass(frozen=True)
class ValueSources:
    """The sources of a value: places of the input, and for objects and lists that rules made, those of their members.

    `mixed` are sources from which any part of the value may be made, as by a function that computed it.
    """

    places: frozenset[InputSource] = frozenset()
    members: Mapping[str, ValueSources] = field(default_factory=dict)
    items: ValueSources | None = None
    mixed: frozenset[InputSource] = frozenset()

    def member(self, name: str) -> ValueSources:
        is_one = name != ANY and not name.startswith(FOLDED)
        below = frozenset(
            one._replace(place=(*one.place, name), is_exact=one.is_exact and is_one) for one in self.places
        )
        made = (
            self.members.values() if name == ANY else [self.members[one] for one in (name, ANY) if one in self.members]
        )
        return joined([ValueSources(below, mixed=self.mixed), *made])

    @property
    def elements(self) -> ValueSources:
        """The elements of a list, or the values of an object."""
        return joined([self.member(ANY), *([] if self.items is None else [self.items])])

    @property
    def iterated(self) -> ValueSources:
        """The element of a new iteration over the value."""
        number = next(_ITERATIONS)
        found = self.elements
        each = frozenset(InputSource(one.place, number, one.place, True, one.guards) for one in found.places)
        return ValueSources(each, found.members, found.items, found.mixed)

    @property
    def derived(self) -> ValueSources:
        """The sources if the value may also be another one."""
        return self.mapped(lambda source: source._replace(is_exact=False))

    @property
    def listed(self) -> ValueSources:
        """A list of such values."""
        return ValueSources(items=self)

    @property
    def blended(self) -> ValueSources:
        """A value that is computed from such values."""
        return ValueSources(mixed=frozenset(source for _, source, _ in self.read("whole")))

    def mapped(self, change: Callable[[InputSource], InputSource]) -> ValueSources:
        """The sources with each place changed by a function."""
        return ValueSources(
            frozenset(map(change, self.places)),
            {name: member.mapped(change) for name, member in self.members.items()},
            None if self.items is None else self.items.mapped(change),
            frozenset(map(change, self.mixed)),
        )

    def guarded(self, conditions: Sequence[Condition]) -> ValueSources:
        """The sources where these conditions hold."""
        if not conditions:
            return self

        def guarded(source: InputSource) -> InputSource:
            own = [guard for iteration, guard in conditions if iteration == source.iteration]
            return source._replace(guards=source.guards.union(own)) if own else source

        return self.mapped(guarded)

    def read(self, depth: Depth, below: str = "") -> Iterator[tuple[str, InputSource, bool]]:
        """The reads when the value is looked at to a depth: the part of the value, its source, and if all below is
        read.

        The part is a path such as `.name[]`, after `below`.
        """
        yield from ((below, source, depth == "whole") for source in sorted(self.places, key=_order))
        yield from ((below, source, True) for source in sorted(self.mixed, key=_order))
        if depth == "elements":
            yield from ((below, source, False) for source in sorted(self.member(ANY).places, key=_order))
        inner: Depth = "whole" if depth == "whole" else "itself"
        for name, member in self.members.items():
            yield from member.read(inner, f"{below}.{name}")
        if self.items is not None:
            yield from self.items.read(inner, f"{below}[]")


def _order(source: InputSource) -> Any:
    return source.place, source.iteration, sorted(source.guards)


NOTHING = ValueSources()
_ITERATIONS = count(1)


def joined(values: Iterable[ValueSources]) -> ValueSources:
    """The sources of a value that is one of these."""
    places: set[InputSource] = set()
    mixed: set[InputSource] = set()
    members: dict[str, ValueSources] = {}
    items: ValueSources | None = None
    for value in values:
        places |= value.places
        mixed |= value.mixed
        for name, member in value.members.items():
            members[name] = joined([members[name], member]) if name in members else member
        if value.items is not None:
            items = value.items if items is None else joined([items, value.items])
    return ValueSources(frozenset(places), members, items, frozenset(mixed))


class SourcesOfExpression:
    """Finds the sources of the values in one expression; calls `look` for values that it only looks at."""

    def __init__(
        self, roots: Mapping[str, ValueSources], look: Callable[[ValueSources, Depth], None] | None = None
    ) -> None:
        self.roots = roots
        self.bound: Mapping[str, ValueSources] = {}
        self.conditions: tuple[Condition, ...] = ()
        """The conditions under which the present node is evaluated."""
        self._look = look

    def look(self, value: ValueSources, depth: Depth) -> None:
        if self._look is not None:
            self._look(value.guarded(self.conditions), depth)

    def of(self, tree: Mapping[str, Any], current: ValueSources | None = None) -> ValueSources:
        """The sources of a node that is evaluated on `current`; None at the top, where names are roots."""
        kind, children = tree["type"], tree["children"]
        if kind == "field":
            return self.roots.get(tree["value"], NOTHING) if current is None else current.member(tree["value"])
        if kind in ("current", "identity", "slice"):
            return NOTHING if current is None else current
        if kind in ("subexpression", "pipe", "index_expression"):
            for child in children:
                current = self.of(child, current)
            return NOTHING if current is None else current
        if kind == "index":
            return NOTHING if current is None else current.elements
        if kind == "function_expression":
            return self.call(tree["value"], children, current)
        if kind in ("literal", "expref"):
            return NOTHING
        if kind == "variable_ref":
            return self.bound.get(tree["value"], self.roots.get(tree["value"], NOTHING))
        if kind == "let_expression":
            return self.scoped(children, current)
        if kind == "comparator":
            return self.compared(tree["value"], children, current)
        return self.made(kind, children, current)

    def made(self, kind: str, children: Sequence[Mapping[str, Any]], current: ValueSources | None) -> ValueSources:
        """The sources of a node that makes a new value from those of its children."""
        if kind in ("projection", "value_projection", "filter_projection"):
            left = self.of(children[0], current)
            self.look(left, "itself")
            each = left.iterated
            if kind == "filter_projection":
                self.look(self.of(children[2], each), "itself")
                each = each.guarded(self.holding(children[2], each))
            return self.of(children[1], each).listed
        if kind == "flatten":
            left = self.of(children[0], current)
            self.look(left, "itself")
            return joined([left.elements, left.elements.elements]).listed
        if kind in ("multi_select_list", "multi_select_dict"):
            if current is not None:
                self.look(current, "itself")  # null gives null
            if kind == "multi_select_list":
                return joined(self.of(child, current) for child in children).listed
            return ValueSources(members={child["value"]: self.of(child["children"][0], current) for child in children})
        if kind in ("and_expression", "or_expression"):
            left = self.of(children[0], current)
            self.look(left, "itself")
            conditions = self.holding(children[0], current) if kind == "and_expression" else ()
            outer, self.conditions = self.conditions, (*self.conditions, *conditions)
            right = self.of(children[1], current)
            self.conditions = outer
            return joined([left, right.guarded(conditions)])
        for child in children:  # of a negation
            self.look(self.of(child, current), "itself")
        return NOTHING

    def scoped(self, children: Sequence[Mapping[str, Any]], current: ValueSources | None) -> ValueSources:
        """The sources of the expression after the bindings of a `let`."""
        *bindings, body = children
        outer = self.bound
        self.bound = {**outer, **{one["value"]: self.of(one["children"][0], current) for one in bindings}}
        found = self.of(body, current)
        self.bound = outer
        return found

    def compared(self, sign: str, children: Sequence[Mapping[str, Any]], current: ValueSources | None) -> ValueSources:
        """Looks at the operands of a comparison: at the whole values, unless a scalar or an order decides."""
        literals = [child["value"] for child in children if child["type"] == "literal"]
        decides = sign not in ("eq", "ne") or any(not isinstance(value, list | dict) for value in literals)
        for child in children:
            self.look(self.of(child, current), "itself" if decides else "whole")
        return NOTHING

    def holding(self, tree: Mapping[str, Any], current: ValueSources | None = None) -> tuple[Condition, ...]:
        """The conditions that hold where a node is true: comparisons of members of elements with constants."""
        left, right = tree["children"] if len(tree["children"]) == 2 else ({}, {})
        if tree["type"] == "and_expression":
            return (*self.holding(left, current), *self.holding(right, current))
        if tree["type"] != "comparator" or tree["value"] != "eq":
            return ()
        path, constant = (right, left) if left["type"] == "literal" else (left, right)
        if constant["type"] != "literal" or not isinstance(constant["value"], str) or not _is_path(path):
            return ()
        places = self.of(path, current).places
        if len(places) != 1:
            return ()
        (one,) = places
        member = one.place[len(one.element) :]
        return ((one.iteration, ElementGuard(one.element, member, constant["value"])),) if one.is_exact else ()

    def call(self, name: str, children: Sequence[Mapping[str, Any]], current: ValueSources | None) -> ValueSources:
        """The sources of a function's result: parts of its arguments, or all of them blended."""
        arguments = [self.of(child, current) for child in children if child["type"] != "expref"]
        first = arguments[0]
        keys = [self.of(child["children"][0], first.elements) for child in children if child["type"] == "expref"]
        depth = "elements" if keys else _LOOKED_AT.get(name, "itself")
        for argument in arguments if name != "if" else arguments[:1]:
            self.look(argument, depth)  # its kind decides if the function can be called
        if name in ("get", "get_ignore_case"):
            if children[1]["type"] == "literal":
                member = str(children[1]["value"])
                return first.member(member if name == "get" else f"{FOLDED}{member.casefold()}")
            self.look(arguments[1], "whole")
            return first.elements
        made = keys.pop() if name == "map" or len(keys) > 1 else first.elements
        for key in keys:
            self.look(key, "whole")
        if name == "map":
            return made.listed
        if (cut := _length_left(name, children)) is not None:
            return first.blended.mapped(lambda source: source._replace(cut=cut))
        return ValueSources(members={ANY: made}) if name == "to_object" else _RETURNED.get(name, _blend)(arguments)


def _length_left(name: str, children: Sequence[Mapping[str, Any]]) -> int | None:
    """The number of characters that a call of a function keeps of a string; None for other functions."""
    if name == "substring" and children[1]["type"] == "literal" and children[1]["value"] == 0:
        length = children[2]
    elif name == "truncate":
        length = children[1]
    else:
        return None
    value = length["value"] if length["type"] == "literal" else None
    return value if type(value) is int else None


def _is_path(tree: Mapping[str, Any]) -> bool:
    """Returns whether a node is a name or a chain of names."""
    return tree["type"] in ("field", "current") or (
        tree["type"] == "subexpression" and all(map(_is_path, tree["children"]))
    )


def _blend(arguments: Sequence[ValueSources]) -> ValueSources:
    return joined(arguments).blended


def _nothing(_arguments: Sequence[ValueSources]) -> ValueSources:
    return NOTHING


def _first_element(arguments: Sequence[ValueSources]) -> ValueSources:
    return arguments[0].elements


_LOOKED_AT: Mapping[str, Depth] = {
    **dict.fromkeys(("length", "keys", "zip", "avg", "join", "max", "min", "sum"), "elements"),
    **dict.fromkeys(("sort", "distinct", "omit"), "whole"),
}
"""The depth to which functions look at their arguments, whatever is done with the result; by default, "itself"."""
_RETURNED: Mapping[str, Callable[[Sequence[ValueSources]], ValueSources]] = {
    **dict.fromkeys(("length", "keys", "type"), _nothing),
    **dict.fromkeys(("not_null", "merge", "reverse", "sort", "distinct", "omit"), joined),
    **dict.fromkeys(("sort_by", "sort_by_number", "last_by", "unique_by"), joined),
    **dict.fromkeys(("max_by", "min_by"), _first_element),
    "if": lambda arguments: joined(arguments[1:]),
    "to_array": lambda arguments: joined([arguments[0], arguments[0].listed]),
    "values": lambda arguments: arguments[0].elements.listed,
    "zip": lambda arguments: joined(argument.elements for argument in arguments).listed.listed,
    "group_by": lambda arguments: ValueSources(members={ANY: arguments[0].elements.listed}),
}
"""The sources of results of functions that pass on parts of their arguments; those of all others are blended."""
