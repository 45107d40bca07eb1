"""Traces of batches: every decision of the interpreter on the way to a Result, by rule and element."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import pairwise
from typing import Any, TypeVar

from ..diagnostics.problem import Problem
from ..interpreter.interpreter import Interpreter, Parts
from ..interpreter.recorder import Observer, Taken
from ..interpreter.scope import Places
from ..language.rulebook import Rule, Rulebook
from ..runtime.requests import Emission
from ..runtime.result import Result
from ..source.nodes import Node
from ..values.kinds import kind, shown
from ..values.once import cached_property
from ..values.pointers import shift

MAX_DECISIONS = 1_000_000
"""The maximum number of decisions that a trace keeps, which take about a gigabyte at most."""
_TOO_MANY = f"mapping it takes more than {MAX_DECISIONS:,} decisions"
MAX_REFUSALS = 100_000
"""The maximum number of elements, for all rules together, that are compared to find the nearest miss."""

_T = TypeVar("_T")

__all__ = ["Application", "TooManyDecisionsError", "Trace", "identities", "masked", "trace"]


class TooManyDecisionsError(ValueError):
    """More decisions than a trace keeps."""

    def __init__(self) -> None:
        super().__init__(_TOO_MANY)


def masked(value: Any) -> str:
    """The kind of a value, in place of the value."""
    return f"({kind(value)})"


@dataclass(frozen=True, eq=False)
class Application:
    """The decisions of one part of the rules, in order: of a rule on an element, or of the fields of an output.

    `rule` is None for an output, whose fields all its requests share; `element` is the place of the element.
    """

    rule: Rule | None
    element: str
    decisions: tuple[Taken, ...]

    @cached_property
    def by_output(self) -> Mapping[str, list[Taken]]:
        """The decisions at each place of the emission."""
        return _grouped(self.decisions, lambda taken: taken.at.output)


@dataclass(frozen=True, eq=False)
class Trace:
    """The trace of one batch.

    `decisions` are in order, without those of rules not to take an element, which are too many: `refusals` finds them
    again. `applications` has the decisions of each rule that took an element. `bodies` has for each request the places
    of its body, with the application that gave the value there and the place before bodies were combined; `makers` the
    names of the rules that made it, with their elements. `places` finds the places that expressions read. `show` writes
    values in messages. `steps` caches steps by application and place. If a rule hands the input to a `converter`,
    `batch` is the converted body, and all places are in it.
    """

    interpreter: Interpreter
    batch: Any
    result: Result
    decisions: tuple[Taken, ...]
    applications: tuple[Application, ...]
    bodies: tuple[Mapping[str, tuple[Application, str]], ...]
    makers: tuple[dict[tuple[str, str], None], ...]
    places: Places
    show: Callable[[Any], str]
    converter: str | None = None
    steps: dict[tuple[int, str], tuple[Any, ...]] = field(default_factory=dict)
    refused: dict[str | None, tuple[Mapping[int, list[Taken]], int]] = field(default_factory=dict)
    """See `refusals`."""

    @property
    def rulebook(self) -> Rulebook:
        return self.interpreter.rulebook

    @cached_property
    def by_rule(self) -> Mapping[int, list[Application]]:
        """The applications by the identity of their rule."""
        return _grouped(self.applications, lambda application: id(application.rule))

    @cached_property
    def takers(self) -> Mapping[str, dict[str, None]]:
        """The names of the rules that took elements, by the element."""
        takers: dict[str, dict[str, None]] = {}
        for application in self.applications:
            if application.rule is not None:
                takers.setdefault(application.element, {})[application.rule.name] = None
        return takers

    @cached_property
    def takings(self) -> Mapping[tuple[int, str], Taken]:
        """The decisions by which rules took elements, by the identity of the condition, and the element."""
        whens = _whens(self.rulebook)
        own = (taken for taken in self.decisions if taken.outcome == "true" and id(taken.part) in whens)
        return {(id(taken.part), taken.at.element): taken for taken in own}

    @cached_property
    def in_lets(self) -> Mapping[tuple[int, int], list[Taken]]:
        """The decisions about the values of lets, by the identities of the let and of its scope."""
        groups: dict[tuple[int, int], list[Taken]] = {}
        for taken in self.decisions:
            if taken.at.let is not None:
                definition, scope = taken.at.let
                groups.setdefault((id(definition), id(scope)), []).append(taken)
        return groups

    def replay(self, observer: Observer) -> None:
        """Maps the batch again, and calls the observer for all decisions, including those that are not kept."""
        self.interpreter.observe(self.batch, observer)

    def refusals(self, element: str | None = None) -> tuple[Mapping[int, list[Taken]], int]:
        """The decisions of rules not to take elements, by the identity of the condition, and the limit for each.

        With `element`, only those about it. The limit is 0 if none are left out.
        """
        if element not in self.refused:
            whens, found, is_cut = _whens(self.rulebook), dict[int, list[Taken]](), False
            most = max(MAX_REFUSALS // max(len(whens), 1), 1)

            def collect(taken: Taken) -> None:
                nonlocal is_cut
                if taken.outcome == "false" and id(taken.part) in whens and element in (None, taken.at.element):
                    own = found.setdefault(id(taken.part), [])
                    if len(own) < most:
                        own.append(taken)
                    else:
                        is_cut = True

            self.replay(collect)
            self.refused[element] = found, most if is_cut else 0
        return self.refused[element]

    @property
    def refusal(self) -> Problem | None:
        """The problem because of which no rule has seen the input, such as that it is not an object."""
        return next((one for one in self.result.problems if one.code in ("M502", "M503")), None)

    @property
    def is_masked(self) -> bool:
        return self.show is masked

    def envelope(self, output: str) -> Application:
        """The decisions about the fields that all requests of an output share."""
        own = identities(self.rulebook.outputs[output].fields)
        return Application(None, "", tuple(taken for taken in self.decisions if id(taken.part) in own))


def _grouped(items: Iterable[_T], key: Callable[[_T], Any]) -> dict[Any, list[_T]]:
    groups: dict[Any, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _whens(rulebook: Rulebook) -> set[int]:
    """The identities of the conditions of rules."""
    return {id(rule.when) for rule in rulebook.rules if rule.when is not None}


def trace(
    rulebook: Rulebook,
    batch: Any,
    show: Callable[[Any], str] = shown,
    *,
    interpreter: Interpreter | None = None,
    is_converted: bool = False,
) -> Trace:
    """Maps a batch, and keeps its decisions. `interpreter` is that of the rulebook, if it exists already.

    A batch that `is_converted` is not handed to another mapping. Raises TooManyDecisionsError.
    """
    interpreter = interpreter or Interpreter(rulebook)
    converter, bodies = (None if is_converted else interpreter.converted(batch)) or (None, ())
    if len(bodies) == 1:
        batch, is_converted = bodies[0], True
    decisions: list[Taken] = []
    whens = _whens(rulebook)

    def keep(taken: Taken) -> None:
        if taken.outcome == "false" and id(taken.part) in whens:
            return
        if len(decisions) == MAX_DECISIONS:
            raise TooManyDecisionsError
        decisions.append(taken)

    result, parts = interpreter.traced(batch, keep, is_converted=is_converted)
    makers = tuple({(emission.rule, emission.element): None for emission, _ in own} for own in parts)
    applications = tuple(_applications(decisions))
    made = tuple(_bodies(rulebook, result, parts, decisions, applications))
    makers = tuple({(emission.rule, emission.element): None for emission, _ in own} for own in parts)
    return Trace(
        interpreter, batch, result, tuple(decisions), applications, made, makers, Places(batch), show, converter
    )


def _applications(decisions: list[Taken]) -> Iterator[Application]:
    starts = [
        number for number, taken in enumerate(decisions) if taken.outcome == "takes" and isinstance(taken.part, Rule)
    ]
    for start, end in pairwise([*starts, len(decisions)]):
        rule, at = decisions[start].part, decisions[start].at
        own = tuple(taken for taken in decisions[start + 1 : end] if taken.at.rule == rule.name)
        yield Application(rule, at.element, own)


def _bodies(
    rulebook: Rulebook,
    result: Result,
    parts: Parts,
    decisions: list[Taken],
    applications: Sequence[Application],
) -> Iterator[dict[str, tuple[Application, str]]]:
    """The places of the body of each request; if several emissions have a value at one place, the last one counts."""
    by_scope = {
        (id(taken.scope), taken.at.rule): application for application in applications for taken in application.decisions
    }
    shared = [taken for taken in decisions if taken.at.rule is None and taken.at.output]
    for request, own in zip(result.requests, parts, strict=True):
        fields_of_output = identities(rulebook.outputs[request.output].fields)
        envelope = Application(None, "", tuple(taken for taken in shared if id(taken.part) in fields_of_output))
        places = {taken.at.output: (envelope, taken.at.output) for taken in envelope.decisions if taken.at.output}
        for emission, offsets in own:
            application = _application_of(emission, by_scope, applications)
            places |= {shift(place, offsets): (application, place) for place in emission.origins}
        yield places


def _application_of(
    emission: Emission, by_scope: Mapping[tuple[int, str | None], Application], applications: Sequence[Application]
) -> Application:
    """The application that gave an emission: that of its rule in whose scopes its values were computed.

    Rules that take one element after another can share a scope.
    """
    for origin in emission.origins.values():
        source = getattr(origin, "source", None)
        if isinstance(source, tuple) and (id(source[1]), emission.rule) in by_scope:
            return by_scope[id(source[1]), emission.rule]
    return next(
        one
        for one in applications
        if one.rule is not None and one.rule.name == emission.rule and one.element == emission.element
    )


def identities(part: Any) -> set[int]:
    """The identities of all parts of the rules below one."""
    found: set[int] = set()
    pending = [part]
    while pending:
        one = pending.pop()
        if isinstance(one, tuple | list):
            pending += one
        elif isinstance(one, Mapping):
            pending += one.values()
        elif is_dataclass(one) and not isinstance(one, Node) and id(one) not in found:
            found.add(id(one))
            pending += [getattr(one, member.name) for member in fields(one)]
    return found
