"""Proofs of the assertions of a mapping, and the reasons why there is none.

A proof rests on the flows, of which none is missed. An assertion without a proof is tried on inputs: it is broken if
one shows that it does not hold, and else unproven.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Any, Literal

from ..diagnostics.problem import Place, Related
from ..inference.facts import Flow, Reached
from ..inference.rulebook import walk
from ..interpreter.interpreter import Interpreter
from ..language.rulebook import Assertion, Expr, Output, RequestPlace, Rulebook
from ..language.traversal import roots_in
from ..proof.counterexamples import batch_in, reduced, words_of
from ..proof.samples import NoSampleError
from ..types.types import ObjectType, Property, Type
from ..values.kinds import in_part
from ..values.once import cached_property
from ..values.recall import MAX_RELATIVES, Recall
from .flows import bodies_of
from .members import PersonalMember
from .origins import ANY, Folded, Marks, Pattern, Step, TracedValue, Unlisted, begins, meets
from .personal import PersonalFlow, marks_of, members_in, personal_flows
from .possible import Possible, ended, possible

__all__ = ["MAX_TRIES", "Finding", "findings"]

_TRIES = 40
MAX_TRIES = 4000
"""The inputs on which all assertions of a mapping are tried, together; those that come later are unproven."""
_MOST_RELATED = 8
_MARKS = ("ada@example.com", "bob@example.com")
"""Two values that a personal member gets in turn, to see whether that changes a request."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """The reason why an assertion is not proven: it is broken, unproven, or empty, since it is about nothing."""

    assertion: Assertion
    verdict: Literal["broken", "unproven", "empty"]
    reason: str
    place: Place
    related: tuple[Related, ...] = ()
    hint: str | None = None


def findings(rulebook: Rulebook, recall: Recall | None = None) -> Iterator[Finding]:
    """The findings about all assertions of a mapping that are not proven.

    `recall` has what the last call found for nearly the same rules.
    """
    if rulebook.assertions:
        prover = _Prover(rulebook, Recall() if recall is None else recall)
        for one in rulebook.assertions.values():
            yield from prover.assertion(one)


class _Case:
    """The effects of the inputs for which a condition does not hold, which several assertions may be about."""

    def __init__(self, rulebook: Rulebook, without: Expr | None, marks: Mapping[str | None, Marks], recall: Recall):
        recall.begin()
        self.recall = recall
        self.without = without
        self.can = possible(rulebook, without, recall)
        self._given = rulebook, marks, self.can, recall

    @cached_property
    def bench(self) -> _Bench:
        """The rules and types with which inputs are tried."""
        return _Bench(self._given[0], self.without)

    @cached_property
    def flows(self) -> Sequence[PersonalFlow]:
        """The flows of all personal members."""
        return [PersonalFlow(*key, own) for key, own in personal_flows(*self._given).items()]


class _Prover:
    def __init__(self, rulebook: Rulebook, recall: Recall) -> None:
        self.rulebook = rulebook
        self.recall = recall
        schemas = [one.schemas.get(one.input.schema) for one in (rulebook, *rulebook.converters.values())]
        self.members = recall.of(("personal", *rulebook.converters, *schemas), lambda: members_in(rulebook))
        self.marks = recall.of(("marks", self.members), lambda: marks_of(self.members))
        self.emitted = {rule.output for rule in rulebook.rules}
        self.cases: dict[str | None, _Case] = {}
        self.tries = iter(range(MAX_TRIES))

    def case(self, without: Expr | None) -> _Case:
        text = None if without is None else without.text
        if text not in self.cases:
            own = self.recall.of(("assertions", text), Recall)
            # Most rules do not read what a condition is about: their flows are those of earlier cases.
            own.relatives = tuple(one.recall for one in islice(self.cases.values(), MAX_RELATIVES))
            self.cases[text] = _Case(self.rulebook, without, self.marks, own)
        return self.cases[text]

    def assertion(self, one: Assertion) -> Iterator[Finding]:
        case = self.case(one.without)
        can = case.can
        read = () if one.without is None else roots_in(one.without)
        rejecting = [name for name in read if name in can.kept.rejecting]
        if rejecting:
            reason = f"its `without` reads the let {rejecting[0]!r}, which may reject what reads it"
            yield Finding(one, "unproven", reason, one.place, hint="name another condition")
            return
        if not can.is_possible and one.without is not None:
            yield Finding(one, "empty", "its `without` always holds", one.without.place)
            return
        if one.no_output:
            yield from self.no_output(one, can)
            return
        yield from self.places(one)
        for category in one.category:
            if not any(category in ("any", member.category) for member in self.members):
                reason = f"no member of the input is marked as {'personal' if category == 'any' else category}"
                yield Finding(one, "empty", reason, one.place, hint="mark it in the schema with `x-personal`")
        flows = [flow for flow in case.flows if "any" in one.category or flow.member.category in one.category]
        wrong = [flow for flow in flows if flow.is_sent and not (one.unmasked and flow.mask) and is_against(one, flow)]
        if wrong:
            yield self.broken(one, wrong)

    def no_output(self, one: Assertion, can: Possible) -> Iterator[Finding]:
        for name in one.no_output:
            rules = [rule for rule in self.rulebook.rules if rule.output == name]
            if not rules:
                yield Finding(one, "empty", f"no rule emits the output {name!r}", one.place)
            elif name in can.outputs:
                reached = [rule for rule in rules if rule.name in can.rules]
                related = [Related(rule.place, f"the rule {rule.name!r} emits it") for rule in reached]
                found = _Trial(self.case(one.without).bench, self.tries).output(name)
                hint = _condition_hint(one, [rule.name for rule in reached])
                words = f"the output {name!r} is sent", f"the output {name!r} may be sent"
                yield _finding(one, found, words, related, hint)

    def places(self, one: Assertion) -> Iterator[Finding]:
        """A finding for each place that no request has."""
        for place in (*one.never_in, *one.only_in):
            if place.part == "message" or (place.output is None and not place.steps):
                continue
            outputs = [output for name, output in self.rulebook.outputs.items() if place.output in (None, name)]
            if not any(self.exists(output, place) for output in outputs if output.name in self.emitted):
                yield Finding(one, "empty", f"no request has the place {place.text!r}", place.node.place)

    @cached_property
    def bodies(self) -> Mapping[str, TracedValue]:
        return bodies_of(self.rulebook)

    def exists(self, output: Output, place: RequestPlace) -> bool:
        line = output.request
        match place.part:
            case "query" | "headers":
                names = [field.name or "" for field in (line.query if place.part == "query" else line.headers)]
                return bool(names) and (not place.steps or any(meets(place.steps[0], name) for name in names))
            case "path":
                return not place.steps
        if not place.steps:
            return True
        values = [self.bodies.get(output.name, TracedValue())]
        for step in place.steps:
            if any(value.origins for value in values):
                return True
            values = [inner for value in values for inner in _inside(value, step)]
        return bool(values)

    def broken(self, one: Assertion, wrong: list[PersonalFlow]) -> Finding:
        """The finding for an assertion that flows contradict."""
        trial = _Trial(self.case(one.without).bench, self.tries)
        shown = wrong[0]
        found = None
        for flow in wrong[:_TRIES]:
            found = trial.sent(flow)
            if found is not None:
                shown = flow
                break
        where = _where(shown)
        member = shown.member.text or "the input"
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        related = [Related(hop.place, f"through {hop.what}") for hop in shown.ways[0].hops]
        rule = next((rule for rule in self.rulebook.rules if rule.name == shown.rule), None)
        related += [] if rule is None else [Related(rule.place, f"the rule {rule.name!r} sends it")]
        hint = _condition_hint(one, [] if rule is None else [rule.name])
        if one.unmasked and hint is None:
            hint = "mask the value, as with sha256()"
        reason = f"{shown.member.category} of {member}"
        words = f"{reason} is sent to {where}{more}", f"{reason} may reach {where}{more}"
        return _finding(one, found, words, related, hint)


def _inside(value: TracedValue, step: str) -> Iterator[TracedValue]:
    yield from (one for name, one in value.members.items() if meets(step, name))
    yield from (one for one in (value.others, value.items) if one is not None)


def _condition_hint(one: Assertion, rules: list[str]) -> str | None:
    if one.without is None:
        return None
    return f"let {_names(rules)} take elements only where {one.without.text!r} holds" if rules else None


def _names(rules: list[str]) -> str:
    return f"the rule {rules[0]!r}" if len(rules) == 1 else f"the rules {', '.join(map(repr, rules[:3]))}"


def _finding(
    one: Assertion, found: Any, words: tuple[str, str], related: Iterable[Related], hint: str | None
) -> Finding:
    broken, unproven = words
    related = tuple(dict.fromkeys(related))[:_MOST_RELATED]
    if found is None:
        return Finding(one, "unproven", unproven, one.place, related, hint)
    example = in_part(json.dumps(found, ensure_ascii=False))
    return Finding(one, "broken", f"{broken}, as for the input {example}", one.place, related, hint)


def _where(flow: PersonalFlow) -> str:
    """A place in words, in the form that assertions have."""
    if flow.output is None:
        return "messages"
    part = "" if flow.part == "body" else f" {flow.part}"
    return f"{flow.output}{part}{f' {flow.place}' if flow.place else ''}"


# Places


def is_against(one: Assertion, flow: PersonalFlow) -> bool:
    """Returns whether an assertion excludes a flow."""
    if one.never_in:
        return any(_overlaps(place, flow) for place in one.never_in)
    return not any(_contains(place, flow) for place in one.only_in)


def _is_of(place: RequestPlace, flow: PersonalFlow) -> bool:
    if place.part == "message" or flow.part == "message":
        return place.part == flow.part
    return place.output in (None, flow.output) and place.part in (None, flow.part)


def _overlaps(place: RequestPlace, flow: PersonalFlow) -> bool:
    """Returns whether a flow may lead to a place, to a value inside of it, or to one around it."""
    steps: Pattern = place.steps
    return _is_of(place, flow) and (begins(flow.pointer, steps) or begins(steps, flow.pointer) or _named(place, flow))


def _named(place: RequestPlace, flow: PersonalFlow) -> bool:
    """Returns whether a flow leads to the names of members at a place."""
    *outer, last = (*flow.pointer, "") if flow.pointer else ("",)
    return last == "{name}" and begins(place.steps, tuple(outer))


def _contains(place: RequestPlace, flow: PersonalFlow) -> bool:
    """Returns whether a flow certainly leads to a place or to a value inside of it."""
    inside = zip(place.steps, flow.pointer, strict=False)
    return _is_of(place, flow) and len(place.steps) <= len(flow.pointer) and all(a in (ANY, b) for a, b in inside)


# Trials


class _Bench:
    """The rules for inputs for which a condition does not hold, and the types that inputs are made from."""

    def __init__(self, rulebook: Rulebook, without: Expr | None) -> None:
        self.rulebook = replace(rulebook, assertions={}) if without is None else ended(rulebook, without)
        self.flow: Flow = walk(self.rulebook)
        self.interpreter = Interpreter(self.rulebook)
        self.words = words_of(self.flow)


class _Trial:
    """Tries inputs for which a condition does not hold, the same ones every time, as long as `tries` has any."""

    def __init__(self, bench: _Bench, tries: Iterator[int]) -> None:
        self.rulebook, self.flow, self.interpreter = bench.rulebook, bench.flow, bench.interpreter
        self.words = bench.words
        self.random = Random(0)  # noqa: S311  not for secrets
        self.tries = tries

    def batches(self, wanted: Iterable[tuple[Flow, Type, str | None]]) -> Iterator[dict[str, Any]]:
        ways = list(wanted)
        for number, _ in zip(range(_TRIES if ways else 0), self.tries, strict=False):
            try:
                yield batch_in(*ways[number % len(ways)], self.random, self.words)
            except NoSampleError:
                continue

    def output(self, name: str) -> Any:
        """An input for which an output is sent; None if none was found."""
        own = (one for one in self.flow.emissions if one.output.name == name)
        for batch in self.batches((self.flow, one.context, one.rule.route) for one in own):
            if self.sends(name, batch):
                return reduced(batch, lambda smaller: self.sends(name, smaller))
        return None

    def ways(self, flow: PersonalFlow) -> Iterator[tuple[Flow, Type, str | None]]:
        """The rules from which inputs are made: each with the types of the names in scope there, and its route."""
        if flow.member.converter is not None:
            inner = walk(self.rulebook.converters[flow.member.converter])
            yield from ((inner, one.context, one.rule.route) for one in inner.emissions)
            return
        routes = {rule.name: rule.route for rule in self.rulebook.rules}
        for one in self.flow.emissions:
            if flow.output in (None, one.output.name) and flow.rule in (None, one.rule.name):
                yield self.flow, one.context, one.rule.route
        for reached in self.flow.of(Reached) if flow.output is None else ():
            if reached.name in routes and flow.rule in (None, reached.name):
                yield self.flow, reached.context, routes[reached.name]
        if flow.output is None and routes.get(flow.rule or "") is None:
            names = {self.rulebook.input.as_name: Property(self.flow.input, required=True)}
            yield self.flow, Type(objects=(ObjectType(names),)), None

    def sent(self, flow: PersonalFlow) -> Any:
        """An input in which the value of the member changes the place of a flow; None if none was found."""
        for batch in self.batches(self.ways(flow)):
            if self.differs(batch, flow):
                return _with(_MARKS[0], reduced(batch, lambda smaller: self.differs(smaller, flow)), flow.member)
        return None

    def sends(self, name: str, batch: Any) -> bool:
        return any(request.output == name for request in self.interpreter.run(batch).requests)

    def differs(self, batch: Any, flow: PersonalFlow) -> bool:
        one, other = (self.values(_with(mark, batch, flow.member), flow) for mark in _MARKS)
        return one != other

    def values(self, batch: Any, flow: PersonalFlow) -> str:
        """The values at the place of a flow, as text."""
        result = self.interpreter.run(batch)
        if flow.output is None:
            said = [(one.rule, one.reason) for one in result.skipped]
            said += [(one.rule, one.message) for one in result.problems]
            return json.dumps([text for rule, text in said if flow.rule in (None, rule)])
        found = []
        for one in result.requests:
            part = {"body": one.body, "path": one.path, "query": one.query, "headers": one.headers}.get(flow.part)
            found += list(_at(part, flow.pointer)) if one.output == flow.output else []
        return json.dumps(found)


def _at(value: Any, pointer: Pattern) -> Iterator[Any]:
    """The values at the places of a pattern."""
    if not pointer:
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if pointer[0] == "{name}":
                yield name
            elif meets(pointer[0], name):
                yield from _at(inner, pointer[1:])
    elif isinstance(value, list):
        for inner in value:
            yield from _at(inner, pointer[1:])


def _with(mark: str, batch: dict[str, Any], member: PersonalMember) -> Any:
    """A copy of an input that has a mark as the value of a member."""

    def put(value: Any, pattern: Pattern) -> Any:
        if not pattern:
            return mark
        step = pattern[0]
        if isinstance(value, list):
            return [put(inner, pattern[1:]) for inner in value or [None]]
        value = dict(value) if isinstance(value, dict) else {}
        for name in _names_of(step, value):
            value[name] = put(value.get(name), pattern[1:])
        return value

    return put(batch, member.pattern)


def _names_of(step: Step, value: Mapping[str, Any]) -> list[str]:
    if isinstance(step, Folded):
        return [step.name]
    if isinstance(step, Unlisted):
        return ["some"]
    return [*value] or ["some"] if step == ANY else [str(step)]
