"""Finds the rules, and their lines, that gave a value of a request or may have given it.

A Step knows its place in the body of its emission, and bodies are combined later. So steps are found by their place
without the index in a combined list, and by their value, which do not change. If several match, all are named.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..interpreter.interpreter import Step
from ..language.rulebook import ABSENT, Output, Rulebook
from ..runtime.result import Request
from ..values.pointers import index_of, pointer
from .diff import RuleAt, matches

__all__ = ["Blame", "tokens_of"]

_ANY = "*"


class Blame:
    """Attributes the values in the requests of one batch to rules, by its Steps."""

    def __init__(self, rulebook: Rulebook, steps: Iterable[Step]) -> None:
        self.rulebook = rulebook
        self.rules = {rule.name: rule for rule in rulebook.rules}
        self.steps: dict[str, dict[str, list[Step]]] = {}
        """The steps by the output and the place without its index in a combined list."""
        for step in steps:
            if step.output and step.rule is not None and (name := self.rules[step.rule].output) is not None:
                place = _general(rulebook.outputs[name], tokens_of(step.output))
                self.steps.setdefault(name, {}).setdefault(place, []).append(step)
        self.fitting: dict[tuple[int, tuple[str, ...], str], list[str]] = {}

    def rule(self, name: str | None) -> tuple[RuleAt, ...]:
        """The rule of this name, if there is one."""
        rule = self.rules.get(name or "")
        return () if rule is None else (RuleAt(rule.name, rule.place),)

    def of(self, request: Request, place: str) -> tuple[RuleAt, ...]:
        """The rules that gave the value at a place (`/body/...`, `/query/...`) of a request, or failed to give one."""
        output = self.rulebook.outputs[request.output]
        part, *tokens = tokens_of(place)
        line, at = output.request, output.node.place
        parts = {"query": line.query, "headers": line.headers, "path": (line.path,)}.get(part)
        if parts is not None:
            given = [field.place for field in parts if field.name in tokens[:1] or part == "path"]
            return _named(output, given or [at])
        if part == "server" and output.server is not None:
            at = output.server.url.place
        if part != "body":
            return _named(output, [at])
        own = self.steps.get(output.name, {})
        for length in range(len(tokens), 0, -1):
            here = own.get(_general(output, tokens[:length]))
            if here:
                value = _value(request.body, tokens[:length])
                exact = [step for step in here if matches(_absent(step.value), value)]
                return self._likely(output, exact or here, request, tokens)
        if output.combine.get(place.removeprefix("/body/")) == "append":
            return ()  # any rule may add to a combined list, so a missing element points to none
        envelope = [field.place for field in output.fields if field.name in tokens[:1]]
        if envelope:
            return _named(output, envelope)
        if _value(request.body, tokens) is ABSENT:
            return ()
        fitting = self._fitting(output, (step for there in own.values() for step in there), request, tokens)
        return tuple(RuleAt(name, self.rules[name].place) for name in fitting)

    def _likely(self, output: Output, steps: list[Step], request: Request, tokens: list[str]) -> tuple[RuleAt, ...]:
        names = self._fitting(output, steps, request, tokens)
        return tuple(dict.fromkeys(RuleAt(step.rule, step.place) for step in steps if step.rule in names))

    def _fitting(self, output: Output, steps: Iterable[Step], request: Request, tokens: list[str]) -> list[str]:
        """The rules of steps whose other values around the place match best."""
        names = tuple(dict.fromkeys(step.rule or "" for step in steps))
        if len(names) < 2:
            return list(names)
        base = _base(output, tokens)
        key = id(request), names, pointer(base)
        if key not in self.fitting:
            self.fitting[key] = self._best(output, names, base, _value(request.body, base))
        return self.fitting[key]

    def _best(self, output: Output, names: Iterable[str], base: list[str], around: Any) -> list[str]:
        scores = dict.fromkeys(names, 0)
        own = self.steps.get(output.name, {})
        for key, value in around.items() if isinstance(around, dict) else ():
            matched: dict[str, bool] = {}
            for step in own.get(_general(output, [*base, key]), ()):
                if step.rule in scores:
                    matched[step.rule] = matched.get(step.rule, False) or matches(step.value, value)
            for name, is_matched in matched.items():
                scores[name] += 1 if is_matched else -1
        most = max(scores.values())
        return [name for name, found in scores.items() if found == most]


def _named(output: Output, places: Iterable[Any]) -> tuple[RuleAt, ...]:
    return tuple(RuleAt(f"output {output.name}", place) for place in places)


def tokens_of(place: str) -> list[str]:
    """The keys and indexes of a JSON pointer."""
    return [token.replace("~1", "/").replace("~0", "~") for token in place.split("/")[1:]]


def _is_joined(output: Output, tokens: list[str]) -> bool:
    """Returns whether the place is in a list to which other bodies add elements."""
    return len(tokens) > 1 and output.combine.get(tokens[0]) == "append"


def _general(output: Output, tokens: list[str]) -> str:
    """The place without its index in a combined list."""
    return pointer([tokens[0], _ANY, *tokens[2:]] if _is_joined(output, tokens) else tokens)


def _base(output: Output, tokens: list[str]) -> list[str]:
    """The place of the element of the combined list, or of the body."""
    return tokens[:2] if _is_joined(output, tokens) else []


def _value(body: Any, tokens: Iterable[str]) -> Any:
    """The value at a place, or ABSENT."""
    for token in tokens:
        if isinstance(body, dict) and token in body:
            body = body[token]
        elif isinstance(body, list) and (index := index_of(token)) is not None and index < len(body):
            body = body[index]
        else:
            return ABSENT
    return body


def _absent(value: Any) -> Any:
    return ABSENT if value is None else value
