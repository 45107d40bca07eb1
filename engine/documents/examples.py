"""Worked examples of rules: for each rule, the golden test that shows most of it, as it was run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from ..checks.shared.opening import Opening
from ..diagnostics.problem import Place
from ..golden.files import GoldenTest, discover, load
from ..insight.tracing import Application, TooManyDecisionsError, Trace, trace
from ..interpreter.interpreter import Interpreter
from ..language.rulebook import ABSENT, Rulebook
from ..values.pointers import join, value_at

__all__ = ["ShownTest", "examples_of"]

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""orjson has no integers of more than 64 bits, which inputs may have."""
MAX_BYTES = 4000
"""The maximum size of an example in bytes; one of a rule without a shorter one is cut off."""


@dataclass(frozen=True, slots=True)
class ShownTest:
    """A test with its settings, the element of the input that a rule takes, and the outcome.

    `request` is the method and path, and `output` the part of the body from the rule; or `words` say why there is none.
    """

    test: str
    place: Place
    settings: Mapping[str, Any]
    pointer: str
    input: Any
    request: str | None = None
    output: Any = ABSENT
    words: str = ""

    @property
    def size(self) -> int:
        return sum(len(_ENCODER.encode(one).encode()) for one in (self.input, self.output) if one is not ABSENT)


def examples_of(rulebook: Rulebook, mains: Iterable[Path]) -> dict[str, ShownTest]:
    """The example of each rule that a test reaches, from the tests of these mappings, run with the rulebook's rules."""
    opening = cache(Opening)
    interpreters: dict[bytes, Interpreter | None] = {b"{}": Interpreter(rulebook)}
    best: dict[str, tuple[tuple[bool, int, int, int], ShownTest]] = {}
    for test in _tests([main.resolve() for main in mains], opening):
        key = orjson.dumps(test.settings, option=orjson.OPT_SORT_KEYS)
        if key not in interpreters:
            path = rulebook.main.path
            book = None if path is None else opening(path.resolve()).joined.with_settings(test.settings).rulebook
            interpreters[key] = None if book is None else Interpreter(book)
        chosen = interpreters[key]
        if chosen is None:
            continue
        for batch in test.batches:
            try:
                found = trace(chosen.rulebook, batch, interpreter=chosen)
            except TooManyDecisionsError:  # far too large for an example
                continue
            for rule in chosen.rulebook.rules if found.converter is not None else ():
                if rule.convert is not None and rule.convert.text == found.converter:
                    words = f"Converted by {found.converter}, and then mapped"
                    whole = ShownTest(test.name, test.place, test.settings, "", batch, words=words)
                    rank = whole.size > MAX_BYTES, len(test.settings), 0, whole.size
                    if rule.name not in best or rank < best[rule.name][0]:
                        best[rule.name] = rank, whole
            for application in found.applications:
                example = _example(test, found, application)
                if application.rule is not None and example is not None:
                    given = len({id(one.part) for one in application.decisions if one.outcome in ("given", "kept")})
                    rank = (example.size > MAX_BYTES, len(test.settings), -given, example.size)
                    if application.rule.name not in best or rank < best[application.rule.name][0]:
                        best[application.rule.name] = rank, example
    return {name: example for name, (_, example) in best.items()}


def _tests(mains: list[Path], opening: Callable[[Path], Opening]) -> Iterator[GoldenTest]:
    for path in dict.fromkeys(path for main in mains for path in discover([main.parent])):
        file, _, _ = load(path, path.as_posix(), opening)
        if file is not None and file.mapping.resolve() in mains:
            yield from file.tests


def _example(test: GoldenTest, found: Trace, application: Application) -> ShownTest | None:
    rule, element = application.rule, application.element
    if rule is None:
        return None
    about = test.name, test.place, test.settings, element, value_at(found.batch, element)
    for problem in found.result.problems if rule.reject is not None else ():
        if problem.rule == rule.name and problem.input == element:
            return ShownTest(*about, words=f"Rejected: {problem.message}")
    for request, places in zip(found.result.requests, found.bodies, strict=True):
        given = _given(request.body, "", None, places, application)
        if given is not ABSENT:
            return ShownTest(*about, request=f"{request.method} {request.path}", output=given)
    said = [
        f"Left out: {one.reason}" if one.pointer == element else f"Left out: {one.pointer}: {one.reason}"
        for one in found.result.skipped
        if one.rule == rule.name and one.pointer.startswith(element)
    ]
    said += [f"Warning: {one.message}" for one in found.result.problems if one.rule == rule.name]
    return ShownTest(*about, words="; ".join(dict.fromkeys(said))) if said else None


def _given(
    value: Any,
    pointer: str,
    holder: Application | None,
    places: Mapping[str, tuple[Application, str]],
    application: Application,
) -> Any:
    """The part of a body that an application of a rule gave; ABSENT if there is none."""
    holder = places[pointer][0] if pointer in places else holder
    if isinstance(value, dict) and value:
        inner = {name: _given(one, join(pointer, name), holder, places, application) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one is not ABSENT} or ABSENT
    if isinstance(value, list) and value:
        elements = [_given(one, join(pointer, index), holder, places, application) for index, one in enumerate(value)]
        return [one for one in elements if one is not ABSENT] or ABSENT
    return value if holder is application else ABSENT
