"""Assembles requests for generated code in the usual case, where all bodies are valid.

Mostly the parts of an output make valid bodies at once. Otherwise the interpreter's code assembles them. If a body is
invalid, `Unusual` is raised and the interpreter maps the batch: it alone knows the origin of each value, which the
problems of invalid bodies name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..diagnostics.problem import Place, Problem
from ..schemas.violations import Violations
from ..values.json_size import measured
from .notes import Loop, Notes
from .outputs import Draft, OutputSpec, Target
from .requests import Assembler, Emission, Envelope, is_larger, is_too_much, move
from .result import Request

__all__ = ["Emit", "NotOne", "OutputSpec", "Target", "Unusual", "assemble", "quickly"]

Emitted = tuple[Any, ...]
"""The piece of an element, its Emit, the numbers of problems before and after it, and its entry in the loop.

The piece is the emission's fields or value; for an output whose parts have targets of their own, (target, fields).
"""
Valid = Mapping[str, Callable[[Any], bool]]
FEW = 16
"""The number of parts that may be written before their total size is estimated."""
_NOWHERE = Target("", {}, {})
_SHAPES: dict[str, Any] = {"append": list, "merge": dict}


class Unusual(Exception):  # noqa: N818  control flow, not an error
    """The requests cannot be assembled without the interpreter."""


class NotOne(Exception):  # noqa: N818  control flow, not an error
    """The parts may make several requests, or none: they must be assembled one by one."""


class Emit(NamedTuple):
    """A rule that emits, its place, the loop whose element it maps, and the index of the output."""

    rule: str
    place: Place
    loop: Loop | None
    output: int


def assemble(
    output: OutputSpec,
    envelope: dict[str, Any],
    target: Target | None,
    parts: Sequence[Emitted],
    notes: Notes,
    requests: list[Request],
) -> None:
    """Adds the requests that the parts make, and shifts the output pointers of their problems accordingly."""
    try:
        made = quickly(output, envelope, target, [part[0] for part in parts], notes.validators)
    except NotOne:
        requests += _assembled(output, envelope, target, parts, notes)
    else:
        requests += made
        if notes.problems and len(made) < len(parts):
            for _, group in _groups(output, target, parts, [part[0] for part in parts]):
                _move(output, group, notes.problems)
    if is_too_much(requests, notes.problems):
        raise Unusual


def quickly(
    output: OutputSpec, envelope: dict[str, Any], target: Target | None, pieces: list[Any], valid: Valid
) -> list[Request]:
    """The requests of parts, equal to those of `Assembler`, if parts that can be combined make one valid request.

    Raises NotOne if they may make several, and Unusual if a body is invalid.
    """
    is_one = not output.aimed and (len(pieces) == 1 or bool(output.combine))
    if len(pieces) > FEW:
        fields = [piece[1] for piece in pieces] if output.aimed else pieces
        if _is_larger(fields, output.max_bytes if is_one else None):
            raise NotOne
    if is_one:
        return [_request(output, envelope, target, pieces, valid)]
    fields = [piece[1] for piece in pieces] if output.aimed else pieces
    groups = _groups(output, target, fields, pieces)
    return [_request(output, envelope, aim, group, valid) for aim, group in groups]


def _groups(
    output: OutputSpec, target: Target | None, parts: Sequence[Any], pieces: Sequence[Any]
) -> list[tuple[Target | None, list[Any]]]:
    """The parts in groups that can be combined, each with its target; `pieces` has the piece of each part."""
    if not output.aimed:
        return [(target, list(parts))] if output.combine else [(target, [part]) for part in parts]
    if not output.combine:
        return [(piece[0], [part]) for part, piece in zip(parts, pieces, strict=True)]
    groups: dict[bytes, tuple[Target | None, list[Any]]] = {}
    for part, (aim, _) in zip(parts, pieces, strict=True):
        groups.setdefault(aim.key, (aim, []))[1].append(part)
    return list(groups.values())


def _request(
    output: OutputSpec, envelope: dict[str, Any], target: Target | None, fields: list[Any], valid: Valid
) -> Request:
    """The one request that combines all parts. Raises NotOne and Unusual as `quickly` does."""
    name, method, kind, schema, _, element_of, _, max_bytes, _, lists, form, server, headers, _, _, fits = output
    body: Any
    if len(fields) > 1 and not output.simple:
        raise NotOne
    if kind != "object":
        body = fields if kind == "list" else output.whole(output.draft(envelope, fields[0]))
    elif element_of is not None:
        body = {**envelope, element_of: fields}
    else:
        body = {**envelope, **fields[0]} if len(fields) == 1 else combined(output, envelope, fields)
    if lists and has_too_many(output, body):
        raise NotOne
    try:
        text, size = measured(body) if form is None and kind != "none" else output.measured(body)
    except TypeError:  # nested too deeply, or with a wide integer
        raise NotOne from None
    if max_bytes is not None and size > max_bytes:
        raise NotOne
    if schema is not None:
        try:
            is_surely_valid = fits is not None and fits(body)
        except RecursionError:  # nested too deeply for it
            is_surely_valid = False
        if not is_surely_valid and not is_valid(output, body, valid):
            raise Unusual
    path, query, own = target or _NOWHERE
    return Request(name, method, path, query, body, text, {**headers, **own} if headers else own, server)


def has_too_many(output: OutputSpec, body: Any) -> bool:
    """Returns whether a list of the body has more elements than combined lists may have."""
    lists = ((body if name is None else body.get(name), most) for name, most in output.lists.items())
    return any(type(value) is list and len(value) > most for value, most in lists)


def is_valid(output: OutputSpec, body: Any, valid: Valid) -> bool:
    """Returns whether a body conforms to the schemas of its output, which has one."""
    return valid[output.schema or ""](body) and (output.limits is None or valid[output.limits](body))


def combined(output: OutputSpec, envelope: dict[str, Any], parts: Sequence[dict[str, Any]]) -> Draft:
    """The body combined from several parts. Raises NotOne."""
    if not output.simple:
        raise NotOne
    combine = output.combine
    if len(parts) == 2 and len(parts[1]) == 1:  # the usual case: what one part has more is disjoint
        one, other = parts
        ((name, value),) = other.items()
        before = one.get(name)
        if (
            type(value) is dict
            and type(before) is dict
            and combine[name] == "merge"
            and before.keys().isdisjoint(value)
        ):
            return {**envelope, **one, name: {**before, **value}}
    body: Draft = {**envelope, **parts[0]}
    own: Draft = {}  # a copy to add to: parts of the batch are never changed
    replaced = False
    for fields in parts[1:]:
        for name in fields if len(fields) == 1 else [name for name in combine if name in fields]:
            value, before, how = fields[name], body.get(name), combine[name]
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
    if replaced and sum(_measured(output, {**envelope, **one})[1] for one in parts) > (output.max_bytes or sys.maxsize):
        raise NotOne
    return body


def _is_larger(parts: Sequence[Any], max_bytes: int | None) -> bool:
    try:
        return is_larger(parts, max_bytes)
    except TypeError:
        raise NotOne from None


def _measured(output: OutputSpec, body: Any) -> tuple[bytes, int]:
    """A body as it is sent, and its size. Raises NotOne if it cannot be written."""
    try:
        return output.measured(body)
    except TypeError:  # nested too deeply, or with a wide integer
        raise NotOne from None


def _move(output: OutputSpec, parts: Sequence[Emitted], problems: list[Problem]) -> None:
    """Moves the output pointers of the problems of all parts into the combined body."""
    offsets = dict.fromkeys((name for name, how in output.combine.items() if how == "append"), 0)
    for part in parts:
        move(problems, part[2], part[3], offsets)
        draft = output.draft({}, part[0][1] if output.aimed else part[0])
        for name in offsets:
            offsets[name] += len(draft.get(name, ()))


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
    output: OutputSpec, envelope: dict[str, Any], target: Target | None, parts: Sequence[Emitted], notes: Notes
) -> tuple[Request, ...]:
    """The requests as the interpreter makes them: too large parts are rejected, the others combined up to the limit."""
    validators = {
        name: _StrictValidator(output.fits, notes.validators[name])
        for name in (output.schema, output.limits)
        if name is not None
    }
    elements = notes.elements((part[1].loop, part[4:]) for part in parts)
    emissions = [
        Emission(output, part[1].rule, part[1].place, element, fields, aim, {})
        for part, element in zip(parts, elements, strict=True)
        for aim, fields in [part[0] if output.aimed else (None, part[0])]
    ]
    envelopes = {output.name: Envelope(envelope, target, {})}
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
