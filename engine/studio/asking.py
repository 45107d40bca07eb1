"""Answers about a sample: the origin and the fate of values, why others are missing, the values of expressions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from ..insight.account import account_of_trace
from ..insight.evaluation import EvaluationPlaceError, SampleEvaluation, scope_of
from ..insight.namesakes import namesakes, nearest_place
from ..insight.tracing import Trace
from ..insight.why import readers_of, steps_in
from ..insight.why_not import why_not
from ..language.rulebook import Rulebook
from ..source.text import Source
from ..values.pointers import leaves, value_at
from .answers import Json, PageAnswers
from .results import AskError, StudioResults
from .rows import part_of, printed, rows_of
from .samples import SampleError, StudioSample

__all__ = [
    "account",
    "chosen",
    "evaluated",
    "explained",
    "links",
    "missing",
    "names_in",
    "number_of",
    "opened",
    "part",
    "readers",
]

_MOST_LINKS = 5_000
_MOST_LEAVES = 20_000
_MOST_PARTS = 500
_MOST_TEXT = 200_000


def opened(results: StudioResults, sample: StudioSample) -> Json:
    """The input of a sample."""
    try:
        text = sample.written()
        rows = rows_of(results.value(sample))
    except SampleError as error:
        raise AskError("unavailable", f"{sample.name}: {error}") from None
    return {"rows": rows, "text": text if text is not None and len(text) <= _MOST_TEXT else None}


def part(whole: Any, pointer: Any, start: Any, count: Any) -> Json:
    """Members of a value that is too large to be sent as a whole."""
    if not isinstance(start, int) or not isinstance(count, int) or not isinstance(pointer, str) or start < 0:
        raise AskError("wrong", "'start' and 'count' are whole numbers, and 'pointer' is a JSON pointer")
    return {"rows": part_of(value_at(whole, pointer), pointer, start, max(0, min(count, _MOST_PARTS)))}


def number_of(found: Trace, request: Any) -> int:
    """The number of a request. Raises AskError."""
    if not isinstance(request, int) or not 0 <= request < len(found.result.requests):
        raise AskError("wrong", f"there is no request {request!a}")
    return request


def links(found: Trace, answers: PageAnswers) -> Json:
    """For each value of the requests: the lines that gave it, and the places of the input that were read."""
    made: list[Json] = []
    more = 0
    for number, request in enumerate(found.result.requests):
        for pointer, _ in leaves(request.body) if request.body is not None else ():
            if len(made) >= _MOST_LINKS:
                more += 1
                continue
            steps = steps_in(found, number, pointer)
            inputs = dict.fromkeys(place for step in steps if step.kind != "condition" for place in step.inputs)
            places = list(dict.fromkeys(step.place for step in reversed(steps)))
            made.append(
                {
                    "request": number,
                    "pointer": pointer,
                    "place": answers.place(places[0]) if places else None,
                    "places": [answers.place(place) for place in places],
                    "inputs": list(inputs),
                }
            )
    return {"values": made, "more": more}


def explained(found: Trace, answers: PageAnswers, request: Any, pointer: Any) -> Json:
    """The steps to a value of a request."""
    number = number_of(found, request)
    if not isinstance(pointer, str):
        raise AskError("wrong", "'pointer' is a JSON pointer")
    return {
        "value": printed(value_at(found.result.requests[number].body, pointer)),
        "steps": [
            {
                "kind": step.kind,
                "text": step.text,
                "place": answers.place(step.place),
                "value": printed(step.value),
                "inputs": list(step.inputs),
                "parts": _parts(step.parts),
            }
            for step in steps_in(found, number, pointer)
        ],
    }


def _parts(parts: Any) -> list[Json]:
    return [{"text": text, "value": printed(value)} for text, value in islice(parts, _MOST_PARTS)]


def readers(found: Trace, answers: PageAnswers, pointer: Any) -> Json:
    """The parts of the rules that read a place of the input."""
    if not isinstance(pointer, str):
        raise AskError("wrong", "'pointer' is a JSON pointer")
    return {
        "readers": [
            {"owner": one.owner, "text": one.text, "place": answers.place(one.place), "value": printed(one.value)}
            for one in islice(readers_of(found, pointer), _MOST_PARTS)
        ]
    }


def missing(found: Trace, answers: PageAnswers, pointer: Any, output: Any) -> Json:
    """The parts of the rules that could have given a value at a place of a body, the nearest miss first."""
    if not isinstance(pointer, str) or not (output is None or output in found.rulebook.outputs):
        raise AskError("wrong", "'pointer' is a JSON pointer, and 'output' the name of an output")
    misses = why_not(found, pointer, output, None)
    return {
        "misses": [
            {
                "rule": miss.rule,
                "part": miss.part,
                "reason": miss.reason,
                "place": answers.place(miss.place),
                "element": miss.element,
            }
            for miss in misses
        ],
        "near": None if misses else nearest_place(found.rulebook, pointer),
        "unread": [
            {"pointer": one.place, "is_read": one.is_read} for one in (namesakes(found, pointer) if pointer else ())
        ],
    }


def account(found: Trace) -> Json:
    """The fate of each value of the input."""
    leaves_ = account_of_trace(found)
    return {"leaves": [one.to_json() for one in leaves_[:_MOST_LEAVES]], "more": max(0, len(leaves_) - _MOST_LEAVES)}


def evaluated(found: Trace, answers: PageAnswers, text: Any, at: Any) -> Json:
    """The value of an expression or a template; without a text, the names in scope."""
    if not isinstance(text, str) or not (at is None or isinstance(at, str)):
        raise AskError("wrong", "'text' is a text, and 'at' is as event:0")
    try:
        evaluation = SampleEvaluation(scope_of(found.rulebook, found.batch, at))
    except EvaluationPlaceError as error:
        raise AskError("unavailable", str(error)) from None
    if not text.strip():
        values = names_in(found.rulebook, evaluation)
        names = [{"name": name, "value": printed(value)} for name, value in values.items()]
        return {"rows": None, "parts": [], "names": names, "problems": []}
    made = evaluation.evaluate(text)
    own = PageAnswers(lambda path: path.name, {"the text": Source("the text", text)})
    return {
        "rows": None if made.problems else rows_of(made.value),
        "parts": _parts(made.parts),
        "names": [],
        "problems": [own.finding(one) for one in made.problems],
    }


def names_in(rulebook: Rulebook, evaluation: SampleEvaluation) -> dict[str, Any]:
    """The names in scope with their values, without the values of secret settings."""
    secrets = {name: "(secret)" for name, setting in rulebook.settings.items() if setting.secret}
    return {
        name: {**value, **secrets} if name == "settings" and isinstance(value, Mapping) else value
        for name, value in evaluation.names()
    }


def chosen(params: Mapping[str, Any], name: str) -> Any:
    """A required parameter. Raises AskError if it is missing."""
    if name not in params:
        raise AskError("wrong", f"{name!r} is missing")
    return params[name]
