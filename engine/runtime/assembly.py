"""Assembles requests for generated code in the usual case, where all bodies are valid.

Mostly the parts of an output make one valid body. Otherwise they are assembled as the interpreter does it, by the same
code. If a body is invalid, `Unusual` is raised and the interpreter maps the batch: it alone knows the origin of each
value, which the problems of invalid bodies name.
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
from .requests import Assembler, Emission, Envelope, OutputSpec, inexact_in, is_larger, is_too_much, move
from .result import Request

__all__ = ["Emit", "NotOne", "OutputSpec", "Unusual", "assemble", "combined"]

Emitted = tuple[Any, ...]
"""The fields of an element, its Emit, the numbers of problems before and after it, and its entry in the loop."""
FEW = 16
"""The number of parts that may be written before their total size is estimated."""
_SHAPES: dict[str, Any] = {"append": list, "merge": dict}


class Unusual(Exception):  # noqa: N818  control flow, not an error
    """The requests cannot be assembled without the interpreter."""


class NotOne(Exception):  # noqa: N818  control flow, not an error
    """The parts do not make exactly one request."""


class Emit(NamedTuple):
    """A rule that emits, its place, the loop whose element it maps, and the index of the output."""

    rule: str
    place: Place
    loop: Loop | None
    output: int


def assemble(
    output: OutputSpec,
    envelope: dict[str, Any],
    query: dict[str, Any],
    parts: Sequence[Emitted],
    notes: Notes,
    requests: list[Request],
) -> None:
    """Adds the requests that the parts make, and shifts the output pointers of their problems accordingly."""
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


def combined(output: OutputSpec, envelope: dict[str, Any], parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The body combined from several parts. Raises NotOne."""
    combine = output.combine.items()
    body: dict[str, Any] = {**envelope, **parts[0]}
    own: dict[str, Any] = {}  # a copy to add to: parts of the batch are never changed
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
    # If nothing was replaced, no intermediate body was larger than the final one; otherwise one may have been.
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


def _move(output: OutputSpec, parts: Sequence[Emitted], problems: list[Problem]) -> None:
    """Moves the output pointers of the problems of all parts into the combined body."""
    lists = [output.element_of] if output.element_of else [n for n, how in output.combine.items() if how == "append"]
    offsets = dict.fromkeys(lists, 0)
    for part in parts:
        move(problems, part[2], part[3], offsets)
        for name in lists:
            offsets[name] += 1 if output.element_of else len(part[0].get(name, ()))


# --- parts that do not make one request


@dataclass(frozen=True, slots=True)
class _StrictValidator:
    """Validates bodies; raises Unusual for an invalid one."""

    fits: Callable[[Any], bool] | None
    validate: Callable[[Any], bool]

    def is_valid(self, body: Any) -> bool:
        try:
            return (self.fits is not None and self.fits(body)) or self.validate(body)
        except RecursionError:
            return self.validate(body)

    def violations(self, body: Any) -> Violations:
        if not self.is_valid(body):
            raise Unusual
        return Violations()


def _assembled(
    output: OutputSpec, envelope: dict[str, Any], query: dict[str, Any], parts: Sequence[Emitted], notes: Notes
) -> tuple[Request, ...]:
    """The requests as the interpreter makes them: too large parts are rejected, the others combined up to the limit."""
    validators = {
        name: _StrictValidator(output.fits, notes.validators[name])
        for name in (output.schema, output.limits)
        if name is not None
    }
    elements = notes.elements((part[1].loop, part[4:]) for part in parts)
    emissions = [
        Emission(output, part[1].rule, part[1].place, element, part[0], {})
        for part, element in zip(parts, elements, strict=True)
    ]
    envelopes = {output.name: Envelope(envelope, query, {})}
    assembled = Assembler([output], validators).assemble(emissions, envelopes, _unknown)
    if any(problem.code == "M518" for problem in assembled.problems):  # the problem names the origin of the number
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
