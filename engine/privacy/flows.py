"""The flows of values from the input to requests and messages, found in the rules alone.

There may be flows that no input takes, but none is missed: a value that is sent, or that decides what is sent, has a
flow from its place to the place in the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

from ..expressions.tree import TreeNode
from ..language.names import aimed_outputs
from ..language.rulebook import (
    ABSENT,
    Const,
    Each,
    EntryRule,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    Output,
    RequestLine,
    Route,
    Rule,
    Rulebook,
    Spread,
    Text,
)
from ..language.traversal import fields_in, roots_in
from ..values.recall import Recall
from .expressions import Roots, of_expression, of_template
from .origins import (
    ANY,
    NAMES,
    NOTHING,
    CallPlace,
    Hop,
    InputOrigin,
    Marks,
    Others,
    Pattern,
    Step,
    TracedValue,
    Way,
    joined,
)
from .possible import Possible, possible

__all__ = ["DataFlow", "Part", "bodies_of", "flows_of"]

Part = Literal["body", "path", "query", "headers", "message"]
_SAME = ("array", "object", "any")
"""Types to which values are converted unchanged."""
_Influences = Mapping[InputOrigin, Way]
_NONE: _Influences = {}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class DataFlow:
    """A flow from a place of the input to a place of a request: with `is_sent` of its value, else of its influence.

    `output` is None for a message of the rules, `rule` for the members that all bodies of an output share. `pointer` is
    empty for a message and for a whole request. `ways` are the ways of the flow through the rules, at least one.
    """

    origin: InputOrigin
    is_sent: bool
    output: str | None
    part: Part
    pointer: Pattern
    rule: str | None
    ways: tuple[Way, ...]


def flows_of(
    rulebook: Rulebook,
    can: Possible | None = None,
    marks: Mapping[str | None, Marks] | None = None,
    recall: Recall | None = None,
) -> tuple[DataFlow, ...]:
    """All possible flows of a rulebook, or only those from marked places.

    `marks` has those of its own input under None, and those of the input of a converting mapping under its name;
    `recall` has what was found about nearly the same rules.
    """
    walk = _Walk(rulebook, possible(rulebook) if can is None else can, recall)
    walk.mapping(marks)
    return tuple(walk.found)


def bodies_of(rulebook: Rulebook) -> Mapping[str, TracedValue]:
    """The bodies of each output that rules emit."""
    walk = _Walk(rulebook, possible(rulebook))
    walk.mapping(None)
    return {name: joined(bodies) for name, bodies in walk.bodies.items()}


class _Walk:
    def __init__(self, rulebook: Rulebook, can: Possible, recall: Recall | None = None) -> None:
        self.rulebook = rulebook
        self.can = can
        self.recall = Recall() if recall is None else recall
        self.found: list[DataFlow] = []
        self.rule: str | None = None
        self.bodies: dict[str, list[TracedValue]] = {}
        """The whole bodies of each output."""
        self.rejecting: dict[str, _Influences] = {}
        """The influences on lets that can reject what reads them."""

    def known(self, part: Rule | Route | Field | Expr, roots: Roots, make: Callable[[], _T], *more: object) -> _T:
        """The result for a part of the rules, which is made anew only if something that matters to it has changed."""
        names = self.read_in(part)
        values: list[object] = [roots.get(name) for name in names]
        rejecting = [name for name in self.named_in(part) if name in self.can.kept.rejecting]
        values += [self.rejecting.get(name) for name in rejecting]
        key = "traced", part, self.rule, *more, self.can.about(part, self.recall), *rejecting, *map(id, values)
        found = self.recall.get(key)
        if found is None:
            count, before = len(self.found), dict(self.rejecting)
            result = make()
            more_rejecting = {name: one for name, one in self.rejecting.items() if before.get(name) is not one}
            self.recall.put(key, (result, self.found[count:], more_rejecting, values))
            return result
        known: _T = found[0]
        self.found += found[1]
        self.rejecting.update(found[2])
        return known

    def read_in(self, part: object) -> tuple[str, ...]:
        """The names of the roots that a part of the rules reads."""
        return self.recall.of(("roots", part), lambda: tuple(dict.fromkeys(roots_in(part))))

    def named_in(self, part: object) -> tuple[str, ...]:
        """The names that a part of the rules reads or gives."""
        given = (one.name or "" for one in fields_in(part))
        return self.recall.of(("named", part), lambda: tuple(dict.fromkeys((*self.read_in(part), *given))))

    # Rules

    def mapping(self, marks: Mapping[str | None, Marks] | None) -> None:
        """Walks through the whole mapping."""
        rulebook = self.rulebook
        roots: Roots = self.lets(rulebook.let, {rulebook.input.as_name: self.input(marks)})
        control: _Influences = {}
        for rule in rulebook.rules:
            if rule.route is None and rule.output is None:
                control = {**control, **self.condition(rule.when, roots)}
                self.ending(rule, roots)
        for rule in rulebook.rules:
            if rule.route is None and rule.output is not None:
                self.emission(rule, roots, {**control, **self.condition(rule.when, roots)})
        for route in rulebook.routes.values():
            self.route(route, roots, control)
        aimed = aimed_outputs(rulebook)
        for name, output in rulebook.outputs.items():
            if name in self.can.outputs:
                self.rule = None
                shared = self.object(ObjectSource(output.fields), roots)
                control = {**control, **self.rejections(output)}
                self.send(output, "body", (), shared, control)
                self.bodies.setdefault(name, []).append(shared)
                if name not in aimed:
                    self.target(output, output.request, roots, control)

    def input(self, marks: Mapping[str | None, Marks] | None) -> TracedValue:
        """The input of the mapping, as it is or as a converter makes it."""
        given: list[TracedValue] = []
        for name, one in ((None, self.rulebook), *self.rulebook.converters.items()):
            if marks is None or name in marks:
                own = None if marks is None else marks[name]
                make = partial(_input, own) if name is None else partial(_converted, name, one, own)
                parts = () if name is None else _parts(one)
                given.append(self.recall.of(("input", name, own, *parts), make))
        return self.recall.of(("input", *map(id, given)), lambda: (joined(given), given))[0]

    def route(self, route: Route, roots: Roots, control: _Influences) -> None:
        self.rule = None
        iterated, tested = self.known(route, roots, lambda: self.iterated(route, roots))
        inner = self.lets(route.let, {**roots, **iterated})
        control = {**control, **tested}
        for rule in self.rulebook.rules:
            if rule.route != route.name:
                continue
            own = {**control, **self.condition(rule.when, inner)}
            if rule.output is not None:
                self.emission(rule, inner, own)
            else:
                self.ending(rule, inner)
            if not rule.goes_on:
                control = own

    def iterated(self, part: Route | Each, roots: Roots) -> tuple[dict[str, TracedValue], _Influences]:
        """The names that an iteration adds, and the influences on what it is over."""
        found = self.sent(part.each, roots) if isinstance(part, Each) else self.expression(part.each, roots)
        names = {part.as_name: found.elements}
        if part.key_name is not None:
            names[part.key_name] = found.keys
        if part.index_name is not None:
            names[part.index_name] = TracedValue(influences=found.tested)
        return names, found.tested

    def condition(self, when: Expr | None, roots: Roots) -> _Influences:
        return {} if when is None else self.known(when, roots, lambda: self.expression(when, roots).tested)

    def ending(self, rule: Rule, roots: Roots) -> None:
        self.rule = rule.name
        self.messages(rule, self.lets(rule.let, roots))

    def messages(self, rule: Rule, roots: Roots) -> None:
        for text in (rule.skip, rule.reject):
            self.say(text, roots, rule.when)
        for warn in rule.warn:
            if self.can.can_hold(warn.when):
                self.say(warn.message, roots, rule.when, warn.when)

    def say(self, text: Text | None, roots: Roots, *conditions: Expr | None) -> None:
        if text is None:
            return
        value = self.text(text, roots)
        for condition in conditions:
            value = value if condition is None else value.where(condition)
        self.add(value, True, None, "message", ())

    def emission(self, rule: Rule, roots: Roots, control: _Influences) -> None:
        output = self.rulebook.outputs[rule.output or ""]
        if rule.name not in self.can.rules or not self.can.can_hold(rule.when):
            return
        self.rule = rule.name
        named, value = self.known(rule, roots, lambda: self.emitted(rule, output, roots), output)
        control = {**control, **self.rejections(rule)}
        self.add(TracedValue(influences=control), False, output.name, "body", ())
        if output.body != "none":
            self.bodies.setdefault(output.name, []).append(value)
        if output.name in aimed_outputs(self.rulebook):
            line = output.request
            self.target(output, line, {**roots, **named}, self.rejections(line), rule.when)

    def emitted(self, rule: Rule, output: Output, roots: Roots) -> tuple[dict[str, TracedValue], TracedValue]:
        """The values of the lets of a rule, and the body that it emits."""
        inner = self.lets(rule.let, roots)
        named = {name: inner[name] for one in rule.let if (name := one.name or "")}
        self.messages(rule, inner)
        if output.body == "none":
            return named, NOTHING
        value = self.value_of(rule.body, inner)
        value = value if rule.when is None else value.where(rule.when)
        base: Pattern = (*(() if output.element_of is None else (output.element_of,)), *((ANY,) * output.is_joined))
        self.send(output, "body", base, value, {})
        for step in reversed(base):
            value = value.listed if step == ANY else TracedValue(members={str(step): value})
        return named, value

    def target(
        self, output: Output, line: RequestLine, roots: Roots, control: _Influences, when: Expr | None = None
    ) -> None:
        parts: list[tuple[Part, tuple[Field, ...]]] = [
            ("path", (line.path,)),
            ("query", line.query),
            ("headers", line.headers),
        ]
        for part, fields in parts:
            for one in fields:
                if one is not None:
                    value = self.field(one, roots)
                    value = value if when is None else value.where(when)
                    self.send(output, part, () if part == "path" else (one.name or "",), value, control)

    def send(self, output: Output, part: Part, base: Pattern, value: TracedValue, control: _Influences) -> None:
        self.add(value.influenced(control), True, output.name, part, base)

    def add(self, value: TracedValue, is_sent: bool, output: str | None, part: Part, at: Pattern) -> None:
        """Adds the flows of a value that is sent to a place, or that only influences it."""
        for origin, ways in value.origins.items():
            self.found.append(DataFlow(origin, is_sent, output, part, at, self.rule, ways))
        for origin, way in value.influences.items():
            self.found.append(DataFlow(origin, False, output, part, at, self.rule, (way,)))
        for name, member in value.members.items():
            self.add(member, is_sent, output, part, (*at, name))
        for step, one in ((ANY, value.others), (ANY, value.items), (NAMES, value.names)):
            if one is not None:
                self.add(one, is_sent, output, part, (*at, step))

    # Fields

    def lets(self, definitions: Iterable[Field], roots: Roots) -> dict[str, TracedValue]:
        named = dict(roots)
        for one in definitions:
            name = one.name or ""
            named[name] = self.known(one, named, partial(self.let, one, named))
            if name in self.can.kept.rejecting:
                self.rejecting[name] = self.influences_on(one, named[name])
        return named

    def influences_on(self, one: Field, value: TracedValue) -> _Influences:
        """The influences on a let that can reject; the same object as long as they are the same."""
        before = self.rejecting.get(one.name or "", _NONE)
        read = [self.rejecting[name] for name in self.read_in(one) if name in self.rejecting]

        def make() -> tuple[_Influences, object]:
            return {**before, **value.tested, **self.rejections(one)}, (value, before, read)

        return self.recall.of(("rejecting", id(value), id(before), *map(id, read)), make)[0]

    def let(self, one: Field, roots: Roots) -> TracedValue:
        return self.field(one, roots).through(Hop(f"let {one.name}", one))

    def rejections(self, part: Rule | Field | Output | RequestLine) -> _Influences:
        """The influences on those lets that a part reads and that can reject it."""
        names = (name for name in roots_in(part) if name in self.rejecting)
        return {origin: way for name in names for origin, way in self.rejecting[name].items()}

    def value_of(self, value: ObjectSource | Field, roots: Roots) -> TracedValue:
        return self.object(value, roots) if isinstance(value, ObjectSource) else self.field(value, roots)

    def field(self, part: Field, roots: Roots) -> TracedValue:
        """The value of a field."""
        if not self.can.can_hold(part.when):
            return NOTHING
        value = self.source(part, roots)
        if part.table is not None:
            name = "a table" if part.table.name is None else f"table {part.table.name}"
            value = self.looked_up(part, value).through(Hop(name, part.table.node))
        if part.type is not None and (part.type not in _SAME or part.items is not None):
            value = value.whole() if part.type != "array" else joined([value, value.elements.whole().listed])
        if part.default is not ABSENT:
            value = value.influenced(value.tested)
        if part.when is not None:
            value = value.where(part.when).influenced(self.expression(part.when, roots).tested)
        return value

    def looked_up(self, part: Field, value: TracedValue) -> TracedValue:
        table = part.table
        assert table is not None  # noqa: S101  the caller has seen it
        return joined([value.whole(), *([value] if table.unlisted == "keep" else [])])

    def source(self, part: Field, roots: Roots) -> TracedValue:
        source = part.source
        if isinstance(source, From):
            found: list[TracedValue] = []
            tested: dict[InputOrigin, Way] = {}
            for one in source.alternatives:
                value = self.field(one, roots) if isinstance(one, Field) else self.sent(one, roots)
                if self.can.gives(one):
                    found.append(value.influenced(tested))
                tested = {**tested, **value.tested}
            return joined(found)
        if isinstance(source, Const):
            return NOTHING
        if isinstance(source, Text):
            return self.text(source, roots)
        if isinstance(source, ObjectSource):
            return self.object(source, roots)
        if isinstance(source, Listed):
            return joined([self.field(one, roots).listed for one in source.items])
        return self.each(source, roots)

    def sent(self, expr: Expr, roots: Roots) -> TracedValue:
        """The value of an expression that becomes that of a field."""
        return self.expression(expr, roots).through(Hop(expr.text, expr))

    def text(self, text: Text, roots: Roots) -> TracedValue:
        return of_template(text, roots).through(Hop("a template", text))

    def expression(self, expr: Expr, roots: Roots) -> TracedValue:
        def called(node: TreeNode) -> Hop:
            return Hop(f"{node['value']}()", CallPlace(expr, node["start"], node["end"]))

        return of_expression(expr.expression.tree, roots, self.can, called)

    def each(self, source: Each, roots: Roots) -> TracedValue:
        iterated, tested = self.iterated(source, roots)
        inner = self.lets(source.let, {**roots, **iterated})
        return self.value_of(source.value, inner).listed.influenced(tested)

    def object(self, source: ObjectSource, roots: Roots) -> TracedValue:
        members = {one.name or "": self.field(one, roots) for one in source.fields}
        spreads = [self.spread(one, roots) for one in source.spreads]
        return joined([TracedValue(members=members), *spreads]) if spreads else TracedValue(members=members)

    def spread(self, spread: Spread, roots: Roots) -> TracedValue:
        """The object of the entries that pass through."""
        whole = self.sent(spread.from_, roots)
        step: Step = Others(spread.except_) if _excepts(spread) else ANY
        entry = whole.member(step)
        inner = self.lets(spread.let, {**roots, spread.as_name: entry, spread.key_name: whole.keys})
        names: list[TracedValue] = []
        values: list[TracedValue] = []
        control: _Influences = whole.tested
        for rule in spread.entries:
            control = {**control, **self.condition(rule.when, inner)}
            if self.can.can_hold(rule.when):
                name, value = self.entry(rule, spread, inner)
                values.append(value.influenced(control))
                names.append(name.influenced(control))
        if not spread.entries:
            names, values = [whole.keys], [entry]
        return TracedValue(influences=whole.influences, others=joined(values), names=joined(names))

    def entry(self, rule: EntryRule, spread: Spread, roots: Roots) -> tuple[TracedValue, TracedValue]:
        """The name and the value that an entry rule gives."""
        roots = self.lets(rule.let, roots)
        for text in (rule.warn, rule.skip, rule.reject):
            self.say(text, roots, rule.when)
        if rule.skip is not None or rule.reject is not None:
            return NOTHING, NOTHING
        name = roots[spread.key_name] if rule.name is None else self.field(rule.name, roots)
        value = roots[spread.as_name] if rule.value is None else self.field(rule.value, roots)
        value = value.influenced(name.tested)
        if rule.when is not None:
            name, value = name.where(rule.when), value.where(rule.when)
        return name, value


def _excepts(spread: Spread) -> bool:
    return bool(spread.except_.names or spread.except_.prefixes or spread.except_.patterns)


def _input(marks: Marks | None) -> TracedValue:
    return TracedValue({InputOrigin((), marks=marks): (Way(),)})


def _parts(rulebook: Rulebook) -> Iterator[object]:
    """All that the flows of a mapping depend on; each is the same object as long as its text is the same."""
    yield from (rulebook.input.as_name, *rulebook.let, *rulebook.rules)
    for named in (rulebook.settings, rulebook.routes, rulebook.outputs):
        yield from named.values()
    for one in rulebook.converters.values():
        yield from _parts(one)


def _converted(name: str, rulebook: Rulebook, marks: Marks | None) -> TracedValue:
    """The bodies of a converting mapping, as the input of the mapping that it converts for."""
    walk = _Walk(rulebook, possible(rulebook))
    walk.mapping(None if marks is None else {None: marks})
    made = joined(body for bodies in walk.bodies.values() for body in bodies)
    decided = {flow.origin: flow.ways[0] for flow in walk.found if not flow.is_sent and not flow.pointer}
    made = made.influenced(decided)

    def moved(value: TracedValue) -> TracedValue:
        return TracedValue(
            {replace(one, converter=one.converter or name): ways for one, ways in value.origins.items()},
            {replace(one, converter=one.converter or name): way for one, way in value.influences.items()},
            {key: moved(one) for key, one in value.members.items()},
            *(None if one is None else moved(one) for one in (value.others, value.items, value.names)),
        )

    return moved(made)
