"""Assembles requests from emissions: combined, split at the size limit, validated, in order.

An invalid request is never returned. If a combined body is invalid, each of its parts is validated alone, so that an
invalid part does not take the others down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from ..diagnostics.catalogue import Severity
from ..diagnostics.problem import Place, Problem
from ..schemas.violations import Violation, Violations
from ..values.json_size import size_of, sorted_text
from ..values.pointers import join, shift
from .inexact import inexact_in, without_inexact
from .outputs import MAX_RESULT_BYTES, Draft, OutputSpec, Target
from .result import Request

__all__ = [
    "Assembled",
    "Assembler",
    "BodyValidator",
    "Emission",
    "Envelope",
    "Origin",
    "is_larger",
    "is_too_much",
    "move",
    "nearest",
    "origins_of",
]


class BodyValidator(Protocol):
    """Validates bodies against a schema."""

    @property
    def is_valid(self) -> Callable[[Any], bool]:
        """A function that returns whether a body is valid."""

    def violations(self, body: Any) -> Violations:
        """The reasons why a body is invalid."""


class Origin(Protocol):
    """The origin of a value of the output."""

    @property
    def place(self) -> Place:
        """The place in the rules."""


InputOf = Callable[[Any, str], str]

_REST = {"M509": "M516", "M513": "M517"}
"""For the code of a violation, the code that reports the number of further violations."""


class Envelope(NamedTuple):
    """The parts that all requests of an output share: members of bodies, and the target unless each has its own."""

    fields: Mapping[str, Any]
    target: Target | None
    origins: Mapping[str, Origin]


@dataclass(frozen=True, slots=True, eq=False)
class Emission:
    """The fields or the value that one rule gave for one element, and their target if they have one of their own.

    `origins` has the origin of each value, by its pointer in the body of a request with this emission alone.
    """

    output: OutputSpec
    rule: str
    place: Place
    element: str
    fields: Any
    target: Target | None
    origins: Mapping[str, Origin]

    def draft(self, envelope: Envelope) -> Draft:
        return self.output.draft(envelope.fields, self.fields)

    def body(self, envelope: Envelope) -> Any:
        return self.output.whole(self.draft(envelope))


@dataclass(slots=True, eq=False)
class _Body:
    """A body being combined: its parts, and the index at which each part begins in the appended lists."""

    draft: Draft
    envelope: Envelope
    size: int
    parts: list[tuple[Emission, dict[str | None, int]]] = field(default_factory=list)

    @property
    def output(self) -> OutputSpec:
        return self.parts[0][0].output

    @property
    def body(self) -> Any:
        return self.output.whole(self.draft)

    @property
    def target(self) -> Target:
        target = self.parts[0][0].target or self.envelope.target
        assert target is not None  # noqa: S101  the output or each part has one
        return target


class Assembled(NamedTuple):
    """The requests, the problems, the rejected emissions, and the offsets of the others in the appended lists.

    `parts` has the emissions that each request is made of, with their offsets.
    """

    requests: tuple[Request, ...]
    problems: tuple[Problem, ...]
    rejected: tuple[Emission, ...]
    offsets: Mapping[Emission, Mapping[str | None, int]]
    parts: tuple[tuple[tuple[Emission, Mapping[str | None, int]], ...], ...] = ()


class Assembler:
    """Assembles the requests of one mapping, from its outputs in order and the validators of their schemas by name.

    Safe to share between threads.
    """

    def __init__(self, outputs: Iterable[OutputSpec], validators: Mapping[str, BodyValidator]) -> None:
        self.outputs = {output.name: output for output in outputs}
        self.validators = validators

    def assemble(
        self, emissions: Sequence[Emission], envelopes: Mapping[str, Envelope | None], input_of: InputOf
    ) -> Assembled:
        """The requests of the emissions of one batch. An output without an envelope makes none.

        `input_of` returns the place of an origin in the batch, or if unknown, that of the element.
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
            elif own:
                assembly.output(output, envelope, own)


class _TooMuch(Exception):  # noqa: N818  control flow, not an error
    """The bodies of a batch have more than `MAX_RESULT_BYTES` bytes."""


def is_too_much(requests: Iterable[Request], problems: Iterable[Problem]) -> bool:
    """Returns whether the bodies of a batch, including those too large for their output, exceed `MAX_RESULT_BYTES`."""
    size = 0
    for request in requests:
        size += len(request.text)
    for problem in problems:
        if problem.code == "M510":
            size += int(problem.data["size"])
    return size > MAX_RESULT_BYTES


