"""Traces the origin of output values for standalone modules, where the usual assembly of requests fails.

Such a batch is mapped again by code that also records the origin of each output value, so that the problems of invalid
bodies can name it, as the interpreter would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..diagnostics.problem import Place
from .notes import Notes
from .outputs import OutputSpec, Target
from .places import Read, output_place, variables_at_work
from .requests import Assembler, BodyValidator, Emission, Envelope, move
from .result import Request

__all__ = ["Traces", "ValueSource"]


class ValueSource(NamedTuple):
    """The source of an output value: its place in the rules, its reads (None: not a field), the output as in a Site."""

    place: Place
    reads: tuple[Read, ...] | None
    output: tuple[str, ...]


class _ValuePlace(NamedTuple):
    """The origin of an output value; without an input, it is the element being mapped."""

    place: Place
    input: str | None


class Traces(Notes):
    """The Notes of a batch, and the emissions that its requests are made of."""

    __slots__ = ("body_validators", "emissions", "envelopes", "marks", "origins")

    def __init__(self, batch: Any, validators: Mapping[str, BodyValidator]) -> None:
        super().__init__(batch, {})
        self.body_validators = validators
        self.origins: dict[str, _ValuePlace] = {}
        self.emissions: list[Emission] = []
        self.marks: dict[Emission, tuple[int, int]] = {}
        self.envelopes: dict[str, Envelope | None] = {}

    def gave(self, source: ValueSource) -> None:
        """Records that a field has a value."""
        frame = variables_at_work()
        output = output_place(source.output, frame)
        if output:
            self.origins[output] = _ValuePlace(source.place, self.nearest(source.reads or (), frame))

    def passed(self, source: ValueSource, place: str) -> None:
        """Records that an entry passes through."""
        output = output_place(source.output, variables_at_work())
        if output:
            self.origins[output] = _ValuePlace(source.place, place)

    def emitted(self, output: OutputSpec, rule: str, place: Place, element: str, piece: Any, noted: int) -> None:
        """Records the emission of a rule for an element: see `assembly.Emitted`."""
        target, fields = piece if output.aimed else (None, piece)
        emission = Emission(output, rule, place, element, fields, target, self.origins)
        self.emissions.append(emission)
        self.marks[emission] = noted, len(self.problems)

    def enveloped(self, output: OutputSpec, fields: dict[str, Any], target: Target | None) -> None:
        """Records the Envelope of an output."""
        self.envelopes[output.name] = Envelope(fields, target, self.origins)

    def requests(self, outputs: Sequence[OutputSpec]) -> tuple[Request, ...]:
        """The requests of all emissions."""
        assembled = Assembler(outputs, self.body_validators).assemble(self.emissions, self.envelopes, _input_of)
        for emission, offsets in assembled.offsets.items():
            move(self.problems, *self.marks[emission], offsets)
        self.problems += assembled.problems
        return assembled.requests


def _input_of(given: _ValuePlace, element: str) -> str:
    return element if given.input is None else given.input
