"""Searches by trial for valid batches that give a request that its schema refuses, and reduces them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from ..diagnostics.problem import Problem
from ..inference.facts import EvaluatedPart, Flow, TypedEmission
from ..inference.fields import setting_type
from ..inference.steps import path_of
from ..interpreter.interpreter import Interpreter
from ..language.rulebook import ObjectSource, Output, Rulebook
from ..language.settings import wanted_of
from ..runtime.result import Result
from ..types.narrowing import refine
from ..types.types import ArrayType, Type, constants
from .samples import NoSampleError, sample

__all__ = ["Counterexample", "Search", "batch_for", "batch_in", "reduced", "words_of"]

OTHER_SETTINGS = 150
MAX_RUNS = 250


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A batch that conforms to the input schema and gives an invalid request.

    `settings` are those that need another value for that; `problem` is the problem of the request.
    """

    batch: Any
    settings: Mapping[str, Any]
    problem: Problem


class Search:
    """Tries batches that reach the rules of an output; the same ones every time."""

    def __init__(self, flow: Flow, output: Output, progress: Callable[[float], None] = lambda _share: None) -> None:
        self.flow, self.output, self.progress = flow, output, progress
        rulebook = flow.rulebook
        self.rulebook = _alone(rulebook, output)
        self.fits = rulebook.schemas[rulebook.input.schema].validator.is_valid
        self.words = words_of(flow) + tuple(sorted(_texts_of(rulebook.schemas[output.schema or ""].resources)))
        self.random = Random(0)  # noqa: S311  not for secrets
        others = (_settings(rulebook, self.random, self.words) for _ in range(OTHER_SETTINGS))
        self.settings: list[dict[str, Any]] = [{}, *(settings for settings in others if settings)]
        self.interpreters: dict[int, Interpreter] = {}
        self.far: list[dict[str, Any]] = []

    def found(self, tries: int) -> Iterator[Counterexample]:
        """Tries this number of batches, every other one with the settings unchanged, and yields counterexamples."""
        emissions = [emission for emission in self.flow.emissions if emission.output is self.output]
        for number in range(tries if emissions else 0):
            self.progress(number / tries)
            emission = emissions[number // 2 % len(emissions)]
            try:
                batch = self.crossed(batch_for(self.flow, emission, self.random, self.words))
            except NoSampleError:
                continue
            if self.fits(batch):
                case = self.random.randrange(len(self.settings)) if number % 2 else 0
                result = self.run(batch, case)
                problems = list(self.refused(result))
                if problems or any(request.output == self.output.name for request in result.requests):
                    self.far.append(batch)
                for problem in problems:
                    yield Counterexample(batch, self.settings[case], problem)

    def crossed(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The batch as it is, or at random combined with members of an earlier one that led to a request."""
        if not self.far or self.random.random() < 0.5:
            return batch
        return _crossed(self.random.choice(self.far), batch, self.random)

    def run(self, batch: Any, case: int) -> Result:
        if case not in self.interpreters:
            changed = replace(self.rulebook, values={**self.rulebook.values, **self.settings[case]})
            self.interpreters[case] = Interpreter(changed)
        return self.interpreters[case].run(batch)

    def refused(self, result: Result) -> Iterator[Problem]:
        for problem in result.problems:
            if problem.code == "M509" and problem.data.get("request") == self.output.name:
                yield problem

    def smaller(self, example: Counterexample, is_same: Callable[[Problem], bool]) -> Counterexample:
        """The counterexample without the settings and parts of the batch that the problem does not need."""
        case = self.settings.index(dict(example.settings))
        for name in example.settings:
            fewer = {key: value for key, value in self.settings[case].items() if key != name}
            if fewer not in self.settings:
                self.settings.append(fewer)
            if any(map(is_same, self.refused(self.run(example.batch, self.settings.index(fewer))))):
                case = self.settings.index(fewer)
        found = [example.problem]

        def is_refused(batch: Any) -> bool:
            same = next(filter(is_same, self.refused(self.run(batch, case))), None) if self.fits(batch) else None
            found.extend([] if same is None else [same])
            return same is not None

        batch = reduced(example.batch, is_refused)
        return Counterexample(batch, self.settings[case], found[-1])


def reduced(batch: Any, holds: Callable[[Any], bool]) -> Any:
    """A batch for which a condition holds, without the parts that it does not need for that."""
    runs = at = 0
    while runs < MAX_RUNS:
        paths = list(_paths_in(batch))
        if at >= len(paths):
            break
        smaller = _without(batch, paths[at])
        runs += 1
        if holds(smaller):
            batch = smaller
        else:
            at += 1
    return batch


def _alone(rulebook: Rulebook, output: Output) -> Rulebook:
    """The rulebook without the emissions to other outputs, which have no influence on the requests of this one."""
    nothing = ObjectSource(())
    rules = (
        rule if rule.output in (None, output.name) else replace(rule, let=(), warn=(), body=nothing)
        for rule in rulebook.rules
    )
    return replace(rulebook, rules=tuple(rules))


def _crossed(one: dict[str, Any], other: dict[str, Any], random: Random) -> dict[str, Any]:
    """An object with members of both, at all depths."""
    result = dict(one)
    for key, value in other.items():
        before = one.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            result[key] = _crossed(before, value, random)
        elif random.random() < 0.5 or (not before and value):
            result[key] = value
    return result


def _paths_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all members and elements, outer ones before inner ones."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from _paths_in(inner, (*path, key))


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    """A copy without the member or element at a place."""
    key, *rest = path
    copy = value.copy()
    if rest:
        copy[key] = _without(value[key], tuple(rest))
    else:
        del copy[key]
    return copy


def _texts_of(part: Any) -> set[str]:
    """The strings that a schema lists or names: refused values are often among them."""
    if isinstance(part, Mapping):
        enum, properties = part.get("enum", ()), part.get("properties", {})
        own = [*(enum if isinstance(enum, list) else ()), part.get("const")]
        own += properties if isinstance(properties, dict) else ()
        texts = {text for text in own if isinstance(text, str)}
        return texts.union(*map(_texts_of, part.values()))
    return set().union(*map(_texts_of, part)) if isinstance(part, list) else set()


def _settings(rulebook: Rulebook, random: Random, words: tuple[str, ...]) -> dict[str, Any]:
    """Other values for some settings: for those with few possible values, and for strings."""
    picked = {}
    for name, setting in rulebook.settings.items():
        type_ = setting_type(setting)
        values = constants(type_)
        if values is None and setting.type == "string":
            values = tuple(value for value in ("", *words) if wanted_of(setting, value) is None)
        if values and random.random() < 0.5:
            picked[name] = "" if values[0] == "" and random.random() < 0.3 else random.choice(values)
    return {name: value for name, value in picked.items() if value != rulebook.values[name]}


def batch_for(flow: Flow, emission: TypedEmission, random: Random, words: tuple[str, ...] = ()) -> Any:
    """A batch that reaches a rule, as far as inference understands its conditions. Raises NoSampleError."""
    return batch_in(flow, emission.context, emission.rule.route, random, words)


def batch_in(flow: Flow, names: Type, route_name: str | None, random: Random, words: tuple[str, ...] = ()) -> Any:
    """A batch in which the names in scope have these types, for an element of a route if given."""
    rulebook = flow.rulebook
    context = random.choice(names.objects)
    batch_type = context.value(rulebook.input.as_name)
    route = rulebook.routes.get(route_name or "")
    if route is not None and route.key_name is None:
        path = path_of(route.each.expression.tree)
        element = context.value(route.as_name)
        if path is not None and path[0] == rulebook.input.as_name:
            wanted = Type(array=ArrayType(element, (), 1, 2))
            batch_type = refine(batch_type, path[1:], lambda _: wanted)
    return sample(batch_type, random, words)


def words_of(flow: Flow) -> tuple[str, ...]:
    """The strings in the conditions of the rules: batches with them reach more rules."""
    found: set[str] = set()
    for part in flow.of(EvaluatedPart):
        for type_ in (part.seen.type, *part.seen.operands):
            array = type_.array
            for one in (type_, *(array.first if array is not None and array.exact else ())):
                if one.string is not None and one.string.values is not None:
                    found |= one.string.values
    return tuple(sorted(found))