def is_larger(parts: Sequence[Any], max_bytes: int | None) -> bool:
    """Returns whether parts together exceed `max_bytes`, without writing more of them than needed.

    Raises TypeError as `size_of` does.
    """
    limit = MAX_RESULT_BYTES if max_bytes is None else max_bytes
    size = 0
    for start in range(0, len(parts), _AT_ONCE):
        size += size_of(parts[start : start + _AT_ONCE])
        if size > limit:
            return True
    return False


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
        self.offsets: dict[Emission, Mapping[str | None, int]] = {}
        self.parts: list[Sequence[tuple[Emission, Mapping[str | None, int]]]] = []
        self.left: dict[Emission, tuple[Emission, int, int]] = {}
        """For each emission that lost members: the original emission, and the range of the problems that say so."""

    def result(self) -> Assembled:
        """The result, in terms of the emissions that were given."""
        rejected = tuple(self.left[one][0] if one in self.left else one for one in self.rejected)
        offsets = dict(self.offsets)
        for one, (whole, start, end) in self.left.items():
            if one in offsets:
                offsets[whole] = offsets.pop(one)
                move(self.problems, start, end, offsets[whole])
        parts = tuple(tuple((self.left.get(one, (one,))[0], at) for one, at in own) for own in self.parts)
        return Assembled(tuple(self.requests), tuple(self.problems), rejected, offsets, parts)

    def output(self, output: OutputSpec, envelope: Envelope, emissions: list[Emission]) -> None:
        if output.max_bytes is None and self.is_larger(emissions):
            raise _TooMuch
        for body in self.joined(output, envelope, emissions):
            for valid in self.valid(output, body):
                self.warn_of_limits(output, valid)
                self.offsets.update(valid.parts)
                self.parts.append(valid.parts)
                whole = valid.body
                text, size = output.measured(whole)
                self.requests.append(output.request(valid.target, whole, text))
                self.spend(size)

    def spend(self, size: int) -> None:
        """Adds the size of a body to the total."""
        self.bytes += size
        if self.bytes > MAX_RESULT_BYTES:
            raise _TooMuch

    def is_larger(self, emissions: Sequence[Emission]) -> bool:
        """Returns whether the emissions certainly exceed the limit of a batch."""
        try:
            return is_larger([emission.fields for emission in emissions], None)
        except TypeError:  # one cannot be written, which is reported later
            return False

    # Combining

    def joined(self, output: OutputSpec, envelope: Envelope, emissions: Iterable[Emission]) -> list[_Body]:
        """Combines emissions that agree on all but the combined members into one body, up to its limits."""
        bodies: list[_Body] = []
        open_bodies: dict[tuple[bytes, bytes], _Body] = {}
        for emission in emissions:
            written = self.written(output, emission, envelope)
            if written is None:
                continue
            emission, draft, size = written  # noqa: PLW2901  what is left of it
            if output.max_bytes is not None and size > output.max_bytes:
                self.spend(size)
                self.reject(emission, "M510", request=output.name, size=size, limit=output.max_bytes)
                continue
            if (longest := _longest(output, draft)) > (output.max_items or longest):
                self.reject(emission, "M530", request=output.name, count=longest, limit=output.max_items)
                continue
            rest = {key: value for key, value in draft.items() if key not in output.combine}
            key = b"" if emission.target is None else emission.target.key, sorted_text(rest) if output.combine else b""
            before = open_bodies.get(key) if output.combine else None
            if before is None or not self.join(output, before, emission, draft, size):
                fresh = {name: _copy(value) if name in output.combine else value for name, value in draft.items()}
                bodies.append(_Body(fresh, envelope, size, [(emission, {})]))
                open_bodies[key] = bodies[-1]
        return bodies

    def join(self, output: OutputSpec, before: _Body, emission: Emission, draft: Draft, size: int) -> bool:
        """Adds an emission to an earlier body, unless that would exceed a limit or the shapes differ."""
        combined = {name: draft[name] for name in output.combine if name in draft}
        for name, value in combined.items():
            shape = list if output.combine[name] == "append" else dict
            if not isinstance(value, shape) or not isinstance(before.draft.get(name, shape()), shape):
                return False
            most = output.lists.get(name)
            if most is not None and len(before.draft.get(name, ())) + len(value) > most:
                return False
        # The sum is at least the size of the combined body: it counts the envelope and a pair of brackets twice.
        total = before.size + size
        if output.form is not None or (output.max_bytes is not None and total > output.max_bytes):
            both = {name: _sum(before.draft.get(name), value) for name, value in combined.items()}
            total = output.measured(output.whole({**before.draft, **both}))[1]
            if total > (output.max_bytes or total):
                return False
        offsets: dict[str | None, int] = {}
        for name, value in combined.items():
            if isinstance(value, list):
                offsets[name] = len(before.draft.setdefault(name, []))
                before.draft[name].extend(value)
            else:
                before.draft.setdefault(name, {}).update(value)
        before.size = total
        before.parts.append((emission, offsets))
        return True

    # Validating

    def valid(self, output: OutputSpec, body: _Body) -> list[_Body]:
        """The body, or if it is invalid, bodies made of its valid parts."""
        validator = None if output.schema is None else self.validators[output.schema]
        if validator is None or validator.is_valid(body.body):
            return [body]
        kept = []
        said: set[Violation] = set()
        for emission, _ in body.parts:
            violations = validator.violations(emission.body(body.envelope))
            if violations:
                self.refuse(output, emission, body.envelope, violations, said)
            else:
                kept.append(emission)
        if len(kept) < len(body.parts):
            again = self.joined(output, body.envelope, kept)
            return [valid for part in again for valid in self.valid(output, part)]
        # Parts that are valid alone and invalid together are sent apart.
        return [_alone(emission, body.envelope) for emission in kept]

    def refuse(
        self,
        output: OutputSpec,
        emission: Emission,
        envelope: Envelope,
        violations: Violations,
        said: set[Violation],
    ) -> None:
        """Rejects an emission; what is wrong with the fields of the output is only said once, see `said`."""
        new = Violations(tuple(one for one in violations if one not in said), violations.more)
        self.report(output, _alone(emission, envelope), new, "M509")
        said |= {one for one in violations if _is_common(one.pointer, emission, envelope)}
        self.rejected.append(emission)

    def written(self, output: OutputSpec, emission: Emission, envelope: Envelope) -> tuple[Emission, Draft, int] | None:
        """The part of an emission that can be written, its draft and the size of its body; None if it is rejected."""
        left: Emission | None = emission
        while left is not None:
            draft = left.draft(envelope)
            try:
                return left, draft, output.measured(output.whole(draft))[1]
            except TypeError as error:
                left = self.exact(output, left, envelope, error)
        return None

    def exact(self, output: OutputSpec, emission: Emission, envelope: Envelope, error: TypeError) -> Emission | None:
        """The emission without members that readers of JSON would round; None if it is rejected."""
        inexact = inexact_in(emission.body(envelope))
        if not inexact:  # expressions can nest deeper than JSON is written
            self.reject(emission, "M509", request=output.name, reason=f"it cannot be written: {error}")
            return None
        left = replace(emission, fields=without_inexact(emission.fields))
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

    def warn_of_limits(self, output: OutputSpec, body: _Body) -> None:
        validator = None if output.limits is None else self.validators[output.limits]
        if validator is not None and not validator.is_valid(body.body):
            self.report(output, body, validator.violations(body.body), "M513")

    def reject(self, emission: Emission, code: str, **data: Any) -> None:
        self.problems.append(Problem.of(code, emission.place, rule=emission.rule, input=emission.element, **data))
        self.rejected.append(emission)

    def report(
        self,
        output: OutputSpec,
        body: _Body,
        violations: Violations,
        code: str,
        hint: str | None = None,
        severity: Severity | None = None,
    ) -> None:
        origins = origins_of(body.parts, body.envelope) if violations else {}
        for violation in violations:
            near = nearest(origins, violation.pointer)
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


