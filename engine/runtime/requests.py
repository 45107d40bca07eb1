"""Makes requests of what the rules emitted: joined, kept under the size limit, validated, in order.

An invalid request is never handed on. Where a joined body is invalid, each part of it is judged alone, so that one bad
part does not take the others down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from ..diagnostics.catalogue import Severity
from ..diagnostics.problem import Place, Problem
from ..schemas.violations import MAX_VIOLATIONS, Violation, Violations
from ..values.json_size import measured, size_of, sorted_text
from ..values.kinds import shown
from ..values.numbers import is_wide
from ..values.pointers import join, shift
from .result import Request

__all__ = [
    "Assembled",
    "Assembler",
    "Emission",
    "Envelope",
    "Judge",
    "Origin",
    "Output",
    "inexact_in",
    "is_larger",
    "is_too_much",
    "move",
]


class Judge(Protocol):
    """Judges bodies by a schema."""

    @property
    def is_valid(self) -> Callable[[Any], bool]:
        """Whether the schema takes a body."""

    def violations(self, body: Any) -> Violations:
        """Why a body is refused."""


class Origin(Protocol):
    """What gave a value of the output."""

    @property
    def place(self) -> Place:
        """The place in the rules."""


class Output(NamedTuple):
    """How the bodies of an output are put together, and how they travel."""

    name: str
    method: str
    path: str
    schema: str
    limits: str | None
    element_of: str | None
    combine: Mapping[str, str]
    max_bytes: int | None
    simple: bool = False
    """Whether the parts have nothing but combined members, and the envelope none."""
    fits: Callable[[Any], bool] | None = None
    """Whether a body is surely valid by both schemas; None: nobody knows."""


InputOf = Callable[[Any, str], str]

_REST = {"M509": "M516", "M513": "M517"}
"""What says how many violations are not named."""


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """What every body of an output has, and the query of its requests."""

    fields: Mapping[str, Any]
    query: Mapping[str, Any]
    origins: Mapping[str, Origin]


@dataclass(frozen=True, slots=True, eq=False)
class Emission:
    """What one rule gave for one element. `origins` says for each output place of `body` where its value comes from;
    those places count from the body of a request that this emission alone would make."""

    output: Output
    rule: str
    place: Place
    element: str
    fields: Mapping[str, Any]
    origins: Mapping[str, Origin]

    def body(self, envelope: Envelope) -> dict[str, Any]:
        own = self.fields if self.output.element_of is None else {self.output.element_of: [self.fields]}
        return {**envelope.fields, **own}


@dataclass(slots=True, eq=False)
class _Body:
    """A body being joined: its parts, and at which index each part begins in the appended lists."""

    body: dict[str, Any]
    envelope: Envelope
    size: int
    parts: list[tuple[Emission, dict[str, int]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Assembled:
    """The requests; the problems; the emissions that came to nothing; and where the appended lists of others begin."""

    requests: tuple[Request, ...]
    problems: tuple[Problem, ...]
    rejected: tuple[Emission, ...]
    offsets: Mapping[Emission, Mapping[str, int]]


class Assembler:
    """Assembles the requests of one mapping: its outputs in order, and the judges of their schemas by name.

    Safe to share between threads.
    """

    def __init__(self, outputs: Iterable[Output], validators: Mapping[str, Judge]) -> None:
        self.outputs = {output.name: output for output in outputs}
        self.validators = validators

    def assemble(
        self, emissions: Sequence[Emission], envelopes: Mapping[str, Envelope | None], input_of: InputOf
    ) -> Assembled:
        """The requests of the emissions of one batch. An output without an envelope makes none.

        `input_of` says from where in the batch an origin took its value, or gives the place of the element.
        """
        assembly = _Assembly(self, input_of)
        try:
            self._assemble(assembly, emissions, envelopes)
        except _TooMuch:
            problem = Problem.of("M520", input="", limit=MAX_RESULT_BYTES)
            return Assembled((), (problem,), tuple(emissions), {})
        return assembly.result()

    def _assemble(
        self, assembly: _Assembly, emissions: Sequence[Emission], envelopes: Mapping[str, Envelope | None]
    ) -> None:
        for name, output in self.outputs.items():
            own = [emission for emission in emissions if emission.output.name == name]
            envelope = envelopes.get(name)
            if envelope is None:
                assembly.rejected += own
            elif own and (inexact := inexact_in(envelope.query)):
                for emission in own:
                    assembly.reject(
                        emission, "M518", hint=_AS_TEXT, severity="error", request=name, reason=inexact[0].reason
                    )
            elif own:
                assembly.output(output, envelope, own)


class _TooMuch(Exception):  # noqa: N818  control flow, not an error
    """The bodies of a batch have more bytes than `MAX_RESULT_BYTES`."""


def is_too_much(requests: Iterable[Request], problems: Iterable[Problem]) -> bool:
    """Whether the bodies of a batch, and those that are too large for their output, have more bytes than may be."""
    refused = sum(int(problem.data["size"]) for problem in problems if problem.code == "M510")
    return sum(len(request.text) for request in requests) + refused > MAX_RESULT_BYTES


def is_larger(parts: Sequence[Any], max_bytes: int | None) -> bool:
    """Whether parts have more bytes together than one body may have, found out without writing many of them. Raises
    TypeError as `size_of` does."""
    limit = MAX_RESULT_BYTES if max_bytes is None else max_bytes
    size = 0
    for start in range(0, len(parts), _AT_ONCE):
        size += size_of(parts[start : start + _AT_ONCE])
        if size > limit:
            return True
    return False


def inexact_in(body: Any) -> tuple[Violation, ...]:
    """The integers in a body that readers of JSON round, in order of place; the first ones, and how many others."""
    found: list[Violation] = []
    pending = [("", body)]
    while pending:
        place, value = pending.pop()
        match value:
            case dict():
                pending += [(join(place, name), member) for name, member in value.items()]
            case list():
                pending += [(join(place, number), element) for number, element in enumerate(value)]
            case int() if is_wide(value):
                found.append(Violation(place, "", f"{shown(value)} needs more than 64 bits"))
    found.sort()
    if len(found) > MAX_VIOLATIONS:
        last = found[MAX_VIOLATIONS - 1]
        others = len(found) - MAX_VIOLATIONS
        found[MAX_VIOLATIONS - 1 :] = [replace(last, reason=f"{last.reason}, and {others} others do")]
    return tuple(found)


def _without_inexact(value: Any) -> Any:
    """The value without the members, and the lists that are members, of which readers of JSON would round a number;
    None where it is such a number itself, or such a list."""
    match value:
        case dict():
            parts = {name: _without_inexact(member) for name, member in value.items()}
            return {name: part for name, part in parts.items() if part is not None or value[name] is None}
        case list():
            elements = [_without_inexact(element) for element in value]
            is_exact = all(part is not None or whole is None for part, whole in zip(elements, value, strict=True))
            return elements if is_exact else None
    return None if isinstance(value, int) and is_wide(value) else value


MAX_RESULT_BYTES = 100_000_000
"""How many bytes the bodies of one batch have at most: a value of the batch can stand in each of them."""
_AT_ONCE = 16
_AS_TEXT = "type: string keeps every digit"


class _Assembly:
    def __init__(self, assembler: Assembler, input_of: InputOf) -> None:
        self.validators = assembler.validators
        self.input_of = input_of
        self.bytes = 0
        self.requests: list[Request] = []
        self.problems: list[Problem] = []
        self.rejected: list[Emission] = []
        self.offsets: dict[Emission, Mapping[str, int]] = {}
        self.left: dict[Emission, tuple[Emission, int, int]] = {}
        """What is left of emissions: of each the whole, and where among the problems it stands what was left out."""

    def result(self) -> Assembled:
        """What was assembled, of the emissions as they were given."""
        rejected = tuple(self.left[one][0] if one in self.left else one for one in self.rejected)
        offsets = dict(self.offsets)
        for one, (whole, start, end) in self.left.items():
            if one in offsets:
                offsets[whole] = offsets.pop(one)
                move(self.problems, start, end, offsets[whole])
        return Assembled(tuple(self.requests), tuple(self.problems), rejected, offsets)

    def output(self, output: Output, envelope: Envelope, emissions: list[Emission]) -> None:
        if output.max_bytes is None and self.is_larger(emissions):
            raise _TooMuch
        for body in self.joined(output, envelope, emissions):
            for valid in self.valid(output, body):
                self.warn_of_limits(output, valid)
                self.offsets.update(valid.parts)
                query, text = dict(envelope.query), measured(valid.body)[0]
                self.requests.append(Request(output.name, output.method, output.path, query, valid.body, text))
                self.spend(len(text))

    def spend(self, size: int) -> None:
        """Counts the bytes of a body."""
        self.bytes += size
        if self.bytes > MAX_RESULT_BYTES:
            raise _TooMuch

    def is_larger(self, emissions: Sequence[Emission]) -> bool:
        """Whether what was emitted is surely more than the bodies of a batch may be."""
        try:
            return is_larger([emission.fields for emission in emissions], None)
        except TypeError:  # one of them cannot be written, which is found again
            return False

    # Joining

    def joined(self, output: Output, envelope: Envelope, emissions: Iterable[Emission]) -> list[_Body]:
        """The bodies: what agrees on all but the combined members is one, as long as it stays under the limit."""
        bodies: list[_Body] = []
        open_bodies: dict[bytes, _Body] = {}
        for emission in emissions:
            written = self.written(output, emission, envelope)
            if written is None:
                continue
            emission, body, size = written  # noqa: PLW2901  what is left of it
            if output.max_bytes is not None and size > output.max_bytes:
                self.spend(size)
                self.reject(emission, "M510", request=output.name, size=size, limit=output.max_bytes)
                continue
            rest = {key: value for key, value in body.items() if key not in output.combine}
            key = sorted_text(rest)
            before = open_bodies.get(key) if output.combine else None
            if before is None or not self.join(output, before, emission, body, size):
                fresh = {name: _copy(value) if name in output.combine else value for name, value in body.items()}
                bodies.append(_Body(fresh, envelope, size, [(emission, {})]))
                open_bodies[key] = bodies[-1]
        return bodies

    def join(self, output: Output, before: _Body, emission: Emission, body: dict[str, Any], size: int) -> bool:
        """Joins a body to one before it, unless that would grow past the limit or its shapes do not fit."""
        combined = {name: body[name] for name in output.combine if name in body}
        for name, value in combined.items():
            shape = list if output.combine[name] == "append" else dict
            if not isinstance(value, shape) or not isinstance(before.body.get(name, shape()), shape):
                return False
        # The sum is never less than the size of the joined body: the envelope and a pair of brackets count twice.
        total = before.size + size
        if output.max_bytes is not None and total > output.max_bytes:
            total = size_of(
                {**before.body, **{name: _sum(before.body.get(name), value) for name, value in combined.items()}}
            )
            if total > output.max_bytes:
                return False
        offsets = {}
        for name, value in combined.items():
            if isinstance(value, list):
                offsets[name] = len(before.body.setdefault(name, []))
                before.body[name].extend(value)
            else:
                before.body.setdefault(name, {}).update(value)
        before.size = total
        before.parts.append((emission, offsets))
        return True

    # Validating

    def valid(self, output: Output, body: _Body) -> list[_Body]:
        """The body, or what is left of it without the parts that are invalid."""
        validator = self.validators[output.schema]
        if validator.is_valid(body.body):
            return [body]
        kept = []
        for emission, _ in body.parts:
            violations = validator.violations(emission.body(body.envelope))
            if violations:
                self.refuse(output, emission, body.envelope, violations)
            else:
                kept.append(emission)
        if len(kept) < len(body.parts):
            again = self.joined(output, body.envelope, kept)
            return [valid for part in again for valid in self.valid(output, part)]
        # What is valid alone and invalid together travels apart.
        return [_alone(emission, body.envelope) for emission in kept]

    def refuse(self, output: Output, emission: Emission, envelope: Envelope, violations: Violations) -> None:
        self.report(output, _alone(emission, envelope), violations, "M509")
        self.rejected.append(emission)

    def written(
        self, output: Output, emission: Emission, envelope: Envelope
    ) -> tuple[Emission, dict[str, Any], int] | None:
        """What can be written of an emission, its body and the size of that; None where it is rejected."""
        left: Emission | None = emission
        while left is not None:
            body = left.body(envelope)
            try:
                return left, body, size_of(body)
            except TypeError as error:
                left = self.exact(output, left, envelope, error)
        return None

    def exact(self, output: Output, emission: Emission, envelope: Envelope, error: TypeError) -> Emission | None:
        """The emission without members that readers of JSON would round; None where it is rejected."""
        inexact = inexact_in(emission.body(envelope))
        if not inexact:  # expressions can nest deeper than JSON is written
            self.reject(emission, "M509", request=output.name, reason=f"it cannot be written: {error}")
            return None
        left = replace(emission, fields=_without_inexact(emission.fields))
        is_lost = not left.fields or bool(inexact_in(envelope.fields))
        start = len(self.problems)
        self.report(
            output, _alone(emission, envelope), Violations(inexact), "M518", _AS_TEXT, "error" if is_lost else None
        )
        if is_lost:
            self.rejected.append(emission)
            return None
        self.left[left] = emission, start, len(self.problems)
        return left

    def warn_of_limits(self, output: Output, body: _Body) -> None:
        if output.limits is not None:
            self.report(output, body, self.validators[output.limits].violations(body.body), "M513")

    def reject(self, emission: Emission, code: str, **data: Any) -> None:
        self.problems.append(Problem.of(code, emission.place, rule=emission.rule, input=emission.element, **data))
        self.rejected.append(emission)

    def report(
        self,
        output: Output,
        body: _Body,
        violations: Violations,
        code: str,
        hint: str | None = None,
        severity: Severity | None = None,
    ) -> None:
        origins = _origins(body) if violations else {}
        for violation in violations:
            near = violation.pointer
            while near and near not in origins:
                near = near.rpartition("/")[0]
            emission, origin = origins[near] if near else (body.parts[0][0], None)
            self.problems.append(
                Problem.of(
                    code,
                    emission.place if origin is None else origin.place,
                    rule=emission.rule,
                    input=emission.element if origin is None else self.input_of(origin, emission.element),
                    output=violation.pointer,
                    hint=hint,
                    severity=severity,
                    request=output.name,
                    reason=violation.reason,
                    keyword=violation.keyword,
                )
            )
        if violations.more:
            first, _ = body.parts[0]
            self.problems.append(
                Problem.of(
                    _REST[code],
                    first.place,
                    rule=first.rule,
                    input=first.element,
                    output="",
                    request=output.name,
                    count=violations.more,
                )
            )


def move(problems: list[Problem], first: int, last: int, offsets: Mapping[str, int]) -> None:
    """The places of output that some of the problems name, as places of the body that their part was joined to."""
    for number in range(first, last):
        problem = problems[number]
        if problem.output is not None:
            problems[number] = replace(problem, output=shift(problem.output, offsets))


def _alone(emission: Emission, envelope: Envelope) -> _Body:
    return _Body(emission.body(envelope), envelope, 0, [(emission, {})])


def _origins(body: _Body) -> dict[str, tuple[Emission, Origin]]:
    """For each place of a joined body where a value came from, and the emission that gave it; of several the last."""
    return {
        shift(place, offsets): (emission, origin)
        for emission, offsets in body.parts
        for origins in (emission.origins, body.envelope.origins)
        for place, origin in origins.items()
    }


def _copy(value: Any) -> Any:
    """A list or object that can be added to: the parts of the batch itself are never changed."""
    return value.copy() if isinstance(value, list | dict) else value


def _sum(before: Any, value: Any) -> Any:
    if isinstance(value, list):
        return [*(before or []), *value]
    return {**(before or {}), **value}
