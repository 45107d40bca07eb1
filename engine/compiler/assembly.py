"""Requests of what the rules emitted, where nothing stands in the way: everything fits, joins and is valid.

Anything else raises `Unusual`, and the batch is mapped by the interpreter, which alone decides.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from ..pointers import shift
from ..problem import Problem
from ..result import Request
from .notes import Loop, Notes

__all__ = ["Emit", "Output", "Unusual", "assemble"]

Part = tuple[Any, ...]
_SHAPES: dict[str, Any] = {"append": list, "merge": dict}


class Unusual(Exception):  # noqa: N818  control flow, not an error
    """The requests cannot be assembled the short way."""


class Emit(NamedTuple):
    """The rule that emits, and the loop whose element it maps."""

    rule: str
    loop: Loop | None


class Output(NamedTuple):
    """How the bodies of an output are put together, and how they travel."""

    name: str
    method: str
    path: str
    schema: str
    limits: str | None
    fits: Callable[[Any], bool]
    """Whether a body is surely valid by both schemas."""
    element_of: str | None
    combine: dict[str, str]
    simple: bool
    """Whether the parts have nothing but combined members, and the envelope none."""
    max_bytes: int | None


def assemble(
    output: Output,
    envelope: dict[str, Any],
    query: dict[str, Any],
    parts: Sequence[Part],
    notes: Notes,
) -> Request:
    """The request that the parts make together. The problems of each part are moved to its place in it."""
    name, method, path, schema, limits, _, element_of, _, simple, max_bytes = output
    if len(parts) == 1:
        fields = parts[0][0]
        body = {**envelope, element_of: [fields]} if element_of else {**envelope, **fields}
    elif not simple:
        raise Unusual
    elif element_of:
        body = {**envelope, element_of: [part[0] for part in parts]}
        if notes.problems:
            for number, part in enumerate(parts):
                _move(notes.problems, part, {element_of: number})
    else:
        body = _joined(output, envelope, parts, notes.problems)
    text = _text(body)
    if max_bytes is not None and len(text) > max_bytes:
        raise Unusual
    if not _is_surely_valid(output, body):
        valid = notes.validators
        if not valid[schema](body) or (limits is not None and not valid[limits](body)):
            raise Unusual
    return Request(name, method, path, query, body, text)


def _is_surely_valid(output: Output, body: dict[str, Any]) -> bool:
    try:
        return output.fits(body)
    except RecursionError:  # nested too deeply for it
        return False


def _joined(output: Output, envelope: dict[str, Any], parts: Sequence[Part], problems: list[Problem]) -> dict[str, Any]:
    """The bodies of several parts as one."""
    combine = output.combine
    body = dict(envelope)
    replaced = False
    for number, part in enumerate(parts):
        fields = part[0]
        offsets: dict[str, int] = {}
        for name in combine if number else fields:
            if name not in fields:
                continue
            value: Any = fields[name]
            value, before = fields[name], body.get(name)
            if not isinstance(value, _SHAPES[combine[name]]):
                raise Unusual
            if isinstance(value, list):
                offsets[name] = len(before or ())
                body[name] = [*before, *value] if before else value
            else:
                replaced = replaced or (before is not None and not before.keys().isdisjoint(value))
                body[name] = {**before, **value} if before else value
        if problems:
            _move(problems, part, offsets)
    # A body from which nothing was replaced was never larger than it is at last; another one may have been.
    if replaced and sum(len(_text({**envelope, **part[0]})) for part in parts) > (output.max_bytes or sys.maxsize):
        raise Unusual
    return body


def _text(body: dict[str, Any]) -> bytes:
    """A body as compact JSON."""
    try:
        return orjson.dumps(body)
    except TypeError:  # nested too deeply
        raise Unusual from None


def _move(problems: list[Problem], part: Part, offsets: Mapping[str, int]) -> None:
    """The places of output that the problems of a part name, as places of the joined body."""
    for number in range(part[2], part[3]):
        problem = problems[number]
        if problem.output is not None:
            problems[number] = replace(problem, output=shift(problem.output, offsets))