def move(problems: list[Problem], first: int, last: int, offsets: Mapping[str | None, int]) -> None:
    """Shifts the output pointers of some problems to the body that their part was combined into."""
    for number in range(first, last):
        problem = problems[number]
        if problem.output is not None:
            problems[number] = problem._replace(output=shift(problem.output, offsets))


def _alone(emission: Emission, envelope: Envelope) -> _Body:
    return _Body(emission.draft(envelope), envelope, 0, [(emission, {})])


def nearest(origins: Mapping[str, object], pointer: str) -> str:
    """The nearest place, this one or one above, whose origin is known; empty if none is."""
    while pointer and pointer not in origins:
        pointer = pointer.rpartition("/")[0]
    return pointer


def _is_common(pointer: str, emission: Emission, envelope: Envelope) -> bool:
    """Returns whether a place of the body of an emission is one of those that the fields of the output give."""
    return len(nearest(_common_origins(emission, envelope), pointer)) > len(nearest(emission.origins, pointer))


def _common_origins(emission: Emission, envelope: Envelope) -> Mapping[str, Origin]:
    """The origins of what the fields of the output give, without the members that the rule gives in their place."""
    own = {join("", name) for name in emission.output.draft({}, emission.fields) if name is not None}
    return {place: one for place, one in envelope.origins.items() if f"/{place[1:].partition('/')[0]}" not in own}


def origins_of(
    parts: Iterable[tuple[Emission, Mapping[str | None, int]]], envelope: Envelope
) -> dict[str, tuple[Emission, Origin]]:
    """The origin of each place of a combined body, and its emission; the last of several."""
    return {
        shift(place, offsets): (emission, origin)
        for emission, offsets in parts
        for origins in (_common_origins(emission, envelope), emission.origins)
        for place, origin in origins.items()
    }


def _longest(output: OutputSpec, draft: Draft) -> int:
    """The number of elements of the longest list that parts are appended to."""
    lists = (draft.get(name) for name, how in output.combine.items() if how == "append")
    return max((len(value) for value in lists if isinstance(value, list)), default=0)


def _copy(value: Any) -> Any:
    """A copy to add to: parts of the batch are never changed."""
    return value.copy() if isinstance(value, list | dict) else value


def _sum(before: Any, value: Any) -> Any:
    if isinstance(value, list):
        return [*(before or []), *value]
    return {**(before or {}), **value}
