"""Requests of what the rules emitted, where all of them are valid.

Mostly the parts of an output are one body that fits. Where they are not, they are assembled as the interpreter does it,
by the same code. Where a body is refused, `Unusual` is raised, and the batch is mapped by the interpreter: it alone
knows what gave each value, which the problems of invalid bodies name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..diagnostics.problem import Place, Problem
from ..schemas.violations import Violations
from ..values.json_size import measured
from .notes import Loop, Notes
from .requests import Assembler, Emission, Envelope, Output, inexact_in, is_larger, is_too_much, move
from .result import Request

__all__ = ["Emit", "NotOne", "Output", "Unusual", "assemble", "combined"]

Part = tuple[Any, ...]
"""The fields of an element, its Emit, how many problems there were before and after it, and its entry in the loop."""
FEW = 16
"""So many parts may be written before it is known how large they are."""
_SHAPES: dict[str, Any] = {"append": list, "merge": dict}


class Unusual(Exception):  # noqa: N818  control flow, not an error
    """The requests cannot be assembled without the interpreter."""


class NotOne(Exception):  # noqa: N818  control flow, not an error
    """The parts do not simply make one request."""


class Emit(NamedTuple):
    """The rule that emits, with its place; the loop whose element it maps; and the number of the output."""

    rule: str
    place: Place
    loop: Loop | None
    output: int


def assemble(
    output: Output,
    envelope: dict[str, Any],
    query: dict[str, Any],
    parts: Sequence[Part],
    notes: Notes,
    requests: list[Request],
) -> None:
    """Adds the requests that the parts make. The problems of each part are moved to its place in them."""
    name, method, path, schema, limits, element_of, _, max_bytes, simple, fits = output
    if query and inexact_in(query):
        raise Unusual
    try:
        if len(parts) > FEW and _is_larger([part[0] for part in parts], max_bytes):
            raise NotOne
        if len(parts) == 1:
            fields = parts[0][0]
            body = {**envelope, element_of: [fields]} if element_of else {**envelope, **fields}
        elif not simple:
            raise NotOne
        elif element_of:
            body = {**envelope, element_of: [part[0] for part in parts]}
        else:
            body = combined(output, envelope, [part[0] for part in parts])
        text, size = _measured(body)
        if max_bytes is not None and size > max_bytes:
            raise NotOne
    except NotOne:
        requests += _assembled(output, envelope, query, parts, notes)
        if is_too_much(requests, notes.problems):
            raise Unusual from None
        return
    try:
        is_surely_valid = fits is not None and fits(body)
    except RecursionError:  # nested too deeply for it
        is_surely_valid = False
    if not is_surely_valid:
        valid = notes.validators
        if not valid[schema](body) or (limits is not None and not valid[limits](body)):
            raise Unusual
    if notes.problems and len(parts) > 1:
        _move(output, parts, notes.problems)
    requests.append(Request(name, method, path, query, body, text))
    if is_too_much(requests, notes.problems):
        raise Unusual


def combined(output: Output, envelope: dict[str, Any], parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The body of several parts. Raises NotOne."""
    combine = output.combine.items()
    body: dict[str, Any] = {**envelope, **parts[0]}
    own: dict[str, Any] = {}  # what is added to: never a part of the batch
    replaced = False
    for fields in parts[1:]:
        for name, how in combine:
            if name not in fields:
                continue
            value, before = fields[name], body.get(name)
            if type(value) is not _SHAPES[how]:
                raise NotOne
            if before is None:
                body[name] = value
                continue
            if name not in own:
                if type(before) is not type(value):
                    raise NotOne
                before = own[name] = body[name] = before.copy()
            if how == "append":
                before.extend(value)
            else:
                replaced = replaced or not before.keys().isdisjoint(value)
                before.update(value)
    # A body from which nothing was replaced was never larger than it is at last; another one may have been.
    if replaced and sum(_measured({**envelope, **fields})[1] for fields in parts) > (output.max_bytes or sys.maxsize):
        raise NotOne
    return body


def _is_larger(parts: Sequence[dict[str, Any]], max_bytes: int | None) -> bool:
    try:
        return is_larger(parts, max_bytes)
    except TypeError:
        raise NotOne from None


def _measured(body: dict[str, Any]) -> tuple[bytes, int]:
    """A body as compact JSON, and its size."""
    try:
        return measured(body)
    except TypeError:  # nested too deeply, or with a wide integer
        raise NotOne from None


def _move(output: Output, parts: Sequence[Part], problems: list[Problem]) -> None:
    """Moves the problems of all parts of one body to where the parts begin in its lists."""
    lists = [output.element_of] if output.element_of else [n for n, how in output.combine.items() if how == "append"]
    offsets = dict.fromkeys(lists, 0)
    for part in parts:
        move(problems, part[2], part[3], offsets)
        for name in lists:
            offsets[name] += 1 if output.element_of else len(part[0].get(name, ()))


# --- what is not one request


@dataclass(frozen=True, slots=True)
class _Judge:
    """Takes the bodies that are valid."""

    fits: Callable[[Any], bool] | None
    judge: Callable[[Any], bool]

    def is_valid(self, body: Any) -> bool:
        try:
            return (self.fits is not None and self.fits(body)) or self.judge(body)
        except RecursionError:
            return self.judge(body)

    def violations(self, body: Any) -> Violations:
        if not self.is_valid(body):
            raise Unusual
        return Violations()


def _assembled(
    output: Output, envelope: dict[str, Any], query: dict[str, Any], parts: Sequence[Part], notes: Notes
) -> tuple[Request, ...]:
    """The requests as the interpreter makes them: parts that are too large alone are rejected, the others joined as
    far as they fit."""
    judges = {
        name: _Judge(output.fits, notes.validators[name]) for name in (output.schema, output.limits) if name is not None
    }
    elements = notes.elements((part[1].loop, part[4:]) for part in parts)
    emissions = [
        Emission(output, part[1].rule, part[1].place, element, part[0], {})
        for part, element in zip(parts, elements, strict=True)
    ]
    envelopes = {output.name: Envelope(envelope, query, {})}
    assembled = Assembler([output], judges).assemble(emissions, envelopes, _unknown)
    if any(problem.code == "M518" for problem in assembled.problems):  # which names what gave the number
        raise Unusual
    for part, emission in zip(parts, emissions, strict=True):
        if emission in assembled.offsets:
            move(notes.problems, part[2], part[3], assembled.offsets[emission])
    if any(problem.code == "M520" for problem in assembled.problems):
        raise Unusual
    notes.add_last(parts[0][1].output, assembled.problems)
    return assembled.requests


def _unknown(_origin: Any, _element: str) -> str:
    raise Unusual
