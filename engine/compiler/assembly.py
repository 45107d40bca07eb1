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
from ..sizes import measured
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
    name, method, path, schema, limits, element_of, _, max_bytes, simple, fits = output
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
    text, size = _measured(body)
    if max_bytes is not None and size > max_bytes:
        raise Unusual
    try:
        is_surely_valid = fits is not None and fits(body)
    except RecursionError:  # nested too deeply for it
        is_surely_valid = False
    if not is_surely_valid:
        valid = notes.validators
        if not valid[schema](body) or (limits is not None and not valid[limits](body)):
            raise Unusual
    return Request(name, method, path, query, body, text)


def _combined(
    output: Output, envelope: dict[str, Any], parts: Sequence[Part], problems: list[Problem]
) -> dict[str, Any]:
    """The bodies of several parts as one."""
    combine = output.combine.items()
    body: dict[str, Any] = {**envelope, **parts[0][0]}
    replaced = False
    for part in parts[1:]:
        fields = part[0]
        offsets: dict[str, int] = {}
        for name, how in combine:
            if name not in fields:
                continue
            value, before = fields[name], body.get(name)
            if before is None:
                body[name] = value
            elif type(before) is not type(value) or type(value) is not _SHAPES[how]:
                raise Unusual
            elif how == "append":
                offsets[name] = len(before)
                body[name] = [*before, *value]
            else:
                replaced = replaced or not before.keys().isdisjoint(value)
                body[name] = {**before, **value}
        if problems:
            move(problems, part[2], part[3], offsets)
    # A body from which nothing was replaced was never larger than it is at last; another one may have been.
    if replaced and sum(_measured({**envelope, **part[0]})[1] for part in parts) > (output.max_bytes or sys.maxsize):
        raise Unusual
    return body


def _measured(body: dict[str, Any]) -> tuple[bytes, int]:
    """A body as compact JSON, and its size."""
    try:
        return measured(body)
    except TypeError:  # nested too deeply
        raise Unusual from None
