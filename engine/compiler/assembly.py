"""Requests of what the rules emitted, where nothing stands in the way: everything fits, joins and is valid.

Anything else raises `Unusual`, and the batch is mapped by the interpreter, which alone decides.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..problem import Problem
from ..requests import Output, move
from ..result import Request
from ..sizes import size_of
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


def assemble(
    output: Output,
    envelope: dict[str, Any],
    query: dict[str, Any],
    parts: Sequence[Part],
    notes: Notes,
) -> Request:
    """The request that the parts make together. The problems of each part are moved to its place in it."""
    name, method, path, schema, limits, element_of, _, max_bytes, simple = output
    valid = notes.validators
    if len(parts) == 1:
        fields = parts[0][0]
        body = {**envelope, element_of: [fields]} if element_of else {**envelope, **fields}
    elif not simple:
        raise Unusual
    elif element_of:
        body = {**envelope, element_of: [part[0] for part in parts]}
        if notes.problems:
            for number, part in enumerate(parts):
                move(notes.problems, part[2], part[3], {element_of: number})
    else:
        body = _combined(output, envelope, parts, notes.problems)
    if _size(body) > (max_bytes or sys.maxsize):
        raise Unusual
    if not valid[schema](body) or (limits is not None and not valid[limits](body)):
        raise Unusual
    return Request(name, method, path, query, body)


def _combined(
    output: Output, envelope: dict[str, Any], parts: Sequence[Part], problems: list[Problem]
) -> dict[str, Any]:
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
            move(problems, part[2], part[3], offsets)
    # A body from which nothing was replaced was never larger than it is at last; another one may have been.
    if replaced and sum(_size({**envelope, **part[0]}) for part in parts) > (output.max_bytes or sys.maxsize):
        raise Unusual
    return body


def _size(body: dict[str, Any]) -> int:
    """The bytes of a body as compact JSON."""
    try:
        return size_of(body)
    except TypeError:  # nested too deeply
        raise Unusual from None
